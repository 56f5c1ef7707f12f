package parmap

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/parfor-go/parfor/parmap/internal/kernel"
)

// A watch lies between a region and its body, and sees for OnProgress and Record what
// the workers do.
//
// Invariant: each lane is written by its own worker, and read, but for done, by the
// caller when no worker is in the region any more.
type watch struct {
	body     body
	stop     *atomic.Bool // of the region
	grain    int          // the shortest piece of a chunk that progress is counted for
	each     bool         // cells that follow each other are not neighbours: see config.scattered
	stats    *Stats       // nil: nobody records
	reporter *reporter    // nil: nobody asks how far it is
	began    time.Time
	lanes    []*lane
	idle     []*lane // of a stream: nobody has them
	// For advice:
	advisable bool          // it is a loop over indices, here, whose grain does not change its result
	asleep    bool          // helpers that slept were not called at once; at the end: nor later
	call      *kernel.Watch // of a run elsewhere; nil: it is here
}

// A lane is what one worker has done.
type lane struct {
	worker  int
	done    atomic.Int64 // indices that are finished; its worker's, others read it
	piece   int          // how many cells are run at once
	now     Span         // the chunk that is run
	running bool         // there is one
	stats   WorkerStats  // without Wait
	spans   spans
	_       [128]byte // a worker's is not in another's cache line
}

// A placer is a body that runs cells, each of which is several indices.
type placer interface {
	// place returns the indices of the cells [lo, hi).
	place(lo, hi int) (int, int)
}

// overIndices reports whether a body's cells are indices.
func overIndices(b body) bool {
	if e, ok := b.(*errBody); ok {
		return e.at == nil
	}
	_, places := b.(placer)
	return !places
}

// watched reports whether somebody asks what a run does.
func (c *config) watched() bool { return c.progress != nil || c.stats != nil }

// nothing tells who asks of a run over n indices of which none was run.
func (c *config) nothing(n int) {
	if c.watched() {
		c.watch(n, 0).finish()
	}
}

// empty reports whether n is 0, and tells who asks that there is nothing to do.
func (c *config) empty(n int) bool {
	if n == 0 {
		c.nothing(0)
	}
	return n == 0
}

// watch returns a watch over n cells that so many workers run.
func (c *config) watch(n, workers int) *watch {
	w := c.newWatch()
	w.grain, w.each = max(1, c.grain), c.scattered
	for range workers {
		w.hire().piece = w.grain
	}
	w.report(c, n, func() (done int) {
		for _, l := range w.lanes {
			done += int(l.done.Load())
		}
		return done
	})
	return w
}

// watchCall returns a watch over a run elsewhere, which call tells of.
func (c *config) watchCall(call *kernel.Call) *watch {
	w := c.newWatch()
	w.call = &kernel.Watch{Timed: c.stats != nil, Began: w.began}
	call.Watch = w.call
	w.report(c, call.N, func() int { return int(w.call.Done.Load()) })
	return w
}

// watchItems returns a watch over a stream.
func (c *config) watchItems(done func() int) *watch {
	w := c.newWatch()
	w.report(c, 0, done)
	return w
}

func (c *config) newWatch() *watch { return &watch{stats: c.stats, began: time.Now()} }

// take returns a lane that nobody has, and give takes it back. The stream lets one call
// them at a time.
func (w *watch) take() (l *lane) {
	n := len(w.idle)
	if n == 0 {
		return w.hire()
	}
	l, w.idle = w.idle[n-1], w.idle[:n-1]
	return l
}

func (w *watch) give(l *lane) { w.idle = append(w.idle, l) }

// hire returns the lane of one more worker.
func (w *watch) hire() *lane {
	l := &lane{worker: len(w.lanes)}
	w.lanes = append(w.lanes, l)
	return l
}

// report starts to tell how far the run over n cells is, if somebody asks. done returns
// how many indices are finished in it, and is safe for use at any time.
func (w *watch) report(c *config, n int, done func() int) {
	if c.progress == nil {
		return
	}
	if c.total > 0 {
		n = c.total
	}
	before := c.before
	w.reporter = report(c.progress, w.began, n, before, func() int { return before + done() })
}

