//go:build linux

package proc_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/proc"
)

// TestStatsOfACrash holds that an attempt that a death broke off is there, with its reason,
// beside the one that took its place.
func TestStatsOfACrash(t *testing.T) {
	for _, how := range []string{"SIGKILL", "exit 3", "goexit"} {
		p := quiet(t, 2)
		var s parmap.Stats
		out := zeros(t, crashRows)
		var last parmap.Progress
		before := p.PIDs()
		err := crash.Run(t.Context(), crashRows, crashArgs{Out: out, At: 123, How: how, Flag: filepath.Join(t.TempDir(), "flag")},
			parmap.On(p), parmap.Output(out), parmap.Grain(10), parmap.Record(&s), parmap.OnProgress(func(p parmap.Progress) {
				assert.GreaterOrEqual(t, p.Done, last.Done)
				last = p
			}))
		require.NoError(t, err, how)
		adds(t, &s, 2)
		assert.Equal(t, crashRows, last.Done)
		assert.Equal(t, []int{51, 1, 1}, []int{s.Chunks, s.Retries, s.Crashes}, how)
		all := spansAt(&s, 123)
		require.Len(t, all, 2)
		var crash *proc.CrashError
		require.ErrorAs(t, all[0].Err, &crash)
		assert.Equal(t, crash.PID, all[0].PID)
		assert.Contains(t, before, all[0].PID)
		assert.NoError(t, all[1].Err)
		assert.NotEqual(t, all[0].PID, all[1].PID)
		assert.LessOrEqual(t, all[0].End, all[1].Start, "only when the first was dead")
	}
}

// TestStatsOfTwoCrashes holds that each attempt at a chunk counts, also if two die in one.
func TestStatsOfTwoCrashes(t *testing.T) {
	p := quiet(t, 2)
	r := newRecorded(t)
	r.make(t, "once40", "SIGKILL")
	r.make(t, "once41", "SIGKILL")
	var s parmap.Stats
	err := recorded.Run(t.Context(), recordedRows, r.args, parmap.On(p), parmap.Output(r.args.Out), parmap.Grain(4), parmap.Record(&s))
	require.NoError(t, err)
	adds(t, &s, 2)
	assert.Equal(t, []int{recordedRows/4 + 2, 2, 2}, []int{s.Chunks, s.Retries, s.Crashes})
	all := spansAt(&s, 40)
	require.Len(t, all, 3)
	for _, v := range all[:2] {
		assert.ErrorAs(t, v.Err, new(*proc.CrashError))
	}
	assert.NoError(t, all[2].Err)
}

// TestStatsOfRetriesUsedUp holds that a chunk in which every worker died, or took too long,
// is finished for nobody, and has a span for each attempt.
func TestStatsOfRetriesUsedUp(t *testing.T) {
	const timeout = 300 * time.Millisecond
	for how, opts := range map[string][]proc.Option{
		"exit 3":        {proc.Retries(1)},
		"infinite loop": {proc.Retries(1), proc.ChunkTimeout(timeout)},
	} {
		for _, collect := range []bool{false, true} {
			p := quiet(t, 2, opts...)
			var s parmap.Stats
			var last parmap.Progress
			options := []parmap.RunOption{parmap.On(p), parmap.Grain(10), parmap.Record(&s), parmap.OnProgress(func(p parmap.Progress) { last = p })}
			if collect {
				options = append(options, parmap.CollectErrors)
			}
			err := fail.Run(t.Context(), 200, failArgs{nil, map[int]string{42: how}}, options...)
			require.ErrorAs(t, err, new(*proc.CrashError), how)
			adds(t, &s, 2)
			assert.Equal(t, []int{1, 2}, []int{s.Retries, s.Crashes}, how)
			all := spansAt(&s, 42)
			require.Len(t, all, 2, how)
			for _, v := range all {
				var crash *proc.CrashError
				require.ErrorAs(t, v.Err, &crash)
				assert.Equal(t, crash.PID, v.PID)
				if how == "infinite loop" {
					assert.True(t, crash.Timeout())
					assert.GreaterOrEqual(t, v.Duration(), timeout)
				}
			}
			assert.Equal(t, succeeded(&s), last.Done, how)
			if collect {
				assert.Equal(t, 190, last.Done, how)
				assert.Equal(t, 21, s.Chunks, how)
			}
		}
	}
}

// TestStatsOfAKill holds that a body that is killed after it was cancelled is a crash, with
// its span.
func TestStatsOfAKill(t *testing.T) {
	p := quiet(t, 2)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer time.AfterFunc(20*time.Second, func() { cancel(errors.New("it never came so far")) }).Stop()
	var s parmap.Stats
	var last parmap.Progress
	err := fail.Run(ctx, 100, failArgs{nil, map[int]string{42: "infinite loop"}}, parmap.On(p), parmap.Grain(10), parmap.Record(&s),
		parmap.OnProgress(func(p parmap.Progress) {
			if last = p; p.Done == 90 {
				cancel(errCause)
			}
		}))
	require.ErrorIs(t, err, errCause)
	adds(t, &s, 2)
	assert.Equal(t, 90, last.Done)
	assert.Equal(t, []int{10, 0, 1}, []int{s.Chunks, s.Retries, s.Crashes})
	var crash *proc.CrashError
	require.ErrorAs(t, spansAt(&s, 42)[0].Err, &crash)
	assert.Contains(t, crash.State, "after its context was cancelled")
}

// TestStatsOfTheRecycled holds that a worker that leaves after so many chunks is no crash.
func TestStatsOfTheRecycled(t *testing.T) {
	p := quiet(t, 2, proc.RecycleAfter(10))
	var s parmap.Stats
	out := zeros(t, 100)
	require.NoError(t, crash.Run(t.Context(), 100, crashArgs{Out: out, At: -1}, parmap.On(p), parmap.Output(out), parmap.Grain(1), parmap.Record(&s)))
	adds(t, &s, 2)
	assert.Equal(t, []int{100, 0, 0}, []int{s.Chunks, s.Retries, s.Crashes})
	chunks := map[int]int{} // by process
	for _, v := range s.Spans {
		assert.NoError(t, v.Err)
		chunks[v.PID]++
	}
	assert.GreaterOrEqual(t, len(chunks), 10)
	for pid, n := range chunks {
		assert.LessOrEqual(t, n, 10, pid)
	}
}

// TestStatsOfACrashInAResumedRun holds that what was done before, and an attempt that broke
// off, are told apart from what is done now.
func TestStatsOfACrashInAResumedRun(t *testing.T) {
	p := quiet(t, 2)
	r := newRecorded(t)
	noTrouble := r.make(t, "trouble100", "error")
	require.Error(t, r.run(parmap.On(p), parmap.Workers(1)))
	noTrouble()
	done := len(r.done(t))
	require.Positive(t, done)
	r.make(t, "once200", "SIGKILL")
	var calls []parmap.Progress
	var s parmap.Stats
	require.NoError(t, r.run(parmap.On(p), parmap.Record(&s), parmap.OnProgress(func(p parmap.Progress) { calls = append(calls, p) })))
	adds(t, &s, 2)
	assert.Equal(t, []int{recordedRows - done + 1, 1, 1}, []int{s.Chunks, s.Retries, s.Crashes})
	assert.Len(t, spansAt(&s, 200), 2)
	for _, p := range calls {
		assert.True(t, done <= p.Done && p.Done <= p.Total, "%v", p)
	}
	assert.Equal(t, recordedRows, calls[len(calls)-1].Done)
	r.right(t)
}
