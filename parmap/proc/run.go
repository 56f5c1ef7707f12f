package proc

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"github.com/parfor-go/parfor/chunk"
	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/internal/kernel"
)

const (
	// grace is how long a body may go on after its context was cancelled.
	grace = 2 * time.Second
	// watchFor is how long the parent looks at the slots before it sleeps: a
	// wake costs more than a short run.
	watchFor = 100 * time.Microsecond
)

// A run is one call of a kernel on a pool.
//
// Invariant: an attempt at a cell ends by the worker's mark in the table, or by
// its death; only when the process has been reaped the parent takes the cell
// back. The run is over when no worker is in it, all they sent has come, and
// each cell is done or failed, or given up because the run was to end.
type run struct {
	pool    *Pool
	call    *kernel.Call
	number  uint64
	grid    chunk.Grid
	used    int // workers that take part
	retries int
	leased  uint64 // what the slots' leases come to when every cell was claimed, if nobody died
	table   []uint32
	loans   []lent
	change  chan struct{} // has room for one: something happened

	// What follows is protected by pool.mu.
	stopping bool
	cause    error     // why, if it was no body
	killAt   time.Time // when stopping; zero: nobody is to be killed, or all were
	deaths   bool
	barren   int          // workers that died in a row before their first chunk
	redo     []int        // cells whose workers died, for fresh ones
	attempts map[int]int  // that were broken off, by cell
	failures map[int]bool // cells with an error
	errs     []*parmap.ChunkError
	watched  []watch // by slot
}

// A lent is a loan and what it is of.
type lent struct {
	loan
	file *os.File
}

// A watch is what the parent saw of a worker's chunk.
type watch struct {
	lease uint64        // the number of the chunk
	spent time.Duration // for how long it has been that
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
		return ErrClosed
	}
	defer func() { p.turn <- struct{}{} }()
	r := &run{pool: p, call: c, grid: gridOf(c.N, c.Grain), used: p.board.slots,
		change: make(chan struct{}, 1), attempts: map[int]int{}, failures: map[int]bool{}}
	if len(c.Outputs) > 0 || p.retriesGiven {
		r.retries = p.retries
	}
	if c.Workers > 0 {
		r.used = min(r.used, c.Workers)
	}
	p.mu.Lock()
	err := p.broken
	if p.isClosed {
		err = ErrClosed
	}
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
	return r.err()
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
	cells := r.grid.Len()
	at := (4*cells + 7) &^ 7
	if err := p.room(at + announcement.size()); err != nil {
		return err
	}
	object, _, file, _ := segment.Describe(p.table.Bytes())
	r.lend(object, true, file)
	r.table = segment.Cast[uint32](p.table.Bytes()[:4*cells])
	clear(r.table)
	announcement.write(p.table.Bytes()[at:])

	p.mu.Lock()
	defer p.mu.Unlock()
	if p.isClosed {
		return ErrClosed
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
	r.leased += uint64(cells)
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
	b := r.pool.board
	for _, l := range r.loans {
		if m.loans[l.Object.ID] == l.loan {
			continue
		}
		m.loans[l.Object.ID] = l.loan
		m.need++
		// After an error the worker is dead, which is found soon enough.
		_ = m.post(appendMessage(nil, give, l.loan), rights(l.file))
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
	b.store(b.slot(m.slot, slotState), stateOf(r.number, stateOffered))
	if b.load(b.slot(m.slot, slotBlocked)) == 1 && b.swap(b.slot(m.slot, slotBlocked), 1, 0) {
		_ = m.post(appendHeader(nil, wake, 0), nil)
	}
}

func (r *run) touch() {
	select {
	case r.change <- struct{}{}:
	default:
	}
}

// wait returns when the run is over.
func (r *run) wait(ctx context.Context) {
	if spin(watchFor, func() bool { return r.seemsOver() && r.settle() }) {
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
		}
	}
}

