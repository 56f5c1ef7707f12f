package parmap_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/parmap"
)

// TestScanBits freezes the results, to the bit. They must never change.
func TestScanBits(t *testing.T) {
	for _, golden := range []struct {
		n, grain             int
		inclusive, exclusive uint64 // of dst; of dst and the total
	}{
		{0, 0, 0x0, 0xe1f99a00000000ae},
		{1, 0, 0xa4d0000000000000, 0xe13751ffffff535c},
		{7, 0, 0xacaedddd3197e166, 0x70ae546c1d46fe7b},
		{1000, 0, 0x85de2f0b4de942c2, 0x48d61a19df303046},
		{1000, 3, 0x173e36962ef23867, 0x62e162ad5265a3df},
		{1000, 1000, 0x93304b9648b775fa, 0x99999635ce05aa9e},
		{1024, 0, 0x10056cfbd4c65404, 0x446bb9c9162e7a18},
		{1025, 0, 0xc6ed69ace548aaab, 0xeaf785d1aaa4b16d},
		{100000, 0, 0xe2dd3fdf496772bd, 0xa939d74229804298},
		{100000, 1, 0x2fa45e4286ca9680, 0x81833f5ca33b9016},
		{1100000, 1, 0xa74b2a132157aa44, 0x2493375f2d59fa7},
	} {
		in, dst := harmonics(golden.n), make([]float64, golden.n)
		for _, s := range schedules {
			for _, w := range []int{1, 2, 3, 7, 64} {
				if golden.n > 1000 && (w > 2 && w < 64 || raced) {
					continue // they would take minutes
				}
				opts := []parmap.Option{s, parmap.Workers(w), parmap.Grain(golden.grain)}
				parmap.Scan(dst, in, plus, opts...)
				inclusive := hashOf(dst...)
				total := parmap.ScanExclusive(dst, in, 0.1, plus, opts...)
				exclusive := hashOf(append(dst, total)...)
				if inclusive != golden.inclusive || exclusive != golden.exclusive {
					t.Errorf("%v with %d workers gives {%d, %d, %#x, %#x},", s, w, golden.n, golden.grain, inclusive, exclusive)
				}
			}
		}
	}
}

// hashOf is different if one bit is.
func hashOf(x ...float64) (h uint64) {
	for _, v := range x {
		h = (h ^ math.Float64bits(v)) * 0x100000001b3
	}
	return h
}

// TestScanExclusiveIsShifted holds that an exclusive sum from 0 has the bits of the
// inclusive one.
func TestScanExclusiveIsShifted(t *testing.T) {
	for _, grain := range []int{0, 7} {
		in := harmonics(5000)
		inclusive, exclusive := make([]float64, 5000), make([]float64, 5000)
		parmap.Scan(inclusive, in, plus, parmap.Grain(grain))
		total := parmap.ScanExclusive(exclusive, in, 0, plus, parmap.Grain(grain))
		assert.Equal(t, append([]float64{0}, inclusive...), append(exclusive, total))
	}
}

// TestScanWholeGrain holds that a Grain of n gives the bits of a loop.
func TestScanWholeGrain(t *testing.T) {
	in := harmonics(5000)
	dst := make([]float64, 5000)
	want := loopScan(in, plus)
	parmap.Scan(dst, in, plus, parmap.Grain(5000))
	assert.Equal(t, want, dst)
	parmap.Scan(dst, in, plus)
	assert.NotEqual(t, want, dst, "numbers whose sums do not tell")
}

// TestScanNeverFalls holds that cumulative sums of numbers that are not negative
// ascend, from chunk to chunk too, as those must do in which one searches.
func TestScanNeverFalls(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	x := make([]float64, 10000)
	for range 5 {
		for i := range x {
			x[i] = r.Float64() * math.Pow(10, float64(-r.IntN(20)))
		}
		dst := make([]float64, len(x))
		for _, grain := range []int{0, 3, 64} {
			parmap.Scan(dst, x, plus, parmap.Grain(grain))
			assert.True(t, slices.IsSorted(dst))
			total := parmap.ScanExclusive(dst, x, 1e3, plus, parmap.Grain(grain))
			assert.True(t, slices.IsSorted(append(dst, total)))
		}
	}
}

// TestScanIsCloser holds that a long sum is rounded more seldom than in a loop.
func TestScanIsCloser(t *testing.T) {
	in, dst := slices.Repeat([]float32{0.1}, 1e6), make([]float32, 1e6)
	add := func(a, b float32) float32 { return a + b }
	parmap.Scan(dst, in, add)
	assert.InDelta(t, 1e5, dst[len(dst)-1], 1)
	assert.Greater(t, math.Abs(float64(loopScan(in, add)[len(in)-1])-1e5), 900.0)
}
