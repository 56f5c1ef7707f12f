package parmap_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
)

// loopScan is the oracle: what a plain loop makes of in.
func loopScan[T any](in []T, combine func(a, b T) T) []T {
	dst := slices.Clone(in)
	for i := 1; i < len(dst); i++ {
		dst[i] = combine(dst[i-1], dst[i])
	}
	return dst
}

// gridScan is the oracle to the bit: the three loops of Scan's documentation, with
// init as the prefix before the first chunk if there is one.
func gridScan[T any](in []T, grain int, combine func(a, b T) T, init ...T) []T {
	if grain == 0 {
		for grain*grain < len(in) {
			grain++
		}
	}
	dst := make([]T, 0, len(in))
	prefix := init
	for c := range slices.Chunk(in, max(grain, 1)) {
		c = loopScan(c, combine)
		if len(prefix) > 0 {
			for i := range c {
				c[i] = combine(prefix[0], c[i])
			}
		}
		dst = append(dst, c...)
		prefix = c[len(c)-1:]
	}
	return dst
}

// harmonics returns 1, 1/2, 1/3 and so on, whose sums have the last bits of how they
// are added up.
func harmonics(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = 1 / float64(i+1)
	}
	return x
}

// A mat2 is an integer matrix of two rows. Its multiplication is associative, also
// where it overflows, and does not commute.
type mat2 [4]uint64

var unit = mat2{1, 0, 0, 1}

func times(a, b mat2) mat2 {
	return mat2{a[0]*b[0] + a[1]*b[2], a[0]*b[1] + a[1]*b[3], a[2]*b[0] + a[3]*b[2], a[2]*b[1] + a[3]*b[3]}
}

// mat2s returns n matrices, any.
func mat2s(n int) []mat2 {
	x := make([]mat2, n)
	for i := range x {
		r := parmap.Rand(3, i)
		x[i] = mat2{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()}
	}
	return x
}

// TestScan holds Scan and ScanExclusive, under every schedule and number of workers,
// against sequential loops: to the bit for sums, and in order for a combine that does
// not commute.
func TestScan(t *testing.T) {
	numbers, matrices := harmonics(100000), mat2s(100000)
	products := loopScan(matrices, times)
	x, m := make([]float64, 100000), make([]mat2, 100000)
	for _, n := range []int{0, 1, 2, 3, 4, 5, 8, 9, 10, 17, 511, 512, 513, 529, 530, 5000, 100000} {
		for _, grain := range []int{0, 1, 7, 1000} {
			in, dst, factors, dstM := numbers[:n], x[:n], matrices[:n], m[:n]
			sums, sumsAfter := gridScan(in, grain, plus), gridScan(in, grain, plus, 0.1)
			for _, s := range schedules {
				for _, w := range []int{1, 2, 3, 7, 64} {
					if raced && n > 5000 && (w != 7 || grain == 1) {
						continue // they would take a minute
					}
					opts := []parmap.Option{s, parmap.Workers(w), parmap.Grain(grain)}
					same := func(ok bool, what string) {
						require.True(t, ok, "%s of %d, grain %d, %v, %d workers", what, n, grain, s, w)
					}
					parmap.Scan(dst, in, plus, opts...)
					same(slices.Equal(sums, dst), "sums")
					total := parmap.ScanExclusive(dst, in, 0.1, plus, opts...)
					same(slices.Equal(slices.Concat([]float64{0.1}, sumsAfter), slices.Concat(dst, []float64{total})), "exclusive sums")
					parmap.Scan(dstM, factors, times, opts...)
					same(slices.Equal(products[:n], dstM), "products")

					copy(dst, in)
					parmap.Scan(dst, dst, plus, opts...)
					same(slices.Equal(sums, dst), "sums in place")
					copy(dstM, factors)
					last := parmap.ScanExclusive(dstM, dstM, unit, times, opts...)
					same(slices.Equal(slices.Concat([]mat2{unit}, products[:n]), slices.Concat(dstM, []mat2{last})), "exclusive products in place")
				}
			}
		}
	}
}

