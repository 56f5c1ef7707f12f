//go:build unix

package shmarray_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/cblas128"
	"gonum.org/v1/gonum/mat"

	"github.com/parfor-go/parfor/shmarray"
)

func TestDenseSharesBothWays(t *testing.T) {
	a := closing[float64](t)(shmarray.Zeros(2, 3))
	d := shmarray.Dense(a)
	a.Set(5, 1, 2)
	assert.Equal(t, 5.0, d.At(1, 2))
	d.Set(0, 1, 7)
	assert.Equal(t, 7.0, a.At(0, 1))
	a.Row(1)[0] = 3
	assert.Equal(t, 3.0, d.At(1, 0))
	assert.True(t, shmarray.Backs(a, d.RawMatrix().Data))
}

// What gonum computes into the matrix is in the array.
func TestGonumWritesIntoTheArray(t *testing.T) {
	x := mat.NewDense(3, 3, []float64{4, 1, 2, 0, 3, 1, 1, 0, 2})
	y := mat.NewDense(3, 3, numbers[float64](9))
	for name, op := range map[string]func(*mat.Dense){
		"Mul":     func(m *mat.Dense) { m.Mul(x, y) },
		"Apply":   func(m *mat.Dense) { m.Apply(func(i, j int, v float64) float64 { return v + float64(i-j) }, y) },
		"Inverse": func(m *mat.Dense) { _ = m.Inverse(x) },
		"Solve":   func(m *mat.Dense) { _ = m.Solve(x, y) },
		"Add":     func(m *mat.Dense) { m.Add(x, y) },
		"Sub":     func(m *mat.Dense) { m.Sub(x, y) },
		"MulElem": func(m *mat.Dense) { m.MulElem(x, y) },
		"Scale":   func(m *mat.Dense) { m.Scale(3, y) },
		"Copy":    func(m *mat.Dense) { m.Copy(x.T()) },
		"Outer":   func(m *mat.Dense) { m.Outer(2, x.ColView(0), y.ColView(1)) },
		"aliased": func(m *mat.Dense) { m.Copy(x); m.Mul(m, m) },
	} {
		t.Run(name, func(t *testing.T) {
			want := mat.NewDense(3, 3, nil)
			op(want)
			a := closing[float64](t)(shmarray.Zeros(3, 3))
			d := shmarray.Dense(a)
			op(d)
			assert.Equal(t, want.RawMatrix().Data, a.Data())
			assert.True(t, shmarray.Backs(a, d.RawMatrix().Data))
		})
	}
}

func TestGonumReadsTheArray(t *testing.T) {
	a := closing[float64](t)(shmarray.FromSlice(numbers[float64](12), 2, 2, 3))
	var got mat.Dense
	got.Mul(shmarray.Dense(a.Sub(1)), shmarray.Dense(a.Sub(0)).T())
	assert.True(t, mat.Equal(&got, mat.NewDense(2, 2, []float64{23, 86, 32, 122})))
}

// A band of rows as a matrix ends where the band ends.
func TestBandOfRows(t *testing.T) {
	a := closing[float64](t)(shmarray.Ones(6, 2))
	band := shmarray.Dense(a.Slice(2, 4))
	band.Scale(5, band)
	assert.Equal(t, []float64{1, 1, 1, 1, 5, 5, 5, 5, 1, 1, 1, 1}, a.Data())
	grown := band.Grow(1, 0).(*mat.Dense)
	assert.False(t, shmarray.Backs(a, grown.RawMatrix().Data), "no room to grow in place")
	_ = append(a.Row(0), 9, 9)
	_ = append(a.Slice(0, 1).Data(), 9, 9)
	assert.Equal(t, 1.0, a.At(1, 0))
}

func TestBacksTellsWhetherAMatrixLeft(t *testing.T) {
	a := closing[float64](t)(shmarray.Zeros(2, 2))
	d := shmarray.Dense(a)
	assert.True(t, shmarray.Backs(a, d.RawMatrix().Data))
	d.CloneFrom(mat.NewDense(2, 2, nil))
	assert.False(t, shmarray.Backs(a, d.RawMatrix().Data))

	assert.True(t, shmarray.Backs(a, a.Row(1)[1:]))
	assert.True(t, shmarray.Backs(a.Sub(1), a.Row(1)))
	assert.False(t, shmarray.Backs(a.Sub(1), a.Row(0)), "of the same array, but not the view's")
	assert.False(t, shmarray.Backs(a.Sub(1), a.Data()))
	assert.False(t, shmarray.Backs(a, a.Data()[:0]))
	assert.False(t, shmarray.Backs(a, nil))
}

