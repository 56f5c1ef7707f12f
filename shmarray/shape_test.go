//go:build unix

package shmarray_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/parfor-go/parfor/shmarray"
)

func TestImpossibleShapes(t *testing.T) {
	const big = math.MaxInt
	half := big>>1 + 1 // 2^62, or 2^30
	for _, c := range []struct {
		shape []int
		want  string
	}{
		{[]int{-1}, "shmarray: shape [-1]: negative dimension"},
		{[]int{2, -3}, "shmarray: shape [2 -3]: negative dimension"},
		{[]int{0, -3}, "shmarray: shape [0 -3]: negative dimension"},
		{[]int{math.MinInt}, fmt.Sprintf("shmarray: shape [%d]: negative dimension", math.MinInt)},
		{[]int{big}, ""},
		{[]int{big, big}, ""},
		{[]int{big, big, big, big}, ""},
		{[]int{half, 4}, ""}, // wraps around to 0
		{[]int{half, 2, 2, 1}, ""},
		{[]int{half, 0, 4}, ""}, // no elements, but a stride that overflows
		{[]int{0, half, 4}, ""},
		{[]int{half / 4}, ""}, // its elements can be counted, its bytes cannot
		{[]int{1 << 20, 1 << 20, 1 << 20}, ""},
	} {
		if c.want == "" {
			c.want = fmt.Sprintf("shmarray: shape %v of 8-byte elements: more than %d bytes", c.shape, big)
		}
		_, err := shmarray.Zeros(c.shape...)
		assert.ErrorIs(t, err, shmarray.ErrShape)
		assert.EqualError(t, err, c.want)
		_, err = shmarray.Full(1.0, c.shape...)
		assert.EqualError(t, err, c.want)
		_, err = shmarray.FromSlice([]float64{}, c.shape...)
		assert.EqualError(t, err, c.want)
		a := closing[float64](t)(shmarray.Zeros(0))
		_, err = a.Reshape(c.shape...)
		assert.EqualError(t, err, c.want)
	}
}

func TestOverflowOf1TiBy1Ti(t *testing.T) {
	if math.MaxInt == math.MaxInt32 {
		t.Skip("1<<40 is not an int here")
	}
	shift := 40 // not a constant, so that this compiles for 32 bits
	_, err := shmarray.Zeros(1<<shift, 1<<shift)
	assert.ErrorIs(t, err, shmarray.ErrShape)
	assert.EqualError(t, err, "shmarray: shape [1099511627776 1099511627776] of 8-byte elements: more than 9223372036854775807 bytes")
}

func TestShapeIsACopy(t *testing.T) {
	given := []int{2, 3}
	a := closing[float64](t)(shmarray.Zeros(given...))
	given[0] = 9
	a.Shape()[1] = 9
	assert.Equal(t, []int{2, 3}, a.Shape())
	v, err := a.Reshape(given[:0:0]...)
	assert.Nil(t, v)
	assert.EqualError(t, err, "shmarray: reshape [2 3] of 6 elements into [] of 1")
	to := []int{3, 2}
	v, err = a.Reshape(to...)
	require.NoError(t, err)
	to[0] = 9
	assert.Equal(t, []int{3, 2}, v.Shape())
	assert.NotNil(t, closing[float64](t)(shmarray.Zeros()).Shape())
}

func TestSizesThatDoNotMatch(t *testing.T) {
	_, err := shmarray.FromSlice([]float64{1, 2, 3, 4, 5}, 2, 3)
	assert.ErrorIs(t, err, shmarray.ErrShape)
	assert.EqualError(t, err, "shmarray: shape [2 3] has 6 elements: the slice has 5")
	_, err = shmarray.FromSlice([]float64{1, 2, 3, 4, 5, 6, 7}, 2, 3)
	assert.EqualError(t, err, "shmarray: shape [2 3] has 6 elements: the slice has 7")
	a := closing[float64](t)(shmarray.Zeros(2, 3))
	_, err = a.Reshape(4, 2)
	assert.ErrorIs(t, err, shmarray.ErrShape)
	assert.EqualError(t, err, "shmarray: reshape [2 3] of 6 elements into [4 2] of 8")
}

