package kernel

import "github.com/parfor-go/parfor/chunk"

// Grid returns the cells of a run in other processes, or of one with a journal: it
// depends on n and grain only.
func Grid(n, grain int) chunk.Grid {
	if grain == 0 {
		grain = 1 + max(0, n-1)/DefaultCells
	}
	return chunk.BySize(n, max(grain, 1+max(0, n-1)/MaxCells))
}

const (
	// DefaultCells is about how many cells a run without a Grain has. A chunk
	// costs some 25 ns in other processes, so that a loop of 1 ms loses a tenth of
	// it at most, and 64 workers have 64 chunks each.
	DefaultCells = 4096
	// MaxCells bounds the tables with a word or two for each cell: 8 MiB.
	MaxCells = 1 << 20
)
