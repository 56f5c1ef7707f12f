package segment_test

import (
	"os"
	"path/filepath"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/parfor-go/parfor/internal/proctest"
	"github.com/parfor-go/parfor/internal/segment"
)

func TestCloseWithoutAFenceUnmaps(t *testing.T) {
	dir := fastDir(t)
	for name, make := range map[string]func() (*segment.Segment, error){
		"memory":  func() (*segment.Segment, error) { return segment.New(small, "test") },
		"private": func() (*segment.Segment, error) { return segment.NewPrivate(small, "test") },
		"a file":  func() (*segment.Segment, error) { return create(dir) },
	} {
		t.Run(name, func(t *testing.T) {
			os.Remove(filepath.Join(dir, "made"))
			for _, errno := range []unix.Errno{unix.ENOMEM, unix.EPERM} {
				before := state(t, dir)
				s, err := make()
				require.NoError(t, err)
				require.NoError(t, os.RemoveAll(filepath.Join(dir, "made")))
				ledger, unwatch := segment.Watch()
				ranges, _ := segment.Quarantined()
				restore := segment.Inject("mmap", &segment.Call{First: 1, Last: 1, Err: errno})
				var unmaps segment.Call
				restoreUnmap := segment.Inject("munmap", &unmaps)
				err = s.Close()
				restoreUnmap()
				restore()
				unwatch()
				assert.NoError(t, err)
				assert.NoError(t, s.Close())
				assert.True(t, s.Closed())
				if !raced { // else the heap has the address again
					assert.Equal(t, 1, unmaps.Made())
				}
				after, _ := segment.Quarantined()
				assert.Equal(t, ranges, after, "nothing to keep")
				assert.Zero(t, ledger.Open())
				assert.Equal(t, before, state(t, dir))
				_, ok := segment.NameAt(address(s.Bytes()))
				assert.False(t, ok, "forgotten")
			}
		})
	}
}

func TestCloseThatCannotUnmapSaysSo(t *testing.T) {
	if raced {
		t.Skip("would lose a part of the heap")
	}
	before := proctest.Descriptors(t)
	s, err := segment.New(small, "test")
	require.NoError(t, err)
	restore, restoreUnmap := without("mmap", unix.EIO), without("munmap", unix.EINVAL)
	err = s.Close()
	restoreUnmap()
	restore()
	assert.ErrorIs(t, err, unix.EINVAL)
	assert.EqualError(t, err, "munmap: invalid argument")
	assert.True(t, s.Closed())
	assert.NoError(t, s.Close(), "the second one finds it closed")
	assert.Equal(t, before, proctest.Descriptors(t))
	require.NoError(t, unix.MunmapPtr(unsafe.Pointer(unsafe.SliceData(s.Bytes())), small), "what Close could not do")
}

func TestASyncThatFailedFailsForEver(t *testing.T) {
	for _, errno := range []unix.Errno{unix.EIO, unix.ENOSPC, unix.ENOMEM} {
		path := filepath.Join(fastDir(t), "a")
		s := created(t, path, 3*4096)
		second := opened(t, path, segment.ReadWrite, 4)
		require.NoError(t, s.Sync(s.Bytes()))

		c := &segment.Call{First: 2, Last: 2, Err: errno}
		restore := segment.Inject("msync", c)
		require.NoError(t, s.Sync(s.Bytes()[:1]))
		first := s.Sync(s.Bytes()[5000:5001])
		assert.ErrorIs(t, first, errno)
		assert.EqualError(t, first, "msync: "+errno.Error())
		for range 2 {
			assert.Same(t, first, s.Sync(s.Bytes()), "the same error")
			assert.Same(t, first, second.Sync(second.Bytes()), "of the memory, not of the handle")
		}
		assert.Equal(t, 2, c.Made(), "the system is not asked again")
		restore()
		assert.Same(t, first, s.Sync(s.Bytes()))
		assert.NoError(t, s.Sync(nil), "of nothing")

		require.NoError(t, s.Close())
		assert.Equal(t, segment.ErrClosed, s.Sync(s.Bytes()))
		assert.Same(t, first, second.Sync(second.Bytes()))
		require.NoError(t, second.Close())
		assert.NoError(t, opened(t, path, segment.ReadWrite, 4).Sync(s.Bytes()[:0]))
	}
}

func TestSyncGoesOnAfterASignal(t *testing.T) {
	s := created(t, filepath.Join(fastDir(t), "a"), 100)
	c := &segment.Call{First: 1, Last: 3, Err: unix.EINTR}
	defer segment.Inject("msync", c)()
	assert.NoError(t, s.Sync(s.Bytes()))
	assert.Equal(t, 4, c.Made())
}

// TestSyncOfAPart holds which pages the system is asked to write.
func TestSyncOfAPart(t *testing.T) {
	page := os.Getpagesize()
	s := created(t, filepath.Join(fastDir(t), "a"), 4*page-4)
	var got []byte
	defer segment.SetMsync(func(b []byte) error { got = b; return nil })()
	begin := address(s.Bytes()) - 4
	for _, c := range []struct{ lo, hi, first, last int }{
		{0, 1, 0, 5},
		{0, 4*page - 4, 0, 4 * page},
		{page - 5, page - 4, 0, page},
		{page - 4, page - 3, page, page + 1},
		{2*page + 10, 3*page + 10, 2 * page, 3*page + 14},
	} {
		require.NoError(t, s.Sync(s.Bytes()[c.lo:c.hi]))
		assert.Equal(t, c.first, int(address(got)-begin))
		assert.Equal(t, c.last, int(address(got)-begin)+len(got))
	}
	require.NoError(t, s.Sync(s.Bytes()))

	for _, mode := range []segment.Mode{segment.ReadOnly, segment.CopyOnWrite} {
		got = nil
		require.NoError(t, s.Close())
		other := opened(t, s.Path(), mode, 0)
		assert.NoError(t, other.Sync(other.Bytes()))
		assert.Nil(t, got, "nothing to write")
	}
	memory := newSegment(t, 10)
	assert.NoError(t, memory.Sync(memory.Bytes()))
	assert.Nil(t, got)
	require.NoError(t, memory.Close())
	assert.Equal(t, segment.ErrClosed, memory.Sync(nil))
}
