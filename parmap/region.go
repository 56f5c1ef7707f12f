package parmap

import (
	"context"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parfor-go/parfor/internal/sched"
	"github.com/parfor-go/parfor/parmap/internal/park"
)

// A body is what a verb makes of its user's function: chunk runs the indices
// [lo, hi) as worker w, and returns how many are finished, as the user counts them, and
// the first error. Two calls with the same w never overlap.
type body interface {
	chunk(w, lo, hi int) (done int, err error)
}

// A visitor is what Stream makes of its user's function: work that comes and
// goes. A visit does some until there is none; more reports whether there is
// some again and this helper wanted. Between the two its slot has become free.
type visitor interface {
	visit(again bool)
	more() bool
}

// A region is one call of a verb, from its start until its last body returned.
//
// The caller owns it: it draws it from the pool, offers it to helpers, works in
// it as worker 0, retracts the offers that nobody took, waits until those who
// took one have left, and puts it back. A helper may touch it from its taking
// of the offer until its leave. So nobody waits for a helper that has not
// begun, and none finds a region that is somebody else's by then.
//
// What the caller wrote before an offer is seen by the helper that takes it;
// what a helper's bodies wrote before it left is seen by the caller when it
// has waited: both by way of the atomic operations named at the fields.
type region struct {
	body  body        // set before the first offer, like the next two
	visit visitor     // if body is not
	procs int         // GOMAXPROCS
	stop  atomic.Bool // no further chunks; set by who fails
	sched sched.State // dealt before the first offer, if body is set
	watch *watch      // nil: nobody asks what the workers do

	labels context.Context // of the goroutines, in profiles; nil: none
	caller context.Context // that has those of the caller's

	_      [128]byte
	joined atomic.Int32 // helpers that took an offer so far; each adds itself
	live   atomic.Int64 // offers neither retracted nor left: see join
	_      [128]byte

	mu       sync.Mutex
	panicked *PanicError // under mu: of the first body that panicked
	exited   bool        // under mu: a body called runtime.Goexit

	// The caller's own:
	crew  []*helper     // who may be asked
	fresh bool          // they were started for this region
	short int           // how many more would be welcome
	alone bool          // nobody was
	wake  chan struct{} // made before it first sleeps
	tile  tileBody
	rows  rowsBody
	store any // see stored
}

var regions = sync.Pool{New: func() any { return new(region) }}

func newRegion() *region {
	r := regions.Get().(*region)
	r.procs = runtime.GOMAXPROCS(0)
	return r
}

// limit is the default number of workers.
func (r *region) limit() int {
	if n := fromEnv(); n > 0 {
		return n
	}
	return r.procs
}

// release gives r back. It keeps nothing of the user's. A region in which a
// body panicked is left to the garbage collector instead.
func (r *region) release() {
	r.body, r.visit, r.watch, r.tile, r.rows = nil, nil, nil, tileBody{}, rowsBody{}
	r.labels, r.caller = nil, nil
	r.crew = nil
	r.joined.Store(0)
	if r.stop.Load() {
		r.stop.Store(false)
	}
	regions.Put(r)
}

// crewSize is how many helpers the crew has by design.
func (r *region) crewSize() int { return min(r.limit()-1, maxCrew) }

// stored returns the B that the last call with this region left in it, or a
// new one: a generic verb's body without an allocation, as a rule. The verb
// zeroes it before the release.
func stored[B any](r *region) *B {
	b, ok := r.store.(*B)
	if !ok {
		b = new(B)
		r.store = b
	}
	return b
}

// run executes b over [0, n) and returns when it is done. It panics as the
// plain verbs do.
func run(n int, b body, c config) {
	if n < 0 {
		panic("parmap: negative n")
	}
	if c.empty(n) {
		return
	}
	r := newRegion()
	r.body = b
	r.run(n, c)
	r.release()
}

const (
	// coarse is the number of cells up to which sleeping helpers are roused
	// before the first chunk: each is more than one percent of the work, too
	// much to run alone in order to learn what it costs.
	coarse = 64

	// rouseAfter is how long any other region must have lasted before they are, and
	// rouseFor how long it must have lasted, or have to come if the bodies cost what
	// those of the last chunk did. To rouse one costs the caller 2 to 20 us; it comes
	// 25 to 60 us later. After a pause, 1000 bodies of 5, 20 and 100 us in all took 38,
	// 43 and 110 us with all roused at once; they take 12, 28 and 118 (BenchmarkSmall).
	rouseAfter = 2 * time.Microsecond
	rouseFor   = 100 * time.Microsecond

	// A caller that would like more helpers keeps its chunks between chunkShort
	// and chunkLong, if it can: long enough that looking for helpers costs well
	// below a percent, short enough that one is found soon.
	chunkShort = 20 * time.Microsecond
	chunkLong  = 100 * time.Microsecond
)

// most is the largest number of workers that n indices can have under c.
func (r *region) most(n int, c config) int {
	workers := c.workers
	if workers == 0 {
		workers = r.limit()
	}
	if c.schedule == sched.Serial {
		workers = 1
	}
	return min(workers, n)
}

