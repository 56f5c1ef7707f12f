//go:build unix

package shmarray_test

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"github.com/parfor-go/parfor/shmarray"
)

// What every operation of gonum that writes its receiver does to a receiver
// in an array: the result stays in the array, or it leaves and the array
// keeps what it held. The oracle is the same operation on a matrix over an
// ordinary slice, and the slice afterwards, to the bit.
const (
	stays  = true
	leaves = false
)

// A row is one operation. Its name is the methods that it calls, behind the
// type and a dot if it is a factorization's, and what is special about it.
type row[M any] struct {
	name  string
	stays bool
	op    func(m M)
}

// A kind is how a type of gonum's lies over a slice and over an array.
type kind[T shmarray.Elem, M interface{ Dims() (r, c int) }] struct {
	overSlice func(data []T) M
	overArray func(a *shmarray.Array[T]) M
	data      func(m M) []T
}

func denseKind(r, c int) kind[float64, *mat.Dense] {
	return kind[float64, *mat.Dense]{
		func(data []float64) *mat.Dense { return mat.NewDense(r, c, data) },
		shmarray.Dense,
		func(m *mat.Dense) []float64 { return m.RawMatrix().Data },
	}
}

var vecKind = kind[float64, *mat.VecDense]{
	func(data []float64) *mat.VecDense { return mat.NewVecDense(len(data), data) },
	shmarray.Vec,
	func(v *mat.VecDense) []float64 { return v.RawVector().Data },
}

// run runs every row of a table on a receiver of the given shape that holds
// start.
func (k kind[T, M]) run(t *testing.T, rows []row[M], start []T, shape ...int) {
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			slice := slices.Clone(start)
			want := k.overSlice(slice)
			row.op(want)
			a := closing[T](t)(shmarray.FromSlice(start, shape...))
			got := k.overArray(a)
			row.op(got)

			wantRows, wantCols := want.Dims()
			gotRows, gotCols := got.Dims()
			assert.Equal(t, []int{wantRows, wantCols}, []int{gotRows, gotCols})
			sameBits(t, k.data(want), k.data(got), "result")
			sameBits(t, slice, a.Data(), "array")
			assert.False(t, bytes.Equal(bits(start), bits(k.data(got))), "the operation does nothing")

			if !assert.Equal(t, row.stays, shmarray.Backs(a, k.data(got))) {
				return
			}
			if row.stays {
				sameBits(t, k.data(got), a.Data()[:len(k.data(got))], "seen through the array")
			} else {
				sameBits(t, start, a.Data(), "what the array held")
			}
			k.data(got)[0]++
			assert.Equal(t, row.stays, k.data(got)[0] == a.Data()[0], "written through the matrix")
			a.Data()[0] += 2
			assert.Equal(t, row.stays, k.data(got)[0] == a.Data()[0], "written through the array")
		})
	}
}

func TestWhatStaysOfDense(t *testing.T) {
	denseKind(4, 4).run(t, denseRows(), filled(4, 4, 0).RawMatrix().Data, 4, 4)
}

// Above 64 rows and columns gonum multiplies in goroutines.
func TestWhatStaysOfDenseInParallel(t *testing.T) {
	x := filled(200, 130, 1)
	y := filled(130, 200, 2)
	denseKind(200, 200).run(t, []row[*mat.Dense]{
		{"Mul", stays, func(m *mat.Dense) { m.Mul(x, y) }},
		{"Mul transposed", stays, func(m *mat.Dense) { m.Mul(y.T(), x.T()) }},
		{"Mul onto itself", stays, func(m *mat.Dense) { m.Mul(m, m) }},
		{"Inverse onto itself", stays, func(m *mat.Dense) { must(m.Inverse(m)) }},
	}, filled(200, 200, 0).RawMatrix().Data, 200, 200)
}

func TestWhatStaysOfVec(t *testing.T) {
	vecKind.run(t, vecRows(), column(4, 0).RawVector().Data, 4)
}

