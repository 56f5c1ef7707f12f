package proc

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/parfor-go/parfor/chunk"
	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/internal/kernel"
)

const (
	// grace is how long a body may go on after its context was cancelled.
	grace = 2 * time.Second
	// watchFor is how long the parent looks at the slots before it sleeps: a
	// wake costs more than a short run.
	watchFor = 100 * time.Microsecond
	// aloneFor is for how long of that it does not yield its processor. An empty
	// run on two processors takes 7 us with this and 13 without; never to yield
	// costs 20 more where the workers sleep.
	aloneFor = 4 * time.Microsecond
)

// A run is one call of a kernel on a pool.
//
// Invariant: an attempt at a cell ends by the worker's mark in the table, or by
// its death; only when the process has been reaped the parent takes the cell
// back. The run is over when no worker is in it, all they sent has come, and
// each cell is done, failed or cut, or given up because the run was to end.
type run struct {
	pool    *Pool
	call    *kernel.Call
	number  uint64
	grid    chunk.Grid
	used    int // workers that take part
	retries int
	leased  uint64 // what the slots' leases come to when every cell was claimed, if nobody died
	table   []uint32
	sums    []uint32 // of the rows of the cells that are done; nil without a Log
	told    []bool   // by cell: its Log knows that it is done
	came    []bool   // by cell: what a Func returned is there; under pool.mu; nil: a Kernel, or nobody watches
	before  int      // indices in the cells that were done before the run
	times   times    // of the cells; nil: nobody wants them
	loans   []lent
	change  chan struct{} // has room for one: something happened

	// What follows is protected by pool.mu.
	stopping bool
	cause    error     // why, if it was no body
	killAt   time.Time // when stopping; zero: nobody is to be killed, or all were
	deaths   bool
	buried   uint64       // chunks that were begun by workers now dead
	begun    uint64       // chunks begun, when barren was last 0
	barren   int          // workers that have died since then before their first chunk
	since    time.Time    // the first of them
	redo     []int        // cells whose workers died, for fresh ones
	attempts map[int]int  // that were broken off, by cell; nil: none
	failures map[int]bool // cells with an error; nil: none
	errs     []*parmap.ChunkError
	watched  []watch // by slot
	history  history
}

// RunKernel is for package parmap.
func (p *Pool) RunKernel(ctx context.Context, c *kernel.Call) error {
	if isLate := kernel.Late(c.Entry); isLate {
		return fmt.Errorf("parmap/proc: kernel %q was registered after WorkerMain: workers do not know it", c.Entry.Name)
	}
	select {
	case <-p.turn:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-p.closing:
		return p.closedBy
	}
	defer func() { p.turn <- struct{}{} }()
	r := &run{pool: p, call: c, grid: kernel.Grid(c.N, c.Grain), used: p.board.slots,
		change: make(chan struct{}, 1)}
	if len(c.Outputs) > 0 || p.retriesGiven {
		r.retries = p.retries
	}
	if c.Workers > 0 {
		r.used = min(r.used, c.Workers)
	}
	p.mu.Lock()
	err := cmp.Or(p.closedBy, p.broken)
	p.mu.Unlock()
	if err != nil {
		return err
	}
	if c.N == 0 {
		return nil
	}
	if err := r.announce(); err != nil {
		return err
	}
	r.wait(ctx)
	r.tell()
	r.recount()
	r.letGo()
	return r.err()
}

func (r *run) touch() {
	select {
	case r.change <- struct{}{}:
	default:
	}
}

// wait returns when the run is over.
func (r *run) wait(ctx context.Context) {
	if spin(watchFor, aloneFor, func() bool { return r.seemsOver() && r.settle() }) {
		return
	}
	p, b := r.pool, r.pool.board
	var tick <-chan time.Time
	interval := max(time.Millisecond, min(p.timeout/16, time.Second))
	if p.timeout > 0 {
		t := time.NewTicker(interval)
		defer t.Stop()
		tick = t.C
	}
	var telling <-chan time.Time
	switch {
	case r.call.Watch != nil:
		t := time.NewTicker(countEvery)
		defer t.Stop()
		telling = t.C
	case r.call.Log != nil:
		t := time.NewTicker(tellEvery)
		defer t.Stop()
		telling = t.C
	}
	last, cancelled := time.Now(), ctx.Done()
	for {
		b.store(atWaiting, 1)
		if r.settle() {
			b.store(atWaiting, 0)
			return
		}
		select {
		case <-r.change:
		case <-cancelled:
			cancelled = nil
			p.mu.Lock()
			r.end(context.Cause(ctx))
			p.mu.Unlock()
		case <-r.expiry():
			r.kill(fmt.Sprintf("busy for %v after its context was cancelled", grace))
		case <-tick:
			// While the program was stopped, or the machine, nobody looked, and
			// that time does not count.
			now := time.Now()
			r.look(min(now.Sub(last), 2*interval))
			last = now
		case <-telling:
			r.tell()
			r.count()
		}
	}
}

// tell tells the Log of the cells that have been done since the last time.
func (r *run) tell() {
	log := r.call.Log
	if log == nil {
		return
	}
	for cell := range r.table {
		if !r.told[cell] && atomic.LoadUint32(&r.table[cell]) == cellDone {
			r.told[cell] = true
			log.Done(cell, atomic.LoadUint32(&r.sums[cell]))
		}
	}
}

