package parmap_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parfor-go/parfor/parmap"
)

// Each benchmark has a twin in plain goroutines and a WaitGroup, in the same
// run; claims are ratios of the two, or to the ideal: the sequential time over
// the number of workers.

// workers is the number of goroutines of the twins.
func workers() int { return runtime.GOMAXPROCS(0) }

// goChunks is what people write: a goroutine for each of so many even chunks.
func goChunks(n, count int, body func(lo, hi int)) {
	var wg sync.WaitGroup
	for w := range count {
		wg.Go(func() { body(w*n/count, (w+1)*n/count) })
	}
	wg.Wait()
}

// burn does steps of work, a little over a nanosecond each, that no clock can
// shorten: a body that is preempted does not get its work for nothing.
func burn(steps int) uint64 {
	x := uint64(steps)
	for range steps {
		x = x*6364136223846793005 + 1442695040888963407
	}
	return x
}

var sink atomic.Uint64

// stepsOf returns how many steps take d in a loop of that work, as the best of
// several tries.
func stepsOf(d time.Duration) int {
	const steps = 1_000_000
	best := time.Hour
	for range 20 {
		start := time.Now()
		sink.Store(burn(steps))
		best = min(best, time.Since(start))
	}
	return max(1, int(float64(steps)*float64(d)/float64(best)))
}

// BenchmarkEmptyRegion is the cost of a call: two bodies that do nothing,
// whoever runs them.
func BenchmarkEmptyRegion(b *testing.B) {
	nothing := func(int) {}
	b.Run("parmap", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			parmap.For(2, nothing)
		}
	})
	b.Run("goroutines", func(b *testing.B) {
		for b.Loop() {
			goChunks(2, 2, func(lo, hi int) { nothing(lo) })
		}
	})
}

// BenchmarkJoinRegion is the cost of a call in which two workers must each run
// one body: each waits for the other.
func BenchmarkJoinRegion(b *testing.B) {
	if workers() < 2 {
		b.Skip("needs GOMAXPROCS of 2")
	}
	var arrived, met atomic.Int64
	meet := func(int) {
		pair := (arrived.Add(1) + 1) / 2 * 2
		for arrived.Load() < pair {
			for range 1000 {
				if arrived.Load() >= pair {
					break
				}
			}
			runtime.Gosched()
		}
		met.Add(1)
	}
	check := func(b *testing.B, calls int64) {
		if met.Swap(0) != 2*calls {
			b.Fatal("a body ran alone")
		}
		arrived.Store(0)
	}
	b.Run("parmap", func(b *testing.B) {
		calls := int64(0)
		for b.Loop() {
			parmap.For(2, meet, parmap.Workers(2))
			calls++
		}
		check(b, calls)
	})
	b.Run("goroutines", func(b *testing.B) {
		calls := int64(0)
		for b.Loop() {
			goChunks(2, 2, func(lo, hi int) { meet(lo) })
			calls++
		}
		check(b, calls)
	})
}

// againstIdeal runs call with a sequential loop before each, interleaved, and
// reports how much longer it takes than the fair share of that loop: the median
// of the ratios.
func againstIdeal(b *testing.B, sequential, call func()) {
	var ratios []float64
	for b.Loop() {
		start := time.Now()
		sequential()
		middle := time.Now()
		call()
		ratios = append(ratios, float64(time.Since(middle))*float64(workers())/float64(middle.Sub(start)))
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "x-ideal")
	b.ReportMetric(0, "ns/op") // of both: no use
}

// BenchmarkFine is 20 bodies of 5 us, with 100 us of something else, the
// sequential loop, between two calls.
func BenchmarkFine(b *testing.B) {
	steps := stepsOf(5 * time.Microsecond)
	body := func(int) {
		if burn(steps) == 1 {
			sink.Add(1)
		}
	}
	loop := func() {
		for i := range 20 {
			body(i)
		}
	}
	for _, way := range []struct {
		name string
		call func()
	}{
		{"parmap", func() { parmap.For(20, body) }},
		{"goroutines", func() { goChunks(20, workers(), func(lo, hi int) { each(body)(lo, hi) }) }},
		{"goroutine-each", func() { goChunks(20, 20, func(lo, hi int) { each(body)(lo, hi) }) }},
	} {
		b.Run(way.name, func(b *testing.B) { againstIdeal(b, loop, way.call) })
	}
}

