package parmap

import (
	"context"
	"errors"
	"iter"
	"math"
	"runtime"
)

// Stream yields f of each item of in, in the order of in, or under [Unordered]
// as they finish. It is [MapErr] for a sequence that is long, slow or endless:
// at most Window items are taken and not yet yielded.
//
// Nothing runs before the result is ranged over, nor after that loop has
// ended; each loop begins in anew. In is ranged over by a goroutine of its
// own, f is called by others, at most Workers at once, and the loop's own
// goroutine runs its body: all at the same time. With Workers(1) or [Serial]
// everything happens in the loop's goroutine, an item after the other.
//
// The first error ends the stream and cancels the calls under way: after the
// results of the items before it, up to the first that was cancelled, Stream
// yields a [*ChunkError] with the number of the item, which holds a
// [*PanicError] if f panicked. With [CollectErrors] each error is yielded in
// its place and the stream goes on. If ctx is cancelled, the last thing
// yielded is its cause, also when the source had come to its end.
//
// A break, an error and a cancelled ctx cancel the context of the calls of f
// under way. The loop ends when these have returned, and in has from the item
// it is at: an in that can wait for long should end when ctx does. An error of
// f does not cancel ctx itself. A panic of in is re-raised in the loop as a
// [*PanicError]. Stream panics if ctx, in or f is nil.
//
// Under Unordered a result does not tell which item it is of: where that
// matters, R has to.
//
// An item costs about two microseconds, less with a large Window: bundle items
// that are cheaper.
func Stream[T, R any](ctx context.Context, in iter.Seq[T], f func(context.Context, T) (R, error), opts ...Option) iter.Seq2[R, error] {
	if ctx == nil {
		panic("parmap: nil context")
	}
	if in == nil {
		panic("parmap: nil sequence")
	}
	if f == nil {
		panic("parmap: nil function")
	}
	c := configure(opts)
	return func(yield func(R, error) bool) {
		if ctx.Err() != nil {
			c.nothing(0)
			var zero R
			yield(zero, context.Cause(ctx))
			return
		}
		b := &belt[T, R]{f: f, window: c.window, collect: c.collect, unordered: c.unordered, region: newRegion()}
		workers := b.region.most(math.MaxInt, c)
		if b.window == 0 {
			b.window = 2 * min(workers, math.MaxInt/2)
		}
		b.caller = ctx
		b.ctx, b.cancel = context.WithCancelCause(ctx)
		defer b.cancel(nil)
		if c.watched() {
			b.watch = c.watchItems(b.done)
			defer b.watch.finish()
		}
		if workers == 1 {
			b.serial(in, yield)
		} else {
			b.run(in, min(workers, b.window), yield)
		}
		b.region.release()
	}
}

// serial is the stream with one worker: in the consumer, one item at a time.
func (b *belt[T, R]) serial(in iter.Seq[T], yield func(R, error) bool) {
	before := catchFaults()
	theirs := false // the loop's body runs, or has not returned
	defer func() {
		restoreFaults(before)
		if !theirs {
			if v := recover(); v != nil {
				panic(newPanicError(v)) // of the source
			}
		}
	}()
	hand := func(v R, err error) (more bool) {
		theirs = true
		restoreFaults(before)
		// Deferred, as a panic of the body goes through the source.
		defer func() { before = catchFaults() }()
		more = yield(v, err)
		theirs = false
		return more
	}
	number := 0
	for v := range in {
		if b.ctx.Err() != nil {
			break
		}
		it := item[T, R]{number: number, in: v}
		b.mu.Lock()
		b.assign(&it)
		b.mu.Unlock()
		b.attempt(&it)
		b.mu.Lock()
		b.count(&it, true)
		b.mu.Unlock()
		if it.err != nil && isCancelled(b.ctx, it.err) {
			break
		}
		if it.err != nil {
			it.fail()
		}
		if !hand(it.out, it.err) || it.err != nil && !b.collect {
			return
		}
		number++
	}
	if b.ctx.Err() != nil {
		var none R
		hand(none, context.Cause(b.caller))
	}
}

// run is the stream with several workers.
func (b *belt[T, R]) run(in iter.Seq[T], workers int, yield func(R, error) bool) {
	b.start(workers)
	b.loop(in, yield)
	if b.died != nil {
		panic(b.died)
	}
	if b.exited {
		runtime.Goexit()
	}
}

// loop is the consumer.
func (b *belt[T, R]) loop(in iter.Seq[T], yield func(R, error) bool) {
	defer b.stop()
	defer context.AfterFunc(b.caller, b.end)()
	b.own.Go(func() { b.feed(in) })
	for {
		v, err := b.next()
		if err == errEnd || !yield(v, err) {
			return
		}
	}
}

var errEnd = errors.New("parmap: end of the stream")

// next waits for a result or an error to yield, or returns errEnd.
func (b *belt[T, R]) next() (v R, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		head := b.out.head
		switch {
		case b.last || b.exited || b.died != nil:
			return v, errEnd
		case b.caller.Err() != nil: // before the next: a source may end when its context does
			b.last = true
			return v, context.Cause(b.caller)
		case b.over && b.held == 0:
			return v, errEnd
		case head != nil && head.done && (head.err == nil || b.collect):
			v, err = head.out, head.err
			b.recycle(b.out.pop())
			return v, err
		case b.failed != nil && b.running == 0:
			b.last = true
			return v, b.failed
		}
		b.waiting = true
		b.news.Wait()
		b.waiting = false
	}
}
