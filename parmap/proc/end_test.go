//go:build linux

package proc_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/proc"
	"github.com/parfor-go/parfor/shmarray"
)

type sitArgs struct{ Dir, How string }

// sit says in which chunks there is somebody, by files, and does how.
var sit = parmap.NewKernel("sit", func(ctx context.Context, lo, hi int, a sitArgs) error {
	f, err := os.CreateTemp(a.Dir, "sits")
	if err != nil {
		return err
	}
	f.Close()
	return act(ctx, a.How)
})

// sitting runs the sit kernel in workers and returns when all of them are at it.
func sitting(t *testing.T, ctx context.Context, p *proc.Pool, how string, workers int) <-chan error {
	t.Helper()
	dir, done := t.TempDir(), make(chan error, 1)
	go func() { done <- sit.Run(ctx, 10*workers, sitArgs{dir, how}, parmap.On(p)) }()
	require.Eventually(t, func() bool { return len(files(t, dir)) == workers }, 20*time.Second, time.Millisecond)
	return done
}

var errCause = errors.New("why it was cancelled")

func TestCancel(t *testing.T) {
	for _, workers := range crowds() {
		p := quiet(t, workers)
		before := p.PIDs()
		ctx, cancel := context.WithCancelCause(t.Context())
		done := sitting(t, ctx, p, "wait", workers)
		begin := time.Now()
		cancel(errCause)
		assert.Equal(t, errCause, <-done)
		assert.Less(t, time.Since(begin), time.Second, "the bodies honour it")
		assert.Equal(t, before, p.PIDs(), "so nobody is killed")
		survive(t, p, crashArgs{At: -1})
	}
}

func TestCancelOfWhoDoesNotCare(t *testing.T) {
	for _, how := range []string{"infinite loop", "SIGSTOP"} {
		p := quiet(t, 2)
		before := p.PIDs()
		ctx, cancel := context.WithCancelCause(t.Context())
		done := sitting(t, ctx, p, how, 2)
		begin := time.Now()
		cancel(errCause)
		assert.Equal(t, errCause, <-done)
		took := time.Since(begin)
		assert.GreaterOrEqual(t, took, 2*time.Second, "the grace period")
		assert.Less(t, took, 3*time.Second*slowness)
		survive(t, p, crashArgs{At: -1})
		complete(t, p, 2)
		for _, pid := range before {
			assert.NotContains(t, p.PIDs(), pid)
		}
	}
}

func TestDeadline(t *testing.T) {
	p := quiet(t, 2)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := sit.Run(ctx, 100, sitArgs{t.TempDir(), "wait"}, parmap.On(p))
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Equal(t, context.Canceled, func() error {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		return sit.Run(ctx, 100, sitArgs{t.TempDir(), "wait"}, parmap.On(p))
	}(), "before it began")
}

// TestCancelAtAnyTime cancels runs that are on their way into the workers.
func TestCancelAtAnyTime(t *testing.T) {
	p := quiet(t, 2)
	for i := range 300 {
		ctx, cancel := context.WithCancelCause(t.Context())
		timer := time.AfterFunc(time.Duration(rand.IntN(300))*time.Microsecond, func() { cancel(errCause) })
		begin := time.Now()
		out := zeros(t, 500)
		err := crash.Run(ctx, 500, crashArgs{Out: out, At: 400, How: "wait"}, parmap.On(p), parmap.Output(out))
		timer.Stop()
		cancel(nil)
		require.ErrorIs(t, err, errCause, "run %d", i)
		require.Less(t, time.Since(begin), time.Second, "run %d", i)
		require.NoError(t, out.Close())
	}
	survive(t, p, crashArgs{At: -1})
}

func TestClose(t *testing.T) {
	for _, how := range []string{"wait", "infinite loop", "SIGSTOP"} {
		for _, workers := range crowds() {
			p := quiet(t, workers)
			done := sitting(t, t.Context(), p, how, workers)
			begin := time.Now()
			var closers sync.WaitGroup
			for range 3 {
				closers.Go(func() {
					assert.NoError(t, p.Close())
					assert.Empty(t, p.PIDs(), "also who is second waits")
				})
			}
			assert.Equal(t, proc.ErrClosed, <-done)
			closers.Wait()
			assert.Less(t, time.Since(begin), time.Second)
			assert.Empty(t, children())
			assert.Equal(t, proc.ErrClosed, sit.Run(t.Context(), 1, sitArgs{}, parmap.On(p)))
			assert.Equal(t, proc.ErrClosed, sit.Run(t.Context(), 0, sitArgs{}, parmap.On(p)))
		}
	}
}

