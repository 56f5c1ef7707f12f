package main

import (
	"fmt"
	"io"

	"github.com/parfor-go/parfor/examples/internal/loopflag"
	"github.com/parfor-go/parfor/parmap"
)

// config is what the flags say.
type config struct {
	plate, steps, frames int
	r                    float64
	opts                 []parmap.Option
	check                bool
	out                  string
}

// due returns the number of steps before a frame. Heat spreads as the square root
// of time, so frames are at the squares.
func (c config) due(frame int) int {
	last := int64(c.frames - 1)
	return int(int64(c.steps) * int64(frame*frame) / (last * last))
}

func parseFlags(args []string, stdout io.Writer) (config, error) {
	var c config
	flags := loopflag.New("heat", "most workers of a loop")
	flags.IntVar(&c.plate, "plate", 0, "edge of a square plate in cells, hot in a disk and a bar; 0: the map")
	flags.IntVar(&c.steps, "steps", 4000, "number of steps")
	flags.IntVar(&c.frames, "frames", 40, "pictures in the film")
	flags.Float64Var(&c.r, "r", 0.2, "diffusivity * time / edge^2 of a step, up to 0.25")
	flags.BoolVar(&c.check, "check", true, "make the steps in a sequential loop too, and compare bit by bit")
	flags.StringVar(&c.out, "o", "heat.gif", "`file` for the film")
	err := flags.Parse(args, stdout)
	c.opts = flags.Options()
	switch {
	case err != nil:
		return c, err
	case c.plate != 0 && c.plate < 8:
		return c, fmt.Errorf("-plate %d: want 8 or more, or 0 for the map", c.plate)
	case c.steps < 1 || c.steps > 1e9:
		return c, fmt.Errorf("-steps %d: want 1 to 1000000000", c.steps)
	case c.frames < 2 || c.frames > 1000:
		return c, fmt.Errorf("-frames %d: want 2 to 1000", c.frames)
	case !(c.r > 0 && c.r <= 0.25):
		return c, fmt.Errorf("-r %v: want above 0, and up to 0.25, where it ends to be stable", c.r)
	}
	return c, nil
}
