package proc

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap/internal/kernel"
)

const (
	// startTimeout is how long a worker may take to say hello. It takes 3 ms;
	// what users do before WorkerMain, and a busy machine, may take longer.
	startTimeout = 30 * time.Second
	// postTimeout is how long a worker may leave what it is sent unread: some
	// hundred messages, of which it is sent a few in a run.
	postTimeout = time.Second
	// mostFailures is how many workers in a row must die before they say hello,
	// and failFor for how long, until a slot is given up: a lack of memory or of
	// processes may pass.
	mostFailures, failFor = 5, time.Second
	// Between deaths of workers in one slot that have run no chunk there is a
	// pause, twice as long each time.
	firstPause, longestPause = time.Millisecond, 256 * time.Millisecond
	// A CrashError has the beginning of a worker's standard error, where the Go
	// runtime says why it ends the program, and the end. A stack overflow prints
	// 27 KiB.
	headBytes, tailBytes = 4 << 10, 12 << 10
	// drainFor is how long after a worker's death its standard error is read
	// although nothing comes, if something else keeps it open.
	drainFor = 100 * time.Millisecond
)

// A Pool is worker processes that run kernels. It is safe for use by several
// goroutines, whose runs take turns.
//
// Invariants: each slot has a keeper, a goroutine that starts its worker, waits
// for its end, and starts the next, until the pool is closed. A slot's member
// is set while its worker can be offered work, and is nil from the moment when
// its death is known and its process reaped.
type Pool struct {
	config
	board    *board
	turn     chan struct{} // has one token: the right to run
	launches chan launch
	keepers  sync.WaitGroup
	spawner  sync.WaitGroup
	stopCtx  func() bool
	unwatch  func()        // see forget
	closing  chan struct{} // closed by Close
	closed   chan struct{} // closed when all is over
	writing  sync.Mutex    // held while the workers' output is written

	mu          sync.Mutex       // protects what follows
	members     []*member        // by slot; nil: none now
	live        map[*member]bool // started and not reaped
	run         *run             // under way, or nil
	runs        uint64           // the number of the last
	incarnation uint32           // of the last worker
	broken      error            // why no worker can be started
	isClosed    bool

	// Of who has the turn.
	table  *segment.Segment // of claims, and the blob
	codecs map[*kernel.Entry]*codec
}

// A member is a worker that said hello.
type member struct {
	*process
	slot        int
	incarnation uint32
	loans       map[segment.ID]loan        // what it was given
	need        uint64                     // how many messages about that it was sent
	killedFor   string                     // the state of its CrashError; set before it is killed
	received    uint64                     // failures and results in this run
	codecs      map[*kernel.Entry]*decodec // the reader's
	read        chan struct{}              // closed when its socket was read to the end
	reap        func() *CrashError         // waits for the end of the process; once
}

// Start starts a pool of that many workers, 0 meaning one for each processor
// that the program may use (GOMAXPROCS), and returns when they are ready. Each
// is a process of its own that runs this program again as far as WorkerMain,
// with the same arguments and environment, but with GOMAXPROCS and the variables
// by which BLAS libraries choose their threads set to its share of the
// processors. Its standard input is empty.
//
// A chunk whose worker dies is run again by a fresh one: see Retries, and what
// that asks of the body at parmap.NewKernel. The end of ctx closes the pool.
//
// Start returns ErrNoWorkerMain if the program has not called WorkerMain,
// ErrNested in a worker, an error wrapping errors.ErrUnsupported on a system
// that is not Linux, and a *CrashError if a worker dies before it is ready. A
// negative number of workers panics.
func Start(ctx context.Context, workers int, opts ...Option) (*Pool, error) {
	if ctx == nil {
		panic("parmap/proc: nil context")
	}
	if workers < 0 {
		panic("parmap/proc: negative workers")
	}
	c := configure(opts)
	switch {
	case isWorker.Load():
		return nil, ErrNested
	case !supported:
		return nil, fmt.Errorf("parmap/proc: worker processes on %s: %w", runtime.GOOS, errors.ErrUnsupported)
	case !hooked.Load():
		return nil, ErrNoWorkerMain
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	}
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	b, err := newBoard(workers)
	if err != nil {
		return nil, fmt.Errorf("parmap/proc: %w", err)
	}
	p := &Pool{
		config: c, board: b,
		turn: make(chan struct{}, 1), launches: make(chan launch),
		closing: make(chan struct{}), closed: make(chan struct{}),
		members: make([]*member, workers), live: map[*member]bool{},
		incarnation: firstIncarnation - 1, codecs: map[*kernel.Entry]*codec{},
	}
	p.turn <- struct{}{}
	p.unwatch = segment.OnClose(p.forget)
	p.mu.Lock()
	p.stopCtx = context.AfterFunc(ctx, func() { p.Close() })
	p.mu.Unlock()
	p.spawner.Go(func() { spawn(p.launches) })
	ready := make(chan error, workers)
	for slot := range workers {
		p.keepers.Go(func() { p.keep(slot, ready) })
	}
	for range workers {
		if err := <-ready; err != nil {
			p.Close()
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			return nil, err
		}
	}
	return p, nil
}

