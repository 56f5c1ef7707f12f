package rivals_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/bench/internal/clock"
	"github.com/parfor-go/parfor/bench/rivals"
	"github.com/parfor-go/parfor/bench/work"
)

// fill is the loop that is measured.
func fill(l rivals.Loop, r work.Rows, m []float64) {
	l.Each(r.N, func(i int) { r.Fill(i, r.Row(m, i)) })
}

func BenchmarkMandelbrot(b *testing.B) {
	benchmarkRows(b, work.Mandelbrot(work.MandelbrotSize, work.MandelbrotLimit))
}
func BenchmarkExpSin(b *testing.B)    { benchmarkRows(b, work.ExpSin(work.ExpSinSize)) }
func BenchmarkDistances(b *testing.B) { benchmarkRows(b, work.Distances(work.Airports)) }

func benchmarkRows(b *testing.B, r work.Rows) {
	m := r.New()
	r.Range(m, 0, r.N) // the first fill is another matter
	every(b, "", func(b *testing.B, l rivals.Loop) {
		clock.Pair{
			Sequential: func() { r.Range(m, 0, r.N) },
			Parallel:   func() { fill(l, r, m) },
			Workers:    workers(),
		}.Run(b)
	})
}

func TestEveryRivalFillsRowsWithTheBitsOfTheSequentialLoop(t *testing.T) {
	for _, r := range []work.Rows{work.Mandelbrot(33, 50), work.ExpSin(32), work.Distances(31)} {
		want := r.New()
		r.Range(want, 0, r.N)
		for _, rival := range rivals.All {
			got := r.New()
			fill(open(t, rival, 2), r, got)
			assert.Equal(t, want, got, "%s %s", r.Name, rival.Name)
		}
	}
}
