//go:build unix

package shmarray_test

import (
	"fmt"
	"math/cmplx"
	"slices"
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

func TestGonumReadsTheArray(t *testing.T) {
	a := closing[float64](t)(shmarray.FromSlice(numbers[float64](12), 2, 2, 3))
	var got mat.Dense
	got.Mul(shmarray.Dense(a.Sub(1)), shmarray.Dense(a.Sub(0)).T())
	assert.True(t, mat.Equal(&got, mat.NewDense(2, 2, []float64{23, 86, 32, 122})))

	x := filled(4, 4, 1)
	m := shmarray.Dense(closing[float64](t)(shmarray.FromMatrix(x)))
	assert.Equal(t, first(x.MarshalBinary()), first(m.MarshalBinary()))
	assert.Equal(t, []float64{x.Trace(), x.Norm(2), mat.Det(x)}, []float64{m.Trace(), m.Norm(2), mat.Det(m)})
}

// What a matrix returns without writing itself is a view of the array or
// lies elsewhere. The oracle is the same on a matrix over an ordinary slice.
func TestViewsOfDense(t *testing.T) {
	type dense = *mat.Dense
	for _, test := range []struct {
		name  string
		stays bool
		view  func(m dense) mat.Matrix
	}{
		{"T", stays, func(m dense) mat.Matrix { return m.T() }},
		{"RowView", stays, func(m dense) mat.Matrix { return m.RowView(1) }},
		{"ColView", stays, func(m dense) mat.Matrix { return m.ColView(1) }},
		{"ColView SliceVec", stays, func(m dense) mat.Matrix { return m.ColView(1).(*mat.VecDense).SliceVec(1, 3) }},
		{"DiagView", stays, func(m dense) mat.Matrix { return m.DiagView() }},
		{"Slice", stays, func(m dense) mat.Matrix { return m.Slice(1, 3, 1, 3) }},
		{"Slice CloneFrom", leaves, func(m dense) mat.Matrix { s := m.Slice(1, 3, 1, 3).(dense); s.CloneFrom(s); return s }},
		{"Slice Grow", stays, func(m dense) mat.Matrix { return m.Slice(1, 3, 1, 3).(dense).Grow(1, 1) }},
		{"Slice Grow too far", leaves, func(m dense) mat.Matrix { return m.Slice(1, 3, 1, 3).(dense).Grow(2, 0) }},
		{"Grow by nothing", stays, func(m dense) mat.Matrix { return m.Grow(0, 0) }},
		{"Grow by a row", leaves, func(m dense) mat.Matrix { return m.Grow(1, 0) }},
		{"Grow by a column", leaves, func(m dense) mat.Matrix { return m.Grow(0, 1) }},
		{"Reset Grow", stays, func(m dense) mat.Matrix { m.Reset(); return m.Grow(2, 8) }},
		{"Reset Grow too far", leaves, func(m dense) mat.Matrix { m.Reset(); return m.Grow(3, 6) }},
		{"DenseCopyOf", leaves, func(m dense) mat.Matrix { return mat.DenseCopyOf(m) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			slice := filled(4, 4, 0).RawMatrix().Data
			a := closing[float64](t)(shmarray.FromSlice(slice, 4, 4))
			m := shmarray.Dense(a)
			want, got := test.view(mat.NewDense(4, 4, slice)), test.view(m)
			before := mat.DenseCopyOf(got)
			assert.True(t, mat.Equal(want, got))
			sameBits(t, slice, a.Data(), "array")
			switch got := got.(type) {
			case mat.RawMatrixer:
				assert.Equal(t, test.stays, shmarray.Backs(a, got.RawMatrix().Data))
			case mat.RawVectorer:
				assert.Equal(t, test.stays, shmarray.Backs(a, got.RawVector().Data))
			}
			assert.Equal(t, !m.IsEmpty(), shmarray.Backs(a, m.RawMatrix().Data), "the matrix itself stays")

			for i := range slice {
				slice[i] += 100
				a.Data()[i] += 100
			}
			assert.True(t, mat.Equal(want, got))
			assert.Equal(t, test.stays, !mat.Equal(before, got), "seen through the view")
		})
	}
}

// A matrix is not resized by the way: the wrong size panics and the array
// keeps what it held.
func TestAnotherSizePanics(t *testing.T) {
	x, flat, u := filled(4, 4, 1), filled(2, 4, 2), column(4, 3)
	for name, op := range map[string]func(m *mat.Dense){
		"Add":             func(m *mat.Dense) { m.Add(x, x) },
		"Scale":           func(m *mat.Dense) { m.Scale(2, x) },
		"Mul":             func(m *mat.Dense) { m.Mul(flat, x) },
		"Mul onto itself": func(m *mat.Dense) { m.Mul(m, flat) },
		"Product":         func(m *mat.Dense) { m.Product(x, x, x) },
		"Inverse":         func(m *mat.Dense) { _ = m.Inverse(x) },
		"Solve":           func(m *mat.Dense) { _ = m.Solve(x, x) },
		"Outer":           func(m *mat.Dense) { m.Outer(2, u, u) },
		"Stack":           func(m *mat.Dense) { m.Stack(flat, flat) },
		"QTo":             func(m *mat.Dense) { qr(x).QTo(m) },
		"ReuseAs":         func(m *mat.Dense) { m.ReuseAs(3, 2) },
		"UnmarshalBinary": func(m *mat.Dense) { _ = m.UnmarshalBinary(first(x.MarshalBinary())) },
	} {
		t.Run(name, func(t *testing.T) {
			a := closing[float64](t)(shmarray.FromSlice(numbers[float64](6), 3, 2))
			m := shmarray.Dense(a)
			assert.Panics(t, func() { op(m) })
			assert.Equal(t, numbers[float64](6), a.Data())
			assert.True(t, shmarray.Backs(a, m.RawMatrix().Data))
		})
	}
}

// A band of rows as a matrix ends where the band ends, and gonum's Slice
// does not.
func TestBandOfRows(t *testing.T) {
	a := closing[float64](t)(shmarray.Ones(6, 2))
	band := shmarray.Dense(a.Slice(2, 4))
	slice := shmarray.Dense(a).Slice(2, 4, 0, 2).(*mat.Dense)
	band.Scale(5, band)
	assert.Equal(t, []float64{1, 1, 1, 1, 5, 5, 5, 5, 1, 1, 1, 1}, a.Data())
	assert.True(t, mat.Equal(band, slice))
	_ = append(a.Row(0), 9, 9)
	_ = append(a.Slice(0, 1).Data(), 9, 9)
	assert.Equal(t, 1.0, a.At(1, 0))

	grown := band.Grow(1, 0).(*mat.Dense)
	assert.False(t, shmarray.Backs(a, grown.RawMatrix().Data), "no room to grow in place")
	slice.Grow(1, 0).(*mat.Dense).Set(2, 0, 7)
	assert.Equal(t, 7.0, a.At(4, 0), "the row below the slice")

	band.Reset()
	band.Mul(mat.NewDense(3, 1, nil), mat.NewDense(1, 2, nil))
	assert.Equal(t, []float64{5, 5, 5, 5, 7, 1, 1, 1}, a.Data()[4:])
	slice.Reset()
	slice.Mul(mat.NewDense(3, 1, nil), mat.NewDense(1, 2, nil))
	assert.Equal(t, []float64{0, 0, 0, 0, 0, 0, 1, 1}, a.Data()[4:], "the row below the slice")
}

// In a band of either kind, row 0 is the first of the band.
func TestApplyCountsFromTheBand(t *testing.T) {
	a := closing[float64](t)(shmarray.Zeros(6, 1))
	index := func(i, _ int, _ float64) float64 { return float64(i) }
	band, slice := shmarray.Dense(a.Slice(1, 3)), shmarray.Dense(a).Slice(4, 6, 0, 1).(*mat.Dense)
	band.Apply(index, band)
	slice.Apply(index, slice)
	assert.Equal(t, []float64{0, 0, 1, 0, 0, 1}, a.Data())
}

// A row as a vector ends where the row ends, and gonum's RowView does not.
func TestRowAsVector(t *testing.T) {
	a := closing[float64](t)(shmarray.Ones(3, 2))
	row, rowView := shmarray.Vec(a.Sub(0)), shmarray.Dense(a).RowView(1).(*mat.VecDense)
	assert.Equal(t, 2, row.Cap())
	assert.Equal(t, 4, rowView.Cap())
	assert.Panics(t, func() { row.SliceVec(0, 3) })

	three := mat.NewVecDense(3, []float64{7, 8, 9})
	row.CloneFromVec(three)
	assert.Equal(t, []float64{1, 1, 1, 1, 1, 1}, a.Data())
	rowView.CloneFromVec(three)
	assert.Equal(t, []float64{1, 1, 7, 8, 9, 1}, a.Data(), "into the row below")
}

// Bands of one array overlap to gonum as bands of one slice do: it panics, or
// gives what it gives for a copy of the argument.
func TestGonumSeesThatViewsOverlap(t *testing.T) {
	y, u := filled(3, 3, 1), column(3, 2)
	const panics, right = true, false
	plus := func(i, j int, v float64) float64 { return v + float64(i-j) }
	for _, test := range []struct {
		name   string
		panics bool
		op     func(m, x *mat.Dense)
	}{
		{"Add", panics, func(m, x *mat.Dense) { m.Add(x, y) }},
		{"Sub", panics, func(m, x *mat.Dense) { m.Sub(y, x.T()) }},
		{"MulElem", panics, func(m, x *mat.Dense) { m.MulElem(m, x) }},
		{"DivElem", panics, func(m, x *mat.Dense) { m.DivElem(y, x) }},
		{"Scale", panics, func(m, x *mat.Dense) { m.Scale(2, x) }},
		{"Apply", panics, func(m, x *mat.Dense) { m.Apply(plus, x) }},
		{"Mul left", panics, func(m, x *mat.Dense) { m.Mul(x, y) }},
		{"Mul right", panics, func(m, x *mat.Dense) { m.Mul(y, x) }},
		{"Mul transposed", panics, func(m, x *mat.Dense) { m.Mul(x.T(), y) }},
		{"Pow", panics, func(m, x *mat.Dense) { m.Pow(x, 2) }},
		{"Inverse", panics, func(m, x *mat.Dense) { must(m.Inverse(x)) }},
		{"Solve right", panics, func(m, x *mat.Dense) { must(m.Solve(y, x)) }},
		{"RankOne", panics, func(m, x *mat.Dense) { m.RankOne(x, 2, u, u) }},
		{"Copy transposed", panics, func(m, x *mat.Dense) { m.Copy(x.T()) }},
		{"Copy", right, func(m, x *mat.Dense) { m.Copy(x) }},
		{"Product", right, func(m, x *mat.Dense) { m.Product(x, y, x) }},
		{"Solve left", right, func(m, x *mat.Dense) { must(m.Solve(x, y)) }},
		{"QTo", right, func(m, x *mat.Dense) { qr(x).QTo(m) }},
	} {
		for lo, seen := range []string{"identical", "overlap", "overlap", ""} {
			t.Run(fmt.Sprint(test.name, lo), func(t *testing.T) {
				start := filled(6, 3, 0).RawMatrix().Data
				a := closing[float64](t)(shmarray.FromSlice(start, 6, 3))
				slice, apart := slices.Clone(start), slices.Clone(start)
				on := func(s []float64, lo int) *mat.Dense { return mat.NewDense(3, 3, s[3*lo:3*lo+9:3*lo+9]) }
				got := panicOf(func() { test.op(shmarray.Dense(a.Slice(0, 3)), shmarray.Dense(a.Slice(lo, lo+3))) })
				want := panicOf(func() { test.op(on(slice, 0), on(slice, lo)) })
				assert.Equal(t, want, got)
				sameBits(t, slice, a.Data(), "array")
				if test.panics && seen != "" {
					assert.Equal(t, "mat: bad region: "+seen, got)
				} else {
					test.op(on(apart, 0), mat.DenseCopyOf(on(apart, lo)))
					assert.Nil(t, got)
					sameBits(t, apart, a.Data(), "with a copy")
				}
			})
		}
	}
}

// The same for views of other shapes, and vectors.
func TestGonumSeesThatOtherViewsOverlap(t *testing.T) {
	a := closing[float64](t)(shmarray.Ones(6, 4))
	m := shmarray.Dense(a)
	v := shmarray.Vec(first(a.Reshape(24)).Slice(0, 4))
	across := shmarray.Dense(first(a.Reshape(4, 6)))
	block := func(m *mat.Dense, i, j int) *mat.Dense { return m.Slice(i, i+2, j, j+2).(*mat.Dense) }
	for name, test := range map[string]struct {
		want any
		op   func()
	}{
		"left and right":     {nil, func() { block(m, 0, 0).Scale(3, block(m, 0, 2)) }},
		"blocks":             {"mat: bad region: overlap", func() { block(m, 0, 0).Scale(3, block(m, 1, 1)) }},
		"another stride":     {"mat: bad region: different strides", func() { block(m, 1, 0).Scale(3, block(across, 0, 3)) }},
		"row of the matrix":  {"mat: bad region: overlap", func() { m.Outer(3, mat.NewVecDense(6, nil), v) }},
		"vectors":            {"mat: bad region: overlap", func() { v.AddVec(v, shmarray.Vec(first(a.Reshape(24)).Slice(1, 5))) }},
		"vectors, identical": {"mat: bad region: identical", func() { v.ScaleVec(3, shmarray.Vec(a.Sub(0))) }},
		"vectors, apart":     {nil, func() { v.AddVec(v, shmarray.Vec(a.Sub(1))) }},
		"vector and matrix":  {"mat: bad region: overlap", func() { v.MulVec(shmarray.Dense(a.Slice(0, 4)), mat.NewVecDense(4, nil)) }},
		"vector of a column": {"mat: bad region: overlap", func() { v.AddVec(v, shmarray.Dense(a.Slice(0, 4)).ColView(1)) }},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.want, panicOf(test.op)) })
	}
}

