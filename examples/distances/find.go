package main

import (
	"fmt"
	"math"

	"github.com/parfor-go/parfor/parmap"
	"gonum.org/v1/gonum/mat"
)

// sameBits returns an error that names the first element in which the two
// matrices differ.
func sameBits(got, want *mat.Dense) error {
	n, _ := want.Dims()
	for i := range n {
		g, w := got.RawRowView(i), want.RawRowView(i)
		for j := range w {
			if math.Float64bits(g[j]) != math.Float64bits(w[j]) {
				return fmt.Errorf("row %d, column %d: parallel loop %v, sequential loop %v", i, j, g[j], w[j])
			}
		}
	}
	return nil
}

// A pair is two airports and their distance.
type pair struct {
	i, j int
	km   float64
}

// farthest returns the two airports with the largest distance, of several such
// pairs the first.
func farthest(dist *mat.Dense, opts ...parmap.Option) pair {
	n, _ := dist.Dims()
	return parmap.Reduce(n, func(lo, hi int) pair {
		best := pair{lo, lo, 0}
		for i := lo; i < hi; i++ {
			for j, km := range dist.RawRowView(i) {
				if km > best.km {
					best = pair{i, j, km}
				}
			}
		}
		return best
	}, farther, opts...)
}

// loneliest returns the airport with the largest distance to its nearest
// neighbour, and that neighbour.
func loneliest(dist *mat.Dense, opts ...parmap.Option) pair {
	n, _ := dist.Dims()
	return parmap.Reduce(n, func(lo, hi int) pair {
		best := nearest(dist, lo)
		for i := lo + 1; i < hi; i++ {
			best = farther(best, nearest(dist, i))
		}
		return best
	}, farther, opts...)
}

// farther returns the pair with the larger distance, a if both have the same.
func farther(a, b pair) pair {
	if b.km > a.km {
		return b
	}
	return a
}

// nearest returns the airport i and its nearest neighbour.
func nearest(dist *mat.Dense, i int) pair {
	best := pair{i, i, math.Inf(1)}
	for j, km := range dist.RawRowView(i) {
		if j != i && km < best.km {
			best = pair{i, j, km}
		}
	}
	return best
}
