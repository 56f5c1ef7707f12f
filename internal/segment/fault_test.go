//go:build unix

package segment_test

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/parfor-go/parfor/internal/segment"
)

// recovered returns what f panics with, explained and as it was.
func recovered(f func()) (explained, v any) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		v = recover()
		explained = segment.Explain(v)
	}()
	f()
	return nil, nil
}

// faults returns the Fault that f ends in.
func faults(t *testing.T, f func()) *segment.Fault {
	t.Helper()
	explained, v := recovered(f)
	fault, ok := explained.(*segment.Fault)
	require.True(t, ok, "%T: %v", explained, explained)
	assert.Equal(t, v, fault.Unwrap())
	var re runtime.Error
	assert.ErrorAs(t, fault, &re)
	return fault
}

func TestFaultInAClosedSegment(t *testing.T) {
	for kind, create := range map[string]func(int, string) (*segment.Segment, error){"shared": segment.New, "private": segment.NewPrivate} {
		s, err := create(10_000, "some array")
		require.NoError(t, err)
		require.NoError(t, s.Close())
		for _, f := range []func(){func() { sink = s.Bytes()[9_999] }, func() { s.Bytes()[9_999] = 1 }} {
			fault := faults(t, f)
			assert.EqualError(t, fault, "array unmapped: byte 9999 of some array", kind)
			assert.ErrorIs(t, fault, segment.ErrClosed)
			assert.ErrorIs(t, fault, fmt.Errorf("array is %w", segment.ErrClosed), "as shmarray's ErrClosed is")
			assert.Equal(t, 9_999, fault.Offset)
			assert.Equal(t, "some array", fault.Name)
		}
	}
}

func TestFaultBehindTheEndOfAFile(t *testing.T) {
	page := os.Getpagesize()
	for _, mode := range []segment.Mode{segment.ReadOnly, segment.ReadWrite, segment.CopyOnWrite} {
		path := written(t, 5*page)
		s := opened(t, path, mode, page)
		all := s
		if mode != segment.CopyOnWrite {
			all = opened(t, path, mode, 0) // sees the header too
		}
		require.NoError(t, os.Truncate(path, int64(page+1)))
		sink = s.Bytes()[page-1] // the rest of a page that is there
		fault := faults(t, func() { sink = s.Bytes()[page] })
		assert.EqualError(t, fault, fmt.Sprintf("file truncated under its mapping: byte %d of %s", page, path))
		assert.NotErrorIs(t, fault, segment.ErrClosed)
		if mode == segment.ReadOnly {
			fault = faults(t, func() { s.Bytes()[page-1] = 1 })
			assert.EqualError(t, fault, fmt.Sprintf("write to a read-only array: byte %d of %s", page-1, path))
		}
		if mode == segment.ReadWrite {
			faults(t, func() { s.Bytes()[4*page-1] = 1 })
		}
		require.NoError(t, os.Truncate(path, 0))
		if mode != segment.CopyOnWrite {
			fault = faults(t, func() { sink = all.Bytes()[10] })
			assert.EqualError(t, fault, fmt.Sprintf("file truncated under its mapping: byte %d of %s", 10-page, path))
			assert.Equal(t, 10-page, fault.Offset, "in the header")
		}
		require.NoError(t, all.Close())
		require.NoError(t, s.Close())
		assert.ErrorIs(t, faults(t, func() { sink = s.Bytes()[10] }), segment.ErrClosed, "rather that than truncated")
	}
}

func TestFaultOfAWriteToAReadOnlyFile(t *testing.T) {
	path := written(t, 10_000)
	s := opened(t, path, segment.ReadOnly, 96)
	for _, at := range []int{0, 9_903} {
		fault := faults(t, func() { s.Bytes()[at] = 1 })
		assert.EqualError(t, fault, fmt.Sprintf("write to a read-only array: byte %d of %s", at, path))
		assert.NotErrorIs(t, fault, segment.ErrClosed)
	}
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, byte(96), b[96])

	// A disk that cannot be read is not a write.
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer f.Close()
	defer segment.SetFile(s, f)()
	fault := faults(t, func() { s.Bytes()[5] = 1 })
	assert.EqualError(t, fault, "bytes that the system could not read or find room for: byte 5 of "+path)
}

func TestWhatIsNoFaultStays(t *testing.T) {
	for _, v := range []any{nil, "text", 7, errors.New("an error"), segment.ErrClosed} {
		assert.Equal(t, v, segment.Explain(v))
	}
	var none *[10]byte
	explained, v := recovered(func() { sink = none[3] })
	require.NotNil(t, v)
	assert.Equal(t, v, explained, "a nil pointer")
	explained, v = recovered(func() { sink = make([]byte, 3)[len(os.Args)+5] })
	require.NotNil(t, v)
	assert.Equal(t, v, explained, "an index out of range")

	b, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_ANON)
	require.NoError(t, err)
	defer unix.Munmap(b)
	explained, v = recovered(func() { b[10] = 1 })
	require.Implements(t, (*interface{ Addr() uintptr })(nil), v)
	assert.Equal(t, v, explained, "memory of another package")
}
