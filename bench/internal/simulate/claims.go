package simulate

import (
	"github.com/parfor-go/parfor/chunk"
	"github.com/parfor-go/parfor/internal/sched"
)

// claims are how a policy hands out chunks: ask has worker w claim from t on, and
// ends, maybe later, in one call of got.
type claims interface{ ask(w int, t float64) }

// open sets r.claims, and returns how many workers take part and when the
// caller has dealt.
func (r *region) open(grain int) (workers int, dealt float64) {
	n := len(r.ran)
	workers = min(r.result.Workers, n)
	switch r.policy {
	case OpenMPStatic:
		r.claims = &blocks{r, chunk.ByCount(n, workers), make([]bool, workers)}
		return workers, 0
	case OpenMPGuided:
		r.claims = &cursor{region: r, swap: true, next: guided(n, grain, workers)}
		return workers, 0
	case Serial:
		workers = 1
	}
	s := new(sched.State)
	kind := r.policy.kind()
	cells := s.Cut(kind, n, grain, workers)
	kind = s.Kind() // which can be another
	workers = min(workers, cells)
	parts := workers
	if r.m.Parked && kind == sched.Auto {
		parts = 1 // parmap deals to those who are awake, or at all costs if Static
	}
	s.Deal(workers, parts)
	alone := workers == 1
	next := func(w int) (lo, hi int) { return s.Next(w, sched.NoLimit, alone) }
	if kind != sched.Auto && kind != sched.Static {
		r.claims = &cursor{region: r, swap: kind == sched.Guided, next: next}
		return workers, 0
	}
	r.claims = newWords(r, kind, max(1, grain), cells, workers, parts, next)
	return workers, float64(workers-1) * r.m.Deal
}

// A cursor is one line that all workers write.
type cursor struct {
	*region
	line line
	next func(w int) (lo, hi int)
	swap bool // by load and compare-and-swap: who finds nothing left does not write
	over bool
}

func (c *cursor) ask(w int, t float64) {
	if c.over && c.swap {
		c.at(c.line.read(c.m, w, t), func(t float64) { c.got(w, t, 0, 0) })
		return
	}
	c.at(c.line.write(c.m, w, t), func(t float64) {
		lo, hi := c.next(w)
		c.over = hi == len(c.ran)
		c.got(w, t, lo, hi)
	})
}

// guided returns the chunks of OpenMPGuided.
func guided(n, grain, workers int) func(w int) (lo, hi int) {
	at := 0
	return func(int) (lo, hi int) {
		left := n - at
		lo = at
		at += min(left, max(1, grain, (left+workers-1)/workers))
		return lo, at
	}
}

// blocks are OpenMPStatic: nothing to claim.
type blocks struct {
	*region
	grid chunk.Grid
	had  []bool
}

func (b *blocks) ask(w int, t float64) {
	if b.had[w] {
		b.got(w, t, 0, 0)
		return
	}
	b.had[w] = true
	own := b.grid.At(w)
	b.got(w, t, own.Lo, own.Hi)
}
