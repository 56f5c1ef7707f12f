package parmap

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
)

// ForErr calls body(ctx, i) for each i in [0, n), on several goroutines, until
// one returns an error or ctx is cancelled; it returns when no body runs any
// more. The context of the bodies is cancelled at the first error, and when
// ForErr returns.
//
// The error is a [*ChunkError] with the index and what the body returned, or,
// if a body panicked, with a [*PanicError]; of several that fail before the
// others have stopped, the one with the lowest index. Which that is can differ
// from run to run; with [CollectErrors] everything runs, and the error joins
// all of them in index order.
//
// A body that gives up because its context was cancelled has not failed: it
// returns the context's error or cause, or an error that wraps one, and ForErr
// passes over it. If ctx was cancelled before all bodies had run, ForErr
// returns its cause (under CollectErrors joined to the errors there are). It
// looks for that between any two bodies, and before the first, also if n is 0.
//
// ForErr panics if n is negative, or ctx or body nil.
func ForErr(ctx context.Context, n int, body func(ctx context.Context, i int) error, opts ...Option) error {
	if body == nil {
		panic("parmap: nil body")
	}
	return runErr(ctx, n, &errBody{each: true, f: func(ctx context.Context, i, _ int) error {
		return body(ctx, i)
	}}, configure(opts))
}

// ForRangeErr is [ForErr] with the loop over the indices in the body's hands:
// it calls body(ctx, lo, hi) for ranges that tile [0, n), and looks for an
// error or a cancelled context between two of them. A body that runs long
// should look at its context itself.
func ForRangeErr(ctx context.Context, n int, body func(ctx context.Context, lo, hi int) error, opts ...Option) error {
	if body == nil {
		panic("parmap: nil body")
	}
	return runErr(ctx, n, &errBody{f: body}, configure(opts))
}

// runErr executes b over [0, n) and returns its error.
func runErr(ctx context.Context, n int, b *errBody, c config) error {
	if ctx == nil {
		panic("parmap: nil context")
	}
	if n < 0 {
		panic("parmap: negative n")
	}
	if ctx.Err() != nil {
		c.nothing(n)
		return context.Cause(ctx)
	}
	if c.empty(n) {
		return nil
	}
	var cancel context.CancelCauseFunc
	b.ctx, cancel = context.WithCancelCause(ctx)
	b.cancel, b.collect = cancel, c.collect
	defer cancel(nil)
	r := newRegion()
	if c.labelled {
		r.labels, r.caller = b.ctx, c.caller
	}
	b.stop = &r.stop
	r.body = b
	r.run(n, c)
	r.release()
	return b.result(ctx)
}

// An errBody calls f for chunks or for single indices, and turns errors and
// panics into the error of the verb.
type errBody struct {
	f       func(ctx context.Context, lo, hi int) error
	each    bool                        // call f(ctx, i, i+1)
	at      func(lo, hi int) (int, int) // what an error calls [lo, hi); nil: the same
	collect bool
	ctx     context.Context // of the bodies
	cancel  context.CancelCauseFunc
	stop    *atomic.Bool // of the region

	mu   sync.Mutex
	errs []*ChunkError // under mu, in no order
	cut  bool          // under mu: some index did not run, or gave up, as ctx was cancelled
}

func (b *errBody) chunk(_, lo, hi int) (done int, err error) {
	for lo < hi {
		next, n, failed := b.some(lo, hi)
		lo = next
		if done += n; err == nil {
			err = failed
		}
	}
	return done, err
}

// place returns what an error calls [lo, hi).
func (b *errBody) place(lo, hi int) (int, int) {
	if b.at == nil {
		return lo, hi
	}
	return b.at(lo, hi)
}

// size returns how many indices the user sees in [lo, hi).
func (b *errBody) size(lo, hi int) (n int) {
	if b.at == nil {
		return hi - lo
	}
	for i := lo; i < hi; i++ {
		from, to := b.at(i, i+1)
		n += to - from
	}
	return n
}

// some runs [lo, hi) from its front until something panics, and returns where
// to go on, how many indices are finished, and the first error.
func (b *errBody) some(lo, hi int) (next, done int, first error) {
	step := hi - lo
	if b.each {
		step = 1
	}
	i, over := lo, false
	defer func() {
		if over {
			return
		}
		v := recover()
		if v == nil { // Goexit: the region's to handle, but others may wait for the context
			b.cancel(context.Canceled)
			return
		}
		p := newPanicError(v)
		b.fail(i, i+step, p)
		if first == nil {
			first = p
		}
		if next, done = hi, b.size(lo, i); b.collect {
			next, done = i+step, b.size(lo, i+step)
		}
	}()
	// An index costs one call more than in For, and a look at the context,
	// which here is one atomic load: who uses an Err verb wants an error to
	// end the run soon, not at the end of a large chunk.
	for ; i < hi; i += step {
		err, end := b.ctx.Err(), true
		if err != nil {
			b.cutShort()
		} else if err = b.f(b.ctx, i, i+step); err != nil {
			end = b.fail(i, i+step, err)
		}
		if err == nil {
			continue
		}
		if first == nil {
			first = err
		}
		if end {
			over = true
			return hi, b.size(lo, i), first
		}
	}
	over = true
	return hi, b.size(lo, hi), first
}

// cutShort notes that the context has left something undone.
func (b *errBody) cutShort() {
	b.mu.Lock()
	b.cut = true
	b.mu.Unlock()
	b.stop.Store(true)
}

// fail records the error of [lo, hi) and reports whether the run is to end. A
// body that merely hands back that its context was cancelled has no error of
// its own.
func (b *errBody) fail(lo, hi int, err error) (end bool) {
	if isCancelled(b.ctx, err) {
		b.cutShort()
		return true
	}
	lo, hi = b.place(lo, hi)
	e := &ChunkError{Lo: lo, Hi: hi, Attempts: 1, Err: err}
	b.mu.Lock()
	b.errs = append(b.errs, e)
	b.mu.Unlock()
	if b.collect {
		return false
	}
	b.cancel(e)
	b.stop.Store(true)
	return true
}

// result is the verb's error, when no body runs any more. ctx is the caller's.
func (b *errBody) result(ctx context.Context) error {
	slices.SortFunc(b.errs, func(x, y *ChunkError) int { return cmp.Compare(x.Lo, y.Lo) })
	var cause error
	if b.cut && ctx.Err() != nil {
		cause = context.Cause(ctx)
	}
	if !b.collect {
		if len(b.errs) > 0 {
			return b.errs[0]
		}
		return cause
	}
	all := make([]error, 0, len(b.errs)+1)
	for _, e := range b.errs {
		all = append(all, e)
	}
	return errors.Join(append(all, cause)...)
}

// isCancelled reports whether err says no more than that ctx was cancelled. A
// panic says more, whatever its value.
func isCancelled(ctx context.Context, err error) bool {
	if _, ok := err.(*PanicError); ok {
		return false
	}
	return ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx)))
}