// seemsOver reports whether the workers have claimed every cell and left: then
// each is done or failed, if none has died.
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
	}
	free, held := r.count(cellFree), r.count(cellHeld)
	switch {
	case r.stopping || free+held == 0:
		return r.dismiss()
	case free > 0 && idle:
		// Somebody moved a cursor and did not claim, and died, or what a fresh
		// worker was to begin with is free again.
		r.rewind()
		for slot, m := range p.members[:r.used] {
			if m != nil && b.load(b.slot(slot, slotState))&(1<<stateBits-1) == stateIdle {
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

func (r *run) count(state uint32) (n int) {
	for i := range r.table {
		if atomic.LoadUint32(&r.table[i]) == state {
			n++
		}
	}
	return n
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
			_ = m.post(binary.LittleEndian.AppendUint64(appendHeader(nil, cancel, 8), r.number), nil)
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
		if m == nil || lease != w.lease || state != stateOf(r.number, stateBusy) && state != stateOf(r.number, stateOffered) {
			*w = watch{lease: lease}
			continue
		}
		if w.spent += spent; w.spent > p.timeout && m.killedFor == "" {
			m.killedFor = fmt.Sprintf("chunk timeout %v", p.timeout)
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
	r.failures[cell] = true
	r.errs = append(r.errs, &parmap.ChunkError{Lo: lo, Hi: hi, Attempts: attempts, Err: err})
	if !r.call.Collect {
		r.end(nil)
	}
}

// died takes back what a worker that was reaped had claimed. It had begun so
// many chunks, or was to end. pool.mu is held.
func (r *run) died(m *member, leases uint64, retired bool, crash *CrashError) {
	defer r.touch()
	r.deaths = true
	r.watched[m.slot] = watch{}
	if leases > 0 || retired {
		r.barren = 0
	} else if r.barren++; r.barren > mostFailures*r.used {
		r.end(fmt.Errorf("parmap/proc: %d workers in a row died before their first chunk; the last: %w", r.barren, crash))
	}
	for cell := range r.table {
		word := &r.table[cell]
		if atomic.LoadUint32(word) != m.incarnation {
			continue
		}
		rows := r.grid.At(cell)
		switch {
		case r.failures[cell]: // of one item; the others are lost
			atomic.StoreUint32(word, cellFailed)
			if r.call.Collect {
				r.fail(cell, rows.Lo, rows.Hi, r.attempts[cell]+1, crash)
			}
		case r.stopping:
			r.clear(rows)
			atomic.StoreUint32(word, cellHeld)
		default:
			r.attempts[cell]++
			if n := r.attempts[cell]; n <= r.retries { // who runs it clears its rows
				atomic.StoreUint32(word, cellHeld)
				r.redo = append(r.redo, cell)
				continue
			}
			r.clear(rows)
			atomic.StoreUint32(word, cellFailed)
			r.fail(cell, rows.Lo, rows.Hi, r.attempts[cell], crash)
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

// result takes what a Func returned for a cell. The run cannot end before.
func (r *run) result(m *member, content []byte) {
	p, e := r.pool, r.call.Entry
	err := r.accept(m, content)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		r.end(fmt.Errorf("parmap/proc: results of func %q: %w", e.Name, err))
	}
	m.received++
	r.touch()
}

// accept decodes what a Func returned for a cell. A panic of the type's own
// decoding is an error.
func (r *run) accept(m *member, content []byte) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &parmap.PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	e := r.call.Entry
	err = errors.New("broken message")
	var cell, n uint64
	if len(content) >= 16 {
		cell, n = binary.LittleEndian.Uint64(content), binary.LittleEndian.Uint64(content[8:])
		content = content[16:]
		if cell < uint64(len(r.table)) && n <= uint64(len(content)) {
			d := m.codecs[e]
			if d == nil {
				d = &decodec{plain: e.Plain}
				m.codecs[e] = d
			}
			out := e.NewOut()
			if err = d.decode(content[:n], content[n:], out); err == nil {
				at := r.grid.At(int(cell))
				r.call.Out(at.Lo, at.Hi, out)
			}
		}
	}
	return err
}

// err is the error of the run, which is over.
func (r *run) err() error {
	slices.SortFunc(r.errs, func(a, b *parmap.ChunkError) int { return cmp.Compare(a.Lo, b.Lo) })
	var cause error
	if r.stopping || r.deaths || len(r.errs) > 0 {
		for cell := range r.table {
			if atomic.LoadUint32(&r.table[cell]) != cellDone && !r.failures[cell] {
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
