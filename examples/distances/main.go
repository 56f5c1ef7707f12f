// Distances fills the matrix of great-circle distances between 3376 airports
// with a parallel loop, checks it against the sequential loop, and draws it.
//
//	go run ./examples/distances
//
// The loop is in the function parallel, beside the sequential one; all the rest
// of the program is there to look at what it computed.
package main

import (
	"bytes"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"github.com/parfor-go/parfor/examples/internal/loopflag"
	"github.com/parfor-go/parfor/examples/internal/pixels"
	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/shmarray"
	"gonum.org/v1/gonum/mat"
)

//go:embed airports.csv
var builtin []byte

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "distances:", err)
		os.Exit(1)
	}
}

// sequential fills m with the distances between all points.
func sequential(m *mat.Dense, points []point) {
	for i := range points {
		distancesFrom(i, points, m.RawRowView(i))
	}
}

// parallel does the same on all cores.
func parallel(m *mat.Dense, points []point, opts ...parmap.Option) {
	parmap.For(len(points), func(i int) {
		distancesFrom(i, points, m.RawRowView(i))
	}, opts...)
}

func run(args []string, stdout io.Writer) error {
	c, err := parseFlags(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	airports, err := load(c.in)
	if err != nil {
		return err
	}
	corrected := correct(airports)
	n := len(airports)
	array, err := shmarray.Zeros(n, n)
	if err != nil {
		return err
	}
	defer array.Close()
	second, err := shmarray.Like(array) // of the same kind of memory, to compare times
	if err != nil {
		return err
	}
	defer second.Close()
	dist, want := shmarray.Dense(array), shmarray.Dense(second)

	places := pointsOf(airports)
	one, all := fastest(5,
		func() { sequential(want, places) },
		func() { parallel(dist, places, c.opts...) })
	if err := sameBits(dist, want); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "airports     %d, that is %d distances\n", n, n*n)
	if corrected > 0 {
		fmt.Fprintf(stdout, "corrected    %d coordinates of Pacific islands that had the wrong sign\n", corrected)
	}
	fmt.Fprintf(stdout, "sequential   %v\n", one.Round(time.Microsecond))
	fmt.Fprintf(stdout, "parallel     %v, the same bits\n", all.Round(time.Microsecond))
	fmt.Fprintf(stdout, "speed-up     %.2f\n", one.Seconds()/all.Seconds())

	far := farthest(dist, c.opts...)
	lone := loneliest(dist, c.opts...)
	fmt.Fprintf(stdout, "farthest     %v and %v, %.0f km\n", airports[far.i], airports[far.j], far.km)
	fmt.Fprintf(stdout, "most remote  %v, %.0f km from %v\n", airports[lone.i], lone.km, airports[lone.j])

	img := newPicture(dist, tour(airports), far.km).draw(c.opts...)
	if err := pixels.Save(c.out, img); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "picture      %s\n", c.out)
	return nil
}

// config is what the flags say.
type config struct {
	in, out string
	opts    []parmap.Option
}

func parseFlags(args []string, stdout io.Writer) (config, error) {
	var c config
	flags := loopflag.New("distances", "most rows computed at once")
	flags.StringVar(&c.in, "in", "", "CSV `file` of airports (default: the one built in)")
	flags.StringVar(&c.out, "o", "distances.png", "`file` for the picture")
	err := flags.Parse(args, stdout)
	c.opts = flags.Options()
	return c, err
}

// load reads the named file, or the one built in.
func load(name string) ([]airport, error) {
	if name == "" {
		return readAirports("airports.csv", bytes.NewReader(builtin))
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAirports(name, f)
}

// fastest runs a and b in turn and returns the shortest time of each. A first
// round, not timed, gives both the memory pages that they write to.
func fastest(rounds int, a, b func()) (ta, tb time.Duration) {
	a()
	b()
	ta, tb = math.MaxInt64, math.MaxInt64
	for range rounds {
		start := time.Now()
		a()
		middle := time.Now()
		b()
		ta = min(ta, middle.Sub(start))
		tb = min(tb, time.Since(middle))
	}
	return ta, tb
}