// TestScanJoinsNeighbours holds what is promised of combine: a ends where b begins, and
// it is called twice for an element at most.
func TestScanJoinsNeighbours(t *testing.T) {
	type span struct{ lo, hi int }
	for _, n := range []int{1, 2, 17, 513} {
		for _, grain := range []int{0, 7} {
			for _, w := range []int{1, 2, 7} {
				opts := []parmap.Option{parmap.Grain(grain), parmap.Workers(w)}
				in, dst := make([]*span, n), make([]*span, n)
				for i := range in {
					in[i] = &span{i, i + 1}
				}
				var calls, apart atomic.Int64
				join := func(a, b *span) *span {
					calls.Add(1)
					if a.hi != b.lo {
						apart.Add(1)
					}
					return &span{a.lo, b.hi}
				}
				parmap.Scan(dst, in, join, opts...)
				for i := range dst {
					require.Equal(t, span{0, i + 1}, *dst[i], "n = %d, %v", n, opts)
					require.Equal(t, span{i, i + 1}, *in[i])
				}
				total := parmap.ScanExclusive(dst, in, &span{-1, 0}, join, opts...)
				for i := range dst {
					require.Equal(t, span{-1, i}, *dst[i], "n = %d, %v", n, opts)
				}
				assert.Equal(t, span{-1, n}, *total)
				assert.Zero(t, apart.Load(), "n = %d, %v", n, opts)
				assert.LessOrEqual(t, calls.Load(), int64(4*n))
			}
		}
	}
}

// TestScanText joins words, in the order they have.
func TestScanText(t *testing.T) {
	in := make([]string, 513)
	for i := range in {
		in[i] = fmt.Sprint(i, " ")
	}
	join := func(a, b string) string { return a + b }
	want := loopScan(in, join)
	for _, s := range schedules {
		dst := make([]string, len(in))
		parmap.Scan(dst, in, join, s, parmap.Workers(3))
		assert.Equal(t, want, dst)
	}
}

// TestScanNested runs scans in a loop, several at once, in regions that scans of
// other sizes have used.
func TestScanNested(t *testing.T) {
	in := indices(3000)
	want := loopScan(in, sum)
	var wg sync.WaitGroup
	for c := range 4 {
		wg.Go(func() {
			parmap.For(100, func(i int) {
				n := 1 + (c*7919+i*977)%len(in)
				dst := make([]int, n)
				parmap.Scan(dst, in[:n], func(a, b int) int {
					if i == 50 && b == 7 {
						parmap.For(10, func(int) {})
					}
					return a + b
				}, parmap.Workers(i%9))
				if !slices.Equal(want[:n], dst) {
					t.Errorf("n = %d, %d workers: not as the loop", n, i%9)
				}
			})
		})
	}
	wg.Wait()
}

// TestScanBadArguments asserts that a caller's bug panics before any call.
func TestScanBadArguments(t *testing.T) {
	never := func(a, b int) int { t.Error("combine was called"); return 0 }
	one := make([]int, 1)
	for _, scan := range scans {
		assert.PanicsWithValue(t, "parmap: nil function", func() { scan(nil, nil, nil) })
		assert.PanicsWithValue(t, "parmap: slices of different lengths", func() { scan(make([]int, 2), one, never) })
		assert.PanicsWithValue(t, "parmap: slices of different lengths", func() { scan(nil, one, never) })
		assert.PanicsWithValue(t, "parmap: negative grain", func() { scan(nil, nil, never, parmap.Grain(-1)) })
		scan(nil, nil, never)
	}
	parmap.Scan(one, []int{7}, never)
	assert.Equal(t, []int{7}, one)
	assert.Equal(t, 5, parmap.ScanExclusive(nil, nil, 5, never))
}
