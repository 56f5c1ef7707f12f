//go:build linux

package proc_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/proc"
)

type crashArgs struct {
	Out  *array
	Flag string // a file that is there after the first crash; "": every attempt crashes
	How  string
	At   int
	Late bool // not before row At is written, but when all of its chunk are
}

// crash writes i to row i, and dies on the way.
var crash = parmap.NewKernel("crash", func(ctx context.Context, lo, hi int, a crashArgs) error {
	for i := lo; i < hi; i++ {
		if i == a.At && !a.Late {
			if err := a.die(ctx); err != nil {
				return err
			}
		}
		a.Out.Data()[i] += float64(i) // += shows that the rows were zeroed
	}
	if a.Late && lo <= a.At && a.At < hi {
		return a.die(ctx)
	}
	return nil
})

func (a crashArgs) die(ctx context.Context) error {
	if a.Flag != "" {
		f, err := os.OpenFile(a.Flag, os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			return nil
		}
		if err != nil {
			return err
		}
		f.Close()
	}
	return act(ctx, a.How)
}

type laterArgs struct{ Flag, How string }

// later leaves a goroutine behind that dies when the file is there.
var later = parmap.NewKernel("later", func(_ context.Context, lo, hi int, a laterArgs) error {
	go func() {
		for os.Remove(a.Flag) != nil {
			time.Sleep(100 * time.Microsecond)
		}
		_ = act(context.Background(), a.How)
	}()
	return nil
})

const crashRows = 500

// survive runs the crash kernel and requires what it computes.
func survive(t *testing.T, p *proc.Pool, a crashArgs) {
	t.Helper()
	a.Out = zeros(t, crashRows)
	err := crash.Run(t.Context(), crashRows, a, parmap.On(p), parmap.Output(a.Out), parmap.Grain(10))
	require.NoError(t, err)
	for i, v := range a.Out.Data() {
		require.Equal(t, float64(i), v, "row %d", i)
	}
	if a.Flag != "" {
		require.FileExists(t, a.Flag)
	}
}

// complete requires that the pool comes to have so many workers that live.
func complete(t *testing.T, p *proc.Pool, workers int) {
	t.Helper()
	require.Eventually(t, func() bool {
		living := 0
		for _, pid := range p.PIDs() { // a dead one is among them until it is known
			b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
			if _, state, ok := strings.Cut(string(b), ") "); ok && state[0] != 'Z' {
				living++
			}
		}
		return living == workers
	}, 20*time.Second, time.Millisecond, "%d workers", workers)
}

// files returns the names in dir.
func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// mark gives the processes that the test starts, and those that these start, a
// variable that no other has. The returned function finds them.
func mark(t *testing.T) (marked func() []int) {
	t.Helper()
	s := fmt.Sprintf("PARFOR_TEST_MARK=%d.%d", os.Getpid(), rand.Uint64())
	name, value, _ := strings.Cut(s, "=")
	t.Setenv(name, value)
	return func() (pids []int) {
		files, _ := filepath.Glob("/proc/[0-9]*/environ")
		for _, f := range files {
			b, _ := os.ReadFile(f) // empty for those that have ended
			if slices.Contains(strings.Split(string(b), "\x00"), s) {
				pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(f)))
				pids = append(pids, pid)
			}
		}
		return pids
	}
}

// children returns the processes that this one has not waited for.
func children() (all []string) {
	files, _ := filepath.Glob("/proc/self/task/*/children")
	for _, f := range files {
		b, _ := os.ReadFile(f)
		all = append(all, strings.Fields(string(b))...)
	}
	return all
}

