package timeline

import (
	"math"
	"time"

	"github.com/parfor-go/parfor/parmap"
)

// A bar is what one shape stands for: a span, or several that begin near to each other and
// are too short to be drawn apart.
type bar struct {
	first      *parmap.Span
	n          int
	start, end time.Duration
	lo, hi     int           // around all indices
	busy       time.Duration // in the spans
	cell       int           // in which others may join; -1: they may not
}

// merge makes bars of spans, which are in order of their starts. Those narrower than a cell
// are one bar with all others that begin in it: so there are at most two bars a cell.
func (r *run) merge(spans []*parmap.Span, cell float64) []bar {
	bars := make([]bar, 0, 64)
	for _, s := range spans {
		b := bar{s, 1, s.Start, max(s.End, s.Start), s.Lo, s.Hi, max(s.Duration(), 0), -1}
		if from, to := r.x(b.start), r.x(b.end); to-from < cell {
			b.cell = int(from / cell)
		}
		if last := len(bars) - 1; last >= 0 && b.cell >= 0 && b.cell == bars[last].cell {
			bars[last] = bars[last].with(b)
			continue
		}
		bars = append(bars, b)
	}
	return bars
}

// with returns one bar for b and a later one.
func (b bar) with(later bar) bar {
	b.n += later.n
	b.end = max(b.end, later.end)
	b.lo, b.hi = min(b.lo, later.lo), max(b.hi, later.hi)
	b.busy += later.busy
	return b
}

// A shape is where a bar is drawn.
type shape struct {
	bar
	x, width float64
	part     float64 // of the lane's height
}

// shapes places bars. One that is narrower than a unit of the picture, or stands for several
// spans, is drawn on whole units; it is lower the less of that time is in the spans, if
// not lower than the least part: its area tells how busy the worker was. Behind a wide
// bar there is a gap, so that neighbours can be told apart; a narrow one goes on below the
// next if that touches it, or there would be a seam where these are between two pixels.
func (r *run) shapes(bars []bar, least float64) []shape {
	all := make([]shape, len(bars))
	for i, b := range bars {
		from, to := r.x(b.start), r.x(b.end)
		next := math.Inf(1)
		if i+1 < len(bars) {
			next = r.x(bars[i+1].start)
		}
		s := shape{bar: b, x: from, part: 1}
		if b.n > 1 || to-from < 1 {
			s.x = min(math.Floor(from), plot-1)
			next = math.Floor(next)
			to = max(min(math.Ceil(to), next), s.x+1)
			s.part = min(max(r.x(b.busy)/max(to-from, 1e-9), least), 1)
		}
		s.width = to - s.x
		switch {
		case s.width > 3:
			s.width -= 0.75
		case next-to < seam:
			s.width = min(s.width+seam, plot-s.x)
		}
		all[i] = s
	}
	return all
}

// seam is how far a narrow bar goes on below the next.
const seam = 0.5

// A failure is what one cross stands for: failed attempts that end too near to each other
// for crosses of their own.
type failure struct {
	shapes []shape
	cross  float64 // where the first of them ends
}

// failures makes failures of spans, which are in order of their starts.
func (r *run) failures(spans []*parmap.Span, cell float64) []failure {
	var all []failure
	for _, s := range r.shapes(r.merge(spans, cell), 0.5) {
		end := r.x(s.end)
		if last := len(all) - 1; last >= 0 && end-all[last].cross < max(cell, crossStep) {
			all[last].shapes = append(all[last].shapes, s)
			continue
		}
		all = append(all, failure{[]shape{s}, end})
	}
	return all
}

// bar returns one bar for all of f.
func (f *failure) bar() bar {
	all := f.shapes[0].bar
	for _, s := range f.shapes[1:] {
		all = all.with(s.bar)
	}
	return all
}
