package shmarray_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/parfor-go/parfor/internal/proctest"
	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/shmarray"
)

const (
	groupEnv   = "SHMARRAY_TEST_CGROUP"
	groupLimit = 64 << 20
)

// The largest sizes that are not an ErrShape are refused by what there is.
// A limit on the size of a file is the net under this test: if the check is
// broken, the system refuses instead of handing out all the memory.
func TestMoreThanTheMemoryThereIs(t *testing.T) {
	if math.MaxInt == math.MaxInt32 {
		t.Skip("an int cannot exceed the memory here")
	}
	if !proctest.Child(t, nil) {
		return
	}
	proctest.Lower(t, unix.RLIMIT_FSIZE, 64<<20)
	for _, shift := range []int{45, 62} {
		_, err := shmarray.New[uint8](1 << shift)
		assert.ErrorIs(t, err, shmarray.ErrNoSpace)
		assert.NotErrorIs(t, err, shmarray.ErrShape)
		var re *segment.ReserveError
		require.ErrorAs(t, err, &re)
		assert.EqualError(t, err, fmt.Sprintf("shmarray: reserve %d bytes: %d available", 1<<shift, re.Available))
		assert.Positive(t, re.Available)
	}
}

// In a memory cgroup of 64 MiB of its own, a child process fills whatever it
// gets. Linux would kill it (exit by signal) if too much was admitted.
func TestSmallCgroupIsNotExceeded(t *testing.T) {
	if raced {
		t.Skip("the race detector's own memory does not fit into the group")
	}
	if dir := os.Getenv(groupEnv); dir != "" {
		fillGroup(t, dir)
		return
	}
	dir := newGroup(t)
	cmd := exec.Command(os.Args[0], "-test.run=^TestSmallCgroupIsNotExceeded$", "-test.v")
	cmd.Env = append(os.Environ(), groupEnv+"="+dir, "GOMAXPROCS=2")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), "--- PASS")
	t.Logf("%s", out)
}

// newGroup makes a memory cgroup, of version 1 or 2, or skips the test.
func newGroup(t *testing.T) string {
	t.Helper()
	var last error
	for _, v := range []struct{ root, limit string }{
		{"/sys/fs/cgroup/memory", "memory.limit_in_bytes"},
		{"/sys/fs/cgroup", "memory.max"},
	} {
		dir := filepath.Join(v.root, fmt.Sprintf("parfor-test-%d", os.Getpid()))
		if last = os.Mkdir(dir, 0o755); last != nil {
			continue
		}
		t.Cleanup(func() { os.Remove(dir) })
		if last = os.WriteFile(filepath.Join(dir, v.limit), fmt.Append(nil, groupLimit), 0); last == nil {
			return dir
		}
	}
	t.Skip("needs the right to make a memory cgroup: ", last)
	return ""
}

func fillGroup(t *testing.T, dir string) {
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cgroup.procs"), fmt.Append(nil, os.Getpid()), 0))

	_, err := shmarray.New[uint8](groupLimit)
	var re *segment.ReserveError
	require.ErrorAs(t, err, &re)
	assert.ErrorIs(t, err, shmarray.ErrNoSpace)
	assert.EqualError(t, err, fmt.Sprintf("shmarray: reserve %d bytes: %d available", groupLimit, re.Available))
	assert.Less(t, re.Available, int64(groupLimit))

	for _, nbytes := range []int{8 << 20, 1 << 20, 100_000} {
		var all []*shmarray.Array[uint8]
		for {
			a, err := shmarray.Full(uint8(1), nbytes)
			if errors.Is(err, shmarray.ErrNoSpace) {
				t.Log(len(all), "arrays, then", err)
				break
			}
			require.NoError(t, err)
			all = append(all, a)
		}
		assert.Greater(t, len(all)*nbytes, groupLimit/2, "most of the group can be used")
		for _, a := range all {
			require.NoError(t, a.Close())
		}
	}

	// Cached files do not count: Linux gives them up.
	file := filepath.Join(t.TempDir(), "cached")
	f, err := os.Create(file)
	require.NoError(t, err)
	for range 56 {
		_, err := f.Write(make([]byte, 1<<20))
		require.NoError(t, err)
	}
	require.NoError(t, f.Sync())
	require.NoError(t, f.Close())
	a, err := shmarray.Full(uint8(1), groupLimit/4)
	require.NoError(t, err)
	require.NoError(t, a.Close())
}
