//go:build unix

package parmap_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/internal/journal"
	"github.com/parfor-go/parfor/shmarray"
)

// relativeRows say where they are from a directory.
type relativeRows struct {
	*floats
	path string
}

func (r relativeRows) Path() string { return r.path }

// TestJournalOfARelativePath holds that a body can change the directory.
func TestJournalOfARelativePath(t *testing.T) {
	l := newLogbook(t)
	t.Chdir(filepath.Dir(l.path))
	run := func() (ran []int, err error) {
		today = &diary{fail: func(context.Context, int) error { return os.Chdir("/") }}
		err = logged.Run(bg, loggedRows, loggedArgs{l.out, l.scale}, append(slices.Clip(l.options),
			parmap.Output(relativeRows{l.out, "out.npy"}), parmap.Journal{Path: "journal", Version: "1"})...)
		return today.ran, err
	}
	_, err := run()
	require.NoError(t, err)
	assert.Equal(t, all(), l.recorded())
	_, err = run() // the directory is another one now
	var e *parmap.JournalError
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "journal", e.Path, "as it was given")
	require.NoError(t, os.Chdir(filepath.Dir(l.path)))
	ran, err := run()
	require.NoError(t, err)
	assert.Empty(t, ran)
}

// TestJournalBehindWhatCannotBeRead holds that a path that nobody can look at is not taken
// for one that was renamed.
func TestJournalBehindWhatCannotBeRead(t *testing.T) {
	l := newLogbook(t, parmap.Workers(1))
	dir := filepath.Join(t.TempDir(), "dir")
	require.NoError(t, os.Mkdir(dir, 0o700))
	l.path = filepath.Join(dir, "journal")
	_, err := l.run(bg, func(_ context.Context, lo int) error {
		if lo != 8 {
			return nil
		}
		if err := os.Rename(dir, dir+"2"); err != nil {
			return err
		}
		return os.WriteFile(dir, nil, 0o600)
	})
	var e *parmap.JournalError
	require.ErrorAs(t, err, &e)
	assert.NotErrorIs(t, err, journal.ErrMoved)
	assert.ErrorContains(t, err, "not a directory")
}

// TestJournalOfAReadOnlyOutput holds that a run of an output that is ReadOnly says so before
// it makes a journal, and that one that is complete needs no other.
func TestJournalOfAReadOnlyOutput(t *testing.T) {
	l := newLogbook(t)
	reopen := func(mode shmarray.Mode) {
		t.Helper()
		path := l.out.Path()
		require.NoError(t, l.out.Close())
		out, err := shmarray.Open[float64](path, mode)
		require.NoError(t, err)
		t.Cleanup(func() { out.Close() })
		l.out = out
	}
	reopen(shmarray.ReadOnly)
	ran, err := l.run(bg, nil)
	assert.EqualError(t, err, "parmap: journal "+l.path+": output 0 is ReadOnly, and not complete")
	assert.ErrorAs(t, err, new(*parmap.JournalError))
	assert.Empty(t, ran)
	assert.NoFileExists(t, l.path)

	reopen(shmarray.ReadWrite)
	_, err = l.run(bg, func(_ context.Context, lo int) error {
		if lo == 20 {
			return errBoom
		}
		return nil
	})
	require.ErrorIs(t, err, errBoom)
	done := l.recorded()
	reopen(shmarray.ReadOnly)
	ran, err = l.run(bg, nil)
	assert.ErrorContains(t, err, "output 0 is ReadOnly, and not complete")
	assert.Empty(t, ran)
	assert.Equal(t, done, l.recorded())

	reopen(shmarray.ReadWrite)
	_, err = l.run(bg, nil)
	require.NoError(t, err)
	reopen(shmarray.ReadOnly)
	ran, err = l.run(bg, nil)
	assert.NoError(t, err)
	assert.Empty(t, ran)
	l.right()
}

// panickingRows cannot be synced, and say so in the wrong way.
type panickingRows struct{ *floats }

func (panickingRows) Sync() error { panic("in Sync") }

// TestJournalSyncPanics holds that a panic of an output's Sync ends the run, and not the
// program, also while bodies run.
func TestJournalSyncPanics(t *testing.T) {
	defer func(d time.Duration) { journal.Every = d }(journal.Every)
	for _, every := range []time.Duration{time.Microsecond, time.Hour} {
		journal.Every = every
		l := newLogbook(t)
		today = &diary{fail: func(ctx context.Context, lo int) error {
			if every == time.Microsecond && lo > 8 {
				<-ctx.Done()
			}
			return nil
		}}
		err := logged.Run(bg, loggedRows, loggedArgs{l.out, l.scale}, append(slices.Clip(l.options), parmap.Workers(2),
			parmap.Output(panickingRows{l.out}), parmap.Journal{Path: l.path, Version: "1"})...)
		var e *parmap.JournalError
		require.ErrorAs(t, err, &e)
		assert.ErrorContains(t, err, "sync panicked: in Sync")
		assert.ErrorContains(t, err, "panickingRows.Sync", "the stack")
		assert.Empty(t, l.recorded())
	}
}