// No method is forgotten, also when gonum gets a new one.
func TestEveryMethodOfGonumIsInATable(t *testing.T) {
	// These read, or return the views that have tests of their own.
	reads := strings.Fields(`At AtVec Cap Caps ColView Dims DiagView Grow H IsEmpty Len MarshalBinary
		MarshalBinaryTo Norm RawCMatrix RawMatrix RawRowView RawVector RowView SliceVec T TVec Trace`)
	everyMethod(t, denseRows(), reads)
	everyMethod(t, vecRows(), reads)
	everyMethod(t, cdenseRows(), reads)
}

func everyMethod[M any](t *testing.T, rows []row[M], reads []string) {
	known := slices.Clone(reads)
	for _, row := range rows {
		known = append(known, strings.Fields(row.name)...)
	}
	for i := range reflect.TypeFor[M]().NumMethod() {
		assert.Contains(t, known, reflect.TypeFor[M]().Method(i).Name, "%v", reflect.TypeFor[M]())
	}
}

// denseRows is for receivers of 4 rows and 4 columns.
func denseRows() []row[*mat.Dense] {
	type dense = *mat.Dense
	x, y := filled(4, 4, 1), filled(4, 4, 2)
	small, tall, wide := filled(2, 2, 3), filled(6, 4, 4), filled(4, 6, 5)
	half, flat := filled(4, 2, 6), filled(2, 4, 7)
	u, v, w := column(4, 1), column(4, 2), column(1, 3)
	sym, tri := symmetric(x), mat.NewTriDense(4, mat.Upper, x.RawMatrix().Data)
	diag := mat.NewDiagDense(4, u.RawVector().Data)
	encoded := func(m *mat.Dense) []byte { return first(m.MarshalBinary()) }
	plus := func(i, j int, v float64) float64 { return v + float64(10*i+j) }
	swap := []int{2, 0, 3, 1}

	return []row[dense]{
		{"Set", stays, func(m dense) { m.Set(1, 2, 0.3) }},
		{"SetRow", stays, func(m dense) { m.SetRow(2, u.RawVector().Data) }},
		{"SetRow from itself", stays, func(m dense) { m.SetRow(2, m.RawRowView(0)) }},
		{"SetCol", stays, func(m dense) { m.SetCol(2, u.RawVector().Data) }},
		{"Zero", stays, func(m dense) { m.Zero() }},
		{"Copy", stays, func(m dense) { m.Copy(x) }},
		{"Copy transposed", stays, func(m dense) { m.Copy(x.T()) }},
		{"Copy smaller", stays, func(m dense) { m.Copy(small) }},
		{"Copy larger", stays, func(m dense) { m.Copy(tall) }},
		{"Copy symmetric", stays, func(m dense) { m.Copy(sym) }},
		{"Copy vector", stays, func(m dense) { m.Copy(u) }},

		{"Add", stays, func(m dense) { m.Add(x, y) }},
		{"Add onto itself", stays, func(m dense) { m.Add(m, m) }},
		{"Add itself transposed", stays, func(m dense) { m.Add(x, m.T()) }},
		{"Sub", stays, func(m dense) { m.Sub(x, y.T()) }},
		{"Sub onto itself", stays, func(m dense) { m.Sub(m, x) }},
		{"MulElem", stays, func(m dense) { m.MulElem(x, sym) }},
		{"MulElem onto itself", stays, func(m dense) { m.MulElem(m, m) }},
		{"DivElem", stays, func(m dense) { m.DivElem(x, y) }},
		{"DivElem onto itself", stays, func(m dense) { m.DivElem(x, m) }},
		{"Scale", stays, func(m dense) { m.Scale(0.3, x) }},
		{"Scale onto itself", stays, func(m dense) { m.Scale(0.3, m) }},
		{"Scale itself transposed", stays, func(m dense) { m.Scale(0.3, m.T()) }},
		{"Apply", stays, func(m dense) { m.Apply(plus, x) }},
		{"Apply onto itself", stays, func(m dense) { m.Apply(plus, m) }},
		{"Apply symmetric", stays, func(m dense) { m.Apply(plus, sym) }},

		{"Mul", stays, func(m dense) { m.Mul(x, y) }},
		{"Mul onto the left", stays, func(m dense) { m.Mul(m, x) }},
		{"Mul onto the right", stays, func(m dense) { m.Mul(x, m) }},
		{"Mul onto both", stays, func(m dense) { m.Mul(m.T(), m) }},
		{"Mul transposed", stays, func(m dense) { m.Mul(x.T(), y.T()) }},
		{"Mul symmetric", stays, func(m dense) { m.Mul(sym, x.T()) }},
		{"Mul triangular", stays, func(m dense) { m.Mul(x.T(), tri) }},
		{"Mul triangular onto itself", stays, func(m dense) { m.Mul(tri, m) }},
		{"Mul diagonal", stays, func(m dense) { m.Mul(x, diag) }},
		{"Mul vectors", stays, func(m dense) { m.Mul(u, v.T()) }},
		{"Product", stays, func(m dense) { m.Product(half, flat, x) }},
		{"Product with itself", stays, func(m dense) { m.Product(m, m, m) }},
		{"Pow 0", stays, func(m dense) { m.Pow(x, 0) }},
		{"Pow 2 onto itself", stays, func(m dense) { m.Pow(m, 2) }},
		{"Pow 5", stays, func(m dense) { m.Pow(x, 5) }},
		{"Pow 5 onto itself", stays, func(m dense) { m.Pow(m, 5) }},
		{"Exp", stays, func(m dense) { m.Exp(x) }},
		{"Exp onto itself", stays, func(m dense) { m.Exp(m) }},
		{"Exp small", stays, func(m dense) { x := filled(4, 4, 1); x.Scale(1e-3, x); m.Exp(x) }},
		{"Kronecker", stays, func(m dense) { m.Kronecker(small, small) }},
		{"Outer", stays, func(m dense) { m.Outer(0.3, u, v) }},
		{"Outer of rows", stays, func(m dense) { m.Outer(0.3, x.RowView(1), x.ColView(2)) }},
		{"RankOne", stays, func(m dense) { m.RankOne(x, 0.3, u, v) }},
		{"RankOne onto itself", stays, func(m dense) { m.RankOne(m, 0.3, u, v) }},
		{"Stack", stays, func(m dense) { m.Stack(flat, flat) }},
		{"Augment", stays, func(m dense) { m.Augment(half, half) }},
		{"Permutation", stays, func(m dense) { m.Permutation(4, swap) }},
		{"PermuteRows", stays, func(m dense) { m.PermuteRows(swap, false) }},
		{"PermuteCols", stays, func(m dense) { m.PermuteCols(swap, true) }},

		{"Inverse", stays, func(m dense) { must(m.Inverse(x)) }},
		{"Inverse onto itself", stays, func(m dense) { must(m.Inverse(m)) }},
		{"Inverse itself transposed", stays, func(m dense) { must(m.Inverse(m.T())) }},
		{"Inverse singular", stays, func(m dense) { _ = m.Inverse(mat.NewDense(4, 4, nil)) }},
		{"Solve", stays, func(m dense) { must(m.Solve(x, y)) }},
		{"Solve onto the left", stays, func(m dense) { must(m.Solve(m, y)) }},
		{"Solve onto the right", stays, func(m dense) { must(m.Solve(x, m)) }},
		{"Solve overdetermined", stays, func(m dense) { must(m.Solve(tall, filled(6, 4, 8))) }},
		{"Solve underdetermined", stays, func(m dense) { must(m.Solve(flat, filled(2, 4, 8))) }},
		{"Solve triangular", stays, func(m dense) { must(m.Solve(tri.T(), y)) }},

		{"LU.SolveTo", stays, func(m dense) { must(lu(x).SolveTo(m, true, y)) }},
		{"LU.SolveTo onto itself", stays, func(m dense) { must(lu(m).SolveTo(m, false, m)) }},
		{"LU.UTo", stays, func(m dense) { lu(x).UTo(mat.NewTriDense(4, mat.Upper, m.RawMatrix().Data)) }},
		{"LU.LTo", stays, func(m dense) { lu(x).LTo(mat.NewTriDense(4, mat.Lower, m.RawMatrix().Data)) }},
		{"QR.QTo", stays, func(m dense) { qr(x).QTo(m) }},
		{"QR.RTo of itself", stays, func(m dense) { qr(m).RTo(m) }},
		{"QR.SolveTo", stays, func(m dense) { must(qr(tall).SolveTo(m, false, filled(6, 4, 8))) }},
		{"LQ.QTo", stays, func(m dense) { lq(x).QTo(m) }},
		{"LQ.LTo", stays, func(m dense) { lq(x).LTo(m) }},
		{"LQ.SolveTo", stays, func(m dense) { must(lq(wide).SolveTo(m, true, filled(6, 4, 8))) }},
		{"SVD.UTo", stays, func(m dense) { svd(wide).UTo(m) }},
		{"SVD.VTo of itself", stays, func(m dense) { svd(m).VTo(m) }},
		{"SVD.SolveTo", stays, func(m dense) { svd(tall).SolveTo(m, filled(6, 4, 8), 3) }},
		{"EigenSym.VectorsTo", stays, func(m dense) { eigenSym(sym).VectorsTo(m) }},
		{"EigenSym.Values", stays, func(m dense) { eigenSym(sym).Values(m.RawRowView(2)) }},
		{"Cholesky.SolveTo", stays, func(m dense) { must(cholesky(sym).SolveTo(m, y)) }},
		{"Cholesky.SolveTo onto itself", stays, func(m dense) { must(cholesky(sym).SolveTo(m, m)) }},
		{"Cholesky.ToSym", stays, func(m dense) { cholesky(sym).ToSym(mat.NewSymDense(4, m.RawMatrix().Data)) }},
		{"GSVD.UTo", stays, func(m dense) { gsvd(x, y).UTo(m) }},
		{"GSVD.ZeroRTo", stays, func(m dense) { gsvd(x, y).ZeroRTo(m) }},
		{"HOGSVD.VTo", stays, func(m dense) { hogsvd(x, y).VTo(m) }},

		{"Slice Mul", stays, func(m dense) { m.Slice(1, 3, 0, 2).(dense).Mul(small, small) }},
		{"Slice Mul of its neighbour", stays, func(m dense) { m.Slice(0, 4, 0, 2).(dense).Mul(m.Slice(0, 4, 2, 4), small) }},
		{"Slice Zero", stays, func(m dense) { m.Slice(1, 3, 0, 2).(dense).Zero() }},

		{"CloneFrom", leaves, func(m dense) { m.CloneFrom(x) }},
		{"CloneFrom itself transposed", leaves, func(m dense) { m.CloneFrom(m.T()) }},
		{"CloneFrom smaller", leaves, func(m dense) { m.CloneFrom(small) }},
		{"CloneFrom vector", leaves, func(m dense) { m.CloneFrom(u) }},
		{"SetRawMatrix", leaves, func(m dense) { m.SetRawMatrix(mat.DenseCopyOf(x).RawMatrix()) }},
		{"SetRawMatrix of itself", stays, func(m dense) {
			m.SetRawMatrix(blas64.General{Rows: 2, Cols: 8, Stride: 8, Data: m.RawMatrix().Data})
			m.Set(1, 7, 0.3)
		}},
		{"Reset ReuseAs", stays, func(m dense) { m.Reset(); m.ReuseAs(4, 4) }},
		{"Reset ReuseAs another shape", stays, func(m dense) { m.Reset(); m.ReuseAs(2, 8) }},
		{"Reset ReuseAs smaller", stays, func(m dense) { m.Reset(); m.ReuseAs(3, 2) }},
		{"Reset ReuseAs larger", leaves, func(m dense) { m.Reset(); m.ReuseAs(4, 5) }},
		{"Reset Mul", stays, func(m dense) { m.Reset(); m.Mul(x, y) }},
		{"Reset Mul smaller", stays, func(m dense) { m.Reset(); m.Mul(small, small) }},
		{"Reset Mul larger", leaves, func(m dense) { m.Reset(); m.Mul(tall, wide) }},
		{"Reset Solve larger", leaves, func(m dense) { m.Reset(); must(m.Solve(wide, y)) }},
		{"Reset Stack larger", leaves, func(m dense) { m.Reset(); m.Stack(x, y) }},
		{"Reset QR.QTo larger", leaves, func(m dense) { m.Reset(); qr(tall).QTo(m) }},
		{"Reset SVD.UTo", stays, func(m dense) { m.Reset(); svd(x).UTo(m) }},
		{"Reset UnmarshalBinary", stays, func(m dense) { m.Reset(); must(m.UnmarshalBinary(encoded(x))) }},
		{"Reset UnmarshalBinary larger", leaves, func(m dense) { m.Reset(); must(m.UnmarshalBinary(encoded(tall))) }},
		{"Reset UnmarshalBinaryFrom", stays, func(m dense) {
			m.Reset()
			_ = first(m.UnmarshalBinaryFrom(bytes.NewReader(encoded(half))))
		}},
		{"Reset RankOne larger", leaves, func(m dense) { m.Reset(); m.RankOne(tall, 0.3, column(6, 1), v) }},
		{"Reset Outer", stays, func(m dense) { m.Reset(); m.Outer(0.3, u, w) }},
	}
}