// TestCloseWithRunsInLine closes a pool on which several goroutines wait for
// their turns.
func TestCloseWithRunsInLine(t *testing.T) {
	p := quiet(t, 2)
	done := sitting(t, t.Context(), p, "wait", 2)
	var others sync.WaitGroup
	for range 10 {
		others.Go(func() {
			assert.Equal(t, proc.ErrClosed, sit.Run(t.Context(), 1, sitArgs{"", "wait"}, parmap.On(p)))
		})
	}
	require.NoError(t, p.Close())
	assert.Equal(t, proc.ErrClosed, <-done)
	others.Wait()
}

func TestContextOfStart(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	p, err := proc.Start(ctx, 2)
	require.NoError(t, err)
	done := sitting(t, t.Context(), p, "infinite loop", 2)
	cancel(errCause)
	why := <-done
	assert.ErrorIs(t, why, proc.ErrClosed)
	assert.ErrorIs(t, why, errCause)
	assert.Equal(t, why, sit.Run(t.Context(), 1, sitArgs{}, parmap.On(p)))
	require.NoError(t, p.Close())
	assert.Empty(t, children())

	p, err = proc.Start(ctx, 2)
	assert.Nil(t, p)
	assert.Equal(t, errCause, err)
	assert.Empty(t, children())
}

// TestContextOfStartEndsAtAnyTime is also for the race detector.
func TestContextOfStartEndsAtAnyTime(t *testing.T) {
	for range 30 {
		ctx, cancel := context.WithCancelCause(t.Context())
		timer := time.AfterFunc(time.Duration(rand.IntN(20_000))*time.Microsecond, func() { cancel(errCause) })
		p, err := proc.Start(ctx, 2)
		if err == nil {
			<-ctx.Done()
			require.NoError(t, p.Close())
			// By the context or by Close: they race.
			assert.ErrorIs(t, sit.Run(t.Context(), 1, sitArgs{}, parmap.On(p)), proc.ErrClosed)
		}
		timer.Stop()
		cancel(nil)
		require.Empty(t, children())
	}
}

func TestRecycle(t *testing.T) {
	for _, workers := range crowds() {
		// A single death would be an error.
		p := quiet(t, workers, proc.RecycleAfter(10), proc.Retries(0))
		before := p.PIDs()
		out := zeros(t, 500)
		require.NoError(t, crash.Run(t.Context(), 500, crashArgs{Out: out, At: -1}, parmap.On(p), parmap.Output(out), parmap.Grain(1)))
		for i, v := range out.Data() {
			require.Equal(t, float64(i), v)
		}
		pids, err := pidOf.Map(t.Context(), make([]int, 300), parmap.On(p), parmap.Grain(1))
		require.NoError(t, err)
		chunks := map[int]int{}
		for _, pid := range pids {
			chunks[pid]++
			assert.LessOrEqual(t, chunks[pid], 10)
		}
		assert.GreaterOrEqual(t, len(chunks), 30)
		for _, pid := range before {
			assert.NotContains(t, pids, pid)
		}
		complete(t, p, workers)
	}
}

// TestRecycleAfterOne holds that a worker that has done what it is there for is
// replaced at once, and not after a pause as one that dies of its first chunk.
func TestRecycleAfterOne(t *testing.T) {
	p := quiet(t, 1, proc.RecycleAfter(1), proc.Retries(0))
	begin := time.Now()
	pids, err := pidOf.Map(t.Context(), make([]int, 40), parmap.On(p), parmap.Grain(1))
	require.NoError(t, err)
	assert.Less(t, time.Since(begin), 4*time.Second*slowness)
	slices.Sort(pids)
	assert.Len(t, slices.Compact(pids), 40)
}

