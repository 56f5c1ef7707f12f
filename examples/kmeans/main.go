// Kmeans divides points that are scattered around the airports of the United
// States into clusters by Lloyd's algorithm, and draws a map of them.
//
//	go run ./examples/kmeans
//
// The parallel loops are in lloyd.go; points.go makes the points.
package main

import (
	_ "embed"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"time"

	"github.com/parfor-go/parfor/examples/internal/pixels"
	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/shmarray"
)

//go:embed airports.csv
var table string

// mostClusters have colors of their own in the picture.
const mostClusters = 100

// config is what the flags say.
type config struct {
	n, k, rounds, workers int
	seed                  uint64
	check                 bool
	out                   string
}

func main() {
	var c config
	flag.IntVar(&c.n, "n", 200_000, "points, scattered around the airports; 0: the airports themselves")
	flag.IntVar(&c.k, "k", 12, "clusters")
	flag.IntVar(&c.rounds, "rounds", 300, "most rounds of the algorithm")
	flag.Uint64Var(&c.seed, "seed", 1, "of the random numbers")
	flag.IntVar(&c.workers, "workers", 0, "most chunks run at once; 0: PARFOR_WORKERS or else GOMAXPROCS")
	flag.BoolVar(&c.check, "check", false, "compute it sequentially too, and compare bit by bit")
	flag.StringVar(&c.out, "o", "kmeans.png", "`file` for the picture")
	flag.Parse()
	if flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(c, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "kmeans:", err)
		os.Exit(1)
	}
}

func run(c config, stdout io.Writer) error {
	if c.n < 0 || c.rounds < 1 || c.workers < 0 {
		return fmt.Errorf("-n %d -rounds %d -workers %d: too small", c.n, c.rounds, c.workers)
	}
	airports, err := readAirports(table)
	if err != nil {
		return err
	}
	n := c.n
	if n == 0 {
		n = len(airports)
	}
	if c.k < 1 || c.k > min(n, mostClusters) {
		return fmt.Errorf("-k %d: want 1 to %d", c.k, min(n, mostClusters))
	}
	// The array is written once, here, and then only read, by all workers.
	points, err := shmarray.Zeros(n, 3)
	if err != nil {
		return err
	}
	defer points.Close()
	opts := []parmap.Option{parmap.Workers(c.workers)}
	if c.n == 0 {
		copyPoints(points, airports)
	} else {
		scatter(points, airports, c.seed, opts...)
	}

	begin := time.Now()
	found := lloyd(points, c.k, c.rounds, c.seed, opts...)
	took := time.Since(begin)
	fmt.Fprintf(stdout, "points       %d\n", n)
	fmt.Fprintf(stdout, "parallel     %d rounds in %v\n", found.rounds, took.Round(time.Millisecond))
	if found.moved < settled {
		fmt.Fprintf(stdout, "converged    in the last round no center moved by %v km\n", settled)
	} else {
		fmt.Fprintf(stdout, "stopped      a center still moved by %.1f km in the last round\n", found.moved)
	}
	if c.check {
		begin := time.Now()
		want := lloyd(points, c.k, c.rounds, c.seed, parmap.Serial)
		took := time.Since(begin)
		if err := sameBits(found, want); err != nil {
			return fmt.Errorf("check: %w", err)
		}
		fmt.Fprintf(stdout, "sequential   %v, the same bits\n", took.Round(time.Millisecond))
	}
	fmt.Fprintf(stdout, "distance     %.1f km from a point to its center, root of the mean square\n", found.rms)
	for k, center := range found.centers {
		lat, lon := center.degrees()
		fmt.Fprintf(stdout, "cluster %-4d %6d points around %.2f N %.2f W\n", k, found.sizes[k], lat, -lon)
	}
	if err := pixels.Save(c.out, draw(found, points, airports)); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "picture      %s\n", c.out)
	return nil
}

// sameBits returns an error that tells where two clusterings differ.
func sameBits(got, want *clustering) error {
	if got.rounds != want.rounds {
		return fmt.Errorf("%d rounds in parallel, %d sequentially", got.rounds, want.rounds)
	}
	for i, l := range want.labels {
		if got.labels[i] != l {
			return fmt.Errorf("point %d: cluster %d in parallel, %d sequentially", i, got.labels[i], l)
		}
	}
	for k := range want.centers {
		if !slices.EqualFunc(got.centers[k][:], want.centers[k][:], equalBits) {
			return fmt.Errorf("center %d: %v in parallel, %v sequentially", k, got.centers[k], want.centers[k])
		}
	}
	return nil
}

func equalBits(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }
