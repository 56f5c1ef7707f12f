// Package chunk cuts index ranges into pieces. It is pure arithmetic: it starts
// nothing, locks nothing, and imports only iter.
//
// # Overview
//
// A loop over [0, n) that is to be shared out must first be cut. Which cut is
// best depends on what is known about the loop:
//
//   - ByCount, when every index costs the same and the number of pieces is
//     given: near-equal chunks, one for each worker or file or machine.
//   - BySize, when the size is given instead: blocks that fit a cache or a
//     page, and a grid that does not change with the number of workers.
//   - Strided, when the cost drifts along the range, as it does in a triangular
//     loop: dealing the indices out like cards gives everyone some of each.
//   - ByWeight, when the cost of each index is known, for instance the number
//     of entries in each row of a sparse matrix.
//   - Tiles, when the loop is two-dimensional and neighbours share memory.
//
// ByCount and BySize return a Grid and Tiles returns a TileGrid: descriptions
// of a cut, a few words long however many chunks they have, made and indexed in
// constant time.
//
// # Words
//
// A chunk is a half-open Range [Lo, Hi): Lo belongs to it and Hi does not, so
// neighbours share a bound and no index. A tile is its two-dimensional form, a
// chunk of rows by a chunk of columns. A grid is the fixed cut of [0, n) into
// chunks, or of a matrix into tiles.
//
// # Invariants
//
// Every index lies in exactly one chunk, every chunk holds at least one index,
// and chunks are numbered from 0 in ascending order; tiles are numbered in
// row-major order. An empty range has an empty grid.
//
// A cut depends on its arguments only, never on the machine, so a chunk's
// number is enough to find it again in another process or on another day.
//
// All of this holds up to the largest int: no intermediate result overflows.
//
// Grids are values. They may be copied, and used by several goroutines at once.
//
// An argument out of its bounds is a bug of the caller's, and panics with a
// constant string.
package chunk