// slow takes its time to decode, where the parent does that.
type slow struct{ Text string }

func (s slow) GobEncode() ([]byte, error) { return []byte(s.Text), nil }

func (s *slow) GobDecode(b []byte) error {
	s.Text = string(b)
	time.Sleep(150 * time.Millisecond) // longer than the output of the dead is read
	return nil
}

var slowly = parmap.NewFunc("slowly", func(_ context.Context, i int) (slow, error) {
	return slow{strings.Repeat("x", 10_000+i)}, nil
})

// TestResultsOfTheDead holds that what a worker sent before it died arrives,
// however slowly the parent reads.
func TestResultsOfTheDead(t *testing.T) {
	p := quiet(t, 1, proc.RecycleAfter(3))
	out, err := slowly.Map(t.Context(), make([]int, 6), parmap.On(p), parmap.Grain(1))
	require.NoError(t, err)
	for i, s := range out {
		assert.Len(t, s.Text, 10_000, "item %d", i)
	}
}

type manyArgs struct {
	All []*array
	Out *array
}

var many = parmap.NewKernel("many", func(_ context.Context, lo, hi int, a manyArgs) error {
	for i := lo; i < hi; i++ {
		for _, in := range a.All {
			a.Out.Data()[i] += in.Data()[i]
		}
	}
	return nil
})

// TestStoppedWorkerAndManyArrays stops a worker and then has to tell it more
// than its socket holds.
func TestStoppedWorkerAndManyArrays(t *testing.T) {
	const n, arrays = 10, 1000
	p := quiet(t, 1, proc.ChunkTimeout(300*time.Millisecond))
	a := manyArgs{make([]*array, arrays), zeros(t, n)}
	for i := range a.All {
		a.All[i] = zeros(t, n)
		a.All[i].Data()[3] = 1
	}
	stopped := p.PIDs()[0]
	require.NoError(t, syscall.Kill(stopped, syscall.SIGSTOP))
	done := make(chan error, 1)
	go func() { done <- many.Run(t.Context(), n, a, parmap.On(p), parmap.Output(a.Out)) }()
	select {
	case err := <-done:
		require.NoError(t, err)
		assert.Equal(t, float64(arrays), a.Out.Data()[3])
	case <-time.After(10 * time.Second):
		assert.Fail(t, "a stopped worker holds up the pool, in spite of ChunkTimeout")
		require.NoError(t, syscall.Kill(stopped, syscall.SIGCONT))
		<-done
	}
}

func TestCloseOfAnArrayInUse(t *testing.T) {
	p := quiet(t, 2)
	in, err := shmarray.Zeros(10)
	require.NoError(t, err)
	out, err := shmarray.Zeros(10)
	require.NoError(t, err)
	flag := filepath.Join(t.TempDir(), "begun")
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- nested.Run(ctx, 10, nestedArgs{List: []*array{in}, Out: out, Flag: flag, How: "wait"}, parmap.On(p), parmap.Output(out))
	}()
	require.Eventually(t, func() bool { _, err := os.Stat(flag); return err == nil }, 20*time.Second, time.Millisecond)
	assert.ErrorIs(t, in.Close(), shmarray.ErrInUse)
	assert.ErrorIs(t, out.Close(), shmarray.ErrInUse)
	cancel(errCause)
	assert.Equal(t, errCause, <-done)
	assert.NoError(t, in.Close())
	assert.NoError(t, out.Close())
}

// TestRunsTakeTurns has several goroutines share a pool, while workers die.
func TestRunsTakeTurns(t *testing.T) {
	p := quiet(t, 2, proc.Retries(1000))
	stop := kills(t.Context(), p, 1, 30)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 10 {
				out, err := shmarray.Zeros(crashRows)
				if !assert.NoError(t, err) {
					return
				}
				assert.NoError(t, crash.Run(t.Context(), crashRows, crashArgs{Out: out, At: -1}, parmap.On(p), parmap.Output(out)))
				assert.True(t, slices.IsSorted(out.Data()))
				assert.Equal(t, crashRows-1., out.Data()[crashRows-1])
				assert.NoError(t, out.Close())
			}
		})
	}
	all.Wait()
	stop()
}
