//go:build linux

package batch_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// cluster starts a virtual cluster of four nodes for a test.
func cluster(t *testing.T) (dir string) {
	t.Helper()
	if os.Getenv("PARFOR_SLURM") == "" {
		t.Skip("PARFOR_SLURM is not set: bash .ci/run slurm sets it")
	}
	dir, err := os.MkdirTemp("/tmp", "slurm") // a short name: there are sockets in it
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	t.Cleanup(func() { node(t, "stop", dir) })
	out := node(t, "start", dir)
	conf, ok := strings.CutPrefix(strings.TrimSpace(out), "export SLURM_CONF=")
	require.True(t, ok, out)
	t.Setenv("SLURM_CONF", conf)
	return dir
}

// node does something to the cluster or one of its nodes.
func node(t *testing.T, args ...string) string {
	t.Helper()
	script, err := filepath.Abs("../../.ci/cluster")
	require.NoError(t, err)
	cmd := exec.Command(script, args...)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	require.NoError(t, err, "%v: %s", args, said.String())
	return string(out)
}

// declare tells the controller that a node is down, which it would find out later.
func declare(t *testing.T, name string) {
	t.Helper()
	out, err := exec.Command("scontrol", "update", "nodename="+name, "state=down", "reason=test").CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// until waits for a line of status that has all the words.
func (s *site) until(words ...string) {
	s.Helper()
	require.Eventually(s, func() bool { return isLine(s.do("status", s.spool()), words) },
		2*time.Minute, 50*time.Millisecond, "%q", words)
}

// nodeOf returns the node that runs a task.
func nodeOf(t *testing.T, task int) string {
	t.Helper()
	out, err := exec.Command("squeue", "-h", "-r", "-t", "R", "-o", "%K %N").Output()
	require.NoError(t, err)
	for line := range strings.Lines(string(out)) {
		if fields := strings.Fields(line); len(fields) == 2 && fields[0] == strconv.Itoa(task) {
			return fields[1]
		}
	}
	t.Fatalf("task %d does not run: %s", task, out)
	return ""
}

// TestSlurm runs an array.
func TestSlurm(t *testing.T) {
	cluster(t)
	s := newSite(t, 12)
	begin := time.Now()
	out := s.do("submit", s.spool(), "--time=5")
	assert.Regexp(t, `^job \d+: tasks 0 to \d+\n$`, out)
	s.until("done", strconv.Itoa(s.tasks()))
	t.Logf("%d tasks in %v", s.tasks(), time.Since(begin))
	assert.Equal(t, "nothing is missing\n", s.do("submit", "-missing", s.spool()))
	s.right()
}

// TestSlurmArrays makes several arrays, as there are more tasks than MaxArraySize.
func TestSlurmArrays(t *testing.T) {
	t.Setenv("CLUSTER_CONF", "MaxArraySize=5")
	cluster(t)
	s := newSite(t, 12)
	out := s.do("submit", s.spool())
	assert.Contains(t, out, ": tasks 0 to 4\n")
	assert.Contains(t, out, ": tasks 5 to 9\n")
	s.until("done", strconv.Itoa(s.tasks()))
	s.right()
}

// newStuckSite starts a cluster and an array in it, whose task 1 does not end.
func newStuckSite(t *testing.T) (s *site, dir string) {
	dir = cluster(t)
	s = newSite(t, 5)
	s.trouble(700, "wait")
	s.do("submit", s.spool())
	s.begun(640, 1)
	s.until("done", "4")
	return s, dir
}

// TestSlurmNodeDies kills a node with its task, which Slurm then starts on another.
func TestSlurmNodeDies(t *testing.T) {
	s, dir := newStuckSite(t)
	victim := nodeOf(t, 1)
	node(t, "kill-node", dir, victim)
	declare(t, victim)
	s.begun(640, 2)
	assert.NotEqual(t, victim, nodeOf(t, 1))
	s.noTrouble(700)
	s.until("done", "5")
	s.right()
}

// TestSlurmKilledTask kills a task, which Slurm does not start again, and repairs it.
func TestSlurmKilledTask(t *testing.T) {
	s, _ := newStuckSite(t)
	alive := filepath.Base(s.find(`0000001/.*\.alive`))
	pid, err := strconv.Atoi(strings.Split(strings.TrimSuffix(alive, ".alive"), "-")[len(strings.Split(alive, "-"))-2])
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	require.Eventually(t, func() bool {
		out, err := exec.Command("squeue", "-h").Output()
		return err == nil && len(out) == 0
	}, time.Minute, 50*time.Millisecond, "Slurm has not noticed")
	s.noTrouble(700)
	require.NoError(t, os.Remove(s.find(`0000001/.*\.alive`))) // or wait for a minute
	s.ran()
	assert.Contains(t, s.do("submit", "-missing", s.spool()), ": tasks 1 to 1\n")
	s.until("done", "5")
	for _, first := range s.ran() {
		assert.Equal(t, 1, first/640, "a chunk of another task")
	}
	s.right()
}

// TestSlurmTwoAttempts cuts a node off: its task lives on, and Slurm starts it a second
// time. Both end, in both orders, and the array is right.
func TestSlurmTwoAttempts(t *testing.T) {
	s, dir := newStuckSite(t)
	victim := nodeOf(t, 1)
	node(t, "partition-node", dir, victim)
	declare(t, victim)
	s.begun(640, 2)
	assert.Len(t, s.all(`0000001/.*\.alive`), 2, "two attempts live")
	s.noTrouble(700)
	s.until("done", "5")
	require.Eventually(t, func() bool { return len(s.all(`0000001/.*\.alive`)) == 0 }, time.Minute, 10*time.Millisecond)
	assert.Len(t, s.all(`0000001/.*\.journal`), 2)
	assert.Empty(t, s.all(`\.failed`))
	s.right()
}

// TestSlurmControllerDies lets the controller forget what it has done: it runs tasks
// again, which finds that nothing is left to do.
func TestSlurmControllerDies(t *testing.T) {
	dir := cluster(t)
	s := newSite(t, 12)
	s.trouble(2900, "wait")
	s.do("submit", s.spool())
	s.until("done", strconv.Itoa(s.tasks()-1))
	node(t, "kill-controller", dir)
	node(t, "start", dir)
	s.noTrouble(2900)
	s.until("done", strconv.Itoa(s.tasks()))
	s.right()
}
