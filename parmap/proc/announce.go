package proc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/parfor-go/parfor/internal/segment"
)

// A lent is a loan and what it is of.
type lent struct {
	loan
	file *os.File
}

// announce writes the record of the run and offers it to the workers.
func (r *run) announce() error {
	p, c := r.pool, r.call
	announcement := blob{name: []byte(c.Entry.Name)}
	var writable []segment.ID
	for _, o := range c.Outputs {
		object, offset, file, ok := segment.Describe(o.Bytes)
		if !ok {
			return errors.New("parmap/proc: an output is in memory that workers cannot have: make it by shmarray.New or Create")
		}
		if object.Mode != segment.ReadWrite {
			return fmt.Errorf("parmap/proc: output %s is %v", object.Name, object.Mode)
		}
		announcement.outputs = appendOutput(announcement.outputs, object.ID, offset, len(o.Bytes), o.Row)
		writable = append(writable, object.ID)
		r.lend(object, true, file)
	}
	for _, a := range c.Arrays {
		if object, _, file, ok := segment.Describe(a); ok {
			r.lend(object, slices.Contains(writable, object.ID), file)
		} // else encoding it says what is wrong
	}
	if err := r.encode(&announcement); err != nil {
		return err
	}
	cells, words := r.grid.Len(), r.grid.Len()
	if c.Log != nil {
		words *= 2
	}
	at, timed := (4*words+7)&^7, 0
	if c.Watch != nil && c.Watch.Timed {
		timed, at = at, at+8*timeWords*cells
	}
	if err := p.room(at + announcement.size()); err != nil {
		return err
	}
	object, _, file, _ := segment.Describe(p.table.Bytes())
	r.lend(object, true, file)
	r.table = segment.Cast[uint32](p.table.Bytes()[:4*words])
	clear(r.table)
	r.table, r.sums = r.table[:cells], r.table[cells:]
	if timed > 0 {
		r.times = timesIn(p.table.Bytes(), timed, cells)
		clear(r.times)
	}
	if c.Watch != nil && c.Entry.NewOut != nil {
		r.came = make([]bool, cells)
	}
	skipped := r.skip()
	announcement.write(p.table.Bytes()[at:])

	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closedBy != nil {
		return p.closedBy
	}
	if p.broken != nil {
		return p.broken
	}
	p.runs++
	r.number = p.runs
	b := p.board
	b.store(atStop, 0)
	b.store(atN, uint64(c.N))
	b.store(atGrain, uint64(c.Grain))
	b.store(atCells, uint64(cells))
	b.store(atUsed, uint64(r.used))
	b.store(atCollect, 0)
	if c.Collect {
		b.store(atCollect, 1)
	}
	b.store(atSums, uint64(words-cells))
	b.store(atTimes, uint64(timed))
	b.store(atTable, object.ID.Device)
	b.store(atTable+1, object.ID.Inode)
	b.store(atTable+2, object.ID.Generation)
	b.store(atBlob, uint64(at))
	b.store(atBlob+1, uint64(announcement.size()))
	r.rewind()
	for slot := range b.slots {
		b.store(b.slot(slot, slotSent), 0)
		r.leased += b.load(b.slot(slot, slotLeases))
	}
	r.leased += uint64(cells - skipped)
	r.watched = make([]watch, b.slots)
	p.run = r
	for _, m := range p.members {
		if m != nil {
			m.received = 0
			r.offer(m, false)
		}
	}
	return nil
}

// skip marks the cells that were done before the run, and returns how many.
func (r *run) skip() (n int) {
	if r.call.Log == nil {
		return 0
	}
	r.told = make([]bool, len(r.table))
	for cell := range r.table {
		if r.call.Log.Skip(cell) {
			r.table[cell], r.told[cell] = cellDone, true
			r.before += r.grid.At(cell).Len()
			n++
		}
	}
	return n
}

