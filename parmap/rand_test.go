package parmap_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/parmap"
)

// TestRandBits freezes the streams. They must never change.
func TestRandBits(t *testing.T) {
	for _, golden := range []struct {
		seed  uint64
		i     int
		first uint64
		then  uint64
	}{
		{0, 0, 0x32477c14ef17da7d, 0xe351625854218bb2},
		{0, 1, 0x7e58106835506c0b, 0xa9dce09a8455abee},
		{1, 0, 0x81044954bcfd80c0, 0x38ab041553c1df13},
		{42, 1000000, 0xb1eb7599518f8cc7, 0xc2a0d6f7ed090ce8},
		{math.MaxUint64, -1, 0xa34eda7c1cd86421, 0x2815d6e15b21cccd},
	} {
		r := parmap.Rand(golden.seed, golden.i)
		first, then := r.Uint64(), r.Uint64()
		if first != golden.first || then != golden.then {
			t.Errorf("{%d, %d, %#x, %#x},", golden.seed, golden.i, first, then)
		}
	}
}

// TestRandIsKeyed holds that the numbers of an item do not depend on who draws.
func TestRandIsKeyed(t *testing.T) {
	draw := func(i int) float64 { return parmap.Rand(7, i).NormFloat64() }
	want := parmap.Map(indices(10000), draw, parmap.Serial)
	for _, w := range []int{2, 8} {
		assert.Equal(t, want, parmap.Map(indices(10000), draw, parmap.Workers(w)))
	}
}

// TestRandNeighbours looks for a relation between the first numbers of
// neighbouring items, seeds, and both: their mean, their correlation at lag 1,
// and repeats.
func TestRandNeighbours(t *testing.T) {
	const n = 200000
	for name, stream := range map[string]func(k int) float64{
		"items": func(k int) float64 { return parmap.Rand(1, k).Float64() },
		"seeds": func(k int) float64 { return parmap.Rand(uint64(k), 1).Float64() },
		"both":  func(k int) float64 { return parmap.Rand(uint64(k), k).Float64() },
		"swap":  func(k int) float64 { return parmap.Rand(uint64(k/2+k%2), k/2+1-k%2).Float64() },
	} {
		x := parmap.Map(indices(n), stream)
		mean, lag := 0.0, 0.0
		for k, v := range x {
			mean += v / n
			if k > 0 {
				lag += (v - 0.5) * (x[k-1] - 0.5) * 12 / n
			}
		}
		assert.InDelta(t, 0.5, mean, 5*0.2887/math.Sqrt(n), name)
		assert.InDelta(t, 0, lag, 5/math.Sqrt(n), name)
		slices.Sort(x)
		assert.Len(t, slices.Compact(x), n, name)
	}
}
