// Mandelbrot draws a part of the Mandelbrot set. The rows of the picture take very
// different times, which nobody knows before; the loop over them keeps all cores
// busy to its end all the same, without a setting.
//
//	go run ./examples/mandelbrot
//
// The loop is in the function parallel, beside the sequential one. What it calls
// is in set.go.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"github.com/parfor-go/parfor/examples/internal/pixels"
	"github.com/parfor-go/parfor/parmap"
	"gonum.org/v1/gonum/mat"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "mandelbrot:", err)
		os.Exit(1)
	}
}

// sequential fills times with the escape times of the view.
func sequential(times *mat.Dense, v view) {
	for i := range v.rows {
		v.row(i, times.RawRowView(i))
	}
}

// parallel does the same on all cores.
func parallel(times *mat.Dense, v view, opts ...parmap.Option) {
	parmap.ForRows(times, v.row, opts...)
}

func run(args []string, stdout io.Writer) error {
	c, err := parseFlags(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	return c.run(parallel, stdout)
}

// A loop fills an array with a view: parallel, or another one in tests.
type loop func(times *mat.Dense, v view, opts ...parmap.Option)

// run does what the flags say.
func (c config) run(loop loop, stdout io.Writer) error {
	times := mat.NewDense(c.view.rows, c.view.cols, nil)
	begin := time.Now()
	loop(times, c.view, c.opts...)
	all := time.Since(begin)
	fmt.Fprintf(stdout, "cells        %d rows of %d\n", c.view.rows, c.view.cols)
	fmt.Fprintf(stdout, "parallel     %v\n", all.Round(time.Microsecond))
	if c.check {
		one, err := check(times, c.view)
		if err != nil {
			return err
		}
		fmt.Fprintf(stdout, "sequential   %v, the same bits\n", one.Round(time.Microsecond))
		fmt.Fprintf(stdout, "speed-up     %.2f\n", one.Seconds()/all.Seconds())
	}

	if err := pixels.Save(c.out, draw(times, c.opts...)); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "picture      %s\n", c.out)
	if c.timeline != "" {
		return c.timelines(loop, stdout)
	}
	return nil
}

// check computes the view in a loop and returns how long that took, and an error
// if any time has other bits than in got.
func check(got *mat.Dense, v view) (time.Duration, error) {
	want := mat.NewDense(v.rows, v.cols, nil)
	begin := time.Now()
	sequential(want, v)
	one := time.Since(begin)
	for i := range v.rows {
		g, w := got.RawRowView(i), want.RawRowView(i)
		for j := range w {
			if math.Float64bits(g[j]) != math.Float64bits(w[j]) {
				return one, fmt.Errorf("row %d, column %d: parallel loop %v, sequential loop %v", i, j, g[j], w[j])
			}
		}
	}
	return one, nil
}
