package shmarray_test

import (
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
	"gonum.org/v1/gonum/mat"

	"github.com/parfor-go/parfor/internal/proctest"
	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/shmarray"
)

// inMounts is proctest.Child for tests that mount something, which is gone
// however the child ends.
func inMounts(t *testing.T) bool {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs to be root, to mount a small file system")
	}
	return proctest.Child(t, &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS})
}

// smallDisk mounts an empty file system of 1 MiB or little more.
func smallDisk(t *testing.T, kind string) string {
	t.Helper()
	image, dir := filepath.Join(t.TempDir(), "image"), filepath.Join(t.TempDir(), "mount")
	require.NoError(t, os.Mkdir(dir, 0o755))
	commands := [][]string{{"mount", "-t", "tmpfs", "-o", "size=1m", "none", dir}}
	if kind == "ext4" {
		require.NoError(t, os.WriteFile(image, nil, 0o600))
		require.NoError(t, os.Truncate(image, 4<<20))
		commands = [][]string{{"mkfs.ext4", "-q", "-F", "-m", "0", image}, {"mount", "-o", "loop", image, dir}}
	}
	for _, c := range commands {
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			t.Skipf("%s: %v: %s", c[0], err, out)
		}
	}
	t.Cleanup(func() { assert.NoError(t, unix.Unmount(dir, 0)) })
	return dir
}

// roomIn returns the bytes that are free in dir.
func roomIn(t *testing.T, dir string) int {
	t.Helper()
	var st unix.Statfs_t
	require.NoError(t, unix.Statfs(dir, &st))
	return int(st.Bavail) * int(st.Frsize)
}

func TestCreateOnAFullDisk(t *testing.T) {
	if !inMounts(t) {
		return
	}
	for _, kind := range []string{"tmpfs", "ext4"} {
		t.Run(kind, func(t *testing.T) {
			dir := smallDisk(t, kind)
			path := filepath.Join(dir, "a.npy")
			refused := func(n int) {
				t.Helper()
				before, free := proctest.Held(t, dir), roomIn(t, dir)
				_, err := shmarray.Create[float64](path, n)
				assert.ErrorIs(t, err, shmarray.ErrNoSpace)
				assert.ErrorIs(t, err, unix.ENOSPC)
				assert.NotErrorIs(t, err, shmarray.ErrShape)
				assert.EqualError(t, err, fmt.Sprintf("shmarray: create %s: reserve %d bytes: %d available: no space left on device",
					path, 4096+8*n, free))
				var re *segment.ReserveError
				require.ErrorAs(t, err, &re)
				assert.Equal(t, 4096+8*n, re.Want)
				assert.Equal(t, int64(free), re.Available)
				assert.Equal(t, before, proctest.Held(t, dir))
			}
			n := roomIn(t, dir) / 8
			refused(n)
			refused(10 * n)
			refused(1 << 27)
			before := proctest.Held(t, dir)
			first := closing[float64](t)(shmarray.Create[float64](filepath.Join(dir, "first.npy"), n/2))
			refused(n * 2 / 3)
			for i := range first.Data() {
				first.Data()[i] = 1
			}
			require.NoError(t, first.Sync())
			second := closing[int8](t)(shmarray.Create[int8](path, n))
			require.NoError(t, second.Close())
			require.NoError(t, os.Remove(path))
			assert.Equal(t, 1.0, first.At(n/2-1))
			require.NoError(t, first.Close())
			loaded := closing[float64](t)(shmarray.Load[float64](first.Path()))
			assert.Equal(t, 1.0, loaded.At(0))
			require.NoError(t, loaded.Close())
			require.NoError(t, os.Remove(first.Path()))
			assert.Equal(t, before, proctest.Held(t, dir))
		})
	}
}

