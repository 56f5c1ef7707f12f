package shmarray

import (
	"fmt"

	"github.com/parfor-go/parfor/internal/segment"
)

// Elem is an element type: the numbers that have one size on every machine.
// Named types and bool are not among them, so that the bytes of an array
// mean the same to every program that maps them.
type Elem interface {
	int8 | int16 | int32 | int64 |
		uint8 | uint16 | uint32 | uint64 |
		float32 | float64 | complex64 | complex128
}

// An Array is a row-major array of any number of axes in shared memory.
//
// An array that New or another constructor returned owns its memory; one
// that Sub, Slice or Reshape returned is a view, which borrows it. The zero
// Array is a closed one.
type Array[T Elem] struct {
	data   []T // len == cap; after Close it must not be touched
	shape  []int
	row    int              // elements under one index of axis 0
	seg    *segment.Segment // holds data; shared by an owner and its views
	isView bool
}

// of returns an array of the given shape, which it keeps, over data.
func of[T Elem](data []T, shape []int, seg *segment.Segment, isView bool) *Array[T] {
	a := &Array[T]{data: data[:len(data):len(data)], shape: shape, row: 1, seg: seg, isView: isView}
	if len(shape) > 0 {
		a.row = count(shape[1:])
	}
	return a
}

// count returns the number of elements that a checked shape has.
func count(shape []int) int {
	n := 1
	for _, dim := range shape {
		n *= dim
	}
	return n
}

// Data returns the elements in row-major order: the shared memory itself.
// It panics if the array is closed.
func (a *Array[T]) Data() []T {
	a.mustBeOpen()
	return a.data
}

// Shape returns a copy of the array's shape, also of a closed array.
func (a *Array[T]) Shape() []int { return append([]int{}, a.shape...) }

// Len returns the number of elements, also of a closed array.
func (a *Array[T]) Len() int { return len(a.data) }

// At returns the element at index, which has one number for each axis.
// It panics if the index does not fit the shape or the array is closed.
//
// A loop over many elements is faster over Data or Row.
func (a *Array[T]) At(index ...int) T {
	a.mustBeOpen()
	if len(index) != len(a.shape) {
		panic(badCount)
	}
	return a.data[a.position(index)]
}

// Set sets the element at index to v. It panics as At does, and if the array
// is ReadOnly.
func (a *Array[T]) Set(v T, index ...int) {
	a.mustBeOpen()
	mustBeWritable(a.seg)
	if len(index) != len(a.shape) {
		panic(badCount)
	}
	a.data[a.position(index)] = v
}

// Row returns the elements under index i of axis 0, sharing memory: of a 2-d
// array the row i, of a 1-d array the element i, of a 3-d array a matrix. It
// panics if i is out of range, the array is 0-d, or it is closed.
func (a *Array[T]) Row(i int) []T {
	a.mustBeOpen()
	if len(a.shape) == 0 {
		panic(noAxes)
	}
	if uint(i) >= uint(a.shape[0]) {
		panic(badIndex)
	}
	lo, hi := i*a.row, (i+1)*a.row
	return a.data[lo:hi:hi]
}

// RowBytes returns the bytes of the indices lo to hi of axis 0, without hi, as
// they lie in memory: the shared memory itself. It panics as Slice does.
//
// Package parmap uses it to learn which part of the array a chunk owns.
func (a *Array[T]) RowBytes(lo, hi int) []byte {
	return segment.BytesOf(a.rows(lo, hi))
}

// rows returns the elements under the indices lo to hi of axis 0.
func (a *Array[T]) rows(lo, hi int) []T {
	a.mustBeOpen()
	if len(a.shape) == 0 {
		panic(noAxes)
	}
	if lo < 0 || lo > hi || hi > a.shape[0] {
		panic(badBounds)
	}
	return a.data[lo*a.row : hi*a.row]
}

// Close gives the memory back, or that of a file to the system; what was
// written to the file is there for every program, and after Sync for good.
// What was taken from the array before, slices, matrices and views, must not
// be used any more: an access faults, or, if the file is open a second time,
// reaches that.
//
// Closing a closed array or a view does nothing and returns nil. Close does
// not wait for a run: while one that names the array, or another array of the
// same file, is under way, it does nothing and returns ErrInUse.
func (a *Array[T]) Close() error {
	if a.isView || a.seg == nil {
		return nil
	}
	if err := a.seg.Close(); err != nil {
		return segmentError(err)
	}
	return nil
}

// Format prints what the array is, under every verb of fmt: "float64 array
// [2 3]", and whether it is closed. The elements are printed by way of Data or
// Dense.
func (a *Array[T]) Format(f fmt.State, _ rune) {
	if a == nil {
		fmt.Fprint(f, "<nil>")
		return
	}
	fmt.Fprint(f, describe[T](a.shape))
	if a.seg.Closed() {
		fmt.Fprint(f, " (closed)")
	}
}

// describe returns what an array is: "float64 array [2 3]".
func describe[T Elem](shape []int) string {
	var v T
	return fmt.Sprintf("%T array %v", v, shape)
}

func (a *Array[T]) mustBeOpen() {
	if a.seg.Closed() {
		panic(closed)
	}
}

// position returns where the element at index is in the leading len(index)
// axes, counted in steps of everything below them.
func (a *Array[T]) position(index []int) int {
	p := 0
	for k, i := range index {
		if uint(i) >= uint(a.shape[k]) {
			panic(badIndex)
		}
		p = p*a.shape[k] + i
	}
	return p
}
