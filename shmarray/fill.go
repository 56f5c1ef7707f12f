package shmarray

import (
	"github.com/parfor-go/parfor/internal/bulk"
	"github.com/parfor-go/parfor/internal/segment"
)

// Fill sets every element to v; of a view, every element of the view. A large
// array is filled on all processors, and one that is larger than the caches goes
// past them, which is faster than a loop over Data. A call costs some 0.4 us.
//
// It panics if the array is closed or ReadOnly, and, as Copy does, if the memory
// faults; some elements are set then. It writes every element, so nobody else may
// use any of them meanwhile.
func (a *Array[T]) Fill(v T) {
	a.mustBeOpen()
	mustBeWritable(a.seg)
	a.fill(v)
}

// Zero sets every element to zero. It is otherwise Fill.
func (a *Array[T]) Zero() {
	a.mustBeOpen()
	mustBeWritable(a.seg)
	dst := segment.BytesOf(a.data)
	a.spread(func(lo, hi int) { bulk.Zero(dst[lo:hi], len(dst)) })
}

// fill is Fill of an array that can be written.
func (a *Array[T]) fill(v T) {
	dst, elem := segment.BytesOf(a.data), segment.BytesOf([]T{v})
	a.spread(func(lo, hi int) { bulk.Fill(dst[lo:hi], elem, len(dst)) })
}

// copy copies data, which has as many elements as a, to a fresh array.
func (a *Array[T]) copy(data []T) {
	dst, src := segment.BytesOf(a.data), segment.BytesOf(data)
	a.spread(func(lo, hi int) { bulk.Copy(dst[lo:hi], src[lo:hi], len(dst)) })
}

// spread calls part for ranges of bytes that tile the elements, whole elements
// each, on all processors. A fault in part is a panic.
func (a *Array[T]) spread(part func(lo, hi int)) {
	_ = segment.Spread(len(a.data)*segment.Sizeof[T](), func(lo, hi int) error {
		part(lo, hi)
		return nil
	})
}

// mustBeWritable panics if seg, which is open, is read-only.
func mustBeWritable(seg *segment.Segment) {
	if seg.Mode() == segment.ReadOnly {
		if seg.Adopted() {
			panic(noOutput)
		}
		panic(readOnly)
	}
}
