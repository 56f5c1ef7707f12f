package shmarray

import (
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/mat"

	"github.com/parfor-go/parfor/internal/segment"
)

// Dense returns a gonum matrix that shares the memory of a 2-d array. It
// panics if a is not 2-d or is closed. An array without elements gives an
// empty matrix, because gonum has no other without elements.
//
// The matrix stays on the array as the receiver of Set, Copy, Add, Apply, Mul,
// Inverse, Solve and the like, also when it is an argument too, and as the
// destination of QTo, VTo or SolveTo of a factorization. A result of another
// size panics; only Copy takes what fits.
//
// CloneFrom, SetRawMatrix, and a result larger than the array after Reset give
// the matrix memory of its own without a word, and the array keeps what it
// held; Backs tells. A result that fits after Reset lies in the array again,
// from its first element on. Grow returns another matrix, elsewhere.
//
// To gonum, two matrices that share elements overlap, and most operations
// panic, also if Dense made both of one array. To pass the receiver as an
// argument, pass the same *mat.Dense.
//
// A band of rows is Dense(a.Slice(lo, hi)), which ends where the band ends. A
// Slice of the matrix does not: its Grow, and a larger result after its
// Reset, run into the rows below, which may be another worker's. In both,
// Apply counts rows from the first of the band.
func Dense(a *Array[float64]) *mat.Dense {
	data := a.Data()
	if len(a.shape) != 2 {
		panic(notMatrix)
	}
	if len(data) == 0 {
		return &mat.Dense{}
	}
	return mat.NewDense(a.shape[0], a.shape[1], data)
}

// Vec returns a gonum vector that shares the memory of a 1-d array. It panics
// if a is not 1-d or is closed. An array without elements gives an empty
// vector.
//
// The vector stays on the array and leaves it as a matrix of Dense does.
// SetRawVector, RowViewOf and ColViewOf give it other memory; CloneFromVec does
// only if what it clones is longer, and otherwise writes the array.
//
// A row of a matrix is Vec(a.Sub(i)). A RowView of gonum's does not end where
// the row ends: its SliceVec and CloneFromVec can run into the rows below.
func Vec(a *Array[float64]) *mat.VecDense {
	data := a.Data()
	if len(a.shape) != 1 {
		panic(notAVector)
	}
	if len(data) == 0 {
		return &mat.VecDense{}
	}
	return mat.NewVecDense(len(data), data)
}

// CDense returns a gonum complex matrix that shares the memory of a 2-d
// array. It panics if a is not 2-d or is closed. An array without elements
// gives an empty matrix.
//
// The matrix stays on the array and leaves it as one of Dense does; gonum has
// no CloneFrom for it, and SetRawCMatrix for SetRawMatrix.
func CDense(a *Array[complex128]) *mat.CDense {
	data := a.Data()
	if len(a.shape) != 2 {
		panic(notMatrix)
	}
	if len(data) == 0 {
		return &mat.CDense{}
	}
	return mat.NewCDense(a.shape[0], a.shape[1], data)
}

// General32 returns a 2-d array as gonum's blas32 takes it, sharing memory.
// It panics if a is not 2-d or is closed.
func General32(a *Array[float32]) blas32.General {
	data := a.Data()
	if len(a.shape) != 2 {
		panic(notMatrix)
	}
	return blas32.General{Rows: a.shape[0], Cols: a.shape[1], Stride: max(1, a.shape[1]), Data: data}
}

// Backs reports whether s lies in a's memory: whether it has elements, and
// each of them is one of a's. It is false if a is closed.
//
// Backs(a, m.RawMatrix().Data) tells whether a matrix that Dense made is
// still the array.
func Backs[T Elem](a *Array[T], s []T) bool {
	return !a.seg.Closed() && segment.Within(a.data, s)
}
