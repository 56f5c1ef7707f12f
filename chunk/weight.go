package chunk

// ByWeight cuts [0, len(weights)) into min(len(weights), count) chunks, in
// ascending order and none of them empty, so that the heaviest is as light as
// any such cut can make it. The weight of a chunk is the sum of the weights of
// its indices; a weight may be in any unit, such as seconds or entries of a
// sparse row.
//
// Among the best cuts it takes an even one: as far as the heaviest chunk
// allows, each chunk ends where it first holds its share of the weight that is
// left. Equal weights whose sums are exact therefore give the cut of ByCount,
// and so do weights that are all zero.
//
// ByWeight panics if count is not positive, or if a weight is negative or NaN
// or the sum of the weights is infinite.
//
// Sums are taken as differences of float64 prefix sums. They are exact for whole
// weights that add up to at most 2^53, and otherwise carry a rounding error,
// relative to the sum of all weights.
//
// This is the chains-on-chains problem, solved by bisection and probing: see
// A. Pinar and C. Aykanat, "Fast optimal load balancing algorithms for 1D
// partitioning", Journal of Parallel and Distributed Computing 64 (2004). The
// cost is len(weights) additions, as many words of memory, and about
// 54 + log2(count) probes of count binary searches each.
func ByWeight(weights []float64, count int) []Range {
	if count <= 0 {
		panic("chunk: count must be positive")
	}
	c := newChain(weights)
	n := len(weights)
	if n == 0 {
		return nil
	}
	ranges := make([]Range, min(n, count))
	last := len(ranges) - 1
	limit := c.bottleneck(len(ranges))

	// From the right: start each chunk as early as the limit permits. No cut
	// within the limit starts it earlier.
	for k, hi := last, n; k >= 0; k-- {
		hi = c.start(hi, limit)
		ranges[k].Lo = hi
	}

	// From the left: end each chunk where it has its share, but not before the
	// next may start, nor beyond the limit or the indices that the rest need.
	// The bounds never cross, since lo is nowhere before the start found above.
	for k := range last {
		lo := ranges[k].Lo
		hi := max(c.share(lo, len(ranges)-k), ranges[k+1].Lo)
		hi = min(hi, c.end(lo, limit), n-(last-k))
		ranges[k].Hi, ranges[k+1].Lo = hi, hi
	}
	ranges[last].Hi = n
	return ranges
}

// A chain holds the prefix sums of n weights, n+1 numbers from 0 to their sum.
//
// Rounding leaves it sorted, and leaves the weight of a range no larger than
// that of any range around it. The searches below need nothing more.
type chain []float64

func newChain(weights []float64) chain {
	c := make(chain, len(weights)+1)
	sum := 0.0
	for i, w := range weights {
		sum += w
		if w < 0 || sum-sum != 0 { // or w is NaN, or the sum infinite
			panic("chunk: weights must be finite and not negative, and so must their sum")
		}
		c[i+1] = sum
	}
	return c
}

func (c chain) weight(lo, hi int) float64 { return c[hi] - c[lo] }

// bottleneck returns the smallest limit within which count ranges can hold the
// chain, to the last bit.
func (c chain) bottleneck(count int) float64 {
	lo, hi := 0.0, c.weight(0, len(c)-1) // hi is enough; lo is not, unless all are zero
	for {
		mid := lo + (hi-lo)/2
		if mid <= lo || mid >= hi {
			return hi
		}
		if c.fits(count, mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
}

// fits reports whether count ranges, none heavier than limit, can hold the
// chain. Making each as long as possible is best: it leaves the least to the
// others.
func (c chain) fits(count int, limit float64) bool {
	lo := 0
	for range count {
		lo = c.end(lo, limit)
	}
	return lo == len(c)-1
}

// end returns the largest hi for which [lo, hi) is not heavier than limit.
func (c chain) end(lo int, limit float64) int {
	return search(lo+1, len(c), func(i int) bool { return c.weight(lo, i) > limit }) - 1
}

// start returns the smallest lo for which [lo, hi) is not heavier than limit.
func (c chain) start(hi int, limit float64) int {
	return search(0, hi, func(i int) bool { return c.weight(i, hi) <= limit })
}

// share returns the end of the first of count ranges that would divide what
// lies behind lo evenly: the smallest hi > lo for which [lo, hi) has its share.
// If all that is left weighs nothing, it divides the indices.
func (c chain) share(lo, count int) int {
	n := len(c) - 1
	rest := c.weight(lo, n)
	if rest == 0 {
		return lo + (n-lo-1)/count + 1
	}
	return search(lo+1, n, func(i int) bool { return c.weight(lo, i)*float64(count) >= rest })
}

// search returns the smallest i in [lo, hi) for which reached(i), or hi if there
// is none. Once reached is true it stays true.
func search(lo, hi int, reached func(int) bool) int {
	for lo < hi {
		mid := lo + (hi-lo)/2
		if reached(mid) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}
