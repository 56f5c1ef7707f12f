package chunk_test

import (
	"math"
	"math/bits"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/chunk"
)

func tile(rowLo, rowHi, colLo, colHi int) chunk.Tile {
	return chunk.Tile{Rows: chunk.Range{Lo: rowLo, Hi: rowHi}, Cols: chunk.Range{Lo: colLo, Hi: colHi}}
}

func tiles(g chunk.TileGrid) []chunk.Tile {
	ts, _ := values(g.All())
	return ts
}

// checkTiles checks that each tile is where the one before it says: beside it,
// or at the left edge below it, the first at the top left and the last at the
// bottom right. All must agree with At.
func checkTiles(t *testing.T, rows, cols, tileRows, tileCols int, seed uint64) {
	t.Helper()
	g := chunk.Tiles(rows, cols, tileRows, tileCols)
	var want, got []chunk.Tile
	for _, i := range probes(g.Len(), seed) {
		r, c := 0, 0
		if i > 0 {
			before := g.At(i - 1)
			r, c = before.Rows.Lo, before.Cols.Hi
			if c == cols {
				r, c = before.Rows.Hi, 0
			}
		}
		want = append(want, tile(r, r+min(tileRows, rows-r), c, c+min(tileCols, cols-c)))
		got = append(got, g.At(i))
	}
	assert.Equal(t, want, got, "%+v", g)
	if rows == 0 || cols == 0 {
		assert.Zero(t, g.Len(), "%+v", g)
	} else {
		last := g.At(g.Len() - 1)
		assert.Equal(t, rows, last.Rows.Hi, "%+v", g)
		assert.Equal(t, cols, last.Cols.Hi, "%+v", g)
	}

	want = nil
	for i := range min(g.Len(), fewEnough) {
		want = append(want, g.At(i))
	}
	got, numbered := values(g.All())
	assert.Equal(t, want, got, "%+v", g)
	assert.True(t, numbered, "%+v", g)
}

func TestTilesAreInRowMajorOrder(t *testing.T) {
	want := []chunk.Tile{
		tile(0, 2, 0, 3), tile(0, 2, 3, 6), tile(0, 2, 6, 7),
		tile(2, 4, 0, 3), tile(2, 4, 3, 6), tile(2, 4, 6, 7),
		tile(4, 5, 0, 3), tile(4, 5, 3, 6), tile(4, 5, 6, 7),
	}
	g := chunk.Tiles(5, 7, 2, 3)
	assert.Equal(t, want, tiles(g))
	require.Equal(t, len(want), g.Len())
	for i := range want {
		assert.Equal(t, want[i], g.At(i), "At(%d)", i)
	}
}

func TestTilesAtTheEdges(t *testing.T) {
	const big = math.MaxInt
	for _, c := range []struct {
		rows, cols, tileRows, tileCols int
		want                           []chunk.Tile
	}{
		{0, 0, 1, 1, nil},
		{0, 5, 1, 1, nil},
		{5, 0, 1, 1, nil},
		{0, big, big, 1, nil},
		{1, 1, 1, 1, []chunk.Tile{tile(0, 1, 0, 1)}},
		{2, 3, 8, 8, []chunk.Tile{tile(0, 2, 0, 3)}},
		{2, 1, 1, 1, []chunk.Tile{tile(0, 1, 0, 1), tile(1, 2, 0, 1)}},
		{1, 2, 1, 1, []chunk.Tile{tile(0, 1, 0, 1), tile(0, 1, 1, 2)}},
		{big, big, big, big, []chunk.Tile{tile(0, big, 0, big)}},
		{big, 2, big - 1, 2, []chunk.Tile{tile(0, big-1, 0, 2), tile(big-1, big, 0, 2)}},
	} {
		g := chunk.Tiles(c.rows, c.cols, c.tileRows, c.tileCols)
		assert.Equal(t, c.want, tiles(g), "%+v", c)
		assert.Equal(t, len(c.want), g.Len(), "%+v", c)
	}
}

