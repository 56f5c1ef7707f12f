package parmap

// ForLocal is [ForRange] with scratch memory: each worker calls newLocal once,
// before its first chunk, and hands what it got to each of its bodies. So a
// body can use local without a lock, for buffers, or a generator whose state
// does not reach the result. What local holds from one chunk to the next
// depends on chance; sums belong into [Reduce].
//
// ForLocal panics if newLocal or body is nil.
func ForLocal[S any](n int, newLocal func() S, body func(local S, lo, hi int), opts ...Option) {
	if newLocal == nil || body == nil {
		panic("parmap: nil body")
	}
	c := configure(opts)
	if n < 0 {
		panic("parmap: negative n")
	}
	if c.empty(n) {
		return
	}
	r := newRegion()
	b := stored[localBody[S]](r)
	b.newLocal, b.f = newLocal, body
	c.workers = r.most(n, c)
	if len(b.locals) < c.workers {
		b.locals = make([]local[S], c.workers)
	}
	r.body = b
	r.run(n, c)
	clear(b.locals)
	b.newLocal, b.f = nil, nil
	r.release()
}

type localBody[S any] struct {
	newLocal func() S
	f        func(local S, lo, hi int)
	locals   []local[S] // by worker, each touched by that worker alone
}

type local[S any] struct {
	made  bool
	value S
	_     [128]byte // a worker's is not in another's cache line
}

func (b *localBody[S]) chunk(w, lo, hi int) (int, error) {
	l := &b.locals[w]
	if !l.made {
		l.value, l.made = b.newLocal(), true
	}
	b.f(l.value, lo, hi)
	return hi - lo, nil
}
