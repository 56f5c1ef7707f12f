package simulate_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/bench/internal/simulate"
	"github.com/parfor-go/parfor/bench/work"
)

func TestShapedLoopsHaveTheirTotal(t *testing.T) {
	for _, s := range work.Shapes {
		l := simulate.Shaped(s, 1000, time.Millisecond)
		assert.Len(t, l.Costs, 1000, s.Name)
		assert.InEpsilon(t, 1e6, l.Total(), 1e-9, s.Name)
		assert.InEpsilon(t, float64(s.Cost(999, 1000))/float64(s.Cost(0, 1000)), l.Costs[999]/l.Costs[0], 1e-9, s.Name)
	}
	assert.PanicsWithValue(t, "simulate: loop without a body", func() { simulate.Shaped(work.Shapes[0], 0, time.Second) })
}

func TestIdealIsAShareOrTheLongestBody(t *testing.T) {
	l := simulate.Loop{Costs: []float64{1, 2, 3, 6}}
	assert.Equal(t, 12., l.Ideal(1))
	assert.Equal(t, 6., l.Ideal(2))
	assert.Equal(t, 6., l.Ideal(4))
}

// What a recorded body took can't be less than it asked for by much, and in its
// best of several times is not more by a factor.
func TestRecordFindsTheDearBodies(t *testing.T) {
	turns := work.Turns(50 * time.Microsecond)
	visits := make([]int, 20)
	l := simulate.Record("steps", 20, 5, func(i int) {
		visits[i]++
		if i >= 10 {
			work.Spin(turns)
		}
	})
	for i, c := range l.Costs {
		assert.Equal(t, 5, visits[i])
		if i < 10 {
			assert.Less(t, c, 10_000., i)
		} else {
			assert.Greater(t, c, 25_000., i)
		}
	}
}

func TestRecordRowsFillsEveryRow(t *testing.T) {
	r := work.Mandelbrot(64, 1000)
	l := simulate.RecordRows(r, 3)
	assert.Equal(t, "mandelbrot", l.Name)
	assert.Len(t, l.Costs, 64)
	assert.Greater(t, l.Costs[32], 2*l.Costs[0], "the middle is dear")
}
