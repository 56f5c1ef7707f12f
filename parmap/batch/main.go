package batch

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/internal/kernel"
	"github.com/parfor-go/parfor/parmap/proc"
	"github.com/parfor-go/parfor/shmarray"
)

// The exit statuses of a program that calls Main.
const (
	exitOK      = 0
	exitFailed  = 1
	exitUsage   = 2
	exitStopped = 75 // task was asked to stop, and did; EX_TEMPFAIL of sysexits.h
)

const usage = `commands:
  run [-o FILE] [-processes N]          computes the array on this machine
  plan [-o FILE] [-tasks N] SPOOL       cuts the run into tasks, and makes the directory SPOOL
  submit [-engine E] SPOOL              hands the tasks to slurm (what follows SPOOL goes to
                                        sbatch), or runs them here: -engine local [-j N];
                                        -tasks LIST: these alone; -missing: those of them
                                        that are still to be done, and nobody is at
  status [-watch] SPOOL                 says what is done, running, stale, failed
  verify [-again N] SPOOL               compares the rows with their records; computes N
                                        chunks again, and compares these
  seal SPOOL                            verifies, and gives the array its name
  task [-index I] [-offset I] SPOOL     computes one task; for engines
`

// Main does what the program's arguments say, and ends the process. The first of them,
// or the first that package flag left if the program has called flag.Parse, is the
// command; without any it prints which there are. A program that is to use worker
// processes, which run -processes does, calls proc.WorkerMain before.
//
// The exit status is 0, 1 after an error, 2 if the arguments make no sense, and 75 if
// a task was asked to stop by SIGTERM or SIGINT: it finishes its chunks and records them.
func Main[T shmarray.Elem, A any](p Program[T, A]) {
	args := os.Args[1:]
	if flag.Parsed() {
		args = flag.Args()
	}
	before := os.Args[1 : len(os.Args)-len(args)]
	os.Exit(command{p, before, os.Stdout, os.Stderr}.run(context.Background(), args))
}

// A command is what Main does.
type command struct {
	program
	before []string // the program's arguments before the command
	out    io.Writer
	err    io.Writer
}

func (c command) run(ctx context.Context, args []string) (status int) {
	commands := map[string]func(ctx context.Context, f *flag.FlagSet, args []string) error{
		"run": c.here, "plan": c.plan, "submit": c.submit, "status": c.status, "verify": c.verify, "seal": c.seal, "task": c.task,
	}
	if len(args) == 0 || commands[args[0]] == nil {
		fmt.Fprint(c.err, usage)
		return exitUsage
	}
	f := flag.NewFlagSet(args[0], flag.ContinueOnError)
	f.SetOutput(c.err)
	err := commands[args[0]](ctx, f, args[1:])
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, flag.ErrHelp):
		return exitUsage
	case errors.Is(err, errUsage):
		fmt.Fprintf(c.err, "%s: %v\n%s", args[0], err, usage)
		return exitUsage
	case err == errStopped:
		fmt.Fprintln(c.err, "stopped: what is done is recorded")
		return exitStopped
	}
	fmt.Fprintf(c.err, "%s: %v\n", args[0], err)
	return exitFailed
}

var errUsage = errors.New("wrong arguments")

// spool reads flags and the spool that the next argument names.
func (c command) spool(f *flag.FlagSet, args []string) (*spool, error) {
	if err := parse(f, args, 1); err != nil {
		return nil, err
	}
	return openSpool(f.Arg(0))
}

// parse reads flags, behind which there are n arguments, or more if n is 1 and f that of
// submit.
func parse(f *flag.FlagSet, args []string, n int) error {
	if err := f.Parse(args); err != nil {
		return errors.Join(flag.ErrHelp, err)
	}
	if f.NArg() < n || f.NArg() > n && f.Name() != "submit" {
		return fmt.Errorf("%w: %d of them behind the flags", errUsage, f.NArg())
	}
	return nil
}

func (c command) here(ctx context.Context, f *flag.FlagSet, args []string) error {
	output := f.String("o", "out.npy", "the array's `file`; its journal lies beside it")
	processes := f.Int("processes", 0, "compute in so many worker processes; 0: on goroutines")
	if err := parse(f, args, 0); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	options := []parmap.RunOption{parmap.Journal{Path: *output + ".journal", Version: c.version()}}
	if *processes > 0 {
		pool, err := proc.Start(ctx, *processes)
		if err != nil {
			return err
		}
		defer pool.Close()
		options = append(options, parmap.On(pool))
	}
	return c.program.here(ctx, *output, options...)
}

