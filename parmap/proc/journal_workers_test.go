//go:build linux

package proc_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/proc"
	"github.com/parfor-go/parfor/shmarray"
)

type lockedArgs struct {
	Out *array
	Log string // the journal
}

// locked fails if its process has not the journal open, and with it the lock.
var locked = parmap.NewKernel("locked", func(_ context.Context, lo, hi int, a lockedArgs) error {
	open, err := opens("self", a.Log)
	if err != nil {
		return err
	}
	if !open {
		return errors.New("a body runs in a worker without the lock")
	}
	return nil
})

// opens reports whether a process has the file open.
func opens(pid, path string) (bool, error) {
	dir := fmt.Sprintf("/proc/%s/fd", pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(entries, func(e os.DirEntry) bool {
		target, _ := os.Readlink(filepath.Join(dir, e.Name()))
		return target == path
	}), nil
}

// TestJournalWorkersHaveTheLockFirst holds that no body runs in a worker that has not the
// journal's lock, in the first run of a worker and in later ones.
func TestJournalWorkersHaveTheLockFirst(t *testing.T) {
	p := start(t, 2)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	out, err := shmarray.Create[float64](filepath.Join(dir, "out.npy"), 8, 1)
	require.NoError(t, err)
	defer out.Close()
	for i := range 200 {
		a := lockedArgs{out, filepath.Join(dir, fmt.Sprint("journal", i))}
		require.NoError(t, locked.Run(context.Background(), 8, a, parmap.On(p), parmap.Output(out), parmap.Grain(1),
			parmap.Journal{Path: a.Log}))
	}
}

// TestJournalAndWorkersThatGiveUp holds that the rows of a body in a worker are not recorded
// that returned nil when its context was cancelled.
func TestJournalAndWorkersThatGiveUp(t *testing.T) {
	defer proc.SetTellEvery(time.Millisecond)()
	p := start(t, 2)
	r := newRecorded(t)
	remove := r.make(t, "trouble100", "give up")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		for ctx.Err() == nil { // until the body has begun
			if b, _ := os.ReadFile(filepath.Join(r.dir, "diary")); slices.Contains(numbers(string(b)), 100) {
				cancel()
			}
		}
	}()
	err := recorded.Run(ctx, recordedRows, r.args, parmap.On(p), parmap.Grain(1), parmap.Output(r.args.Out),
		parmap.Journal{Path: filepath.Join(r.dir, "journal"), Version: "1"})
	require.ErrorIs(t, err, context.Canceled)
	done := r.done(t)
	assert.NotContains(t, done, 100)
	assert.NotEmpty(t, done)
	r.ran(t)
	remove()
	require.NoError(t, r.run(parmap.On(p)))
	assert.Equal(t, rest(done), r.ran(t))
	r.right(t)
}

// TestJournalOfTwoOutputsOnProcesses holds that the sums of workers are those of all outputs.
func TestJournalOfTwoOutputsOnProcesses(t *testing.T) {
	p := start(t, 2)
	r := newRecorded(t)
	other, err := shmarray.Create[int32](filepath.Join(r.dir, "other.npy"), recordedRows, 3)
	require.NoError(t, err)
	defer other.Close()
	run := func() []int {
		t.Helper()
		require.NoError(t, recorded.Run(context.Background(), recordedRows, r.args, parmap.On(p), parmap.Grain(1),
			parmap.Output(r.args.Out, other), parmap.Journal{Path: filepath.Join(r.dir, "journal"), Version: "1"}))
		return r.ran(t)
	}
	assert.Len(t, run(), recordedRows)
	assert.Empty(t, run())
	other.Set(1, 20, 2)
	r.args.Out.Set(1, 40, 0)
	assert.Equal(t, []int{20, 40}, run())
	assert.Zero(t, other.At(20, 2))
	assert.Empty(t, run())
	r.right(t)
}
