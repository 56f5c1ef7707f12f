package bench_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/bench/work"
	"github.com/parfor-go/parfor/parmap"
)

func plus(a, b float64) float64 { return a + b }

// reductions are the sums over a range of x and y.
var reductions = []struct {
	name   string
	nbytes int // read for each index
	part   func(x, y []float64, lo, hi int) float64
}{
	{"sum", 8, func(x, _ []float64, lo, hi int) float64 { return work.Sum(x, lo, hi) }},
	{"dot", 16, work.Dot},
}

// BenchmarkReduce is vectors that fit the cache and vectors of 128 MiB that do
// not. Part of the gain can come from the cut alone: it leaves the processor
// more to do at once than one long sum does.
func BenchmarkReduce(b *testing.B) {
	for _, n := range []int{100_000, 1 << 24} {
		x, y := make([]float64, n), make([]float64, n)
		work.Ramp(x, 0, n)
		work.Fill(y, 0.5, 0, n)
		for _, r := range reductions {
			part := func(lo, hi int) float64 { return r.part(x, y, lo, hi) }
			for _, way := range []struct {
				name string
				call func() float64
			}{
				{"sequential", func() float64 { return part(0, n) }},
				{"parmap-Reduce", func() float64 { return parmap.Reduce(n, part, plus) }},
			} {
				b.Run(fmt.Sprintf("%s/%d/way=%s", r.name, n, way.name), func(b *testing.B) {
					b.SetBytes(int64(r.nbytes * n))
					for b.Loop() {
						way.call()
					}
				})
			}
		}
	}
}

func TestReductionsOfWholeNumbersAreExact(t *testing.T) {
	const n = 10_000
	x, y := make([]float64, n), make([]float64, n)
	work.Ramp(x, 0, n)
	work.Fill(y, 0.5, 0, n)
	for _, r := range reductions {
		part := func(lo, hi int) float64 { return r.part(x, y, lo, hi) }
		assert.Equal(t, part(0, n), parmap.Reduce(n, part, plus), r.name)
	}
}
