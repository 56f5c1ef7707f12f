package shmarray

import "slices"

// Sub returns a view of what lies under the given indices of the leading
// axes: of a 3-d array, Sub(i) is a matrix, Sub(i, j) a vector and
// Sub(i, j, k) a 0-d array of one element. Sub() is a view of everything. It
// panics if an index is out of range, there are more indices than axes, or
// the array is closed.
func (a *Array[T]) Sub(index ...int) *Array[T] {
	a.mustBeOpen()
	if len(index) > len(a.shape) {
		panic(badCount)
	}
	shape := slices.Clone(a.shape[len(index):])
	n := count(shape)
	lo := a.position(index) * n
	return of(a.data[lo:lo+n], shape, a.seg, true)
}

// Slice returns a view of the indices lo to hi of axis 0, without hi. It
// panics unless 0 <= lo <= hi <= Shape()[0], or if the array is 0-d or
// closed.
func (a *Array[T]) Slice(lo, hi int) *Array[T] {
	data := a.rows(lo, hi)
	shape := slices.Clone(a.shape)
	shape[0] = hi - lo
	return of(data, shape, a.seg, true)
}

// Reshape returns a view of all elements, in the same order, in another
// shape. Without a shape, one element becomes a 0-d array. The error is
// ErrShape if the number of elements differs, or ErrClosed.
func (a *Array[T]) Reshape(shape ...int) (*Array[T], error) {
	if a.seg.Closed() {
		return nil, ErrClosed
	}
	n, err := size[T](shape)
	if err != nil {
		return nil, err
	}
	if n != len(a.data) {
		return nil, shapeErrorf("reshape %v of %d elements into %v of %d", a.shape, len(a.data), shape, n)
	}
	return of(a.data, slices.Clone(shape), a.seg, true), nil
}
