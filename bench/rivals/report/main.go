// Command report measures the project and its rivals, and writes what came out
// as bench/RESULTS.md and the plots beside it.
//
//	go -C bench/rivals run ./report
//
// It takes about an hour, shows how far it is, and wants a machine that does
// nothing else. What the programs printed can be kept and read again:
//
//	go -C bench/rivals run ./report -raw /tmp/raw.txt
//	go -C bench/rivals run ./report -from /tmp/raw.txt
//	benchstat -col /way /tmp/raw.txt
//
// For a quick look at everything, or a closer one at something, elsewhere:
//
//	go -C bench/rivals run ./report -rounds 1 -benchtime 1x -short -o /tmp
//	go -C bench/rivals run ./report -only 'Load|Fine' -o /tmp
//
// OpenMP and oneTBB are measured where there are gcc and g++ with libtbb,
// multiprocessing and joblib where there is a python3 with NumPy and joblib.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/parfor-go/parfor/bench/rivals/beyond"
	"github.com/parfor-go/parfor/bench/rivals/internal/results"
	"github.com/parfor-go/parfor/bench/rivals/internal/rounds"
)

func main() {
	var c command
	flag.IntVar(&c.rounds, "rounds", 10, "times that everything is measured")
	flag.StringVar(&c.benchtime, "benchtime", "50ms", "time, or times, for each benchmark in a round; the matrices run three times instead of a time")
	flag.StringVar(&c.only, "only", "", "measure only the benchmarks whose name matches this regular expression")
	flag.BoolVar(&c.short, "short", false, "small vectors and matrices")
	flag.StringVar(&c.raw, "raw", "", "keep what the programs print in this file")
	flag.StringVar(&c.from, "from", "", "measure nothing and read such a file")
	flag.StringVar(&c.out, "o", "..", "directory for RESULTS.md and the plots")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := c.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

// A command is the program's flags.
type command struct {
	rounds                          int
	benchtime, only, raw, from, out string
	short                           bool
}

func (c command) run(ctx context.Context) error {
	if err := os.MkdirAll(c.out, 0o777); err != nil { // before an hour of work
		return err
	}
	scratch, err := os.MkdirTemp("", "report")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	path := c.from
	if path == "" {
		if path = c.raw; path == "" {
			path = filepath.Join(scratch, "raw.txt")
		}
		if err := c.measure(ctx, scratch, path); err != nil {
			return err
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var s results.Set
	if err := s.Read(f); err != nil {
		return err
	}
	return write(c.out, &s)
}

// measure runs all rounds and writes what they print to path.
func (c command) measure(ctx context.Context, scratch, path string) error {
	only, err := regexp.Compile(c.only)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "building")
	programs, versions, err := build(ctx, scratch)
	if err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	describe(ctx, f, c.rounds, versions)
	recordRows(f)
	failures, err := rounds.Plan{
		Units:  units(programs, only.MatchString, c.benchtime, c.short),
		Rounds: c.rounds,
		Out: func(_ int, printed []byte) error {
			_, err := f.Write(printed)
			return err
		},
		Progress: rounds.Line(os.Stderr),
	}.Run(ctx)
	var names []string
	for _, x := range failures {
		fmt.Fprintf(os.Stderr, "\n%v\n%s\n", x, x.Tail)
		names = append(names, x.String())
	}
	if len(names) > 0 {
		// In the format of results a line is of those behind it: end with one that
		// says nothing.
		fmt.Fprintf(f, "failed: %s\nBenchmarkEnd 1 1 ns/op\n", strings.Join(names, "; "))
	}
	return errors.Join(err, f.Close())
}

// build makes the programs, in dir, and says what those beyond Go are.
func build(ctx context.Context, dir string) (programs []program, versions []string, err error) {
	for _, p := range []struct{ kind, module, pkg string }{
		{others, ".", "."}, {own, "../..", "./bench"}, {model, "../..", "./bench/internal/simulate"},
	} {
		argv, err := rounds.Build(ctx, p.module, p.pkg, filepath.Join(dir, p.kind+".test"))
		if err != nil {
			return nil, nil, err
		}
		programs = append(programs, program{name: p.kind, kind: p.kind, argv: argv, flag: "-test."})
	}
	children, missing, err := beyond.Build(ctx, dir)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range children {
		cmd := p.Command(ctx)
		programs = append(programs, program{name: p.Name, kind: others, argv: cmd.Args, env: cmd.Env, flag: "-"})
		versions = append(versions, p.String())
	}
	for _, m := range missing {
		fmt.Fprintln(os.Stderr, "without", m)
		versions = append(versions, "without "+m.Name)
	}
	return programs, versions, nil
}

// write writes the report and its plots.
func write(dir string, s *results.Set) error {
	for _, plot := range []func(dir string, s *results.Set) error{overhead, balance, bandwidth} {
		if err := plot(dir, s); err != nil {
			return err
		}
	}
	curves := scale(s)
	if err := speedups(dir, curves); err != nil {
		return err
	}
	var text strings.Builder
	markdown(&text, s)
	writeScaling(&text, s, curves)
	return os.WriteFile(filepath.Join(dir, "RESULTS.md"), []byte(text.String()), 0o666)
}
