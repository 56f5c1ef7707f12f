package segment_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/parfor-go/parfor/internal/proctest"
	"github.com/parfor-go/parfor/internal/segment"
)

// inMounts is inChild for tests that mount something. The child has a table of
// mounts of its own, so that nothing stays mounted however it ends.
func inMounts(t *testing.T) bool {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs to be root, to mount a small file system")
	}
	return proctest.Child(t, &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS})
}

// mounted mounts something until the end of the test, or skips it.
func mounted(t *testing.T, kind, options string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "mount")
	require.NoError(t, os.Mkdir(dir, 0o755))
	if err := unix.Mount("none", dir, kind, 0, options); err != nil {
		t.Skipf("cannot mount %s: %v", kind, err)
	}
	t.Cleanup(func() { assert.NoError(t, unix.Unmount(dir, 0)) })
	return dir
}

// onLoop makes and mounts an ext4 of nbytes in a file.
func onLoop(t *testing.T, nbytes int64) string {
	t.Helper()
	image, dir := filepath.Join(t.TempDir(), "image"), filepath.Join(t.TempDir(), "mount")
	require.NoError(t, os.WriteFile(image, nil, 0o600))
	require.NoError(t, os.Truncate(image, nbytes))
	require.NoError(t, os.Mkdir(dir, 0o755))
	for _, c := range [][]string{{"mkfs.ext4", "-q", "-F", "-m", "0", image}, {"mount", "-o", "loop", image, dir}} {
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			t.Skipf("%s: %v: %s", c[0], err, out)
		}
	}
	t.Cleanup(func() { assert.NoError(t, unix.Unmount(dir, 0)) })
	return dir
}

// smallDisks are file systems of a MiB or a few.
var smallDisks = map[string]func(t *testing.T) string{
	"tmpfs": func(t *testing.T) string { return mounted(t, "tmpfs", "size=1m") },
	"ext4":  func(t *testing.T) string { return onLoop(t, 4<<20) },
}

// blindly makes the first look at the room of a disk fail, so that it is the
// reserving that finds the disk full.
func blindly(t *testing.T) {
	looks := 0
	t.Cleanup(segment.SetStatfs(func(path string, st *unix.Statfs_t) error {
		if looks++; looks == 1 {
			return unix.ENOSYS
		}
		return unix.Statfs(path, st)
	}))
}

func TestCreateOnAFullDisk(t *testing.T) {
	if !inMounts(t) {
		return
	}
	for disk, mount := range smallDisks {
		t.Run(disk, func(t *testing.T) {
			dir := mount(t)
			free := segment.FreeBytes(dir)
			require.Greater(t, free, int64(512<<10))
			require.Less(t, free, int64(8<<20))
			for name, c := range map[string]struct {
				before func(t *testing.T)
				text   string
			}{
				"asked first": {func(*testing.T) {}, ""},
				"fallocate":   {blindly, "fallocate: "},
				"writing": {func(t *testing.T) {
					blindly(t)
					t.Cleanup(segment.Without(nil, unix.EOPNOTSUPP, "/dev/shm"))
				}, "write: "},
			} {
				for way, choose := range waysToCreate {
					t.Run(name+", "+way, func(t *testing.T) {
						choose(t)
						c.before(t)
						fails(t, dir, free, c.text)
					})
				}
			}

			if disk == "tmpfs" { // where nothing else takes room
				path := filepath.Join(dir, "all")
				require.NoError(t, created(t, path, int(free)-4).Close())
				require.NoError(t, os.Remove(path))
			}

			// Two thirds fit, and then no more.
			path := filepath.Join(dir, "a")
			s := created(t, path, int(free)*2/3)
			for i := range s.Bytes() {
				s.Bytes()[i] = 1 // no fault: reserved
			}
			require.NoError(t, s.Sync(s.Bytes()))
			fails(t, dir, segment.FreeBytes(dir), "")
			require.NoError(t, s.Close())
			require.NoError(t, os.Remove(path))
			assert.Equal(t, free, segment.FreeBytes(dir))
		})
	}
}

