package bench_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/bench/work"
	"github.com/parfor-go/parfor/parmap"
)

func plus(a, b float64) float64 { return a + b }

// A total is a way to compute a reduction of x and y.
type total struct {
	name string
	of   func(r work.Reduction, x, y []float64) float64
}

var totals = []total{
	{"sequential", func(r work.Reduction, x, y []float64) float64 { return r.Part(x, y, 0, len(x)) }},
	{"parmap-Reduce", func(r work.Reduction, x, y []float64) float64 {
		return parmap.Reduce(len(x), func(lo, hi int) float64 { return r.Part(x, y, lo, hi) }, plus)
	}},
	// What people write: each goroutine has a sum of its own, and stores it when
	// it is done.
	{"goroutine-partial", func(r work.Reduction, x, y []float64) float64 {
		return shares(len(x), func(sum *float64, lo, hi int) { *sum = r.Part(x, y, lo, hi) })
	}},
	// What people write at first: each goroutine adds to its element of a slice,
	// in the cache line that all of them write to.
	{"goroutine-shared-line", func(r work.Reduction, x, y []float64) float64 {
		return shares(len(x), func(sum *float64, lo, hi int) { r.Into(sum, x, y, lo, hi) })
	}},
}

// shares adds up what part leaves in the sums of its shares, a goroutine for
// each worker.
func shares(n int, part func(sum *float64, lo, hi int)) float64 {
	count := workers()
	sums := make([]float64, count)
	var wg sync.WaitGroup
	for w := range count {
		wg.Go(func() { part(&sums[w], w*n/count, (w+1)*n/count) })
	}
	wg.Wait()
	return work.Sum(sums, 0, count)
}

// halves returns the vectors of a reduction: all sums of x, and of the products
// with y, are exact.
func halves(n int) (x, y []float64) {
	x, y = make([]float64, n), make([]float64, n)
	work.Ramp(x, 0, n)
	work.Fill(y, 0.5, 0, n)
	return x, y
}

// BenchmarkReduce is vectors that fit the cache and vectors of 128 MiB that do
// not. Part of the gain can come from the cut alone: it leaves the processor
// more to do at once than one long sum does.
func BenchmarkReduce(b *testing.B) {
	for _, n := range []int{100_000, 1 << 24} {
		x, y := halves(n)
		for _, r := range work.Reductions {
			for _, t := range totals {
				alone(b, fmt.Sprintf("%s/%d/", r.Name, n), r.Bytes*n, way{name: t.name, call: func() { t.of(r, x, y) }})
			}
		}
	}
}

func TestTotalsAreExact(t *testing.T) {
	const n = 10_001
	x, y := halves(n)
	for k, want := range []float64{n * (n - 1) / 2, n * (n - 1) / 4.} {
		r := work.Reductions[k]
		for _, total := range totals {
			assert.Equal(t, want, total.of(r, x, y), "%s %s", r.Name, total.name)
		}
	}
}
