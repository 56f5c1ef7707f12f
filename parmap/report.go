package parmap

import (
	"math"
	"time"
)

// reportEvery is how long lies between two calls of a progress function.
const reportEvery = 100 * time.Millisecond

// longest is the longest time there is: 292 years.
const longest time.Duration = math.MaxInt64

// A reporter calls a progress function from time to time, in a goroutine of its own
// until end has joined that, and then once in its caller.
type reporter struct {
	f             func(Progress)
	count         func() int // how many indices are finished; safe for use at any time
	total, before int        // before: finished before the run
	began         time.Time
	over, joined  chan struct{}
	// How f ended, if it did not return; the goroutine's until that has ended:
	panicked *PanicError
	exited   bool // by runtime.Goexit
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
	for p.panicked == nil && !p.exited {
		select {
		case <-p.over:
		case <-t.C:
		}
		select {
		case <-p.over: // first, if both have come
			return
		default:
			t.Reset(reportEvery) // before f: after one that took long, the next tick would come too soon
			p.call(false)
		}
	}
}

// end makes the last call, unless one has not returned, and returns how that ended.
func (p *reporter) end() (panicked *PanicError, exited bool) {
	close(p.over)
	<-p.joined
	if p.panicked == nil && !p.exited {
		p.call(true)
	}
	return p.panicked, p.exited
}

func (p *reporter) call(last bool) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if v := recover(); v != nil {
			p.panicked = newPanicError(v)
		} else {
			p.exited = true
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
		s.Remaining = longest
		if left := float64(s.Elapsed) / float64(mine) * float64(s.Total-s.Done); left < float64(longest) {
			s.Remaining = max(1, time.Duration(left)) // 0 says that it is the last call
		}
	}
	return s
}
