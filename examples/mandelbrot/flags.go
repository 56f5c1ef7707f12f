package main

import (
	"fmt"
	"io"

	"github.com/parfor-go/parfor/examples/internal/loopflag"
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
	flags := loopflag.New("mandelbrot", "most rows computed at once")
	flags.Float64Var(&v.re, "re", v.re, "real part of the middle of the picture")
	flags.Float64Var(&v.im, "im", v.im, "imaginary part of it")
	flags.Float64Var(&v.span, "span", v.span, "width of the picture in the plane")
	flags.IntVar(&v.rows, "rows", v.rows, "height of the picture in pixels")
	flags.IntVar(&v.cols, "cols", v.cols, "width of the picture in pixels")
	flags.IntVar(&v.limit, "limit", v.limit, "steps after which a number counts as one of the set")
	flags.BoolVar(&c.check, "check", true, "compute the picture in a sequential loop too, and compare bit by bit")
	flags.StringVar(&c.out, "o", "mandelbrot.png", "`file` for the picture")
	flags.StringVar(&c.timeline, "timeline", "", "draw who computed which rows when into `prefix`-static.svg and prefix-auto.svg")
	err := flags.Parse(args, stdout)
	c.opts = flags.Options()
	switch {
	case err != nil:
		return c, err
	case v.rows < 1 || v.cols < 1:
		return c, fmt.Errorf("-rows %d, -cols %d: want 1 or more", v.rows, v.cols)
	case v.limit < 1:
		return c, fmt.Errorf("-limit %d: want 1 or more", v.limit)
	case !(v.span > 0):
		return c, fmt.Errorf("-span %v: want more than 0", v.span)
	}
	return c, nil
}
