// Package sched decides which worker runs which chunk when.
//
// A run of n indices is cut into cells of grain indices; a chunk is one or
// more neighbouring cells. Every schedule hands out every cell exactly once,
// to whoever asks, and never waits for a worker that has not come: a worker
// that runs out of its own cells takes those of the others. So the run is over
// when Next has nothing for any worker, however few of them came.
//
// One file a schedule: cursor.go has Dynamic and Guided, which share one
// counter; words.go has Static and Auto, which give each worker cells of its
// own.
package sched

import "math"

// Kind names a schedule. The order is that of parmap's constants.
type Kind uint8

const (
	Auto    Kind = iota // own cells, an eighth at a time; then half of somebody else's; few as Guided
	Static              // own cells, all at once; then all of somebody else's
	Dynamic             // the next cell
	Guided              // the next 1/(2*workers) of the cells that are left
	Serial              // all cells, at once
)

// maxCells is the largest number of cells, so that two cell numbers fit in a
// word. Longer runs get coarser cells: at a billion chunks nobody notices.
const maxCells = 1 << 30

// dynamicCells is the number of cells a worker that Dynamic cuts by default:
// balance to about one percent, at two percent of the claims that a cell an
// index would cost a long run.
const dynamicCells = 64

// maxWords is the largest number of workers that have cells of their own. Each
// looks at the words of all when there is nothing left, which grows with the
// square of their number: 10,000 workers with a word each took 0.4 s for it. So
// many are there to wait for something else, and one cursor serves them as well.
// In the simulation, 100,000 bodies of 100 ms in all take 3.0 times the ideal on
// 1024 workers with words, and 6.5 with a cursor.
const maxWords = 1024

// fewCells is the number of cells for each worker below which Auto hands them
// out as Guided does: there is little to divide, and less to do for it. Two empty
// bodies on two workers take 228 ns so, with words 257 (EmptyRegion); in the
// simulation, 1000 bodies of 20 ms in all on 256 workers 1.4 to 1.6 times the
// ideal, with words 1.6 to 1.8.
const fewCells = 8

// NoLimit is a limit on chunks that no chunk reaches.
const NoLimit = math.MaxInt

// A State is the claims of one run. Cut and Deal make it ready; after that any
// number of goroutines may call Next, each with a worker number of its own.
// Who called Deal publishes the State to them.
//
// Invariant: the cells that no Next has returned are those in the words (Auto,
// Static) or those from the cursor on (the others), each in exactly one place,
// but for those that a worker has just taken from another and not yet put in
// its own word.
type State struct {
	kind    Kind
	n       int
	size    int // indices in a cell
	cells   int
	workers int // who may ask
	most    int // cells in a chunk of Auto, but for one who is alone
	words   []word
	cursor  cursor
}

// Cut prepares s for n indices, n > 0, in chunks of at least grain indices but
// for the last (0: the schedule's default), and returns the number of cells.
// Workers is how many would like to take part.
func (s *State) Cut(kind Kind, n, grain, workers int) (cells int) {
	if grain == 0 {
		grain = 1
		if kind == Dynamic {
			grain = max(1, n/dynamicCells/workers)
		}
	}
	if kind == Serial {
		grain = n
	}
	if workers > maxWords {
		switch kind {
		case Auto:
			kind = Guided
		case Static:
			kind, grain = Dynamic, max(grain, (n-1)/workers+1)
		}
	}
	s.kind, s.n = kind, n
	s.size = max(grain, (n-1)/maxCells+1)
	s.cells = (n-1)/s.size + 1
	if kind == Auto && s.cells < fewCells*workers {
		s.kind = Guided
	}
	return s.cells
}

// Kind returns the schedule that hands the cells out: as Cut was told, or
// another where that is no good.
func (s *State) Kind() Kind { return s.kind }

// Deal opens s to workers workers. The first parts of them are expected at
// once: Auto and Static deal the cells out to these, and the others have to
// take from them.
func (s *State) Deal(workers, parts int) {
	s.workers = workers
	s.cursor.v.Store(0)
	if s.kind == Auto || s.kind == Static {
		s.deal(parts)
	}
}

// Next claims a chunk of at most limit cells (Static: of all its cells) for
// worker w, 0 <= w < workers, and returns its indices. It returns an empty
// range when no cell is left. A worker that knows of no other says so: alone
// makes Auto's chunks fewer.
func (s *State) Next(w, limit int, alone bool) (lo, hi int) {
	switch s.kind {
	case Auto:
		lo, hi = s.nextShare(w, limit, alone)
	case Static:
		lo, hi = s.nextBlock(w)
	case Guided:
		lo, hi = s.nextGuided(limit)
	default:
		lo, hi = s.nextCell()
	}
	if hi == s.cells { // hi*size can be above n, and above MaxInt
		if lo == hi {
			return s.n, s.n
		}
		return lo * s.size, s.n
	}
	return lo * s.size, hi * s.size
}
