//go:build linux

package proc_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/proc"
	"github.com/parfor-go/parfor/shmarray"
)

// ask answers questions about the worker that it runs in.
var ask = parmap.NewFunc("ask", func(ctx context.Context, what string) (string, error) {
	switch what {
	case "start":
		_, err := proc.Start(ctx, 1)
		return fmt.Sprint(err), nil
	case "exec":
		out, err := bystander().CombinedOutput()
		return string(out), err
	case "procs":
		return fmt.Sprintln(runtime.GOMAXPROCS(0), os.Getenv("OMP_NUM_THREADS"), os.Getenv("PARFOR_WORKERS")), nil
	case "cpus":
		return fmt.Sprint(runtime.NumCPU()), nil
	case "args":
		return fmt.Sprint(os.Args), nil
	case "secret":
		return os.Getenv("PARFOR_WORKER"), nil
	case "label": // of the context, and whether a goroutine has it
		name, _ := pprof.Label(ctx, "kernel")
		var b strings.Builder
		err := pprof.Lookup("goroutine").WriteTo(&b, 1)
		return fmt.Sprint(name, " ", strings.Contains(b.String(), `"kernel":"ask"`)), err
	case "arrays": // how many are mapped, with the board and the claims
		b, err := os.ReadFile("/proc/self/maps")
		return fmt.Sprint(strings.Count(string(b), "/memfd:parfor")), err
	}
	return "", fmt.Errorf("what is %q", what)
})

// answers returns what the workers of p say.
func answers(t *testing.T, p *proc.Pool, what string) map[string]bool {
	t.Helper()
	all, err := ask.Map(t.Context(), []string{what, what, what, what}, parmap.On(p))
	require.NoError(t, err)
	set := map[string]bool{}
	for _, s := range all {
		set[s] = true
	}
	return set
}

// bystander is this program as one that has no pool and is not in one.
func bystander(env ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), roleEnv+"=bystander"), env...)
	return cmd
}

func TestInAWorker(t *testing.T) {
	for _, workers := range []int{1, 2, 7} {
		p := quiet(t, workers)
		says := func(what, want string) {
			t.Helper()
			assert.Equal(t, map[string]bool{want: true}, answers(t, p, what))
		}
		says("start", proc.ErrNested.Error())
		says("exec", "not a worker\n")
		says("secret", "")
		says("label", "ask true")
		says("args", fmt.Sprint(os.Args))
		procs := max(1, runtime.GOMAXPROCS(0)/workers)
		says("procs", fmt.Sprintln(procs, procs, procs))
		for _, pid := range p.PIDs() {
			b, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
			require.NoError(t, err)
			assert.Equal(t, "proc.test\n", string(b), "what ps and pgrep know it by")
			b, err = os.ReadFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid))
			require.NoError(t, err)
			assert.Equal(t, "500\n", string(b), "who is to go when the machine's memory is at an end")
		}
	}
}

func TestPin(t *testing.T) {
	allowed := func() (all []string) {
		files, _ := filepath.Glob("/proc/self/task/*/status")
		for _, f := range files {
			b, _ := os.ReadFile(f)
			_, rest, _ := strings.Cut(string(b), "Cpus_allowed_list:")
			line, _, _ := strings.Cut(rest, "\n")
			if rest != "" {
				all = append(all, strings.TrimSpace(line))
			}
		}
		return all
	}
	before := allowed()[0]
	p := quiet(t, 3, proc.Pin(true))
	assert.Equal(t, map[string]bool{"1": true}, answers(t, p, "cpus"))
	for _, s := range allowed() {
		assert.Equal(t, before, s, "the parent's threads are not bound")
	}
}

