package parmap

import (
	"context"
	"iter"
	"runtime"
	"sync"
)

// A belt is one loop over the result of Stream.
//
// Three parties share it under mu. The feeder ranges over the source and puts
// items in. Workers claim items, call f, and finish them: some are goroutines
// of the belt's own, which stay to its end, the others are helpers of the
// crew, who leave when there is nothing to claim. The consumer, in stream.go,
// yields the results. With the default number of workers one is the belt's
// own, in the consumer's stead, so that a long call does not keep a result
// from being yielded; above the crew's size all are.
//
// An item is in todo from its taking to its claim, and in out until it is
// yielded: from its taking on, or under Unordered from its finish on. Its
// fields belong to who claimed it until it is done, then to the consumer.
type belt[T, R any] struct {
	f         func(context.Context, T) (R, error)
	caller    context.Context // of the caller
	ctx       context.Context // of the calls of f
	cancel    context.CancelCauseFunc
	window    int
	collect   bool
	unordered bool

	watch  *watch         // nil: nobody asks what the workers do
	own    sync.WaitGroup // the feeder and the workers of the belt's own
	region *region        // what helpers are offered; its short is under mu

	mu      sync.Mutex
	hire    int         // how many more workers of its own may be started
	idle    int         // how many of these wait, and were not called
	todo    queue[T, R] // by link 0
	out     queue[T, R] // by link 1
	free    *item[T, R] // for reuse, by link 0
	taken   int         // items so far
	held    int         // of these, not yet yielded
	running int         // calls of f under way
	counted int         // items that are finished
	over    bool        // the source has ended
	ended   bool        // no further item is taken or claimed
	last    bool        // the error that ends the stream has been yielded
	waiting bool        // the consumer waits for news
	told    bool        // and was woken
	exited  bool        // a call of f, or the source, called Goexit
	died    *PanicError // of the source
	failed  *ChunkError // of the lowest item that failed, without collect

	news sync.Cond // the consumer waits: something is to yield, or the end has come
	room sync.Cond // the feeder waits: held has fallen, or ended
	work sync.Cond // workers of its own wait: something is to claim, or the end has come
}

// An item can be in two queues at once.
type item[T, R any] struct {
	number int
	in     T
	out    R
	err    error
	done   bool
	lane   *lane // of who works on it, if somebody asks
	next   [2]*item[T, R]
}

// A queue of items, first in first out, by one of their links.
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

// start makes the belt ready for so many workers. They come with the items.
func (b *belt[T, R]) start(workers int) {
	b.out.link = 1
	b.news.L, b.room.L, b.work.L = &b.mu, &b.mu, &b.mu
	b.region.visit = b
	b.region.short, b.region.alone = 0, true
	if b.hire = workers; workers-1 <= b.region.crewSize() {
		b.hire, b.region.short = 1, workers-1
		b.region.crew = helpers(b.region.crewSize())
	}
}

// stop returns when neither source nor f is running any more.
func (b *belt[T, R]) stop() {
	b.end()
	b.cancel(nil)
	b.own.Wait() // before join: the feeder makes offers
	b.region.join()
}

// end lets no further item in.
func (b *belt[T, R]) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.endLocked()
}

func (b *belt[T, R]) endLocked() {
	b.ended = true
	b.news.Signal()
	b.room.Signal()
	b.work.Broadcast()
}

// feed ranges over the source.
func (b *belt[T, R]) feed(in iter.Seq[T]) {
	catchFaults()
	returned := false
	defer func() {
		var died *PanicError
		if !returned {
			if v := recover(); v != nil {
				died = newPanicError(v)
			}
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.over = true
		b.died = died
		b.exited = b.exited || !returned && died == nil
		b.news.Signal()
		b.work.Broadcast()
	}()
	for v := range in {
		if !b.put(v) {
			break
		}
	}
	returned = true
}

// put lets v in and calls a worker, then waits until there is room for another
// item. It reports whether that is wanted.
func (b *belt[T, R]) put(v T) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return false
	}
	it := b.free
	if it == nil {
		it = new(item[T, R])
	} else {
		b.free = it.next[0]
	}
	it.number, it.in = b.taken, v
	b.taken++
	b.held++
	b.todo.push(it)
	if !b.unordered {
		b.out.push(it)
	}
	switch { // who would be here first, first
	case b.region.offer(1, true) > 0:
	case b.idle > 0:
		b.idle--
		b.work.Signal()
	case b.hire > 0:
		b.hire--
		b.own.Go(b.stay)
	default:
		b.region.offer(1, false)
	}
	for b.held >= b.window && !b.ended {
		b.room.Wait()
	}
	return !b.ended
}

