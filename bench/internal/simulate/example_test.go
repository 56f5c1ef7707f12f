package simulate_test

import (
	"fmt"
	"time"

	"github.com/parfor-go/parfor/bench/internal/simulate"
	"github.com/parfor-go/parfor/bench/work"
)

// Blocks of a loop whose second half costs three times the first: the last
// worker's costs nearly twice its share.
func ExampleRun_whoTakesOverEvensOut() {
	for _, s := range work.Shapes {
		if s.Name != "triangular" {
			continue
		}
		loop := simulate.Shaped(s, 10_000, 100*time.Millisecond)
		for _, p := range []simulate.Policy{simulate.OpenMPStatic, simulate.Auto} {
			r := simulate.Run(loop, p, 16, simulate.Measured)
			fmt.Printf("%v: %.2f of the ideal, efficiency %.2f\n", p, r.OfIdeal(), r.Efficiency())
		}
	}
	// Output:
	// openmp-static: 1.94 of the ideal, efficiency 0.52
	// Auto: 1.00 of the ideal, efficiency 1.00
}
