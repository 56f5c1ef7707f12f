package rivals_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/bench/internal/clock"
	"github.com/parfor-go/parfor/bench/rivals"
	"github.com/parfor-go/parfor/bench/work"
)

// total opens r until the end of tb.
func total(tb testing.TB, r rivals.Reducer, workers int) rivals.Total {
	t := r.Open(workers)
	if t.Close != nil {
		tb.Cleanup(t.Close)
	}
	return t
}

func TestEveryReducerAddsUpEveryIndex(t *testing.T) {
	for _, r := range rivals.Reducers {
		for _, workers := range []int{1, 2, 5} {
			of := total(t, r, workers).Of
			for _, n := range []int{0, 1, 7, 1000, 7} {
				x := make([]float64, n)
				work.Ramp(x, 0, n)
				got := of(n, func(lo, hi int) float64 { return work.Sum(x, lo, hi) })
				assert.EqualValues(t, n*(n-1)/2, got, "%s, %d workers, %d numbers", r.Name, workers, n)
			}
		}
	}
}

// BenchmarkReduce is vectors that fit the cache and vectors of 128 MiB that do
// not.
func BenchmarkReduce(b *testing.B) {
	for _, n := range []int{100_000, 1 << 24} {
		x, y := make([]float64, n), make([]float64, n)
		work.Ramp(x, 0, n)
		work.Fill(y, 0.5, 0, n)
		for _, r := range work.Reductions {
			part := func(lo, hi int) float64 { return r.Part(x, y, lo, hi) }
			for _, reducer := range rivals.Reducers {
				clock.Run(b, fmt.Sprintf("%s/%d/way=%s", r.Name, n, reducer.Name), func(b *testing.B) {
					t := total(b, reducer, workers())
					b.SetBytes(int64(r.Bytes * n))
					for b.Loop() {
						t.Of(n, part)
					}
				})
			}
		}
	}
}
