package chunk

import "iter"

// A Grid is a fixed cut of [0, n) into chunks, none of them empty, in ascending
// order. It is a value of four words; the zero Grid has no chunks.
type Grid struct {
	n     int // number of indices
	count int // number of chunks
	size  int // indices in a chunk; the last may have fewer
	extra int // the first extra chunks have one index more
}

// ByCount cuts [0, n) into min(n, count) chunks whose sizes differ by at most
// one. The longer chunks come first.
//
// It panics if n is negative or count is not positive.
func ByCount(n, count int) Grid {
	if n < 0 {
		panic("chunk: negative n")
	}
	if count <= 0 {
		panic("chunk: count must be positive")
	}
	if n == 0 {
		return Grid{}
	}
	count = min(n, count)
	return Grid{n: n, count: count, size: n / count, extra: n % count}
}

// BySize cuts [0, n) into chunks of size indices. The last chunk has what is
// left over, which may be fewer.
//
// It panics if n is negative or size is not positive.
func BySize(n, size int) Grid {
	if n < 0 {
		panic("chunk: negative n")
	}
	if size <= 0 {
		panic("chunk: size must be positive")
	}
	if n == 0 {
		return Grid{}
	}
	// (n-1)/size + 1 rounds up; the familiar (n+size-1)/size would overflow.
	return Grid{n: n, count: (n-1)/size + 1, size: size}
}

// Len returns the number of chunks.
func (g Grid) Len() int { return g.count }

// At returns chunk i in constant time. It panics if i is not in [0, g.Len()).
func (g Grid) At(i int) Range {
	if i < 0 || i >= g.count {
		panic("chunk: index out of range")
	}
	lo := i*g.size + min(i, g.extra) // at most n-1, so exact
	size := g.size
	if i < g.extra {
		size++
	}
	return Range{lo, lo + min(size, g.n-lo)} // lo+size may overflow
}

// All returns an iterator over the chunks and their numbers, in ascending
// order. Ranging over it does not allocate.
func (g Grid) All() iter.Seq2[int, Range] {
	return func(yield func(int, Range) bool) {
		for i := range g.count {
			if !yield(i, g.At(i)) {
				return
			}
		}
	}
}
