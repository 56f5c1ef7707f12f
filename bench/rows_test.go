package bench_test

import (
	"fmt"
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

func BenchmarkMandelbrot(b *testing.B) { benchmarkRows(b, work.Mandelbrot(2048, 100)) }
func BenchmarkExpSin(b *testing.B)     { benchmarkRows(b, work.ExpSin(4000)) }

// As many points as the airports of examples/distances.
func BenchmarkDistances(b *testing.B) { benchmarkRows(b, work.Distances(3376)) }

func benchmarkRows(b *testing.B, r work.Rows) {
	m := r.New()
	r.Range(m, 0, r.N) // the first fill is another matter
	b.Run("way=sequential", func(b *testing.B) {
		b.SetBytes(int64(8 * len(m)))
		for b.Loop() {
			r.Range(m, 0, r.N)
		}
	})
	for _, schedule := range schedules {
		b.Run(fmt.Sprintf("way=parmap-%v", schedule), func(b *testing.B) {
			clock.Pair{
				Sequential: func() { r.Range(m, 0, r.N) },
				Parallel:   func() { fill(r, m, schedule) },
				Workers:    workers(),
			}.Run(b)
		})
	}
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
