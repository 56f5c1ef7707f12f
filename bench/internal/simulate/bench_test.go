package simulate_test

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/parfor-go/parfor/bench/internal/clock"
	"github.com/parfor-go/parfor/bench/internal/simulate"
	"github.com/parfor-go/parfor/bench/work"
	"github.com/parfor-go/parfor/parmap"
)

// schedules are the policies that a user of parmap has, by the same number.
var schedules = []simulate.Policy{simulate.Auto, simulate.Static, simulate.Dynamic, simulate.Guided}

// BenchmarkModel says how far to trust the model, at as many workers as this
// machine has: measured-of-model is a measured call of parmap.For over the
// simulated one, each as a multiple of its sequential loop. 1 is a perfect
// model. The call follows another, so that the helpers are awake. If the control
// is not 1.0, wait for a better minute.
func BenchmarkModel(b *testing.B) {
	workers := runtime.GOMAXPROCS(0)
	turns := work.Turns(20 * time.Millisecond)
	b.Run("control", func(b *testing.B) { clock.Control(b, workers, func() { work.Spin(turns) }) })
	const n = 1000
	for load := range work.Loads(n) {
		recorded := simulate.Record(load.Name, n, 5, load.Each)
		for _, p := range schedules {
			b.Run(fmt.Sprintf("%v/%v", load, p), func(b *testing.B) {
				model := simulate.Run(recorded, p, workers, simulate.Measured)
				schedule := parmap.Schedule(p)
				var times, ratios []float64
				for b.Loop() {
					start := time.Now()
					load.Range(0, n)
					sequential := float64(time.Since(start))
					parmap.For(n, load.Each, schedule)
					start = time.Now()
					parmap.For(n, load.Each, schedule)
					parallel := float64(time.Since(start))
					times = append(times, parallel)
					ratios = append(ratios, parallel/sequential)
				}
				slices.Sort(times)
				slices.Sort(ratios)
				b.ReportMetric(times[len(times)/2], "ns/op")
				b.ReportMetric(model.Makespan, "model-ns")
				b.ReportMetric(ratios[len(ratios)/2]*recorded.Total()/model.Makespan, "measured-of-model")
			})
		}
	}
}

// BenchmarkScaling is a table, not a measurement: of-ideal and efficiency of
// every policy at 1 to 1024 workers of the measured machine. Use -benchtime 1x.
func BenchmarkScaling(b *testing.B) {
	rows := simulate.RecordRows(work.Mandelbrot(2048, 100), 3)
	loops := []simulate.Loop{rows}
	for _, s := range work.Shapes {
		l := simulate.Shaped(s, 1000, 20*time.Millisecond)
		l.Name += "/1000"
		loops = append(loops, l)
		l = simulate.Shaped(s, 100_000, 100*time.Millisecond)
		l.Name += "/100000"
		loops = append(loops, l)
	}
	for _, l := range loops {
		for workers := 1; workers <= 1024; workers *= 2 {
			for _, p := range simulate.Policies {
				b.Run(fmt.Sprintf("%s/workers=%d/policy=%v", l.Name, workers, p), func(b *testing.B) {
					var r simulate.Result
					for b.Loop() {
						r = simulate.Run(l, p, workers, simulate.Measured)
					}
					b.ReportMetric(r.OfIdeal(), "of-ideal")
					b.ReportMetric(r.Efficiency(), "efficiency")
				})
			}
		}
	}
}
