package proc

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/internal/kernel"
)

// spinFor is how long a worker looks for the next run before it sleeps. One that
// spins begins 0.3 us after it was offered a run, one that sleeps after 40 to
// 60; longer spinning takes a processor from who has work.
const spinFor = 50 * time.Microsecond

// A worker is this process, when it is one.
//
// Its main goroutine waits for runs and does what there is in them. Another
// reads the socket; at its end, that is when the parent is gone, it ends the
// process.
type worker struct {
	setup
	conn  *net.UnixConn
	board *board
	woken chan struct{} // has room for one: something came
	seen  atomic.Int64  // loans that came; written by the reader

	segments map[segment.ID]*segment.Segment // the reader's

	mu      sync.Mutex // protects what follows
	run     uint64     // the run that the main goroutine is in
	stopped uint64     // the last run that was cancelled
	stop    context.CancelFunc

	send   sync.Mutex // held while a message is written
	leases uint64
	codecs map[*kernel.Entry]*wires
}

// wires are what encodes and decodes for one entry.
type wires struct {
	in  decodec
	out codec
}

// work is the life of a worker. It does not return.
func work(conn *net.UnixConn) {
	w := &worker{
		conn: conn, woken: make(chan struct{}, 1),
		segments: map[segment.ID]*segment.Segment{}, codecs: map[*kernel.Entry]*wires{},
	}
	in := &inbox{conn: conn}
	r := bufio.NewReader(in)
	if _, err := conn.Write(append(appendHeader(nil, hello, len(secret)), secret...)); err != nil {
		os.Exit(1)
	}
	k, content, err := readMessage(r, nil)
	if err != nil {
		os.Exit(1) // the parent is gone, or has given up
	}
	f := in.file()
	if k != welcome || f == nil {
		die("broken handshake")
	}
	if err := decode(content, &w.setup); err != nil {
		die(err)
	}
	seg, err := segment.Map(f, "", segment.ReadWrite, 0, boardBytes(w.Slots), "board of a pool")
	if err != nil {
		die(err)
	}
	w.board = boardOf(seg, w.Slots)
	go w.read(in, r)
	// A fault of a body is a panic, which says what it was.
	debug.SetPanicOnFault(true)
	defer func() {
		// Only runtime.Goexit ends here: bodies' panics are caught.
		if v := recover(); v != nil {
			panic(v)
		}
		die("runtime.Goexit in a body")
	}()
	for {
		w.attend(w.wait())
	}
}

// die ends the process, and says why where the parent's user will see it.
func die(why any) {
	fmt.Fprintln(os.Stderr, "parmap/proc: worker:", why)
	os.Exit(2)
}

// read takes what the parent sends, until that is gone.
func (w *worker) read(in *inbox, r *bufio.Reader) {
	for {
		k, content, err := readMessage(r, nil)
		if err != nil {
			os.Exit(0) // no parent, no work
		}
		switch k {
		case give:
			err = w.take(content, in.file())
			w.seen.Add(1)
		case drop:
			var id segment.ID
			if err = decode(content, &id); err == nil && w.segments[id] != nil {
				w.segments[id].Close()
				delete(w.segments, id)
			}
			w.seen.Add(1)
		case cancel:
			w.cancel(binary.LittleEndian.Uint64(content))
		}
		if err != nil {
			die(err)
		}
		select {
		case w.woken <- struct{}{}:
		default:
		}
	}
}

// A loan is an object of the parent's that a worker is given.
type loan struct {
	Object   segment.Object
	Writable bool
}

func (w *worker) take(content []byte, f *os.File) error {
	var l loan
	if err := decode(content, &l); err != nil {
		return err
	}
	if f == nil {
		return errors.New("a loan without a descriptor")
	}
	if old := w.segments[l.Object.ID]; old != nil { // in another mode
		if err := old.Close(); err != nil {
			return err
		}
	}
	mode := segment.ReadOnly
	if l.Writable {
		mode = segment.ReadWrite
	}
	s, err := l.Object.Adopt(f, mode)
	if err != nil {
		return err
	}
	w.segments[l.Object.ID] = s
	return nil
}

// wait returns the number of a run that the worker has joined.
func (w *worker) wait() uint64 {
	b, state := w.board, w.board.slot(w.Slot, slotState)
	for {
		var run uint64
		if spin(spinFor, func() (ok bool) { run, ok = w.join(state); return ok }) {
			return run
		}
		b.store(b.slot(w.Slot, slotBlocked), 1)
		if run, ok := w.join(state); ok {
			b.store(b.slot(w.Slot, slotBlocked), 0)
			return run
		}
		<-w.woken
		b.store(b.slot(w.Slot, slotBlocked), 0)
	}
}

