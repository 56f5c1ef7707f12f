package parmap

// For calls body(i) for each i in [0, n), on several goroutines, and returns
// when all calls have. It panics if n is negative or body nil, and with a
// [*PanicError] if a body panics.
func For(n int, body func(i int), opts ...Option) {
	if body == nil {
		panic("parmap: nil body")
	}
	run(n, indexBody(body), configure(opts))
}

// ForRange calls body(lo, hi) for ranges [lo, hi) that tile [0, n): as [For],
// with the loop over the indices in the body's hands. How [0, n) is cut varies
// from call to call, so the result must not depend on it.
func ForRange(n int, body func(lo, hi int), opts ...Option) {
	if body == nil {
		panic("parmap: nil body")
	}
	run(n, rangeBody(body), configure(opts))
}

type indexBody func(i int)

func (f indexBody) chunk(_, lo, hi int) {
	for i := lo; i < hi; i++ {
		f(i)
	}
}

type rangeBody func(lo, hi int)

func (f rangeBody) chunk(_, lo, hi int) { f(lo, hi) }