// TestCrash is the matrix of how, when and among how many a worker dies. The end
// of a goroutine that a body left behind, and one that spins, are not deaths.
func TestCrash(t *testing.T) {
	for _, how := range hows {
		for _, workers := range crowds() {
			t.Run(fmt.Sprint(how, " ", workers), func(t *testing.T) {
				marked := mark(t)
				opts := []proc.Option{proc.Stderr(new(strings.Builder))}
				switch how {
				case "infinite loop", "SIGSTOP":
					opts = append(opts, proc.ChunkTimeout(300*time.Millisecond))
				case "out of memory":
					opts = append(opts, proc.MemoryLimit(128<<20))
				}
				p := start(t, workers, opts...)
				dir := t.TempDir()
				before, flag := p.PIDs(), filepath.Join(dir, "idle")
				require.NoError(t, later.Run(t.Context(), 1, laterArgs{flag, how}, parmap.On(p)))
				require.NoError(t, os.WriteFile(flag, nil, 0o600))
				require.Eventually(t, func() bool { _, err := os.Stat(flag); return err != nil }, 20*time.Second, time.Millisecond)
				survive(t, p, crashArgs{At: -1})
				complete(t, p, workers)
				if how == "goexit" || how == "infinite loop" {
					assert.Equal(t, before, p.PIDs())
				}
				survive(t, p, crashArgs{Flag: filepath.Join(dir, "body"), How: how, At: 123})
				complete(t, p, workers)
				survive(t, p, crashArgs{Flag: filepath.Join(dir, "rows"), How: how, At: 123, Late: true})
				complete(t, p, workers)
				require.NoError(t, p.Close())
				assert.Empty(t, children())
				assert.Eventually(t, func() bool { return len(marked()) == 0 }, 5*time.Second, time.Millisecond, "what workers started")
			})
		}
	}
}

func TestSignalBetweenRuns(t *testing.T) {
	for _, workers := range crowds() {
		for _, s := range []syscall.Signal{syscall.SIGKILL, syscall.SIGSEGV, syscall.SIGTERM, syscall.SIGSTOP} {
			t.Run(fmt.Sprint(s, " ", workers), func(t *testing.T) {
				p := start(t, workers, proc.Stderr(new(strings.Builder)), proc.ChunkTimeout(300*time.Millisecond))
				for range 3 {
					for _, pid := range p.PIDs() {
						if err := syscall.Kill(pid, s); err != syscall.ESRCH { // it may be about to die of the last
							require.NoError(t, err)
						}
					}
					survive(t, p, crashArgs{At: -1}) // at once: their deaths come during the run
					complete(t, p, workers)
				}
				require.NoError(t, p.Close())
				assert.Empty(t, children())
			})
		}
	}
}

type aftermathArgs struct {
	Dir string
	At  int
}

// aftermath leaves a file for each chunk that it runs. Behind chunk At the
// worker cannot write to the board any more: it dies when it moves a cursor or
// leaves, and by then it has marked the chunk.
var aftermath = parmap.NewKernel("aftermath", func(_ context.Context, lo, hi int, a aftermathArgs) error {
	f, err := os.CreateTemp(a.Dir, fmt.Sprint(lo, "-"))
	if err != nil {
		return err
	}
	f.Close()
	if lo != a.At {
		return nil
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return err
	}
	protected := 0
	for line := range strings.Lines(string(maps)) {
		var from, to uintptr
		if _, err := fmt.Sscanf(line, "%x-%x rw-s", &from, &to); err != nil || to-from >= 1<<16 {
			continue // not shared, or the claim table
		}
		if _, _, errno := syscall.Syscall(syscall.SYS_MPROTECT, from, to-from, syscall.PROT_READ); errno != 0 {
			return errno
		}
		protected++
	}
	if protected != 1 {
		return fmt.Errorf("%d mappings that may be the board:\n%s", protected, maps)
	}
	return nil
})

