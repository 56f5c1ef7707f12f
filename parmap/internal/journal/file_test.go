//go:build unix

package journal_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap/internal/journal"
)

// watch calls before, if it is not nil, before each system call, and returns which there
// were since the last time, with the last part of the path.
func watch(t *testing.T, before func(call string)) (made func() []string) {
	var all []string
	segment.Calling = func(call, path string) {
		all = append(all, call+" "+filepath.Base(path))
		if before != nil {
			before(call)
		}
	}
	t.Cleanup(func() { segment.Calling = nil })
	return func() []string {
		made := all
		all = nil
		return made
	}
}

func openFile(t *testing.T, path string) (*journal.Journal, *os.File) {
	t.Helper()
	j, f, err := journal.OpenFile(path, header, cells)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	return j, f
}

// TestOpenFileInOrder holds that a journal gets its name when it is on the disk, that the
// lock is taken before anything is done to one that is there, and its name and what it has
// are on the disk before it is believed.
func TestOpenFileInOrder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dir")
	require.NoError(t, os.Mkdir(dir, 0o700))
	path := filepath.Join(dir, "j")
	made := watch(t, nil)
	j, f := openFile(t, path)
	all := made()
	for strings.HasPrefix(all[1], "openat ") { // there are no files without a name
		all = all[1:]
	}
	_, draft, _ := strings.Cut(all[0], " ") // in dir, or dir itself
	assert.Equal(t, []string{
		"openat " + draft, "pwrite64 " + draft, "fsync " + draft, "linkat j", "fsync dir", // the header, its name
		"flock j", "fsync dir", "fsync j", // the name that is found, the records that are
	}, all)
	require.NoError(t, j.Commit([]journal.Record{{Cell: 1, Sum: 2}}, func() error { segment.Enter("the rows", ""); return nil }))
	assert.Equal(t, []string{"the rows .", "pwrite64 j", "fsync j"}, made())

	_, _, err := journal.OpenFile(path, header, cells)
	require.Equal(t, journal.ErrInUse, err)
	assert.Equal(t, []string{"flock j"}, made(), "nothing is done to what another has")
	require.NoError(t, journal.Release(f))
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(path, link))
	for from, calls := range [][]string{
		{"flock j", "fsync dir", "pwrite64 j", "fsync j", "pwrite64 j"}, // the name, the records anew, zeros
		{"flock link", "fsync dir", "pwrite64 link", "fsync link", "ftruncate link"},
	} {
		_, f = openFile(t, []string{path, link}[from])
		assert.Equal(t, calls, made())
		require.NoError(t, journal.Release(f))
	}
}

// TestOpenFileThatIsReplaced holds that two runs do not have the journal of one name: a
// file that loses the name before it is locked is not that.
func TestOpenFileThatIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	_, f := openFile(t, path)
	require.NoError(t, journal.Release(f))
	var other *os.File
	watch(t, func(call string) {
		if call == "flock" && other == nil {
			assert.NoError(t, os.Remove(path))
			other = os.Stdin // not again
			_, other = openFile(t, path)
		}
	})
	_, _, err := journal.OpenFile(path, header, cells)
	assert.Equal(t, journal.ErrInUse, err)
	require.NoError(t, journal.Check(other, path))

	// And if the other one is gone by then, what is there is opened.
	require.NoError(t, journal.Release(other))
	removed := false
	watch(t, func(call string) {
		if call == "flock" && !removed {
			removed = true
			assert.NoError(t, os.Remove(path))
		}
	})
	_, f = openFile(t, path)
	assert.NoError(t, journal.Check(f, path))
}

// TestReleaseForAll holds that the lock is given up for a process too that has the file
// open still.
func TestReleaseForAll(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	_, f := openFile(t, path)
	fd, err := syscall.Dup(int(f.Fd()))
	require.NoError(t, err)
	defer syscall.Close(fd)
	_, _, err = journal.OpenFile(path, header, cells)
	require.Equal(t, journal.ErrInUse, err)
	require.NoError(t, journal.Release(f))
	_, again := openFile(t, path)
	require.NoError(t, journal.Release(again))
}

// TestCheck tells a journal that has lost its name from one of which nobody knows.
func TestCheck(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dir")
	require.NoError(t, os.Mkdir(dir, 0o700))
	path := filepath.Join(dir, "j")
	_, f := openFile(t, path)
	assert.NoError(t, journal.Check(f, path))
	require.NoError(t, os.Rename(path, path+"2"))
	assert.Equal(t, journal.ErrMoved, journal.Check(f, path))
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	assert.Equal(t, journal.ErrMoved, journal.Check(f, path), "another file")
	require.NoError(t, os.Rename(path+"2", path))
	assert.NoError(t, journal.Check(f, path))
	require.NoError(t, os.Rename(dir, dir+"2"))
	assert.Equal(t, journal.ErrMoved, journal.Check(f, path))
	require.NoError(t, os.WriteFile(dir, nil, 0o600))
	assert.ErrorIs(t, journal.Check(f, path), syscall.ENOTDIR)
	require.NoError(t, f.Close())
	assert.ErrorIs(t, journal.Check(f, path), os.ErrClosed)
}

// TestOpenFileBehindALinkToNothing holds that this is an error.
func TestOpenFileBehindALinkToNothing(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	require.NoError(t, os.Symlink(filepath.Join(dir, "j"), link))
	_, _, err := journal.OpenFile(link, header, cells)
	assert.ErrorIs(t, err, os.ErrNotExist)
}
