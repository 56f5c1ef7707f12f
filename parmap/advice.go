package parmap

import (
	"fmt"
	"runtime"
	"slices"
	"time"
)

const (
	// A run is not worth advice if it is that busy.
	busyEnough = 0.8
	// A chunk that is more than this part of the run keeps the others waiting.
	largePart = 0.4
	// A chunk that is shorter than this, on average, costs as much as what it is for: a
	// claim that others make too takes 0.25 us.
	shortChunk = 500 * time.Nanosecond
	// Of so few nobody can tell.
	fewChunks = 1000
)

// advice returns what would make the run faster, as far as that is sure: of loops over
// indices on goroutines, if no attempt failed, and all workers have a processor.
func (s *Stats) advice() (all []string) {
	if !s.advisable || s.Workers < 2 || s.Workers > runtime.GOMAXPROCS(0) || s.Chunks == 0 || s.Efficiency() > busyEnough ||
		slices.ContainsFunc(s.Spans, func(v Span) bool { return v.Err != nil }) {
		return nil
	}
	if mean := s.busy() / time.Duration(s.Chunks); s.Chunks >= fewChunks && mean < shortChunk {
		return []string{fmt.Sprintf("chunks of %v: handing out one costs as much; raise Grain", short(mean))}
	}
	if s.alone() && s.asleep && s.busy() < rouseFor {
		return []string{fmt.Sprintf("ran in the caller: %v of work, and helpers that sleep are called for %v or more", short(s.busy()), rouseFor)}
	}
	if slow := s.Slowest(1); len(slow) > 0 && s.part(slow[0].Duration()) > largePart && s.awaited(slow[0]) {
		part := 100 * s.part(slow[0].Duration())
		if v := slow[0]; v.Hi-v.Lo > 1 {
			all = append(all, fmt.Sprintf("chunk [%d,%d) is %.0f%% of the run: try Dynamic with a small Grain", v.Lo, v.Hi, part))
		} else {
			all = append(all, fmt.Sprintf("index %d alone is %.0f%% of the run: share the work in its body, or begin with it", v.Lo, part))
		}
	}
	for i, w := range s.ByWorker {
		// To wake one takes up to rouseFor. The caller began at once, or had to wait for the system.
		if i > 0 && w.Chunks > 0 && w.StartUp > rouseFor && s.part(w.StartUp) > largePart {
			all = append(all, fmt.Sprintf("worker %d began after %.0f%% of the run, %v", i, 100*s.part(w.StartUp), short(w.StartUp)))
			break
		}
	}
	return all
}

// awaited reports whether another worker had nothing left to do for half of a span or
// more. One that had no chunk at all says nothing: it may have had other work to do.
func (s *Stats) awaited(v Span) bool {
	last := map[int]time.Duration{} // end of a worker's last span
	for _, w := range s.Spans {
		last[w.Worker] = w.End
	}
	for _, end := range last { // its own worker's is no earlier than its end
		if end <= v.Start+v.Duration()/2 {
			return true
		}
	}
	return false
}

// alone reports whether only worker 0 had chunks.
func (s *Stats) alone() bool {
	for i, w := range s.ByWorker {
		if i > 0 && w.Chunks > 0 {
			return false
		}
	}
	return true
}