// TestDeathAfterTheMark holds that a chunk that was done when its worker died is
// not run again.
func TestDeathAfterTheMark(t *testing.T) {
	for _, workers := range crowds() {
		for _, n := range []int{1, 2, 100} {
			for _, at := range []int{0, n / 2, n - 1} {
				p := start(t, workers, proc.Stderr(new(strings.Builder)))
				before := p.PIDs()
				a := aftermathArgs{t.TempDir(), at}
				require.NoError(t, aftermath.Run(t.Context(), n, a, parmap.On(p), parmap.Grain(1)), "no chunk was broken off")
				chunks := make([]int, n)
				for _, name := range files(t, a.Dir) {
					var chunk int
					_, err := fmt.Sscanf(name, "%d-", &chunk)
					require.NoError(t, err)
					chunks[chunk]++
				}
				assert.Equal(t, slices.Repeat([]int{1}, n), chunks)
				complete(t, p, workers)
				survive(t, p, crashArgs{At: -1})
				assert.NotEqual(t, before, p.PIDs(), "a worker died")
				require.NoError(t, p.Close())
			}
		}
	}
}

// earlyHows are the hows before WorkerMain: the limit of memory begins there.
func earlyHows() []string {
	return slices.DeleteFunc(slices.Clone(hows), func(how string) bool { return how == "out of memory" })
}

// doom makes the next n processes die like that before WorkerMain.
func doom(t *testing.T, dir, how string, n int) {
	t.Helper()
	for i := range n {
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprint(i, "-", how)), nil, 0o600))
	}
}

func TestDeathBeforeHello(t *testing.T) {
	for _, how := range earlyHows() {
		for _, workers := range crowds() {
			t.Run(fmt.Sprint(how, " ", workers), func(t *testing.T) {
				deaths := 3
				switch how {
				case "goexit", "infinite loop", "SIGSTOP": // killed when the time for a hello is over
					if workers != 2 && !storm {
						t.Skip("takes long: set PARFOR_STORM")
					}
					defer proc.SetStartTimeout(time.Second / 2 * slowness)()
					deaths = 1
				}
				marked := mark(t)
				dir := t.TempDir()
				t.Setenv(earlyEnv, dir)
				doom(t, dir, how, 1)
				p, err := proc.Start(t.Context(), workers, proc.Stderr(new(strings.Builder)))
				assert.Nil(t, p)
				var crashed *proc.CrashError
				require.ErrorAs(t, err, &crashed)
				assert.NotEmpty(t, crashed.State)
				assert.Empty(t, children())
				assert.Eventually(t, func() bool { return len(marked()) == 0 }, 5*time.Second, time.Millisecond)

				p = start(t, workers, proc.Stderr(new(strings.Builder)))
				doom(t, dir, how, deaths)
				survive(t, p, crashArgs{Flag: filepath.Join(dir, "crashed"), How: "SIGKILL", At: 123})
				complete(t, p, workers)
				require.Eventually(t, func() bool { return len(files(t, dir)) == 1 }, 20*time.Second, time.Millisecond, "only the flag")
				complete(t, p, workers)
				survive(t, p, crashArgs{At: -1})
				require.NoError(t, p.Close())
				assert.Empty(t, children())
				assert.Eventually(t, func() bool { return len(marked()) == 0 }, 5*time.Second, time.Millisecond)
			})
		}
	}
}

func TestNoReplacementStarts(t *testing.T) {
	for _, workers := range []int{1, 2} {
		dir := t.TempDir()
		t.Setenv(earlyEnv, dir)
		p := start(t, workers, proc.Stderr(new(strings.Builder)), proc.Retries(1000))
		doom(t, dir, "exit 3", 20)
		run := func() error {
			out := zeros(t, 10)
			return crash.Run(t.Context(), 10, crashArgs{Out: out, How: "SIGKILL"}, parmap.On(p), parmap.Output(out))
		}
		for range 2 {
			err := run()
			var crashed *proc.CrashError
			require.ErrorAs(t, err, &crashed)
			assert.Equal(t, "exit status 3", crashed.State)
			assert.ErrorContains(t, err, "workers in a row did not start; the last: ")
		}
		require.NoError(t, p.Close())
		assert.ErrorIs(t, run(), proc.ErrClosed)
		assert.Empty(t, children())
	}
}
