package main

import (
	"fmt"
	"math"
	"runtime"
	"sync"

	"gonum.org/v1/gonum/mat"
)

func Example() {
	main()
	// Output: 5
}

// The loop that the README changes.
func Example_sequential() {
	const n = 2000
	m := mat.NewDense(n, n, nil)
	for i := range n {
		row := m.RawRowView(i)
		for j := range row {
			row[j] = math.Hypot(float64(i), float64(j))
		}
	}
	fmt.Println(m.At(3, 4))
	// Output: 5
}

// The loop that the README compares with.
func Example_waitGroup() {
	const n = 2000
	m := mat.NewDense(n, n, nil)
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wg.Go(func() {
			for i := w * n / workers; i < (w+1)*n/workers; i++ {
				row := m.RawRowView(i)
				for j := range row {
					row[j] = math.Hypot(float64(i), float64(j))
				}
			}
		})
	}
	wg.Wait()
	fmt.Println(m.At(3, 4))
	// Output: 5
}
