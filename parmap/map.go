package parmap

import "context"

// Map returns f of each element of in, in the same order. The elements are
// shared out as the indices of [For] are. It panics if f is nil, and with a
// [*PanicError] if f panics.
func Map[T, R any](in []T, f func(T) R, opts ...Option) []R {
	out := make([]R, len(in))
	MapInto(out, in, f, opts...)
	return out
}

// MapInto sets dst[i] = f(in[i]) for each i. It allocates nothing, as a rule.
// dst and in may be the same slice; otherwise they must not overlap. It panics
// if their lengths differ, and else as [Map] does.
func MapInto[T, R any](dst []R, in []T, f func(T) R, opts ...Option) {
	if f == nil {
		panic("parmap: nil function")
	}
	if len(dst) != len(in) {
		panic("parmap: slices of different lengths")
	}
	c := configure(opts)
	if c.empty(len(in)) {
		return
	}
	r := newRegion()
	b := stored[mapBody[T, R]](r)
	*b = mapBody[T, R]{dst, in, f}
	r.body = b
	r.run(len(in), c)
	*b = mapBody[T, R]{}
	r.release()
}

type mapBody[T, R any] struct {
	dst []R
	in  []T
	f   func(T) R
}

func (b *mapBody[T, R]) chunk(_, lo, hi int) (int, error) {
	dst, f := b.dst[lo:hi], b.f
	for i, v := range b.in[lo:hi] {
		dst[i] = f(v)
	}
	return hi - lo, nil
}

// Map2 returns f(a[i], b[i]) for each i, in order. It panics if a and b have
// different lengths, and else as [Map] does.
func Map2[A, B, R any](a []A, b []B, f func(A, B) R, opts ...Option) []R {
	if f == nil {
		panic("parmap: nil function")
	}
	if len(a) != len(b) {
		panic("parmap: slices of different lengths")
	}
	c := configure(opts)
	out := make([]R, len(a))
	if c.empty(len(a)) {
		return out
	}
	r := newRegion()
	m := stored[map2Body[A, B, R]](r)
	*m = map2Body[A, B, R]{out, a, b, f}
	r.body = m
	r.run(len(a), c)
	*m = map2Body[A, B, R]{}
	r.release()
	return out
}

type map2Body[A, B, R any] struct {
	dst []R
	a   []A
	b   []B
	f   func(A, B) R
}

func (m *map2Body[A, B, R]) chunk(_, lo, hi int) (int, error) {
	dst, b, f := m.dst[lo:hi], m.b[lo:hi], m.f
	for i, v := range m.a[lo:hi] {
		dst[i] = f(v, b[i])
	}
	return hi - lo, nil
}

// MapErr returns f of each element of in, in the same order, or an error as
// [ForErr] does. With an error the slice is nil, but under [CollectErrors],
// where it has the results there are, and zeros for those that failed or did
// not run.
func MapErr[T, R any](ctx context.Context, in []T, f func(context.Context, T) (R, error), opts ...Option) ([]R, error) {
	if f == nil {
		panic("parmap: nil function")
	}
	return mapErr(ctx, in, f, configure(opts))
}

func mapErr[T, R any](ctx context.Context, in []T, f func(context.Context, T) (R, error), c config) ([]R, error) {
	out := make([]R, len(in))
	err := runErr(ctx, len(in), &errBody{each: true, f: func(ctx context.Context, i, _ int) error {
		v, err := f(ctx, in[i])
		if err == nil {
			out[i] = v
		}
		return err
	}}, c)
	if err != nil && !c.collect {
		return nil, err
	}
	return out, err
}
