//go:build linux

package batch_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// command returns the program in a process of its own, at a task.
func (s *site) command(task int, before ...string) *exec.Cmd {
	argv := slices.Concat(before, []string{os.Args[0], "task", "-index", strconv.Itoa(task), s.spool()})
	return exec.Command(argv[0], argv[1:]...)
}

// find returns the only file of the spool whose path matches.
func (s *site) find(pattern string) string {
	s.Helper()
	all := s.all(pattern)
	require.Len(s, all, 1, pattern)
	return all[0]
}

func (s *site) all(pattern string) (all []string) {
	s.Helper()
	exp := regexp.MustCompile(pattern)
	for name := range files(s.T, s.spool()) {
		if exp.MatchString(name) {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// TestLocalEngine runs everything in processes of its own, of which some crash, and
// repairs what they left.
func TestLocalEngine(t *testing.T) {
	s := newSite(t, 5)
	s.trouble(700, "exit")
	s.trouble(2000, "panic")
	out := s.fails("submit", "-engine", "local", "-j", "2", s.spool())
	hasLine(t, out, "task 1: exit status 3: see "+s.spool("logs", "0000001.log"))
	hasLine(t, out, "task 3: exit status 1: see ")
	assert.Contains(t, out, "2 of 5 tasks failed")
	out = s.do("status", s.spool())
	hasLine(t, out, "done", "3", "0,2,4")
	hasLine(t, out, "failed", "2", "1,3")
	hasLine(t, out, "task 3: ", "a body's panic")
	hasLine(t, out, "task 1: exit status 3")
	log, err := os.ReadFile(s.spool("logs", "0000003.log"))
	require.NoError(t, err)
	assert.Contains(t, string(log), "act(", "the stack")
	out = s.fails("seal", s.spool())
	assert.Contains(t, out, "2 of 5 tasks are still to do: submit -missing; the first: task 1, rows [640,")
	assert.NoFileExists(t, s.path("out.npy"))
	s.noTrouble(700)
	s.noTrouble(2000)
	s.ran()
	assert.Regexp(t, `^2 tasks done in \S+\n$`, s.do("submit", "-missing", "-engine", "local", s.spool()))
	for _, first := range s.ran() {
		assert.Contains(t, []int{1, 3}, first/640, "a chunk of another task")
	}
	assert.Equal(t, "nothing is missing\n", s.do("submit", "-missing", "-engine", "local", s.spool()))
	s.right()
}

// TestStop sends SIGTERM to a task: it finishes the chunks that it has begun, and the
// next attempt does not compute them again.
func TestStop(t *testing.T) {
	s := newSite(t, 2)
	t.Setenv("PARFOR_WORKERS", "1") // so that the chunks behind are not begun meanwhile
	s.trouble(70, "wait")
	cmd := s.command(0)
	said, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool {
		b, _ := os.ReadFile(s.path("diary"))
		return regexp.MustCompile(`(?m)^64$`).Match(b)
	}, 20*time.Second, time.Millisecond)
	hasLine(t, s.do("status", s.spool()), "running", "1", "0")
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	lines := bufio.NewReader(said)
	line, err := lines.ReadString('\n')
	require.NoError(t, err)
	assert.Contains(t, line, "asked to stop")
	s.noTrouble(70)
	_, err = io.Copy(io.Discard, lines)
	require.NoError(t, err)
	assert.EqualError(t, cmd.Wait(), "exit status 75")
	hasLine(t, s.do("status", s.spool()), "waiting", "2", "0-1")
	begun := s.ran()
	assert.Contains(t, begun, 64)
	assert.Equal(t, []int{0, 64}, begun)
	status, out := s.task(0)
	require.Zero(t, status, out)
	for _, first := range s.ran() {
		assert.NotContains(t, begun, first, "computed again")
	}
	s.do("submit", "-engine", "local", s.spool())
	s.right()
}

// TestKilledTask holds that an attempt that was killed on this machine is known to be
// gone, at once.
func TestKilledTask(t *testing.T) {
	s := newSite(t, 5)
	s.trouble(700, "wait")
	cmd := s.command(1)
	require.NoError(t, cmd.Start())
	s.begun(640, 1)
	hasLine(t, s.do("status", s.spool()), "running", "1", "1")
	assert.Equal(t, "left out, as they seem to be running: 1\n", s.do("submit", "-engine", "local", "-missing", "-tasks", "1", s.spool()))
	require.NoError(t, cmd.Process.Kill())
	assert.Error(t, cmd.Wait())
	out := s.do("status", s.spool())
	hasLine(t, out, "stale", "1", "1")
	hasLine(t, out, "task 1: process "+strconv.Itoa(cmd.Process.Pid)+" is gone")
	assert.NotContains(t, out, " left")
	s.noTrouble(700)
	s.do("submit", "-engine", "local", "-missing", s.spool())
	s.right()
}

// TestDirectory holds that tasks run where the plan was made.
func TestDirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	there, err := os.Getwd()
	require.NoError(t, err)
	s := newSite(t, 2)
	where := func() string {
		b, err := os.ReadFile(s.path("where"))
		require.NoError(t, err)
		return string(b)
	}
	s.trouble(0, "where")
	s.trouble(rows-1, "where")
	t.Chdir(t.TempDir())
	s.do("submit", "-engine", "local", "-tasks", "0", s.spool())
	assert.Equal(t, there, where())
	require.NoError(t, os.Remove(s.path("where")))
	out, err := s.command(1).CombinedOutput() // as other engines do
	require.NoError(t, err)
	assert.Regexp(t, `^task 1: 23 chunks computed in \S+, 0 were recorded before\n$`, string(out))
	assert.Equal(t, there, where())
	require.NoError(t, os.Rename(there, there+"2"))
	assert.Contains(t, s.fails("task", "-index", "0", s.spool()), there+", where plan was called, is not here")
}

// TestExitZero holds that the local engine believes records, and not an exit status.
func TestExitZero(t *testing.T) {
	s := newSite(t, 5)
	s.trouble(700, "leave")
	out := s.fails("submit", "-engine", "local", s.spool())
	hasLine(t, out, "task 1: exit status 0 without a record that it is done", "see "+s.spool("logs", "0000001.log"))
	assert.Contains(t, out, "1 of 5 tasks failed")
	hasLine(t, s.do("status", s.spool()), "failed", "1", "1")
	// Nobody is at it: to watch has an end.
	assert.Contains(t, s.fails("status", "-watch", s.spool()), "status: 1 of 5 tasks failed or stale: submit -missing tries again")
	s.noTrouble(700)
	s.do("submit", "-engine", "local", "-missing", s.spool())
	s.do("status", "-watch", s.spool())
	s.right()
}

// TestSyncFails lets the rows that an attempt has computed not come to the disk, where a
// row was damaged that an earlier one had recorded: in the system's memory it is right
// again, and the next attempt must not believe that.
func TestSyncFails(t *testing.T) {
	for _, tasks := range []int{2, 5} {
		s := finished(t, tasks)
		partial := s.find(`array\.partial`)
		at := int64(500 * 24)
		if tasks == 2 {
			at += 4096
		}
		flip(t, partial, at)
		cmd := s.command(0)
		cmd.Env = append(os.Environ(), syncsEnv+"=1") // of the rows that are right
		out, err := cmd.CombinedOutput()
		require.EqualError(t, err, "exit status 1", "%s", out)
		assert.Contains(t, string(out), "input/output error")
		assert.Equal(t, []int{448}, s.ran())
		hasLine(t, s.do("status", s.spool()), "failed", "1", "0")
		s.fails("verify", s.spool())
		assert.Zero(t, must(s.task(0)))
		assert.Equal(t, []int{448}, s.ran(), "what could not be synced was believed")
		s.right()
	}
}

// TestAttemptsThatDiffer holds that a body whose result depends on the attempt is found,
// by the attempt that comes second and by verify.
func TestAttemptsThatDiffer(t *testing.T) {
	s := newSite(t, 5)
	t.Setenv(everyEnv, "1h") // so that the second does not find the first's records
	s.trouble(10, "time")
	s.trouble(100, "wait")
	first, second := s.command(0), s.command(0)
	for _, cmd := range []*exec.Cmd{first, second} {
		s.ran()
		require.NoError(t, cmd.Start())
		require.Eventually(t, func() bool {
			b, _ := os.ReadFile(s.path("diary"))
			return regexp.MustCompile(`(?m)^64$`).Match(b) && regexp.MustCompile(`(?m)^0$`).Match(b)
		}, 20*time.Second, time.Millisecond)
	}
	s.noTrouble(100)
	a, b := first.Wait(), second.Wait()
	s.ran()
	assert.True(t, (a == nil) != (b == nil), "%v, %v: one of them is the second", a, b)
	hasLine(t, s.do("status", s.spool()), "done", "1")
	failed, err := os.ReadFile(s.find(`0000000/.*\.failed`))
	require.NoError(t, err)
	assert.Contains(t, string(failed), "task 0, rows [0,64): this attempt computed others")

	// What was recorded is not to be trusted any more, whoever tries again.
	for range 2 {
		out := s.fails("verify", s.spool())
		hasLine(t, out, "task 0, rows [0,64): two attempts have recorded others: ", "remove "+s.spool("attempts", "0000000")+" and "+s.spool("done", "0000000"))
		out = s.fails("submit", "-engine", "local", "-missing", "-tasks", "0", s.spool())
		hasLine(t, out, "task 0: exit status 1: see ")
		assert.Empty(t, s.ran(), "it gives up before it computes")
	}
	s.do("submit", "-engine", "local", "-tasks", "1-4", s.spool())
	s.fails("seal", s.spool())

	s.noTrouble(10)
	require.NoError(t, os.RemoveAll(s.spool("attempts", "0000000")))
	require.NoError(t, os.Remove(s.spool("done", "0000000")))
	require.NoError(t, os.Truncate(s.spool("array.partial"), 0)) // so that nothing is there by chance
	s.do("submit", "-engine", "local", "-missing", s.spool())
	s.right()
}

// TestVerifyAgain finds such a body where no two attempts have been at a task.
func TestVerifyAgain(t *testing.T) {
	s := newSite(t, 2)
	for row := 0; row < rows; row += 64 {
		s.trouble(row, "time")
	}
	s.do("submit", "-engine", "local", s.spool())
	s.do("verify", s.spool())
	out := s.fails("verify", "-again", "3", s.spool())
	hasLine(t, out, ": computed again they are others: the body depends on more than the index")
	assert.Contains(t, out, "3 of 3 chunks")
	for row := 0; row < rows; row += 64 {
		s.noTrouble(row)
	}
	s = finished(t, 2)
	assert.Contains(t, s.do("verify", "-again", "20", s.spool()), "\n20 chunks, computed again, are the same\n")
	assert.Len(t, slices.Compact(s.ran()), 20)
}

// present returns what is in dir, but for one name.
func present(t *testing.T, dir, except string) (names []string) {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		if e.Name() != except {
			names = append(names, filepath.Base(e.Name()))
		}
	}
	return names
}
