package sched

import (
	"sync/atomic"

	"github.com/parfor-go/parfor/chunk"
)

// lineSize keeps two words apart. Two cache lines of 64 bytes: processors
// fetch them in pairs.
const lineSize = 128

// A word holds the cells [lo, hi) that are left to one worker: lo in the upper
// half, hi in the lower. Its worker takes from the front and alone fills it
// when it is empty; any other worker takes from the back. Both do so by
// compare-and-swap of the whole word, so a cell leaves it once.
//
// No harm comes of a word that had the value x, then another, then x again:
// what a claim says is "these cells are here now", and that is true again.
type word struct {
	v atomic.Uint64
	_ [lineSize - 8]byte
}

func pack(lo, hi int) uint64 { return uint64(lo)<<32 | uint64(hi) }

func unpack(v uint64) (lo, hi int) { return int(v >> 32), int(v & (1<<32 - 1)) }

// deal gives the first parts workers an even block of neighbouring cells each,
// and the others nothing.
func (s *State) deal(parts int) {
	if cap(s.words) < s.workers {
		s.words = make([]word, s.workers)
	}
	s.words = s.words[:s.workers]
	blocks := chunk.ByCount(s.cells, parts)
	for w := range s.words {
		var v uint64
		if w < blocks.Len() {
			b := blocks.At(w)
			v = pack(b.Lo, b.Hi)
		}
		s.words[w].v.Store(v)
	}
}

// share is the part of its own cells that a worker takes at once under Auto:
// 1/share. What it has in hand nobody can take over, so a large share costs
// balance; a small one costs claims, about 8 ns each. A worker that is alone
// takes half at a time, so that one that comes late still finds some.
const (
	share      = 8
	aloneShare = 2
)

// nextShare is Auto: an eighth of w's own cells, or when they are out, half of
// the cells of the worker that has the most.
func (s *State) nextShare(w, limit int, alone bool) (lo, hi int) {
	part := share
	if alone {
		part = aloneShare
	}
	own := &s.words[w]
	for {
		v := own.v.Load()
		lo, hi = unpack(v)
		if lo == hi {
			break
		}
		take := min((hi-lo+part-1)/part, limit)
		if own.v.CompareAndSwap(v, pack(lo+take, hi)) {
			return lo, lo + take
		}
	}
	for {
		victim, v := s.richest(w)
		if victim == nil {
			return s.cells, s.cells
		}
		lo, hi = unpack(v)
		mid := lo + (hi-lo)/2
		if victim.v.CompareAndSwap(v, pack(lo, mid)) {
			take := min((hi-mid+part-1)/part, limit)
			own.v.Store(pack(mid+take, hi))
			return mid, mid + take
		}
	}
}

// nextBlock is Static: all of w's own cells, or when they are taken, all of
// another worker's, who is then not to come or late.
func (s *State) nextBlock(w int) (lo, hi int) {
	for i := range s.words {
		k := w + i
		if k >= len(s.words) {
			k -= len(s.words)
		}
		if v := s.words[k].v.Load(); v != 0 && s.words[k].v.CompareAndSwap(v, 0) {
			return unpack(v)
		}
	}
	return s.cells, s.cells
}

// richest returns the word with the most cells and its value, or nil when all
// are empty. It starts behind w, so that workers that look at the same time do
// not all begin with the same word.
func (s *State) richest(w int) (victim *word, v uint64) {
	most := 0
	for i := 1; i < len(s.words); i++ {
		k := w + i
		if k >= len(s.words) {
			k -= len(s.words)
		}
		x := s.words[k].v.Load()
		if lo, hi := unpack(x); hi-lo > most {
			victim, v, most = &s.words[k], x, hi-lo
		}
	}
	return victim, v
}
