package batch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
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

// workersEnv is how many goroutines a task computes on, if it is set.
const workersEnv = "PARFOR_WORKERS"

// A local engine runs tasks in processes of this machine.
type local struct{ atOnce int }

func (e local) submit(ctx context.Context, s *spool, tasks []int, w io.Writer) error {
	var mu sync.Mutex // for w, and failed
	failed := 0
	begin := time.Now()
	err := parmap.ForErr(ctx, len(tasks), func(ctx context.Context, i int) error {
		if err := e.task(ctx, s, tasks[i]); err != nil {
			mu.Lock()
			defer mu.Unlock()
			failed++
			fmt.Fprintf(w, "task %d: %v\n", tasks[i], err)
		}
		return ctx.Err()
	}, parmap.Workers(e.atOnce), parmap.Dynamic, parmap.Grain(1))
	if err == nil && failed > 0 {
		err = fmt.Errorf("%d of %s failed", failed, number(len(tasks), "task"))
	}
	if err == nil {
		fmt.Fprintf(w, "%s done in %v\n", number(len(tasks), "task"), round(time.Since(begin)))
	}
	return err
}

// task runs one task. It is done if there is a record of it, whatever the exit status.
func (e local) task(ctx context.Context, s *spool, task int) error {
	log, err := os.OpenFile(s.log(task), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	defer log.Close()
	argv := append(s.command(), "-index", strconv.Itoa(task), s.dir)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	// Not what a terminal sends to both: it is heeded once from each.
	cmd.Cancel = func() error { return cmd.Process.Signal(stops[len(stops)-1]) }
	cmd.WaitDelay = stopFor
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.Dir, log, log
	if _, set := os.LookupEnv(workersEnv); !set {
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", workersEnv, max(1, runtime.GOMAXPROCS(0)/e.atOnce)))
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	err = cmd.Wait()
	if err == nil {
		if _, err = s.loadDone(task); err == nil {
			return nil
		}
		err = fmt.Errorf("exit status 0 without a record that it is done: %w", err)
	}
	why := fmt.Errorf("%w: see %s", err, s.log(task))
	return errors.Join(why, s.died(task, cmd.Process.Pid, err))
}

// died writes down why a process of this machine has ended at a task, if it has not.
func (s *spool) died(task, pid int, why error) error {
	all, err := s.sightings(task)
	for _, a := range all {
		if gone, _ := a.alive.isGone(); gone && a.alive.PID == pid && !a.heard.IsZero() && a.reason == "" {
			dead := &attempt{spool: s, task: task, name: a.name}
			err = errors.Join(err, dead.failed(why))
		}
	}
	return err
}

// log returns the path of what a task of the local engine prints.
func (s *spool) log(task int) string { return s.path(logDir, of(task)+".log") }

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
			return nil, usageError(fmt.Sprintf("-tasks %q is no list as 0-4,7", s))
		}
		hi, err := strconv.Atoi(last)
		if err != nil || lo > hi || hi >= n {
			return nil, usageError(fmt.Sprintf("-tasks %q is no list as 0-4,7 of numbers below %d", s, n))
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
