//go:build unix

package kernel_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap/internal/kernel"
)

// TestGrid holds that the grid of a run tiles it with a bounded number of
// cells, as many as Grain asks for where it may.
func TestGrid(t *testing.T) {
	sizes := []int{0, 1, 2, 7, kernel.DefaultCells - 1, kernel.DefaultCells, kernel.DefaultCells + 1, 2 * kernel.DefaultCells,
		1_000_000, kernel.MaxCells - 1, kernel.MaxCells, kernel.MaxCells + 1, 1<<30 + 1,
		math.MaxInt - kernel.MaxCells, math.MaxInt - kernel.DefaultCells, math.MaxInt - 1, math.MaxInt}
	for _, n := range sizes {
		for _, grain := range []int{0, 1, 2, 100, kernel.MaxCells, math.MaxInt - 1, math.MaxInt} {
			t.Run(fmt.Sprint(n, " by ", grain), func(t *testing.T) {
				g := kernel.Grid(n, grain)
				cells := g.Len()
				require.LessOrEqual(t, cells, kernel.MaxCells)
				require.Equal(t, n == 0, cells == 0)
				if grain == 0 {
					assert.LessOrEqual(t, cells, kernel.DefaultCells)
				}
				if n == 0 {
					return
				}
				assert.Zero(t, g.At(0).Lo)
				assert.Equal(t, n, g.At(cells-1).Hi)
				size := g.At(0).Len()
				if grain > 0 && n/kernel.MaxCells < grain {
					assert.Equal(t, min(n, grain), size, "as asked for")
				}
				step := max(1, cells/1000)
				for i := step; i < cells; i += step {
					if g.At(i-1).Hi != g.At(i).Lo || g.At(i-1).Len() != size || g.At(i).Len() < 1 {
						t.Fatalf("cells %d and %d: %v, %v", i-1, i, g.At(i-1), g.At(i))
					}
				}
				assert.Equal(t, g, kernel.Grid(n, grain))
			})
		}
	}
}
