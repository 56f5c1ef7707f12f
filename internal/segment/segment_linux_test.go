package segment_test

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/parfor-go/parfor/internal/proctest"
	"github.com/parfor-go/parfor/internal/segment"
)

// mappingOf returns the line of /proc/self/maps that holds addr.
func mappingOf(t *testing.T, addr uintptr) string {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	require.NoError(t, err)
	for line := range strings.Lines(string(maps)) {
		var lo, hi uintptr
		if _, err := fmt.Sscanf(line, "%x-%x", &lo, &hi); err == nil && lo <= addr && addr < hi {
			return line
		}
	}
	return ""
}

func TestMemfdIsReservedSealedAndPrivateToTheProcess(t *testing.T) {
	const nbytes = 9 << 20 // reserved in three pieces
	s := newSegment(t, nbytes)
	fd := segment.Descriptor(s)
	assert.Contains(t, mappingOf(t, address(s.Bytes())), "rw-s")
	assert.Contains(t, mappingOf(t, address(s.Bytes())), "/memfd:parfor")

	var st unix.Stat_t
	require.NoError(t, unix.Fstat(fd, &st))
	assert.Equal(t, int64(nbytes), st.Size)
	assert.GreaterOrEqual(t, int64(st.Blocks)*512, int64(nbytes), "reserved before the first touch")

	assert.ErrorIs(t, unix.Ftruncate(fd, 0), unix.EPERM, "sealed")
	assert.ErrorIs(t, unix.Ftruncate(fd, 2*nbytes), unix.EPERM, "sealed")
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	require.NoError(t, err)
	assert.NotZero(t, flags&unix.FD_CLOEXEC)
}

func TestCloseGivesTheMemoryBack(t *testing.T) {
	s := newSegment(t, 1<<20)
	fd := segment.Descriptor(s)
	other, err := unix.Dup(fd)
	require.NoError(t, err)
	defer unix.Close(other)
	require.NoError(t, s.Close())
	var st unix.Stat_t
	assert.ErrorIs(t, unix.Fstat(fd, &st), unix.EBADF)
	line := mappingOf(t, address(s.Bytes()))
	assert.Contains(t, line, "---p")
	assert.NotContains(t, line, "parfor")
}

func TestEvictedAddressesAreUnmapped(t *testing.T) {
	defer segment.SetQuarantine(1, 1<<30)()
	first, second := newSegment(t, 4096), newSegment(t, 1<<20)
	require.NoError(t, first.Close())
	require.NoError(t, second.Close())
	// Something else may be mapped there by now, but no fence.
	assert.NotContains(t, mappingOf(t, address(first.Bytes())), "---p")
	assert.Contains(t, mappingOf(t, address(second.Bytes())), "---p")
}

func TestFallbacks(t *testing.T) {
	tmp := t.TempDir()
	for name, c := range map[string]struct {
		memfd, fallocate error
		shm              string
		in               string // where the file is
	}{
		"no memfd_create":          {unix.ENOSYS, nil, "/dev/shm", "/dev/shm/"},
		"memfd_create forbidden":   {unix.EPERM, nil, "/dev/shm", "/dev/shm/"},
		"no tmpfs either":          {unix.ENOSYS, nil, "/nonexistent", tmp},
		"no fallocate in a memfd":  {nil, unix.EOPNOTSUPP, "/dev/shm", "/memfd:parfor"},
		"fallocate forbidden":      {nil, unix.EPERM, "/dev/shm", "/memfd:parfor"},
		"nothing but plain writes": {unix.EPERM, unix.ENOSYS, "/nonexistent", tmp},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", tmp)
			defer segment.Without(c.memfd, c.fallocate, c.shm)()
			const nbytes = 3<<20 + 5
			s := newSegment(t, nbytes)
			assert.Contains(t, mappingOf(t, address(s.Bytes())), c.in)
			var st unix.Stat_t
			require.NoError(t, unix.Fstat(segment.Descriptor(s), &st))
			assert.Zero(t, st.Nlink, "no name is left")
			assert.Equal(t, int64(nbytes), st.Size)
			assert.GreaterOrEqual(t, int64(st.Blocks)*512, int64(nbytes), "reserved")
			assert.Equal(t, make([]byte, nbytes), s.Bytes())
			s.Bytes()[nbytes-1] = 1
			left, err := os.ReadDir(tmp)
			require.NoError(t, err)
			assert.Empty(t, left)
		})
	}
}

func TestMemfdBeforeNoexec(t *testing.T) {
	defer segment.MemfdFlags(unix.MFD_NOEXEC_SEAL, unix.EINVAL)()
	s := newSegment(t, 1)
	assert.Contains(t, mappingOf(t, address(s.Bytes())), "/memfd:parfor")
}