func TestVecSharesMemory(t *testing.T) {
	a := closing[float64](t)(shmarray.FromSlice([]float64{1, 2, 3, 4, 5, 6}, 2, 3))
	v := shmarray.Vec(a.Sub(1))
	v.AddVec(v, shmarray.Vec(a.Sub(0)))
	assert.Equal(t, []float64{1, 2, 3, 5, 7, 9}, a.Data())
	a.Set(-1, 1, 0)
	assert.Equal(t, -1.0, v.AtVec(0))
}

func TestCDenseSharesMemory(t *testing.T) {
	a := closing[complex128](t)(shmarray.FromSlice([]complex128{1, 2i, 3, 4}, 2, 2))
	c := shmarray.CDense(a)
	x := cblas128.General{Rows: 2, Cols: 2, Stride: 2, Data: []complex128{0, 1, 1i, 0}}
	got := closing[complex128](t)(shmarray.New[complex128](2, 2))
	cblas128.Gemm(blas.NoTrans, blas.NoTrans, 1, c.RawCMatrix(), x, 0, shmarray.CDense(got).RawCMatrix())
	assert.Equal(t, []complex128{-2, 1, 4i, 3}, got.Data())
	c.Set(1, 1, 5i)
	assert.Equal(t, 5i, a.At(1, 1))
}

func TestGeneral32SharesMemory(t *testing.T) {
	a := closing[float32](t)(shmarray.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 2, 3))
	got := closing[float32](t)(shmarray.New[float32](2, 2))
	blas32.Gemm(blas.NoTrans, blas.Trans, 1, shmarray.General32(a), shmarray.General32(a), 0, shmarray.General32(got))
	assert.Equal(t, []float32{14, 32, 32, 77}, got.Data())
}

func TestWithoutElementsGonumGetsEmpties(t *testing.T) {
	for _, shape := range [][]int{{0, 0}, {0, 3}, {3, 0}} {
		assert.True(t, shmarray.Dense(closing[float64](t)(shmarray.Zeros(shape...))).IsEmpty())
		assert.True(t, shmarray.CDense(closing[complex128](t)(shmarray.New[complex128](shape...))).IsEmpty())
		g := shmarray.General32(closing[float32](t)(shmarray.New[float32](shape...)))
		assert.Equal(t, shape, []int{g.Rows, g.Cols})
		assert.Positive(t, g.Stride)
	}
	assert.True(t, shmarray.Vec(closing[float64](t)(shmarray.Zeros(0))).IsEmpty())
}

func TestWrongNumberOfAxesPanics(t *testing.T) {
	for _, shape := range [][]int{{}, {2}, {2, 2}, {2, 2, 2}, {0}, {0, 0}, {0, 0, 0}} {
		a := closing[float64](t)(shmarray.Zeros(shape...))
		c := closing[complex128](t)(shmarray.New[complex128](shape...))
		f := closing[float32](t)(shmarray.New[float32](shape...))
		if len(shape) != 2 {
			assert.PanicsWithValue(t, "shmarray: not a 2-d array", func() { shmarray.Dense(a) })
			assert.PanicsWithValue(t, "shmarray: not a 2-d array", func() { shmarray.CDense(c) })
			assert.PanicsWithValue(t, "shmarray: not a 2-d array", func() { shmarray.General32(f) })
		}
		if len(shape) != 1 {
			assert.PanicsWithValue(t, "shmarray: not a 1-d array", func() { shmarray.Vec(a) })
		}
	}
}

func TestOnesAndZeros(t *testing.T) {
	assert.Equal(t, []float64{1, 1}, closing[float64](t)(shmarray.Ones(2)).Data())
	assert.Equal(t, []float64{0, 0}, closing[float64](t)(shmarray.Zeros(2)).Data())
	one := closing[float64](t)(shmarray.Ones())
	require.Equal(t, 1, one.Len())
	assert.Equal(t, 1.0, one.At())
}
