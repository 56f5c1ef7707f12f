package bulk_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/bulk"
)

// The suite runs over these. The oracle is a loop over bytes.
var (
	fills = map[string]func(dst, elem []byte){
		"plain": bulk.FillPlain,
		"block": bulk.FillBlock,
		"small": func(dst, elem []byte) { bulk.Fill(dst, elem, bulk.Least-1) },
		"large": func(dst, elem []byte) { bulk.Fill(dst, elem, bulk.Least) },
	}
	copies = map[string]func(dst, src []byte){
		"block": bulk.CopyBlock,
		"small": func(dst, src []byte) { bulk.Copy(dst, src, bulk.Least-1) },
		"large": func(dst, src []byte) { bulk.Copy(dst, src, bulk.Least) },
	}
)

const (
	line  = 64 // of the cache
	guard = 2 * line
)

// count returns n bytes, no period of which is a power of two.
func count(n, from int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte((i + from) % 251)
	}
	return b
}

// near are the lengths around which something changes in the assembly, far those
// where it is called otherwise.
var near, far = lengths()

func lengths() (near, far []int) {
	for n := range 4*line + 3 {
		near = append(near, n)
	}
	for _, n := range []int{bulk.Shortest, bulk.Block, 2 * bulk.Block} {
		for _, d := range []int{-line - 1, -17, -1, 0, 1, 15, line} {
			far = append(far, n+d)
		}
	}
	return near, far
}

// places calls f for the lengths, at places of a line that are a step apart.
func places(step int, f func(at, n int)) {
	for at := 0; at <= line; at += step {
		for _, n := range near {
			f(at, n)
		}
	}
	for _, at := range []int{0, 1, 16, 63} {
		for _, n := range far {
			f(at, n)
		}
	}
}

// untouched is what a buffer holds before it is written.
var untouched = bytes.Repeat([]byte{0xa5}, 2*bulk.Block+8*guard)

// within calls write with a part of a buffer that begins at byte at of a
// line, or so, and requires that nothing around it changes.
func within(t *testing.T, buf []byte, at, n int, write func(dst []byte)) (dst []byte) {
	t.Helper()
	lo, hi := guard+at, guard+at+n
	around := buf[:hi+guard]
	copy(around, untouched)
	write(around[lo:hi:hi])
	if !bytes.Equal(around[:lo], untouched[:lo]) || !bytes.Equal(around[hi:], untouched[:guard]) {
		require.FailNow(t, "written outside", "%d bytes at %d", n, at)
	}
	return around[lo:hi]
}

func TestFillRepeatsTheElementAndWritesNothingElse(t *testing.T) {
	buf := make([]byte, 2*bulk.Block+8*guard)
	for name, fill := range fills {
		for _, width := range []int{1, 2, 4, 8, 16} {
			t.Run(fmt.Sprint(name, "/", width), func(t *testing.T) {
				elem := count(width, 1)
				want := bytes.Repeat(elem, len(buf)/width)
				places(1, func(at, n int) {
					got := within(t, buf, at, n, func(dst []byte) { fill(dst, elem) })
					if !bytes.Equal(want[:n], got) {
						require.FailNow(t, "wrong", "%d bytes at %d", n, at)
					}
				})
			})
		}
	}
}

func TestCopyCopiesAndWritesNothingElse(t *testing.T) {
	buf := make([]byte, 2*bulk.Block+8*guard)
	from := count(2*bulk.Block+4*guard, 5)
	for name, cp := range copies {
		t.Run(name, func(t *testing.T) {
			for _, off := range []int{0, 1, 7, 15} {
				places(3, func(at, n int) {
					src := from[off : off+n]
					got := within(t, buf, at, n, func(dst []byte) { cp(dst, src) })
					require.True(t, bytes.Equal(src, got), "%d bytes from %d to %d", n, off, at)
				})
			}
			assert.Equal(t, count(len(from), 5), from, "only read")
		})
	}
}

func TestZero(t *testing.T) {
	buf := make([]byte, 2*bulk.Block+8*guard)
	for _, all := range []int{0, bulk.Least} {
		places(21, func(at, n int) {
			got := within(t, buf, at, n, func(dst []byte) { bulk.Zero(dst, all) })
			require.Equal(t, make([]byte, n), got)
		})
	}
}

func TestMistakesPanic(t *testing.T) {
	for _, all := range []int{0, bulk.Least} {
		for _, width := range []int{0, 3, 5, 12, 15, 17, 32} {
			assert.PanicsWithValue(t, "bulk: elements of another width than 1, 2, 4, 8 or 16 bytes", func() {
				bulk.Fill(make([]byte, bulk.Shortest), make([]byte, width), all)
			})
		}
		for _, n := range []int{0, bulk.Shortest - 1, bulk.Shortest + 1} {
			assert.PanicsWithValue(t, "bulk: copy between different lengths", func() {
				bulk.Copy(make([]byte, bulk.Shortest), make([]byte, n), all)
			})
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	buf, elem := make([]byte, 2*bulk.Block), make([]byte, 8)
	assert.Zero(t, testing.AllocsPerRun(10, func() {
		for _, all := range []int{0, bulk.Least} {
			bulk.Fill(buf, elem, all)
			bulk.Zero(buf, all)
			bulk.Copy(buf[:bulk.Block], buf[bulk.Block:], all)
		}
	}))
}

// FuzzBothWays has the two ways to fill, and to copy, give the same.
func FuzzBothWays(f *testing.F) {
	f.Add(uint16(0), uint16(0), uint8(0), uint64(1), uint64(0))
	f.Add(uint16(63), uint16(4097), uint8(4), uint64(1<<63), uint64(7))
	f.Add(uint16(1), uint16(15), uint8(2), uint64(0x0102030405060708), uint64(0x1112131415161718))
	f.Fuzz(func(t *testing.T, at, n uint16, power uint8, a, b uint64) {
		elem := fmt.Appendf(nil, "%08x%08x", uint32(a^a>>32), uint32(b^b>>32))[:1<<(power%5)]
		lo, hi := guard+int(at%line), guard+int(at%line)+int(n)
		want, got := count(hi+guard, 3), count(hi+guard, 3)
		bulk.FillPlain(want[lo:hi], elem)
		bulk.FillBlock(got[lo:hi], elem)
		require.True(t, bytes.Equal(want, got), "fill")
		src := count(int(n)+int(at%17), 9)[at%17:]
		copy(want[lo:hi], src)
		bulk.CopyBlock(got[lo:hi], src)
		require.True(t, bytes.Equal(want, got), "copy")
	})
}