func panicOf(f func()) (v any) {
	defer func() { v = recover() }()
	f()
	return
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

func TestWhatStaysOfCDense(t *testing.T) {
	k := kind[complex128, *mat.CDense]{
		func(data []complex128) *mat.CDense { return mat.NewCDense(4, 4, data) },
		shmarray.CDense,
		func(m *mat.CDense) []complex128 { return m.RawCMatrix().Data },
	}
	start := make([]complex128, 16)
	for i, v := range filled(4, 4, 0).RawMatrix().Data {
		start[i] = complex(v, float64(i)+1)
	}
	k.run(t, cdenseRows(), start, 4, 4)
}

// cdenseRows is for receivers of 4 rows and 4 columns.
func cdenseRows() []row[*mat.CDense] {
	type cdense = *mat.CDense
	x := mat.NewCDense(4, 4, nil)
	for i := range 4 {
		for j := range 4 {
			x.Set(i, j, cmplx.Rect(float64(i+1), float64(j)))
		}
	}
	var eigen mat.Eigen
	eigen.Factorize(filled(4, 4, 1), mat.EigenBoth)

	return []row[cdense]{
		{"Set", stays, func(m cdense) { m.Set(1, 2, 0.3i) }},
		{"Zero", stays, func(m cdense) { m.Zero() }},
		{"Copy", stays, func(m cdense) { m.Copy(x) }},
		{"Copy transposed", stays, func(m cdense) { m.Copy(x.H()) }},
		{"Conj", stays, func(m cdense) { m.Conj(x) }},
		{"Conj onto itself", stays, func(m cdense) { m.Conj(m) }},
		{"Conj itself transposed", stays, func(m cdense) { m.Conj(m.T()) }},
		{"Slice Conj", stays, func(m cdense) { m.Slice(1, 3, 0, 2).(cdense).Conj(x.Slice(0, 2, 0, 2)) }},
		{"Eigen.VectorsTo", stays, func(m cdense) { eigen.VectorsTo(m) }},
		{"Eigen.LeftVectorsTo", stays, func(m cdense) { eigen.LeftVectorsTo(m) }},
		{"SetRawCMatrix", leaves, func(m cdense) {
			m.SetRawCMatrix(cblas128.General{Rows: 1, Cols: 2, Stride: 2, Data: []complex128{1, 2}})
		}},
		{"Reset ReuseAs", stays, func(m cdense) { m.Reset(); m.ReuseAs(4, 4) }},
		{"Reset ReuseAs larger", leaves, func(m cdense) { m.Reset(); m.ReuseAs(4, 5) }},
		{"Reset Conj", stays, func(m cdense) { m.Reset(); m.Conj(x) }},
	}
}

func TestViewsOfCDense(t *testing.T) {
	a := closing[complex128](t)(shmarray.FromSlice(numbers[complex128](16), 4, 4))
	m := shmarray.CDense(a)
	slice := m.Slice(1, 3, 1, 3).(*mat.CDense)
	a.Set(3i, 1, 2)
	assert.Equal(t, []complex128{3i, 3i, -3i}, []complex128{slice.At(0, 1), m.T().At(2, 1), m.H().At(2, 1)})
	assert.True(t, shmarray.Backs(a, slice.RawCMatrix().Data))
	assert.True(t, shmarray.Backs(a, slice.Grow(1, 1).(*mat.CDense).RawCMatrix().Data))
	assert.False(t, shmarray.Backs(a, slice.Grow(2, 0).(*mat.CDense).RawCMatrix().Data))
	assert.False(t, shmarray.Backs(a, m.Grow(1, 0).(*mat.CDense).RawCMatrix().Data))
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
