// Quickstart fills a matrix on all cores.
package main

import (
	"fmt"
	"math"

	"github.com/parfor-go/parfor/parmap"
	"gonum.org/v1/gonum/mat"
)

func main() {
	const n = 2000
	m := mat.NewDense(n, n, nil)
	parmap.For(n, func(i int) {
		row := m.RawRowView(i)
		for j := range row {
			row[j] = math.Hypot(float64(i), float64(j))
		}
	})
	fmt.Println(m.At(3, 4))
}
