//go:build unix

package bulk_test

import (
	"os"
	"runtime"
	"runtime/debug"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/parfor-go/parfor/internal/bulk"
	"github.com/parfor-go/parfor/internal/segment"
)

// fenced returns so many bytes in the middle of mapped memory, with pages before
// and behind them that cannot be accessed.
func fenced(t *testing.T, nbytes int) (mem []byte) {
	page := os.Getpagesize()
	b, err := unix.Mmap(-1, 0, nbytes+2*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, unix.Munmap(b)) })
	require.NoError(t, unix.Mprotect(b[:page], unix.PROT_NONE))
	require.NoError(t, unix.Mprotect(b[page+nbytes:], unix.PROT_NONE))
	return b[page : page+nbytes]
}

// recovered returns what f panics with when a fault is a panic.
func recovered(f func()) (v any) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() { v = recover() }()
	f()
	return nil
}

// TestNothingBesideIsTouched reads and writes up to pages that cannot be.
func TestNothingBesideIsTouched(t *testing.T) {
	page := os.Getpagesize()
	dst, src := fenced(t, 2*page), fenced(t, 2*page)
	copy(src, count(2*page, 1))
	elem := count(8, 1)
	for _, lo := range []int{0, 1, 15, 16, 63, page - 1, page, 2*page - 65, 2*page - 64, 2*page - 17, 2*page - 1, 2 * page} {
		for _, n := range []int{0, 1, 2, 15, 16, 17, 63, 64, 65, 128, page, 2*page - lo} {
			if lo+n > 2*page {
				continue
			}
			for _, part := range [][2]int{{lo, lo + n}, {2*page - lo - n, 2*page - lo}} {
				for name, fill := range fills {
					assert.Nil(t, recovered(func() { fill(dst[part[0]:part[1]], elem) }), "%s %v", name, part)
				}
				for name, cp := range copies {
					// At the same place in its pages, and where it begins or ends with them.
					for _, from := range []int{part[0], 0, 2*page - n} {
						assert.Nil(t, recovered(func() { cp(dst[part[0]:part[1]], src[from:from+n]) }), "%s %v from %d", name, part, from)
					}
				}
			}
		}
	}
}

// TestFaultIsAPanic writes and reads beyond what can be accessed: the panic tells
// where that begins, and what lies before was written.
func TestFaultIsAPanic(t *testing.T) {
	page := os.Getpagesize()
	mem, src := fenced(t, 4*page), fenced(t, 4*page)
	copy(src, count(4*page, 1))
	// unsafe: a slice that ends in the fence, which nothing but a fault can reach.
	over := func(b []byte, lo int) []byte { return unsafe.Slice(&b[lo], len(b)-lo+100) }
	end := func(b []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b))) + uintptr(len(b)) }
	check := func(f func(), at uintptr, what string) {
		t.Helper()
		v := recovered(f)
		require.Implements(t, (*runtime.Error)(nil), v, what)
		fault, ok := v.(interface{ Addr() uintptr })
		require.True(t, ok, "%s: %v", what, v)
		// On amd64 the address is that of the access, or where the page begins in it.
		assert.InDelta(t, float64(at), float64(fault.Addr()), 100, what)
	}
	for _, lo := range []int{0, 1, 63} {
		for name, fill := range fills {
			clear(mem)
			check(func() { fill(over(mem, lo), []byte{7}) }, end(mem), "fill "+name)
			if name != "plain" && name != "small" { // those write in an order of their own
				assert.Equal(t, []byte{7, 7, 7}, []byte{mem[lo], mem[page], mem[4*page-64]}, name)
			}
		}
		for name, cp := range copies {
			n := 4*page - lo + 100
			check(func() { cp(over(mem, lo), make([]byte, n)) }, end(mem), "copy to "+name)
			check(func() { cp(make([]byte, n), over(src, lo)) }, end(src), "copy from "+name)
		}
	}
	// A goroutine that panicked goes on as any other: it grows its stack, is
	// looked through by the collector, and can be preempted.
	runtime.GC()
	assert.Nil(t, recovered(func() { bulk.FillBlock(mem, []byte{9}) }))
	assert.Equal(t, byte(9), mem[4*page-1])
}

func TestFaultInAClosedSegmentNamesIt(t *testing.T) {
	s, err := segment.New(1<<20, "some array")
	require.NoError(t, err)
	b := s.Bytes()
	require.NoError(t, s.Close())
	other := make([]byte, 1<<20)
	for what, f := range map[string]func(){
		"fill": func() { bulk.Fill(b[5000:], []byte{1, 2}, bulk.Least) },
		"zero": func() { bulk.Zero(b[5000:], bulk.Least) },
		"to":   func() { bulk.Copy(b[5000:], other[5000:], bulk.Least) },
		"from": func() { bulk.Copy(other[5000:], b[5000:], bulk.Least) },
	} {
		fault, ok := segment.Explain(recovered(f)).(*segment.Fault)
		require.True(t, ok, what)
		assert.Regexp(t, "^array unmapped: byte [0-9]+ of some array$", fault.Error(), what)
		assert.GreaterOrEqual(t, fault.Offset, 5000, "the runtime's copy does not begin with the first byte")
		assert.ErrorIs(t, fault, segment.ErrClosed)
	}
}
