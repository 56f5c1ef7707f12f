// Live fills a .npy file that a Python program has open, and shows, at the same
// time.
//
//	go run ./examples/live
//	python3 examples/live/plot.py live.npy     # in another terminal, before or after
//
// The loop is in the function fill. What a row is made of is in julia.go.
package main

import (
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"time"

	"github.com/parfor-go/parfor/examples/internal/pixels"
	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/progress"
	"github.com/parfor-go/parfor/shmarray"
)

// config is what the flags say.
type config struct {
	view    view
	workers int
	check   bool
	out     string
	png     string
}

func main() {
	c := config{view: whole}
	flag.IntVar(&c.view.rows, "rows", whole.rows, "height of the picture in pixels")
	flag.IntVar(&c.view.cols, "cols", whole.cols, "width of the picture in pixels")
	flag.IntVar(&c.view.fine, "fine", whole.fine, "points along the edge of a pixel, whose mean it is: the time grows with the square")
	flag.IntVar(&c.workers, "workers", 0, "most rows computed at once; 0: PARFOR_WORKERS or else GOMAXPROCS")
	flag.BoolVar(&c.check, "check", false, "compute the picture in a sequential loop too, and compare bit by bit")
	flag.StringVar(&c.out, "o", "live.npy", "the `file` to make; it must not be there")
	flag.StringVar(&c.png, "png", "", "`file` for a picture of what plot.py shows on the way")
	flag.Parse()
	if flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(c, os.Stdout, parmap.Workers(c.workers), progress.Bar(os.Stderr)); err != nil {
		fmt.Fprintln(os.Stderr, "live:", err)
		os.Exit(1)
	}
}

// fill computes the rows of a, which others see as soon as they are written: the
// array is the file. Dynamic hands out the rows in order, so that those of the
// coarse picture come first.
func fill(a *shmarray.Array[float64], row func(i int, row []float64), opts ...parmap.Option) {
	order := coarseFirst(a.Shape()[0])
	parmap.For(len(order), func(k int) {
		row(order[k], a.Row(order[k]))
	}, append(opts, parmap.Dynamic, parmap.Grain(1))...)
}

// coarseFirst returns the rows 0 to n-1 in an order of ever smaller gaps: 0 and
// all multiples of 16, then what is missing of those of 8, of 4, of 2, of 1.
func coarseFirst(n int) []int {
	order := make([]int, 0, n)
	const coarse = 16
	for gap := coarse; gap > 0; gap /= 2 {
		for i := 0; i < n; i += gap {
			if gap == coarse || i%(2*gap) != 0 {
				order = append(order, i)
			}
		}
	}
	return order
}

func run(c config, stdout io.Writer, opts ...parmap.Option) error {
	switch {
	case c.view.rows < 1 || c.view.cols < 1 || c.view.fine < 1:
		return fmt.Errorf("-rows %d -cols %d -fine %d: want 1 or more", c.view.rows, c.view.cols, c.view.fine)
	case c.workers < 0:
		return fmt.Errorf("-workers %d: negative", c.workers)
	}
	a, err := shmarray.Create[float64](c.out, c.view.rows, c.view.cols)
	if err != nil {
		return err
	}
	defer a.Close()
	fmt.Fprintf(stdout, "file         %s, %d rows of %d\n", c.out, c.view.rows, c.view.cols)
	begin := time.Now()
	fill(a, c.view.row, opts...)
	fmt.Fprintf(stdout, "filled       in %v\n", time.Since(begin).Round(time.Millisecond))
	if c.check {
		if err := check(a, c.view); err != nil {
			return err
		}
		fmt.Fprintln(stdout, "check        the same bits as a plain loop")
	}
	fmt.Fprintf(stdout, "crc32        %08x\n", crc32.ChecksumIEEE(a.RowBytes(0, c.view.rows)))
	if c.png != "" {
		if err := pixels.Save(c.png, draw(a)); err != nil {
			return err
		}
		fmt.Fprintf(stdout, "picture      %s\n", c.png)
	}
	return a.Sync()
}

// check computes the view in a loop and returns an error if a number of a has
// other bits.
func check(a *shmarray.Array[float64], v view) error {
	want := make([]float64, v.cols)
	for i := range v.rows {
		v.row(i, want)
		for j, got := range a.Row(i) {
			if math.Float64bits(got) != math.Float64bits(want[j]) {
				return fmt.Errorf("check: row %d, column %d: %v in the file, %v in a plain loop", i, j, got, want[j])
			}
		}
	}
	return nil
}
