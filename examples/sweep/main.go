// Sweep fits a curve to the record of carbon dioxide on Mauna Loa from each
// start of a grid. The solver crashes from some starts, hangs from others, and
// takes all memory from a third kind: in worker processes the sweep outlives
// that, and the program draws which starts these are.
//
//	go run ./examples/sweep
//
// The loop is the kernel sweep; fit.go has the solver and its defects.
package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"time"

	"github.com/parfor-go/parfor/examples/internal/pixels"
	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/proc"
	"github.com/parfor-go/parfor/parmap/progress"
	"github.com/parfor-go/parfor/shmarray"
)

//go:embed co2-concentration.csv
var builtin []byte

func main() {
	proc.WorkerMain()
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sweep:", err)
		os.Exit(1)
	}
}

// A grid is the starts of a sweep: edge values of b by edge values of c.
type grid struct{ Edge int }

func (g grid) cells() int { return g.Edge * g.Edge }

// The corners of the grid: b in ppm in the year origin, c in 1/year.
const (
	minB, maxB = -5.0, 5.0
	minC, maxC = -0.05, 0.1
)

// start returns where the fit of a cell begins. Cells go along c first.
func (g grid) start(cell int) [parameters]float64 {
	at := func(lo, hi float64, k int) float64 {
		return lo + (hi-lo)*float64(k)/float64(g.Edge-1)
	}
	return [parameters]float64{280, at(minB, maxB, cell/g.Edge), at(minC, maxC, cell%g.Edge), 0, 0}
}

// sweepArgs is what a cell is computed from. Out has a row for each cell: what
// is left of the record in ppm, and the number of steps.
type sweepArgs struct {
	Grid        grid
	Record, Out *shmarray.Array[float64]
	Skip        []bool // cells to leave out; nil: none
}

var sweep = parmap.NewKernel("sweep", func(_ context.Context, lo, hi int, a sweepArgs) error {
	record := samples(a.Record)
	for i := lo; i < hi; i++ {
		if err := fitCell(i, record, a); err != nil {
			return err
		}
	}
	return nil
})

// fitCell computes one row of Out.
func fitCell(i int, record []sample, a sweepArgs) error {
	if a.Skip != nil && a.Skip[i] {
		return nil
	}
	f := fit{record: record}
	rms, steps, err := f.run(a.Grid.start(i))
	if err != nil {
		return err
	}
	a.Out.Set(rms, i, 0)
	a.Out.Set(float64(steps), i, 1)
	return nil
}

// inProcesses runs the sweep in worker processes and returns the cells without a
// result.
func inProcesses(ctx context.Context, a sweepArgs, workers int, limit time.Duration) ([]failure, error) {
	pool, err := proc.Start(ctx, workers,
		proc.Retries(0), // a fit that failed would do so again
		proc.ChunkTimeout(limit),
		proc.MemoryLimit(memoryLimit),
		proc.Stderr(io.Discard)) // the errors have it
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	return failures(sweep.Run(ctx, a.Grid.cells(), a,
		parmap.On(pool), parmap.Output(a.Out), parmap.CollectErrors, parmap.Grain(1), progress.Bar(os.Stderr)))
}

// memoryLimit of a worker holds more than a thousand steps. Fits that work need
// some two hundred at most.
const memoryLimit = 64 << 20

// check computes the cells that are not to be skipped again, in a loop and on
// goroutines, and compares.
func check(ctx context.Context, a sweepArgs, workers int) (one, all time.Duration, err error) {
	looped, err := shmarray.Like(a.Out)
	if err != nil {
		return 0, 0, err
	}
	defer looped.Close()
	shared, err := shmarray.Like(a.Out)
	if err != nil {
		return 0, 0, err
	}
	defer shared.Close()

	again := a
	again.Out = looped
	begin := time.Now()
	record := samples(a.Record)
	for i := range a.Grid.cells() {
		if err := fitCell(i, record, again); err != nil {
			return 0, 0, err
		}
	}
	middle := time.Now()
	again.Out = shared
	if err := sweep.Run(ctx, a.Grid.cells(), again,
		parmap.Output(shared), parmap.Grain(1), parmap.Workers(workers)); err != nil {
		return 0, 0, err
	}
	one, all = middle.Sub(begin), time.Since(middle)
	for i, skip := range a.Skip {
		if skip {
			continue
		}
		if err := errors.Join(
			sameBits(i, "a loop", a.Out.Row(i), looped.Row(i)),
			sameBits(i, "goroutines", a.Out.Row(i), shared.Row(i)),
		); err != nil {
			return 0, 0, err
		}
	}
	return one, all, nil
}