// run executes r.body over [0, n), n > 0.
func (r *region) run(n int, c config) {
	workers := r.most(n, c)
	cells := r.sched.Cut(c.schedule, n, c.grain, workers)
	workers = min(workers, cells)
	if c.watched() {
		r.watch = c.watch(n, workers)
		r.watch.body, r.watch.stop, r.watch.advisable = r.body, &r.stop, overIndices(r.body)
		r.body = r.watch
	}

	r.short, r.alone = workers-1, true
	if workers == 1 {
		r.sched.Deal(1, 1)
	} else {
		r.muster()
		ready := r.ready()
		wake := r.fresh || cells <= coarse || c.schedule == sched.Static
		if r.watch != nil {
			r.watch.asleep = !wake
		}
		if r.fresh || c.schedule == sched.Static {
			ready = workers - 1
		}
		r.sched.Deal(workers, 1+ready)
		r.recruit(wake)
	}

	returned := false
	defer func() {
		if !returned { // Goexit in a body of the caller's own
			r.end()
		}
	}()
	r.attendFirst(n)
	r.end()
	returned = true
	if r.panicked != nil {
		panic(r.panicked)
	}
	if r.exited {
		runtime.Goexit()
	}
}

// end returns when no body runs any more, and who asks has been told.
func (r *region) end() {
	r.join()
	if r.watch == nil {
		return
	}
	w := r.watch
	w.asleep = w.asleep && r.alone && r.sleeps()
	r.watch = nil // if the progress function calls Goexit here, this is called again
	panicked, exited := w.end()
	if r.panicked == nil {
		r.panicked = panicked
	}
	r.exited = r.exited || exited
}

// muster finds r.short helpers, or as many as there are, to choose from: in the
// crew, or, when more are wanted than it has by design, fresh ones.
func (r *region) muster() {
	most := r.crewSize()
	if r.fresh = r.short > most; r.fresh {
		r.crew = hired(r.short)
	} else {
		r.crew = helpers(most)
	}
}

// ready counts the helpers, of those wanted, that could begin at once.
func (r *region) ready() (n int) {
	for _, h := range r.crew {
		if n == r.short {
			break
		}
		if free, atOnce := h.idle(); free && atOnce {
			n++
		}
	}
	return n
}

// sleeps reports whether some helper could have been woken.
func (r *region) sleeps() bool {
	for _, h := range r.crew {
		if free, atOnce := h.idle(); free && !atOnce {
			return true
		}
	}
	return false
}

// recruit offers r to r.short free helpers, or as many as there are: to those
// that are awake first, to those asleep only if wake is true.
func (r *region) recruit(wake bool) {
	r.offer(r.short, true)
	if wake {
		r.offer(r.short, false)
	}
}

// offer offers r to at most want free helpers, no more than r.short, either of
// those that are awake or of the others, and returns how many there were.
//
// It counts all the offers before the first, and takes back what was too much:
// who comes writes to the same cache line.
func (r *region) offer(want int, awake bool) (found int) {
	counted := 0
	want = min(want, r.short)
	for _, h := range r.crew {
		if found >= want {
			break
		}
		if free, atOnce := h.idle(); free && atOnce == awake {
			if counted == 0 {
				counted = want
				r.live.Add(int64(counted))
			}
			if h.offer(r) {
				found++
				r.alone = false
			}
		}
	}
	if found < counted {
		r.live.Add(int64(found - counted))
	}
	r.short -= found
	if found > 0 && !awake {
		park.Hurry() // the last of them
	}
	return found
}

// attend runs chunks as worker w until none is left, or visits, maybe again.
func (r *region) attend(w int, again bool) {
	catchFaults()
	r.label()
	returned := false
	defer func() {
		r.unlabel(context.Background())
		if !returned {
			r.fail(w, recover())
		}
	}()
	if r.visit != nil {
		r.visit.visit(again)
		returned = true
		return
	}
	for !r.stop.Load() {
		lo, hi := r.sched.Next(w, sched.NoLimit, false)
		if lo == hi {
			break
		}
		r.body.chunk(w, lo, hi)
	}
	returned = true
}

// attendFirst is attend for the caller, worker 0, who also recruits.
//
// As long as it would like more helpers, it takes few cells at a time, 1 at
// first: so a short region rouses nobody and a long one soon, and a helper that
// was busy elsewhere finds most of the work still to be had.
func (r *region) attendFirst(n int) {
	before := catchFaults()
	r.label()
	returned := false
	defer func() {
		restoreFaults(before)
		r.unlabel(r.caller)
		if !returned {
			r.fail(0, recover())
		}
	}()
	most := sched.NoLimit
	var begin, last time.Time
	done := 0
	if r.short > 0 {
		most, begin = 1, time.Now()
		last = begin
	}
	for !r.stop.Load() {
		// One who would like help takes no half of the rest: it can be dear.
		lo, hi := r.sched.Next(0, most, r.alone && r.short <= 0)
		if lo == hi {
			break
		}
		r.body.chunk(0, lo, hi)
		if r.short == 0 {
			most = sched.NoLimit
			continue
		}
		now := time.Now()
		took := now.Sub(last)
		switch {
		case took < chunkShort && most < math.MaxInt/2:
			most *= 2
		case took > chunkLong && most > 1:
			most /= 2
		}
		last = now
		done += hi - lo
		rest := float64(took) / float64(hi-lo) * float64(n-done) // by the last chunk: the first are cold
		lasted := now.Sub(begin)
		r.recruit(lasted > rouseFor || lasted > rouseAfter && rest > float64(rouseFor))
	}
	returned = true
}

// fail records how a body of worker w ended that did not return: v is what recover gave,
// nil after runtime.Goexit.
func (r *region) fail(w int, v any) {
	r.stop.Store(true)
	var p *PanicError
	why := errExited
	if v != nil {
		p = newPanicError(v) // before the lock: it may ask a file
		why = p
	}
	if r.watch != nil {
		r.watch.broke(w, why)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if v == nil {
		r.exited = true
	} else if r.panicked == nil {
		r.panicked = p
	}
}
