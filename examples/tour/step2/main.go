// Step 2: the matrix is a file, and a bar shows how far it is.
package main

import (
	"fmt"
	"log"
	"math"
	"os"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/progress"
	"github.com/parfor-go/parfor/shmarray"
	"gonum.org/v1/gonum/mat"
)

const n = 1000

func main() {
	a, err := shmarray.Create[float64]("bessel.npy", n, n)
	check(err)
	defer a.Close()
	m := shmarray.Dense(a)
	parmap.For(n, func(i int) {
		row := m.RawRowView(i)
		for j := range row {
			row[j] = bessel(i, float64(j)/10)
		}
	}, progress.Bar(os.Stderr))
	check(a.Sync())
	fmt.Println(mat.Sum(m))
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
