//go:build linux

package proc_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
)

// adds holds that the numbers of a run add up: each attempt is a span, of one worker one
// follows the other, and it was busy in them and nowhere else.
func adds(t *testing.T, s *parmap.Stats, workers int) {
	t.Helper()
	require.Equal(t, workers, s.Workers)
	require.Len(t, s.ByWorker, workers)
	chunks, end := 0, make([]time.Duration, workers)
	want := make([]parmap.WorkerStats, workers)
	for i, w := range s.ByWorker {
		chunks += w.Chunks
		assert.Equal(t, s.Wall, w.StartUp+w.Busy+w.Wait)
		assert.GreaterOrEqual(t, w.Wait, time.Duration(0))
		want[i].Wait = w.Wait
	}
	assert.Equal(t, s.Chunks, chunks)
	assert.Len(t, s.Spans, s.Chunks)
	for _, v := range s.Spans {
		assert.True(t, end[v.Worker] <= v.Start && v.Start <= v.End && v.End <= s.Wall, "%v after %v, in %v", v, end[v.Worker], s.Wall)
		end[v.Worker] = v.End
		assert.Positive(t, v.PID)
		w := &want[v.Worker]
		if w.Chunks++; w.Chunks == 1 {
			w.StartUp = v.Start
		}
		w.Busy += v.Duration()
	}
	assert.Equal(t, want, s.ByWorker)
}

// succeeded returns how many indices the spans without an error have.
func succeeded(s *parmap.Stats) (n int) {
	for _, v := range s.Spans {
		if v.Err == nil {
			n += v.Hi - v.Lo
		}
	}
	return n
}

// spansAt returns those that have an index.
func spansAt(s *parmap.Stats, i int) (all []parmap.Span) {
	for _, v := range s.Spans {
		if v.Lo <= i && i < v.Hi {
			all = append(all, v)
		}
	}
	return all
}

// TestStats holds what is recorded of a run in which nothing happens, and that the progress
// comes to its end.
func TestStats(t *testing.T) {
	for _, workers := range []int{1, 2, 7} {
		p := quiet(t, workers)
		for _, n := range []int{0, 1, 10, crashRows} {
			var s parmap.Stats
			var calls []parmap.Progress
			out := zeros(t, n)
			err := crash.Run(t.Context(), n, crashArgs{Out: out, At: -1}, parmap.On(p), parmap.Output(out), parmap.Grain(10),
				parmap.Record(&s), parmap.OnProgress(func(p parmap.Progress) { calls = append(calls, p) }))
			require.NoError(t, err)
			last := calls[len(calls)-1]
			assert.Equal(t, parmap.Progress{Done: n, Total: n, Elapsed: last.Elapsed}, last)
			if n == 0 {
				assert.Empty(t, s.Spans)
				continue
			}
			adds(t, &s, workers)
			assert.Equal(t, (n+9)/10, s.Chunks)
			assert.Zero(t, s.Retries+s.Crashes)
			for i := range n {
				all := spansAt(&s, i)
				require.Len(t, all, 1)
				require.NoError(t, all[0].Err)
				require.Equal(t, i/10*10, all[0].Lo)
				require.Contains(t, p.PIDs(), all[0].PID)
			}
		}
	}
}

// TestStatsOfTimes holds that a worker is busy as long as its bodies take.
func TestStatsOfTimes(t *testing.T) {
	p := quiet(t, 2)
	r := newRecorded(t)
	r.args.Take = 2 * time.Millisecond
	var s parmap.Stats
	require.NoError(t, recorded.Run(t.Context(), recordedRows, r.args, parmap.On(p), parmap.Output(r.args.Out), parmap.Grain(4), parmap.Record(&s)))
	adds(t, &s, 2)
	for _, v := range s.Spans {
		assert.GreaterOrEqual(t, v.Duration(), 4*r.args.Take)
	}
	for _, w := range s.ByWorker {
		assert.GreaterOrEqual(t, w.Busy, time.Duration(4*w.Chunks)*r.args.Take)
	}
}

