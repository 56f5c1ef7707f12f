package parmap

import (
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parfor-go/parfor/parmap/internal/park"
)

// The crew is the goroutines that help the callers of verbs. README.md beside
// this file has its states and why they are so. Nobody joins them: a helper
// that nobody needs parks within a millisecond and ends after a further 100.
var crew struct {
	mu   sync.Mutex                // held by who adds helpers
	list atomic.Pointer[[]*helper] // replaced, never changed
}

const (
	// spinFor is how long a helper looks for the next offer before it parks.
	// A spinning helper begins a chunk 0.2 us after the offer, a parked one
	// after 25 to 60; loops of a program's inner step follow each other within
	// some 200 us.
	spinFor = 500 * time.Microsecond

	// pause is how many turns of an empty loop, of 0.3 to 0.4 ns each, lie
	// between two looks of a spinning helper. The more, the seldomer it takes
	// part in a call that is over before it could help, and the seldomer it
	// pulls the slot's cache line away from the offer: EmptyRegion takes 320 ns
	// without a pause, 270 with 300, 220 with 500, 185 with 800 turns.
	// JoinRegion takes 600 ns without, 610 with 500, 680 with 800.
	pause = 600

	// yieldAt is the look, some 2 us after a region, at which a spinning helper's
	// thread lets another have its processor, if one waits for it. That can be the
	// caller's: the kernel wakes a helper's thread on the processor of its waker
	// now and then, also when another is free, and there in its place. The caller
	// would go on only when the helper parks, 500 us later. More yields make a helper
	// slower to see an offer that comes soon.
	//
	// But after a sleep it does so at yieldsAwake looks: the kernel owes one that has
	// slept some time, and lets it have the processor at once again. With 1, 2, 4 and
	// 8 yields 9, 3, 2 and 0.1 of 1000 loops of 20 bodies of 5 us after a pause of 2
	// ms (as in BenchmarkFine) took more than 450 us, most of them 630.
	yieldAt     = 8
	yieldsAwake = 8

	// maxCrew bounds the crew, whatever PARFOR_WORKERS says. Regions that want
	// more helpers start goroutines of their own.
	maxCrew = 1024

	// retireAfter is how long a helper stays parked before it ends.
	retireAfter = 100 * time.Millisecond
)

// A helper's word says whether it looks at its slot.
const (
	awake  = iota // it does, or runs a region
	parked        // it sleeps on the word
	absent        // its goroutine has ended or was never started
)

// A helper is one goroutine of the crew, or the place for one.
//
// Invariant: the slot is nil (free), a region (offered), or busy. Anyone may
// change nil to a region of his own, an offer; only who offered changes it
// back, a retraction; only the helper changes an offer to busy, or nil to busy
// when it stays for more of a region that it has not left, and busy to nil. So
// of retraction and taking exactly one succeeds, and who retracted knows that
// the helper has not and will not touch the region.
//
// The word goes awake -> parked -> absent by the helper's own doing, from
// parked back to awake by the helper that finds an offer, and from both to
// awake by the one who rouses it. While the slot is busy it is awake. Who
// offers looks at the word after the slot, a helper that parks at the slot
// after the word: so no offer lies before a sleeper that nobody rouses.
type helper struct {
	_     [128]byte
	slot  atomic.Pointer[region]
	word  park.Word
	index int  // in the crew; of one outside it -1
	procs int  // the helper's own: GOMAXPROCS in the region it was in last
	slept bool // the helper's own: it has slept, and not yielded since
	_     [128]byte
}

var busy = new(region)

// fromEnv returns PARFOR_WORKERS as it was at the first call, 0 if unset.
var fromEnv = sync.OnceValue(func() int {
	s := os.Getenv("PARFOR_WORKERS")
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		panic("parmap: PARFOR_WORKERS=" + strconv.Quote(s) + " is not a number of workers")
	}
	return n
})

// helpers returns the first n of the crew.
func helpers(n int) []*helper {
	if l := crew.list.Load(); l != nil && len(*l) >= n {
		return (*l)[:n]
	}
	crew.mu.Lock()
	defer crew.mu.Unlock()
	var list []*helper
	if l := crew.list.Load(); l != nil {
		list = append(list, *l...)
	}
	for len(list) < n {
		list = append(list, newHelper(len(list)))
	}
	crew.list.Store(&list)
	return list[:n]
}