func TestBadIndicesPanic(t *testing.T) {
	a := closing[float64](t)(shmarray.Zeros(2, 3))
	const count, index, bounds = "shmarray: wrong number of indices", "shmarray: index out of range", "shmarray: slice bounds out of range"
	for _, c := range []struct {
		want string
		f    func()
	}{
		{count, func() { a.At() }},
		{count, func() { a.At(1) }},
		{count, func() { a.At(1, 1, 0) }},
		{count, func() { a.Set(1) }},
		{count, func() { a.Set(1, 1) }},
		{count, func() { a.Sub(1, 1, 0) }},
		{index, func() { a.At(2, 0) }},
		{index, func() { a.At(0, 3) }}, // inside the memory all the same
		{index, func() { a.At(1, -1) }},
		{index, func() { a.Set(1, 0, 3) }},
		{index, func() { a.Set(1, -1, 0) }},
		{index, func() { a.Sub(2) }},
		{index, func() { a.Sub(-1) }},
		{index, func() { a.Sub(0, 3) }},
		{index, func() { a.Row(2) }},
		{index, func() { a.Row(-1) }},
		{index, func() { a.Slice(0, 1).Row(1) }}, // the view's own bound
		{bounds, func() { a.Slice(-1, 1) }},
		{bounds, func() { a.Slice(2, 1) }},
		{bounds, func() { a.Slice(0, 3) }},
		{bounds, func() { a.Slice(0, 1).Slice(0, 2) }},
	} {
		assert.PanicsWithValue(t, c.want, c.f)
	}
	assert.Equal(t, make([]float64, 6), a.Data())
}

func TestAccessDoesNotAllocate(t *testing.T) {
	a := closing[float64](t)(shmarray.Zeros(2, 3, 4))
	var sum float64
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		a.Set(1, 1, 2, 3)
		sum += a.At(1, 2, 3) + a.Row(1)[0] + a.Data()[0]
	}))
	assert.NotZero(t, sum)
}

func TestFromMatrix(t *testing.T) {
	d := mat.NewDense(3, 4, numbers[float64](12))
	for name, m := range map[string]mat.Matrix{
		"Dense":         d,
		"slice":         d.Slice(1, 3, 1, 3),
		"transpose":     d.T(),
		"slice's T":     d.Slice(0, 2, 1, 4).T(),
		"vector":        d.ColView(2),
		"vector's T":    d.RowView(1).T(),
		"symmetric":     mat.NewSymDense(2, []float64{1, 2, 0, 3}),
		"triangular":    mat.NewTriDense(2, mat.Lower, []float64{1, 0, 2, 3}),
		"diagonal":      mat.NewDiagDense(2, []float64{1, 2}),
		"only At":       struct{ mat.Matrix }{d},
		"only raw rows": onlyRaw{d},
	} {
		t.Run(name, func(t *testing.T) {
			a := closing[float64](t)(shmarray.FromMatrix(m))
			r, c := m.Dims()
			require.Equal(t, []int{r, c}, a.Shape())
			assert.True(t, mat.Equal(m, shmarray.Dense(a)))
			shmarray.Dense(a).Zero()
		})
	}
	assert.Equal(t, numbers[float64](12), d.RawMatrix().Data, "copied")
	empty := closing[float64](t)(shmarray.FromMatrix(&mat.Dense{}))
	assert.Equal(t, []int{0, 0}, empty.Shape())
}

// onlyRaw is another's matrix type, which shows its rows to gonum.
type onlyRaw struct{ mat.RawMatrixer }

func (m onlyRaw) Dims() (r, c int)    { return m.RawMatrix().Rows, m.RawMatrix().Cols }
func (m onlyRaw) At(i, j int) float64 { panic("element by element") }
func (m onlyRaw) T() mat.Matrix       { return mat.Transpose{Matrix: m} }

func TestFromMatrixThatPanicsLeaksNothing(t *testing.T) {
	assert.Panics(t, func() { shmarray.FromMatrix(broken{}) })
	// TestMain finds the mapping if it is left.
}

type broken struct{ mat.Matrix }

func (broken) Dims() (r, c int)    { return 2, 2 }
func (broken) At(i, j int) float64 { panic("broken") }
