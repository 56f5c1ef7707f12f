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
		b.Run(fmt.Sprintf("%d/way=parmap-For", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				parmap.For(n, body)
			}
		})
		b.Run(fmt.Sprintf("%d/way=parmap-ForRange", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				parmap.ForRange(n, rangeBody)
			}
		})
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
	b.Run("way=sequential", func(b *testing.B) {
		for b.Loop() {
			loop()
		}
	})
	for _, gap := range []time.Duration{0, 50 * time.Microsecond, 200 * time.Microsecond, 2 * time.Millisecond} {
		pause := work.Turns(gap)
		for _, schedule := range schedules {
			b.Run(fmt.Sprintf("gap-%dus/way=parmap-%v", gap.Microseconds(), schedule), func(b *testing.B) {
				clock.Pair{
					Sequential: loop,
					Parallel:   func() { parmap.For(n, body, schedule) },
					Workers:    workers(),
					Calls:      10,
					Hot:        true,
					Before:     func() { work.Spin(pause) },
				}.Run(b)
			})
		}
	}
}

// BenchmarkTrivial is bodies that store one number: what an index costs.
func BenchmarkTrivial(b *testing.B) {
	for _, n := range []int{1000, 100_000} {
		x := make([]float64, n)
		body := func(i int) { x[i] = float64(i) }
		rangeBody := func(lo, hi int) { work.Ramp(x, lo, hi) }
		for _, way := range []struct {
			name string
			call func()
		}{
			{"sequential", func() { work.Ramp(x, 0, n) }},
			{"parmap-For", func() { parmap.For(n, body) }},
			{"parmap-ForRange", func() { parmap.ForRange(n, rangeBody) }},
		} {
			b.Run(fmt.Sprintf("%d/way=%s", n, way.name), func(b *testing.B) {
				b.SetBytes(int64(8 * n))
				for b.Loop() {
					way.call()
				}
			})
		}
	}
}
