// Command check compares the speed of the checkout with that of an earlier
// revision, and fails if something has become slower.
//
//	make bench-check
//	make bench-check BASE=HEAD ARGS="-bench 'Load/even|Fine'"
//
// The checkout is what is in the directory, committed or not, and the revision
// HEAD~1 unless another is named. It builds the benchmarks of package bench of
// both, each with its own sources, and runs them in turn, round by round, so that
// what changes on the machine meanwhile meets both. A benchmark that both have has
// become slower if the median over the rounds of new over old is above the limit
// and more rounds say so than chance would have it (the sign test, p < 0.05). What
// is compared is of-ideal, the ratio to the sequential loop of the same benchmark,
// or where there is none the time. The limit is 5 percent, the rounds are 6, and
// vectors and matrices small, unless flags say otherwise (-percent, -rounds,
// -short=false).
//
// Everything takes an hour. The machine should do nothing else: BenchmarkControl
// is there to tell.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/parfor-go/parfor/bench/rivals/internal/results"
	"github.com/parfor-go/parfor/bench/rivals/internal/rounds"
)

func main() {
	var c command
	flag.StringVar(&c.base, "base", "HEAD~1", "revision to compare with")
	flag.StringVar(&c.bench, "bench", ".", "benchmarks to compare, as for go test")
	flag.StringVar(&c.benchtime, "benchtime", "100ms", "time, or times, for each benchmark in a round")
	flag.StringVar(&c.cpu, "cpu", "", "numbers of workers, as for go test; all processors if empty")
	flag.BoolVar(&c.short, "short", true, "small vectors and matrices")
	flag.IntVar(&c.rounds, "rounds", 6, "times that everything is measured, 5 at least to tell chance")
	flag.Float64Var(&c.percent, "percent", 5, "how much slower is too slow")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := c.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "check:", err)
		os.Exit(1)
	}
}

// A command is the program's flags.
type command struct {
	base, bench, benchtime, cpu string
	short                       bool
	rounds                      int
	percent                     float64
}

// The two sides.
const (
	base = iota
	head
)

func (c command) run(ctx context.Context) error {
	if c.rounds < 5 {
		return errors.New("less than five rounds cannot tell a change from chance")
	}
	scratch, err := os.MkdirTemp("", "check")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	units, err := c.build(ctx, scratch)
	if err != nil {
		return err
	}
	var sides [2]results.Set
	failures, err := rounds.Plan{
		Units:    units,
		Rounds:   c.rounds,
		Out:      func(unit int, printed []byte) error { return sides[unit%2].Read(bytes.NewReader(printed)) },
		Progress: rounds.Line(os.Stderr),
	}.Run(ctx)
	for _, x := range failures {
		fmt.Fprintf(os.Stderr, "%v\n%s\n", x, x.Tail)
	}
	if err != nil {
		return err
	}
	if len(failures) > 0 {
		return fmt.Errorf("%d benchmarks failed", len(failures))
	}
	all := compare(&sides[base], &sides[head])
	if len(all) == 0 {
		return errors.New("nothing to compare")
	}
	fmt.Print(table(all, c.percent))
	if slower := tooSlow(all, c.percent); len(slower) > 0 {
		return fmt.Errorf("%d of %d benchmarks are slower by more than %v%%", len(slower), len(all), c.percent)
	}
	return nil
}

// build returns units for the benchmarks that are wanted, in pairs: base, head.
func (c command) build(ctx context.Context, scratch string) ([]rounds.Unit, error) {
	root, err := output(ctx, "git", "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, err
	}
	old := filepath.Join(scratch, "base")
	archive := filepath.Join(scratch, "base.tar")
	for _, argv := range [][]string{
		{"git", "-C", root, "archive", "-o", archive, c.base},
		{"mkdir", old},
		{"tar", "-C", old, "-xf", archive},
	} {
		if _, err := output(ctx, argv...); err != nil {
			return nil, err
		}
	}
	var programs, names [2][]string
	for side, dir := range []string{old, root} {
		path := filepath.Join(scratch, [2]string{"old", "new"}[side])
		if programs[side], err = rounds.Build(ctx, dir, "./bench", path); err != nil {
			return nil, err
		}
		list, err := output(ctx, path, "-test.list", "^Benchmark")
		if err != nil {
			return nil, err
		}
		names[side] = strings.Fields(list)
	}
	chosen, pattern, err := patterns(c.bench, names[head])
	if err != nil {
		return nil, err
	}
	var units []rounds.Unit
	for _, name := range chosen {
		if !slices.Contains(names[base], name) {
			fmt.Fprintf(os.Stderr, "%s is new\n", name)
			continue
		}
		for side, program := range programs {
			units = append(units, c.unit(program, name+[2]string{", old", ", new"}[side], pattern[name]))
		}
	}
	if len(units) == 0 {
		return nil, fmt.Errorf("no benchmark of both matches %q", c.bench)
	}
	return units, nil
}

// unit is one start of a test binary.
func (c command) unit(program []string, name, pattern string) rounds.Unit {
	argv := append(program[:len(program):len(program)], "-test.bench="+pattern, "-test.benchtime="+c.benchtime)
	if c.cpu != "" {
		argv = append(argv, "-test.cpu="+c.cpu)
	}
	if c.short {
		argv = append(argv, "-test.short")
	}
	return rounds.Unit{Name: strings.TrimPrefix(name, "Benchmark"), Argv: argv}
}

// output runs a program and returns what it prints.
func output(ctx context.Context, argv ...string) (string, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, said.String())
	}
	return strings.TrimSpace(string(out)), nil
}
