package batch

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/parfor-go/parfor/shmarray"
)

// The exit statuses of a program that calls Main.
const (
	exitOK      = 0
	exitFailed  = 1
	exitUsage   = 2
	exitStopped = 75 // task was asked to stop, and did; EX_TEMPFAIL of sysexits.h
)

// Main does what the program's arguments say, and ends the process. The first of them,
// or the first that package flag left if the program has called flag.Parse, is the
// command; without any it prints which there are. A program that is to use worker
// processes, which run -processes does, calls proc.WorkerMain before.
//
// The exit status is 0, 1 after an error, 2 if the arguments make no sense, and 75 if
// the command task was asked to stop by SIGTERM or SIGINT: it finishes the chunks that it
// has begun and records them. Another signal of the same kind ends it at once.
func Main[T shmarray.Elem, A any](p Program[T, A]) {
	p.check()
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

// An action is what one of the words does that can follow the program's name.
type action struct {
	name, arguments, text string
	do                    func(c command, ctx context.Context, f *flag.FlagSet, args []string) error
}

var actions = []action{
	{"run", "[-o FILE] [-processes N]", "computes the array on this machine", command.here},
	{"plan", "[-o FILE] [-tasks N] SPOOL", "cuts the run into tasks, and makes the directory SPOOL", command.plan},
	{"submit", "[-missing] [-tasks LIST] SPOOL [SBATCH'S...]", "hands the tasks to Slurm", command.submit},
	{"submit", "-engine local [-j N] [-missing] [-tasks LIST] SPOOL", "runs the tasks here", command.submit},
	{"status", "[-watch] SPOOL", "says what is done, running, stale, failed", command.status},
	{"verify", "[-again N] SPOOL", "compares the rows with their records", command.verify},
	{"seal", "SPOOL", "verifies, and gives the array its name", command.seal},
	{"task", "[-index I] [-offset I] SPOOL", "computes one task; for engines", command.task},
}

func (c command) run(ctx context.Context, args []string) (status int) {
	if len(args) == 0 {
		fmt.Fprint(c.err, "commands; -h behind one explains its flags, before them it lists the program's:\n", usage(""))
		return exitUsage
	}
	name := args[0]
	i := slices.IndexFunc(actions, func(a action) bool { return a.name == name })
	if i < 0 {
		fmt.Fprintf(c.err, "no command is called %q; commands:\n%s", name, usage(""))
		return exitUsage
	}
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.SetOutput(c.err)
	f.Usage = func() {
		fmt.Fprint(c.err, usage(name))
		f.PrintDefaults()
	}
	err := actions[i].do(c, ctx, f, args[1:])
	var wrong usageError
	switch {
	case err == nil || err == flag.ErrHelp:
		return exitOK
	case err == errSaid:
		return exitUsage
	case errors.As(err, &wrong):
		fmt.Fprintf(c.err, "%s: %v\n%s", name, err, usage(name))
		return exitUsage
	case err == errStopped:
		fmt.Fprintln(c.err, "stopped: what is done is recorded")
		return exitStopped
	}
	fmt.Fprintf(c.err, "%s: %v\n", name, err)
	return exitFailed
}

// usage returns how a command is called, or all of them if name is empty.
func usage(name string) string {
	var b strings.Builder
	for _, a := range actions {
		if name == "" || name == a.name {
			fmt.Fprintf(&b, "  %s %s\n        %s\n", a.name, a.arguments, a.text)
		}
	}
	return b.String()
}

// A usageError says what is wrong with the arguments.
type usageError string

func (e usageError) Error() string { return string(e) }

// errSaid is a usageError that package flag has printed.
var errSaid = errors.New("wrong flags")

// spool reads flags and the spool that the next argument names, the last one unless
// more may follow.
func (c command) spool(f *flag.FlagSet, args []string, more bool) (*spool, error) {
	dir, err := spoolIn(f, args, more)
	if err != nil {
		return nil, err
	}
	return openSpool(dir)
}

// spoolIn is spool of a directory that need not be there.
func spoolIn(f *flag.FlagSet, args []string, more bool) (dir string, err error) {
	if err := parse(f, args); err != nil {
		return "", err
	}
	if f.NArg() == 0 {
		return "", usageError("SPOOL is missing: the directory of the run")
	}
	for _, arg := range f.Args()[1:] {
		name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if strings.HasPrefix(arg, "-") && f.Lookup(name) != nil {
			return "", usageError(fmt.Sprintf("%s has to come before %s", arg, f.Arg(0)))
		}
		if !more {
			return "", usageError(fmt.Sprintf("%q is too much", arg))
		}
	}
	return f.Arg(0), nil
}

// parse reads flags.
func parse(f *flag.FlagSet, args []string) error {
	err := f.Parse(args)
	if err != nil && err != flag.ErrHelp {
		fmt.Fprintf(f.Output(), "flags of the program itself come before %s\n", f.Name())
		err = errSaid
	}
	return err
}