func sameBits(cell int, where string, a, b []float64) error {
	for k := range a {
		if math.Float64bits(a[k]) != math.Float64bits(b[k]) {
			return fmt.Errorf("cell %d: %v in processes, %v in %s", cell, a, b, where)
		}
	}
	return nil
}

func run(args []string, stdout io.Writer) error {
	c, err := parseFlags(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	record, err := readRecord("co2-concentration.csv", bytes.NewReader(builtin))
	if err != nil {
		return err
	}
	defer record.Close()
	g := grid{c.edge}
	out, err := shmarray.Zeros(g.cells(), 2)
	if err != nil {
		return err
	}
	defer out.Close()

	ctx := context.Background()
	a := sweepArgs{Grid: g, Record: record, Out: out}
	begin := time.Now()
	failed, err := inProcesses(ctx, a, c.workers, c.timeout)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "starts       %d, in processes in %v\n", g.cells(), time.Since(begin).Round(time.Millisecond))
	why := make([]cause, g.cells())
	a.Skip = make([]bool, g.cells())
	for _, f := range failed {
		why[f.cell], a.Skip[f.cell] = f.cause, true
	}
	best := math.Inf(1)
	for i := range why {
		if why[i] == none {
			best = min(best, out.At(i, 0))
		}
	}
	found := 0
	for i := range why {
		if why[i] == none && out.At(i, 0) < best*1.001 {
			found++
		}
	}
	survivors := g.cells() - len(failed)
	fmt.Fprintf(stdout, "fitted       %d, of which %d to the best, %.3f ppm\n", survivors, found, best)
	if c.check {
		one, all, err := check(ctx, a, c.workers)
		if err != nil {
			return err
		}
		fmt.Fprintf(stdout, "sequential   %v for these, the same bits\n", one.Round(time.Millisecond))
		fmt.Fprintf(stdout, "goroutines   %v for these, the same bits\n", all.Round(time.Millisecond))
	}
	if err := pixels.Save(c.out, draw(g, out, why)); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "picture      %s\n", c.out)
	if slices.Max(why) > none {
		fmt.Fprintln(stdout)
		writeTable(stdout, g, failed)
	}
	return nil
}

// config is what the flags say.
type config struct {
	out           string
	edge, workers int
	timeout       time.Duration
	check         bool
}

func parseFlags(args []string, stdout io.Writer) (config, error) {
	var c config
	flags := flag.NewFlagSet("sweep", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&c.out, "o", "sweep.png", "`file` for the picture")
	flags.IntVar(&c.edge, "n", 32, "edge of the grid: n values of b by n of c")
	flags.IntVar(&c.workers, "workers", 0, "worker processes; 0: one for each processor")
	flags.DurationVar(&c.timeout, "timeout", time.Second, "how long the fit of a cell may take")
	flags.BoolVar(&c.check, "check", true, "compute the cells that did not fail again, in a loop and on goroutines, and compare")
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(stdout, "usage: sweep [flags]")
		flags.SetOutput(stdout)
		flags.PrintDefaults()
	}
	switch {
	case err != nil:
		return c, err
	case flags.NArg() > 0:
		return c, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case c.edge < 2 || c.edge > 400:
		return c, fmt.Errorf("-n %d: want 2 to 400", c.edge)
	case c.workers < 0:
		return c, fmt.Errorf("-workers %d: negative", c.workers)
	case c.timeout <= 0:
		return c, fmt.Errorf("-timeout %v: want more than zero", c.timeout)
	}
	return c, nil
}
