package segment_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/parfor-go/parfor/internal/proctest"
	"github.com/parfor-go/parfor/internal/segment"
)

// limitAddressSpace leaves 512 MiB of it, and returns the limit.
func limitAddressSpace(t *testing.T) int {
	// A thread takes address space too, much of it where there is C in the
	// program, and the runtime ends the program if it cannot have one. So there
	// are enough of them before.
	var started, done sync.WaitGroup
	held := make(chan struct{})
	for range 16 {
		started.Add(1)
		done.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			started.Done()
			<-held
		})
	}
	started.Wait()
	close(held)
	done.Wait()
	runtime.GOMAXPROCS(2)
	// So it is with the heap, which grows by 64 MiB of addresses: these here
	// stay its own.
	runtime.KeepAlive(make([]byte, 128<<20))
	runtime.GC()
	t.Helper()
	var pages int
	b, err := os.ReadFile("/proc/self/statm")
	require.NoError(t, err)
	_, err = fmt.Sscan(string(b), &pages)
	require.NoError(t, err)
	limit := pages*os.Getpagesize() + 512<<20
	proctest.Lower(t, unix.RLIMIT_AS, int64(limit))
	return limit
}

func TestAddressSpaceLimit(t *testing.T) {
	if raced {
		t.Skip("the race detector needs more address space than this")
	}
	if math.MaxInt == math.MaxInt32 {
		t.Skip("512 MiB more may not fit the address space of 32 bits anyway")
	}
	if !proctest.Child(t, nil) {
		return
	}
	limit := limitAddressSpace(t)
	for range 15 {
		s, err := segment.New(24<<20, "test")
		require.NoError(t, err, "the quarantine makes room")
		require.NoError(t, s.Close())
		_, quarantined := segment.Quarantined()
		require.LessOrEqual(t, quarantined, limit/8)
	}

	// Mappings that take no memory use the room up, but for what Go needs.
	const piece, rest = 64 << 20, 32 << 20
	forGo, err := unix.Mmap(-1, 0, rest, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON)
	require.NoError(t, err)
	path := filepath.Join(fastDir(t), "holes")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	require.NoError(t, os.Truncate(path, piece))
	var all []*segment.Segment
	for range 20 {
		var s *segment.Segment
		if s, err = open(path, segment.CopyOnWrite, 0); err != nil {
			break
		}
		all = append(all, s)
	}
	for {
		crumb, err := unix.Mmap(-1, 0, 4<<20, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON)
		if err != nil {
			break
		}
		defer unix.Munmap(crumb)
	}
	require.NoError(t, unix.Munmap(forGo))
	before := state(t, filepath.Dir(path))
	scarce := func(err error) {
		t.Helper()
		assert.ErrorIs(t, err, unix.ENOMEM)
		assert.ErrorIs(t, err, segment.ErrNoSpace)
		var re *segment.ReserveError
		require.ErrorAs(t, err, &re)
		assert.Less(t, re.Available, int64(piece), "of address space")
		assert.EqualError(t, err, fmt.Sprintf("reserve %d bytes: %d available: mmap: cannot allocate memory", piece, re.Available))
		assert.Equal(t, before, state(t, filepath.Dir(path)))
	}
	scarce(err)
	require.Greater(t, len(all), 4)
	ranges, _ := segment.Quarantined()
	assert.Zero(t, ranges, "given up first")
	for _, mode := range []segment.Mode{segment.ReadOnly, segment.ReadWrite} {
		_, err = open(path, mode, 0)
		scarce(err)
	}
	_, err = segment.New(piece, "test")
	scarce(err)
	_, err = segment.NewPrivate(piece, "test")
	scarce(err)
	_, err = segment.Create(path+"2", nil, piece, "test")
	scarce(err)

	// What is closed gives its addresses to the next.
	for range 3 {
		require.NoError(t, all[0].Close())
		ranges, _ = segment.Quarantined()
		require.Equal(t, 1, ranges)
		all[0], err = open(path, segment.ReadOnly, 0)
		require.NoError(t, err)
	}
	for _, s := range all {
		require.NoError(t, s.Close())
	}
}

func TestCreateWithinTheFileSizeLimit(t *testing.T) {
	if !proctest.Child(t, nil) {
		return
	}
	proctest.Lower(t, unix.RLIMIT_FSIZE, 1<<20)
	for name, dir := range map[string]string{"memory": fastDir(t), "disk": t.TempDir()} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, "a")
			before := state(t, dir)
			_, err := segment.Create(path, []byte("head"), 1<<20-3, "test")
			assert.EqualError(t, err, "reserve 1048577 bytes: 1048576 available: file too large")
			assert.ErrorIs(t, err, segment.ErrNoSpace)
			assert.ErrorIs(t, err, unix.EFBIG)
			assert.Equal(t, before, state(t, dir))
			s := created(t, path, 1<<20-4)
			s.Bytes()[1<<20-5] = 1
			require.NoError(t, s.Close())
			proctest.Lower(t, unix.RLIMIT_FSIZE, 1<<19)
			s = opened(t, path, segment.ReadWrite, 4)
			s.Bytes()[1<<20-5] = 2 // it is not about mapping
			assert.NoError(t, s.Sync(s.Bytes()))
			require.NoError(t, s.Close())
			proctest.Lower(t, unix.RLIMIT_FSIZE, 1<<20)
		})
	}
}

func TestDescriptorLimitOfFiles(t *testing.T) {
	if !proctest.Child(t, nil) {
		return
	}
	dir := t.TempDir()
	old := filepath.Join(dir, "old")
	require.NoError(t, os.WriteFile(old, make([]byte, 100), 0o600))
	const limit = 40
	proctest.Lower(t, unix.RLIMIT_NOFILE, limit)
	for way, choose := range waysToCreate {
		t.Run(way, func(t *testing.T) {
			choose(t)
			for free := range 4 {
				all := proctest.LeaveDescriptors(t, free)
				s, err := create(dir)
				opened, openErr := open(old, segment.ReadWrite, 0)
				for _, f := range all {
					f.Close()
				}
				if free < 2 { // the file and its directory
					assert.ErrorIs(t, err, unix.EMFILE)
					assert.NotErrorIs(t, err, segment.ErrNoSpace)
					assert.EqualError(t, err, "create "+dir+"/made: too many open files")
					assert.Equal(t, []string{"old"}, names(t, dir))
				} else {
					require.NoError(t, err)
					require.NoError(t, s.Close())
					require.NoError(t, os.Remove(filepath.Join(dir, "made")))
				}
				if free == 0 {
					assert.ErrorIs(t, openErr, unix.EMFILE)
				} else {
					require.NoError(t, openErr, "a file that was created keeps one descriptor")
					require.NoError(t, opened.Close())
				}
			}
		})
	}
}
