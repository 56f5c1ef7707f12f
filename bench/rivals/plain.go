package rivals

import (
	"sync"

	"github.com/parfor-go/parfor/parmap"
	"golang.org/x/sync/errgroup"
)

// sequential is the plain loop.
var sequential = Rival{"sequential", func(int) Loop {
	return Loop{
		Each: func(n int, body func(i int)) {
			for i := range n {
				body(i)
			}
		},
		Range: func(n int, body func(lo, hi int)) {
			if n > 0 {
				body(0, n)
			}
		},
	}
}}

// parmap keeps its helpers by itself; Auto is what it does without options.
var (
	parmapAuto    = parmapRival(parmap.Auto)
	parmapStatic  = parmapRival(parmap.Static)
	parmapDynamic = parmapRival(parmap.Dynamic)
	parmapGuided  = parmapRival(parmap.Guided)
)

func parmapRival(schedule parmap.Schedule) Rival {
	return Rival{"parmap-" + schedule.String(), func(workers int) Loop {
		return Loop{
			Each: func(n int, body func(i int)) {
				parmap.For(n, body, schedule, parmap.Workers(workers))
			},
			Range: func(n int, body func(lo, hi int)) {
				parmap.ForRange(n, body, schedule, parmap.Workers(workers))
			},
		}
	}}
}

// goroutineChunked is what people write who know the cost of a goroutine: one
// for each worker, with an equal share.
var goroutineChunked = Rival{"goroutine-chunked", func(workers int) Loop {
	ranges := func(n int, body func(lo, hi int)) {
		eachShare(n, workers, func(_, lo, hi int) { body(lo, hi) })
	}
	return Loop{Each: overRanges(ranges), Range: ranges}
}}

// eachShare calls body for share w of [0, n), of one for each worker, but none
// without an index.
func eachShare(n, workers int, body func(w, lo, hi int)) {
	count := min(n, workers)
	var wg sync.WaitGroup
	for w := range count {
		wg.Go(func() { body(w, w*n/count, (w+1)*n/count) })
	}
	wg.Wait()
}

// goroutineEach is what people write at first: a goroutine for each index.
var goroutineEach = Rival{"goroutine-each", func(int) Loop {
	return Loop{Each: func(n int, body func(i int)) {
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() { body(i) })
		}
		wg.Wait()
	}}
}}

// errgroupEach is golang.org/x/sync/errgroup as in its documentation: a
// function for each index, SetLimit to bound how many run at once.
var errgroupEach = Rival{"errgroup", func(workers int) Loop {
	return Loop{Each: func(n int, body func(i int)) {
		var g errgroup.Group
		g.SetLimit(workers)
		for i := range n {
			g.Go(func() error {
				body(i)
				return nil
			})
		}
		if err := g.Wait(); err != nil {
			panic(err)
		}
	}}
}}
