//go:build linux

package proc_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/proc"
	"github.com/parfor-go/parfor/shmarray"
)

type lateArgs struct {
	Flag  string
	Delay time.Duration
}

// dieFailing returns an error that takes a while to send, the first time, and
// dies meanwhile.
var dieFailing = parmap.NewKernel("die failing", func(_ context.Context, lo, hi int, a lateArgs) error {
	f, err := os.OpenFile(a.Flag, os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil
	}
	f.Close()
	fails := errors.New("it fails" + strings.Repeat(" and fails", 1<<19))
	time.AfterFunc(a.Delay, func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) })
	return fails
})

// TestDeathWhileFailing holds that a run ends whose body's error is lost on the
// way.
func TestDeathWhileFailing(t *testing.T) {
	for _, workers := range []int{1, 2} {
		p := quiet(t, workers)
		out := zeros(t, 10)
		for range 30 {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			a := lateArgs{filepath.Join(t.TempDir(), "flag"), time.Duration(rand.IntN(5000)) * time.Microsecond}
			err := dieFailing.Run(ctx, 10, a, parmap.On(p), parmap.Output(out), parmap.Grain(1))
			cancel()
			if err != nil {
				require.ErrorContains(t, err, "it fails", "%.100v", err)
			}
		}
	}
}

type filling = *shmarray.Array[float64]

// fillAll has an array for its argument, or none.
var fillAll = parmap.NewKernel("fill all", func(_ context.Context, lo, hi int, a filling) error {
	if a == nil {
		return errors.New("no array")
	}
	for i := lo; i < hi; i++ {
		a.Set(float64(i), i)
	}
	return nil
})

// TestArgumentsNeedNoStruct holds that an array is an argument by itself, and that
// none is too.
func TestArgumentsNeedNoStruct(t *testing.T) {
	p := quiet(t, 2)
	out := zeros(t, 5)
	require.NoError(t, fillAll.Run(t.Context(), 5, out, parmap.On(p), parmap.Output(out)))
	assert.Equal(t, []float64{0, 1, 2, 3, 4}, out.Data())
	for _, where := range [][]parmap.RunOption{{parmap.On(p)}, nil} {
		assert.ErrorContains(t, fillAll.Run(t.Context(), 5, nil, where...), "no array")
	}
}

// wedge leaves a program behind that is in nobody's group and writes to standard
// error for as long as it lives, and dies.
var wedge = parmap.NewKernel("wedge", func(_ context.Context, lo, hi int, file string) error {
	cmd := exec.Command("sh", "-c", "while :; do echo x; sleep 0.02; done")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := os.WriteFile(file, fmt.Append(nil, cmd.Process.Pid), 0o600); err != nil {
		return err
	}
	os.Exit(3)
	return nil
})

// TestWriterThatStays holds that nobody waits for who has the standard error of
// a dead worker.
func TestWriterThatStays(t *testing.T) {
	p := quiet(t, 1)
	file := filepath.Join(t.TempDir(), "pid")
	err := wedge.Run(t.Context(), 1, file, parmap.On(p))
	b, readErr := os.ReadFile(file)
	require.NoError(t, readErr)
	writer, readErr := strconv.Atoi(string(b))
	require.NoError(t, readErr)
	assert.NoError(t, syscall.Kill(writer, syscall.SIGKILL), "it is there still")
	var crashed *proc.CrashError
	require.ErrorAs(t, err, &crashed)
	assert.Equal(t, "exit status 3", crashed.State)
}

// firstFails fails at item 0, says that it is at item 1, and waits there.
var firstFails = parmap.NewFunc("first fails", func(ctx context.Context, in string) (int, error) {
	switch in {
	case "fails":
		return 0, errBody
	case "":
		return 1, ctx.Err()
	}
	if err := os.WriteFile(in, nil, 0o600); err != nil {
		return 0, err
	}
	<-ctx.Done()
	return 0, ctx.Err()
})

// TestCancelBehindAFailure holds that the cause of a cancellation is among the
// errors, also if what was given up is behind an item that failed.
func TestCancelBehindAFailure(t *testing.T) {
	p := quiet(t, 1)
	for _, opts := range [][]parmap.RunOption{{parmap.Workers(1)}, {parmap.On(p)}} {
		file := filepath.Join(t.TempDir(), "waits")
		ctx, cancel := context.WithCancelCause(t.Context())
		done := make(chan error, 1)
		go func() {
			_, err := firstFails.Map(ctx, []string{"fails", file, "", ""}, append(opts, parmap.Grain(4), parmap.CollectErrors)...)
			done <- err
		}()
		require.Eventually(t, func() bool { _, err := os.Stat(file); return err == nil }, 20*time.Second, time.Millisecond)
		cancel(errCause)
		err := <-done
		assert.ErrorIs(t, err, errCause)
		assert.ErrorContains(t, err, errBody.Error())
	}
}

