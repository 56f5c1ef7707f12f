package sched

import "sync/atomic"

// A cursor counts the cells handed out. Every claim writes it, so it has its
// cache line for itself.
type cursor struct {
	_ [lineSize]byte
	v atomic.Uint64
	_ [lineSize - 8]byte
}

// nextCell is Dynamic and Serial: one cell after the other. A claim is one
// fetch-and-add. The cursor passes cells by at most one for each worker.
func (s *State) nextCell() (lo, hi int) {
	k := s.cursor.v.Add(1) - 1
	if k >= uint64(s.cells) {
		return s.cells, s.cells
	}
	return int(k), int(k) + 1
}

// nextGuided hands out 1/(2*workers) of what is left: chunks fall from large to
// one cell. The factor two is for bodies that get cheaper along the range:
// with 1/workers the first chunk can be more than a fair share of the work
// (Polychronopoulos and Kuck, 1987, have 1/workers).
func (s *State) nextGuided(limit int) (lo, hi int) {
	for {
		k := s.cursor.v.Load()
		left := s.cells - int(k)
		if left == 0 {
			return s.cells, s.cells
		}
		take := min(max(1, left/s.workers/2), limit)
		if s.cursor.v.CompareAndSwap(k, k+uint64(take)) {
			return int(k), int(k) + take
		}
	}
}
