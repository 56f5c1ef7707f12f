//go:build linux

package proc_test

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestJournalSystemCalls kills a program that does a journalled run when it enters a
// system call by which something comes to the disk: in turn every one of each kind.
// The next finds what was recorded, and makes the rest.
func TestJournalSystemCalls(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is missing: apt-get install strace")
	}
	if out, err := exec.Command(strace, "-f", "true").CombinedOutput(); err != nil {
		t.Skipf("strace cannot trace here: %v\n%s", err, out)
	}
	life := func(dir string, command ...string) (complete bool) {
		command = append(command, os.Args[0])
		cmd := exec.Command(command[0], command[1:]...)
		cmd.Env = append(os.Environ(), roleEnv+"=recorder", dirEnv+"="+dir, everyEnv+"=50ms")
		out, err := cmd.Output()
		if err != nil {
			require.EqualError(t, err, "signal: killed", "%s", out)
			return false
		}
		require.Regexp(t, `^\[\d+ \d+\]\n<nil>\n$`, string(out))
		return true
	}
	for _, call := range []string{"linkat", "pwrite64", "msync", "fsync"} {
		killed := 0
		for complete := false; !complete; {
			dir := t.TempDir()
			complete = life(dir, strace, "-f", "-qq", "-o", os.DevNull, "-e", "trace="+call,
				"-e", fmt.Sprintf("inject=%s:signal=SIGKILL:when=%d", call, killed+1))
			if !complete {
				killed++
			}
			r, err := openRecorded(dir)
			require.NoError(t, err)
			done := r.done(t)
			r.ran(t)
			require.True(t, life(dir), "%s, call %d", call, killed)
			assert.Equal(t, rest(done), slices.Compact(r.ran(t)), "%s, call %d", call, killed)
			r.right(t)
			require.NoError(t, r.args.Out.Close())
		}
		t.Logf("%s: killed in %d calls", call, killed)
		assert.Positive(t, killed)
	}
}
