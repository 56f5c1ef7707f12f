package timeline

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/parfor-go/parfor/parmap"
)

// ChromeTrace writes the run that s has written down as JSON in the trace-event format,
// which ui.perfetto.dev and chrome://tracing open.
//
// An attempt at a chunk is a complete event, named by its indices: pid is that of the
// process, tid the worker's number plus one, as viewers have other plans for 0; args has
// the indices as lo and hi and the error, if there is one, as err. Where an attempt failed
// there is also an instant event, failed. Metadata events name workers and processes.
// Times are in microseconds, with all their digits.
//
// The events are written as they are made. An error is w's. A nil s panics.
func ChromeTrace(w io.Writer, s *parmap.Stats) error {
	if s == nil {
		panic("parmap/timeline: nil stats")
	}
	t := &trace{out: bufio.NewWriterSize(w, 1<<16), named: map[place]bool{}}
	t.several = slices.ContainsFunc(s.Spans, func(span parmap.Span) bool { return span.PID != s.Spans[0].PID })
	t.printf(`{"traceEvents":[`)
	for i := range s.Spans {
		t.span(&s.Spans[i])
	}
	t.printf("\n"+`],"displayTimeUnit":"ms","otherData":{"wall":"%v","workers":"%d","efficiency":"%s",`, s.Wall, s.Workers, percent(s.Efficiency()))
	t.printf(`"chunks":"%d","retries":"%d","crashes":"%d","dropped":"%d"}}`+"\n", s.Chunks, s.Retries, s.Crashes, s.Dropped)
	return t.out.Flush()
}

// A trace is a JSON file that is being written.
type trace struct {
	out     *bufio.Writer
	several bool           // processes
	named   map[place]bool // what has its metadata events
	begun   bool           // there is an event
}

// A place is where viewers show events.
type place struct{ pid, worker int }

func (t *trace) span(s *parmap.Span) {
	at := place{s.PID, s.Worker}
	if !t.named[at] {
		t.named[at] = true
		t.name(at)
	}
	t.event("X", fmt.Sprintf("[%d,%d)", s.Lo, s.Hi), at)
	t.printf(`,"cat":"chunk","ts":%s,"dur":%s,"args":{"lo":%d,"hi":%d`, micros(s.Start), micros(s.Duration()), s.Lo, s.Hi)
	if s.Err == nil {
		t.printf("}}")
		return
	}
	why := quote(s.Err.Error())
	t.printf(`,"err":%s},"cname":"terrible"}`, why)
	t.event("i", "failed", at)
	t.printf(`,"cat":"chunk","s":"t","ts":%s,"args":{"err":%s}}`, micros(s.End), why)
}

// name writes what a viewer is to call a worker and its process, and where to show them.
func (t *trace) name(at place) {
	process := "parmap"
	if t.several {
		process = fmt.Sprintf("worker %d", at.worker)
		t.event("M", "process_sort_index", at)
		t.printf(`,"args":{"sort_index":%d}}`, at.worker)
	}
	t.event("M", "process_name", at)
	t.printf(`,"args":{"name":"%s"}}`, process)
	t.event("M", "thread_name", at)
	t.printf(`,"args":{"name":"worker %d"}}`, at.worker)
	t.event("M", "thread_sort_index", at)
	t.printf(`,"args":{"sort_index":%d}}`, at.worker)
}

// event begins an event.
func (t *trace) event(phase, name string, at place) {
	if t.begun {
		t.printf(",")
	}
	t.begun = true
	t.printf("\n"+`{"ph":"%s","name":"%s","pid":%d,"tid":%d`, phase, name, at.pid, at.worker+1)
}

func (t *trace) printf(format string, args ...any) {
	fmt.Fprintf(t.out, format, args...) // a bufio.Writer keeps its error
}

// micros returns d in microseconds.
func micros(d time.Duration) string {
	d = max(d, 0)
	return fmt.Sprintf("%d.%03d", d/1000, d%1000)
}

// quote returns text as JSON.
func quote(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		return `""` // of a string there is no error
	}
	return string(b)
}
