package timeline

import (
	"cmp"
	"slices"
	"time"

	"github.com/parfor-go/parfor/parmap"
)

// A run is what is drawn of a Stats.
type run struct {
	*parmap.Stats
	end       time.Duration // at the right edge
	lanes     []lane
	hidden    int  // workers without a lane
	failed    int  // attempts
	processes bool // more than one
	empty     bool // nothing ran
}

// A lane is what a worker did.
type lane struct {
	worker       int
	done, failed []*parmap.Span // each in order of their starts
	pids         []int          // of its processes, one after the other
	parmap.WorkerStats
}

const (
	allLanes  = 256  // up to so many workers have a lane, whether they did something or not
	mostLanes = 1000 // more are not drawn
)

// newRun sorts the spans by worker. It takes everything that a Stats can hold, also if no
// run would write it.
func newRun(s *parmap.Stats) run {
	r := run{Stats: s, end: max(s.Wall, 1), empty: s.Chunks == 0 && len(s.Spans) == 0}
	if r.empty {
		return r
	}
	byWorker := map[int]*lane{}
	of := func(worker int) *lane {
		l := byWorker[worker]
		if l == nil {
			l = &lane{worker: worker}
			byWorker[worker] = l
		}
		return l
	}
	for i := range s.Spans {
		span := &s.Spans[i]
		l := of(span.Worker)
		if n := len(l.pids); n == 0 || l.pids[n-1] != span.PID {
			l.pids = append(l.pids, span.PID)
		}
		if span.Err != nil {
			l.failed = append(l.failed, span)
			r.failed++
		} else {
			l.done = append(l.done, span)
		}
		r.end = max(r.end, span.End)
		r.processes = r.processes || span.PID != s.Spans[0].PID
	}
	workers := max(s.Workers, len(s.ByWorker))
	for w := range workers {
		if workers <= allLanes || w < len(s.ByWorker) && s.ByWorker[w].Chunks > 0 {
			of(w)
		}
	}
	for _, l := range byWorker {
		byStart := func(a, b *parmap.Span) int { return cmp.Compare(a.Start, b.Start) }
		slices.SortStableFunc(l.done, byStart)
		slices.SortStableFunc(l.failed, byStart)
		l.WorkerStats = statsOf(s, l)
		r.lanes = append(r.lanes, *l)
	}
	slices.SortFunc(r.lanes, func(a, b lane) int { return cmp.Compare(a.worker, b.worker) })
	r.lanes = r.lanes[:min(len(r.lanes), mostLanes)]
	r.hidden = max(workers, len(byWorker)) - len(r.lanes)
	return r
}

// statsOf returns what s knows of a worker or, if it has not been written by a run, what
// the spans tell.
func statsOf(s *parmap.Stats, l *lane) parmap.WorkerStats {
	if 0 <= l.worker && l.worker < len(s.ByWorker) {
		return s.ByWorker[l.worker]
	}
	w := parmap.WorkerStats{Chunks: len(l.done)}
	for _, spans := range [][]*parmap.Span{l.done, l.failed} {
		for _, span := range spans {
			w.Busy += span.Duration()
		}
	}
	w.Wait = max(s.Wall-w.Busy, 0)
	return w
}

// share returns which part of the run a time is.
func (r *run) share(d time.Duration) float64 { return d.Seconds() / r.end.Seconds() }

// x returns how far from the left of the lanes a time is, or how long a time is there.
func (r *run) x(t time.Duration) float64 {
	return plot * min(max(float64(t)/float64(r.end), 0), 1)
}