// fails holds that dir, with free bytes, has no room for 1 byte more.
func fails(t *testing.T, dir string, free int64, text string) {
	t.Helper()
	before := state(t, dir)
	want := int(free) + 1
	_, err := segment.Create(filepath.Join(dir, "b"), []byte("head"), want-4, "test")
	assert.ErrorIs(t, err, segment.ErrNoSpace)
	assert.ErrorIs(t, err, unix.ENOSPC)
	assert.EqualError(t, err, fmt.Sprintf("reserve %d bytes: %d available: %sno space left on device", want, free, text))
	assert.Equal(t, before, state(t, dir))
	assert.Equal(t, free, segment.FreeBytes(dir), "all given back")
}

func TestNewOnAFullDisk(t *testing.T) {
	if !inMounts(t) {
		return
	}
	dir, other := mounted(t, "tmpfs", "size=1m"), mounted(t, "tmpfs", "size=1m")
	t.Setenv("TMPDIR", dir)
	defer segment.Without(unix.ENOSYS, nil, dir)()
	before := state(t, dir)
	free := segment.FreeBytes(dir)
	assert.Equal(t, int64(1<<20), free)
	_, err := segment.New(1<<20+1, "test")
	assert.EqualError(t, err, fmt.Sprintf("reserve 1048577 bytes: 1048576 available: reserve %s: no space left on device", dir))
	assert.ErrorIs(t, err, segment.ErrNoSpace)

	t.Run("reserving", func(t *testing.T) {
		looks := 0
		defer segment.SetStatfs(func(path string, st *unix.Statfs_t) error {
			if looks++; looks%2 == 1 {
				return unix.ENOSYS
			}
			return unix.Statfs(path, st)
		})()
		_, err := segment.New(1<<20+1, "test")
		assert.EqualError(t, err, "reserve 1048577 bytes: 1048576 available: fallocate: no space left on device")
		assert.ErrorIs(t, err, segment.ErrNoSpace)
		assert.Equal(t, before, state(t, dir))
	})

	s := newSegment(t, 700_000)
	assert.Contains(t, mappingOf(t, address(s.Bytes())), dir)
	_, err = segment.New(700_000, "test")
	assert.EqualError(t, err, fmt.Sprintf("reserve 700000 bytes: %d available: reserve %s: no space left on device",
		segment.FreeBytes(dir), dir))
	for i := range s.Bytes() {
		s.Bytes()[i] = 1
	}

	t.Setenv("TMPDIR", other)
	second := newSegment(t, 700_000)
	assert.Contains(t, mappingOf(t, address(second.Bytes())), other, "the next directory has room")
	require.NoError(t, s.Close())
	require.NoError(t, second.Close())
	assert.Equal(t, before, state(t, dir))
	assert.Equal(t, free, segment.FreeBytes(dir))
}

// What lies in memory is bounded by that too, and what lies on a disk is not.
func TestCreateInMemoryIsWithinTheBudget(t *testing.T) {
	if !inMounts(t) {
		return
	}
	defer segment.SetMeasure(func() int64 { return 9 << 20 })() // of which 8 are left alone
	dir := mounted(t, "tmpfs", "size=4m")
	before := state(t, dir)
	_, err := segment.Create(filepath.Join(dir, "a"), []byte("head"), 2<<20, "test")
	assert.EqualError(t, err, "reserve 2097156 bytes: 1048576 available")
	assert.ErrorIs(t, err, segment.ErrNoSpace)
	assert.Equal(t, before, state(t, dir))
	created(t, filepath.Join(dir, "a"), 512<<10)

	disk := onLoop(t, 4<<20)
	created(t, filepath.Join(disk, "a"), 2<<20)
}

func TestCreateWithoutInodes(t *testing.T) {
	if !inMounts(t) {
		return
	}
	for name, way := range waysToCreate {
		t.Run(name, func(t *testing.T) {
			way(t)
			dir := mounted(t, "tmpfs", "size=1m,nr_inodes=8")
			path := filepath.Join(dir, "a")
			n := 0
			for ; ; n++ {
				if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(n)), nil, 0o600); err != nil {
					require.ErrorIs(t, err, unix.ENOSPC)
					break
				}
			}
			// None is free; then one, which linking a second name exceeds; then two.
			for free := range 3 {
				if free > 0 {
					require.NoError(t, os.Remove(filepath.Join(dir, fmt.Sprint(n-free))))
				}
				before := state(t, dir)
				s, err := segment.Create(path, []byte("head"), 4096, "test")
				if err == nil {
					require.NoError(t, s.Close())
					require.NoError(t, os.Remove(path))
					require.Equal(t, before, state(t, dir))
					assert.Positive(t, free)
					continue
				}
				assert.Less(t, free, 2)
				assert.ErrorIs(t, err, unix.ENOSPC)
				assert.ErrorIs(t, err, segment.ErrNoSpace)
				assert.EqualError(t, err, "reserve 4100 bytes: 1048576 available: no space left on device")
				assert.Equal(t, before, state(t, dir))
			}
		})
	}
}