// BenchmarkUneven is 1000 bodies of uneven cost, at several amounts of work.
func BenchmarkUneven(b *testing.B) {
	const n = 1000
	for _, load := range []struct {
		name string
		cost func(i int) int // relative
	}{
		{"even", func(int) int { return 100 }},
		{"triangular", func(i int) int { return i }},
		{"reversed", func(i int) int { return n - i }},
		{"heavy", func(i int) int {
			if i%100 == 37 {
				return 1000
			}
			return 10
		}},
	} {
		total := 0
		for i := range n {
			total += load.cost(i)
		}
		for _, work := range []time.Duration{100 * time.Microsecond, time.Millisecond, 20 * time.Millisecond} {
			steps := stepsOf(work)
			body := func(i int) {
				if burn(load.cost(i)*steps/total) == 1 {
					sink.Add(1)
				}
			}
			loop := func() {
				for i := range n {
					body(i)
				}
			}
			for _, way := range []struct {
				name string
				call func()
			}{
				{"parmap", func() { parmap.For(n, body) }},
				{"goroutines", func() { goChunks(n, workers(), func(lo, hi int) { each(body)(lo, hi) }) }},
			} {
				b.Run(fmt.Sprint(load.name, "/", work, "/", way.name), func(b *testing.B) { againstIdeal(b, loop, way.call) })
			}
		}
	}
}

// BenchmarkPerIndex is 100,000 trivial bodies.
func BenchmarkPerIndex(b *testing.B) {
	x := make([]float64, 100_000)
	body := func(i int) { x[i] = float64(i) }
	b.Run("parmap", func(b *testing.B) {
		for b.Loop() {
			parmap.For(len(x), body)
		}
	})
	b.Run("goroutines", func(b *testing.B) {
		for b.Loop() {
			goChunks(len(x), workers(), func(lo, hi int) { each(body)(lo, hi) })
		}
	})
	b.Run("parmap-range", func(b *testing.B) {
		for b.Loop() {
			parmap.ForRange(len(x), func(lo, hi int) {
				for i := lo; i < hi; i++ {
					x[i] = float64(i)
				}
			})
		}
	})
	b.Run("sequential", func(b *testing.B) {
		for b.Loop() {
			for i := range x {
				body(i)
			}
		}
	})
}

// BenchmarkStream is the cost of an item whose f does nothing, and the ratio to
// the ideal of one whose f takes a microsecond.
func BenchmarkStream(b *testing.B) {
	source := func(n int) func(func(int) bool) {
		return func(yield func(int) bool) {
			for i := 0; i < n && yield(i); i++ {
			}
		}
	}
	for _, work := range []time.Duration{0, time.Microsecond, 20 * time.Microsecond, 100 * time.Microsecond} {
		steps := 0
		if work > 0 {
			steps = stepsOf(work)
		}
		f := func(_ context.Context, i int) (uint64, error) { return burn(steps + i&1), nil }
		b.Run(work.String(), func(b *testing.B) {
			for range parmap.Stream(context.Background(), source(b.N), f) {
			}
		})
	}
}

// BenchmarkReduce sums 100,000 numbers.
func BenchmarkReduce(b *testing.B) {
	x := parmap.Map(indices(100_000), value)
	sum := func(lo, hi int) float64 {
		s := 0.0
		for _, v := range x[lo:hi] {
			s += v
		}
		return s
	}
	b.Run("parmap", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			parmap.Reduce(len(x), sum, plus)
		}
	})
	b.Run("sequential", func(b *testing.B) {
		for b.Loop() {
			sum(0, len(x))
		}
	})
}

// BenchmarkIdle reports how much processor time the program uses in the 200 ms
// after a loop.
func BenchmarkIdle(b *testing.B) {
	total := time.Duration(0)
	for b.Loop() {
		parmap.For(100, func(int) {})
		before := processorTime()
		time.Sleep(200 * time.Millisecond)
		total += processorTime() - before
	}
	b.ReportMetric(float64(total.Microseconds())/float64(b.N), "cpu-us")
}

// BenchmarkWatched is a loop of bodies of 1 us, which nobody watches, whose progress is
// told, and of which it is recorded who did what when.
func BenchmarkWatched(b *testing.B) {
	const n = 10_000
	steps := stepsOf(time.Microsecond)
	body := func(int) { sink.Store(burn(steps)) }
	var s parmap.Stats
	told := parmap.OnProgress(func(parmap.Progress) {})
	for _, bb := range []struct {
		name string
		opts []parmap.Option
	}{
		{"not", nil},
		{"OnProgress", []parmap.Option{told}},
		{"Record", []parmap.Option{parmap.Record(&s)}},
		{"both", []parmap.Option{told, parmap.Record(&s)}},
	} {
		for _, grain := range []parmap.Option{parmap.Auto, parmap.Grain(1)} {
			b.Run(fmt.Sprint(bb.name, "/", grain), func(b *testing.B) {
				opts := append(bb.opts[:len(bb.opts):len(bb.opts)], grain)
				if grain == parmap.Grain(1) {
					opts = append(opts, parmap.Dynamic)
				}
				for b.Loop() {
					parmap.For(n, body, opts...)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/body")
			})
		}
	}
}
