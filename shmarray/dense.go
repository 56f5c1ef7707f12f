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
// The matrix stays on the array as the receiver of Copy, Zero, Add, Mul,
// Apply, Inverse, Solve and all that keep its size. CloneFrom, Grow beyond
// its size, and a larger result after Reset give it memory of its own without
// a word; Backs tells.
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
// vector. See Dense for what makes it leave the array.
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
// gives an empty matrix. See Dense for what makes it leave the array.
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
