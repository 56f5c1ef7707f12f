//go:build linux

package batch_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap/batch"
)

// TestGoexit holds that a body that ends its goroutine fails its task, and does not keep it
// for ever.
func TestGoexit(t *testing.T) {
	s := newSite(t, 5)
	s.trouble(700, "goexit")
	cmd := s.command(1)
	out, err := cmd.CombinedOutput()
	assert.EqualError(t, err, "exit status 1")
	assert.Contains(t, string(out), "task: runtime.Goexit in a body")
	hasLine(t, s.do("status", s.spool()), "task 1: runtime.Goexit in a body")
	assert.Contains(t, s.fails("run", "-o", s.path("here.npy")), "run: runtime.Goexit in a body")
	s.noTrouble(700)
	s.do("submit", "-engine", "local", "-missing", s.spool())
	s.right()
}

// TestProcesses holds that a process has a name of its own, and one that has ended none.
func TestProcesses(t *testing.T) {
	mine := batch.ProcessOf(os.Getpid())
	assert.NotEmpty(t, mine)
	assert.Equal(t, mine, batch.ProcessOf(os.Getpid()))
	cmd := exec.Command("sleep", "1000")
	require.NoError(t, cmd.Start())
	theirs := batch.ProcessOf(cmd.Process.Pid)
	assert.NotEmpty(t, theirs)
	assert.NotEqual(t, mine, theirs)
	require.NoError(t, cmd.Process.Kill())
	require.Eventually(t, func() bool { return batch.ProcessOf(cmd.Process.Pid) == "" }, time.Minute, time.Millisecond, "a zombie is none")
	assert.Error(t, cmd.Wait())
	assert.Empty(t, batch.ProcessOf(cmd.Process.Pid))
	assert.Empty(t, batch.ProcessOf(-1))
}

// TestStoppedForLong holds that an attempt whose process is there lives, however long ago it
// was heard of, and that nobody knows of one on another machine.
func TestStoppedForLong(t *testing.T) {
	s := newSite(t, 5)
	s.trouble(700, "wait")
	cmd := s.command(1)
	require.NoError(t, cmd.Start())
	s.begun(640, 1)
	require.NoError(t, cmd.Process.Signal(syscall.SIGSTOP))
	alive := s.find(`/0000001/.*\.alive$`)
	long := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(alive, long, long))
	hasLine(t, s.do("status", s.spool()), "running", "1", "1")

	b, err := os.ReadFile(alive)
	require.NoError(t, err)
	elsewhere := strings.Replace(string(b), "pid:[", "pid:[1", 1) // another name space
	require.NotEqual(t, string(b), elsewhere)
	require.NoError(t, os.WriteFile(alive, []byte(elsewhere), 0o600))
	hasLine(t, s.do("status", s.spool()), "running", "1", "1")
	require.NoError(t, os.Chtimes(alive, long, long))
	hasLine(t, s.do("status", s.spool()), "stale", "1", "1")
	hasLine(t, s.do("status", s.spool()), "task 1: no sign of life since ")

	// So others go on, and the array is sealed. What the first does then does not reach it.
	s.noTrouble(700)
	s.do("submit", "-engine", "local", "-missing", s.spool())
	s.right()
	sealed, err := os.ReadFile(s.path("out.npy"))
	require.NoError(t, err)
	require.NoError(t, cmd.Process.Signal(syscall.SIGCONT))
	require.NoError(t, cmd.Wait())
	now, err := os.ReadFile(s.path("out.npy"))
	require.NoError(t, err)
	assert.Equal(t, sealed, now)
}

// TestLateAttempt has the array, which was the partial file, changed by its user before a
// late attempt goes on: that writes nothing any more.
func TestLateAttempt(t *testing.T) {
	s := newSite(t, 2)
	s.trouble(70, "wait")
	cmd := s.command(0)
	require.NoError(t, cmd.Start())
	s.begun(64, 1)
	alive := s.find(`/0000000/.*\.alive$`)
	require.NoError(t, os.Remove(alive)) // it seems to have ended
	s.noTrouble(70)
	require.NoError(t, cmd.Process.Signal(syscall.SIGSTOP))
	s.do("submit", "-engine", "local", s.spool())
	s.do("seal", s.spool())
	mine := make([]byte, 4096+rows*columns*8)
	require.NoError(t, os.WriteFile(s.path("out.npy"), mine, 0o600)) // the same file
	require.NoError(t, cmd.Process.Signal(syscall.SIGCONT))
	_ = cmd.Wait()
	now, err := os.ReadFile(s.path("out.npy"))
	require.NoError(t, err)
	assert.Equal(t, mine, now, "it wrote into an array that has its name")
}

// TestInterrupt sends the local engine what a terminal sends, to it and to its tasks: these
// finish the chunks that they have begun.
func TestInterrupt(t *testing.T) {
	s := newSite(t, 2)
	t.Setenv("PARFOR_WORKERS", "1")
	s.trouble(70, "wait")
	cmd := exec.Command(os.Args[0], "submit", "-engine", "local", s.spool())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, cmd.Start())
	s.begun(64, 1)
	require.NoError(t, syscall.Kill(-cmd.Process.Pid, syscall.SIGINT))
	log := s.spool("logs", "0000000.log")
	require.Eventually(t, func() bool {
		b, _ := os.ReadFile(log)
		return strings.Contains(string(b), "asked to stop")
	}, time.Minute, time.Millisecond)
	s.noTrouble(70)
	assert.EqualError(t, cmd.Wait(), "exit status 1")
	b, err := os.ReadFile(log)
	require.NoError(t, err)
	assert.Contains(t, string(b), "stopped: what is done is recorded")
	hasLine(t, s.do("status", s.spool()), "waiting", "2", "0-1")
	ran := s.ran()
	assert.Equal(t, []int{0, 64}, ran)
	s.do("submit", "-engine", "local", "-missing", s.spool())
	assert.NotContains(t, s.ran(), 64)
	s.right()
}

// TestSecondSignal holds that a second signal of one kind ends a task at once.
func TestSecondSignal(t *testing.T) {
	s := newSite(t, 2)
	s.trouble(70, "wait")
	cmd := s.command(0)
	require.NoError(t, cmd.Start())
	s.begun(64, 1)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			assert.EqualError(t, err, "signal: interrupt")
			return
		case <-time.After(10 * time.Millisecond):
			_ = cmd.Process.Signal(os.Interrupt)
		}
	}
}

// TestShareOfTheMachine holds on how many goroutines the tasks of the local engine compute.
func TestShareOfTheMachine(t *testing.T) {
	s := newSite(t, 2)
	s.trouble(0, "workers")
	s.do("submit", "-engine", "local", "-j", "2", "-tasks", "0", s.spool())
	said, err := os.ReadFile(filepath.Join(s.dir, "workers"))
	require.NoError(t, err)
	if os.Getenv("PARFOR_WORKERS") == "" {
		assert.Equal(t, strings.TrimSpace(string(said)), strconv.Itoa(max(1, runtime.GOMAXPROCS(0)/2)))
	}
	t.Setenv("PARFOR_WORKERS", "7")
	s.trouble(rows-1, "workers")
	s.do("submit", "-engine", "local", "-tasks", "1", s.spool())
	said, err = os.ReadFile(filepath.Join(s.dir, "workers"))
	require.NoError(t, err)
	assert.Equal(t, "7", string(said))
}
