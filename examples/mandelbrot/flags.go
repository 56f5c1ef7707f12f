package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/parfor-go/parfor/parmap"
)

// config is what the flags say.
type config struct {
	view          view
	opts          []parmap.Option
	check         bool
	out, timeline string
}

func parseFlags(args []string, stdout io.Writer) (config, error) {
	c := config{view: small}
	v := &c.view
	flags := flag.NewFlagSet("mandelbrot", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Float64Var(&v.re, "re", v.re, "real part of the middle of the picture")
	flags.Float64Var(&v.im, "im", v.im, "imaginary part of it")
	flags.Float64Var(&v.span, "span", v.span, "width of the picture in the plane")
	flags.IntVar(&v.rows, "rows", v.rows, "height of the picture in pixels")
	flags.IntVar(&v.cols, "cols", v.cols, "width of the picture in pixels")
	flags.IntVar(&v.limit, "limit", v.limit, "steps after which a number counts as one of the set")
	flags.BoolVar(&c.check, "check", true, "compute the picture in a sequential loop too, and compare bit by bit")
	flags.StringVar(&c.out, "o", "mandelbrot.png", "`file` for the picture")
	flags.StringVar(&c.timeline, "timeline", "", "draw who computed which rows when into `prefix`-static.svg and prefix-auto.svg")
	workers := flags.Int("workers", 0, "most rows computed at once; 0: PARFOR_WORKERS or else GOMAXPROCS")
	schedule := parmap.Auto
	flags.Func("schedule", "`rule` that hands out the rows: auto, static, dynamic, guided or serial", func(s string) error {
		for known := parmap.Auto; known <= parmap.Serial; known++ {
			if strings.EqualFold(s, known.String()) {
				schedule = known
				return nil
			}
		}
		return errors.New("want auto, static, dynamic, guided or serial")
	})
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(stdout, "usage: mandelbrot [flags]")
		flags.SetOutput(stdout)
		flags.PrintDefaults()
	}
	c.opts = []parmap.Option{parmap.Workers(*workers), schedule}
	switch {
	case err != nil:
		return c, err
	case flags.NArg() > 0:
		return c, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case v.rows < 1 || v.cols < 1:
		return c, fmt.Errorf("-rows %d, -cols %d: want 1 or more", v.rows, v.cols)
	case v.limit < 1:
		return c, fmt.Errorf("-limit %d: want 1 or more", v.limit)
	case !(v.span > 0):
		return c, fmt.Errorf("-span %v: want more than 0", v.span)
	case *workers < 0:
		return c, fmt.Errorf("-workers %d: negative", *workers)
	}
	return c, nil
}
