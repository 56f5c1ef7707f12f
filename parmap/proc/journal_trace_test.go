//go:build linux

package proc_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap/internal/journal"
	"github.com/parfor-go/parfor/parmap/proc"
)

const (
	callEnv  = "PARFOR_TEST_CALL"  // before which system call a recorder kills itself; 0: none
	stageEnv = "PARFOR_TEST_STAGE" // how many rows are begun before others are recorded
	hastyEnv = "PARFOR_TEST_HASTY" // a recorder whose bodies do not wait
)

// countCalls counts the system calls by which something comes to a disk, whatever thread
// makes them, and kills this process before that of the number in callEnv. The returned
// function says how many there were of each kind.
func countCalls() (counted func() string) {
	last, err := strconv.Atoi(os.Getenv(callEnv))
	if err != nil {
		return func() string { return "" }
	}
	proc.SetTellEvery(time.Millisecond)
	var mu sync.Mutex
	n, kinds := 0, map[string]int{}
	segment.Calling = func(call, _ string) {
		mu.Lock()
		defer mu.Unlock()
		n++
		kinds[call]++
		if n == last {
			fmt.Println(call)
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // until it comes, and nobody else makes a call meanwhile
		}
	}
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		b, _ := json.Marshal(kinds)
		return string(b) + "\n"
	}
}

// waitForStage keeps a body from its beginning until as many rows are recorded as make
// whole stages of those that were begun before. So the number of commits is that of the
// stages, if a stage takes less time than there is between commits.
func (a recordedArgs) waitForStage() error {
	stage, err := strconv.Atoi(os.Getenv(stageEnv))
	if err != nil {
		return nil
	}
	tickets, err := os.OpenFile(filepath.Join(a.Dir, "tickets"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer tickets.Close()
	if _, err := tickets.Write([]byte{1}); err != nil {
		return err
	}
	mine, err := tickets.Seek(0, 1)
	if err != nil {
		return err
	}
	for before := (int(mine) - 1) / stage * stage; before > 0; time.Sleep(time.Millisecond) {
		n := 0
		j, err := journal.Load(filepath.Join(a.Dir, "journal"), nil, recordedRows)
		if err != nil {
			return err
		}
		for row := range recordedRows {
			if _, ok := j.Recorded(row); ok {
				n++
			}
		}
		if n >= before {
			break
		}
	}
	return nil
}

// A life is what came of a recorder.
type life struct {
	complete bool
	killedAt string
	calls    map[string]int // if it is complete
}

// live lets a recorder do the run in dir. Without a call it is not disturbed, nor held up.
func live(t *testing.T, dir, call string, command ...string) (l life) {
	command = append(command, os.Args[0])
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), roleEnv+"=recorder", dirEnv+"="+dir, everyEnv+"=60ms", hastyEnv+"=1")
	if call != "" {
		cmd.Env = append(cmd.Env, callEnv+"="+call, stageEnv+"=64")
	}
	out, err := cmd.Output()
	lines := strings.Split(string(out), "\n")
	if err != nil {
		require.EqualError(t, err, "signal: killed", "%s", out)
		l.killedAt = lines[len(lines)-2]
		return l
	}
	require.Regexp(t, `^\[\d+ \d+\]\n<nil>\n`, string(out))
	l.complete = true
	if call != "" {
		require.NoError(t, json.Unmarshal([]byte(lines[2]), &l.calls), "%s", out)
	}
	return l
}

// slack is by how many the calls of two undisturbed runs can differ: those of two commits.
const slack = 2 * 3

// TestJournalSystemCalls kills a program that does a journalled run before each system call
// by which something comes to a disk, in turn: the first, the second, and so on to the last.
// The next one finds what was recorded, and makes the rest.
func TestJournalSystemCalls(t *testing.T) {
	undisturbed := live(t, t.TempDir(), "0")
	total := 0
	for _, n := range undisturbed.calls {
		total += n
	}
	killed, kinds := 0, map[string]int{}
	for complete := false; !complete; {
		dir := t.TempDir()
		l := live(t, dir, strconv.Itoa(killed+1))
		if complete = l.complete; !complete {
			killed++
			kinds[l.killedAt]++
		}
		r, err := openRecorded(dir)
		require.NoError(t, err)
		done := r.done(t)
		r.ran(t)
		require.True(t, live(t, dir, "").complete, "call %d", killed)
		assert.Equal(t, rest(done), slices.Compact(r.ran(t)), "call %d, %s", killed, l.killedAt)
		r.right(t)
		require.NoError(t, r.args.Out.Close())
	}
	t.Logf("killed before %d of %d calls: %v", killed, total, kinds)
	assert.InDelta(t, total, killed, slack)
	assert.Equal(t, slices.Sorted(maps.Keys(undisturbed.calls)), slices.Sorted(maps.Keys(kinds)))
	assert.Subset(t, slices.Collect(maps.Keys(kinds)), []string{"linkat", "pwrite64", "msync", "fsync"})
}

// TestJournalCallsAreCounted holds that no call by which something comes to a disk is made
// without being counted.
func TestJournalCallsAreCounted(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is missing: apt-get install strace")
	}
	if out, err := exec.Command(strace, "-f", "true").CombinedOutput(); err != nil {
		t.Skipf("strace cannot trace here: %v\n%s", err, out)
	}
	names := []string{"pwrite64", "pwritev", "fsync", "fdatasync", "msync", "sync_file_range", "syncfs", "link", "linkat",
		"rename", "renameat", "renameat2", "truncate", "ftruncate", "ftruncate64", "fallocate", "copy_file_range", "sendfile"}
	trace := filepath.Join(t.TempDir(), "trace")
	l := live(t, t.TempDir(), "0", strace, "-f", "-qq", "-o", trace, "-e", "trace=?"+strings.Join(names, ",?"))
	b, err := os.ReadFile(trace)
	require.NoError(t, err)
	made := map[string]int{}
	for line := range strings.Lines(string(b)) {
		fields := strings.SplitN(line, " ", 2) // the thread, and what it does
		name, _, call := strings.Cut(strings.TrimSpace(fields[1]), "(")
		if call && slices.Contains(names, name) {
			made[strings.Replace(name, "ftruncate64", "ftruncate", 1)]++ // so it is called where words have 32 bits
		}
	}
	for _, call := range []string{"openat", "flock"} { // others make these too
		delete(l.calls, call)
	}
	assert.Equal(t, l.calls, made)
}
