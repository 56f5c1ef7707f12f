package rivals

import (
	"github.com/alitto/pond/v2"
	"github.com/destel/rill"
	"github.com/samber/lo/parallel"
	"github.com/sourcegraph/conc/iter"
	"github.com/sourcegraph/conc/pool"
	"golang.org/x/sync/errgroup"

	"github.com/parfor-go/parfor/bench/work"
	"github.com/parfor-go/parfor/parmap"
)

// A Reducer is a way to add up the sums of ranges.
type Reducer struct {
	Name string
	// Open makes what the reducer keeps between loops, for so many workers.
	Open func(workers int) Total
}

// A Total returns the sum of part(lo, hi) for ranges that tile [0, n). It is not
// safe for concurrent use.
type Total struct {
	Of func(n int, part func(lo, hi int) float64) float64
	// Close ends what Open began; it is nil where there is nothing to end.
	Close func()
}

// Reducers are the rivals of parmap.Reduce, plain loop and Reduce included:
// those whose documentation shows how results come back. Like short calls the
// indices are bundled, in chunks; what is left to add up then is a few numbers.
var Reducers = []Reducer{
	{"sequential", func(int) Total {
		return Total{Of: func(n int, part func(lo, hi int) float64) float64 { return part(0, n) }}
	}},
	{"parmap-Reduce", func(workers int) Total {
		return Total{Of: func(n int, part func(lo, hi int) float64) float64 {
			return parmap.Reduce(n, part, func(a, b float64) float64 { return a + b }, parmap.Workers(workers))
		}}
	}},

	// A sum for each worker, which it stores when it is done.
	{"goroutine-chunked", func(workers int) Total {
		return Total{Of: func(n int, part func(lo, hi int) float64) float64 {
			sums := make([]float64, workers)
			eachShare(n, workers, func(w, lo, hi int) { sums[w] = part(lo, hi) })
			return work.Sum(sums, 0, workers)
		}}
	}},

	// A slice of results, as in the package's example Parallel.
	{"errgroup", chunked(func(workers, count int, part func(k int) float64) []float64 {
		var g errgroup.Group
		g.SetLimit(workers)
		sums := make([]float64, count)
		for k := range count {
			g.Go(func() error {
				sums[k] = part(k)
				return nil
			})
		}
		must(g.Wait())
		return sums
	})},

	// Map with a bound. Its function gets an element without the index, so the
	// elements are the numbers of the chunks.
	{"conc-iter", chunked(func(workers, count int, part func(k int) float64) []float64 {
		ks := make([]int, count)
		for k := range ks {
			ks[k] = k
		}
		return iter.Mapper[int, float64]{MaxGoroutines: workers}.Map(ks, func(k *int) float64 { return part(*k) })
	})},

	// Its README: "Use pool.ResultPool if you want a concurrent task runner that
	// collects task results". A pool is for one loop.
	{"conc-pool", chunked(func(workers, count int, part func(k int) float64) []float64 {
		p := pool.NewWithResults[float64]().WithMaxGoroutines(workers)
		for k := range count {
			p.Go(func() float64 { return part(k) })
		}
		return p.Wait()
	})},

	// One pool with results, and a group of it for each loop.
	{"pond", func(workers int) Total {
		p := pond.NewResultPool[float64](workers)
		total := chunked(func(_, count int, part func(k int) float64) []float64 {
			g := p.NewGroup()
			for k := range count {
				g.Submit(func() float64 { return part(k) })
			}
			sums, err := g.Wait()
			must(err)
			return sums
		})(workers)
		total.Close = p.StopAndWait
		return total
	}},

	// Times is a map over the numbers below count, a goroutine for each.
	{"lo-parallel", chunked(func(_, count int, part func(k int) float64) []float64 {
		return parallel.Times(count, part)
	})},

	// Map and Reduce, which does without goroutines if it is given one alone: right
	// for a few additions.
	{"rill", func(workers int) Total {
		return Total{Of: func(n int, part func(lo, hi int) float64) float64 {
			count := chunks(n, workers)
			sums := rill.Map(indices(count), workers, func(k int) (float64, error) {
				return part(k*n/count, (k+1)*n/count), nil
			})
			sum, _, err := rill.Reduce(sums, 1, func(a, b float64) (float64, error) { return a + b, nil })
			must(err)
			return sum
		}}
	}},
}

// chunked returns Open for who maps the numbers of the chunks to a slice of
// sums, in any order.
func chunked(sums func(workers, count int, part func(k int) float64) []float64) func(workers int) Total {
	return func(workers int) Total {
		return Total{Of: func(n int, part func(lo, hi int) float64) float64 {
			count := chunks(n, workers)
			s := sums(workers, count, func(k int) float64 { return part(k*n/count, (k+1)*n/count) })
			return work.Sum(s, 0, len(s))
		}}
	}
}