// Close ends the workers, also in the middle of a chunk, and returns when they
// are gone. A run under way returns ErrClosed. A second Close waits for the
// first. The error is always nil.
func (p *Pool) Close() error {
	p.mu.Lock()
	first := !p.isClosed
	p.isClosed = true
	if first {
		close(p.closing)
		for m := range p.live {
			m.kill()
		}
		if p.run != nil {
			p.run.end(ErrClosed)
		}
		p.stopCtx()
	}
	p.mu.Unlock()
	if !first {
		<-p.closed
		return nil
	}
	p.keepers.Wait()
	close(p.launches)
	p.spawner.Wait()
	<-p.turn // no run looks at the board any more
	p.unwatch()
	if p.table != nil {
		p.table.Close()
	}
	p.board.seg.Close()
	close(p.closed)
	return nil
}

// forget takes a closed object from the workers: its memory is free only when
// nobody has it any more.
func (p *Pool) forget(id segment.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.members {
		if m == nil {
			continue
		}
		if _, ok := m.loans[id]; ok {
			delete(m.loans, id)
			m.need++
			// After an error the worker is dead.
			_ = m.post(appendMessage(nil, drop, id), nil)
		}
	}
}

// PIDs returns the process numbers of the workers there are now.
func (p *Pool) PIDs() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	var pids []int
	for _, m := range p.members {
		if m != nil {
			pids = append(pids, m.pid)
		}
	}
	return pids
}

// keep has a worker in a slot until the pool is closed. It sends to ready when
// the first is, or cannot be.
func (p *Pool) keep(slot int, ready chan<- error) {
	failures, pause, since := 0, time.Duration(0), time.Time{}
	for first := true; ; first = false {
		m, err := p.launch(slot)
		if err == nil {
			failures = 0
			p.join(m)
			if first {
				ready <- nil
			}
			<-m.read
			if p.bury(m) {
				pause = 0
			} else {
				pause = min(max(firstPause, 2*pause), longestPause)
			}
		} else {
			if first {
				ready <- err
				return
			}
			if failures++; failures == 1 {
				since = time.Now()
			}
			if failures >= mostFailures && time.Since(since) > failFor {
				p.fail(failures, err)
				return
			}
			pause = min(max(firstPause, 2*pause), longestPause)
		}
		select {
		case <-p.closing:
			return
		default:
		}
		if pause > firstPause {
			select {
			case <-p.closing:
				return
			case <-time.After(pause):
			}
		}
	}
}

// launch starts a worker and waits until it has said hello.
func (p *Pool) launch(slot int) (*member, error) {
	secret, err := newSecret()
	if err != nil {
		return nil, err
	}
	reply := make(chan launched, 1)
	l := launch{
		secret: secret, memory: p.memory, cpu: -1, reply: reply,
		procs: max(1, runtime.GOMAXPROCS(0)/p.board.slots),
	}
	if all := processors(); p.pin && len(all) > 0 {
		l.cpu = all[slot%len(all)]
	}
	p.launches <- l
	started := <-reply
	if started.err != nil {
		return nil, fmt.Errorf("parmap/proc: start a worker: %w", started.err)
	}
	m := &member{process: started.p, slot: slot, loans: map[segment.ID]loan{},
		codecs: map[*kernel.Entry]*decodec{}, read: make(chan struct{})}
	p.mu.Lock()
	p.live[m] = true
	p.incarnation++
	m.incarnation = p.incarnation
	if p.isClosed {
		m.kill()
	}
	p.mu.Unlock()
	output := p.drain(m)
	ended := make(chan string, 1)
	go func() {
		s := m.wait()
		// What it sent can still be read. Then comes the end, also if something
		// else holds its socket.
		_ = m.conn.CloseRead()
		ended <- s
	}()
	m.reap = func() *CrashError {
		state := <-ended
		tail := output()
		p.mu.Lock()
		delete(p.live, m)
		if m.killedFor != "" {
			state = m.killedFor
		}
		p.mu.Unlock()
		m.conn.Close()
		return &CrashError{PID: m.pid, State: state, Stderr: tail}
	}
	m.conn.SetReadDeadline(time.Now().Add(startTimeout))
	r := bufio.NewReader(m.conn)
	k, content, err := readMessage(r, make([]byte, 0, 64))
	if err == nil && (k != hello || string(content) != secret) {
		err = errors.New("parmap/proc: a stranger said hello")
	}
	if err == nil {
		err = m.conn.SetReadDeadline(time.Time{})
	}
	if err == nil {
		s := setup{Slot: slot, Slots: p.board.slots, Incarnation: m.incarnation, Recycle: p.recycle}
		err = m.post(appendMessage(nil, welcome, s), rights(p.board.seg.File()))
	}
	if err != nil {
		var late net.Error
		p.mu.Lock()
		if errors.As(err, &late) && late.Timeout() {
			m.killedFor = fmt.Sprintf("no hello within %v", startTimeout)
		}
		p.mu.Unlock()
		m.kill()
		return nil, m.reap()
	}
	go func() {
		defer close(m.read)
		p.read(m, r)
	}()
	return m, nil
}

