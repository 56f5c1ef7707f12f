//go:build linux

package proc_test

import (
	"context"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/proc"
)

// quiet is a fresh pool whose workers' words are not printed.
func quiet(t *testing.T, workers int, opts ...proc.Option) *proc.Pool {
	t.Helper()
	return start(t, workers, append([]proc.Option{proc.Stderr(new(strings.Builder))}, opts...)...)
}

type failArgs struct {
	Out  *array // may be nil
	Hows map[int]string
}

var fail = parmap.NewKernel("fail", failBody)

// failBody writes the rows [lo, hi), or does what there is to do at one of them.
func failBody(ctx context.Context, lo, hi int, a failArgs) error {
	for i := lo; i < hi; i++ {
		if how, ok := a.Hows[i]; ok {
			if err := act(ctx, how); err != nil {
				return err
			}
		}
		if a.Out != nil {
			a.Out.Data()[i] += float64(i)
		}
	}
	return nil
}

// TestPoison is of a chunk in which every worker dies.
func TestPoison(t *testing.T) {
	for how, want := range map[string]struct{ state, stderr string }{
		"exit 3":         {"exit status 3", ""},
		"SIGKILL":        {"signal: killed", ""},
		"goexit":         {"exit status 2", "parmap/proc: worker: runtime.Goexit in a body\n"},
		"last words":     {"exit status 3", "last words\n"},
		"closed stderr":  {"exit status 3", ""},
		"1 MB to stderr": {"exit status 3", strings.Repeat("x", 4<<10) + "\n...\n" + strings.Repeat("x", 12<<10)},
	} {
		t.Run(how, func(t *testing.T) {
			p := quiet(t, 2)
			const n = 100
			out := zeros(t, n)
			err := fail.Run(t.Context(), n, failArgs{out, map[int]string{42: how}}, parmap.On(p), parmap.Output(out), parmap.CollectErrors, parmap.Grain(10))
			var chunk *parmap.ChunkError
			require.ErrorAs(t, err, &chunk)
			assert.Equal(t, 40, chunk.Lo)
			assert.Equal(t, 50, chunk.Hi)
			assert.Equal(t, 3, chunk.Attempts)
			var crashed *proc.CrashError
			require.ErrorAs(t, err, &crashed)
			assert.Equal(t, want.state, crashed.State)
			assert.Equal(t, want.stderr, string(crashed.Stderr))
			assert.NotZero(t, crashed.PID)
			assert.False(t, crashed.Timeout())
			for i, v := range out.Data() {
				if 40 <= i && i < 50 {
					assert.Zero(t, v, "what it wrote before it died is no result")
				} else {
					assert.Equal(t, float64(i), v)
				}
			}
			complete(t, p, 2)
			survive(t, p, crashArgs{At: -1})
		})
	}
}

func TestTimeout(t *testing.T) {
	p := quiet(t, 2, proc.ChunkTimeout(300*time.Millisecond), proc.Retries(0))
	err := fail.Run(t.Context(), 100, failArgs{nil, map[int]string{42: "infinite loop"}}, parmap.On(p), parmap.CollectErrors, parmap.Grain(10))
	var crashed *proc.CrashError
	require.ErrorAs(t, err, &crashed)
	assert.Equal(t, "chunk timeout 300ms", crashed.State)
	assert.True(t, crashed.Timeout())
	assert.Empty(t, crashed.Stderr)
}

// TestTimeoutOfAState holds whom the parent waits for: also a worker that is
// about to exit can hang.
func TestTimeoutOfAState(t *testing.T) {
	for _, tt := range []struct {
		number, state uint64
		want          bool
	}{
		{7, proc.StateIdle, false}, {7, proc.StateOffered, true}, {7, proc.StateBusy, true}, {7, proc.StateRetired, true},
		{6, proc.StateIdle, false}, {6, proc.StateRetired, false}, {0, 0, false},
	} {
		victim := exec.Command("sleep", "100")
		require.NoError(t, victim.Start())
		assert.Equal(t, tt.want, proc.Overdue(victim.Process, tt.number, tt.state), "%+v", tt)
		assert.NoError(t, victim.Process.Kill())
		assert.Error(t, victim.Wait())
	}
}

// TestAttempts counts how often a chunk runs in which workers die.
func TestAttempts(t *testing.T) {
	for name, c := range map[string]struct {
		opts   []proc.Option
		output bool
		want   int
	}{
		"neither":            {nil, false, 1},
		"an output":          {nil, true, 3},
		"Retries(0)":         {[]proc.Option{proc.Retries(0)}, false, 1},
		"Retries(1)":         {[]proc.Option{proc.Retries(1)}, false, 2},
		"Retries(2)":         {[]proc.Option{proc.Retries(2)}, false, 3},
		"Retries(0), Output": {[]proc.Option{proc.Retries(0)}, true, 1},
		"Retries(4), Output": {[]proc.Option{proc.Retries(4)}, true, 5},
	} {
		t.Run(name, func(t *testing.T) {
			var said strings.Builder
			p := start(t, 2, append(c.opts, proc.Stderr(&said))...)
			a, opts := failArgs{nil, map[int]string{5: "last words"}}, []parmap.RunOption{parmap.On(p)}
			if c.output {
				a.Out = zeros(t, 10)
				opts = append(opts, parmap.Output(a.Out))
			}
			var chunk *parmap.ChunkError
			require.ErrorAs(t, fail.Run(t.Context(), 10, a, opts...), &chunk)
			assert.Equal(t, c.want, chunk.Attempts)
			assert.Equal(t, 5, chunk.Lo)
			require.NoError(t, p.Close())
			assert.Equal(t, c.want, strings.Count(said.String(), "last words\n"))
		})
	}
}