func TestReadOnlyDisk(t *testing.T) {
	if !inMounts(t) {
		return
	}
	dir := smallDisk(t, "tmpfs")
	path := filepath.Join(dir, "a.npy")
	require.NoError(t, closing[float64](t)(shmarray.Create[float64](path, 10)).Close())
	require.NoError(t, unix.Mount("none", dir, "tmpfs", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	before := proctest.Held(t, dir)
	_, err := shmarray.Create[float64](filepath.Join(dir, "b.npy"), 10)
	assert.ErrorIs(t, err, unix.EROFS)
	assert.NotErrorIs(t, err, shmarray.ErrNoSpace)
	assert.EqualError(t, err, "shmarray: create "+dir+"/b.npy: read-only file system")
	_, err = shmarray.Open[float64](path, shmarray.ReadWrite)
	assert.ErrorIs(t, err, unix.EROFS)
	assert.Equal(t, before, proctest.Held(t, dir))
	for _, mode := range []shmarray.Mode{shmarray.ReadOnly, shmarray.CopyOnWrite} {
		a := closing[float64](t)(shmarray.Open[float64](path, mode))
		assert.Equal(t, make([]float64, 10), a.Data())
		assert.NoError(t, a.Sync())
		require.NoError(t, a.Close())
	}
}

func TestCreateSaysWhatTheSystemSays(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	before := proctest.Held(t, dir)
	for name, want := range map[string]struct {
		is   error
		text string
	}{
		"missing/a.npy":          {fs.ErrNotExist, "no such file or directory"},
		"file/a.npy":             {unix.ENOTDIR, "not a directory"},
		"file":                   {fs.ErrExist, "file already exists"},
		strings.Repeat("x", 300): {unix.ENAMETOOLONG, "file name too long"},
	} {
		path := filepath.Join(dir, name)
		_, err := shmarray.Create[int16](path, 3)
		assert.ErrorIs(t, err, want.is)
		assert.EqualError(t, err, "shmarray: create "+path+": "+want.text)
		var pe *fs.PathError
		assert.ErrorAs(t, err, &pe)
	}
	assert.Equal(t, before, proctest.Held(t, dir))
}

func TestFileSizeLimit(t *testing.T) {
	if !proctest.Child(t, nil) {
		return
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "a.npy")
	require.NoError(t, closing[uint8](t)(shmarray.Create[uint8](path, 1<<20)).Close())
	proctest.Lower(t, unix.RLIMIT_FSIZE, 1<<20)
	before := proctest.Held(t, dir)
	_, err := shmarray.Create[uint8](filepath.Join(dir, "b.npy"), 1<<20-4095)
	assert.EqualError(t, err, "shmarray: create "+dir+"/b.npy: reserve 1048577 bytes: 1048576 available: file too large")
	assert.ErrorIs(t, err, shmarray.ErrNoSpace)
	_, err = shmarray.New[uint8](1<<20 + 1)
	assert.EqualError(t, err, "shmarray: reserve 1048577 bytes: 1048576 available: file too large")
	assert.ErrorIs(t, err, shmarray.ErrNoSpace)
	_, err = shmarray.Load[uint8](path + "x")
	assert.ErrorIs(t, err, fs.ErrNotExist)
	assert.Equal(t, before, proctest.Held(t, dir))

	a := closing[uint8](t)(shmarray.Open[uint8](path, shmarray.ReadWrite))
	a.Set(1, 1<<20-1)
	assert.NoError(t, a.Sync(), "the file has its size already")
}

// Every constructor with 0, 1, 2 and more descriptors left.
func TestDescriptorLimit(t *testing.T) {
	if !proctest.Child(t, nil) {
		return
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "a.npy")
	require.NoError(t, closing[float64](t)(shmarray.Create[float64](path, 4, 5)).Close())
	a := closing[float64](t)(shmarray.Ones(4, 5))
	proctest.Lower(t, unix.RLIMIT_NOFILE, 40)
	type array = *shmarray.Array[float64]
	for name, c := range map[string]struct {
		needs int
		make  func() (array, error)
	}{
		"New":        {1, func() (array, error) { return shmarray.New[float64](4, 5) }},
		"Private":    {0, func() (array, error) { return shmarray.Private[float64](4, 5) }},
		"Zeros":      {1, func() (array, error) { return shmarray.Zeros(4, 5) }},
		"Ones":       {1, func() (array, error) { return shmarray.Ones(4, 5) }},
		"Full":       {1, func() (array, error) { return shmarray.Full(2.0, 4, 5) }},
		"Like":       {1, func() (array, error) { return shmarray.Like(a) }},
		"OnesLike":   {1, func() (array, error) { return shmarray.OnesLike(a) }},
		"Copy":       {1, func() (array, error) { return shmarray.Copy(a) }},
		"FromSlice":  {1, func() (array, error) { return shmarray.FromSlice(a.Data(), 4, 5) }},
		"FromMatrix": {1, func() (array, error) { return shmarray.FromMatrix(mat.NewDense(4, 5, nil)) }},
		"Create":     {2, func() (array, error) { return shmarray.Create[float64](filepath.Join(dir, "b.npy"), 4, 5) }},
		"Open":       {1, func() (array, error) { return shmarray.Open[float64](path, shmarray.ReadOnly) }},
		"Load":       {2, func() (array, error) { return shmarray.Load[float64](path) }},
	} {
		t.Run(name, func(t *testing.T) {
			before := proctest.Held(t, dir)
			for free := range 4 {
				others := proctest.LeaveDescriptors(t, free)
				got, err := c.make()
				for _, f := range others {
					f.Close()
				}
				if free >= c.needs {
					require.NoError(t, err)
					assert.Equal(t, []int{4, 5}, got.Shape())
					require.NoError(t, got.Close())
					os.Remove(filepath.Join(dir, "b.npy"))
				} else {
					assert.Nil(t, got)
					assert.ErrorIs(t, err, unix.EMFILE)
					assert.NotErrorIs(t, err, shmarray.ErrNoSpace)
					assert.ErrorContains(t, err, "shmarray: ")
				}
				assert.Equal(t, before, proctest.Held(t, dir))
			}
		})
	}
}

// Files that are mostly holes, and larger than the memory or what is left of
// the address space.
func TestLoadAndOpenMoreThanThereIs(t *testing.T) {
	if raced {
		t.Skip("the race detector needs more address space than this")
	}
	if math.MaxInt == math.MaxInt32 {
		t.Skip("an int cannot exceed the memory here")
	}
	if !proctest.Child(t, nil) {
		return
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "a.npy")
	require.NoError(t, closing[uint8](t)(shmarray.Create[uint8](path, 1)).Close())
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	const count = 1 << 42
	head := strings.Replace(string(b[:4096]), "(1,), }"+strings.Repeat(" ", 12), fmt.Sprintf("(%d,), }", int64(count)), 1)
	require.Len(t, head, 4096)
	require.NoError(t, os.WriteFile(path, []byte(head), 0o600))
	if err := os.Truncate(path, 4096+count); err != nil {
		t.Skip("no such large files here: ", err)
	}
	proctest.Lower(t, unix.RLIMIT_FSIZE, 64<<20) // the net, if the memory is not compared
	before := proctest.Held(t, dir)
	_, err = shmarray.Load[uint8](path)
	var re *segment.ReserveError
	require.ErrorAs(t, err, &re)
	assert.ErrorIs(t, err, shmarray.ErrNoSpace)
	assert.Equal(t, before, proctest.Held(t, dir))

	proctest.Lower(t, unix.RLIMIT_AS, 64<<30)
	for _, mode := range []shmarray.Mode{shmarray.ReadOnly, shmarray.ReadWrite, shmarray.CopyOnWrite} {
		_, err = shmarray.Open[uint8](path, mode)
		require.ErrorAs(t, err, &re)
		assert.ErrorIs(t, err, shmarray.ErrNoSpace)
		assert.ErrorIs(t, err, unix.ENOMEM)
		assert.EqualError(t, err, fmt.Sprintf("shmarray: open %s: reserve %d bytes: %d available: mmap: cannot allocate memory",
			path, int64(4096+count), re.Available))
		assert.Less(t, re.Available, int64(64<<30))
		assert.Equal(t, before, proctest.Held(t, dir))
	}
}
