//go:build linux

package batch_test

import (
	"bytes"
	"context"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap/batch"
	"github.com/parfor-go/parfor/shmarray"
)

// TestUsage holds that a command says what is wrong with its arguments.
func TestUsage(t *testing.T) {
	s := newSite(t, 2)
	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, "  submit [-missing]"},
		{[]string{"dance"}, `no command is called "dance"; commands:`},
		{[]string{"status"}, "status: SPOOL is missing"},
		{[]string{"status", "a", "b"}, `status: "b" is too much`},
		{[]string{"status", s.spool(), "-watch"}, "status: -watch has to come before " + s.spool()},
		{[]string{"submit", s.spool(), "-engine=local"}, "submit: -engine=local has to come before " + s.spool()},
		{[]string{"plan"}, "plan: SPOOL is missing"},
		{[]string{"plan", "-tasks", "0", s.path("x")}, "plan: -tasks 0"},
		{[]string{"run", "a"}, `run: "a" is too much: -o FILE`},
		{[]string{"run", "-processes", "-1"}, "run: -processes -1"},
		{[]string{"submit", "-engine", "cray", s.spool()}, "submit: -engine cray: it is slurm or local"},
		{[]string{"submit", "-engine", "local", s.spool(), "--partition=x"}, `submit: ["--partition=x"] is for sbatch, and the engine is local`},
		{[]string{"submit", "-engine", "local", "-j", "0", s.spool()}, "submit: -j 0"},
		{[]string{"submit", "-tasks", "7", s.spool()}, `submit: -tasks "7" is no list as 0-4,7 of numbers below 2`},
		{[]string{"verify", "-x", s.spool()}, "flag provided but not defined: -x\n"},
		{[]string{"verify", "-x", s.spool()}, "\nflags of the program itself come before verify\n"},
		{[]string{"verify", "-again", "-1", s.spool()}, "verify: -again -1: "},
		{[]string{"run", "-o", ""}, "run: -o is empty"},
		{[]string{"task", s.spool()}, "task: there is no -index, and no variable of an engine that has one: SLURM_ARRAY_TASK_ID, "},
	} {
		status, out := s.try(tt.args...)
		assert.Equal(t, 2, status, "%v", tt.args)
		assert.Contains(t, out, tt.want)
	}
	status, out := s.try("verify", "-h")
	assert.Zero(t, status)
	assert.Contains(t, out, "verify [-again N] SPOOL")
	assert.Contains(t, s.fails("plan", "-o", s.path("none/out.npy"), s.path("x")), "is no directory")
	assert.Equal(t, []string{"spool"}, present(t, s.dir, ""))
	t.Setenv("PATH", "")
	assert.Contains(t, s.fails("submit", s.spool()), "there is no Slurm here")
}

// TestNoProgram holds that Main takes no half of a program.
func TestNoProgram(t *testing.T) {
	whole := program("")
	for want, change := range map[string]func(p *batch.Program[float64, fillArgs]){
		"parmap/batch: nil Kernel":           func(p *batch.Program[float64, fillArgs]) { p.Kernel = nil },
		"parmap/batch: nil Args":             func(p *batch.Program[float64, fillArgs]) { p.Args = nil },
		"parmap/batch: a Shape without axes": func(p *batch.Program[float64, fillArgs]) { p.Shape = nil },
	} {
		p := whole
		change(&p)
		assert.PanicsWithValue(t, want, func() { batch.Main(p) })
	}
}

// TestFlagsOfTasks holds that submit does not take flags of the program that the plan has not.
func TestFlagsOfTasks(t *testing.T) {
	s := newSite(t, 2)
	var w bytes.Buffer
	status := batch.Do(context.Background(), s.Program, []string{"-scale", "3"}, &w, &w, "submit", "-engine", "local", s.spool())
	assert.Equal(t, 2, status)
	assert.Contains(t, w.String(), `tasks get the plan's flags, [], and these are ["-scale" "3"]: leave them out`)
	assert.Empty(t, s.ran())
}

// TestWithoutTheArray holds that a plan is refused whose arguments do not have the array.
func TestWithoutTheArray(t *testing.T) {
	s := newSite(t, 2)
	s.Args = func(*array) (fillArgs, error) { return fillArgs{Dir: s.dir}, nil }
	assert.Contains(t, s.fails("plan", s.path("other")), `the arguments of kernel "fill" do not have the array`)
	assert.NoDirExists(t, s.path("other"))
}

// TestRun computes the array here, and goes on where a body failed.
func TestRun(t *testing.T) {
	s := newSite(t, 2)
	s.trouble(1000, "error")
	assert.Contains(t, s.fails("run", "-o", s.path("out.npy")), "a body's error")
	first := s.ran()
	s.noTrouble(1000)
	assert.Regexp(t, `/out\.npy: \[3000 3\] float64 in \S+\n$`, s.do("run", "-o", s.path("out.npy")))
	again := s.ran()
	assert.NotEmpty(t, again)
	assert.Less(t, len(again), 47)
	assert.LessOrEqual(t, len(first)+len(again), 47+runtime.GOMAXPROCS(0))
	s.Shape = []int{rows, 4}
	assert.Contains(t, s.fails("run", "-o", s.path("out.npy")), "shape [3000 3]: wanted [3000 4]")
}

// TestRunElsewhere holds that run does not compute into somebody else's array.
func TestRunElsewhere(t *testing.T) {
	s := newSite(t, 2)
	a, err := shmarray.Create[float64](s.path("mine.npy"), rows, columns)
	require.NoError(t, err)
	defer a.Close()
	a.Set(1, rows-1, columns-1)
	assert.Contains(t, s.fails("run", "-o", s.path("mine.npy")), "mine.npy exists, and has no journal")
	assert.Empty(t, s.ran())
	assert.Equal(t, 1.0, a.At(rows-1, columns-1))
	// A run that was killed before it had a journal leaves zeros.
	a.Set(0, rows-1, columns-1)
	s.do("run", "-o", s.path("mine.npy"))
	assert.Equal(t, 2.0*rows, a.At(rows-1, columns-1))
}
