package rivals

import (
	"context"

	"github.com/destel/rill"
	"github.com/parfor-go/parfor/parmap"
	"github.com/sourcegraph/conc/stream"
)

// A Pipe is a way to apply a function to a sequence of items, of which all need
// not be there at once.
type Pipe struct {
	Name string
	// Run calls f for the items 0 to n-1, on so many workers, and yield for
	// each result in the order of the items, one at a time.
	Run func(workers, n int, f func(i int) int, yield func(v int))
}

// Pipes are the rivals of parmap.Stream, plain loop and Stream included.
var Pipes = []Pipe{
	{"sequential", func(_, n int, f func(i int) int, yield func(v int)) {
		for i := range n {
			yield(f(i))
		}
	}},
	{"parmap-Stream", parmapStream()},
	{"parmap-Window256", parmapStream(parmap.Window(256))},

	// What people write: a goroutine for each item, and a channel of channels
	// that keeps the order and bounds their number.
	{"goroutine-each", func(workers, n int, f func(i int) int, yield func(v int)) {
		results := make(chan chan int, workers)
		go func() {
			for i := range n {
				one := make(chan int, 1)
				results <- one
				go func() { one <- f(i) }()
			}
			close(results)
		}()
		for one := range results {
			yield(<-one)
		}
	}},

	// Its callbacks are what comes in order. A stream is for one sequence.
	{"conc-stream", func(workers, n int, f func(i int) int, yield func(v int)) {
		s := stream.New().WithMaxGoroutines(workers)
		for i := range n {
			s.Go(func() stream.Callback {
				v := f(i)
				return func() { yield(v) }
			})
		}
		s.Wait()
	}},

	// ToSeq2 is what its documentation recommends for a consumer that does one
	// thing after the other.
	{"rill-OrderedMap", func(workers, n int, f func(i int) int, yield func(v int)) {
		results := rill.OrderedMap(indices(n), workers, func(i int) (int, error) { return f(i), nil })
		for v, err := range rill.ToSeq2(results) {
			must(err)
			yield(v)
		}
	}},
}

func parmapStream(opts ...parmap.Option) func(workers, n int, f func(i int) int, yield func(v int)) {
	return func(workers, n int, f func(i int) int, yield func(v int)) {
		source := func(yield func(int) bool) {
			for i := 0; i < n && yield(i); i++ {
			}
		}
		apply := func(_ context.Context, i int) (int, error) { return f(i), nil }
		all := append([]parmap.Option{parmap.Workers(workers)}, opts...)
		for v, err := range parmap.Stream(context.Background(), source, apply, all...) {
			must(err)
			yield(v)
		}
	}
}