// TestNotAWorker is of programs that look like one.
func TestNotAWorker(t *testing.T) {
	says := func(cmd *exec.Cmd) {
		t.Helper()
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		assert.Equal(t, "not a worker\n", string(out))
	}
	mine := fmt.Sprintf("PARFOR_WORKER=00112233445566778899aabbccddeeff.%d", os.Getpid())
	says(bystander())
	for _, env := range []string{"PARFOR_WORKER=", "PARFOR_WORKER=x", "PARFOR_WORKER=x.1", mine} {
		says(bystander(env)) // no socket
	}

	null, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer null.Close()
	cmd := bystander(mine)
	cmd.ExtraFiles = []*os.File{null}
	says(cmd)

	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	ours, theirs := os.NewFile(uintptr(pair[0]), "ours"), os.NewFile(uintptr(pair[1]), "theirs")
	defer ours.Close()
	defer theirs.Close()
	cmd = bystander("PARFOR_WORKER=00112233445566778899aabbccddeeff.1") // of another
	cmd.ExtraFiles = []*os.File{theirs}
	says(cmd)
	// A pair that this process made, but in a program that another started.
	cmd = exec.Command("sh", "-c", `PARFOR_WORKER=0011.$$ "$0"; exit $?`, os.Args[0])
	cmd.Env, cmd.ExtraFiles = append(os.Environ(), roleEnv+"=bystander"), []*os.File{theirs}
	says(cmd)
}

func TestKernelRegisteredTooLate(t *testing.T) {
	p := quiet(t, 1)
	name := fmt.Sprint("late ", time.Now().UnixNano())
	late := parmap.NewKernel(name, func(context.Context, int, int, struct{}) error { return nil })
	assert.NoError(t, late.Run(t.Context(), 1, struct{}{}), "on goroutines it is as any")
	assert.EqualError(t, late.Run(t.Context(), 1, struct{}{}, parmap.On(p)),
		fmt.Sprintf("parmap/proc: kernel %q was registered after WorkerMain: workers do not know it", name))
	survive(t, p, crashArgs{At: -1})
}

type nestedArgs struct {
	List   []*array
	Named  map[string]*array
	Inside struct{ Deep [1]struct{ A *array } }
	Any    *shmarray.Array[int32]
	Out    *array
	Flag   string
	How    string
}

// nested adds what is in all its arrays.
var nested = parmap.NewKernel("nested", func(ctx context.Context, lo, hi int, a nestedArgs) error {
	for i := lo; i < hi; i++ {
		for _, in := range a.List {
			a.Out.Data()[i] += in.Data()[i]
		}
		for _, in := range a.Named {
			a.Out.Data()[i] += in.Data()[i]
		}
		if a.Any != nil {
			a.Out.Data()[i] += a.Inside.Deep[0].A.Data()[i] + float64(a.Any.Data()[i])
		}
	}
	if a.Flag == "" {
		return nil
	}
	if err := os.WriteFile(a.Flag, nil, 0o600); err != nil {
		return err
	}
	return act(ctx, a.How)
})

// TestArraysTravel makes arrays after Start, has them travel in all sorts of
// things, and closes them.
func TestArraysTravel(t *testing.T) {
	for _, workers := range []int{1, 2} {
		p := quiet(t, workers)
		const n = 10
		survive(t, p, crashArgs{At: -1}) // the claims are mapped
		out := zeros(t, n)
		require.NoError(t, nested.Run(t.Context(), n, nestedArgs{Out: out}, parmap.On(p), parmap.Output(out)))
		before := answers(t, p, "arrays")
		assert.Len(t, before, 1)
		for range 3 {
			var all []*array
			add := func(v float64) *array {
				a, err := shmarray.Full(v, n)
				require.NoError(t, err)
				all = append(all, a)
				return a
			}
			ints, err := shmarray.Full[int32](10000, n)
			require.NoError(t, err)
			a := nestedArgs{
				List:  []*array{add(1), add(2)},
				Named: map[string]*array{"x": add(10), "y": add(20)},
				Any:   ints, Out: out,
			}
			two, err := shmarray.Full(100., 3*n)
			require.NoError(t, err)
			all = append(all, two)
			two.Data()[n+4] = 1000
			a.Inside.Deep[0].A = two.Slice(n, 2*n) // a view
			require.NoError(t, nested.Run(t.Context(), n, a, parmap.On(p), parmap.Output(out)))
			for i, v := range out.Data() {
				if i == 4 {
					assert.Equal(t, 11033., v)
				} else {
					assert.Equal(t, 10133., v)
				}
			}
			for _, a := range all {
				require.NoError(t, a.Close())
			}
			require.NoError(t, ints.Close())
		}
		assert.Equal(t, before, answers(t, p, "arrays"), "the closed ones are dropped")
	}
}