// TestProgressWhileRunning holds that Done grows while the bodies run: one of them waits
// until it has come to all others.
func TestProgressWhileRunning(t *testing.T) {
	p := quiet(t, 2)
	r := newRecorded(t)
	r.make(t, "trouble200", "wait")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var calls []int
	err := recorded.Run(ctx, recordedRows, r.args, parmap.On(p), parmap.Output(r.args.Out), parmap.Grain(1),
		parmap.OnProgress(func(p parmap.Progress) {
			if calls = append(calls, p.Done); p.Done == recordedRows-1 {
				cancel()
			}
		}))
	require.ErrorIs(t, err, context.Canceled)
	assert.True(t, slices.IsSorted(calls), "%v", calls)
	assert.Equal(t, recordedRows-1, calls[len(calls)-1])
}

// TestStatsOfErrors holds what is recorded of bodies that fail, and of those that gave up.
func TestStatsOfErrors(t *testing.T) {
	p := quiet(t, 2)
	for _, collect := range []bool{false, true} {
		var s parmap.Stats
		var last parmap.Progress
		out := zeros(t, 500)
		options := []parmap.RunOption{parmap.On(p), parmap.Output(out), parmap.Grain(10), parmap.Record(&s), parmap.OnProgress(func(p parmap.Progress) { last = p })}
		if collect {
			options = append(options, parmap.CollectErrors)
		}
		err := fail.Run(t.Context(), 500, failArgs{Out: out, Hows: map[int]string{77: "error", 333: "panic"}}, options...)
		require.Error(t, err)
		adds(t, &s, 2)
		done := succeeded(&s)
		if !collect {
			assert.Equal(t, done, last.Done)
			continue
		}
		assert.Equal(t, 500, last.Done)
		assert.Equal(t, 480, done)
		assert.Len(t, spansAt(&s, 77), 1)
		assert.Error(t, spansAt(&s, 77)[0].Err)
		var panicked *parmap.PanicError
		assert.ErrorAs(t, spansAt(&s, 333)[0].Err, &panicked)
		assert.Zero(t, s.Retries+s.Crashes, "a panic is no crash")
	}

	ctx, cancel := context.WithCancelCause(t.Context())
	r := newRecorded(t)
	r.args.Take = 10 * time.Millisecond
	var s parmap.Stats
	var last parmap.Progress
	boom := errors.New("boom")
	err := recorded.Run(ctx, recordedRows, r.args, parmap.On(p), parmap.Output(r.args.Out), parmap.Grain(1), parmap.Record(&s),
		parmap.OnProgress(func(p parmap.Progress) { last = p; cancel(boom) }))
	require.ErrorIs(t, err, boom)
	adds(t, &s, 2)
	assert.Less(t, last.Done, recordedRows)
	assert.Equal(t, last.Done, succeeded(&s))
}

// TestProgressOfAResumedRun holds that what an earlier run has done counts, and what is left
// is reckoned from this run alone.
func TestProgressOfAResumedRun(t *testing.T) {
	for _, backend := range [][]parmap.RunOption{nil, {parmap.On(quiet(t, 2))}} {
		r := newRecorded(t)
		r.args.Take = 2 * time.Millisecond
		noTrouble := r.make(t, "trouble100", "error")
		var s parmap.Stats
		require.Error(t, r.run(append(backend, parmap.Workers(1), parmap.Record(&s))...))
		noTrouble()
		done := len(r.done(t))
		require.Positive(t, done)
		assert.Equal(t, done+1, s.Chunks, "none was begun behind that which failed")
		assert.Error(t, s.Spans[done].Err)
		var calls []parmap.Progress
		require.NoError(t, r.run(append(backend, parmap.Record(&s), parmap.OnProgress(func(p parmap.Progress) { calls = append(calls, p) }))...))
		for _, p := range calls {
			assert.GreaterOrEqual(t, p.Done, done)
			assert.Equal(t, recordedRows, p.Total)
			if p.Remaining > 0 {
				mine := float64(p.Elapsed) / float64(p.Done-done)
				assert.InDelta(t, mine*float64(p.Total-p.Done), float64(p.Remaining), 2)
			}
		}
		assert.Equal(t, recordedRows, calls[len(calls)-1].Done)
		assert.Equal(t, recordedRows-done, s.Chunks)
		for _, v := range s.Spans {
			assert.Equal(t, 1, v.Hi-v.Lo)
		}

		calls = nil
		require.NoError(t, r.run(append(backend, parmap.Record(&s), parmap.OnProgress(func(p parmap.Progress) { calls = append(calls, p) }))...))
		assert.Equal(t, []parmap.Progress{{Done: recordedRows, Total: recordedRows, Elapsed: calls[0].Elapsed}}, calls, "nothing is to be done")
		assert.Zero(t, s.Chunks)
	}
}
