package bench_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/bench/internal/clock"
	"github.com/parfor-go/parfor/bench/work"
	"github.com/parfor-go/parfor/parmap"
)

// fill is the loop that is measured.
func fill(r work.Rows, m []float64, opts ...parmap.Option) {
	parmap.For(r.N, func(i int) { r.Fill(i, r.Row(m, i)) }, opts...)
}

func BenchmarkMandelbrot(b *testing.B) {
	benchmarkRows(b, work.Mandelbrot(work.MandelbrotSize, work.MandelbrotLimit))
}
func BenchmarkExpSin(b *testing.B)    { benchmarkRows(b, work.ExpSin(work.ExpSinSize)) }
func BenchmarkDistances(b *testing.B) { benchmarkRows(b, work.Distances(work.Airports)) }

func benchmarkRows(b *testing.B, r work.Rows) {
	m := r.New()
	r.Range(m, 0, r.N) // the first fill is another matter
	sequential := func() { r.Range(m, 0, r.N) }
	alone(b, "", 8*len(m), way{name: "sequential", call: sequential})
	ways := bySchedule(func(s parmap.Schedule) { fill(r, m, s) })
	inTurn(b, "", clock.Pair{Sequential: sequential}, ways...)
}

func TestRowsHaveTheBitsOfTheSequentialLoop(t *testing.T) {
	for _, r := range []work.Rows{work.Mandelbrot(65, 50), work.ExpSin(64), work.Distances(63)} {
		want := r.New()
		r.Range(want, 0, r.N)
		for _, schedule := range schedules {
			got := r.New()
			fill(r, got, schedule)
			assert.Equal(t, want, got, "%s %v", r.Name, schedule)
		}
	}
}
