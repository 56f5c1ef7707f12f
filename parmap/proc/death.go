package proc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/parfor-go/parfor/chunk"
	"github.com/parfor-go/parfor/parmap"
)

// A watch is what the parent saw of a worker's chunk.
type watch struct {
	lease uint64        // the number of the chunk
	spent time.Duration // for how long it has been that
}

// end ends the run early: nobody begins another chunk, and the contexts of the
// bodies are cancelled. A nil cause leaves the error to the bodies. pool.mu is
// held.
func (r *run) end(cause error) {
	if r.stopping {
		return
	}
	p, b := r.pool, r.pool.board
	r.stopping, r.cause, r.killAt = true, cause, time.Now().Add(grace)
	b.store(atStop, r.number)
	for slot, m := range p.members {
		at, offered := b.slot(slot, slotState), stateOf(r.number, stateOffered)
		if m == nil || b.swap(at, offered, stateOf(r.number, stateIdle)) {
			continue
		}
		if b.load(at) == stateOf(r.number, stateBusy) {
			_ = m.post(binary.LittleEndian.AppendUint64(appendHeader(nil, cancel, 8), r.number))
		}
	}
	r.touch()
}

// kill kills who is in the run.
func (r *run) kill(why string) {
	p, b := r.pool, r.pool.board
	p.mu.Lock()
	defer p.mu.Unlock()
	r.killAt = time.Time{}
	for slot, m := range p.members {
		if m != nil && b.load(b.slot(slot, slotState)) == stateOf(r.number, stateBusy) {
			m.killedFor = why
			m.kill()
		}
	}
}

// look adds spent to the time that each worker has had for its chunk, and kills
// those that have had too much.
func (r *run) look(spent time.Duration) {
	p, b := r.pool, r.pool.board
	p.mu.Lock()
	defer p.mu.Unlock()
	for slot, m := range p.members {
		state := b.load(b.slot(slot, slotState))
		w := &r.watched[slot]
		lease := b.load(b.slot(slot, slotLeases))
		// A retired worker too has no longer than that, to exit.
		if m == nil || lease != w.lease || state>>stateBits != r.number || state == stateOf(r.number, stateIdle) {
			*w = watch{lease: lease}
			continue
		}
		if w.spent += spent; w.spent > p.timeout && m.killedFor == "" {
			m.killedFor, m.overdue = chunkTimeout+p.timeout.String(), lease
			m.kill()
		}
	}
}

// failed takes a failure that a worker reported. pool.mu is held.
func (r *run) failed(f *failure) {
	if f.Cell < 0 {
		r.end(errors.New(f.Text))
		return
	}
	var err error = &remoteError{f}
	if f.Panic {
		p := &parmap.PanicError{Value: f.Text, Stack: f.Stack}
		if f.Error {
			p.Value = err
		}
		err = p
	}
	r.fail(f.Cell, f.Lo, f.Hi, r.attempts[f.Cell]+1, err)
}

// fail notes an error of a cell, which is final. pool.mu is held.
func (r *run) fail(cell, lo, hi, attempts int, err error) {
	if r.failures == nil {
		r.failures = map[int]bool{}
	}
	r.failures[cell] = true
	if r.times != nil {
		r.history.because(cell, err)
	}
	r.errs = append(r.errs, &parmap.ChunkError{Lo: lo, Hi: hi, Attempts: attempts, Err: err})
	if !r.call.Collect {
		r.end(nil)
	}
}

// died takes back what a worker that was reaped had claimed. It had begun so
// many chunks, and its slot had that state. pool.mu is held.
func (r *run) died(m *member, leases, state uint64, crash *CrashError) {
	defer r.touch()
	r.deaths = true
	if r.times != nil && state == stateOf(r.number, stateBusy) {
		r.history.crashes++
	}
	r.watched[m.slot] = watch{}
	r.mourn(leases, state, crash)
	for cell := range r.table {
		word := &r.table[cell]
		if atomic.LoadUint32(word) != m.incarnation {
			continue
		}
		rows := r.grid.At(cell)
		r.breakOff(m, cell, crash)
		switch {
		case r.failures[cell]: // of one item; the others are lost
			atomic.StoreUint32(word, cellCut)
			if r.call.Collect && r.call.Entry.NewOut != nil {
				r.fail(cell, rows.Lo, rows.Hi, r.attempts[cell]+1, crash)
			}
		case r.stopping:
			r.clear(rows)
			atomic.StoreUint32(word, cellHeld)
		default:
			if r.attempts == nil {
				r.attempts = map[int]int{}
			}
			// One that was killed for the chunk before has done that after all.
			if late := m.overdue > 0 && m.overdue != leases; !late || r.retries == 0 {
				r.attempts[cell]++
			}
			if n := r.attempts[cell]; n <= r.retries { // who runs it clears its rows
				atomic.StoreUint32(word, cellHeld)
				r.redo = append(r.redo, cell)
				continue
			}
			r.clear(rows)
			atomic.StoreUint32(word, cellCut)
			r.fail(cell, rows.Lo, rows.Hi, r.attempts[cell], crash)
		}
	}
}

// mourn ends a run in which workers die and do nothing else. pool.mu is held.
func (r *run) mourn(leases, state uint64, crash *CrashError) {
	b, begun := r.pool.board, r.buried
	for slot := range b.slots {
		begun += b.load(b.slot(slot, slotLeases))
	}
	r.buried += leases // the slot is about to be cleared
	switch {
	case leases > 0 || begun != r.begun || stateIn(state) == stateRetired:
		r.begun, r.barren = begun, 0
	case state != stateOf(r.number, stateIdle): // otherwise it had found nothing to do
		if r.barren++; r.barren == 1 {
			r.since = time.Now()
		}
		if r.barren > mostFailures*r.used && time.Since(r.since) > barrenFor {
			r.end(fmt.Errorf("parmap/proc: %d workers in a row died before their first chunk; the last: %w", r.barren, crash))
		}
	}
}

// clear zeroes the rows of a chunk that nobody will run again. If they cannot
// be written, as those of a file that was cut off, there is nothing to clear.
func (r *run) clear(rows chunk.Range) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() { _ = recover() }()
	for _, o := range r.call.Outputs {
		o.Clear(rows.Lo, rows.Hi)
	}
}
