// Resume fills a .npy file in worker processes. Kill it, by Ctrl-C or kill -9 or
// with the power of the machine, and start it again: it goes on where it was.
//
//	go build ./examples/resume
//	./resume
//
// It writes lyapunov.npy and lyapunov.journal into the directory that -dir names.
// The numbers are the Lyapunov exponents of the logistic map whose parameter is a and
// b in turn (Markus and Hess, Computers & Graphics 13, 1989): where they are negative
// the map settles, where they are positive it is chaotic.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/proc"
	"github.com/parfor-go/parfor/parmap/progress"
	"github.com/parfor-go/parfor/shmarray"
)

type lyapunovArgs struct {
	Out   *shmarray.Array[float64] // row i has the a, column j the b of position(i), position(j)
	Steps int
}

var lyapunov = parmap.NewKernel("lyapunov", func(_ context.Context, lo, hi int, a lyapunovArgs) error {
	for i := lo; i < hi; i++ {
		row := a.Out.Row(i)
		for j := range row {
			row[j] = exponent(position(i, len(row)), position(j, len(row)), a.Steps)
		}
	}
	return nil
})

// position returns the k-th of n parameters between 2 and 4.
func position(k, n int) float64 { return 2 + 2*(float64(k)+0.5)/float64(n) }

// exponent returns the mean of log|r(1-2x)| along so many steps of x = rx(1-x), with
// r = a and b in turn.
func exponent(a, b float64, steps int) float64 {
	x, sum := 0.5, 0.0
	for k := range steps {
		r := a
		if k%2 == 1 {
			r = b
		}
		x = r * x * (1 - x)
		sum += math.Log(math.Abs(r * (1 - 2*x)))
	}
	return sum / float64(steps)
}

func main() {
	proc.WorkerMain()
	dir := flag.String("dir", ".", "the `directory` of the two files")
	n := flag.Int("n", 1000, "rows and columns")
	steps := flag.Int("steps", 2000, "steps for each exponent")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := fill(ctx, *dir, *n, *steps); err != nil {
		if ctx.Err() != nil {
			log.Fatalf("%v; start again to go on", err)
		}
		log.Fatal(err)
	}
}

func fill(ctx context.Context, dir string, n, steps int) error {
	path := filepath.Join(dir, "lyapunov.npy")
	a, err := shmarray.OpenOrCreate[float64](path, n, n)
	if err != nil {
		return err
	}
	defer a.Close()
	pool, err := proc.Start(context.Background(), 0) // Ctrl-C ends the run, not the pool
	if err != nil {
		return err
	}
	defer pool.Close()

	begin := time.Now()
	err = lyapunov.Run(ctx, n, lyapunovArgs{a, steps}, parmap.On(pool), parmap.Output(a),
		parmap.Journal{Path: filepath.Join(dir, "lyapunov.journal"), Version: "1"}, progress.Bar(os.Stderr))
	if err != nil {
		return err
	}
	fmt.Printf("%s is complete, %v after the start\n", path, time.Since(begin).Round(time.Millisecond))
	return nil
}
