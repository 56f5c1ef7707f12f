package bench_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/parfor-go/parfor/bench/internal/clock"
	"github.com/parfor-go/parfor/bench/work"
	"github.com/parfor-go/parfor/parmap"
)

// BenchmarkControl says whether the machine was free: of-ideal is then 1.
func BenchmarkControl(b *testing.B) {
	turns := work.Turns(20 * time.Millisecond)
	clock.Control(b, workers(), func() { work.Spin(turns) })
}

// BenchmarkEmpty is the cost of a call whose bodies do nothing, when one call
// follows the other.
func BenchmarkEmpty(b *testing.B) {
	for _, n := range []int{2, 64} {
		body := func(int) {}
		rangeBody := func(int, int) {}
		for _, w := range []way{
			{name: "parmap-For", call: func() { parmap.For(n, body) }},
			{name: "parmap-ForRange", call: func() { parmap.ForRange(n, rangeBody) }},
			idling(n),
		} {
			w.run(b, fmt.Sprintf("%d/", n), func(b *testing.B, call func()) {
				b.ReportAllocs()
				for b.Loop() {
					call()
				}
			})
		}
	}
}

// BenchmarkFine is a loop of 20 bodies of 5 us, ten times, with a gap between
// one and the next in which the program does something else on its own
// goroutine. After the longest gap the helpers are asleep.
func BenchmarkFine(b *testing.B) {
	const n = 20
	turns := work.Turns(5 * time.Microsecond)
	body := func(int) { work.Spin(turns) }
	loop := func() {
		for i := range n {
			body(i)
		}
	}
	alone(b, "", 0, way{name: "sequential", call: loop})
	ways := bySchedule(func(s parmap.Schedule) { parmap.For(n, body, s) })
	ways = append(ways, spinning(n, func(int) int { return turns }))
	for _, gap := range []time.Duration{0, 50 * time.Microsecond, 200 * time.Microsecond, 2 * time.Millisecond} {
		pause := work.Turns(gap)
		inTurn(b, fmt.Sprintf("gap-%dus/", gap.Microseconds()), clock.Pair{
			Sequential: loop,
			Calls:      10,
			Hot:        true,
			Before:     func() { work.Spin(pause) },
		}, ways...)
	}
}

// BenchmarkTrivial is bodies that store one number: what an index costs.
func BenchmarkTrivial(b *testing.B) {
	for _, n := range []int{1000, 100_000} {
		x := make([]float64, n)
		body := func(i int) { x[i] = float64(i) }
		rangeBody := func(lo, hi int) { work.Ramp(x, lo, hi) }
		alone(b, fmt.Sprintf("%d/", n), 8*n,
			way{name: "sequential", call: func() { work.Ramp(x, 0, n) }},
			way{name: "parmap-For", call: func() { parmap.For(n, body) }},
			way{name: "parmap-ForRange", call: func() { parmap.ForRange(n, rangeBody) }},
			ramping(n))
	}
}
