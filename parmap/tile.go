package parmap

import "github.com/parfor-go/parfor/chunk"

const (
	tileEdge    = 64 // 64 x 64 float64 are 32 KiB, a core's first cache
	tileEdgeMin = 8  // one cache line of float64 wide
	tilesEnough = 256
)

// ForTile calls body for tiles that cover the rows x cols index plane: squares
// of Grain x Grain, cut off at the right and lower border. The default edge
// depends on rows and cols alone: 64, or less, down to 8, where that would
// give fewer than 256 tiles. Tiles are numbered in row-major order. Otherwise
// it is as [For]; a negative rows or cols panics.
func ForTile(rows, cols int, body func(t chunk.Tile), opts ...Option) {
	if body == nil {
		panic("parmap: nil body")
	}
	if rows < 0 || cols < 0 {
		panic("parmap: negative n")
	}
	c := configure(opts)
	if c.empty(min(rows, cols)) {
		return
	}
	tiles := tile(rows, cols, c.grain)
	c.grain = 0 // of tiles now
	r := newRegion()
	r.tile = tileBody{tiles, body}
	r.body = &r.tile
	r.run(tiles.Len(), c)
	r.release()
}

// tile cuts the plane into squares of the given edge, 0 for the default.
func tile(rows, cols, edge int) chunk.TileGrid {
	if edge > 0 {
		return chunk.Tiles(rows, cols, edge, edge)
	}
	edge = tileEdge
	few := func() bool {
		r, c := (rows-1)/edge+1, (cols-1)/edge+1
		return r < tilesEnough && c < tilesEnough && r*c < tilesEnough
	}
	for edge > tileEdgeMin && few() {
		edge /= 2
	}
	return chunk.Tiles(rows, cols, edge, edge)
}

type tileBody struct {
	tiles chunk.TileGrid
	f     func(t chunk.Tile)
}

func (b *tileBody) chunk(_, lo, hi int) (int, error) {
	for i := lo; i < hi; i++ {
		b.f(b.tiles.At(i))
	}
	return hi - lo, nil
}