func (w *watch) chunk(worker, lo, hi int) (done int, err error) {
	l := w.lanes[worker]
	if !w.each {
		return w.run(l, lo, hi)
	}
	for ; lo < hi && !w.stop.Load(); lo++ {
		n, failed := w.run(l, lo, lo+1)
		if done += n; err == nil {
			err = failed
		}
	}
	return done, err
}

// run runs a chunk as its worker.
func (w *watch) run(l *lane, lo, hi int) (done int, err error) {
	from, to := w.place(lo, hi)
	w.begin(l, from, to)
	if w.reporter == nil {
		done, err = w.body.chunk(l.worker, lo, hi)
	} else {
		done, err = w.pieces(l, lo, hi)
	}
	w.ended(l, err)
	return done, err
}

// begin and ended note that a worker begins a chunk, and that it has ended it.
func (w *watch) begin(l *lane, lo, hi int) {
	if w.stats != nil {
		l.begin(Span{Worker: l.worker, Lo: lo, Hi: hi, Start: time.Since(w.began)})
	}
}

func (w *watch) ended(l *lane, err error) {
	if w.stats != nil {
		l.end(time.Since(w.began), err)
	}
}

// place returns what a span calls the cells [lo, hi).
func (w *watch) place(lo, hi int) (int, int) {
	if p, ok := w.body.(placer); ok {
		return p.place(lo, hi)
	}
	return lo, hi
}

const (
	// A piece of a chunk takes between pieceShort and pieceLong, if it can: so long
	// that a look at the clock behind each, 50 ns, costs nothing (BenchmarkWatched), so
	// short that there are ten between two calls of a progress function.
	pieceShort = time.Millisecond
	pieceLong  = 10 * time.Millisecond
)

// pieces runs a chunk in pieces, and counts what is finished after each.
func (w *watch) pieces(l *lane, lo, hi int) (done int, err error) {
	if hi-lo <= w.grain {
		done, err = w.body.chunk(l.worker, lo, hi)
		l.count(done)
		return done, err
	}
	for last := time.Now(); lo < hi && !w.stop.Load(); {
		next := hi
		if hi-lo > l.piece {
			next = lo + l.piece
		}
		n, failed := w.body.chunk(l.worker, lo, next)
		l.count(n)
		if done += n; err == nil {
			err = failed
		}
		if lo = next; lo == hi {
			break
		}
		now := time.Now()
		switch took := now.Sub(last); {
		case took < pieceShort && l.piece <= hi-lo:
			l.piece *= 2
		case took > pieceLong:
			l.piece = max(w.grain, l.piece/2)
		}
		last = now
	}
	if lo < hi && err == nil {
		err = errEnded
	}
	return done, err
}

// count counts indices that are finished.
func (l *lane) count(n int) { l.done.Store(l.done.Load() + int64(n)) }

// begin notes that a chunk has begun.
func (l *lane) begin(s Span) {
	if l.stats.Chunks == 0 {
		l.stats.StartUp = s.Start
	}
	l.now, l.running = s, true
}

// end notes that it has ended, with an error of a body's.
func (l *lane) end(at time.Duration, err error) {
	l.now.End, l.now.Err, l.running = at, err, false
	l.stats.Chunks++
	l.stats.Busy += l.now.Duration()
	l.spans.add(l.now)
}

// broke notes that a body of a worker has not returned, and why.
func (w *watch) broke(worker int, why error) {
	if l := w.lanes[worker]; w.stats != nil && l.running {
		l.end(time.Since(w.began), why)
	}
}

// end ends what is told of a run in which no body runs any more. It returns the panic of
// the progress function, and whether that called runtime.Goexit.
func (w *watch) end() (panicked *PanicError, exited bool) {
	if w.stats != nil {
		w.tally()
	}
	if w.reporter == nil {
		return nil, false
	}
	return w.reporter.end()
}

// finish is end of a run that has come to its end, and ends as the progress function did.
func (w *watch) finish() {
	panicked, exited := w.end()
	if panicked != nil {
		panic(panicked)
	}
	if exited {
		runtime.Goexit()
	}
}