func TestTilesCoverEverySmallMatrixOnce(t *testing.T) {
	for _, c := range [][4]int{{5, 7, 2, 3}, {6, 6, 2, 3}, {1, 9, 4, 4}, {9, 1, 4, 4}, {8, 5, 1, 1}, {3, 4, 3, 4}} {
		rows, cols := c[0], c[1]
		times := make([]int, rows*cols)
		for _, at := range chunk.Tiles(rows, cols, c[2], c[3]).All() {
			for i := at.Rows.Lo; i < at.Rows.Hi; i++ {
				for j := at.Cols.Lo; j < at.Cols.Hi; j++ {
					times[i*cols+j]++
				}
			}
		}
		assert.Equal(t, slices.Repeat([]int{1}, rows*cols), times, "%v", c)
	}
}

func TestZeroTileGridIsEmpty(t *testing.T) {
	var g chunk.TileGrid
	assert.Zero(t, g.Len())
	assert.Empty(t, tiles(g))
	assert.PanicsWithValue(t, "chunk: index out of range", func() { g.At(0) })
}

func TestTileGridAllStopsAtBreak(t *testing.T) {
	seen := 0
	for i := range chunk.Tiles(10, 10, 2, 2).All() {
		seen++
		if i == 7 {
			break
		}
	}
	assert.Equal(t, 8, seen)
}

func TestTilesPanics(t *testing.T) {
	const (
		negative = "chunk: negative rows or cols"
		size     = "chunk: tileRows and tileCols must be positive"
		tooMany  = "chunk: too many tiles"
		index    = "chunk: index out of range"
	)
	assert.PanicsWithValue(t, negative, func() { chunk.Tiles(-1, 1, 1, 1) })
	assert.PanicsWithValue(t, negative, func() { chunk.Tiles(1, -1, 1, 1) })
	assert.PanicsWithValue(t, size, func() { chunk.Tiles(1, 1, 0, 1) })
	assert.PanicsWithValue(t, size, func() { chunk.Tiles(1, 1, 1, 0) })
	assert.PanicsWithValue(t, size, func() { chunk.Tiles(0, 0, 0, 0) }, "also if there is nothing to cut")
	assert.PanicsWithValue(t, tooMany, func() { chunk.Tiles(math.MaxInt, 2, 1, 1) })
	assert.PanicsWithValue(t, tooMany, func() { chunk.Tiles(2, math.MaxInt, 1, 1) })
	assert.PanicsWithValue(t, tooMany, func() { chunk.Tiles(math.MaxInt, math.MaxInt, 1, 1) })
	assert.Equal(t, math.MaxInt-1, chunk.Tiles(2, math.MaxInt/2, 1, 1).Len(), "just few enough")
	assert.Equal(t, math.MaxInt, chunk.Tiles(1, math.MaxInt, 1, 1).Len(), "just few enough")
	for _, i := range []int{-1, 9, math.MinInt, math.MaxInt} {
		assert.PanicsWithValue(t, index, func() { chunk.Tiles(5, 7, 2, 3).At(i) }, "At(%d)", i)
	}
}

func FuzzTiles(f *testing.F) {
	f.Add(5, 7, 2, 3, uint64(1))
	f.Add(0, 7, 2, 3, uint64(1))
	f.Add(math.MaxInt, 1, 1, 1, uint64(1))
	f.Add(2, math.MaxInt/2, 1, 1, uint64(1))
	f.Add(math.MaxInt, math.MaxInt, 1<<16, 1<<16, uint64(1))
	f.Add(math.MaxInt, math.MaxInt-1, math.MaxInt, math.MaxInt/2, uint64(1))
	f.Fuzz(func(t *testing.T, rows, cols, tileRows, tileCols int, seed uint64) {
		rows, cols = rows&math.MaxInt, cols&math.MaxInt
		tileRows, tileCols = max(1, tileRows&math.MaxInt), max(1, tileCols&math.MaxInt)
		high, low := bits.Mul64(uint64(chunk.BySize(rows, tileRows).Len()), uint64(chunk.BySize(cols, tileCols).Len()))
		if high != 0 || low > math.MaxInt {
			assert.PanicsWithValue(t, "chunk: too many tiles", func() { chunk.Tiles(rows, cols, tileRows, tileCols) })
			return
		}
		assert.Equal(t, int(low), chunk.Tiles(rows, cols, tileRows, tileCols).Len())
		checkTiles(t, rows, cols, tileRows, tileCols, seed)
	})
}
