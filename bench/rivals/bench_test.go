package rivals_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/parfor-go/parfor/bench/internal/clock"
	"github.com/parfor-go/parfor/bench/rivals"
	"github.com/parfor-go/parfor/bench/work"
)

// every runs f for each rival, under its name.
func every(b *testing.B, name string, f func(b *testing.B, l rivals.Loop)) {
	for _, r := range rivals.All {
		clock.Run(b, name+"way="+r.Name, func(b *testing.B) { f(b, open(b, r, workers())) })
	}
}

// BenchmarkControl says whether the machine was free: of-ideal is then 1.
func BenchmarkControl(b *testing.B) {
	turns := work.Turns(20 * time.Millisecond)
	clock.Control(b, workers(), func() { work.Spin(turns) })
}

// BenchmarkEmpty is the cost of a loop whose bodies do nothing, one for each
// worker, when one loop follows the other.
func BenchmarkEmpty(b *testing.B) {
	body := func(int) {}
	every(b, "", func(b *testing.B, l rivals.Loop) {
		n := workers()
		b.ReportAllocs()
		for b.Loop() {
			l.Each(n, body)
		}
	})
}

// BenchmarkFine is a loop of 20 bodies of 5 us, ten times, with a gap between
// one and the next in which the program does something else on its own
// goroutine.
func BenchmarkFine(b *testing.B) {
	const n = 20
	turns := work.Turns(5 * time.Microsecond)
	body := func(int) { work.Spin(turns) }
	for _, gap := range []time.Duration{0, 50 * time.Microsecond, 200 * time.Microsecond, 2 * time.Millisecond} {
		pause := work.Turns(gap)
		every(b, fmt.Sprintf("gap-%dus/", gap.Microseconds()), func(b *testing.B, l rivals.Loop) {
			clock.Pair{
				Sequential: func() {
					for i := range n {
						body(i)
					}
				},
				Parallel: func() { l.Each(n, body) },
				Workers:  workers(),
				Calls:    10,
				Hot:      true,
				Before:   func() { work.Spin(pause) },
			}.Run(b)
		})
	}
}

// BenchmarkTrivialEach is bodies that store one number: what an index costs.
func BenchmarkTrivialEach(b *testing.B) {
	for _, n := range []int{1000, 100_000} {
		x := make([]float64, n)
		body := func(i int) { x[i] = float64(i) }
		every(b, fmt.Sprintf("%d/", n), func(b *testing.B, l rivals.Loop) {
			for b.Loop() {
				l.Each(n, body)
			}
		})
	}
}

// BenchmarkTrivialRange is the same for the rivals that hand out ranges.
func BenchmarkTrivialRange(b *testing.B) {
	for _, n := range []int{1000, 100_000} {
		x := make([]float64, n)
		body := func(lo, hi int) { work.Ramp(x, lo, hi) }
		every(b, fmt.Sprintf("%d/", n), func(b *testing.B, l rivals.Loop) {
			if l.Range == nil {
				b.Skip("has no ranges")
			}
			for b.Loop() {
				l.Range(n, body)
			}
		})
	}
}

// BenchmarkLoad is 1000 bodies of even and uneven cost, of several times in all.
func BenchmarkLoad(b *testing.B) {
	const n = 1000
	for load := range work.Loads(n) {
		every(b, load.String()+"/", func(b *testing.B, l rivals.Loop) {
			clock.Pair{
				Sequential: func() { load.Range(0, n) },
				Parallel:   func() { l.Each(n, load.Each) },
				Workers:    workers(),
				Hot:        true,
			}.Run(b)
		})
	}
}
