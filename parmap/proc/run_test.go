//go:build linux

package proc_test

import (
	"context"
	"errors"
	"math"
	"os"
	"strings"
	"testing"
	"time"

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

type crashArgs struct {
	Out  *array
	Flag string // a file that is there after the first crash
	How  string
	At   int
}

var errBody = errors.New("a body's error")

var crash = parmap.NewKernel("crash", func(ctx context.Context, lo, hi int, a crashArgs) error {
	for i := lo; i < hi; i++ {
		a.Out.Data()[i] += float64(i)
		if i != a.At {
			continue
		}
		if a.Flag != "" {
			if _, err := os.Stat(a.Flag); err == nil {
				continue
			}
			if err := os.WriteFile(a.Flag, nil, 0o600); err != nil {
				return err
			}
		}
		if err := act(ctx, a.How); err != nil {
			return err
		}
	}
	return nil
})

func TestCrash(t *testing.T) {
	for _, how := range hows {
		for _, workers := range []int{1, 2, 8} {
			t.Run(how, func(t *testing.T) {
				var said strings.Builder
				p := start(t, workers, proc.ChunkTimeout(300*time.Millisecond), proc.Stderr(&said))
				const n = 500
				out := zeros(t, n)
				flag := t.TempDir() + "/crashed"
				begin := time.Now()
				err := crash.Run(t.Context(), n, crashArgs{out, flag, how, 123}, parmap.On(p), parmap.Output(out))
				t.Log(time.Since(begin))
				require.NoError(t, err)
				assert.FileExists(t, flag)
				for i, v := range out.Data() {
					require.Equal(t, float64(i), v)
				}
			})
		}
	}
}

func TestPoison(t *testing.T) {
	p := start(t, 2, proc.Stderr(new(strings.Builder)))
	const n = 100
	out := zeros(t, n)
	err := crash.Run(t.Context(), n, crashArgs{out, "", "exit 3", 42}, parmap.On(p), parmap.Output(out), parmap.CollectErrors)
	var chunk *parmap.ChunkError
	require.ErrorAs(t, err, &chunk)
	assert.Equal(t, 42, chunk.Lo)
	assert.Equal(t, 43, chunk.Hi)
	assert.Equal(t, 3, chunk.Attempts)
	var crashed *proc.CrashError
	require.ErrorAs(t, err, &crashed)
	assert.Equal(t, "exit status 3", crashed.State)
	for i, v := range out.Data() {
		if i == 42 {
			assert.Zero(t, v)
		} else {
			assert.Equal(t, float64(i), v)
		}
	}
}
