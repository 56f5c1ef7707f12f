package proc

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap/internal/kernel"
)

// Tests change these.
var (
	// startTimeout is how long a worker may take to say hello. It takes 3 ms; what
	// users do before WorkerMain, and a busy machine, may take longer.
	startTimeout = 30 * time.Second
	// barrenFor is for how long nobody has begun a chunk, while workers died
	// (mostFailures for each that takes part), when a run is given up: somebody
	// who kills them may stop.
	barrenFor = 5 * time.Second
	// tellEvery is how often the parent looks for cells that are done, if they are
	// recorded. A look at a million of them takes half a millisecond.
	tellEvery = 250 * time.Millisecond
)

// countEvery is how often the parent looks how many cells are done, if somebody watches.
const countEvery = 100 * time.Millisecond

const (
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
	// drainMost is for how long it is read if something keeps writing.
	drainMost = time.Second
)

// A Pool is worker processes that run kernels. It is safe for use by several
// goroutines, whose runs take turns.
type Pool struct {
	// Invariants: each slot has a keeper, a goroutine that starts its worker,
	// waits for its end, and starts the next, until the pool is closed. A slot's
	// member is set while its worker can be offered work, and is nil from the
	// moment when its death is known and its process reaped.

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
	closedBy    error            // what a run says of it, for ever; nil: it is open

	// Of who has the turn.
	table  *segment.Segment // of claims, and the blob
	codecs map[*kernel.Entry]*codec
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
// that is not Linux, and one wrapping a *CrashError if a worker dies before it is
// ready, or is not within 30 s. A negative number of workers panics.
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
	p.spawner.Go(func() { spawn(p.launches) })
	ready := make(chan error, workers)
	for slot := range workers {
		p.keepers.Go(func() { p.keep(slot, ready) })
	}
	// Not before: Close waits for the keepers there are.
	p.mu.Lock()
	p.stopCtx = context.AfterFunc(ctx, func() { p.close(fmt.Errorf("%w: %w", ErrClosed, context.Cause(ctx))) })
	p.mu.Unlock()
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
	p.close(ErrClosed)
	return nil
}

// close is Close for a reason, which wraps ErrClosed.
func (p *Pool) close(why error) {
	p.mu.Lock()
	first := p.closedBy == nil
	if first {
		p.closedBy = why
		close(p.closing)
		for m := range p.live {
			m.kill()
		}
		if p.run != nil {
			p.run.end(why)
		}
		p.stopCtx()
	}
	p.mu.Unlock()
	if !first {
		<-p.closed
		return
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
			_ = m.post(appendMessage(nil, drop, id))
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

// fail says that a slot cannot be filled any more.
func (p *Pool) fail(failures int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken = fmt.Errorf("parmap/proc: %d workers in a row did not start; the last: %w", failures, err)
	if p.run != nil {
		p.run.end(p.broken)
	}
}
