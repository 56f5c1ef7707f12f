package timeline_test

import (
	"fmt"
	"math"
	"os"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/timeline"
)

// A picture of a loop, to see who waited for whom.
func ExampleSVG() {
	const n = 10000
	roots := make([]float64, n)
	var s parmap.Stats
	parmap.For(n, func(i int) {
		roots[i] = math.Sqrt(float64(i))
	}, parmap.Record(&s))

	file, err := os.CreateTemp("", "roots-*.svg")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(file.Name())
	defer file.Close()
	fmt.Println(timeline.SVG(file, &s))
	// Output: <nil>
}
