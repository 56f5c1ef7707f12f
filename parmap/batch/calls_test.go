//go:build linux

package batch_test

import (
	"errors"
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

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap/batch"
)

// dieBefore kills this process before the n-th system call by which something comes to a
// disk, whatever thread makes it, and says which that was.
func dieBefore(n int) {
	var mu sync.Mutex
	segment.Calling = func(call, _ string) {
		mu.Lock() // and nobody else makes a call meanwhile
		if n--; n == 0 {
			fmt.Println("killed before", call)
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		mu.Unlock()
	}
}

// kill does a command in a process of its own, which is killed before its n-th call. It
// returns which that was, or "" if there are not so many.
func (s *site) kill(n int, args ...string) (call string) {
	s.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), callEnv+"="+strconv.Itoa(n))
	out, err := cmd.CombinedOutput()
	if err == nil {
		return ""
	}
	require.EqualError(s, err, "signal: killed", "%s", out)
	_, call, _ = strings.Cut(string(out), "killed before ")
	return strings.TrimSpace(call)
}

// killEach does a command until it is complete, killed before its first call, its second
// and so on. Each time a site is made anew, and held to what has to be so afterwards. The
// kinds of calls that were hit have to be those.
func killEach(t *testing.T, kinds []string, newSite func() *site, args func(s *site) []string, after func(s *site)) {
	if raced || testing.Short() {
		t.Skip("dozens of processes, one after the other")
	}
	hit := map[string]int{}
	for n := 1; ; n++ {
		s := newSite()
		call := s.kill(n, args(s)...)
		after(s)
		if call == "" {
			t.Logf("killed before %d calls: %v", n-1, hit)
			assert.Equal(t, kinds, slices.Sorted(maps.Keys(hit)))
			return
		}
		hit[call]++
	}
}

// TestKilledTaskGoesOn kills a task before each system call by which something comes to the
// disk: what is left is a spool on which the next attempt goes on. So it is if the task finds
// rows that are not those recorded, and records that it has to set aside.
func TestKilledTaskGoesOn(t *testing.T) {
	fresh := func() *site { return newSite(t, 5) }
	damaged := func() *site {
		s := finished(t, 5)
		flip(t, s.spool("array.partial"), 3*16384+500*24)
		return s
	}
	args := func(s *site) []string { return []string{"task", "-index", "3", s.spool()} }
	after := func(s *site) {
		s.do("status", s.spool())
		s.try("verify", s.spool())
		for task := range 5 {
			status, out := s.task(task)
			require.Zero(t, status, out)
		}
		s.right()
		require.Equal(t, []string{"out.npy", "spool"}, present(t, s.dir, "diary"), "something is left behind")
	}
	killEach(t, []string{"fsync", "linkat", "mkdirat", "openat", "pwrite64", "unlinkat"}, fresh, args, after)
	killEach(t, []string{"fsync", "linkat", "mkdirat", "openat", "pwrite64", "renameat", "unlinkat"}, damaged, args, after)
}

// TestKilledSealGoesOn does the same to seal, and holds that an array that has its name is
// whole, and not written to any more.
func TestKilledSealGoesOn(t *testing.T) {
	for tasks, kinds := range map[int][]string{2: {"fsync", "linkat", "openat", "unlinkat"}, 5: {"fsync", "linkat", "openat", "unlinkat", "write"}} {
		killEach(t, kinds, func() *site { return finished(t, tasks) },
			func(s *site) []string { return []string{"seal", s.spool()} },
			func(s *site) {
				before, err := os.ReadFile(s.path("out.npy"))
				named := err == nil
				s.right()
				after, err := os.ReadFile(s.path("out.npy"))
				require.NoError(t, err)
				require.True(t, !named || string(before) == string(after), "an array without all of it")
				require.Empty(t, s.all(`partial`))
				require.Equal(t, []string{"out.npy", "spool"}, present(t, s.dir, ""))
			})
	}
}

// TestKilledPlanIsNone does the same to plan: what it leaves is no spool, and said to be in
// the way, or is whole.
func TestKilledPlanIsNone(t *testing.T) {
	again := func(s *site) string { return s.path("again") }
	killEach(t, []string{"fchmod", "fsync", "ftruncate", "linkat", "mkdirat", "openat", "pwrite64"}, func() *site { return newSite(t, 2) },
		func(s *site) []string { return []string{"plan", "-tasks", "2", again(s)} },
		func(s *site) {
			if _, err := os.Stat(again(s)); errors.Is(err, os.ErrNotExist) {
				return
			}
			if status, out := s.try("status", again(s)); status != 0 {
				assert.Contains(t, out, "has no plan")
				require.NoError(t, os.RemoveAll(again(s)))
				s.do("plan", "-tasks", "2", again(s))
			}
			for task := range 2 {
				assert.Zero(t, must(s.try("task", "-index", strconv.Itoa(task), again(s))))
			}
			s.do("seal", again(s))
		})
}

// calls returns the calls that f makes, with the last element of the path.
func calls(f func()) (all []string) {
	var mu sync.Mutex
	segment.Calling = func(call, path string) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, call+" "+filepath.Base(path))
	}
	defer func() { segment.Calling = nil }()
	f()
	return all
}

// TestOrderOfCalls holds what is on the disk before what: what a file has before its name,
// and a name before what leans on it. A kill does not show it, as the system lives on.
func TestOrderOfCalls(t *testing.T) {
	s := newSite(t, 2)
	all := calls(func() { s.do("plan", "-tasks", "2", s.path("other")) })
	programs, err := os.ReadDir(s.path("other/bin"))
	require.NoError(t, err)
	program := programs[0].Name()
	nameless := slices.DeleteFunc(all, func(call string) bool { return strings.HasPrefix(call, "openat") })
	assert.Equal(t, []string{
		"mkdirat other", "mkdirat bin", "mkdirat attempts", "mkdirat done", "mkdirat logs", "fsync " + s.base(),
		"pwrite64 bin", "fsync bin", "linkat " + program, "fsync bin", "fchmod " + program, "fsync " + program,
		"pwrite64 array.partial.npy", "ftruncate array.partial.npy", "fsync array.partial.npy",
		"pwrite64 other", "fsync other", "linkat plan.json", "fsync other",
	}, nameless)

	s = finished(t, 2)
	all = calls(func() { s.do("seal", s.spool()) })
	assert.Equal(t, []string{"fsync array.partial.npy", "linkat out.npy", "fsync " + s.base(), "unlinkat array.partial.npy", "fsync spool"},
		slices.DeleteFunc(all, func(call string) bool { return strings.HasPrefix(call, "openat") }))

	s = finished(t, 2)
	path := s.spool("done", "0000000")
	info, err := os.Stat(path)
	require.NoError(t, err)
	all = calls(func() { require.NoError(t, batch.SetAside(s.spool(), 0, path, info)) })
	assert.Equal(t, []string{"renameat 0000000", "fsync done"}, all[len(all)-2:])
}

// base is the name of the directory that has the spool.
func (s *site) base() string { return filepath.Base(s.dir) }
