// Heat lets heat spread on a plate of copper, step after step: thousands of loops
// of less than a tenth of a millisecond, one after the other. Loops as short as
// that gain from more cores because the workers stay between them.
//
//	go run ./examples/heat
//
// The loop is in the function parallel, beside the sequential one; the physics is
// in plate.go.
package main

import (
	"errors"
	"flag"
	"fmt"
	"image/gif"
	"io"
	"math"
	"os"
	"time"

	"github.com/parfor-go/parfor/parmap"
	"gonum.org/v1/gonum/mat"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "heat:", err)
		os.Exit(1)
	}
}

// sequential makes steps.
func sequential(p *plate, steps int) {
	rows, _ := p.now.Dims()
	for range steps {
		p.diffuse(0, rows)
		p.now, p.next = p.next, p.now
	}
}

// parallel does the same on all cores. ForRange returns when all rows of the step
// are there, so that the next one can read them: no other barrier is needed, and
// no lock. Meanwhile the workers stay awake for the next loop, which they enter
// in a part of a microsecond.
func parallel(p *plate, steps int, opts ...parmap.Option) {
	rows, _ := p.now.Dims()
	body := p.diffuse // made once: a step allocates nothing
	for range steps {
		parmap.ForRange(rows, body, opts...)
		p.now, p.next = p.next, p.now
	}
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

// A loop makes steps: parallel, or another one in tests.
type loop func(p *plate, steps int, opts ...parmap.Option)

// run does what the flags say.
func (c config) run(loop loop, stdout io.Writer) error {
	start, err := c.start()
	if err != nil {
		return err
	}
	p, want := newPlate(start, c.r), newPlate(start, c.r)
	before := p.summary(c.opts...)
	var one, all time.Duration
	var film gif.GIF
	for done, frame := 0, 0; frame < c.frames; frame++ {
		steps := c.due(frame) - done
		begin := time.Now()
		loop(p, steps, c.opts...)
		all += time.Since(begin)
		done += steps
		if c.check {
			begin = time.Now()
			sequential(want, steps)
			one += time.Since(begin)
			if err := sameBits(p.now, want.now); err != nil {
				return fmt.Errorf("step %d: %w", done, err)
			}
		}
		add(&film, draw(p.now, float64(done)*stepTime(c.r), c.opts...))
	}
	after := p.summary(c.opts...)

	rows, cols := start.Dims()
	fmt.Fprintf(stdout, "plate        %d x %d cells of 1 cm, copper of 1 mm\n", rows, cols)
	fmt.Fprintf(stdout, "steps        %d, each %.3f s, r = %v\n", c.steps, stepTime(c.r), c.r)
	fmt.Fprintf(stdout, "heat         %.3f kJ, then %.3f kJ, a relative change of %.0e\n",
		before.heat/1000, after.heat/1000, math.Abs(after.heat/before.heat-1))
	fmt.Fprintf(stdout, "temperature  %.1f to %.1f C, then %.1f to %.1f C\n", before.low, before.high, after.low, after.high)
	if err := after.lawful(before); err != nil {
		return err
	}
	each := func(d time.Duration) time.Duration { return d / time.Duration(c.steps) }
	fmt.Fprintf(stdout, "parallel     %v, a step %v\n", all.Round(time.Microsecond), each(all))
	if c.check {
		fmt.Fprintf(stdout, "sequential   %v, a step %v, the same bits\n", one.Round(time.Microsecond), each(one))
		fmt.Fprintf(stdout, "speed-up     %.2f\n", one.Seconds()/all.Seconds())
	}
	if err := write(c.out, &film); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "picture      %s, %d frames\n", c.out, c.frames)
	return nil
}

// sameBits returns an error that names the first cell in which the two differ.
func sameBits(got, want *mat.Dense) error {
	rows, _ := want.Dims()
	for i := range rows {
		g, w := got.RawRowView(i), want.RawRowView(i)
		for j := range w {
			if math.Float64bits(g[j]) != math.Float64bits(w[j]) {
				return fmt.Errorf("row %d, column %d: parallel loop %v, sequential loop %v", i, j, g[j], w[j])
			}
		}
	}
	return nil
}
