// Package proctest helps tests that are about a whole process: that need one
// of their own, or look at what it holds.
package proctest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/segment"
)

// Child runs the calling test again in a process of its own, started with attr,
// whose limits and mounts may be changed, and reports whether this is that
// process. It skips the test if there cannot be such a process, or if the test
// was skipped there.
func Child(t *testing.T, attr *syscall.SysProcAttr) bool {
	t.Helper()
	const env = "PARFOR_TEST_CHILD"
	if os.Getenv(env) == t.Name() {
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), env+"="+t.Name(), "GORACE=atexit_sleep_ms=0")
	cmd.SysProcAttr = attr
	out, err := cmd.CombinedOutput()
	if errors.Is(err, os.ErrPermission) {
		t.Skip("cannot start a process like that: ", err)
	}
	require.NoError(t, err, "%s", out)
	if strings.Contains(string(out), "--- SKIP: "+t.Name()+" (") {
		t.Skipf("%s", out)
	}
	assert.Contains(t, string(out), "--- PASS: "+t.Name()+" (")
	return false
}

// Held returns what an operation could leave behind: the descriptors and
// mappings of this process, as far as the system tells of them, and the names
// in dir.
func Held(t testing.TB, dir string) []string {
	t.Helper()
	all := Descriptors(t)
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, f := range files {
		all = append(all, f.Name())
	}
	maps, err := os.ReadFile("/proc/self/maps")
	onLinux(t, err)
	for line := range strings.Lines(string(maps)) {
		if strings.Contains(line, "/memfd:parfor") || strings.Contains(line, dir) {
			all = append(all, line)
		}
	}
	return append(all, segment.Live()...)
}

// Descriptors returns the open descriptors, each with what it is, or nothing
// where the system does not tell.
func Descriptors(t testing.TB) (all []string) {
	t.Helper()
	const dir = "/proc/self/fd"
	entries, err := os.ReadDir(dir)
	onLinux(t, err)
	for _, e := range entries {
		// The one that ReadDir had is gone.
		if target, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil {
			all = append(all, e.Name()+" is "+target)
		}
	}
	return all
}

// onLinux requires that there was no error, on Linux.
func onLinux(t testing.TB, err error) {
	t.Helper()
	if runtime.GOOS == "linux" {
		require.NoError(t, err)
	}
}

// LeaveDescriptors opens files until only free more can be opened, and returns
// them.
func LeaveDescriptors(t testing.TB, free int) (all []*os.File) {
	t.Helper()
	for {
		f, err := os.Open(os.DevNull)
		if err != nil {
			require.ErrorIs(t, err, syscall.EMFILE)
			break
		}
		all = append(all, f)
	}
	for range free {
		last := len(all) - 1
		require.NoError(t, all[last].Close())
		all = all[:last]
	}
	return all
}
