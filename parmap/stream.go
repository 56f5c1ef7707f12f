package parmap

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"sync"

	"github.com/parfor-go/parfor/parmap/internal/sched"
)

// Stream yields f of each item of in, in the order of in, or under [Unordered]
// as they finish. It is [MapErr] for a sequence that is long, slow or endless:
// at most Window items are taken and not yet yielded.
//
// Nothing runs before the result is ranged over, nor after that loop has
// ended; each loop begins in anew. In is ranged over by one goroutine of its
// own, f is called by the loop's goroutine, while that waits for a result, and
// by helpers: at most Workers calls at once. With Workers(1) or [Serial]
// everything happens in the loop's goroutine, an item at a time.
//
// The first error ends the stream: after the results of the items before it
// Stream yields a [*ChunkError] with the number of the item, which holds a
// [*PanicError] if f panicked. With [CollectErrors] each error is yielded in
// its place and the stream goes on. If ctx is cancelled, the last thing
// yielded is its cause.
//
// A break cancels the context of the calls of f under way and waits for them,
// and for in to return from the item it is at: an in that waits for long
// should end when ctx does. A panic of in is re-raised in the loop as a
// [*PanicError]. Stream panics if ctx, in or f is nil.
//
// An item costs about a microsecond: bundle items that are cheaper.
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
			var zero R
			yield(zero, context.Cause(ctx))
			return
		}
		workers := c.workers
		if workers == 0 {
			workers = limit()
		}
		s := &stream[T, R]{f: f, window: c.window, collect: c.collect, unordered: c.unordered}
		if s.window == 0 {
			s.window = 2 * workers
		}
		s.caller = ctx
		s.ctx, s.cancel = context.WithCancelCause(ctx)
		defer s.cancel(nil)
		if workers == 1 || c.schedule == sched.Serial {
			s.serial(in, yield)
			return
		}
		s.run(in, min(workers, s.window), yield)
	}
}

// A stream is one loop over the result of Stream.
//
// Three parties share it under mu: the feeder, which ranges over the source and
// puts items in; the workers, the consumer among them, which claim items and
// finish them; the consumer, which yields them. An item is in todo from its
// taking to its claim, and in out until it is yielded: from its taking on, or
// under Unordered from its finish on. Its fields belong to who claimed it until
// it is done, then to the consumer.
type stream[T, R any] struct {
	f         func(context.Context, T) (R, error)
	caller    context.Context // of the caller
	ctx       context.Context // of the calls of f
	cancel    context.CancelCauseFunc
	window    int
	collect   bool
	unordered bool
	region    *region        // offered to, and its short changed, under mu
	feeding   sync.WaitGroup // the feeder

	mu      sync.Mutex
	todo    queue[T, R]
	out     queue[T, R]
	free    *item[T, R] // for reuse, linked by next[0]
	taken   int         // items so far
	held    int         // of these, not yet yielded
	running int         // calls of f under way
	over    bool        // the source has ended
	ended   bool        // no further item is taken or claimed
	last    bool        // the error that ends the stream has been yielded
	failed  *ChunkError // of the lowest item that failed, without collect
	died    *PanicError // of the source
	exited  bool        // a call of f, or the source, called Goexit
	news    sync.Cond   // the consumer waits: something is to yield, to claim, or over
	room    sync.Cond   // the feeder waits: held has fallen, or ended
	jobs    sync.Cond   // helpers of the stream's own wait: something is to claim, or over
	idle    int         // how many of these wait and were not called
}

// An item is in up to two queues at once.
type item[T, R any] struct {
	number int
	in     T
	out    R
	err    error
	done   bool
	next   [2]*item[T, R] // in todo, in out
}

// A queue of items, first in first out, by their link number link.
type queue[T, R any] struct {
	link       int
	head, tail *item[T, R]
}

func (q *queue[T, R]) push(it *item[T, R]) {
	it.next[q.link] = nil
	if q.head == nil {
		q.head = it
	} else {
		q.tail.next[q.link] = it
	}
	q.tail = it
}

func (q *queue[T, R]) pop() *item[T, R] {
	it := q.head
	q.head = it.next[q.link]
	return it
}

// serial is the stream with one worker: in the consumer, one item at a time.
func (s *stream[T, R]) serial(in iter.Seq[T], yield func(R, error) bool) {
	it := &item[T, R]{}
	for v := range in {
		if s.ctx.Err() != nil {
			break
		}
		it.in = v
		s.call(it)
		if s.ctx.Err() != nil && it.err != nil {
			break
		}
		if it.err != nil {
			it.err = s.errorOf(it)
		}
		if !yield(it.out, it.err) || it.err != nil && !s.collect {
			return
		}
		it.number++
	}
	if s.ctx.Err() != nil {
		var zero R
		yield(zero, context.Cause(s.caller))
	}
}

// call sets it.out and it.err. A panic of f is an error. Goexit is let through.
func (s *stream[T, R]) call(it *item[T, R]) {
	returned := false
	defer func() {
		if !returned {
			if v := recover(); v != nil {
				it.err = newPanicError(v)
			}
		}
	}()
	it.out, it.err = s.f(s.ctx, it.in)
	if it.err != nil {
		var zero R
		it.out = zero
	}
	returned = true
}

func (s *stream[T, R]) errorOf(it *item[T, R]) *ChunkError {
	return &ChunkError{Lo: it.number, Hi: it.number + 1, Attempts: 1, Err: it.err}
}