// vecRows is for receivers of 4 elements.
func vecRows() []row[*mat.VecDense] {
	type vec = *mat.VecDense
	x, tall := filled(4, 4, 1), filled(6, 4, 4)
	u, w, short, long := column(4, 1), column(4, 2), column(2, 3), column(6, 4)
	sym, tri := symmetric(x), mat.NewTriDense(4, mat.Upper, x.RawMatrix().Data)
	encoded := func(v *mat.VecDense) []byte { return first(v.MarshalBinary()) }
	swap := []int{2, 0, 3, 1}

	return []row[vec]{
		{"SetVec", stays, func(v vec) { v.SetVec(2, 0.3) }},
		{"Zero", stays, func(v vec) { v.Zero() }},
		{"CopyVec", stays, func(v vec) { v.CopyVec(u) }},
		{"CopyVec of a column", stays, func(v vec) { v.CopyVec(x.ColView(2)) }},
		{"CopyVec shorter", stays, func(v vec) { v.CopyVec(short) }},
		{"CopyVec longer", stays, func(v vec) { v.CopyVec(long) }},
		{"AddVec", stays, func(v vec) { v.AddVec(u, w) }},
		{"AddVec onto itself", stays, func(v vec) { v.AddVec(v, v) }},
		{"AddVec of a column", stays, func(v vec) { v.AddVec(v, x.ColView(2)) }},
		{"SubVec", stays, func(v vec) { v.SubVec(u, v) }},
		{"AddScaledVec", stays, func(v vec) { v.AddScaledVec(u, 0.3, w) }},
		{"AddScaledVec onto itself", stays, func(v vec) { v.AddScaledVec(v, 0.3, v) }},
		{"AddScaledVec by 0", stays, func(v vec) { v.AddScaledVec(u, 0, v) }},
		{"MulElemVec", stays, func(v vec) { v.MulElemVec(v, u) }},
		{"DivElemVec", stays, func(v vec) { v.DivElemVec(u, v) }},
		{"ScaleVec", stays, func(v vec) { v.ScaleVec(0.3, u) }},
		{"ScaleVec onto itself", stays, func(v vec) { v.ScaleVec(0.3, v) }},
		{"MulVec", stays, func(v vec) { v.MulVec(x, u) }},
		{"MulVec onto itself", stays, func(v vec) { v.MulVec(x.T(), v) }},
		{"MulVec symmetric", stays, func(v vec) { v.MulVec(sym, v) }},
		{"MulVec triangular", stays, func(v vec) { v.MulVec(tri, v) }},
		{"MulVec vector", stays, func(v vec) { v.MulVec(v, column(1, 1)) }},
		{"SolveVec", stays, func(v vec) { must(v.SolveVec(x, u)) }},
		{"SolveVec onto itself", stays, func(v vec) { must(v.SolveVec(x, v)) }},
		{"SolveVec overdetermined", stays, func(v vec) { must(v.SolveVec(tall, long)) }},
		{"Permute", stays, func(v vec) { v.Permute(swap, false) }},
		{"LU.SolveVecTo", stays, func(v vec) { must(lu(x).SolveVecTo(v, false, v)) }},
		{"QR.SolveVecTo", stays, func(v vec) { must(qr(tall).SolveVecTo(v, false, long)) }},
		{"SVD.SolveVecTo", stays, func(v vec) { svd(tall).SolveVecTo(v, long, 3) }},
		{"Cholesky.SolveVecTo", stays, func(v vec) { must(cholesky(sym).SolveVecTo(v, v)) }},

		{"CloneFromVec", stays, func(v vec) { v.CloneFromVec(u) }},
		{"CloneFromVec shorter", stays, func(v vec) { v.CloneFromVec(short) }},
		{"CloneFromVec longer", leaves, func(v vec) { v.CloneFromVec(long) }},
		{"SetRawVector", leaves, func(v vec) { v.SetRawVector(mat.VecDenseCopyOf(u).RawVector()) }},
		{"RowViewOf", leaves, func(v vec) { v.RowViewOf(mat.DenseCopyOf(x), 1) }},
		{"ColViewOf", leaves, func(v vec) { v.ColViewOf(mat.DenseCopyOf(x), 1) }},
		{"Reset ReuseAsVec", stays, func(v vec) { v.Reset(); v.ReuseAsVec(4) }},
		{"Reset ReuseAsVec shorter", stays, func(v vec) { v.Reset(); v.ReuseAsVec(3) }},
		{"Reset ReuseAsVec longer", leaves, func(v vec) { v.Reset(); v.ReuseAsVec(5) }},
		{"Reset AddVec", stays, func(v vec) { v.Reset(); v.AddVec(short, short) }},
		{"Reset MulVec longer", leaves, func(v vec) { v.Reset(); v.MulVec(tall, u) }},
		{"Reset UnmarshalBinary", stays, func(v vec) { v.Reset(); must(v.UnmarshalBinary(encoded(u))) }},
		{"Reset UnmarshalBinaryFrom longer", leaves, func(v vec) {
			v.Reset()
			_ = first(v.UnmarshalBinaryFrom(bytes.NewReader(encoded(long))))
		}},
	}
}

