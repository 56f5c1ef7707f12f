package parmap

import (
	"cmp"
	"errors"
	"os"
	"slices"
	"time"

	"github.com/parfor-go/parfor/parmap/internal/kernel"
)

// errExited is the error of a span in which a body called runtime.Goexit.
var errExited = errors.New("runtime.Goexit in a body")

// tally writes the Stats of a run in which no body runs any more.
func (w *watch) tally() {
	s := w.stats
	*s = Stats{Wall: time.Since(w.began), advisable: w.advisable, asleep: w.asleep}
	if w.call != nil {
		w.adopt(w.call, s.Wall)
		s.Retries, s.Crashes = w.call.Retries, w.call.Crashes
	}
	s.Workers = len(w.lanes)
	spans := 0
	for _, l := range w.lanes {
		l.spans.flush()
		spans += len(l.spans.all) + len(l.spans.failed)
	}
	s.ByWorker, s.Spans = make([]WorkerStats, 0, len(w.lanes)), make([]Span, 0, spans)
	for _, l := range w.lanes {
		s.take(l.stats, &l.spans)
	}
	s.order()
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

// take adds what a worker did.
func (s *Stats) take(w WorkerStats, spans *spans) {
	w.Wait = s.Wall - w.StartUp - w.Busy
	s.ByWorker = append(s.ByWorker, w)
	s.Chunks += w.Chunks
	s.Dropped += spans.dropped
	s.Spans = append(append(s.Spans, spans.all...), spans.failed...)
}

// order sorts the spans, and gives those of goroutines their process.
func (s *Stats) order() {
	pid := os.Getpid()
	for i := range s.Spans {
		if s.Spans[i].PID == 0 {
			s.Spans[i].PID = pid
		}
	}
	slices.SortStableFunc(s.Spans, func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })
}
