package chunk_test

import (
	"fmt"

	"github.com/parfor-go/parfor/chunk"
)

// Ten indices among four: no chunk is more than one longer than another.
func ExampleByCount_longerChunksComeFirst() {
	for i, r := range chunk.ByCount(10, 4).All() {
		fmt.Println(i, r, r.Len())
	}
	// Output:
	// 0 {0 3} 3
	// 1 {3 6} 3
	// 2 {6 8} 2
	// 3 {8 10} 2
}

// More chunks than indices are not to be had; none is ever empty.
func ExampleByCount_noChunkIsEmpty() {
	fmt.Println(chunk.ByCount(3, 8).Len())
	fmt.Println(chunk.ByCount(0, 8).Len())
	// Output:
	// 3
	// 0
}

// All chunks have the size asked for, except perhaps the last.
func ExampleBySize_lastChunkTakesTheRest() {
	for i, r := range chunk.BySize(10, 4).All() {
		fmt.Println(i, r, r.Len())
	}
	// Output:
	// 0 {0 4} 4
	// 1 {4 8} 4
	// 2 {8 10} 2
}

// A grid is arithmetic: one of a billion chunks costs no more than one of ten,
// and whoever knows the number of a chunk can compute its bounds.
func ExampleGrid_At_costsTheSameAtAnySize() {
	g := chunk.BySize(1_000_000_000, 3)
	fmt.Println(g.Len(), g.At(123_456_789))
	// Output:
	// 333333334 {370370367 370370370}
}

// In a triangular loop row i has n-i elements. Dealt out in turn, the rows give
// each of three a like amount of work; in thirds, the first would have 42.
func ExampleStrided_dealsOutADriftingCost() {
	const n, count = 12, 3
	for k := range count {
		elements := 0
		for i := range chunk.Strided(n, count, k) {
			elements += n - i
			fmt.Print(i, " ")
		}
		fmt.Println("have", elements)
	}
	// Output:
	// 0 3 6 9 have 30
	// 1 4 7 10 have 26
	// 2 5 8 11 have 22
}

// The rows of a sparse matrix, weighed by their entries. The dense row gets a
// chunk to itself and its neighbours share the others.
func ExampleByWeight_heavyRowsStandAlone() {
	entries := []float64{2, 1, 3, 40, 2, 2, 5, 1, 2, 2}
	for _, r := range chunk.ByWeight(entries, 4) {
		fmt.Println(r, entries[r.Lo:r.Hi])
	}
	// Output:
	// {0 3} [2 1 3]
	// {3 4} [40]
	// {4 7} [2 2 5]
	// {7 10} [1 2 2]
}

// Tiles go from left to right, then down; those at the edges are cut to fit.
func ExampleTiles_rowByRow() {
	for i, t := range chunk.Tiles(3, 5, 2, 2).All() {
		fmt.Println(i, "rows", t.Rows, "cols", t.Cols)
	}
	// Output:
	// 0 rows {0 2} cols {0 2}
	// 1 rows {0 2} cols {2 4}
	// 2 rows {0 2} cols {4 5}
	// 3 rows {2 3} cols {0 2}
	// 4 rows {2 3} cols {2 4}
	// 5 rows {2 3} cols {4 5}
}
