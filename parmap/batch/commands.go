package batch

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/proc"
)

// onSignal returns a context that ends when the process is asked to.
func onSignal(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, stops...)
}

// stopAt stops the attempt at the first signal. Another one of the same kind ends the
// process: a terminal's comes together with that of who started this program.
func (c command) stopAt(signals <-chan os.Signal, over <-chan struct{}, a *attempt) {
	seen := make(map[os.Signal]bool)
	for {
		select {
		case <-over:
			return
		case sig := <-signals:
			switch {
			case seen[sig]:
				signal.Reset(sig)
				if p, err := os.FindProcess(os.Getpid()); err == nil {
					_ = p.Signal(sig)
				}
			case len(seen) == 0:
				fmt.Fprintln(c.err, "asked to stop: the chunks that were begun will be finished")
			}
			seen[sig] = true
			a.stopped.Store(true)
		}
	}
}

// errExited says that a body has ended its goroutine, which may be any.
var errExited = errors.New("runtime.Goexit in a body")

// returned returns what f does, or errExited if it never returns.
func returned(f func() error) error {
	result := make(chan error, 1)
	go func() {
		err := errExited
		defer func() { result <- err }()
		err = f()
	}()
	return <-result
}

func (c command) here(ctx context.Context, f *flag.FlagSet, args []string) error {
	output := f.String("o", "out.npy", "the array's `file`; its journal lies beside it")
	processes := f.Int("processes", 0, "compute in so many worker processes; 0: on goroutines")
	if err := parse(f, args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		return usageError(fmt.Sprintf("%q is too much: -o FILE says where the array is to be", f.Arg(0)))
	}
	if *processes < 0 {
		return usageError(fmt.Sprintf("-processes %d: 1 or more, or 0 for goroutines", *processes))
	}
	if *output == "" {
		return usageError("-o is empty: the array needs a file")
	}
	ctx, stop := onSignal(ctx)
	defer stop()
	begin := time.Now()
	var options []parmap.RunOption
	if *processes > 0 {
		pool, err := proc.Start(ctx, *processes)
		if err != nil {
			return err
		}
		defer pool.Close()
		options = append(options, parmap.On(pool))
	}
	if err := returned(func() error { return c.program.here(ctx, *output, *output+".journal", options...) }); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s: %v %v in %v\n", *output, c.shape(), c.element(), round(time.Since(begin)))
	return nil
}

func (c command) plan(ctx context.Context, f *flag.FlagSet, args []string) error {
	output := f.String("o", "", "where seal puts the array; default: the spool's name and .npy")
	tasks := f.Int("tasks", 500, "how many tasks there are at most")
	dir, err := spoolIn(f, args, false)
	if err != nil {
		return err
	}
	if *tasks < 1 {
		return usageError(fmt.Sprintf("-tasks %d: 1 or more", *tasks))
	}
	if *output == "" {
		*output = filepath.Clean(dir) + ".npy"
	}
	path, err := filepath.Abs(*output)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s exists: seal would not replace it", path)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return fmt.Errorf("%s is no directory: seal could not put the array there", filepath.Dir(path))
	}
	p, err := survey(ctx, c.program)
	if err != nil {
		return err
	}
	p.cut(*tasks)
	p.Output, p.Command, p.Made = path, c.before, time.Now().UTC().Truncate(time.Second)
	if p.Dir, err = os.Getwd(); err != nil {
		return err
	}
	for _, text := range append(slices.Clone(p.Command), p.Output, p.Dir) {
		if !utf8.ValidString(text) {
			return fmt.Errorf("%q is not UTF-8: a plan cannot have it", text)
		}
	}
	s, err := createSpool(dir, p, c.program)
	if err != nil {
		return err
	}
	told := int64(-1) // of two directories in one file system, one is named
	for _, dir := range []string{s.dir, filepath.Dir(path)} {
		if free := segment.Free(dir); free < s.size() && free != told {
			fmt.Fprintf(c.out, "the array takes %d bytes, and %s has %d free\n", s.size(), dir, free)
			told = free
		}
	}
	fmt.Fprintf(c.out, "%s: [0,%d) in %s of %d indices, chunks of %d\n", s.dir, p.Shape[0], number(p.tasks().Len(), "task"), p.PerTask, p.Grain)
	fmt.Fprintf(c.out, "a task: %s\n", quote(append(s.command(), s.dir)))
	return nil
}

func (c command) submit(ctx context.Context, f *flag.FlagSet, args []string) error {
	missing := f.Bool("missing", false, "only the tasks that, by verify, are still to do, and that nobody seems to be at")
	list := f.String("tasks", "", "only these, as 0-4,7; default: all")
	name := f.String("engine", "slurm", "slurm or local")
	atOnce := f.Int("j", 1, "of local: how many tasks at once")
	s, err := c.spool(f, args, true)
	if err != nil {
		return err
	}
	e, err := newEngine(*name, *atOnce, f.Args()[1:])
	if err != nil {
		return err
	}
	if len(c.before) > 0 && !slices.Equal(c.before, s.Command) {
		return usageError(fmt.Sprintf("tasks get the plan's flags, %q, and these are %q: leave them out", s.Command, c.before))
	}
	if err := s.checkProgram(); err != nil {
		return err
	}
	if *list == "" {
		*list = fmt.Sprintf("0-%d", s.tasks().Len()-1)
	}
	tasks, err := numbersIn(*list, s.tasks().Len())
	if err != nil {
		return err
	}
	ctx, stop := onSignal(ctx)
	defer stop()
	if *missing {
		var busy []int
		if tasks, busy, err = s.missing(ctx, tasks); err != nil {
			return err
		}
		if len(busy) > 0 {
			fmt.Fprintf(c.out, "left out, as they seem to be running: %s\n", ranges(busy, 0))
		} else if len(tasks) == 0 {
			fmt.Fprintln(c.out, "nothing is missing")
		}
		if len(tasks) == 0 {
			return nil
		}
	}
	return e.submit(ctx, s, tasks, c.out)
}

