package work

// A Sweep is a loop over three vectors of one length that does next to no
// arithmetic: memory bandwidth.
type Sweep struct {
	Name  string
	Bytes int // read and written for each index
	Range func(a, b, c []float64, lo, hi int)
}

// scalar is the factor of the sweeps that have one.
const scalar = 3

// Sweeps are the four loops of the STREAM benchmark (J. McCalpin, Memory
// Bandwidth and Machine Balance in Current High Performance Computers, 1995),
// with its names, its vectors and its count of bytes, which leaves out
// that a store reads its cache line first.
var Sweeps = []Sweep{
	{"copy", 16, func(a, _, c []float64, lo, hi int) {
		copy(c[lo:hi], a[lo:hi])
	}},
	{"scale", 16, func(_, b, c []float64, lo, hi int) {
		b, c = b[lo:hi], c[lo:hi]
		c = c[:len(b)]
		for i := range b {
			b[i] = scalar * c[i]
		}
	}},
	{"add", 24, func(a, b, c []float64, lo, hi int) {
		a, b, c = a[lo:hi], b[lo:hi], c[lo:hi]
		a, b = a[:len(c)], b[:len(c)]
		for i := range c {
			c[i] = a[i] + b[i]
		}
	}},
	{"triad", 24, func(a, b, c []float64, lo, hi int) {
		a, b, c = a[lo:hi], b[lo:hi], c[lo:hi]
		b, c = b[:len(a)], c[:len(a)]
		for i := range a {
			a[i] = b[i] + scalar*c[i]
		}
	}},
}

// Fill sets x[lo:hi] to v.
func Fill(x []float64, v float64, lo, hi int) {
	x = x[lo:hi]
	for i := range x {
		x[i] = v
	}
}

// Ramp sets x[i] to i for the indices [lo, hi): bodies as short as they get.
func Ramp(x []float64, lo, hi int) {
	for i := lo; i < hi; i++ {
		x[i] = float64(i)
	}
}

// A Reduction is a loop over two vectors of one length that adds up to one number.
type Reduction struct {
	Name  string
	Bytes int // read for each index
	// Part returns the sum over [lo, hi), added in ascending order.
	Part func(x, y []float64, lo, hi int) float64
	// Into adds to *sum what Part adds, but keeps the sum there all the time, as
	// a loop over partial[w] += x[i] does.
	Into func(sum *float64, x, y []float64, lo, hi int)
}

// Reductions are the reductions that are measured.
var Reductions = []Reduction{
	{"sum", 8,
		func(x, _ []float64, lo, hi int) float64 { return Sum(x, lo, hi) },
		func(sum *float64, x, _ []float64, lo, hi int) {
			for _, v := range x[lo:hi] {
				*sum += v
			}
		}},
	{"dot", 16,
		Dot,
		func(sum *float64, x, y []float64, lo, hi int) {
			x, y = x[lo:hi], y[lo:hi]
			y = y[:len(x)]
			for i, v := range x {
				*sum += v * y[i]
			}
		}},
}

// Dot returns the sum of x[i]*y[i] over [lo, hi), added in ascending order.
func Dot(x, y []float64, lo, hi int) float64 {
	x, y = x[lo:hi], y[lo:hi]
	y = y[:len(x)]
	s := 0.0
	for i, v := range x {
		s += v * y[i]
	}
	return s
}

// Sum returns the sum of x[i] over [lo, hi), added in ascending order.
func Sum(x []float64, lo, hi int) float64 {
	s := 0.0
	for _, v := range x[lo:hi] {
		s += v
	}
	return s
}
