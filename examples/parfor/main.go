// Parfor shows the four things that a small Python module named parfor could do
// with worker processes, done with goroutines: a map, a map over two sequences,
// a parallel loop, and a shared array that the loop writes to.
package main

import (
	"fmt"
	"log"
	"math"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/shmarray"
)

func main() {
	fmt.Println(squares(10))
	fmt.Println(powers())
	fmt.Printf("%.2f\n", roots(10))
	values, err := numbers(10)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(values)
}

// squares maps a function over a range. The results are in the order of the range.
func squares(n int) []int {
	in := make([]int, n)
	for i := range in {
		in[i] = i
	}
	return parmap.Map(in, func(x int) int { return x * x })
}

// powers maps a function of two arguments over two sequences.
func powers() []float64 {
	bases := []float64{2, 3, 5, 7}
	exponents := []float64{10, 4, 3, 2}
	return parmap.Map2(bases, exponents, math.Pow)
}

// roots runs the body of a loop for each index, and does the same once more with
// the loop in the hands of the body, which is given a chunk of indices at a
// time; two workers at most. The second form is for bodies so small that a call
// for each index would be felt.
func roots(n int) []float64 {
	roots := make([]float64, n)
	parmap.For(n, func(i int) {
		roots[i] = math.Sqrt(float64(i))
	})
	parmap.ForRange(n, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			roots[i] = math.Sqrt(float64(i))
		}
	}, parmap.Workers(2))
	return roots
}

// numbers fills a shared array and returns a copy of what is in it.
func numbers(n int) ([]float64, error) {
	array, err := shmarray.Zeros(n)
	if err != nil {
		return nil, err
	}
	defer array.Close()
	values := array.Data()
	parmap.For(n, func(i int) {
		values[i] = float64(i)
	})
	return append([]float64(nil), values...), nil
}
