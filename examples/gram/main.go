// Gram fills kernel matrices, tile by tile, and computes their eigenvalues.
//
//	go run ./examples/gram
//
// The loop is in the function gram. Element (i, j) of the matrix tells how alike
// points i and j are: the wider the kernel, the more alike, and the fewer
// eigenvalues differ much from zero.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"time"

	"github.com/parfor-go/parfor/chunk"
	"github.com/parfor-go/parfor/examples/internal/pixels"
	"github.com/parfor-go/parfor/parmap"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// widths are those of the kernels, for points in the unit square.
var widths = []float64{0.03, 0.1, 0.3}

// config is what the flags say.
type config struct {
	n, workers int
	seed       uint64
	check      bool
	out        string
}

func main() {
	var c config
	flag.IntVar(&c.n, "n", 800, "points; the time for the eigenvalues grows with the third power")
	flag.Uint64Var(&c.seed, "seed", 1, "of the points")
	flag.IntVar(&c.workers, "workers", 0, "most tiles filled at once; 0: PARFOR_WORKERS or else GOMAXPROCS")
	flag.BoolVar(&c.check, "check", false, "fill the matrices in a plain loop too, and compare bit by bit")
	flag.StringVar(&c.out, "o", "gram.png", "`file` for the picture")
	flag.Parse()
	if flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(c, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "gram:", err)
		os.Exit(1)
	}
}

type point struct{ x, y float64 }

// scatter returns points in the unit square. Each has random numbers of its own.
func scatter(n int, seed uint64, opts ...parmap.Option) []point {
	points := make([]point, n)
	parmap.For(n, func(i int) {
		rng := parmap.Rand(seed, i)
		points[i] = point{rng.Float64(), rng.Float64()}
	}, opts...)
	return points
}

// rbf returns the radial basis function of two points, from 1 for the same place
// to 0 for far ones.
func rbf(p, q point, width float64) float64 {
	dx, dy := p.x-q.x, p.y-q.y
	return math.Exp(-(dx*dx + dy*dy) / (2 * width * width))
}

// gram returns the matrix of rbf. A mat.SymDense keeps the upper triangle alone,
// so tiles below the diagonal are skipped, and those on it have half the work.
// That takes no care: a worker that has finished takes over from the others.
// Tiles, and not rows, because the points that belong to the rows and columns of
// a tile stay in the first cache, however many points there are.
func gram(points []point, width float64, opts ...parmap.Option) *mat.SymDense {
	n := len(points)
	m := mat.NewSymDense(n, nil)
	parmap.ForTile(n, n, func(t chunk.Tile) {
		if t.Cols.Hi <= t.Rows.Lo {
			return
		}
		for i := t.Rows.Lo; i < t.Rows.Hi; i++ {
			for j := max(i, t.Cols.Lo); j < t.Cols.Hi; j++ {
				m.SetSym(i, j, rbf(points[i], points[j], width))
			}
		}
	}, opts...)
	return m
}

// sequential returns the same matrix.
func sequential(points []point, width float64) *mat.SymDense {
	n := len(points)
	m := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			m.SetSym(i, j, rbf(points[i], points[j], width))
		}
	}
	return m
}

// spectra returns the eigenvalues of each matrix in descending order. Gonum
// computes those of one matrix on one core, so this loop gains from more. A loop
// of matrix products would not: gonum's Mul uses all cores by itself.
func spectra(matrices []*mat.SymDense, opts ...parmap.Option) ([][]float64, error) {
	return parmap.MapErr(context.Background(), matrices, func(_ context.Context, m *mat.SymDense) ([]float64, error) {
		var e mat.EigenSym
		if !e.Factorize(m, false) {
			return nil, errors.New("no eigenvalues: the algorithm did not converge")
		}
		values := e.Values(nil)
		slices.Reverse(values)
		return values, nil
	}, opts...)
}

func run(c config, stdout io.Writer) error {
	if c.n < 2 || c.workers < 0 {
		return fmt.Errorf("-n %d -workers %d: too small", c.n, c.workers)
	}
	opts := []parmap.Option{parmap.Workers(c.workers)}
	points := scatter(c.n, c.seed, opts...)
	fmt.Fprintf(stdout, "points       %d\n", c.n)

	matrices := make([]*mat.SymDense, len(widths))
	begin := time.Now()
	for k, width := range widths {
		matrices[k] = gram(points, width, opts...)
	}
	fmt.Fprintf(stdout, "matrices     %d of %d x %d, filled in %v\n", len(widths), c.n, c.n, time.Since(begin).Round(time.Microsecond))
	if c.check {
		begin := time.Now()
		for k, width := range widths {
			if err := sameBits(matrices[k], sequential(points, width)); err != nil {
				return fmt.Errorf("check: width %v: %w", width, err)
			}
		}
		fmt.Fprintf(stdout, "check        the same bits as a plain loop, in %v\n", time.Since(begin).Round(time.Microsecond))
	}

	begin = time.Now()
	all, err := spectra(matrices, opts...)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "eigenvalues  of all in %v\n", time.Since(begin).Round(time.Millisecond))
	for k, values := range all {
		off, err := traceCheck(values)
		if err != nil {
			return fmt.Errorf("width %v: %w", widths[k], err)
		}
		fmt.Fprintf(stdout, "width %-6v their sum is %d but for %.1g, the first %d make up 99 %% of it\n",
			widths[k], c.n, off, enough(values, 0.99))
	}
	if err := pixels.Save(c.out, draw(all)); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "picture      %s\n", c.out)
	return nil
}

// traceCheck compares the sum of the eigenvalues with that of the diagonal, n
// ones, and returns the difference.
func traceCheck(values []float64) (float64, error) {
	n := float64(len(values))
	off := math.Abs(floats.Sum(values) - n)
	if tolerance := n * n * epsilon; !(off <= tolerance) {
		return off, fmt.Errorf("the eigenvalues' sum is off by %g, more than %g", off, tolerance)
	}
	return off, nil
}

// epsilon is the distance from 1 to the next float64.
const epsilon = 0x1p-52

// enough returns how many of the first eigenvalues make up a part of all.
func enough(values []float64, part float64) int {
	sum, total := 0.0, floats.Sum(values)
	for k, v := range values {
		if sum += v; sum >= part*total {
			return k + 1
		}
	}
	return len(values)
}

// sameBits returns an error that names the first element in which the two
// matrices differ.
func sameBits(got, want *mat.SymDense) error {
	for i := range want.SymmetricDim() {
		for j := i; j < want.SymmetricDim(); j++ {
			if g, w := got.At(i, j), want.At(i, j); math.Float64bits(g) != math.Float64bits(w) {
				return fmt.Errorf("row %d, column %d: %v in parallel, %v sequentially", i, j, g, w)
			}
		}
	}
	return nil
}
