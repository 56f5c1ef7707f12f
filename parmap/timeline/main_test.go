package timeline_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/parfor-go/parfor/internal/leakcheck"
	"github.com/parfor-go/parfor/parmap"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

const ms = time.Millisecond

// small is a run of three worker processes, of which one dies.
func small() *parmap.Stats {
	return &parmap.Stats{
		Wall: 100 * ms, Workers: 4, Chunks: 6, Retries: 1, Crashes: 1,
		ByWorker: []parmap.WorkerStats{
			{Chunks: 3, StartUp: 5 * ms, Busy: 90 * ms, Wait: 5 * ms},
			{Chunks: 1, StartUp: 5 * ms, Busy: 50 * ms, Wait: 45 * ms},
			{Chunks: 2, StartUp: 10 * ms, Busy: 80 * ms, Wait: 10 * ms},
			{Wait: 100 * ms},
		},
		Spans: []parmap.Span{
			{Worker: 0, PID: 70, Lo: 0, Hi: 10, Start: 5 * ms, End: 45 * ms},
			{Worker: 1, PID: 71, Lo: 10, Hi: 20, Start: 5 * ms, End: 25 * ms, Err: errors.New("worker 71 ended: signal: killed")},
			{Worker: 2, PID: 72, Lo: 20, Hi: 30, Start: 10 * ms, End: 80 * ms},
			{Worker: 0, PID: 70, Lo: 30, Hi: 40, Start: 46 * ms, End: 76 * ms},
			{Worker: 1, PID: 73, Lo: 10, Hi: 20, Start: 60 * ms, End: 90 * ms},
			{Worker: 0, PID: 70, Lo: 40, Hi: 50, Start: 77 * ms, End: 97 * ms},
			{Worker: 2, PID: 72, Lo: 50, Hi: 51, Start: 82 * ms, End: 92 * ms},
		},
	}
}

// many is a run of n chunks of 0.1 ms with 0.02 ms between them, every thousandth of 40 ms,
// of which all that fail says fail.
func many(n, workers int, fail func(chunk int) error) *parmap.Stats {
	s := &parmap.Stats{Workers: workers, Chunks: n, ByWorker: make([]parmap.WorkerStats, workers)}
	free := make([]time.Duration, workers)
	for k := range n {
		w := k % workers
		took := 100 * time.Microsecond
		if k/workers%1000 == 7 {
			took = 40 * ms
		}
		span := parmap.Span{Worker: w, PID: 1000 + w, Lo: 10 * k, Hi: 10*k + 10, Start: free[w], End: free[w] + took}
		if fail != nil {
			span.Err = fail(k)
		}
		free[w] = span.End + 20*time.Microsecond
		s.ByWorker[w].Chunks++
		s.ByWorker[w].Busy += took
		s.Spans = append(s.Spans, span)
		s.Wall = max(s.Wall, free[w])
	}
	return s
}

// A limitedWriter takes so many bytes, then fails.
type limitedWriter struct{ rest int }

var errFull = errors.New("disk full")

func (w *limitedWriter) Write(b []byte) (int, error) {
	if len(b) > w.rest {
		n := w.rest
		w.rest = 0
		return n, errFull
	}
	w.rest -= len(b)
	return len(b), nil
}

// copied returns a copy of s, to tell whether it was changed.
func copied(s *parmap.Stats) *parmap.Stats {
	c := *s
	c.ByWorker, c.Spans = slices.Clone(s.ByWorker), slices.Clone(s.Spans)
	return &c
}

func same(a, b *parmap.Stats) bool {
	return a.Wall == b.Wall && a.Workers == b.Workers && a.Chunks == b.Chunks && a.Retries == b.Retries && a.Crashes == b.Crashes &&
		a.Dropped == b.Dropped && slices.Equal(a.ByWorker, b.ByWorker) && slices.Equal(a.Spans, b.Spans)
}
