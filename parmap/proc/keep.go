package proc

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap/internal/kernel"
)

// A member is a worker that said hello.
type member struct {
	*process
	slot        int
	incarnation uint32
	loans       map[segment.ID]loan        // what it was given
	holding     bool                       // it was given the lock of the run's Log
	need        uint64                     // how many messages about these it was sent
	killedFor   string                     // the state of its CrashError; set before it is killed
	overdue     uint64                     // the chunk for which it is killed, if it took too long
	received    uint64                     // failures and results in this run
	codecs      map[*kernel.Entry]*decodec // the reader's
	read        chan struct{}              // closed when its socket was read to the end
	reap        func() *CrashError         // waits for the end of the process; once
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
				var crash *CrashError
				if errors.As(err, &crash) {
					err = fmt.Errorf("parmap/proc: a worker did not come to WorkerMain, which must be the first call in main: %w", err)
				}
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
	if p.closedBy != nil {
		m.kill()
	}
	p.mu.Unlock()
	output := p.drain(m)
	ended := make(chan string, 1)
	go func() {
		s := m.wait()
		// What it sent can still be read. Then comes the end, also if something
		// else holds its socket.
		m.conn.closeRead()
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
		m.bell.Close()
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
		err = m.post(appendMessage(nil, welcome, s), p.board.seg.File(), m.bell)
	}
	if err != nil {
		p.mu.Lock()
		if errors.Is(err, os.ErrDeadlineExceeded) {
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

// post writes a message, and files along with it. A worker reads at any time;
// one that does not for postTimeout is dead or stopped, and is killed.
func (m *member) post(b []byte, files ...*os.File) error {
	err := m.conn.SetWriteDeadline(time.Now().Add(postTimeout))
	for len(b) > 0 && err == nil {
		var n int
		n, err = m.conn.send(b, files)
		b, files = b[n:], nil
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
	var end atomic.Pointer[time.Time] // when reading ends at the latest; nil: it lives
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
			if t := end.Load(); t != nil {
				_ = r.SetReadDeadline(time.Now().Add(min(drainFor, time.Until(*t))))
			}
		}
	}
	readers.Go(func() { forward(m.out, false) })
	readers.Go(func() { forward(m.process.err, true) })
	return func() []byte {
		last := time.Now().Add(drainMost)
		end.Store(&last)
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
	state := b.load(b.slot(m.slot, slotState))
	if p.run != nil {
		p.run.died(m, leases, state, crash)
	}
	for _, word := range []int{slotState, slotBlocked, slotLeases, slotSent} {
		b.store(b.slot(m.slot, word), 0)
	}
	return leases > 0 || stateIn(state) == stateRetired
}
