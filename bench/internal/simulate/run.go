package simulate

import (
	"fmt"
	"math/rand/v2"
)

// Run simulates l under p on so many workers of m, of which no more take part
// than l has cells. It panics if l has no body or there is no worker.
func Run(l Loop, p Policy, workers int, m Machine) Result {
	if len(l.Costs) == 0 {
		panic("simulate: loop without a body")
	}
	if workers <= 0 {
		panic("simulate: no worker")
	}
	m.Overlap = max(1, m.Overlap)
	result := Result{Workers: workers, Ideal: l.Ideal(workers), Bodies: l.Total()}
	if p == Ideal {
		result.Makespan, result.Came = result.Ideal, workers
		result.Ending = float64(workers)*result.Makespan - result.Bodies
		return result
	}
	r := &region{
		m:      &m,
		policy: p,
		until:  make([]float64, len(l.Costs)+1),
		ran:    make([]bool, len(l.Costs)),
		result: result,
	}
	for i, c := range l.Costs {
		r.until[i+1] = r.until[i] + c
	}
	taking, dealt := r.open(l.Grain)
	r.workers = make([]worker, taking)
	for w := range r.workers {
		r.workers[w].pause = rand.New(rand.NewPCG(m.Noise.Seed, uint64(w)))
		r.workers[w].next = m.Noise.Every * r.workers[w].pause.ExpFloat64()
	}
	r.live = taking - 1
	r.at(dealt, r.offer(1))
	r.run()
	return r.close()
}

// A region is one run. Its workers come, claim chunks and leave, as in parmap.
type region struct {
	clock
	m       *Machine
	policy  Policy
	claims  claims
	until   []float64 // until[i] is the time of the bodies before i
	ran     []bool
	workers []worker
	result  Result

	roll   line // on which helpers come and go, and the caller counts its offers
	live   int  // helpers that can still touch the region
	joined bool // the caller waits for nothing else
}

type worker struct {
	came     bool
	gone     bool // of a helper that has not come: its offer is retracted
	began    float64
	asked    float64 // when its last claim began
	claiming float64
	ended    float64 // when that was over, with nothing
	paused   float64
	pause    *rand.Rand
	next     float64 // the next pause
}

// offer returns the caller's making of its offer to helper k, and all further.
func (r *region) offer(k int) func(t float64) {
	return func(t float64) {
		if k == len(r.workers) {
			r.come(0, t)
			return
		}
		t = r.roll.write(r.m, 0, t) + r.m.Offer
		delay := r.m.Notice
		if r.m.Parked {
			t += r.m.Wake
			delay = r.m.Arrive
		}
		r.at(t+delay, func(t float64) {
			if h := &r.workers[k]; !h.gone {
				h.came = true
				r.at(r.roll.write(r.m, k, t), func(t float64) { r.come(k, t) })
			}
		})
		r.at(t, r.offer(k+1))
	}
}

// come lets worker w begin.
func (r *region) come(w int, t float64) {
	r.workers[w].came = true
	r.workers[w].began = t
	r.claim(w, t)
}

// claim lets w ask for its next chunk.
func (r *region) claim(w int, t float64) {
	r.workers[w].asked = t
	r.claims.ask(w, t)
}

// got is the end of w's claim: it runs the chunk, and asks again, or leaves.
func (r *region) got(w int, t float64, lo, hi int) {
	k := &r.workers[w]
	k.claiming += t - k.asked
	if lo == hi {
		k.ended = t
		r.leave(w, t)
		return
	}
	r.result.Chunks++
	for i := lo; i < hi; i++ {
		if r.ran[i] {
			panic(fmt.Sprintf("simulate: index %d was handed out twice", i))
		}
		r.ran[i] = true
	}
	end := t + r.until[hi] - r.until[lo]
	for noise := r.m.Noise; noise.Every > 0 && k.next < end; {
		if k.next >= t {
			end += noise.Length
			k.paused += noise.Length
		}
		k.next += noise.Length + noise.Every*k.pause.ExpFloat64()
	}
	r.at(end, func(t float64) { r.claim(w, t) })
}

// leave is a helper's signing out, or the caller's join.
func (r *region) leave(w int, t float64) {
	if w == 0 {
		slots := len(r.workers) - 1
		looks := (slots + r.m.Overlap - 1) / r.m.Overlap
		r.at(t+float64(looks)*r.m.Transfer, r.join)
		return
	}
	r.at(r.roll.write(r.m, w, t), func(t float64) {
		if r.live--; r.live == 0 && r.joined {
			r.finish(t + r.m.Transfer)
		}
	})
}

// join retracts what nobody took.
func (r *region) join(t float64) {
	if len(r.workers) == 1 {
		r.finish(t)
		return
	}
	for k := range r.workers {
		if h := &r.workers[k]; !h.came && !r.policy.waits() {
			h.gone = true
			r.live--
			t += r.m.Claim
		}
	}
	r.at(r.roll.write(r.m, 0, t), func(t float64) {
		if r.joined = true; r.live == 0 {
			r.finish(t)
		}
	})
}

func (r *region) finish(t float64) {
	r.result.Makespan = t
	r.stop()
}

// close adds up what the workers did.
func (r *region) close() Result {
	for i, ran := range r.ran {
		if !ran {
			panic(fmt.Sprintf("simulate: index %d was not handed out", i))
		}
	}
	s := &r.result
	s.Starting = float64(s.Workers-len(r.workers)) * s.Makespan
	for _, k := range r.workers {
		if !k.came {
			s.Starting += s.Makespan
			continue
		}
		s.Came++
		s.Starting += k.began
		s.Claiming += k.claiming
		s.Ending += s.Makespan - k.ended
		s.Paused += k.paused
	}
	return *s
}
