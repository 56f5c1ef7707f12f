//go:build unix

package segment_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/segment"
)

// created returns a file's segment that is closed at the end of the test.
func created(t *testing.T, path string, nbytes int) *segment.Segment {
	t.Helper()
	s, err := segment.Create(path, []byte("head"), nbytes, path)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

// opened maps all of the file at path, until the end of the test.
func opened(t *testing.T, path string, mode segment.Mode, lo int) *segment.Segment {
	t.Helper()
	s, err := open(path, mode, lo)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

func open(path string, mode segment.Mode, lo int) (*segment.Segment, error) {
	flag := os.O_RDONLY
	if mode == segment.ReadWrite {
		flag = os.O_RDWR
	}
	f, err := os.OpenFile(path, flag, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return segment.Map(f, path, mode, lo, int(info.Size()), path)
}

// written makes a file of nbytes bytes, counting up.
func written(t *testing.T, nbytes int) (path string) {
	t.Helper()
	b := make([]byte, nbytes)
	for i := range b {
		b[i] = byte(i)
	}
	path = filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, b, 0o600))
	return path
}

func TestAFileIsMappedOnce(t *testing.T) {
	path := written(t, 5000)
	dir := filepath.Dir(path)
	hard, symbolic := filepath.Join(dir, "hard"), filepath.Join(dir, "symbolic")
	require.NoError(t, os.Link(path, hard))
	require.NoError(t, os.Symlink("file", symbolic))
	first := opened(t, path, segment.ReadWrite, 0)
	all := []*segment.Segment{first}
	for _, p := range []string{path, hard, symbolic, dir + "/../" + filepath.Base(dir) + "/file"} {
		all = append(all, opened(t, p, segment.ReadWrite, 0))
	}
	first.Bytes()[7] = 99
	for _, s := range all {
		assert.Equal(t, address(first.Bytes()), address(s.Bytes()))
		assert.Equal(t, path, s.Path(), "of the first")
	}
	assert.Len(t, segment.Live(), 1)
	part := opened(t, path, segment.ReadWrite, 100)
	assert.Equal(t, address(first.Bytes())+100, address(part.Bytes()))
	assert.Len(t, part.Bytes(), 4900)
	for _, s := range all {
		require.NoError(t, s.Close())
		require.NoError(t, s.Close(), "takes one handle only")
		assert.True(t, s.Closed())
		assert.False(t, part.Closed())
	}
	assert.Equal(t, byte(100), part.Bytes()[0])
	require.NoError(t, part.Close())
	assert.Empty(t, segment.Live())
	assert.Equal(t, byte(99), opened(t, hard, segment.ReadOnly, 0).Bytes()[7])
}

func TestAFileIsInOneMode(t *testing.T) {
	path := written(t, 100)
	for _, modes := range [][2]segment.Mode{{segment.ReadOnly, segment.ReadWrite}, {segment.ReadWrite, segment.ReadOnly}} {
		first := opened(t, path, modes[0], 0)
		for range 2 {
			_, err := open(path, modes[1], 0)
			assert.ErrorIs(t, err, segment.ErrInUse)
			assert.EqualError(t, err, fmt.Sprintf("in use: the file is open %v, wanted %v", modes[0], modes[1]))
		}
		assert.Equal(t, modes[0], first.Mode())
		require.NoError(t, first.Close(), "the attempts took no handle")
		assert.Empty(t, segment.Live())
		second := opened(t, path, modes[1], 0)
		assert.Equal(t, modes[1], second.Mode())
		require.NoError(t, second.Close())
	}
}

func TestAFileThatHasGrown(t *testing.T) {
	path := written(t, 100)
	first := opened(t, path, segment.ReadWrite, 0)
	require.NoError(t, os.Truncate(path, 10_000))
	_, err := open(path, segment.ReadWrite, 0)
	assert.ErrorIs(t, err, segment.ErrInUse)
	assert.EqualError(t, err, "in use: the file is open with 100 bytes, and has 10000 now")
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	less, err := segment.Map(f, path, segment.ReadWrite, 10, 50, "test")
	require.NoError(t, err)
	assert.Len(t, less.Bytes(), 40)
	assert.Equal(t, 40, cap(less.Bytes()))
	require.NoError(t, less.Close())
	require.NoError(t, first.Close())
	assert.Len(t, opened(t, path, segment.ReadWrite, 0).Bytes(), 10_000)
}

func TestCopyOnWriteStandsApart(t *testing.T) {
	path := written(t, 5000)
	file := opened(t, path, segment.ReadWrite, 0)
	first, second := opened(t, path, segment.CopyOnWrite, 0), opened(t, path, segment.CopyOnWrite, 0)
	for i, s := range []*segment.Segment{first, second} {
		assert.Equal(t, segment.CopyOnWrite, s.Mode())
		assert.Empty(t, s.Path())
		s.Bytes()[0] = byte(100 + i)
		assert.NoError(t, s.Sync(s.Bytes()))
		_, _, ok := s.Locate(s.Bytes())
		assert.False(t, ok, "nobody else has it")
	}
	assert.Equal(t, []byte{0, 100, 101}, []byte{file.Bytes()[0], first.Bytes()[0], second.Bytes()[0]})
	assert.Len(t, segment.Live(), 3)
	require.NoError(t, file.Close())
	require.NoError(t, first.Close())
	assert.Equal(t, byte(101), second.Bytes()[0])
}

// The number of a file that was removed may be given to the next one, but not
// while it is mapped.
func TestAFileThatWasReplaced(t *testing.T) {
	path := written(t, 5000)
	old := opened(t, path, segment.ReadWrite, 0)
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.WriteFile(path, []byte("new"), 0o600))
	next := opened(t, path, segment.ReadWrite, 0)
	assert.Equal(t, "new", string(next.Bytes()))
	assert.Equal(t, byte(5), old.Bytes()[5])
	require.NoError(t, old.Close())
	require.NoError(t, next.Close())
	for i := range 10 { // now it may
		require.NoError(t, os.Remove(path))
		require.NoError(t, os.WriteFile(path, []byte{byte(i)}, 0o600))
		s := opened(t, path, segment.ReadWrite, 0)
		require.Equal(t, []byte{byte(i)}, s.Bytes())
		require.NoError(t, s.Close())
	}
}

