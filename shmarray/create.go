package shmarray

import (
	"math"
	"math/bits"
	"slices"

	"github.com/parfor-go/parfor/internal/segment"
)

// Zeros returns an array of float64 zeros. It is New[float64].
func Zeros(shape ...int) (*Array[float64], error) { return New[float64](shape...) }

// Ones returns an array of float64 ones. It is Full(1.0, shape...).
func Ones(shape ...int) (*Array[float64], error) { return Full(1.0, shape...) }

// New returns an array of zeros. New[T]() is a 0-d array, of one element; a
// shape with a 0 in it has none.
//
// The error is ErrShape for a negative dimension or a size in bytes that
// overflows an int (dimensions of 0 left out), ErrNoSpace, with the numbers, if
// there is not that much memory, or the system's. Nothing is reserved then.
//
// Creating costs some 40 us, and 0.1 s a GiB on two processors, or 0.4 where there
// are no huge pages (they take Linux 6.1). After that no access is slower than
// any other: the memory is there, and mapped. Arrays of a large power of two of
// bytes do not lie just as far apart, as slices of make do: a loop along several
// would be slow on some processors.
func New[T Elem](shape ...int) (*Array[T], error) {
	return anonymous[T](segment.New, shape)
}

// Private is New for an array that no other process can map: encoding a
// reference to it is ErrPrivate. Its errors are New's. It comes in huge pages
// also on systems that give shared memory none.
func Private[T Elem](shape ...int) (*Array[T], error) {
	return anonymous[T](segment.NewPrivate, shape)
}

// anonymous returns an array of zeros in a segment that create makes.
func anonymous[T Elem](create func(nbytes int, name string) (*segment.Segment, error), shape []int) (*Array[T], error) {
	n, err := size[T](shape)
	if err != nil {
		return nil, err
	}
	seg, err := create(n*segment.Sizeof[T](), describe[T](shape))
	if err != nil {
		return nil, segmentError(err)
	}
	return of(segment.Cast[T](seg.Bytes()), slices.Clone(shape), seg, false), nil
}

// Full returns an array whose elements are all v. Its errors are New's.
func Full[T Elem](v T, shape ...int) (*Array[T], error) {
	a, err := New[T](shape...)
	if err != nil {
		return nil, err
	}
	a.begin(func() { a.fill(v) })
	return a, nil
}

// Like returns an array of zeros with the shape of a. Its errors are New's,
// and ErrClosed.
func Like[T Elem](a *Array[T]) (*Array[T], error) {
	if a.seg.Closed() {
		return nil, ErrClosed
	}
	return New[T](a.shape...)
}

// OnesLike returns an array of ones with the shape of a. Its errors are
// New's, and ErrClosed.
func OnesLike[T Elem](a *Array[T]) (*Array[T], error) {
	if a.seg.Closed() {
		return nil, ErrClosed
	}
	return Full[T](1, a.shape...)
}

// Copy returns an array with the shape and the elements of a, which may be a
// view, in memory of its own. Its errors are New's, and ErrClosed. It panics,
// and leaves nothing behind, if reading a faults, as it does where its file was
// cut off.
func Copy[T Elem](a *Array[T]) (*Array[T], error) {
	c, err := Like(a)
	if err != nil {
		return nil, err
	}
	c.begin(func() { c.copy(a.data) })
	return c, nil
}

// FromSlice returns an array with a copy of data, in row-major order. Without
// a shape it is 1-d, of len(data), and not 0-d as New's would be. Its errors
// are New's, and ErrShape if the shape has not len(data) elements. It panics as
// Copy does.
func FromSlice[T Elem](data []T, shape ...int) (*Array[T], error) {
	if len(shape) == 0 {
		shape = []int{len(data)}
	}
	n, err := size[T](shape)
	if err != nil {
		return nil, err
	}
	if n != len(data) {
		return nil, shapeErrorf("shape %v has %d elements: the slice has %d", shape, n, len(data))
	}
	a, err := New[T](shape...)
	if err != nil {
		return nil, err
	}
	a.begin(func() { a.copy(data) })
	return a, nil
}

// begin calls fill, which gives a fresh array its elements. If fill panics,
// because what it reads from faults, the array is closed first.
func (a *Array[T]) begin(fill func()) {
	done := false
	defer func() {
		if !done {
			a.Close()
		}
	}()
	fill()
	done = true
}

// size returns the number of elements of a shape, or an ErrShape. The bytes
// of the elements, counted without the axes of length 0, fit an int, so that
// no later product of dimensions overflows.
func size[T Elem](shape []int) (int, error) {
	width := segment.Sizeof[T]()
	n, nbytes := 1, uint64(width)
	for _, dim := range shape {
		if dim < 0 {
			return 0, shapeErrorf("shape %v: negative dimension", shape)
		}
		n *= dim // wraps at worst, and is not used then
		hi, lo := bits.Mul64(nbytes, uint64(max(1, dim)))
		if hi != 0 || lo > math.MaxInt {
			return 0, shapeErrorf("shape %v of %d-byte elements: more than %d bytes", shape, width, math.MaxInt)
		}
		nbytes = lo
	}
	return n, nil
}
