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
	s.most = ceil(ceil(s.cells, s.workers), share)
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

// ceil returns n/d, rounded up.
func ceil(n, d int) int { return (n + d - 1) / d }

// share is the part of its own cells that a worker takes at once under Auto:
// 1/share. What it has in hand nobody can take over, so a large share costs
// balance; a small one costs claims, about 8 ns each. A worker that is alone
// has nobody to leave some to, and takes half at a time, to look in between whether
// the loop is to end.
//
// No chunk is larger than the first of an even deal. Where all cells are dealt
// to the caller, as the others sleep, an eighth of them would be more than all
// of one's part on nine workers: on 64, a loop of even bodies took 4.0 times
// the ideal with these asleep, and takes 1.4 to 1.7 (bodies that sleep 1 ms, 100
// for each worker).
const (
	share      = 8
	aloneShare = 2
)

// nextShare is Auto: an eighth of w's own cells, or when they are out, half of
// another worker's.
func (s *State) nextShare(w, limit int, alone bool) (lo, hi int) {
	part := share
	if alone {
		part = aloneShare
	} else {
		limit = min(limit, s.most)
	}
	own := &s.words[w]
	for {
		v := own.v.Load()
		lo, hi = unpack(v)
		if lo == hi {
			break
		}
		take := min(ceil(hi-lo, part), limit)
		if own.v.CompareAndSwap(v, pack(lo+take, hi)) {
			return lo, lo + take
		}
	}
	for at := Look(w, lo, len(s.words)); ; {
		victim, v := s.richest(at)
		if victim == nil {
			return s.cells, s.cells
		}
		for ; ; v = victim.v.Load() {
			if lo, hi = unpack(v); lo == hi {
				break // look again
			}
			mid := lo + (hi-lo)/2
			if victim.v.CompareAndSwap(v, pack(lo, mid)) {
				take := min(ceil(hi-mid, part), limit)
				own.v.Store(pack(mid+take, hi))
				return mid, mid + take
			}
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

// Window is how many words a thief compares.
//
// If all thieves took from the richest of all, all would choose the same, one
// would succeed, and the others would have looked at all words in vain. So each
// begins somewhere else, takes from the richest of the first few that have any
// cells, and if another was faster, from what that one has left. In the
// simulation, 1000 bodies of 20 ms in all, the second half ten times as dear as
// the first, take 1.66 of the ideal on 256 workers, and took 2.55.
const Window = 8

// richest returns a word with cells and its value, or nil when all are empty.
func (s *State) richest(at int) (victim *word, v uint64) {
	most := 0
	for i := range s.words {
		if i%Window == 0 && victim != nil {
			break
		}
		x := s.words[at].v.Load()
		if lo, hi := unpack(x); hi-lo > most {
			victim, v, most = &s.words[at], x, hi-lo
		}
		if at++; at == len(s.words) {
			at = 0
		}
	}
	return victim, v
}

// Look returns which of so many words w looks at first: another each time, as w
// has come to the end of its cells at another each time.
func Look(w, end, words int) int {
	h := uint32(w)*0x9E3779B1 ^ uint32(end)*0x85EBCA77
	h ^= h >> 15 // a factor mixes a bit into those above it alone
	h *= 0x2C1B3C6D
	h ^= h >> 12
	return int(uint64(h) * uint64(words) >> 32)
}