// post writes a message. A worker reads at any time; one that does not for
// postTimeout is dead or stopped, and is killed.
func (m *member) post(b, oob []byte) error {
	err := m.conn.SetWriteDeadline(time.Now().Add(postTimeout))
	for len(b) > 0 && err == nil {
		var n int
		n, _, err = m.conn.WriteMsgUnix(b, oob, nil)
		b, oob = b[n:], nil
	}
	if err != nil {
		m.kill()
	}
	return err
}

// drain copies what a worker writes to the pool's writer. The returned function
// waits for the end and returns the beginning and the end of standard error.
func (p *Pool) drain(m *member) (said func() []byte) {
	var head, tail []byte
	cut := false
	var readers sync.WaitGroup
	var ended atomic.Bool
	forward := func(r *os.File, keep bool) {
		buf := make([]byte, 32<<10)
		for {
			n, err := r.Read(buf)
			if n > 0 {
				if keep {
					b := buf[:n]
					k := min(len(b), headBytes-len(head))
					head, b = append(head, b[:k]...), b[k:]
					if tail = append(tail, b...); len(tail) > 4*tailBytes {
						tail = append(tail[:0], tail[len(tail)-tailBytes:]...)
						cut = true
					}
				}
				p.writing.Lock()
				_, _ = p.stderr.Write(buf[:n])
				p.writing.Unlock()
			}
			if err != nil {
				return
			}
			if ended.Load() {
				_ = r.SetReadDeadline(time.Now().Add(drainFor))
			}
		}
	}
	readers.Go(func() { forward(m.out, false) })
	readers.Go(func() { forward(m.process.err, true) })
	return func() []byte {
		ended.Store(true)
		for _, r := range []*os.File{m.out, m.process.err} {
			_ = r.SetReadDeadline(time.Now().Add(drainFor))
		}
		readers.Wait()
		m.out.Close()
		m.process.err.Close()
		if len(tail) > tailBytes {
			tail, cut = tail[len(tail)-tailBytes:], true
		}
		if cut {
			head = append(head, "\n...\n"...)
		}
		return append(head, tail...)
	}
}

// read takes what a worker sends, until its end.
func (p *Pool) read(m *member, r *bufio.Reader) {
	var buf []byte
	for {
		k, content, err := readMessage(r, buf)
		if err != nil {
			return
		}
		if cap(content) <= 1<<20 {
			buf = content
		}
		switch k {
		case poke:
			p.mu.Lock()
			if p.run != nil {
				p.run.touch()
			}
			p.mu.Unlock()
		case failed:
			var f failure
			if decode(content, &f) != nil {
				return
			}
			p.mu.Lock()
			if p.run != nil {
				p.run.failed(&f)
				m.received++
				p.run.touch()
			}
			p.mu.Unlock()
		case result:
			p.mu.Lock()
			r := p.run
			p.mu.Unlock()
			if r != nil {
				r.result(m, content)
			}
		}
	}
}

// join makes a worker one that is offered work.
func (p *Pool) join(m *member) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.members[m.slot] = m
	if p.run != nil {
		p.run.offer(m, true)
	}
}

// bury takes a worker that has ended out of its slot, and reports whether it was
// of use: it retired, or had begun a chunk, of which retries bound the number.
func (p *Pool) bury(m *member) (useful bool) {
	m.kill() // its socket is at an end: it is dead, or as good as
	crash := m.reap()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.members[m.slot] = nil
	b := p.board
	leases := b.load(b.slot(m.slot, slotLeases))
	retired := b.load(b.slot(m.slot, slotState))&(1<<stateBits-1) == stateRetired
	if p.run != nil {
		p.run.died(m, leases, retired, crash)
	}
	for _, word := range []int{slotState, slotBlocked, slotLeases, slotSent} {
		b.store(b.slot(m.slot, word), 0)
	}
	return retired || leases > 0
}

// fail says that a slot cannot be filled any more.
func (p *Pool) fail(failures int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken = fmt.Errorf("parmap/proc: %d workers in a row did not start; the last: %w", failures, err)
	if p.run != nil {
		p.run.end(p.broken)
	}
}