// run is the stream with several workers. Workers is at most the window: more
// could not have an item at once.
func (s *stream[T, R]) run(in iter.Seq[T], workers int, yield func(R, error) bool) {
	s.todo.link, s.out.link = 0, 1
	s.news.L, s.room.L, s.jobs.L = &s.mu, &s.mu, &s.mu
	s.region = newRegion()
	s.region.visit = s
	s.region.short, s.region.alone = workers-1, true
	if workers > 1 {
		s.region.muster()
	}
	s.loop(in, yield)
	if s.died != nil {
		panic(s.died)
	}
	if s.exited {
		runtime.Goexit()
	}
	s.region.release()
}

// loop is the consumer: it yields, works, or waits, until the end.
func (s *stream[T, R]) loop(in iter.Seq[T], yield func(R, error) bool) {
	defer s.close()
	defer context.AfterFunc(s.caller, s.end)()
	s.feeding.Go(func() { s.feed(in) })
	for {
		it, v, err := s.next()
		switch {
		case it != nil:
			s.work(it)
		case err == errEnd:
			return
		case !yield(v, err):
			return
		}
	}
}

// close returns when neither source nor f is running any more.
func (s *stream[T, R]) close() {
	s.end()
	s.cancel(nil)
	s.feeding.Wait() // first: the feeder offers the region
	s.region.join()
}

// end lets no further item in.
func (s *stream[T, R]) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.news.Signal()
	s.room.Signal()
	s.jobs.Broadcast()
}

var errEnd = errors.New("parmap: end of the stream")

// next returns an item for the consumer to work on, or a result or error to
// yield, or errEnd.
func (s *stream[T, R]) next() (it *item[T, R], v R, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		head := s.out.head
		switch {
		case s.last || s.exited || s.died != nil || s.over && s.held == 0:
			return nil, v, errEnd
		case s.caller.Err() != nil:
			s.last = true
			return nil, v, context.Cause(s.caller)
		case head != nil && head.done && (head.err == nil || s.collect):
			v, err = head.out, head.err
			s.recycle(s.out.pop())
			return nil, v, err
		case s.failed != nil && s.running == 0:
			s.last = true
			return nil, v, s.failed
		case s.todo.head != nil && !s.ended:
			return s.claim(), v, nil
		}
		s.news.Wait()
	}
}

// feed ranges over the source.
func (s *stream[T, R]) feed(in iter.Seq[T]) {
	returned := false
	defer func() {
		var died *PanicError
		if !returned {
			if v := recover(); v != nil {
				died = newPanicError(v)
			}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.over = true
		s.died = died
		s.exited = s.exited || !returned && died == nil
		s.news.Signal()
		s.jobs.Broadcast()
	}()
	for v := range in {
		if !s.put(v) {
			break
		}
	}
	returned = true
}

// put lets v in, and waits until there is room for another item. It reports
// whether another is wanted.
func (s *stream[T, R]) put(v T) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return false
	}
	it := s.free
	if it == nil {
		it = new(item[T, R])
	} else {
		s.free = it.next[0]
	}
	it.number, it.in = s.taken, v
	s.taken++
	s.held++
	s.todo.push(it)
	if !s.unordered {
		s.out.push(it)
	}
	switch {
	case s.idle > 0:
		s.idle--
		s.jobs.Signal()
	case s.region.recruit(1, true) > 0:
		// A helper that spins is here sooner than a consumer that waits.
	default:
		s.news.Signal()
	}
	for s.held >= s.window && !s.ended {
		s.room.Wait()
	}
	return !s.ended
}

// recycle takes an item that is in no queue any more.
func (s *stream[T, R]) recycle(it *item[T, R]) {
	*it = item[T, R]{}
	it.next[0] = s.free
	s.free = it
	s.held--
	s.room.Signal()
}

// claim takes an item to work on.
func (s *stream[T, R]) claim() *item[T, R] {
	s.running++
	return s.todo.pop()
}

// visit is a helper's part: it works while there are items to claim. One that
// was started for this stream stays to its end.
func (s *stream[T, R]) visit(again bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if again {
		if s.region.short <= 0 {
			return
		}
		s.region.short--
	}
	for !s.ended {
		if s.todo.head != nil {
			it := s.claim()
			s.mu.Unlock()
			func() {
				defer s.mu.Lock() // in Goexit too
				s.work(it)
			}()
		} else if s.region.fresh && !s.over {
			s.idle++
			s.jobs.Wait()
		} else {
			break
		}
	}
	s.region.short++
}

// more reports whether a helper that has just left is missed.
func (s *stream[T, R]) more() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.todo.head != nil && !s.ended && s.region.short > 0
}

// work runs f on an item that was claimed, and finishes it.
func (s *stream[T, R]) work(it *item[T, R]) {
	returned := false
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.running--
		if returned {
			s.finish(it)
		} else { // Goexit
			s.exited, s.ended = true, true
			s.room.Signal()
			s.jobs.Broadcast()
		}
		if s.ended || s.unordered || it == s.out.head {
			s.news.Signal()
		}
	}()
	s.call(it)
	returned = true
}

// finish makes it ready to be yielded, or its error the one that ends the
// stream. A call of f that merely hands back that its context was cancelled
// has done neither.
func (s *stream[T, R]) finish(it *item[T, R]) {
	if it.err != nil {
		if isCancelled(s.ctx, it.err) {
			return
		}
		e := s.errorOf(it)
		it.err = e
		if !s.collect {
			if s.failed == nil || e.Lo < s.failed.Lo {
				s.failed = e
			}
			s.ended = true
			s.room.Signal()
			s.jobs.Broadcast()
			s.cancel(e)
			return
		}
	}
	it.done = true
	if s.unordered {
		s.out.push(it)
	}
}
