package batch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// A slurm engine submits job arrays.
type slurm struct {
	options []string // of sbatch
}

// maxArraySize returns the cluster's MaxArraySize: indices are smaller.
func maxArraySize(ctx context.Context) (int, error) {
	out, err := exec.CommandContext(ctx, "scontrol", "show", "config").Output()
	if errors.Is(err, exec.ErrNotFound) {
		return 0, errors.New("there is no Slurm here (no scontrol): submit on a machine of the cluster, or run the tasks here with -engine local")
	}
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
			"--parsable", "--requeue", "--open-mode=append", "--job-name=" + s.Kernel, "--array=" + part.indices, "--chdir=" + s.Dir,
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
