package chunk

import "iter"

// Strided returns an iterator over k, k+count, k+2*count, ... below n, in
// ascending order. The sequences for k = 0, 1, ..., count-1 together hold every
// index of [0, n) exactly once; those with k >= n are empty.
//
// Neighbouring indices go to different sequences. That evens out a cost that
// drifts along the range, but where each index writes one element of an array,
// the writers share cache lines; a Grid keeps them apart.
//
// Strided panics at once, not when iterated, if n is negative, count is not
// positive or k is not in [0, count). Ranging over the result does not allocate.
func Strided(n, count, k int) iter.Seq[int] {
	if n < 0 {
		panic("chunk: negative n")
	}
	if count <= 0 {
		panic("chunk: count must be positive")
	}
	if k < 0 || k >= count {
		panic("chunk: k must be in [0, count)")
	}
	return func(yield func(int) bool) {
		for i := k; i < n; i += count {
			if !yield(i) || n-i <= count { // the next i may overflow
				return
			}
		}
	}
}
