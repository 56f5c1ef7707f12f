package parmap_test

import (
	"context"
	"math"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/parmap"
)

// harmonic sums 1/(i+1), whose last bits depend on how it is added up.
func harmonic(lo, hi int) float64 {
	s := 0.0
	for i := lo; i < hi; i++ {
		s += 1 / float64(i+1)
	}
	return s
}

func plus(a, b float64) float64 { return a + b }

// TestReduceBits freezes the results of Reduce, to the bit. They must never
// change: somebody's published number is one of them.
func TestReduceBits(t *testing.T) {
	for _, golden := range []struct {
		n, grain int
		bits     uint64
	}{
		{0, 0, 0x0},
		{1, 0, 0x3ff0000000000000},
		{7, 0, 0x4004be2be2be2be2},
		{1000, 0, 0x401df11f45f4e619},
		{1000, 3, 0x401df11f45f4e61a},
		{1000000, 0, 0x402cc9137a1df275},
		{1000000, 1000, 0x402cc9137a1df272},
		{3000000, 1, 0x402efb90be44433e},
	} {
		for _, s := range schedules {
			for w := 1; w <= 64; w++ {
				few := w == 1 || w == 2 || w == 7 || w == 64
				large := golden.n > 1000
				if (large || raced) && !few || large && raced && w != 7 {
					continue // they would take minutes
				}
				opts := []parmap.Option{s, parmap.Workers(w), parmap.Grain(golden.grain)}
				got := parmap.Reduce(golden.n, harmonic, plus, opts...)
				if math.Float64bits(got) != golden.bits {
					t.Fatalf("{%d, %d, %#x} is wanted, but %v with %d workers gives %#x",
						golden.n, golden.grain, golden.bits, s, w, math.Float64bits(got))
				}
				e, err := parmap.ReduceErr(bg, golden.n, func(_ context.Context, lo, hi int) (float64, error) {
					return harmonic(lo, hi), nil
				}, plus, opts...)
				assert.NoError(t, err)
				assert.Equal(t, golden.bits, math.Float64bits(e))
			}
		}
	}
}

// TestReduceReuse holds that a region that another Reduce has used, of more or
// fewer chunks, has nothing of it left.
func TestReduceReuse(t *testing.T) {
	for range 20 {
		for _, n := range []int{1, 500, 3, 100, 513, 2, 64} {
			got := parmap.Reduce(n, func(lo, hi int) []int { return list(lo, hi) }, concat)
			assert.Len(t, got, n)
			assert.NoError(t, inOrder(got))
			assert.Equal(t, n, parmap.Reduce(n, func(lo, hi int) int { return hi - lo }, func(a, b int) int { return a + b }))
		}
	}
}

// TestReduceHoldsFew asserts that partial results are combined as they come: in
// order, a logarithm of them is alive.
func TestReduceHoldsFew(t *testing.T) {
	var alive, most atomic.Int32
	parmap.Reduce(1<<20, func(lo, hi int) int {
		most.Store(max(most.Load(), alive.Add(1)))
		return 0
	}, func(a, b int) int {
		alive.Add(-1)
		return 0
	}, parmap.Serial, parmap.Grain(1<<10))
	assert.EqualValues(t, 1, alive.Load())
	assert.LessOrEqual(t, int(most.Load()), 11)
}

// TestReduceErrHasTheChunk holds that an error names the range of its part.
func TestReduceErrHasTheChunk(t *testing.T) {
	got, err := parmap.ReduceErr(bg, 1000, func(_ context.Context, lo, hi int) (int, error) {
		if lo <= 500 && 500 < hi {
			return 7, errBoom
		}
		return 7, nil
	}, func(a, b int) int { return a + b }, parmap.Grain(64))
	assert.EqualError(t, err, "parmap: chunk [448,512): boom")
	assert.Zero(t, got)
}
