//go:build !race

package parmap_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"gonum.org/v1/gonum/mat"

	"github.com/parfor-go/parfor/chunk"
	"github.com/parfor-go/parfor/parmap"
)

// TestAllocations holds the number of allocations of a call whose body was
// made before.
func TestAllocations(t *testing.T) {
	x := make([]float64, 1000)
	in := indices(1000)
	m := mat.NewDense(100, 10, nil)
	index := func(i int) { x[i]++ }
	span := func(lo, hi int) {
		for i := lo; i < hi; i++ {
			x[i]++
		}
	}
	tile := func(chunk.Tile) {}
	row := func(i int, row []float64) { row[0]++ }
	count := func(lo, hi int) int { return hi - lo }
	sum := func(a, b int) int { return a + b }
	scratch := func() *int { return nil }
	large := len(x) // a value of 256 and more in an interface is an allocation, unless that stays on the stack
	local := func(_ *int, lo, hi int) {}
	for _, tt := range []struct {
		name string
		most float64
		call func()
	}{
		{"For", 0, func() { parmap.For(1000, index) }},
		{"For options", 0, func() { parmap.For(1000, index, parmap.Workers(2), parmap.Grain(500), parmap.Guided) }},
		{"For computed options", 0, func() { parmap.For(1000, index, parmap.Workers(large), parmap.Grain(large)) }},
		{"ForRange", 0, func() { parmap.ForRange(1000, span) }},
		{"ForTile", 0, func() { parmap.ForTile(100, 100, tile) }},
		{"ForRows", 0, func() { parmap.ForRows(m, row) }},
		{"ForLocal", 1, func() { parmap.ForLocal(1000, scratch, local) }},
		{"MapInto", 1, func() { parmap.MapInto(x, in, value) }},
		{"Map", 1, func() { parmap.Map(in, value) }},
		{"Reduce", 1, func() { parmap.Reduce(1000, count, sum) }},
	} {
		assert.Less(t, allocations(tt.call), tt.most+0.5, tt.name)
	}
}

// allocations returns the average number of a call. It is what
// testing.AllocsPerRun does, but at two processors, where there are helpers.
func allocations(call func()) float64 {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	const runs = 2000
	var before, after runtime.MemStats
	call()
	runtime.ReadMemStats(&before)
	for range runs {
		call()
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / runs
}
