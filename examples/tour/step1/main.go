// Step 1: the loop runs on all cores.
package main

import (
	"fmt"
	"math"

	"github.com/parfor-go/parfor/parmap"
	"gonum.org/v1/gonum/mat"
)

const n = 1000

func main() {
	m := mat.NewDense(n, n, nil)
	parmap.For(n, func(i int) {
		row := m.RawRowView(i)
		for j := range row {
			row[j] = bessel(i, float64(j)/10)
		}
	})
	fmt.Println(mat.Sum(m))
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