// recycle takes an item that is in no queue any more.
func (b *belt[T, R]) recycle(it *item[T, R]) {
	*it = item[T, R]{}
	it.next[0] = b.free
	b.free = it
	b.held--
	b.room.Signal()
}

// stay is the life of a worker of the belt's own.
func (b *belt[T, R]) stay() {
	catchFaults()
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		b.claim()
		if b.ended || b.over {
			return
		}
		b.idle++
		b.work.Wait()
	}
}

// visit is a helper's part.
func (b *belt[T, R]) visit(again bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if again {
		if b.region.short <= 0 {
			return
		}
		b.region.short--
	}
	b.claim()
	b.region.short++
}

// more reports whether a helper that has just left is missed.
func (b *belt[T, R]) more() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.todo.head != nil && !b.ended && b.region.short > 0
}

// claim works while there are items. It is called with mu held, and returns,
// or exits, with mu held.
func (b *belt[T, R]) claim() {
	for b.todo.head != nil && !b.ended {
		it := b.todo.pop()
		b.running++
		b.assign(it)
		b.mu.Unlock()
		b.call(it)
		if b.told {
			// The consumer is next on this processor, and the feeder behind it.
			// Let them have it: no other may be free for a while. Without this
			// items of 20 us take 23 us each on two workers, with it 11.4
			// (BenchmarkStream).
			b.told = false
			b.mu.Unlock()
			runtime.Gosched()
			b.mu.Lock()
		}
	}
}

// tell wakes the consumer if it waits.
func (b *belt[T, R]) tell() {
	b.told = b.waiting
	b.waiting = false
	b.news.Signal()
}

// call calls f and finishes the item. It locks mu, in Goexit too.
func (b *belt[T, R]) call(it *item[T, R]) {
	returned := false
	defer func() {
		b.mu.Lock()
		b.running--
		b.count(it, returned)
		if returned {
			b.finish(it)
		} else {
			b.exited = true
			b.endLocked()
		}
		if b.ended || b.unordered || it == b.out.head {
			b.tell()
		}
	}()
	b.attempt(it)
	returned = true
}

// attempt calls f and turns its panic into an error.
func (b *belt[T, R]) attempt(it *item[T, R]) {
	returned := false
	if b.watch != nil {
		b.watch.begin(it.lane, it.number, it.number+1)
	}
	defer func() {
		err := it.err
		if !returned {
			if v := recover(); v != nil {
				it.err = newPanicError(v)
			}
			if err = it.err; err == nil {
				err = errExited
			}
		}
		if b.watch != nil {
			b.watch.ended(it.lane, err)
		}
	}()
	it.out, it.err = b.f(b.ctx, it.in)
	returned = true
}

// assign gives a worker's lane to who is about to work on the item. Under mu.
func (b *belt[T, R]) assign(it *item[T, R]) {
	if b.watch != nil {
		it.lane = b.watch.take()
	}
}

// count takes it back, and counts the item if it is finished: f returned, unless it was
// cancelled. Under mu.
func (b *belt[T, R]) count(it *item[T, R], returned bool) {
	if b.watch == nil {
		return
	}
	b.watch.give(it.lane)
	if !returned {
		return
	}
	if it.err == nil || b.collect && !isCancelled(b.ctx, it.err) {
		b.counted++
	}
}

// done returns how many items are finished.
func (b *belt[T, R]) done() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.counted
}

// finish makes it ready to be yielded, or its error the one that ends the
// stream. A call of f that merely hands back that its context was cancelled
// has done neither.
func (b *belt[T, R]) finish(it *item[T, R]) {
	if it.err != nil {
		if isCancelled(b.ctx, it.err) {
			return
		}
		e := it.fail()
		if !b.collect {
			if b.failed == nil || e.Lo < b.failed.Lo {
				b.failed = e
			}
			b.cancel(e)
			b.endLocked()
			return
		}
	}
	it.done = true
	if b.unordered {
		b.out.push(it)
	}
}

// fail gives the item's error its number, and the item no result.
func (it *item[T, R]) fail() *ChunkError {
	var none R
	e := &ChunkError{Lo: it.number, Hi: it.number + 1, Attempts: 1, Err: it.err}
	it.out, it.err = none, e
	return e
}