// room makes the table at least nbytes long, and not much longer. The caller
// has the turn.
func (p *Pool) room(nbytes int) error {
	if p.table != nil {
		if n := len(p.table.Bytes()); nbytes <= n && n <= max(4*nbytes, 4*spareBytes) {
			return nil
		}
	}
	// Longer, so that runs that grow do not each make another.
	seg, err := segment.New(nbytes+min(nbytes, spareBytes)+(64<<10), "claims of a pool")
	if err != nil {
		return fmt.Errorf("parmap/proc: %w", err)
	}
	if p.table != nil {
		p.table.Close()
	}
	p.table = seg
	return nil
}

// spareBytes is the most that a table is longer than its run needs.
const spareBytes = 4 << 20

// lend notes that the workers need an object.
func (r *run) lend(object segment.Object, writable bool, file *os.File) {
	for _, l := range r.loans {
		if l.Object.ID == object.ID {
			return // outputs come first
		}
	}
	r.loans = append(r.loans, lent{loan{object, writable}, file})
}

// encode writes the arguments, or the items of each cell.
func (r *run) encode(a *blob) error {
	c := r.call
	enc := r.pool.codecs[c.Entry]
	if enc == nil {
		enc = &codec{plain: c.Entry.Plain}
		r.pool.codecs[c.Entry] = enc
	}
	if c.Entry.NewOut == nil {
		if c.Entry.Empty {
			return nil
		}
		preamble, value, err := enc.encode(c.In(0, c.N))
		if err != nil {
			return fmt.Errorf("parmap/proc: arguments of kernel %q: %w", c.Entry.Name, err)
		}
		a.preamble, a.value = preamble, value
		return nil
	}
	for _, cell := range r.grid.All() {
		preamble, value, err := enc.encode(c.In(cell.Lo, cell.Hi))
		if err != nil {
			return fmt.Errorf("parmap/proc: items [%d,%d) of func %q: %w", cell.Lo, cell.Hi, c.Entry.Name, err)
		}
		a.preamble = preamble
		a.items = append(a.items, value...)
		a.ends = binary.LittleEndian.AppendUint64(a.ends, uint64(len(a.items)))
	}
	return nil
}

// letGo takes the Log's lock from the workers. The run is over.
func (r *run) letGo() {
	if r.call.Log == nil {
		return
	}
	p := r.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.members {
		if m != nil && m.holding {
			m.holding = false
			m.need++
			_ = m.post(appendHeader(nil, letGo, 0))
		}
	}
}

// rewind lets the workers look at every cell again. None is busy.
func (r *run) rewind() {
	b := r.pool.board
	for i := range b.slots {
		b.store(b.cursor(i), 0)
	}
}

// offer asks a worker into the run: a fresh one with a cell in which another
// died, if there is one. pool.mu is held.
func (r *run) offer(m *member, fresh bool) {
	if m.slot >= r.used || r.stopping {
		return
	}
	if r.times != nil {
		r.history.note(m)
	}
	b := r.pool.board
	for _, l := range r.loans {
		if m.loans[l.Object.ID] == l.loan {
			continue
		}
		m.loans[l.Object.ID] = l.loan
		m.need++
		// After an error the worker is dead, which is found soon enough.
		_ = m.post(appendMessage(nil, give, l.loan), l.file)
	}
	if log := r.call.Log; log != nil && !m.holding {
		m.holding = true
		m.need++
		_ = m.post(appendHeader(nil, hold, 0), log.Lock)
	}
	first := uint64(0)
	if fresh && len(r.redo) > 0 {
		cell := r.redo[0]
		r.redo = r.redo[1:]
		first = uint64(cell) + 1
		atomic.StoreUint32(&r.table[cell], cellFree)
	}
	b.store(b.slot(m.slot, slotFirst), first)
	b.store(b.slot(m.slot, slotNeed), m.need)
	if r.times != nil {
		b.store(b.slot(m.slot, slotSince), uint64(time.Since(r.call.Watch.Began)))
	}
	b.store(b.slot(m.slot, slotState), stateOf(r.number, stateOffered))
	if b.load(b.slot(m.slot, slotBlocked)) == 1 && b.swap(b.slot(m.slot, slotBlocked), 1, 0) {
		m.ring()
	}
}