func TestFailedReservation(t *testing.T) {
	defer segment.SetMeasure(func() int64 { return 64 << 20 })()
	const nbytes = 40 << 20
	for _, memfd := range []error{nil, unix.ENOSYS} {
		for _, errno := range []unix.Errno{unix.ENOSPC, unix.ENOMEM} {
			before := proctest.Descriptors(t)
			restore := segment.Without(memfd, errno, "/dev/shm")
			_, err := segment.New(nbytes, "test")
			restore()
			assert.ErrorIs(t, err, errno)
			assert.ErrorIs(t, err, segment.ErrNoSpace)
			// The failed reservation does not count as used.
			assert.EqualError(t, err, fmt.Sprintf("reserve %d bytes: %d available: fallocate: %v", nbytes, 56<<20, errno))
			assert.Equal(t, before, proctest.Descriptors(t))
		}
	}
}

func TestTemporaryNameIsGoneAtOnce(t *testing.T) {
	dir := t.TempDir()
	f, err := segment.CreateRemoved(dir)
	require.NoError(t, err)
	defer f.Close()
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left)
	_, err = segment.CreateRemoved("/nonexistent")
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestNoRoomAnywhereSaysHowMuchThereIs(t *testing.T) {
	shm, tmp := t.TempDir(), t.TempDir()
	full := func(_ string, st *unix.Statfs_t) error {
		*st = unix.Statfs_t{Blocks: 100, Bsize: 4096}
		return nil
	}
	t.Setenv("TMPDIR", "/nonexistent")
	defer segment.SetStatfs(func(path string, st *unix.Statfs_t) error {
		if path == "/nonexistent" {
			return unix.ENOENT
		}
		return full(path, st)
	})()
	defer segment.Without(unix.ENOSYS, nil, shm)()
	_, err := segment.New(1<<20, "test")
	assert.ErrorIs(t, err, os.ErrNotExist)
	assert.NotErrorIs(t, err, segment.ErrNoSpace)

	t.Setenv("TMPDIR", tmp)
	_, err = segment.New(1<<20, "test")
	assert.ErrorIs(t, err, segment.ErrNoSpace)
	assert.EqualError(t, err, "reserve 1048576 bytes: 0 available: reserve "+tmp+": no space left on device")
}

// TestHugePages holds that a segment has huge pages wherever it can have them.
func TestHugePages(t *testing.T) {
	if raced || math.MaxInt == math.MaxInt32 {
		t.Skip("the Go heap's addresses, or few")
	}
	const huge = 2 << 20
	s, err := segment.New(4*huge+1, "test")
	require.NoError(t, err)
	defer func() { assert.NoError(t, s.Close()) }()
	addr := uintptr(unsafe.Pointer(unsafe.SliceData(s.Bytes()))) // unsafe: only looked at
	assert.Zero(t, addr%huge)
	mapped := hugeBytes(t, addr)
	if err := unix.Madvise(s.Bytes()[:4*huge], unix.MADV_COLLAPSE); err != nil {
		t.Skip("needs Linux 6.1 and free huge pages: ", err)
	}
	assert.Equal(t, 4*huge, mapped)
}

// TestSegmentsOfOneLengthLieApart holds that there is a huge page between them,
// as vectors that are a power of two apart are slow to walk along together.
func TestSegmentsOfOneLengthLieApart(t *testing.T) {
	if raced || math.MaxInt == math.MaxInt32 {
		t.Skip("under the race detector a segment lies in the Go heap; on 32 bits addresses are few")
	}
	const huge = 2 << 20
	for _, create := range []func(nbytes int, name string) (*segment.Segment, error){segment.New, segment.NewPrivate} {
		for _, nbytes := range []int{2 * huge, 2*huge - 4096} {
			var at []int
			for range 4 {
				s, err := create(nbytes, "test")
				require.NoError(t, err)
				defer func() { assert.NoError(t, s.Close()) }()
				at = append(at, int(uintptr(unsafe.Pointer(unsafe.SliceData(s.Bytes()))))) // unsafe: only looked at
			}
			slices.Sort(at)
			for k, lo := range at[1:] {
				assert.GreaterOrEqual(t, lo-at[k], 3*huge, "%d bytes", nbytes)
			}
		}
	}
}

// hugeBytes returns how much of the mapping at addr has huge pages.
func hugeBytes(t *testing.T, addr uintptr) int {
	t.Helper()
	smaps, err := os.ReadFile("/proc/self/smaps")
	require.NoError(t, err)
	_, here, found := strings.Cut(string(smaps), fmt.Sprintf("%x-", addr))
	require.True(t, found)
	_, here, found = strings.Cut(here, "ShmemPmdMapped:")
	require.True(t, found)
	var kib int
	_, err = fmt.Sscan(here, &kib)
	require.NoError(t, err)
	return kib << 10
}
