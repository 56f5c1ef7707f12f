//go:build unix

package segment_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/parfor-go/parfor/internal/segment"
)

// again returns a further descriptor of what f is, as another process gets it.
func again(t *testing.T, f *os.File) *os.File {
	t.Helper()
	require.NotNil(t, f)
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	require.NoError(t, err)
	return os.NewFile(uintptr(fd), "again")
}

func isOpen(f *os.File) bool {
	_, err := f.Stat()
	return err == nil
}

func TestDescribe(t *testing.T) {
	s, err := segment.New(10_000, "some array")
	require.NoError(t, err)
	defer s.Close()
	id, _, ok := s.Locate(s.Bytes())
	require.True(t, ok)
	want := segment.Object{ID: id, Lo: 0, Hi: 10_000, Mode: segment.ReadWrite, Name: "some array"}
	for _, lo := range []int{0, 1, 4096, 9_999} {
		for _, hi := range []int{lo + 1, 10_000} {
			o, offset, file, ok := segment.Describe(s.Bytes()[lo:hi])
			require.True(t, ok)
			assert.Equal(t, want, o)
			assert.Equal(t, lo, offset)
			assert.Same(t, s.File(), file)
		}
	}
	found := segment.Find(id, 16, 32)
	o, offset, _, ok := segment.Describe(found.Bytes())
	assert.True(t, ok, "a borrowed part")
	assert.Equal(t, want, o)
	assert.Equal(t, 16, offset)
}

func TestDescribeAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	s := created(t, path, 10_000)
	id, _, _ := s.Locate(s.Bytes())
	o, offset, file, ok := segment.Describe(s.Bytes()[100:200])
	require.True(t, ok)
	assert.Equal(t, segment.Object{ID: id, Lo: 4, Hi: 10_004, Mode: segment.ReadWrite, Path: path, Name: path}, o)
	assert.Equal(t, 104, offset, "the header counts")
	assert.Same(t, s.File(), file)
	require.NoError(t, s.Close())

	r := opened(t, path, segment.ReadOnly, 4)
	o, _, _, ok = segment.Describe(r.Bytes())
	assert.True(t, ok)
	assert.Equal(t, segment.ReadOnly, o.Mode)
	assert.Equal(t, id, o.ID)
}

// TestDescribeWhatNobodyCanHave also holds that what is closed is not described
// to anybody.
func TestDescribeWhatNobodyCanHave(t *testing.T) {
	closed, err := segment.New(100, "test")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	private, err := segment.NewPrivate(100, "test")
	require.NoError(t, err)
	defer private.Close()
	empty := newSegment(t, 0)
	copied := opened(t, written(t, 100), segment.CopyOnWrite, 0)
	some := newSegment(t, 100)
	for what, b := range map[string][]byte{
		"nil": nil, "heap": make([]byte, 100), "closed": closed.Bytes(), "private": private.Bytes(),
		"empty": empty.Bytes(), "copy on write": copied.Bytes(), "nothing of something": some.Bytes()[5:5],
	} {
		o, offset, file, ok := segment.Describe(b)
		assert.False(t, ok, what)
		assert.Zero(t, o, what)
		assert.Zero(t, offset, what)
		assert.Nil(t, file, what)
	}
}

// TestAdoptHere holds that a process that has the object gets a further handle
// on the same memory, and gives the descriptor up.
func TestAdoptHere(t *testing.T) {
	s := newSegment(t, 10_000)
	assert.False(t, s.Adopted())
	o, _, file, ok := segment.Describe(s.Bytes())
	require.True(t, ok)
	f := again(t, file)
	a, err := o.Adopt(f, segment.ReadWrite)
	require.NoError(t, err)
	assert.True(t, a.Adopted())
	assert.Same(t, &s.Bytes()[0], &a.Bytes()[0])
	assert.Len(t, a.Bytes(), 10_000)
	assert.False(t, isOpen(f))
	require.NoError(t, a.Close())
	s.Bytes()[9_999] = 1
	assert.Equal(t, byte(1), s.Bytes()[9_999], "the first handle is good")
	assert.True(t, segment.Find(o.ID, 0, 10_000).Adopted(), "of the mapping, so of every handle on it")

	f = again(t, file)
	_, err = o.Adopt(f, segment.ReadOnly)
	assert.ErrorIs(t, err, segment.ErrInUse)
	assert.False(t, isOpen(f), "it is taken over also then")
}

// TestAdoptElsewhere does what a worker process does: the object is not mapped
// when it comes.
func TestAdoptElsewhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	for name, create := range map[string]func() *segment.Segment{
		"memory": func() *segment.Segment { return newSegment(t, 10_000) },
		"file":   func() *segment.Segment { return created(t, path, 10_000) },
	} {
		for _, mode := range []segment.Mode{segment.ReadOnly, segment.ReadWrite} {
			t.Run(name+" "+mode.String(), func(t *testing.T) {
				os.Remove(path)
				s := create()
				for i := range s.Bytes() {
					s.Bytes()[i] = byte(i % 251)
				}
				o, offset, file, ok := segment.Describe(s.Bytes()[500:600])
				require.True(t, ok)
				f, kept := again(t, file), again(t, file)
				defer kept.Close()
				require.NoError(t, s.Close())
				assert.Nil(t, segment.Find(o.ID, offset, offset+100), "not here")

				a, err := o.Adopt(f, mode)
				require.NoError(t, err)
				assert.True(t, a.Adopted())
				assert.True(t, isOpen(f), "it is the segment's")
				assert.Equal(t, mode, a.Mode())
				assert.Equal(t, o.Path, a.Path())
				require.Len(t, a.Bytes(), 10_000)
				part := segment.Find(o.ID, offset, offset+100)
				require.NotNil(t, part)
				assert.True(t, part.Adopted())
				assert.Same(t, &a.Bytes()[500], &part.Bytes()[0])
				assert.Equal(t, byte(500%251), part.Bytes()[0])
				if mode == segment.ReadOnly {
					fault := faults(t, func() { part.Bytes()[7] = 1 })
					assert.Equal(t, "write to an array that is not an Output of the run", fault.What)
					assert.Equal(t, 507, fault.Offset)
					assert.Equal(t, o.Name, fault.Name)
					assert.NotErrorIs(t, fault, segment.ErrClosed)
					assert.Equal(t, byte(507%251), part.Bytes()[7])
				} else {
					part.Bytes()[7] = 77
					var b [1]byte
					_, err := kept.ReadAt(b[:], int64(offset+7))
					require.NoError(t, err)
					assert.Equal(t, byte(77), b[0], "others see it")
				}
				// Described again, it is the same object in its new mode.
				further, _, _, ok := segment.Describe(a.Bytes())
				assert.True(t, ok)
				want := o
				want.Mode = mode
				assert.Equal(t, want, further)
				require.NoError(t, a.Close())
				assert.False(t, isOpen(f))
				assert.Nil(t, segment.Find(o.ID, offset, offset+100))
			})
		}
	}
}

func TestAdopted(t *testing.T) {
	assert.False(t, newSegment(t, 0).Adopted(), "no mapping")
	assert.False(t, opened(t, written(t, 100), segment.ReadOnly, 0).Adopted())
	bad, err := os.Open(t.TempDir())
	require.NoError(t, err)
	_, err = segment.Object{Hi: 100, Name: "no file"}.Adopt(bad, segment.ReadOnly)
	assert.Error(t, err)
	assert.False(t, isOpen(bad))
}