// await says where it is and waits for a file.
var await = parmap.NewKernel("await", func(ctx context.Context, lo, hi int, a []string) error {
	if err := os.WriteFile(a[0], fmt.Append(nil, os.Getpid()), 0o600); err != nil {
		return err
	}
	for ctx.Err() == nil {
		if _, err := os.Stat(a[1]); err == nil {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return ctx.Err()
})

// TestDeathsOfTheIdle holds that a run is not given up because of workers that
// die without having had anything to do.
func TestDeathsOfTheIdle(t *testing.T) {
	defer proc.SetBarrenFor(0)()
	p := quiet(t, 2)
	dir := t.TempDir()
	at, leave := filepath.Join(dir, "at"), filepath.Join(dir, "leave")
	done := make(chan error, 1)
	go func() { done <- await.Run(t.Context(), 1, []string{at, leave}, parmap.On(p)) }()
	var busy int
	require.Eventually(t, func() bool {
		b, _ := os.ReadFile(at)
		busy, _ = strconv.Atoi(string(b))
		return busy > 0
	}, 20*time.Second, time.Millisecond)
	for deaths := 0; deaths < 12; deaths++ {
		complete(t, p, 2)
		for _, pid := range p.PIDs() {
			if pid != busy {
				require.Eventually(t, func() bool { return p.IsIdle(pid) }, 20*time.Second, time.Millisecond)
				require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
				require.Eventually(t, func() bool { return !slices.Contains(p.PIDs(), pid) }, 20*time.Second, time.Millisecond)
			}
		}
	}
	require.NoError(t, os.WriteFile(leave, nil, 0o600))
	assert.NoError(t, <-done)
}

// TestProgramIgnoresChildren holds that what a worker started ends with it also
// in a program to which the system does not tell of children.
func TestProgramIgnoresChildren(t *testing.T) {
	signal.Ignore(syscall.SIGCHLD)
	defer func() { // Reset does not undo Ignore
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGCHLD)
		signal.Stop(c)
	}()
	marked := mark(t)
	p := quiet(t, 2)
	survive(t, p, crashArgs{Flag: filepath.Join(t.TempDir(), "flag"), How: "grandchild", At: 123})
	require.NoError(t, p.Close())
	assert.Eventually(t, func() bool { return len(marked()) == 0 }, 5*time.Second, time.Millisecond)
}

// TestNobodyCanBegin holds that a run ends in which every worker dies before it
// has begun.
func TestNobodyCanBegin(t *testing.T) {
	defer proc.SetBarrenFor(100 * time.Millisecond)()
	for _, workers := range []int{1, 2} {
		t.Setenv(filesEnv, "20")
		p := quiet(t, workers)
		a := manyArgs{make([]*array, 40), zeros(t, 10)}
		for i := range a.All {
			a.All[i] = zeros(t, 10)
		}
		err := many.Run(t.Context(), 10, a, parmap.On(p), parmap.Output(a.Out))
		var crashed *proc.CrashError
		require.ErrorAs(t, err, &crashed)
		assert.ErrorContains(t, err, "workers in a row died before their first chunk; the last: ")
		assert.Contains(t, string(crashed.Stderr), "too many open files")
		survive(t, p, crashArgs{At: -1})
	}
}

// TestTooManyOpenFiles holds that a worker that cannot have an array says so.
func TestTooManyOpenFiles(t *testing.T) {
	var said strings.Builder
	p := start(t, 1, proc.Stderr(&said))
	limit := &unix.Rlimit{Cur: 20, Max: 20}
	require.NoError(t, unix.Prlimit(p.PIDs()[0], unix.RLIMIT_NOFILE, limit, nil))
	a := manyArgs{make([]*array, 40), zeros(t, 10)}
	for i := range a.All {
		a.All[i] = zeros(t, 10)
		a.All[i].Data()[3] = 1
	}
	require.NoError(t, many.Run(t.Context(), 10, a, parmap.On(p), parmap.Output(a.Out)), "there is another")
	assert.Equal(t, 40., slices.Max(a.Out.Data()))
	require.NoError(t, p.Close())
	assert.Contains(t, said.String(), "too many open files")
}