// newEngine returns the engine of a name; extra is what is for sbatch.
func newEngine(name string, atOnce int, extra []string) (engine, error) {
	switch {
	case name == "slurm":
		return slurm{extra}, nil
	case name != "local":
		return nil, usageError(fmt.Sprintf("-engine %s: it is slurm or local", name))
	case len(extra) > 0:
		return nil, usageError(fmt.Sprintf("%q is for sbatch, and the engine is local", extra))
	case atOnce < 1:
		return nil, usageError(fmt.Sprintf("-j %d: 1 or more", atOnce))
	}
	return local{atOnce}, nil
}

// missing returns which of the tasks are to be done, and those of them that somebody
// is at, apart.
func (s *spool) missing(ctx context.Context, tasks []int) (missing, busy []int, err error) {
	all, err := s.standings()
	if err != nil {
		return nil, nil, err
	}
	_, undone, err := s.verify(ctx)
	for _, task := range tasks {
		if _, found := slices.BinarySearch(undone, task); !found {
			continue
		}
		if all[task].state == running {
			busy = append(busy, task)
		} else {
			missing = append(missing, task)
		}
	}
	return missing, busy, err
}

func (c command) status(ctx context.Context, f *flag.FlagSet, args []string) error {
	watch := f.Bool("watch", false, "again and again, while tasks are waiting or running")
	s, err := c.spool(f, args, false)
	if err != nil {
		return err
	}
	ctx, stop := onSignal(ctx)
	defer stop()
	for {
		tasks, err := s.report(c.out)
		if err != nil || !*watch {
			return err
		}
		if len(tasks[waiting])+len(tasks[running]) == 0 {
			if n := len(tasks[failed]) + len(tasks[stale]); n > 0 {
				return fmt.Errorf("%d of %s failed or stale: submit -missing tries again", n, number(s.tasks().Len(), "task"))
			}
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(beatEvery / 2):
		}
	}
}

func (c command) verify(ctx context.Context, f *flag.FlagSet, args []string) error {
	again := f.Int("again", 0, "compute so many chunks, drawn at random, again: with this program, which needs the plan's flags")
	s, err := c.spool(f, args, false)
	if err != nil {
		return err
	}
	ctx, stop := onSignal(ctx)
	defer stop()
	if *again < 0 {
		return usageError(fmt.Sprintf("-again %d: how many chunks to compute", *again))
	}
	wrong, missing, err := s.verify(ctx)
	if err != nil {
		return err
	}
	if c.show(wrong); len(missing) > 0 {
		return &undoneError{len(missing), s.tasks().Len(), nil}
	}
	fmt.Fprintf(c.out, "all %d tasks are done, and their rows are those that were recorded\n", s.tasks().Len())
	if *again == 0 {
		return nil
	}
	count := 0
	err = returned(func() (err error) {
		wrong, count, err = s.again(ctx, c.program, *again)
		return err
	})
	if err != nil {
		return err
	}
	if c.show(wrong); len(wrong) > 0 {
		return fmt.Errorf("%d of %d chunks are others when they are computed again", len(wrong), count)
	}
	fmt.Fprintf(c.out, "%d chunks, computed again, are the same\n", count)
	return nil
}

// show prints what is wrong.
func (c command) show(wrong []*rowsError) {
	for _, w := range wrong {
		fmt.Fprintln(c.out, w)
	}
}

func (c command) seal(ctx context.Context, f *flag.FlagSet, args []string) error {
	s, err := c.spool(f, args, false)
	if err != nil {
		return err
	}
	ctx, stop := onSignal(ctx)
	defer stop()
	if err := s.seal(ctx, c.element(), c.err); err != nil {
		return err
	}
	fmt.Fprintln(c.out, s.Output)
	return nil
}

func (c command) task(ctx context.Context, f *flag.FlagSet, args []string) error {
	index := f.Int("index", -1, "the task; default: what the engine says")
	offset := f.Int("offset", 0, "is added to what the engine says")
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, stops...)
	defer signal.Stop(signals)
	s, err := c.spool(f, args, false)
	if err != nil {
		return err
	}
	if *index < 0 {
		i, err := indexFrom(os.Getenv)
		if err != nil {
			return err
		}
		*index = i + *offset
	}
	if *index < 0 || *index >= s.tasks().Len() {
		return fmt.Errorf("there is no task %d: they are 0 to %d", *index, s.tasks().Len()-1)
	}
	// Arguments and bodies find what a path says that begins where plan was called.
	if err := os.Chdir(s.Dir); err != nil {
		return fmt.Errorf("%s, where plan was called, is not here: %w", s.Dir, err)
	}
	a, err := s.begin(*index)
	if err != nil {
		return err
	}
	defer a.beat()()
	begin := time.Now()
	over := make(chan struct{})
	defer close(over)
	go c.stopAt(signals, over, a)
	err = a.fail(returned(func() error { return s.confirmed(ctx, c.program, a.run) }))
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "task %d: %s computed in %v, %d were recorded before\n", *index, number(len(a.known)-a.before, "chunk"), round(time.Since(begin)), a.before)
	return nil
}
