package proc

import (
	"cmp"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/parfor-go/parfor/parmap/internal/kernel"
)

// A history is what the parent keeps of a run for its Watch, if times are wanted. It is
// protected by pool.mu.
type history struct {
	seats   map[uint32]seat // by incarnation: who was offered the run
	broken  []kernel.Attempt
	reasons map[int]error // by cell: why it failed
	crashes int
}

// A seat is where a worker is.
type seat struct{ slot, pid int }

// note notes that a worker is offered the run.
func (h *history) note(m *member) {
	if h.seats == nil {
		h.seats = map[uint32]seat{}
	}
	h.seats[m.incarnation] = seat{m.slot, m.pid}
}

// because notes why a cell failed, by the first of its errors.
func (h *history) because(cell int, err error) {
	if h.reasons == nil {
		h.reasons = map[int]error{}
	}
	if h.reasons[cell] == nil {
		h.reasons[cell] = err
	}
}

// attempt returns the last attempt at a cell, but for one that was broken off.
func (r *run) attempt(cell int) (a kernel.Attempt, ok bool) {
	at, known := r.history.seats[uint32(atomic.LoadUint64(r.times.at(cell, timeWho)))]
	rows := r.grid.At(cell)
	return kernel.Attempt{
		Worker: at.slot, PID: at.pid, Lo: rows.Lo, Hi: rows.Hi,
		Start: time.Duration(atomic.LoadUint64(r.times.at(cell, timeStart))),
		End:   time.Duration(atomic.LoadUint64(r.times.at(cell, timeEnd))),
	}, known
}

// breakOff notes that a worker died in a cell. pool.mu is held.
func (r *run) breakOff(m *member, cell int, crash error) {
	if r.times == nil {
		return
	}
	now := time.Since(r.call.Watch.Began)
	a, begun := r.attempt(cell)
	if !begun { // it had only claimed it: who died in it before left 0 there
		rows := r.grid.At(cell)
		a = kernel.Attempt{Worker: m.slot, PID: m.pid, Lo: rows.Lo, Hi: rows.Hi, Start: now}
	}
	// What the body had sent is final, and so says more.
	a.End, a.Err = max(a.Start, now), cmp.Or(r.history.reasons[cell], crash)
	r.history.broken = append(r.history.broken, a)
	atomic.StoreUint64(r.times.at(cell, timeWho), 0)
}

// count tells the Watch how many indices are finished.
func (r *run) count() {
	w := r.call.Watch
	if w == nil {
		return
	}
	r.pool.mu.Lock()
	defer r.pool.mu.Unlock()
	finished := 0
	for cell := range r.table {
		if r.finished(cell) {
			finished += r.grid.At(cell).Len()
		}
	}
	w.Done.Store(int64(finished - r.before))
}

// finished reports whether a cell counts as finished, from when on it always does: the
// result of a Func counts when it is there, as it may be one that cannot be decoded.
// pool.mu is held.
func (r *run) finished(cell int) bool {
	switch atomic.LoadUint32(&r.table[cell]) {
	case cellDone:
		return r.call.Collect || r.came == nil || r.came[cell]
	case cellFailed:
		return r.call.Collect
	}
	return false
}

// errEnded is what became of a cell that was given up.
var errEnded = errors.New("given up, as the run was to end")

// recount tells the Watch what happened in the run, which is over.
func (r *run) recount() {
	r.count()
	w, h := r.call.Watch, &r.history
	if r.times == nil {
		return
	}
	r.pool.mu.Lock()
	defer r.pool.mu.Unlock()
	w.Workers, w.Crashes, w.Attempts = r.used, h.crashes, h.broken
	for cell := range r.table {
		a, ok := r.attempt(cell)
		if !ok {
			continue
		}
		a.Err = h.reasons[cell]
		if atomic.LoadUint32(&r.table[cell]) != cellDone {
			a.Err = cmp.Or(a.Err, r.cause, errEnded)
		}
		w.Attempts = append(w.Attempts, a)
	}
	begun := map[int]bool{}
	for _, a := range w.Attempts {
		begun[a.Lo] = true
	}
	w.Retries = len(w.Attempts) - len(begun)
	slices.SortStableFunc(w.Attempts, func(a, b kernel.Attempt) int { return cmp.Compare(a.Start, b.Start) })
}
