package timeline_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/timeline"
)

// An event is one of the trace-event format.
type event struct {
	Name, Ph, Cat, S string
	Ts, Dur          json.Number
	PID, TID         int
	Args             struct {
		Lo, Hi    *int
		Err       *string
		Name      string
		SortIndex int `json:"sort_index"`
	}
}

// trace returns the events of s by phase, each in order.
func trace(t *testing.T, s *parmap.Stats) map[string][]event {
	t.Helper()
	before := copied(s)
	var b bytes.Buffer
	require.NoError(t, timeline.ChromeTrace(&b, s))
	require.True(t, same(before, s), "the Stats was changed")
	var file struct {
		TraceEvents     []event
		DisplayTimeUnit string
		OtherData       map[string]string
	}
	require.NoError(t, json.Unmarshal(b.Bytes(), &file))
	assert.NotNil(t, file.TraceEvents)
	assert.Equal(t, "ms", file.DisplayTimeUnit)
	assert.Equal(t, fmt.Sprint(s.Chunks), file.OtherData["chunks"])
	assert.Equal(t, s.Wall.String(), file.OtherData["wall"])
	all := map[string][]event{}
	for _, e := range file.TraceEvents {
		all[e.Ph] = append(all[e.Ph], e)
	}
	return all
}

func nanoseconds(t *testing.T, micros json.Number) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(micros.String() + "us")
	require.NoError(t, err)
	return d
}

func TestChromeTraceHasAllSpans(t *testing.T) {
	for _, s := range []*parmap.Stats{
		small(),
		many(5000, 3, func(k int) error {
			if k%7 == 0 {
				return fmt.Errorf("index %d: boom", k)
			}
			return nil
		}),
		{Spans: []parmap.Span{{Start: 1, End: 1}, {Worker: 1, PID: 1, Start: 123456789012345, End: math.MaxInt64}}},
	} {
		events := trace(t, s)
		require.Len(t, events["X"], len(s.Spans))
		var failures []parmap.Span
		for i, e := range events["X"] {
			span := s.Spans[i]
			assert.Equal(t, fmt.Sprintf("[%d,%d)", span.Lo, span.Hi), e.Name)
			assert.Equal(t, "chunk", e.Cat)
			assert.Equal(t, span.PID, e.PID)
			assert.Equal(t, span.Worker+1, e.TID)
			assert.Equal(t, span.Start, nanoseconds(t, e.Ts))
			assert.Equal(t, span.Duration(), nanoseconds(t, e.Dur))
			assert.Equal(t, span.Lo, *e.Args.Lo)
			assert.Equal(t, span.Hi, *e.Args.Hi)
			if span.Err == nil {
				assert.Nil(t, e.Args.Err)
			} else {
				assert.Equal(t, span.Err.Error(), *e.Args.Err)
				failures = append(failures, span)
			}
		}
		require.Len(t, events["i"], len(failures))
		for i, e := range events["i"] {
			assert.Equal(t, "failed", e.Name)
			assert.Equal(t, "t", e.S)
			assert.Equal(t, failures[i].PID, e.PID)
			assert.Equal(t, failures[i].Worker+1, e.TID)
			assert.Equal(t, failures[i].End, nanoseconds(t, e.Ts))
			assert.Equal(t, failures[i].Err.Error(), *e.Args.Err)
		}
	}
}

// TestChromeTraceNames holds that each worker of each process has a name and a place, once,
// and before its first event.
func TestChromeTraceNames(t *testing.T) {
	names := func(s *parmap.Stats) (all []string) {
		for _, e := range trace(t, s)["M"] {
			text := fmt.Sprintf("%d/%d %s", e.PID, e.TID, e.Name)
			if e.Args.Name != "" {
				text += " " + e.Args.Name
			} else {
				text += fmt.Sprintf(" %d", e.Args.SortIndex)
			}
			all = append(all, text)
		}
		return all
	}
	got := names(small())
	require.Len(t, got, 4*4)
	assert.Equal(t, []string{
		"70/1 process_sort_index 0", "70/1 process_name worker 0", "70/1 thread_name worker 0", "70/1 thread_sort_index 0",
		"71/2 process_sort_index 1", "71/2 process_name worker 1", "71/2 thread_name worker 1", "71/2 thread_sort_index 1",
	}, got[:8])
	assert.Equal(t, "73/2 process_name worker 1", got[13], "the process that took the place of 71")

	one := small()
	for i := range one.Spans {
		one.Spans[i].PID = 70
	}
	assert.Equal(t, []string{
		"70/1 process_name parmap", "70/1 thread_name worker 0", "70/1 thread_sort_index 0",
		"70/2 process_name parmap", "70/2 thread_name worker 1", "70/2 thread_sort_index 1",
		"70/3 process_name parmap", "70/3 thread_name worker 2", "70/3 thread_sort_index 2",
	}, names(one))
}

func TestChromeTraceEscapesErrors(t *testing.T) {
	s := small()
	s.Spans[1].Err = errors.New("\"}],\n\x00 </script> \\ \xff \u2028")
	assert.Equal(t, "\"}],\n\x00 </script> \\ \ufffd \u2028", *trace(t, s)["X"][1].Args.Err)
}

func TestChromeTraceOfNothing(t *testing.T) {
	assert.Empty(t, trace(t, &parmap.Stats{}))
	assert.PanicsWithValue(t, "parmap/timeline: nil stats", func() { _ = timeline.ChromeTrace(&bytes.Buffer{}, nil) })
}

func TestChromeTraceReturnsErrorsOfTheWriter(t *testing.T) {
	for _, s := range []*parmap.Stats{{}, small(), many(3000, 4, nil)} {
		var b bytes.Buffer
		require.NoError(t, timeline.ChromeTrace(&b, s))
		for rest := 0; rest < b.Len(); rest += 1 + b.Len()/20 {
			assert.ErrorIs(t, timeline.ChromeTrace(&limitedWriter{rest}, s), errFull)
		}
		assert.NoError(t, timeline.ChromeTrace(&limitedWriter{b.Len()}, s))
	}
}

// TestChromeTraceStreams holds that events are not collected before they are written.
func TestChromeTraceStreams(t *testing.T) {
	s := many(40000, 4, nil)
	var largest sizes
	require.NoError(t, timeline.ChromeTrace(&largest, s))
	assert.Greater(t, largest.writes, 50)
	assert.LessOrEqual(t, largest.most, 1<<16)
}

// sizes counts writes.
type sizes struct{ writes, most, bytes int }

func (s *sizes) Write(b []byte) (int, error) {
	s.writes++
	s.most = max(s.most, len(b))
	s.bytes += len(b)
	return len(b), nil
}

func BenchmarkSVG(b *testing.B)         { benchmark(b, timeline.SVG) }
func BenchmarkChromeTrace(b *testing.B) { benchmark(b, timeline.ChromeTrace) }

// benchmark writes a run of 100,000 chunks by 16 workers.
func benchmark(b *testing.B, write func(w io.Writer, s *parmap.Stats) error) {
	s := many(100000, 16, nil)
	var n sizes
	b.ReportAllocs()
	for b.Loop() {
		n = sizes{}
		if err := write(&n, s); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n.bytes)/1e6, "MB")
}
