package parmap

import (
	"errors"
	"os"
	"time"

	"github.com/parfor-go/parfor/parmap/internal/kernel"
)

var (
	// errExited is the error of a span in which a body called runtime.Goexit.
	errExited = errors.New("runtime.Goexit in a body")

	// errEnded is the error of a span that ends before its chunk, if no body in it failed.
	errEnded = errors.New("the rest was left out, as the run was to end")
)

// tally writes the Stats of a run in which no body runs any more.
func (w *watch) tally() {
	s := w.stats
	*s = Stats{Wall: time.Since(w.began), advisable: w.advisable, asleep: w.asleep}
	if w.call != nil {
		w.adopt(w.call, s.Wall)
		s.Retries, s.Crashes = w.call.Retries, w.call.Crashes
	}
	s.Workers = len(w.lanes)
	s.ByWorker = make([]WorkerStats, 0, len(w.lanes))
	lists := make([][]Span, 0, 2*len(w.lanes))
	for _, l := range w.lanes {
		l.spans.flush()
		lists = append(lists, l.spans.all, l.spans.failed)
		l.stats.Wait = s.Wall - l.stats.StartUp - l.stats.Busy
		s.ByWorker = append(s.ByWorker, l.stats)
		s.Chunks += l.stats.Chunks
		s.Dropped += l.spans.dropped
	}
	s.Spans = merged(lists)
	pid := os.Getpid()
	for i := range s.Spans {
		if s.Spans[i].PID == 0 {
			s.Spans[i].PID = pid
		}
	}
}

// merged returns the spans of all lists, each of which is in the order in which its spans
// began, in that order.
func merged(lists [][]Span) []Span {
	for len(lists) > 1 {
		half := lists[:0]
		for i := 0; i < len(lists); i += 2 {
			list := lists[i]
			if i+1 < len(lists) {
				list = merge(list, lists[i+1])
			}
			half = append(half, list)
		}
		lists = half
	}
	if len(lists) == 0 {
		return nil
	}
	return lists[0]
}

func merge(a, b []Span) []Span {
	if len(a) == 0 {
		return b
	}
	if len(b) == 0 {
		return a
	}
	all := make([]Span, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if a[0].Start <= b[0].Start {
			all, a = append(all, a[0]), a[1:]
		} else {
			all, b = append(all, b[0]), b[1:]
		}
	}
	return append(append(all, a...), b...)
}

// adopt makes lanes of what a backend tells. Its processes read one clock by way of another,
// and microseconds apart: of one worker an attempt begins behind the last one's end.
func (w *watch) adopt(call *kernel.Watch, wall time.Duration) {
	for range call.Workers {
		w.hire()
	}
	for _, a := range call.Attempts {
		l := w.lanes[a.Worker]
		a.Start = min(max(a.Start, l.now.End), wall)
		a.End = min(max(a.Start, a.End), wall)
		l.begin(Span(a))
		l.end(a.End, a.Err)
	}
}
