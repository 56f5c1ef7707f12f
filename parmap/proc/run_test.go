//go:build linux

package proc_test

import (
	"context"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/proc"
	"github.com/parfor-go/parfor/shmarray"
)

type array = shmarray.Array[float64]

type scaleArgs struct {
	In, Out *array
	By      float64
}

var scale = parmap.NewKernel("scale", func(_ context.Context, lo, hi int, a scaleArgs) error {
	in, out := a.In.Data(), a.Out.Data()
	for i := lo; i < hi; i++ {
		out[i] += math.Sin(in[i]) * a.By // += shows that the rows were zeroed
	}
	return nil
})

var pidOf = parmap.NewFunc("pid", func(_ context.Context, i int) (int, error) { return os.Getpid(), nil })

var double = parmap.NewFunc("double", func(_ context.Context, s string) (string, error) { return s + s, nil })

// start returns a pool that the test closes.
func start(t testing.TB, workers int, opts ...proc.Option) *proc.Pool {
	t.Helper()
	p, err := proc.Start(t.Context(), workers, opts...)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, p.Close()) })
	return p
}

func zeros(t testing.TB, shape ...int) *array {
	t.Helper()
	a, err := shmarray.Zeros(shape...)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, a.Close()) })
	return a
}

func TestKernelInProcesses(t *testing.T) {
	const n = 10_000
	in := zeros(t, n)
	for i := range in.Data() {
		in.Data()[i] = float64(i)
	}
	want := zeros(t, n)
	require.NoError(t, scale.Run(t.Context(), n, scaleArgs{in, want, 3}, parmap.Output(want)))
	for i, v := range want.Data() {
		require.Equal(t, math.Sin(float64(i))*3, v)
	}
	for _, workers := range []int{1, 2, 7} {
		p := start(t, workers)
		out := zeros(t, n)
		for range 3 {
			require.NoError(t, scale.Run(t.Context(), n, scaleArgs{in, out, 3}, parmap.On(p), parmap.Output(out)))
			require.Equal(t, want.Data(), out.Data())
		}
		assert.Len(t, p.PIDs(), workers)
	}
}

func TestFuncInProcesses(t *testing.T) {
	p := start(t, 2)
	in := make([]string, 5000)
	for i := range in {
		in[i] = strings.Repeat("x", i)
	}
	out, err := double.Map(t.Context(), in, parmap.On(p))
	require.NoError(t, err)
	for i, s := range out {
		require.Len(t, s, 2*i)
	}
	pids, err := pidOf.Map(t.Context(), make([]int, 100), parmap.On(p))
	require.NoError(t, err)
	for _, pid := range pids {
		assert.Contains(t, p.PIDs(), pid)
	}
}
