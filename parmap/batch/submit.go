package batch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/parfor-go/parfor/parmap"
)

// An engine runs tasks.
type engine interface {
	// submit hands over the tasks, which ascend, and says how on w.
	submit(ctx context.Context, s *spool, tasks []int, w io.Writer) error
}

// command is how a task of the spool is started; what says which one follows.
func (s *spool) command() []string {
	return slices.Concat([]string{s.path(binDir, s.Binary)}, s.Command, []string{"task"})
}

// stopFor is how long a task of the local engine has to finish its chunks, when
// that is to stop.
const stopFor = time.Minute

// A local engine runs tasks in processes of this machine.
type local struct{ atOnce int }

func (e local) submit(ctx context.Context, s *spool, tasks []int, w io.Writer) error {
	var mu sync.Mutex
	failed := 0
	err := parmap.ForErr(ctx, len(tasks), func(ctx context.Context, i int) error {
		log, err := os.OpenFile(s.path(logDir, of(tasks[i])+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
		if err != nil {
			return err
		}
		defer log.Close()
		argv := append(s.command(), "-index", strconv.Itoa(tasks[i]), s.dir)
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		cmd.WaitDelay = stopFor
		cmd.Stdout, cmd.Stderr = log, log
		if err := cmd.Run(); err != nil {
			mu.Lock()
			defer mu.Unlock()
			failed++
			fmt.Fprintf(w, "task %d: %v\n", tasks[i], err)
		}
		return ctx.Err()
	}, parmap.Workers(e.atOnce), parmap.Dynamic, parmap.Grain(1))
	if err == nil && failed > 0 {
		err = fmt.Errorf("parmap/batch: %d of %d tasks failed", failed, len(tasks))
	}
	return err
}

// A slurm engine submits job arrays.
type slurm struct {
	options []string // of sbatch
}

// maxArraySize returns the cluster's MaxArraySize: indices are smaller.
func maxArraySize(ctx context.Context) (int, error) {
	out, err := exec.CommandContext(ctx, "scontrol", "show", "config").Output()
	if err != nil {
		return 0, fmt.Errorf("scontrol show config: %w", withOutput(err))
	}
	for line := range strings.Lines(string(out)) {
		name, value, _ := strings.Cut(line, "=")
		if strings.TrimSpace(name) == "MaxArraySize" {
			return strconv.Atoi(strings.TrimSpace(value))
		}
	}
	return 0, errors.New("scontrol show config: no MaxArraySize")
}

// withOutput adds what a command has said to the error of its Output.
func withOutput(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(exit.Stderr))
	}
	return err
}

func (e slurm) submit(ctx context.Context, s *spool, tasks []int, w io.Writer) error {
	most, err := maxArraySize(ctx)
	if err == nil && most < 1 {
		err = errors.New("the cluster's MaxArraySize is 0: it has no job arrays")
	}
	if err != nil {
		return err
	}
	for _, part := range arraysOf(tasks, most) {
		script := "#!/bin/sh\nexec " + quote(append(s.command(), "-offset", strconv.Itoa(part.offset), s.dir)) + "\n"
		argv := append([]string{
			"--parsable", "--requeue", "--open-mode=append", "--job-name=" + s.Kernel, "--array=" + part.indices,
			"--output=" + strings.ReplaceAll(s.path(logDir), "%", "%%") + "/%A_%a.log", "--signal=B:TERM@90",
		}, e.options...)
		cmd := exec.CommandContext(ctx, "sbatch", argv...)
		cmd.Stdin = strings.NewReader(script)
		out, err := cmd.Output()
		if err != nil {
			return fmt.Errorf("sbatch: %w", withOutput(err))
		}
		fmt.Fprintf(w, "job %s: tasks %d to %d\n", bytes.TrimSpace(out), part.first, part.last)
	}
	return nil
}

// A jobArray is one submission: its indices plus the offset are tasks.
type jobArray struct {
	offset, first, last int
	indices             string // as --array has them
}

// arraysOf packs tasks, which ascend, into arrays whose indices are below most.
func arraysOf(tasks []int, most int) (all []jobArray) {
	for len(tasks) > 0 {
		a := jobArray{first: tasks[0]}
		if tasks[len(tasks)-1] >= most {
			a.offset = tasks[0]
		}
		n, _ := slices.BinarySearch(tasks, a.offset+most)
		a.last, a.indices = tasks[n-1], ranges(tasks[:n], a.offset)
		all, tasks = append(all, a), tasks[n:]
	}
	return all
}

// ranges writes numbers less offset as 0-4,7,9-10.
func ranges(numbers []int, offset int) string {
	var b strings.Builder
	for i := 0; i < len(numbers); {
		k := i
		for k+1 < len(numbers) && numbers[k+1] == numbers[k]+1 {
			k++
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprint(&b, numbers[i]-offset)
		if k > i {
			fmt.Fprintf(&b, "-%d", numbers[k]-offset)
		}
		i = k + 1
	}
	return b.String()
}

// numbersIn is the inverse of ranges, of numbers below n.
func numbersIn(s string, n int) (numbers []int, err error) {
	for _, part := range strings.Split(s, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		lo, err := strconv.Atoi(first)
		if err != nil {
			return nil, fmt.Errorf("%w: %q is no list as 0-4,7", errUsage, s)
		}
		hi, err := strconv.Atoi(last)
		if err != nil || lo > hi || hi >= n {
			return nil, fmt.Errorf("%w: %q is no list as 0-4,7 of numbers below %d", errUsage, s, n)
		}
		for i := lo; i <= hi; i++ {
			numbers = append(numbers, i)
		}
	}
	slices.Sort(numbers)
	return slices.Compact(numbers), nil
}

// quote returns a command as a shell reads it.
func quote(argv []string) string {
	quoted := make([]string, len(argv))
	for i, a := range argv {
		quoted[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
	}
	return strings.Join(quoted, " ")
}
