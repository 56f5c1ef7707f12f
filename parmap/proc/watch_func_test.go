//go:build linux

package proc_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/proc"
)

// TestStatsOfAFunc holds that items that travel together are a span.
func TestStatsOfAFunc(t *testing.T) {
	p := quiet(t, 2)
	var s parmap.Stats
	var last parmap.Progress
	in := make([]string, 100)
	for i := range in {
		in[i] = "args"
	}
	_, err := ask.Map(t.Context(), in, parmap.On(p), parmap.Grain(8), parmap.Record(&s), parmap.OnProgress(func(p parmap.Progress) { last = p }))
	require.NoError(t, err)
	adds(t, &s, 2)
	assert.Equal(t, 13, s.Chunks)
	assert.Equal(t, 100, last.Done)
}

// does does something, or fails with a text.
var does = parmap.NewFunc("does", func(ctx context.Context, how string) (string, error) {
	if how == "fine" {
		return how, nil
	}
	if err := act(ctx, how); err != nil {
		return "", err
	}
	return "", fmt.Errorf("the text %s", how)
})

// TestStatsOfAFuncThatFails holds that a cell in which some items failed is finished under
// CollectErrors alone, and that its span has the error of the first.
func TestStatsOfAFuncThatFails(t *testing.T) {
	p := quiet(t, 2)
	in := []string{"fine", "fine", "fine", "fine", "fine", "one", "two", "fine", "fine", "fine", "panic", "fine"}
	for _, collect := range []bool{false, true} {
		var s parmap.Stats
		var last parmap.Progress
		options := []parmap.RunOption{parmap.On(p), parmap.Grain(4), parmap.Record(&s), parmap.OnProgress(func(p parmap.Progress) { last = p })}
		if collect {
			options = append(options, parmap.CollectErrors)
		}
		_, err := does.Map(t.Context(), in, options...)
		require.Error(t, err)
		adds(t, &s, 2)
		assert.Zero(t, s.Retries+s.Crashes)
		if !collect {
			assert.Equal(t, succeeded(&s), last.Done)
			continue
		}
		assert.Equal(t, len(in), last.Done)
		require.Equal(t, 3, s.Chunks)
		assert.NoError(t, spansAt(&s, 0)[0].Err)
		assert.EqualError(t, spansAt(&s, 5)[0].Err, "the text one")
		assert.ErrorAs(t, spansAt(&s, 10)[0].Err, new(*parmap.PanicError))
	}
}

// TestStatsOfResultsThatCannotBeDecoded holds that a cell whose result is lost counts once,
// under CollectErrors alone, and that its span says so.
func TestStatsOfResultsThatCannotBeDecoded(t *testing.T) {
	p := quiet(t, 2)
	for _, collect := range []bool{false, true} {
		var s parmap.Stats
		var last parmap.Progress
		options := []parmap.RunOption{parmap.On(p), parmap.Grain(2), parmap.Record(&s), parmap.OnProgress(func(p parmap.Progress) { last = p })}
		if collect {
			options = append(options, parmap.CollectErrors)
		}
		_, err := pick.Map(t.Context(), []int{0, 0, 1, 0, 0, 3}, options...)
		require.ErrorContains(t, err, "nobody decodes a 1")
		adds(t, &s, 2)
		all := spansAt(&s, 2)
		require.Len(t, all, 1)
		assert.ErrorContains(t, all[0].Err, "nobody decodes a 1")
		if collect {
			assert.Equal(t, 6, last.Done)
			assert.Equal(t, 4, succeeded(&s))
		} else {
			assert.Equal(t, succeeded(&s), last.Done)
		}
	}
}

// TestStatsOfACellThatIsCut holds that a cell is not finished whose first item failed and
// whose second was cancelled.
func TestStatsOfACellThatIsCut(t *testing.T) {
	p := quiet(t, 1)
	for _, in := range [][]string{{"fails", "", "", "waits"}, {"fails", "waits", "", ""}, {"waits", "", "", ""}} {
		file := filepath.Join(t.TempDir(), "waits")
		for i := range in {
			if in[i] == "waits" {
				in[i] = file
			}
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		var s parmap.Stats
		var last parmap.Progress
		done := make(chan error, 1)
		go func() {
			_, err := firstFails.Map(ctx, in, parmap.On(p), parmap.Grain(4), parmap.CollectErrors, parmap.Record(&s),
				parmap.OnProgress(func(p parmap.Progress) { last = p }))
			done <- err
		}()
		require.Eventually(t, func() bool { _, err := os.Stat(file); return err == nil }, 20*time.Second, time.Millisecond)
		cancel(errCause)
		require.ErrorIs(t, <-done, errCause)
		adds(t, &s, 1)
		assert.Zero(t, last.Done)
		require.Len(t, s.Spans, 1)
		if in[0] == "fails" {
			assert.EqualError(t, s.Spans[0].Err, errBody.Error())
		} else {
			assert.ErrorIs(t, s.Spans[0].Err, errCause)
		}
	}
}

// TestStatsOfItemsNotBegun holds that a cell is not finished whose first item failed and
// whose second nobody began, as the run was to end.
func TestStatsOfItemsNotBegun(t *testing.T) {
	p := quiet(t, 1)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer time.AfterFunc(20*time.Second, func() { cancel(errors.New("it never came so far")) }).Stop()
	var s parmap.Stats
	var last parmap.Progress
	_, err := does.Map(ctx, []string{"fine", "fine", "give up", "fine"}, parmap.On(p), parmap.Grain(2),
		parmap.CollectErrors, parmap.Record(&s), parmap.OnProgress(func(p parmap.Progress) {
			if last = p; p.Done == 2 {
				cancel(errCause)
			}
		}))
	require.ErrorIs(t, err, errCause)
	adds(t, &s, 1)
	assert.Equal(t, 2, last.Done)
	assert.Equal(t, 2, succeeded(&s))
}

// TestStatsOfACrashBehindAFailure holds that the span of a cell in which an item failed has
// that error, as it is final, although its worker died then.
func TestStatsOfACrashBehindAFailure(t *testing.T) {
	p := quiet(t, 2, proc.Retries(2))
	var s parmap.Stats
	var last parmap.Progress
	_, err := does.Map(t.Context(), []string{"fine", "fine", "one", "exit 3", "fine", "fine"}, parmap.On(p), parmap.Grain(2),
		parmap.CollectErrors, parmap.Record(&s), parmap.OnProgress(func(p parmap.Progress) { last = p }))
	require.ErrorAs(t, err, new(*proc.CrashError))
	adds(t, &s, 2)
	assert.Equal(t, []int{3, 0, 1}, []int{s.Chunks, s.Retries, s.Crashes})
	assert.EqualError(t, spansAt(&s, 2)[0].Err, "the text one")
	assert.Equal(t, 4, last.Done)
}