func TestReadOnlyDisk(t *testing.T) {
	if !inMounts(t) {
		return
	}
	dir := mounted(t, "tmpfs", "size=1m")
	path := filepath.Join(dir, "a")
	require.NoError(t, created(t, path, 4096).Close())
	require.NoError(t, unix.Mount("none", dir, "tmpfs", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	before := state(t, dir)
	_, err := segment.Create(filepath.Join(dir, "b"), []byte("head"), 10, "test")
	assert.ErrorIs(t, err, unix.EROFS)
	assert.NotErrorIs(t, err, segment.ErrNoSpace)
	assert.EqualError(t, err, "create "+dir+"/b: read-only file system")
	var pe *fs.PathError
	assert.ErrorAs(t, err, &pe)
	assert.Equal(t, before, state(t, dir))

	for _, mode := range []segment.Mode{segment.ReadOnly, segment.CopyOnWrite} {
		s := opened(t, path, mode, 4)
		assert.Equal(t, make([]byte, 4096), s.Bytes())
		require.NoError(t, s.Close())
	}
}

// Where a file system does not say how large it is, reserving finds out.
func TestDisksOfNoSize(t *testing.T) {
	if !inMounts(t) {
		return
	}
	for kind, options := range map[string]string{"tmpfs": "size=0", "ramfs": ""} {
		dir := mounted(t, kind, options)
		assert.Equal(t, segment.Unknown, segment.FreeBytes(dir))
		s := created(t, filepath.Join(dir, "a"), 100_000)
		assert.Equal(t, make([]byte, 100_000), s.Bytes())
		require.NoError(t, s.Close())

		defer segment.SetMeasure(func() int64 { return 9 << 20 })()
		_, err := segment.Create(filepath.Join(dir, "b"), []byte("head"), 2<<20, "test")
		assert.EqualError(t, err, "reserve 2097156 bytes: 1048576 available", "it is memory nevertheless")
	}
}

// The holes of a file that another program made are not reserved. populate
// finds that out as an error, and a write as a fault.
func TestHolesOnAFullDisk(t *testing.T) {
	if !inMounts(t) {
		return
	}
	path := filepath.Join(mounted(t, "tmpfs", "size=1m"), "holes")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	require.NoError(t, os.Truncate(path, 2<<20))
	s := opened(t, path, segment.ReadWrite, 0)
	err := segment.Populate(s.Bytes())
	assert.ErrorIs(t, err, unix.EFAULT)
	assert.EqualError(t, err, "madvise: bad address")
	assert.True(t, segment.IsNoSpace(err))
	fault := faults(t, func() {
		for i := range s.Bytes() {
			s.Bytes()[i] = 1
		}
	})
	assert.EqualError(t, fault, fmt.Sprintf("bytes that the system could not read or find room for: byte %d of %s", fault.Offset, path))
	assert.NotErrorIs(t, fault, segment.ErrClosed)
}

func TestFreeBytes(t *testing.T) {
	var st unix.Statfs_t
	defer segment.SetStatfs(func(_ string, p *unix.Statfs_t) error { *p = st; return nil })()
	for _, c := range []struct {
		blocks, available uint64
		size, fragment    int64
		want              int64
	}{
		{100, 10, 4096, 4096, 40960},
		{100, 0, 4096, 4096, 0},
		{100, 10, 1 << 20, 512, 5120},
		{100, 10, 512, 0, 5120},
		{0, 0, 4096, 4096, segment.Unknown},
		{1 << 63, 1 << 63, 4096, 4096, segment.Unknown},
		{1 << 63, 1 << 63, 1, 1, segment.Unknown},
		{1 << 60, 1<<63 - 2, 1, 1, 1<<63 - 2},
	} {
		st = unix.Statfs_t{Blocks: c.blocks, Bavail: c.available}
		word(&st.Bsize, c.size)
		word(&st.Frsize, c.fragment)
		assert.Equal(t, c.want, segment.FreeBytes("/"), c)
	}
}

// word exists because these have the length of a word.
func word[T int32 | int64 | uint32](p *T, v int64) { *p = T(v) }