// seemsOver reports whether the workers have claimed every cell and left: then
// each is done, failed or cut, if none has died.
func (r *run) seemsOver() bool {
	b, leased := r.pool.board, uint64(0)
	for slot := range b.slots {
		if b.load(b.slot(slot, slotState)) == stateOf(r.number, stateBusy) {
			return false
		}
		leased += b.load(b.slot(slot, slotLeases))
	}
	return leased == r.leased
}

// expiry tells when bodies that go on after their cancellation are killed.
func (r *run) expiry() <-chan time.Time {
	r.pool.mu.Lock()
	defer r.pool.mu.Unlock()
	if r.killAt.IsZero() {
		return nil
	}
	return time.After(time.Until(r.killAt))
}

// settle ends the run if it is over, and reports that. If it is not, it makes
// sure that somebody is at work, or on the way.
func (r *run) settle() (over bool) {
	p, b := r.pool, r.pool.board
	p.mu.Lock()
	defer p.mu.Unlock()
	if !r.deaths && r.seemsOver() {
		return r.dismiss()
	}
	idle := false
	for slot, m := range p.members[:r.used] {
		switch b.load(b.slot(slot, slotState)) {
		case stateOf(r.number, stateBusy):
			return false
		case stateOf(r.number, stateOffered), stateOf(r.number, stateRetired):
		default:
			idle = idle || m != nil
		}
		if m != nil && m.received < b.load(b.slot(slot, slotSent)) {
			return false // it may be why the run is to end
		}
	}
	free, held := r.cells(cellFree), r.cells(cellHeld)
	switch {
	case r.stopping || free+held == 0:
		return r.dismiss()
	case free > 0 && idle:
		// Somebody moved a cursor and did not claim, and died, or what a fresh
		// worker was to begin with is free again.
		r.rewind()
		for slot, m := range p.members[:r.used] {
			if m != nil && stateIn(b.load(b.slot(slot, slotState))) == stateIdle {
				r.offer(m, false)
			}
		}
	}
	return false
}

// dismiss takes back the offers that were not taken, and reports whether all
// are out of the run and all that they sent has come. pool.mu is held.
func (r *run) dismiss() bool {
	p, b := r.pool, r.pool.board
	for slot, m := range p.members[:r.used] {
		at, offered := b.slot(slot, slotState), stateOf(r.number, stateOffered)
		switch b.load(at) {
		case stateOf(r.number, stateBusy):
			return false // it joined after the caller looked
		case offered:
			if !b.swap(at, offered, stateOf(r.number, stateIdle)) {
				return false // it has just joined
			}
		}
		if m != nil && m.received < b.load(b.slot(slot, slotSent)) {
			return false
		}
	}
	p.run = nil
	return true
}

func (r *run) cells(state uint32) (n int) {
	for i := range r.table {
		if atomic.LoadUint32(&r.table[i]) == state {
			n++
		}
	}
	return n
}

// result takes what a Func returned for a cell. The run cannot end before.
func (r *run) result(m *member, content []byte) {
	p := r.pool
	cell, err := r.accept(m, content)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		rows := r.grid.At(cell)
		r.fail(cell, rows.Lo, rows.Hi, r.attempts[cell]+1, fmt.Errorf("parmap/proc: results: %w", err))
	} else if r.came != nil {
		r.came[cell] = true
	}
	m.received++
	r.touch()
}

// accept decodes what a Func returned for a cell. Of a message that names none
// it blames the first.
func (r *run) accept(m *member, content []byte) (cell int, err error) {
	broken := errors.New("broken message")
	if len(content) < 16 {
		return 0, broken
	}
	at, n := binary.LittleEndian.Uint64(content), binary.LittleEndian.Uint64(content[8:])
	content = content[16:]
	if at >= uint64(len(r.table)) {
		return 0, broken
	}
	cell = int(at)
	if n > uint64(len(content)) {
		return cell, broken
	}
	e := r.call.Entry
	d := m.codecs[e]
	if d == nil {
		d = &decodec{plain: e.Plain}
		m.codecs[e] = d
	}
	out := e.NewOut()
	if err := d.decode(content[:n], content[n:], out); err != nil {
		return cell, err
	}
	rows := r.grid.At(cell)
	return cell, r.call.Out(rows.Lo, rows.Hi, out)
}

// err is the error of the run, which is over.
func (r *run) err() error {
	slices.SortFunc(r.errs, func(a, b *parmap.ChunkError) int { return cmp.Compare(a.Lo, b.Lo) })
	var cause error
	if r.stopping || r.deaths || len(r.errs) > 0 {
		// The items behind one that failed may have been given up.
		lost := r.cause != nil && r.call.Entry.NewOut != nil
		for cell := range r.table {
			if atomic.LoadUint32(&r.table[cell]) != cellDone && (lost || !r.failures[cell]) {
				cause = cmp.Or(r.cause, error(errGivenUp))
				break
			}
		}
	}
	if !r.call.Collect {
		if len(r.errs) > 0 {
			return r.errs[0]
		}
		return cause
	}
	all := make([]error, 0, len(r.errs)+1)
	for _, e := range r.errs {
		all = append(all, e)
	}
	return errors.Join(append(all, cause)...)
}

// errGivenUp cannot happen: a body gave up without being asked to.
var errGivenUp = errors.New("parmap/proc: some chunks were given up")
