package parmap

import "time"

// reportEvery is how long lies between two calls of a progress function.
const reportEvery = 100 * time.Millisecond

// A reporter calls a progress function from time to time, in a goroutine of its own
// until end has joined that, and then once in its caller.
type reporter struct {
	f             func(Progress)
	count         func() int // how many indices are finished; safe for use at any time
	total, before int        // before: finished before the run
	began         time.Time
	over, joined  chan struct{}
	panicked      *PanicError // of f; the goroutine's until that has ended
}

// report starts to call f.
func report(f func(Progress), began time.Time, total, before int, count func() int) *reporter {
	p := &reporter{f: f, count: count, total: total, before: before, began: began,
		over: make(chan struct{}), joined: make(chan struct{})}
	go p.run()
	return p
}

func (p *reporter) run() {
	defer close(p.joined)
	t := time.NewTicker(reportEvery)
	defer t.Stop()
	for p.panicked == nil {
		select {
		case <-p.over:
		case <-t.C:
		}
		select {
		case <-p.over: // first, if both have come
			return
		default:
			p.call(false)
		}
	}
}

// end makes the last call, unless one has panicked, and returns the panic.
func (p *reporter) end() *PanicError {
	close(p.over)
	<-p.joined
	if p.panicked == nil {
		p.call(true)
	}
	return p.panicked
}

func (p *reporter) call(last bool) {
	returned := false
	defer func() {
		if !returned { // by a panic, or by Goexit, which is none of a body's
			p.panicked = newPanicError(recover())
		}
	}()
	p.f(p.now(last))
	returned = true
}

// now returns how far the run is.
func (p *reporter) now(last bool) Progress {
	s := Progress{Done: p.count(), Total: p.total, Elapsed: time.Since(p.began)}
	switch mine := s.Done - p.before; {
	case last:
	case mine <= 0 || p.total == 0:
		s.Remaining = -1
	default:
		// Not below 1: 0 says that it is the last call.
		s.Remaining = max(1, time.Duration(float64(s.Elapsed)/float64(mine)*float64(s.Total-s.Done)))
	}
	return s
}
