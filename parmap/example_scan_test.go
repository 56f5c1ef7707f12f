package parmap_test

import (
	"fmt"

	"github.com/parfor-go/parfor/parmap"
)

// Cumulative sums.
func ExampleScan() {
	rain := []float64{0, 12.5, 3, 0, 41.5, 9, 0} // a day, in mm
	sums := make([]float64, len(rain))
	parmap.Scan(sums, rain, func(a, b float64) float64 { return a + b })
	fmt.Println(sums)
	// Output: [0 12.5 15.5 15.5 57 66 66]
}

// A recurrence, x[i] = a[i]*x[i-1] + b[i], in which each value needs the one before
// it: what is combined are not the values but the steps, two of which make a third.
func ExampleScan_recurrence() {
	type step struct{ a, b float64 } // x becomes a*x + b
	steps := make([]step, 8)
	for i := range steps {
		steps[i] = step{a: 0.5, b: float64(i % 3)}
	}
	parmap.Scan(steps, steps, func(s, t step) step {
		return step{t.a * s.a, t.a*s.b + t.b} // first s, then t
	})
	start := 128.0
	for _, s := range steps {
		fmt.Print(s.a*start+s.b, " ")
	}
	// Output: 64 33 18.5 9.25 5.625 4.8125 2.40625 2.203125
}

// From the lengths of rows, where each begins in one slice of all of them.
func ExampleScanExclusive() {
	lengths := []int{3, 0, 5, 2}
	offsets := make([]int, len(lengths))
	n := parmap.ScanExclusive(offsets, lengths, 0, func(a, b int) int { return a + b })
	fmt.Println(offsets, "of", n)
	// Output: [0 3 3 8] of 10
}
