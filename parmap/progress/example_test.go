package progress_test

import (
	"fmt"
	"math"
	"os"
	"time"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/progress"
)

func ExampleBar() {
	roots := make([]float64, 1_000_000)
	parmap.For(len(roots), func(i int) {
		roots[i] = math.Sqrt(float64(i))
	}, progress.Bar(os.Stderr)) // where it does not get into the program's output
	fmt.Println(roots[144])
	// Output: 12
}

// What a log gets of a run that takes 25 seconds, and of one that an error ends.
func Example_log() {
	show := progress.Show(os.Stdout, noTerminal, os.Getenv) // as a run with Bar(os.Stdout) does
	for d := 100 * time.Millisecond; d < 25*time.Second; d += 100 * time.Millisecond {
		done := int(40 * d.Seconds())
		show(parmap.Progress{Done: done, Total: 1000, Elapsed: d, Remaining: 25*time.Second - d})
	}
	show(parmap.Progress{Done: 1000, Total: 1000, Elapsed: 25 * time.Second})

	show(parmap.Progress{Done: 370, Total: 1000, Elapsed: time.Second, Remaining: 1703 * time.Millisecond})
	show(parmap.Progress{Done: 373, Total: 1000, Elapsed: 1010 * time.Millisecond})
	// Output:
	// 400 of 1000 (40%) in 10 s, 40 a second, 15 s left
	// 800 of 1000 (80%) in 20 s, 40 a second, 5.0 s left
	// 1000 of 1000 in 25 s, 40 a second
	// 373 of 1000 (37%) done after 1.0 s, 369 a second
}