// spin calls done for so long, until it returns true, and reports whether it
// did.
func spin(d time.Duration, done func() bool) bool {
	for end := time.Now().Add(d); ; {
		if done() {
			return true
		}
		for range pause {
		}
		yield()
		// The call is also where the garbage collector can stop this goroutine.
		if time.Now().After(end) {
			return false
		}
	}
}

// pause is how many turns of an empty loop, of 0.3 to 0.4 ns each, lie between
// two looks of who spins: each takes the cache line from who will write it.
const pause = 200

func (w *worker) join(state int) (run uint64, ok bool) {
	v := w.board.load(state)
	if v&(1<<stateBits-1) != stateOffered {
		return 0, false
	}
	run = v >> stateBits
	return run, w.board.swap(state, v, stateOf(run, stateBusy))
}

// leave ends the worker's part in a run.
func (w *worker) leave(run uint64, state uint64) {
	b := w.board
	b.store(b.slot(w.Slot, slotState), stateOf(run, state))
	if b.load(atWaiting) == 1 && b.swap(atWaiting, 1, 0) {
		w.write(appendHeader(nil, poke, 0))
	}
}

// write sends messages. An error means that the parent is gone.
func (w *worker) write(b []byte) {
	w.send.Lock()
	defer w.send.Unlock()
	if _, err := w.conn.Write(b); err != nil {
		os.Exit(0)
	}
}

func (w *worker) cancel(run uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = max(w.stopped, run)
	if w.run == run && w.stop != nil {
		w.stop()
	}
}

// begin returns the context of the bodies of a run.
func (w *worker) begin(run uint64) (context.Context, context.CancelFunc) {
	ctx, stop := context.WithCancel(context.Background())
	w.mu.Lock()
	defer w.mu.Unlock()
	w.run, w.stop = run, stop
	if w.stopped >= run {
		stop()
	}
	return ctx, stop
}

// attend does what there is to do in a run.
func (w *worker) attend(run uint64) {
	b := w.board
	need := int64(b.load(b.slot(w.Slot, slotNeed)))
	for w.seen.Load() < need {
		<-w.woken
	}
	ctx, stop := w.begin(run)
	defer stop()
	p, err := w.prepare(ctx, run)
	if err != nil {
		w.fail(&failure{Cell: -1, Text: err.Error()})
		w.leave(run, stateIdle)
		return
	}
	if first := b.load(b.slot(w.Slot, slotFirst)); first > 0 && b.load(atStop) != run && p.claim(int(first-1)) {
		w.do(p, int(first-1))
	}
	for {
		cell, ok := p.next()
		if !ok {
			break
		}
		w.do(p, cell)
	}
	w.leave(run, stateIdle)
}

// A part is the worker's part in a run.
type part struct {
	claims
	worker  *worker
	ctx     context.Context // of the bodies
	entry   *kernel.Entry
	wires   *wires
	collect bool
	outputs []kernel.Output
	in      any  // of a Kernel
	blob    blob // of a Func

	cell     int  // that is run
	failed   bool // it, or some item of it
	panicked bool
}

// prepare reads the announcement.
func (w *worker) prepare(ctx context.Context, run uint64) (*part, error) {
	b := w.board
	table := segment.Find(segment.ID{Device: b.load(atTable), Inode: b.load(atTable + 1), Generation: b.load(atTable + 2)},
		0, int(b.load(atBlob)+b.load(atBlob+1)))
	if table == nil {
		return nil, errors.New("parmap/proc: worker without the claim table")
	}
	p := &part{worker: w, ctx: ctx, collect: b.load(atCollect) != 0}
	at := int(b.load(atBlob))
	if err := p.blob.read(table.Bytes()[at:]); err != nil {
		return nil, err
	}
	name := string(p.blob.name)
	p.entry = kernel.Lookup(name)
	if p.entry == nil {
		return nil, fmt.Errorf("parmap/proc: kernel %q is not registered in the worker", name)
	}
	if p.wires = w.codecs[p.entry]; p.wires == nil {
		p.wires = &wires{decodec{plain: p.entry.Plain}, codec{plain: p.entry.Plain}}
		w.codecs[p.entry] = p.wires
	}
	if p.entry.NewOut == nil {
		p.in = p.entry.NewIn()
		if !p.entry.Empty {
			if err := p.wires.in.decode(p.blob.preamble, p.blob.value, p.in); err != nil {
				return nil, fmt.Errorf("parmap/proc: arguments of kernel %q: %w", name, err)
			}
		}
	}
	var err error
	if p.outputs, err = readOutputs(p.blob.outputs); err != nil {
		return nil, err
	}
	cells, used := int(b.load(atCells)), int(b.load(atUsed))
	grid := gridOf(int(b.load(atN)), int(b.load(atGrain)))
	p.claims = claims{
		board: b, table: segment.Cast[uint32](table.Bytes()[:4*cells]), grid: grid, share: shareOf(cells, used),
		run: run, me: w.Incarnation,
	}
	p.left = p.share.Len()
	p.block = w.Slot % max(1, p.left)
	return p, nil
}

