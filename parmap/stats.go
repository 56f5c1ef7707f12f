package parmap

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Stats is what [Record] writes down about a run: who was busy when, and with what.
// Times are counted from when the run began: with a [Journal] that is when the rows of
// earlier runs have been checked.
type Stats struct {
	// Wall is how long the run took, on a pool of processes also while it waited for its
	// turn, but without a Journal's last sync.
	Wall time.Duration
	// Workers is how many could take part, and ByWorker has what each did: the caller's
	// goroutine is worker 0, of a pool its slots are numbered. Of a [Stream] Workers is how
	// many calls were under way at once, at most.
	Workers  int
	ByWorker []WorkerStats
	// Chunks is how many were run, each attempt counted, Retries how many of these were at
	// chunks that had been begun before, and Crashes how many worker processes died at work.
	Chunks, Retries, Crashes int
	// Spans are the attempts at chunks, in the order in which they began. Of a worker's
	// with an error the first 16,384 are there. If it had more others than that, some of the
	// shorter ones are left out, evenly over the run. Dropped says how many are missing.
	Spans   []Span
	Dropped int

	advisable, asleep bool // see watch
}

// WorkerStats is what one worker did in a run. StartUp, Busy and Wait add up to the
// run's Wall.
type WorkerStats struct {
	Chunks  int
	StartUp time.Duration // until its first chunk; 0 if it had none
	Busy    time.Duration // in chunks
	Wait    time.Duration // the rest
}

// A Span is one attempt at a chunk: which worker ran the indices [Lo, Hi), and when. Of
// [ForTile] the indices are numbers of tiles, of [Stream] those of items. [Scan] on several
// workers runs each chunk twice, and may wait in the second span for others' first ones.
type Span struct {
	Worker int
	PID    int // of the worker's process; on goroutines the program's own
	Lo, Hi int
	Start  time.Duration
	End    time.Duration
	Err    error // of the first body that failed, or why not all were run; nil if all succeeded
}

// Duration returns how long the attempt took.
func (s Span) Duration() time.Duration { return s.End - s.Start }

// Record writes into s what happened in the run, when that is over, also after an error
// or a panic. What was there before is gone. A progress function finds it in its last
// call, and must not look at it before. It costs some microseconds, 0.4 us a chunk and
// 64 bytes a span. Two runs at once must not have the same Stats. A nil s panics.
func Record(s *Stats) Option {
	if s == nil {
		panic("parmap: nil stats")
	}
	return record{stats: s}
}

// A record is longer than a pointer for the reason that an onProgress is.
type record struct {
	stats *Stats
	_     uintptr
}

func (record) runOption() {}
func (record) option()    {}

// Efficiency returns which part of the workers' time was spent in chunks: 1 is all of it,
// and 0 that nothing was run.
func (s *Stats) Efficiency() float64 {
	if s.Workers == 0 || s.Wall == 0 {
		return 0
	}
	return s.busy().Seconds() / (float64(s.Workers) * s.Wall.Seconds())
}

// busy returns the time that all workers together were.
func (s *Stats) busy() (sum time.Duration) {
	for _, w := range s.ByWorker {
		sum += w.Busy
	}
	return sum
}

// Slowest returns the k longest spans, or all if there are fewer, the longest first.
func (s *Stats) Slowest(k int) []Span {
	all := slices.Clone(s.Spans)
	slices.SortStableFunc(all, func(a, b Span) int { return cmp.Compare(b.Duration(), a.Duration()) })
	return all[:max(0, min(k, len(all)))]
}

// String says in a few lines how the run went, and of a loop on goroutines, where that is
// sure, what would make it faster.
func (s *Stats) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v on %s", short(s.Wall), number(s.Workers, "worker"))
	if s.Chunks > 0 {
		fmt.Fprintf(&b, ", %.0f%% busy; %s", 100*s.Efficiency(), number(s.Chunks, "chunk"))
		if slow := s.Slowest(1); len(slow) > 0 && s.Chunks > 1 {
			fmt.Fprintf(&b, ", the slowest [%d,%d) %v, %.0f%% of the run", slow[0].Lo, slow[0].Hi, short(slow[0].Duration()), 100*s.part(slow[0].Duration()))
		}
	}
	unfinished := 0
	for _, v := range s.Spans {
		if v.Err != nil {
			unfinished++
		}
	}
	for _, v := range []struct {
		n    int
		what string
	}{{unfinished, "unfinished attempt"}, {s.Crashes, "crash"}, {s.Retries, "retry"}} {
		if v.n > 0 {
			fmt.Fprintf(&b, "; %s", number(v.n, v.what))
		}
	}
	for _, a := range s.advice() {
		b.WriteString("\n" + a)
	}
	return b.String()
}

// part returns which part of the run a time is.
func (s *Stats) part(d time.Duration) float64 {
	if s.Wall == 0 {
		return 0
	}
	return d.Seconds() / s.Wall.Seconds()
}

// number returns n things of a name, as text.
func number(n int, name string) string {
	switch {
	case n == 1:
	case strings.HasSuffix(name, "sh"):
		name += "es"
	case strings.HasSuffix(name, "y"):
		name = strings.TrimSuffix(name, "y") + "ies"
	default:
		name += "s"
	}
	return fmt.Sprintf("%d %s", n, name)
}

// short returns d in three digits.
func short(d time.Duration) time.Duration {
	for unit := time.Duration(1); unit < time.Hour; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit)
		}
	}
	return d.Round(time.Minute)
}