func (c command) plan(ctx context.Context, f *flag.FlagSet, args []string) error {
	output := f.String("o", "", "where seal puts the array; default: the spool's name and .npy")
	tasks := f.Int("tasks", 500, "how many tasks there are at most")
	if err := parse(f, args, 1); err != nil {
		return err
	}
	if *tasks < 1 {
		return fmt.Errorf("%w: -tasks %d", errUsage, *tasks)
	}
	if *output == "" {
		*output = filepath.Clean(f.Arg(0)) + ".npy"
	}
	path, err := filepath.Abs(*output)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s exists: seal would not replace it", path)
	}
	p, err := survey(ctx, c.program)
	if err != nil {
		return err
	}
	p.cut(*tasks)
	p.Output, p.Command, p.Made = path, c.before, time.Now().UTC().Truncate(time.Second)
	s, err := createSpool(f.Arg(0), p, c.program)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s: [0,%d) in %d tasks of %d indices, chunks of %d\n", s.dir, p.Shape[0], p.tasks().Len(), p.PerTask, p.Grain)
	fmt.Fprintf(c.out, "a task: %s\n", quote(append(s.command(), s.dir)))
	return nil
}

func (c command) submit(ctx context.Context, f *flag.FlagSet, args []string) error {
	missing := f.Bool("missing", false, "only the tasks that, by verify, are still to be done, and that have shown no life for a minute")
	list := f.String("tasks", "", "only these, as 0-4,7; default: all")
	name := f.String("engine", "slurm", "slurm or local")
	atOnce := f.Int("j", 0, "of local: how many tasks at once; 0: one")
	s, err := c.spool(f, args)
	if err != nil {
		return err
	}
	var e engine
	switch {
	case *name == "slurm":
		e = slurm{f.Args()[1:]}
	case *name == "local" && f.NArg() == 1:
		e = local{max(1, *atOnce)}
	default:
		return fmt.Errorf("%w: -engine %s", errUsage, *name)
	}
	if *list == "" {
		*list = fmt.Sprintf("0-%d", s.tasks().Len()-1)
	}
	tasks, err := numbersIn(*list, s.tasks().Len())
	if err != nil {
		return err
	}
	if *missing {
		var busy []int
		if tasks, busy, err = s.missing(ctx, tasks); err != nil {
			return err
		}
		if len(busy) > 0 {
			fmt.Fprintf(c.out, "left out, as they seem to be running: %s\n", ranges(busy, 0))
			if len(tasks) == 0 {
				return nil
			}
		}
	}
	if len(tasks) == 0 {
		fmt.Fprintln(c.out, "nothing is missing")
		return nil
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	return e.submit(ctx, s, tasks, c.out)
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
	watch := f.Bool("watch", false, "again and again, until all is done")
	s, err := c.spool(f, args)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	for {
		finished, err := s.report(c.out)
		if err != nil || finished || !*watch {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(beatEvery / 2):
		}
	}
}

func (c command) verify(ctx context.Context, f *flag.FlagSet, args []string) error {
	again := f.Int("again", 0, "compute so many chunks, drawn at random, again")
	s, err := c.spool(f, args)
	if err != nil {
		return err
	}
	wrong, missing, err := s.verify(ctx)
	if err != nil {
		return err
	}
	for _, w := range wrong {
		fmt.Fprintln(c.out, w)
	}
	if len(missing) > 0 {
		return fmt.Errorf("%d of %d tasks are to be done", len(missing), s.tasks().Len())
	}
	if *again > 0 {
		if wrong, err = s.again(ctx, c.program, *again); err != nil {
			return err
		}
	}
	for _, w := range wrong {
		fmt.Fprintln(c.out, w)
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%d of %d chunks are others when they are computed again", len(wrong), *again)
	}
	fmt.Fprintf(c.out, "all %d tasks are done, and their rows are those that were recorded\n", s.tasks().Len())
	return nil
}

func (c command) seal(ctx context.Context, f *flag.FlagSet, args []string) error {
	s, err := c.spool(f, args)
	if err != nil {
		return err
	}
	if err := s.seal(ctx, c.element()); err != nil {
		return err
	}
	fmt.Fprintln(c.out, s.Output)
	return nil
}

func (c command) task(ctx context.Context, f *flag.FlagSet, args []string) error {
	index := f.Int("index", -1, "the task; default: what the engine says")
	offset := f.Int("offset", 0, "is added to what the engine says")
	s, err := c.spool(f, args)
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
		return fmt.Errorf("task %d of %d", *index, s.tasks().Len())
	}
	a, err := s.begin(*index)
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	over := make(chan struct{})
	defer close(over)
	go func() {
		select {
		case <-signals:
			a.stopped.Store(true)
			signal.Stop(signals) // the next one ends the process
			fmt.Fprintln(c.err, "asked to stop: the chunks that were begun will be finished")
		case <-over:
		}
	}()
	return a.fail(c.on(ctx, backend(func(ctx context.Context, call *kernel.Call) error {
		found, err := describe(c.program, call)
		if err != nil {
			return err
		}
		if err := s.check(found); err != nil {
			return err
		}
		return a.run(ctx, call)
	})))
}