// do runs a cell that was claimed.
func (w *worker) do(p *part, cell int) {
	b, r := w.board, p.grid.At(cell)
	w.leases++
	b.store(b.slot(w.Slot, slotLeases), w.leases)
	p.cell, p.failed = cell, false
	if p.entry.Body != nil {
		p.body(r.Lo, r.Hi)
	} else if err := p.mapItems(r.Lo); err != nil {
		p.fail(&failure{Lo: r.Lo, Hi: r.Hi, Text: err.Error()})
	}
	if p.failed {
		p.finish(cell, cellFailed)
	} else {
		p.finish(cell, cellDone)
	}
	if p.panicked || w.Recycle > 0 && w.leases >= uint64(w.Recycle) {
		w.leave(p.run, stateRetired)
		os.Exit(0)
	}
}

// body calls the body of a Kernel.
func (p *part) body(lo, hi int) {
	returned := false
	defer func() {
		if !returned {
			p.recovered(lo, hi, recover())
		}
	}()
	if p.ctx.Err() != nil {
		p.failed, returned = true, true
		return
	}
	for _, o := range p.outputs {
		o.Clear(lo, hi)
	}
	if err := p.entry.Body(p.ctx, lo, hi, p.in); err != nil {
		p.took(lo, hi, err)
	}
	returned = true
}

// mapItems calls the function of a Func for the items of a cell, and sends the
// results.
func (p *part) mapItems(lo int) error {
	in := p.entry.NewIn()
	if err := p.wires.in.decode(p.blob.preamble, p.blob.cell(p.cell), in); err != nil {
		return fmt.Errorf("parmap/proc: items: %w", err)
	}
	out := p.entry.Map(p.ctx, lo, in, p.try)
	if p.failed && !p.collect {
		return nil
	}
	if err := p.worker.deliver(p, out); err != nil {
		return fmt.Errorf("parmap/proc: results: %w", err)
	}
	return nil
}

// try calls f, which runs item i.
func (p *part) try(i int, f func() error) (goOn bool) {
	returned := false
	defer func() {
		if !returned {
			p.recovered(i, i+1, recover())
			goOn = p.collect
		}
	}()
	if p.ctx.Err() != nil {
		p.failed, returned = true, true
		return false
	}
	goOn = true
	if err := f(); err != nil {
		p.took(i, i+1, err)
		goOn = p.collect && p.ctx.Err() == nil
	}
	returned = true
	return goOn
}

// recovered takes the panic of the body of [lo, hi). No value means Goexit,
// which is a death.
func (p *part) recovered(lo, hi int, v any) {
	if v == nil {
		return
	}
	p.panicked = true
	f := &failure{Lo: lo, Hi: hi, Panic: true}
	if e, ok := v.(*parmap.PanicError); ok { // a verb's
		v, f.Stack = e.Value, e.Stack
	} else {
		v, f.Stack = segment.Explain(v), debug.Stack()
	}
	_, f.Error = v.(error)
	f.Text = fmt.Sprint(v)
	p.fail(f)
}

// took takes the error of the body of [lo, hi). One that gives up because its
// context was cancelled has not failed.
func (p *part) took(lo, hi int, err error) {
	canceled := errors.Is(err, context.Canceled)
	if p.failed = true; p.ctx.Err() != nil && canceled {
		return
	}
	p.fail(&failure{Lo: lo, Hi: hi, Text: err.Error(), Canceled: canceled, Deadline: errors.Is(err, context.DeadlineExceeded)})
}

// fail reports a failure of the cell that is run.
func (p *part) fail(f *failure) {
	p.failed = true
	if !p.collect { // at once: the parent may take a while to read of it
		p.board.store(atStop, p.run)
	}
	f.Cell = p.cell
	p.worker.fail(f)
}

// fail reports a failure to the parent.
func (w *worker) fail(f *failure) {
	w.count()
	w.write(appendMessage(nil, failed, f))
}

// count says that one more message of the run is on its way.
func (w *worker) count() {
	b := w.board
	b.store(b.slot(w.Slot, slotSent), b.load(b.slot(w.Slot, slotSent))+1)
}

// deliver sends what a Func returned for the cell that is run.
func (w *worker) deliver(p *part, out any) error {
	preamble, value, err := p.wires.out.encode(out)
	if err != nil {
		return err
	}
	b := appendHeader(nil, result, 16+len(preamble)+len(value))
	b = binary.LittleEndian.AppendUint64(b, uint64(p.cell))
	b = binary.LittleEndian.AppendUint64(b, uint64(len(preamble)))
	b = append(append(b, preamble...), value...)
	w.count()
	w.write(b)
	return nil
}
