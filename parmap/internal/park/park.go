// Package park lets a goroutine sleep until another wakes it, soon, and without a
// disturbance to those who compute.
//
// A sleeper waits on a channel, as goroutines do, but who wakes it says Hurry:
// then it runs after 25 to 30 us instead of 100 to 130, as fast as from a futex (two
// processors of a virtual machine, both otherwise asleep, Go 1.26).
//
// To sleep on a futex is no better, and a trap: it is a system call, of which the
// runtime cannot know that it will last. Its monitor finds out, takes the processor
// from it, and then looks at least 50 times, every 20 to 70 us, for more of the kind.
// A program whose goroutines go to sleep so every few milliseconds has 10,000 such
// looks a second, each an interrupt and two switches on the processor of somebody who
// computes, and loses 8 to 20 percent of it. On an eventfd, in the runtime's poller, a
// sleeper can go unheard for 10 ms: a thread that comes from there with a goroutine
// to run leaves nobody behind who listens.
package park

import (
	"sync/atomic"
	"time"
)

// A Word is an atomic number that one goroutine at a time can sleep on. What its
// values mean is for its user to say.
//
// Invariant: who wakes the sleeper changes the number before it rings, and the
// sleeper looks at it before it listens. A ring that nobody needed any more ends
// the next sleep early, and nothing else.
type Word struct {
	atomic.Uint32
	bell  chan struct{} // has room for one ring
	timer *time.Timer   // the sleeper's
}

// Init makes w ready, before anybody else has it.
func (w *Word) Init() { w.bell = make(chan struct{}, 1) }

// Wait sleeps while the word is old, until Wake or for d at most. It may
// return early: the caller looks at the word and decides.
func (w *Word) Wait(old uint32, d time.Duration) {
	if w.Load() != old {
		return
	}
	if w.timer == nil {
		w.timer = time.NewTimer(d)
	} else {
		w.timer.Reset(d)
	}
	select {
	case <-w.bell:
		w.timer.Stop()
	case <-w.timer.C:
	}
}

// Wake ends the sleep of the goroutine in Wait, if there is one. The word must
// have been changed before: who is about to sleep then does not.
func (w *Word) Wake() {
	select {
	case w.bell <- struct{}{}:
	default: // rung already
	}
}

// Hurry makes the goroutine that the caller has woken or started last run soon.
//
// That one is the next of the caller's own processor, and may be about to run there:
// so another takes it only after a sleep, of 3 us it says, and of 70 to 100 in truth
// (runtime.runqgrab). But what is started after it takes its place as the next, and
// sends it into the queue, from which it is taken at once.
func Hurry() { go nothing() }

func nothing() {}