// hired returns n helpers outside the crew, each for one offer of one region. One
// whose offer is retracted ends as soon as it has begun; nobody joins it.
func hired(n int) []*helper {
	list := make([]*helper, n)
	for i := range list {
		list[i] = newHelper(-1)
	}
	return list
}

func newHelper(index int) *helper {
	h := &helper{index: index}
	h.word.Init()
	h.word.Store(absent)
	return h
}

// idle reports whether an offer to h could be taken, and at once.
func (h *helper) idle() (free, atOnce bool) {
	return h.slot.Load() == nil, h.word.Load() == awake
}

// offer puts r before h, and h on its feet, and reports whether h was free.
func (h *helper) offer(r *region) bool {
	if !h.slot.CompareAndSwap(nil, r) {
		return false
	}
	for {
		switch h.word.Load() {
		case awake:
			return true
		case parked:
			if h.word.CompareAndSwap(parked, awake) {
				h.word.Wake()
				return true
			}
		case absent:
			if h.word.CompareAndSwap(absent, awake) {
				go h.loop()
				return true
			}
		}
	}
}

// retract takes the offer of r back and reports whether h had not taken it.
func (h *helper) retract(r *region) bool { return h.slot.CompareAndSwap(r, nil) }

// loop is the helper's life.
func (h *helper) loop() {
	h.slept = true // its thread has, or this goroutine would not be new
	if h.index < 0 {
		if r := h.slot.Load(); r != nil {
			h.take(r)
		}
		return
	}
	unlabel() // it will work for others than who started it
	for {
		r := h.next()
		if r == nil {
			return
		}
		h.take(r)
	}
}

// take serves r if it is still offered.
func (h *helper) take(r *region) {
	if !h.slot.CompareAndSwap(r, busy) {
		return
	}
	h.procs = r.procs
	serving, returned := true, false
	defer func() {
		if serving {
			h.slot.Store(nil)
		}
		r.leave()
		if !returned && h.index >= 0 { // a body called Goexit: this goroutine ends
			go h.loop()
		}
	}()
	w := int(r.joined.Add(1))
	r.attend(w, false)
	for r.visit != nil && h.index >= 0 {
		// Free first, then look: who brought more to do may have looked at the
		// slot when it was busy. From here on the slot can have a new offer.
		h.slot.Store(nil)
		serving = false
		if !r.visit.more() || !h.slot.CompareAndSwap(nil, busy) {
			break
		}
		serving = true
		r.attend(w, true)
	}
	returned = true
}

// next waits for an offer: spinning, then asleep. It returns nil when none
// came; the helper is then absent.
func (h *helper) next() *region {
	for {
		if r := h.spin(); r != nil {
			return r
		}
		h.word.Store(parked)
		if h.slot.Load() != nil {
			h.word.Store(awake) // here already; who offered may say so too
			continue
		}
		for end := time.Now().Add(retireAfter); h.word.Load() == parked; {
			left := time.Until(end)
			if left <= 0 && h.word.CompareAndSwap(parked, absent) {
				return nil
			}
			h.slept = true
			h.word.Wait(parked, left)
		}
	}
}

// spin looks for an offer for spinFor. It does not where a spinning helper
// would take the processor from those who work.
func (h *helper) spin() *region {
	if h.index >= h.procs-1 {
		return h.slot.Load()
	}
	yields := 1
	if h.slept {
		yields = yieldsAwake
	}
	for end, look := time.Now().Add(spinFor), 0; ; look++ {
		if r := h.slot.Load(); r != nil {
			return r
		}
		for range pause {
		}
		if look >= yieldAt && look < yieldAt+yields {
			park.Yield()
			h.slept = false
		}
		// The call is also where the runtime can preempt this goroutine, to
		// stop the world or to run another. Gosched in its place would let
		// another thread take it over: then a loop of 20 bodies of 5 us takes
		// 51 or 100 us, by chance.
		if time.Now().After(end) {
			return nil
		}
	}
}
