// Step 5: the program goes on where it was killed.
package main

import (
	"context"
	"fmt"
	"log"
	"math"
	"os"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/proc"
	"github.com/parfor-go/parfor/parmap/progress"
	"github.com/parfor-go/parfor/shmarray"
	"gonum.org/v1/gonum/mat"
)

const n = 1000

var table = parmap.NewKernel("table", func(_ context.Context, lo, hi int, a *shmarray.Array[float64]) error {
	for i := lo; i < hi; i++ {
		for j := range a.Row(i) {
			a.Set(bessel(i, float64(j)/10), i, j)
		}
	}
	return nil
})

func main() {
	proc.WorkerMain()
	a, err := shmarray.OpenOrCreate[float64]("bessel.npy", n, n)
	check(err)
	defer a.Close()
	pool, err := proc.Start(context.Background(), 0)
	check(err)
	defer pool.Close()
	check(table.Run(context.Background(), n, a, parmap.Output(a), parmap.On(pool),
		progress.Bar(os.Stderr), parmap.Journal{Path: "bessel.journal", Version: "1"}))
	fmt.Println(mat.Sum(shmarray.Dense(a)))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// bessel stands for a function of yours that takes its time. This one is the
// Bessel function J of order k at x, by its integral.
func bessel(k int, x float64) float64 {
	const steps = 1000
	sum := 0.0
	for s := range steps {
		t := math.Pi * (float64(s) + 0.5) / steps
		sum += math.Cos(float64(k)*t - x*math.Sin(t))
	}
	return sum / steps
}
