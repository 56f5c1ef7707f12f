//go:build linux

package batch_test

import (
	"context"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/batch"
)

// TestTasksInAnyOrder runs the tasks of dense and padded plans in random orders, some of
// them twice.
func TestTasksInAnyOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, most := range []int{1, 2, 5, 40, 100} {
		t.Run(strconv.Itoa(most), func(t *testing.T) {
			s := newSite(t, most)
			n := s.tasks()
			assert.LessOrEqual(t, n, most)
			assert.Greater(t, 2*n, most, "far fewer tasks than asked for")
			for _, task := range append(rng.Perm(n), rng.Perm(n)[:n/2]...) {
				status, out := s.task(task)
				require.Zero(t, status, out)
			}
			ran := s.ran()
			for i := 1; i < len(ran); i++ {
				require.NotEqual(t, ran[i-1], ran[i], "a chunk ran twice")
			}
			hasLine(t, s.do("status", s.spool()), "done", strconv.Itoa(n))
			s.right()
			hasLine(t, s.do("status", s.spool()), "sealed", s.path("out.npy"))
			s.right() // a second time does nothing
		})
	}
}

// TestTaskGoesOn lets the body of a chunk fail, and holds that the others of the task
// are not computed again.
func TestTaskGoesOn(t *testing.T) {
	for _, how := range []string{"error", "panic"} {
		for _, most := range []int{2, 5} {
			t.Run(how+strconv.Itoa(most), func(t *testing.T) {
				s := newSite(t, most)
				s.trouble(600, how)
				task := 0
				if most == 5 { // of 640 indices
					s.noTrouble(600)
					s.trouble(700, how)
					task = 1
				}
				out := s.fails("task", "-index", strconv.Itoa(task), s.spool())
				assert.Contains(t, out, "a body's "+how)
				out = s.do("status", s.spool())
				hasLine(t, out, "failed", "1")
				hasLine(t, out, "task "+strconv.Itoa(task)+": ", "chunk [", "a body's "+how)
				first := s.ran()
				if most == 2 {
					s.noTrouble(600)
				} else {
					s.noTrouble(700)
				}
				assert.Zero(t, must(s.task(task)))
				again := s.ran()
				assert.NotEmpty(t, again)
				assert.Less(t, len(first), 26)
				assert.LessOrEqual(t, len(first)+len(again), 24+runtime.GOMAXPROCS(0), "%v and %v", first, again)
				s.do("submit", "-engine", "local", "-missing", s.spool())
				s.right()
			})
		}
	}
}

func must(status int, _ string) int { return status }

// TestBodiesThatGiveUp holds that the rows of a body are not recorded that returned nil when
// its context was cancelled.
func TestBodiesThatGiveUp(t *testing.T) {
	s := newSite(t, 2)
	t.Setenv("PARFOR_WORKERS", "2")
	s.trouble(0, "give up")
	s.trouble(64, "error")
	cmd := s.command(0)
	out, err := cmd.CombinedOutput()
	require.EqualError(t, err, "exit status 1")
	assert.Contains(t, string(out), "a body's error")
	ran := s.ran()
	s.noTrouble(0)
	s.noTrouble(64)
	assert.Zero(t, must(s.task(0)))
	again := s.ran()
	for _, first := range ran {
		assert.Contains(t, again, first)
	}
	s.do("submit", "-missing", "-engine", "local", s.spool())
	s.right()
}

// TestAnotherTasksJournal holds that an attempt does not believe a journal of another task.
func TestAnotherTasksJournal(t *testing.T) {
	s := finished(t, 5)
	theirs := s.find(`/attempts/0000001/.*\.journal$`)
	require.NoError(t, os.RemoveAll(s.spool("attempts", "0000000")))
	require.NoError(t, os.Remove(s.spool("done", "0000000")))
	require.NoError(t, os.Mkdir(s.spool("attempts", "0000000"), 0o700))
	b, err := os.ReadFile(theirs)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(s.spool("attempts", "0000000", "theirs.journal"), b, 0o600))
	assert.Zero(t, must(s.task(0)))
	assert.Len(t, s.ran(), 10)
	s.right()
}

// TestKilledPlan holds what is said of a directory in which a plan was killed, and that one
// that fails leaves none.
func TestKilledPlan(t *testing.T) {
	s := newSite(t, 2)
	require.NoError(t, os.Remove(s.spool("plan.json")))
	assert.Contains(t, s.fails("plan", s.spool()), "exists: plan makes a new directory; remove it, if a plan was killed there")
	assert.Contains(t, s.fails("status", s.spool()), "has no plan; remove it, if a plan was killed there")
	assert.NotContains(t, s.fails("status", s.dir), "remove it")
	assert.Contains(t, s.fails("plan", s.path("caf\xe9")), "is not UTF-8: a plan cannot have it") // for the array's name
	assert.NoDirExists(t, s.path("caf\xe9"))
	s.do("plan", "-tasks", "2", "-o", s.path("cafe.npy"), s.path("caf\xe9"))
	s.do("submit", "-engine", "local", "-j", "2", s.path("caf\xe9"))
	s.do("seal", s.path("caf\xe9"))
}

// TestAnotherProgram holds that a task does not begin for a program that is not the
// plan's.
func TestAnotherProgram(t *testing.T) {
	s := newSite(t, 5)
	before := files(t, s.spool())
	for field, change := range map[string]func(p *batch.Program[float64, fillArgs]){
		"version": func(p *batch.Program[float64, fillArgs]) { p.Version = "2" },
		"arguments.Scale": func(p *batch.Program[float64, fillArgs]) {
			p.Args = func(out *array) (fillArgs, error) { return fillArgs{out, 3, s.dir}, nil }
		},
		"shape":  func(p *batch.Program[float64, fillArgs]) { p.Shape = []int{rows, 2} },
		"kernel": func(p *batch.Program[float64, fillArgs]) { p.Kernel = other },
	} {
		old := s.Program
		change(&s.Program)
		out := s.fails("task", "-index", "0", s.spool())
		assert.Contains(t, out, "the spool of another run: "+field+" is ")
		s.Program = old
	}
	assert.Empty(t, s.ran())
	after := files(t, s.spool())
	maps.DeleteFunc(after, func(name, _ string) bool { return filepath.Ext(name) == ".failed" })
	assert.True(t, maps.Equal(before, after), "touched")
}

// files returns what is in the files below dir.
func files(t *testing.T, dir string) map[string]string {
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Base(filepath.Dir(path)) == "bin" {
			return err
		}
		b, err := os.ReadFile(path)
		all[path] = string(b)
		return err
	}))
	return all
}

// TestTwoAttempts has several attempts at one task at the same time.
func TestTwoAttempts(t *testing.T) {
	s := newSite(t, 5)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for task := range s.tasks() {
				status, out := s.task(task)
				assert.Zero(t, status, out)
			}
		})
	}
	all.Wait()
	s.right()
}

// other is the kernel of another program.
var other = parmap.NewKernel("other", func(context.Context, int, int, fillArgs) error { return nil })

// TestLargerThanMemory plans an array of a tebibyte, and does one of its tasks.
func TestLargerThanMemory(t *testing.T) {
	if strconv.IntSize < 64 {
		t.Skip("an int counts less")
	}
	s := newSite(t, 2)
	n := int64(1 << 37)
	s.Shape, s.Options = []int{int(n), 1}, []parmap.Option{parmap.Grain(1 << 14)}
	s.do("plan", "-tasks", "1000000", s.path("large"))
	s.do("task", "-index", "7", s.path("large"))
	assert.FileExists(t, s.path("large/done/0000007"))
	assert.Len(t, s.ran(), 9)
}