func TestMapTakesOverTheFile(t *testing.T) {
	path := written(t, 100)
	files := [3]*os.File{}
	for i := range files {
		var err error
		files[i], err = os.OpenFile(path, os.O_RDWR, 0)
		require.NoError(t, err)
	}
	first, err := segment.Map(files[0], path, segment.ReadWrite, 0, 100, "test")
	require.NoError(t, err)
	second, err := segment.Map(files[1], path, segment.ReadWrite, 0, 100, "test")
	require.NoError(t, err)
	again, err := segment.Map(files[0], path, segment.ReadWrite, 0, 100, "test")
	require.NoError(t, err)
	_, err = segment.Map(files[2], path, segment.ReadOnly, 0, 100, "test")
	require.Error(t, err)
	assert.Same(t, files[0], first.File())
	assert.Same(t, files[0], second.File())
	for i, f := range files {
		_, err := f.Stat()
		assert.Equal(t, i > 0, err != nil, "only the first is open")
	}
	for _, s := range []*segment.Segment{first, second, again} {
		require.NoError(t, s.Close())
	}
	assert.ErrorIs(t, files[0].Close(), os.ErrClosed)
}

func TestMapOfAClosedFile(t *testing.T) {
	f, err := os.Open(written(t, 10))
	require.NoError(t, err)
	require.NoError(t, f.Close())
	_, err = segment.Map(f, "", segment.ReadOnly, 0, 10, "test")
	assert.Error(t, err)
	assert.Empty(t, segment.Live())
}

func TestPathIsAbsolute(t *testing.T) {
	path := written(t, 100)
	t.Chdir(filepath.Dir(path))
	s := opened(t, "./file", segment.ReadWrite, 0)
	assert.Equal(t, path, s.Path())
	require.NoError(t, s.Close())
	assert.Equal(t, path, s.Path())
	made := created(t, "made", 10)
	assert.Equal(t, filepath.Join(filepath.Dir(path), "made"), made.Path())

	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	s, err = segment.Map(f, "", segment.ReadWrite, 0, 100, "test")
	require.NoError(t, err)
	assert.Empty(t, s.Path(), "it was not said")
	assert.NoError(t, s.Sync(s.Bytes()))
	require.NoError(t, s.Close())
}

// Goroutines that open a file at the same time map it once.
func TestMapFromManyGoroutines(t *testing.T) {
	path := written(t, 100)
	defer segment.BeforeMmap(runtime.Gosched)()
	for range 100 {
		all := make([]*segment.Segment, 4)
		begin := make(chan bool)
		var wg sync.WaitGroup
		for i := range all {
			wg.Go(func() {
				<-begin
				var err error
				all[i], err = open(path, segment.ReadWrite, 0)
				assert.NoError(t, err)
			})
		}
		close(begin)
		wg.Wait()
		require.Len(t, segment.Live(), 1)
		for _, s := range all {
			require.Equal(t, address(all[0].Bytes()), address(s.Bytes()))
		}
		for _, s := range all {
			require.NoError(t, s.Close())
		}
	}
}

// Goroutines that open and close one file all write to the same memory.
func TestMapAndCloseFromManyGoroutines(t *testing.T) {
	defer segment.SetQuarantine(2, 1<<30)()
	path := written(t, 0)
	require.NoError(t, os.WriteFile(path, make([]byte, 4096), 0o600))
	const goroutines, rounds = 6, 100
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for range rounds {
				s, err := open(path, segment.ReadWrite, 0)
				if !assert.NoError(t, err) {
					return
				}
				atomic.AddUint32(&segment.Cast[uint32](s.Bytes())[100], 1)
				assert.NoError(t, s.Close())
			}
		})
	}
	wg.Wait()
	s := opened(t, path, segment.ReadOnly, 0)
	assert.Equal(t, uint32(goroutines*rounds), segment.Cast[uint32](s.Bytes())[100])
	assert.Len(t, segment.Live(), 1, fmt.Sprint(segment.Live()))
}