// filled returns a matrix that is far from singular and whose elements are
// not short in binary.
func filled(r, c, seed int) *mat.Dense {
	m := mat.NewDense(r, c, nil)
	m.Apply(func(i, j int, _ float64) float64 {
		v := float64((7*i+5*j+3*i*j+seed)%13+1) / 11
		if i == j {
			v += float64(r)
		}
		return v
	}, m)
	return m
}

func column(n, seed int) *mat.VecDense { return mat.VecDenseCopyOf(filled(n, 2, seed).ColView(1)) }

func symmetric(m *mat.Dense) *mat.SymDense {
	n, _ := m.Dims()
	return mat.NewSymDense(n, mat.DenseCopyOf(m).RawMatrix().Data)
}

func lu(m mat.Matrix) *mat.LU                { var f mat.LU; f.Factorize(m); return &f }
func qr(m mat.Matrix) *mat.QR                { var f mat.QR; f.Factorize(m); return &f }
func lq(m mat.Matrix) *mat.LQ                { var f mat.LQ; f.Factorize(m); return &f }
func svd(m mat.Matrix) *mat.SVD              { var f mat.SVD; f.Factorize(m, mat.SVDFull); return &f }
func gsvd(a, b mat.Matrix) *mat.GSVD         { var f mat.GSVD; f.Factorize(a, b, mat.GSVDAll); return &f }
func hogsvd(m ...mat.Matrix) *mat.HOGSVD     { var f mat.HOGSVD; f.Factorize(m...); return &f }
func eigenSym(m mat.Symmetric) *mat.EigenSym { var f mat.EigenSym; f.Factorize(m, true); return &f }
func cholesky(m mat.Symmetric) *mat.Cholesky { var f mat.Cholesky; f.Factorize(m); return &f }

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func first[T any](v T, err error) T {
	must(err)
	return v
}

// bits tells zeros of either sign and NaNs apart, too.
func bits[T shmarray.Elem](s []T) []byte { return first(binary.Append(nil, binary.LittleEndian, s)) }

func sameBits[T shmarray.Elem](t *testing.T, want, got []T, what string) {
	t.Helper()
	assert.True(t, bytes.Equal(bits(want), bits(got)), "%s: want %v, got %v", what, want, got)
}
