package work_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/bench/work"
)

// at returns the element (i, j) of the whole matrix.
func at(r work.Rows) func(i, j int) float64 {
	m := r.New()
	r.Range(m, 0, r.N)
	return func(i, j int) float64 { return m[i*r.Cols+j] }
}

func TestRowsAreTheSameInPieces(t *testing.T) {
	for _, r := range []work.Rows{work.Mandelbrot(33, 50), work.ExpSin(40), work.Distances(41)} {
		whole, parts := r.New(), r.New()
		r.Range(whole, 0, r.N)
		for i := range parts {
			parts[i] = math.NaN()
		}
		for lo := 0; lo < r.N; lo += 7 {
			r.Range(parts, lo, min(lo+7, r.N))
		}
		assert.Equal(t, whole, parts, r.Name)
		row := make([]float64, r.Cols)
		r.Fill(5, row)
		assert.Equal(t, r.Row(whole, 5), row, r.Name)
	}
}

func TestMandelbrotKnowsItsPoints(t *testing.T) {
	const size, limit = 500, 200
	got := at(work.Mandelbrot(size, limit))
	column := func(re float64) int { return int((re + 2) / 2.5 * size) }
	axis := size / 2 // the row next to the real axis

	assert.EqualValues(t, limit, got(axis, column(0)), "0 stays at 0")
	assert.EqualValues(t, limit, got(axis, column(-1)), "-1 goes to 0 and back")
	assert.EqualValues(t, limit, got(axis, column(0.2)), "in the cardioid, which ends at 1/4")
	assert.Less(t, got(axis, column(0.45)), 10.)
	assert.EqualValues(t, 1, got(0, 0), "-2-1.25i is outside after one step")
}

func TestMandelbrotIsSymmetric(t *testing.T) {
	const size, limit = 64, 100
	got := at(work.Mandelbrot(size, limit))
	for i := range size {
		for j := range size {
			assert.Equal(t, got(i, j), got(size-1-i, j), "%d, %d", i, j)
		}
	}
}

// The area of the set is 1.5065918849 (T. Förstemann, 2012); with a limit it
// seems a little larger.
func TestMandelbrotHasItsArea(t *testing.T) {
	const size, limit = 400, 500
	got := at(work.Mandelbrot(size, limit))
	inside := 0
	for i := range size {
		for j := range size {
			if got(i, j) == limit {
				inside++
			}
		}
	}
	assert.InDelta(t, 1.5066, float64(inside)*6.25/size/size, 0.02)
}

func TestExpSinKnowsItsValues(t *testing.T) {
	got := at(work.ExpSin(100))
	assert.Zero(t, got(0, 0))
	assert.Equal(t, math.Sin(0.5), got(0, 50), "not damped at the edge")
	assert.InDelta(t, math.Exp(-0.25)*math.Sin(5.5), got(50, 50), 1e-15)
}

func TestDistancesAreThoseOfASphere(t *testing.T) {
	const n, radius = 200, 6371.0088
	got := at(work.Distances(n))
	longest := 0.0
	for i := range n {
		assert.Zero(t, got(i, i))
		for j := range n {
			assert.Equal(t, got(i, j), got(j, i))
			longest = max(longest, got(i, j))
		}
	}
	assert.Less(t, longest, math.Pi*radius)
	assert.Greater(t, longest, 0.98*math.Pi*radius)
	// Point i has the height 1-(2i+1)/n and is a golden angle east of the last.
	for _, pair := range [][2]int{{0, 199}, {3, 100}, {57, 91}} {
		p, q := point(pair[0], n), point(pair[1], n)
		dot := p[0]*q[0] + p[1]*q[1] + p[2]*q[2]
		assert.InDelta(t, radius*math.Acos(dot), got(pair[0], pair[1]), 1e-6)
	}
}

func point(i, n int) [3]float64 {
	z := 1 - float64(2*i+1)/float64(n)
	sin, cos := math.Sincos(float64(i) * math.Pi * (3 - math.Sqrt(5)))
	return [3]float64{math.Sqrt(1-z*z) * cos, math.Sqrt(1-z*z) * sin, z}
}
