package segment

import (
	"cmp"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// spreadPiece is how many bytes Spread hands out, and reserveAll reserves, at
// once: a multiple of every element's size and of a huge page's, and some 200 us
// of copying.
const spreadPiece = 4 << 20

// piecesOf returns how many pieces nbytes are, of which the last may be shorter.
func piecesOf(nbytes int) int {
	pieces := nbytes / spreadPiece
	if nbytes%spreadPiece != 0 {
		pieces++
	}
	return pieces
}

// Spread calls f for ranges that tile [0, nbytes), on up to GOMAXPROCS
// goroutines, and returns when none of them runs any more. All but the last
// range end at a multiple of 4 MiB. It returns an error of f's, after which no
// further range is handed out. A panic of f is raised in the caller, a fault
// as a *Fault.
//
// It is what fills or copies an array that is being created. It does not use
// the goroutines of package parmap, which depends on this one.
func Spread(nbytes int, f func(lo, hi int) error) error {
	pieces := piecesOf(nbytes)
	var s spread
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), pieces) - 1 {
		wg.Go(func() { s.work(nbytes, pieces, f) })
	}
	s.work(nbytes, pieces, f)
	wg.Wait()
	if s.panicked != nil {
		panic(s.panicked)
	}
	return s.err
}

// A spread is one call of Spread.
type spread struct {
	next atomic.Int64 // pieces handed out so far
	over atomic.Bool  // set with err and panicked: hand out no more

	mu       sync.Mutex
	err      error // under mu: the first
	panicked any   // under mu: of the last that did
}

func (s *spread) work(nbytes, pieces int, f func(lo, hi int) error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if v := recover(); v != nil {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.over.Store(true)
			s.panicked = Explain(v)
		}
	}()
	for !s.over.Load() {
		i := int(s.next.Add(1)) - 1
		if i >= pieces {
			return
		}
		lo := i * spreadPiece
		if err := f(lo, lo+min(spreadPiece, nbytes-lo)); err != nil {
			s.mu.Lock()
			s.err = cmp.Or(s.err, err)
			s.mu.Unlock()
			s.over.Store(true)
		}
	}
}
