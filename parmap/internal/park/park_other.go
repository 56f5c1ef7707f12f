//go:build !linux

package park

import (
	"sync/atomic"
	"time"
)

// A Word is an atomic number that one goroutine at a time can sleep on. The
// zero Word is ready. What its values mean is for its user to say.
type Word struct {
	atomic.Uint32
	bell atomic.Pointer[chan struct{}] // made by the first of Wait and Wake
}

func (w *Word) ring() chan struct{} {
	if c := w.bell.Load(); c != nil {
		return *c
	}
	c := make(chan struct{}, 1)
	w.bell.CompareAndSwap(nil, &c)
	return *w.bell.Load()
}

// Wait sleeps while the word is old, until Wake or for d at most. It may
// return early: the caller looks at the word and decides.
func (w *Word) Wait(old uint32, d time.Duration) {
	bell := w.ring()
	if w.Load() != old {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-bell:
	case <-t.C:
	}
}

// Close does nothing: the system lends nothing.
func (w *Word) Close() {}

// Wake ends the sleep of the goroutine in Wait, if there is one. The word must
// have been changed before: who is about to sleep then does not.
func (w *Word) Wake() {
	select {
	case w.ring() <- struct{}{}:
	default: // rung already
	}
}

// Yield does nothing: the runtime has no call that gives up the thread's
// processor and not the goroutine's.
func Yield() {}
