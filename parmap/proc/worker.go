package proc

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap/internal/kernel"
	"github.com/parfor-go/parfor/parmap/internal/park"
)

// spinFor is how long a worker looks for the next run before it sleeps. One that
// spins begins 0.3 us after it was offered a run, one that sleeps after some 50;
// longer spinning takes a processor from who has work.
const spinFor = 50 * time.Microsecond

// A worker is this process, when it is one.
//
// Its main goroutine waits for runs and does what there is in them. Another
// reads the socket; at its end, that is when the parent is gone, it ends the
// process.
type worker struct {
	setup
	conn  *socket
	board *board
	bell  *os.File      // the parent rings it, to be looked at
	lent  chan struct{} // has room for one: a loan or a lock came
	seen  atomic.Int64  // loans and locks that came; written by the reader

	segments map[segment.ID]*segment.Segment // the reader's
	lock     *os.File                        // the reader's: held while it is open

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
func work(conn *socket) {
	w := &worker{
		conn: conn, lent: make(chan struct{}, 1),
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
	f, bell := in.file(), in.file()
	if k != welcome || bell == nil {
		die("broken handshake")
	}
	if w.bell, err = polled(bell); err != nil {
		die(err)
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

// errLost is what the inbox says of a message without its descriptor.
var errLost = errors.New("a loan's descriptor was lost: too many open files")

// die ends the process, and says why where the parent's user will see it.
func die(why any) {
	fmt.Fprintln(os.Stderr, "parmap/proc: worker:", why)
	os.Exit(2)
}

// read takes what the parent sends, until that is gone.
func (w *worker) read(in *inbox, r *bufio.Reader) {
	for {
		k, content, err := readMessage(r, nil)
		if errors.Is(err, errLost) {
			die(err)
		}
		if err != nil {
			os.Exit(0) // no parent, no work
		}
		switch k {
		case give:
			err = w.take(content, in.file())
			w.sees()
		case drop:
			var id segment.ID
			if err = decode(content, &id); err == nil && w.segments[id] != nil {
				w.segments[id].Close()
				delete(w.segments, id)
			}
			w.sees()
		case hold:
			if w.lock = in.file(); w.lock == nil {
				err = errors.New("a lock without a descriptor")
			}
			w.sees()
		case letGo:
			w.lock.Close()
			w.sees()
		case cancel:
			w.cancel(binary.LittleEndian.Uint64(content))
		}
		if err != nil {
			die(err)
		}
	}
}

// sees counts a message about loans.
func (w *worker) sees() {
	w.seen.Add(1)
	select {
	case w.lent <- struct{}{}:
	default:
	}
}

// An inbox reads a socket and keeps the descriptors that come with the bytes,
// in their order.
type inbox struct {
	conn  *socket
	files []*os.File
}

func (in *inbox) Read(p []byte) (int, error) {
	n, files, err := in.conn.receive(p)
	in.files = append(in.files, files...)
	if n == 0 && err == nil {
		err = io.EOF
	}
	return n, err
}

// file returns the next descriptor that came, or nil.
func (in *inbox) file() *os.File {
	if len(in.files) == 0 {
		return nil
	}
	f := in.files[0]
	in.files = in.files[1:]
	return f
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
		if spin(spinFor, 0, func() (ok bool) { run, ok = w.join(state); return ok }) {
			return run
		}
		b.store(b.slot(w.Slot, slotBlocked), 1)
		if run, ok := w.join(state); ok {
			b.store(b.slot(w.Slot, slotBlocked), 0)
			return run
		}
		var rings [8]byte
		if _, err := w.bell.Read(rings[:]); err != nil {
			die(err)
		}
		b.store(b.slot(w.Slot, slotBlocked), 0)
	}
}

// spin calls done for at most d, until it returns true, and reports whether it
// did. In between it yields its processor to whoever waits for it, but not for
// the time alone at first.
func spin(d, alone time.Duration, done func() bool) bool {
	for begin := time.Now(); ; {
		if done() {
			return true
		}
		for range pause {
		}
		// The call is also where the garbage collector can stop this goroutine.
		spent := time.Since(begin)
		if spent > d {
			return false
		}
		if spent >= alone {
			park.Yield()
		}
	}
}

// pause is how many turns of an empty loop, of 0.3 to 0.4 ns each, lie between
// two looks of who spins: each takes the cache line from who will write it.
const pause = 200

func (w *worker) join(state int) (run uint64, ok bool) {
	v := w.board.load(state)
	if stateIn(v) != stateOffered {
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
	b, joined := w.board, time.Now()
	need := int64(b.load(b.slot(w.Slot, slotNeed)))
	for w.seen.Load() < need {
		<-w.lent
	}
	ctx, stop := w.begin(run)
	defer stop()
	p, err := w.prepare(ctx, run, joined)
	if err != nil {
		w.fail(&failure{Cell: -1, Text: err.Error()})
		w.leave(run, stateIdle)
		return
	}
	p.ctx = pprof.WithLabels(ctx, pprof.Labels(kernel.Label, p.entry.Name))
	pprof.SetGoroutineLabels(p.ctx)
	defer pprof.SetGoroutineLabels(context.Background())
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
