package parmap

import (
	"runtime"
	"time"
)

const (
	// awaitSpin is how long the caller looks for the end of the others' last
	// chunks before it sleeps.
	awaitSpin = 50 * time.Microsecond

	// looks is how often it looks between two looks at the clock, 40 ns each.
	looks = 100
)

// asleep is what the caller adds to live before it sleeps.
const asleep = 1 << 40

// join ends r: no helper touches it afterwards. An offer counts 1 in live, from
// before it is made until it is retracted or who took it has left.
func (r *region) join() {
	retracted := int64(0)
	for _, h := range r.crew {
		if h.slot.Load() == r && h.retract(r) {
			retracted++
		}
	}
	if r.alone || r.live.Add(-retracted) == 0 {
		return
	}
	if r.procs > 1 {
		for end := time.Now().Add(awaitSpin); time.Now().Before(end); {
			for range looks {
				if r.live.Load() == 0 {
					return
				}
			}
		}
	}
	if r.wake == nil {
		// Not before it is needed: the next user of a region from a testing/synctest
		// bubble may be outside, where a channel of the bubble must not be received from.
		r.wake = make(chan struct{}, 1)
	}
	for {
		v := r.live.Load()
		if v == 0 {
			return
		}
		if r.live.CompareAndSwap(v, v+asleep) {
			<-r.wake
			r.live.Store(0)
			return
		}
	}
}

// leave is a helper's last touch of r, unless the caller sleeps: then r stays
// until the last has woken it.
func (r *region) leave() {
	if r.live.Add(-1) == asleep {
		r.wake <- struct{}{}
		// The caller is next on this processor; let it have it.
		runtime.Gosched()
	}
}
