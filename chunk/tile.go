package chunk

import "iter"

// A Tile is a block of a matrix: the elements whose row lies in Rows and whose
// column lies in Cols.
type Tile struct{ Rows, Cols Range }

// A TileGrid is a fixed cut of a matrix into tiles, none of them empty, in
// row-major order: from left to right along the top, then along the next row of
// tiles. It is a value; the zero TileGrid has no tiles.
type TileGrid struct {
	rows, cols Grid // the product of the lengths fits an int
}

// Tiles cuts a matrix of rows by cols elements into tiles of tileRows by
// tileCols. Those along the bottom and the right edge have what is left over,
// which may be less. If rows or cols is 0, there are no tiles.
//
// It panics if rows or cols is negative, if tileRows or tileCols is not
// positive, and if the number of tiles overflows an int. The number of elements
// may overflow.
func Tiles(rows, cols, tileRows, tileCols int) TileGrid {
	if rows < 0 || cols < 0 {
		panic("chunk: negative rows or cols")
	}
	if tileRows <= 0 || tileCols <= 0 {
		panic("chunk: tileRows and tileCols must be positive")
	}
	if rows == 0 || cols == 0 {
		return TileGrid{}
	}
	const maxInt = int(^uint(0) >> 1)
	g := TileGrid{BySize(rows, tileRows), BySize(cols, tileCols)}
	if g.rows.Len() > maxInt/g.cols.Len() {
		panic("chunk: too many tiles")
	}
	return g
}

// Len returns the number of tiles.
func (g TileGrid) Len() int { return g.rows.Len() * g.cols.Len() }

// At returns tile i in constant time. It panics if i is not in [0, g.Len()).
func (g TileGrid) At(i int) Tile {
	if i < 0 || i >= g.Len() {
		panic("chunk: index out of range")
	}
	across := g.cols.Len()
	return Tile{g.rows.At(i / across), g.cols.At(i % across)}
}

// All returns an iterator over the tiles and their numbers, in row-major order.
// Ranging over it does not allocate, and does not divide as At does.
func (g TileGrid) All() iter.Seq2[int, Tile] {
	return func(yield func(int, Tile) bool) {
		i := 0
		for r := range g.rows.Len() {
			rows := g.rows.At(r)
			for c := range g.cols.Len() {
				if !yield(i, Tile{rows, g.cols.At(c)}) {
					return
				}
				i++
			}
		}
	}
}
