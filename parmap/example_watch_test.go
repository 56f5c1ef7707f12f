package parmap_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/parfor-go/parfor/parmap"
)

// The last call is the one with nothing remaining; its numbers are exact.
func ExampleOnProgress() {
	roots := make([]float64, 1_000_000)
	parmap.For(len(roots), func(i int) {
		roots[i] = math.Sqrt(float64(i))
	}, parmap.OnProgress(func(p parmap.Progress) {
		if p.Remaining == 0 {
			fmt.Println(p.Done, "of", p.Total)
		}
	}))
	// Output: 1000000 of 1000000
}

// Who was busy when, also after an error.
func ExampleRecord() {
	var s parmap.Stats
	err := parmap.ForErr(context.Background(), 1000, func(_ context.Context, i int) error {
		if i == 700 {
			return errors.New("no such file")
		}
		return nil
	}, parmap.Grain(250), parmap.Dynamic, parmap.Workers(1), parmap.Record(&s))
	fmt.Println(err)
	for _, v := range s.Spans {
		fmt.Println("worker", v.Worker, "ran", v.Lo, "to", v.Hi, v.Err)
	}
	// Output:
	// parmap: index 700: no such file
	// worker 0 ran 0 to 250 <nil>
	// worker 0 ran 250 to 500 <nil>
	// worker 0 ran 500 to 750 no such file
}

// A run as a person reads it: here one in which Static had uneven rows.
func ExampleStats_String() {
	s := parmap.Stats{
		Wall: 100 * time.Millisecond, Workers: 2, Chunks: 2,
		ByWorker: []parmap.WorkerStats{
			{Chunks: 1, Busy: 30 * time.Millisecond, Wait: 70 * time.Millisecond},
			{Chunks: 1, Busy: 99 * time.Millisecond, StartUp: time.Millisecond},
		},
		Spans: []parmap.Span{
			{Worker: 0, Lo: 0, Hi: 500, End: 30 * time.Millisecond},
			{Worker: 1, Lo: 500, Hi: 1000, Start: time.Millisecond, End: 100 * time.Millisecond},
		},
	}
	fmt.Println(&s)
	// Output:
	// 100ms on 2 workers, 64% busy; 2 chunks, the slowest [500,1000) 99ms, 99% of the run
}
