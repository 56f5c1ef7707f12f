package bench_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/bench/work"
	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/proc"
	"github.com/parfor-go/parfor/shmarray"
)

// The arguments of the kernels.
type (
	spinArgs struct{ Turns *shmarray.Array[int64] }
	rampArgs struct{ X *shmarray.Array[float64] }
)

// The bodies that processes run: they see their arguments alone.
var (
	nothing = parmap.NewKernel("nothing", func(context.Context, int, int, struct{}) error { return nil })

	spin = parmap.NewKernel("spin", func(_ context.Context, lo, hi int, a spinArgs) error {
		for _, turns := range a.Turns.Data()[lo:hi] {
			work.Spin(int(turns))
		}
		return nil
	})

	ramp = parmap.NewKernel("ramp", func(_ context.Context, lo, hi int, a rampArgs) error {
		work.Ramp(a.X.Data(), lo, hi)
		return nil
	})
)

// inProcesses is the way to run k over [0, n) in as many worker processes as
// there are workers. They begin with a benchmark, or with a test, and end with
// it.
func inProcesses[A any](k *parmap.Kernel[A], n int, args func(tb testing.TB) (A, []parmap.RunOption)) way {
	return way{name: "parmap-proc", open: func(b *testing.B) func() {
		a, opts := args(b)
		return run(b, k, n, workers(), a, opts...)
	}}
}

// run starts so many processes and returns a run of k in them. It skips tb where
// there are none.
func run[A any](tb testing.TB, k *parmap.Kernel[A], n, workers int, args A, opts ...parmap.RunOption) func() {
	pool, err := proc.Start(context.Background(), workers)
	skip(tb, err)
	tb.Cleanup(func() { assert.NoError(tb, pool.Close()) })
	opts = append(opts, parmap.On(pool))
	return func() {
		if err := k.Run(context.Background(), n, args, opts...); err != nil {
			tb.Fatal(err)
		}
	}
}

// array returns n zeros that processes can map, until the end of tb.
func array[T shmarray.Elem](tb testing.TB, n int) *shmarray.Array[T] {
	a, err := shmarray.New[T](n)
	skip(tb, err)
	tb.Cleanup(func() { assert.NoError(tb, a.Close()) })
	return a
}

// skip skips tb if err says that the system has not what is needed, and ends it
// for any other.
func skip(tb testing.TB, err error) {
	if errors.Is(err, errors.ErrUnsupported) {
		tb.Skip(err)
	}
	require.NoError(tb, err)
}

// idling is n bodies that do nothing.
func idling(n int) way {
	return inProcesses(nothing, n, func(testing.TB) (struct{}, []parmap.RunOption) {
		return struct{}{}, nil
	})
}

// spinning is n bodies of so many turns of work.Spin each, read from an array.
func spinning(n int, turns func(i int) int) way {
	return inProcesses(spin, n, func(tb testing.TB) (spinArgs, []parmap.RunOption) {
		return turnsOf(tb, n, turns), nil
	})
}

func turnsOf(tb testing.TB, n int, turns func(i int) int) spinArgs {
	a := array[int64](tb, n)
	for i := range a.Data() {
		a.Data()[i] = int64(turns(i))
	}
	return spinArgs{a}
}

// ramping is work.Ramp on an array. It is an output, which a run sets to zeros
// first: processes cannot write to any other.
func ramping(n int) way {
	return inProcesses(ramp, n, func(tb testing.TB) (rampArgs, []parmap.RunOption) {
		x := array[float64](tb, n)
		return rampArgs{x}, []parmap.RunOption{parmap.Output(x)}
	})
}

func TestProcessesStoreWhatTheSequentialLoopDoes(t *testing.T) {
	const n = 1000
	want := make([]float64, n)
	work.Ramp(want, 0, n)
	for _, workers := range []int{1, 2} {
		x := array[float64](t, n)
		call := run(t, ramp, n, workers, rampArgs{x}, parmap.Output(x))
		for range 2 {
			work.Fill(x.Data(), -1, 0, n)
			call()
			assert.Equal(t, want, x.Data())
		}
	}
}

// One process does all the turns of a load.
func TestAProcessSpinsAsLongAsTheSequentialLoop(t *testing.T) {
	const n = 100
	load := work.Shapes[1].Load(n, 20*time.Millisecond)
	call := run(t, spin, n, 1, turnsOf(t, n, load.Turns))
	call() // the worker begins
	best := time.Hour
	for range 3 {
		start := time.Now()
		call()
		best = min(best, time.Since(start))
	}
	assert.Greater(t, best, 10*time.Millisecond)
}
