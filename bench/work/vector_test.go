package work_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/bench/work"
)

// numbers are small whole numbers, so that every order of adding them gives the
// same sum.
func numbers(n, step int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64((i*step + 1) % 17)
	}
	return x
}

func TestSweepsKnowTheirValues(t *testing.T) {
	for k, want := range []struct {
		name    string
		a, b, c float64
	}{
		{"copy", 2, 5, 2}, {"scale", 2, 21, 7}, {"add", 2, 5, 7}, {"triad", 26, 5, 7},
	} {
		a, b, c := []float64{2, 2, 2}, []float64{5, 5, 5}, []float64{7, 7, 7}
		require.Equal(t, want.name, work.Sweeps[k].Name)
		work.Sweeps[k].Range(a, b, c, 1, 2)
		assert.Equal(t, []float64{2, want.a, 2}, a, want.name)
		assert.Equal(t, []float64{5, want.b, 5}, b, want.name)
		assert.Equal(t, []float64{7, want.c, 7}, c, want.name)
	}
}

func TestSweepsAreTheSameInPieces(t *testing.T) {
	const n = 1000
	for _, sweep := range work.Sweeps {
		one := [3][]float64{numbers(n, 3), numbers(n, 5), numbers(n, 7)}
		var other [3][]float64
		for k := range one {
			other[k] = slices.Clone(one[k])
		}
		sweep.Range(one[0], one[1], one[2], 0, n)
		for lo := 0; lo < n; lo += 77 {
			sweep.Range(other[0], other[1], other[2], lo, min(lo+77, n))
		}
		assert.Equal(t, one, other, sweep.Name)
	}
}

func TestSumsOfRangesKnowTheirValues(t *testing.T) {
	x, y := []float64{100, 1, 2, 3, 100}, []float64{100, 10, 20, 30, 100}
	assert.Equal(t, 6., work.Sum(x, 1, 4))
	assert.Equal(t, 140., work.Dot(x, y, 1, 4))
	assert.Zero(t, work.Sum(x, 2, 2))
	assert.Zero(t, work.Dot(x, y, 2, 2))
}

func TestReductionsKnowTheirValues(t *testing.T) {
	x, y := []float64{100, 1, 2, 3, 100}, []float64{100, 10, 20, 30, 100}
	for k, want := range []struct {
		name string
		sum  float64
	}{{"sum", 6}, {"dot", 140}} {
		r := work.Reductions[k]
		require.Equal(t, want.name, r.Name)
		assert.Equal(t, want.sum, r.Part(x, y, 1, 4), r.Name)
		sum := 1000.
		r.Into(&sum, x, y, 1, 4)
		assert.Equal(t, 1000+want.sum, sum, r.Name)
	}
}

func TestSumsOfPartsAddUp(t *testing.T) {
	const n = 10_007
	x, y := numbers(n, 3), numbers(n, 5)
	sum, dot := 0., 0.
	for i := range n {
		sum += x[i]
		dot += x[i] * y[i]
	}
	assert.Equal(t, sum, work.Sum(x, 0, n))
	assert.Equal(t, dot, work.Dot(x, y, 0, n))
	assert.Equal(t, sum, work.Sum(x, 0, 5000)+work.Sum(x, 5000, n))
	assert.Equal(t, dot, work.Dot(x, y, 0, 5000)+work.Dot(x, y, 5000, n))
}

func TestFillAndRampSetTheirRange(t *testing.T) {
	x := make([]float64, 5)
	work.Fill(x, 7, 1, 4)
	assert.Equal(t, []float64{0, 7, 7, 7, 0}, x)
	work.Ramp(x, 2, 5)
	assert.Equal(t, []float64{0, 7, 2, 3, 4}, x)
}
