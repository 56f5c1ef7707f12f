package rivals

import (
	"sync"

	"github.com/alitto/pond/v2"
	"github.com/destel/rill"
	"github.com/panjf2000/ants/v2"
	"github.com/samber/lo/parallel"
	"github.com/sourcegraph/conc/iter"
	"github.com/sourcegraph/conc/pool"
)

// concIter is github.com/sourcegraph/conc/iter, which its documentation
// recommends to go over a slice. It hands out one element at a time; the slice
// is one of elements without a size, which costs nothing to make.
var concIter = Rival{"conc-iter", func(workers int) Loop {
	it := iter.Iterator[struct{}]{MaxGoroutines: workers}
	return Loop{Each: func(n int, body func(i int)) {
		it.ForEachIdx(make([]struct{}, n), func(i int, _ *struct{}) { body(i) })
	}}
}}

// concPool is github.com/sourcegraph/conc/pool. A pool is for one loop: Wait
// ends it, and its documentation calls making one cheap.
var concPool = Rival{"conc-pool", func(workers int) Loop { return Loop{Each: poolEach(workers)} }}

// concPoolChunked bundles, as the documentation of Pool says that it "should not
// be used for very short tasks".
var concPoolChunked = Rival{"conc-pool-chunked", func(workers int) Loop {
	ranges := overChunks(workers, poolEach(workers))
	return Loop{Each: overRanges(ranges), Range: ranges}
}}

func poolEach(workers int) func(n int, body func(i int)) {
	return func(n int, body func(i int)) {
		p := pool.New().WithMaxGoroutines(workers)
		for i := range n {
			p.Go(func() { body(i) })
		}
		p.Wait()
	}
}

// pondGroup is github.com/alitto/pond/v2: one pool, and a group for each loop, as
// its documentation has it for functions that belong together.
var pondGroup = Rival{"pond", func(workers int) Loop {
	p := pond.NewPool(workers)
	return Loop{
		Each: func(n int, body func(i int)) {
			g := p.NewGroup()
			for i := range n {
				g.Submit(func() { body(i) })
			}
			if err := g.Wait(); err != nil {
				panic(err)
			}
		},
		Close: p.StopAndWait,
	}
}}

// antsFunc is github.com/panjf2000/ants/v2: the pool with one function for all
// arguments, which it has for many calls of the same, with workers that stay
// (DisablePurge). Its PreAlloc is for pools of very many long calls.
var antsFunc = Rival{"ants", func(workers int) Loop {
	type call struct {
		body func(i int)
		i    int
		done *sync.WaitGroup
	}
	p, err := ants.NewPoolWithFuncGeneric(workers, func(c call) {
		c.body(c.i)
		c.done.Done()
	}, ants.WithDisablePurge(true))
	if err != nil {
		panic(err)
	}
	return Loop{
		Each: func(n int, body func(i int)) {
			var done sync.WaitGroup
			done.Add(n)
			for i := range n {
				if err := p.Invoke(call{body, i, &done}); err != nil {
					panic(err)
				}
			}
			done.Wait()
		},
		Close: p.Release,
	}
}}

// loParallel is github.com/samber/lo/parallel, which has no setting: a goroutine
// for each element.
var loParallel = Rival{"lo-parallel", func(int) Loop {
	return Loop{Each: func(n int, body func(i int)) {
		parallel.ForEach(make([]struct{}, n), func(_ struct{}, i int) { body(i) })
	}}
}}

// rillForEach is github.com/destel/rill: a stream of indices, and ForEach with as
// many goroutines as there are workers.
var rillForEach = Rival{"rill", func(workers int) Loop {
	return Loop{Each: func(n int, body func(i int)) {
		must(rill.ForEach(indices(n), workers, func(i int) error {
			body(i)
			return nil
		}))
	}}
}}

// rillBatch bundles with Batch, of which the documentation says that it "can
// significantly improve performance".
var rillBatch = Rival{"rill-batch", func(workers int) Loop {
	return Loop{Each: func(n int, body func(i int)) {
		size := max(1, n/(workers*chunksPerWorker))
		must(rill.ForEach(rill.Batch(indices(n), size, -1), workers, func(batch []int) error {
			for _, i := range batch {
				body(i)
			}
			return nil
		}))
	}}
}}

func indices(n int) <-chan rill.Try[int] {
	return rill.Generate(func(send func(int), _ func(error)) {
		for i := range n {
			send(i)
		}
	})
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