// TestFailingBody compares what is wrong with a body here and there: nobody
// tries again.
func TestFailingBody(t *testing.T) {
	for how, panics := range map[string]bool{"panic": true, "nil dereference": true, "error": false} {
		t.Run(how, func(t *testing.T) {
			p := quiet(t, 1, proc.Retries(5))
			before := p.PIDs()
			var prefixes []string
			for _, opts := range [][]parmap.RunOption{nil, {parmap.On(p)}} {
				out := zeros(t, 1)
				err := fail.Run(t.Context(), 1, failArgs{out, map[int]string{0: how}}, append(opts, parmap.Output(out))...)
				var chunk *parmap.ChunkError
				require.ErrorAs(t, err, &chunk)
				assert.Equal(t, 1, chunk.Attempts)
				var panicked *parmap.PanicError
				if panics {
					require.ErrorAs(t, err, &panicked)
					assert.Contains(t, string(panicked.Stack), "proc_test.failBody(")
					assert.Contains(t, string(panicked.Stack), "proc_test.act(")
				} else {
					assert.NotErrorAs(t, err, &panicked)
				}
				prefix, _, _ := strings.Cut(err.Error(), "\n")
				prefixes = append(prefixes, prefix)
			}
			assert.Equal(t, prefixes[0], prefixes[1])
			survive(t, p, crashArgs{At: -1})
			complete(t, p, 1)
			if panics {
				assert.NotEqual(t, before, p.PIDs(), "who knows what a panic left")
			} else {
				assert.Equal(t, before, p.PIDs())
			}
		})
	}
}

func TestCollectErrors(t *testing.T) {
	for _, workers := range crowds() {
		p := quiet(t, workers)
		const n = 200
		out := zeros(t, n)
		hows := map[int]string{3: "error", 17: "panic", 18: "exit 3", 42: "nil dereference", 100: "SIGKILL", 199: "error"}
		err := fail.Run(t.Context(), n, failArgs{out, hows}, parmap.On(p), parmap.Output(out), parmap.CollectErrors)
		var joined interface{ Unwrap() []error }
		require.ErrorAs(t, err, &joined)
		at := []int{}
		for _, e := range joined.Unwrap() {
			var chunk *parmap.ChunkError
			require.ErrorAs(t, e, &chunk)
			at = append(at, chunk.Lo)
			crashed := hows[chunk.Lo] == "exit 3" || hows[chunk.Lo] == "SIGKILL"
			assert.Equal(t, crashed, errors.As(e, new(*proc.CrashError)))
			if crashed {
				assert.Equal(t, 3, chunk.Attempts)
			} else {
				assert.Equal(t, 1, chunk.Attempts)
			}
		}
		assert.Equal(t, []int{3, 17, 18, 42, 100, 199}, at)
		for i, v := range out.Data() {
			if hows[i] == "" {
				assert.Equal(t, float64(i), v, "everything else is complete")
			}
		}
		complete(t, p, workers)
	}
}

// TestFirstErrorEndsTheRun holds that a worker begins no other chunk after its
// body failed, as a goroutine does not.
func TestFirstErrorEndsTheRun(t *testing.T) {
	for _, how := range []string{"error", "panic", "exit 3"} {
		p := quiet(t, 1)
		out := zeros(t, 1000)
		err := fail.Run(t.Context(), 1000, failArgs{out, map[int]string{500: how, 600: "wait"}}, parmap.On(p), parmap.Output(out))
		var chunk *parmap.ChunkError
		require.ErrorAs(t, err, &chunk)
		assert.Equal(t, 500, chunk.Lo)
		assert.Equal(t, 499., out.Data()[499])
		assert.Zero(t, slices.Max(out.Data()[501:]))
	}
}

type writeArgs struct{ In *array }

// write writes what it was given to read.
var write = parmap.NewKernel("write", func(_ context.Context, lo, hi int, a writeArgs) error {
	for i := lo; i < hi; i++ {
		a.In.Data()[i] = 7
	}
	return nil
})

func TestInputsAreReadOnly(t *testing.T) {
	p := quiet(t, 2)
	const n = 10
	in, out := zeros(t, n), zeros(t, n)
	both := zeros(t, 2*n)
	for range 3 { // an array can be one and then the other
		err := write.Run(t.Context(), n, writeArgs{in}, parmap.On(p), parmap.Output(out))
		var panicked *parmap.PanicError
		require.ErrorAs(t, err, &panicked)
		assert.ErrorContains(t, err, "write to an array that is not an Output of the run")
		assert.Contains(t, string(panicked.Stack), "proc_test.")
		var chunk *parmap.ChunkError
		require.ErrorAs(t, err, &chunk)
		assert.Equal(t, 1, chunk.Attempts)
		assert.Zero(t, slices.Max(in.Data()), "as it was")

		require.NoError(t, write.Run(t.Context(), n, writeArgs{in}, parmap.On(p), parmap.Output(in)))
		assert.Equal(t, 7., slices.Min(in.Data()))
		clear(in.Data())

		require.NoError(t, write.Run(t.Context(), n, writeArgs{both.Slice(n, 2*n)}, parmap.On(p), parmap.Output(both.Slice(0, n))))
		assert.Equal(t, 7., slices.Min(both.Data()[n:]), "it shares memory with an Output")
		clear(both.Data())
	}
}
