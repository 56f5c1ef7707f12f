package main

import "math"

// A view is a picture of the Julia set of a number c: of the z from which
// z = z*z + c stays near 0 for ever.
type view struct {
	rows, cols int
	fine       int // points along the edge of a pixel
}

// whole shows the set from end to end.
var whole = view{rows: 600, cols: 960, fine: 6}

const (
	cRe, cIm = -0.8, 0.156
	width    = 3.4 // of the picture, in the plane
	limit    = 600 // a z that stays this many steps counts as one of the set
	far      = 64  // from 0 at which z has escaped
)

// row fills row i, the top one being 0. A number is the mean, over the points of
// a pixel, of the logarithm of the steps that z takes to escape. It is more than
// 0: a row with a 0 was not filled.
func (v view) row(i int, row []float64) {
	cell := width / float64(v.cols) / float64(v.fine)
	for j := range row {
		sum := 0.0
		for p := range v.fine {
			y := (float64(v.rows)/2-float64(i))*float64(v.fine) - float64(p) - 0.5
			for q := range v.fine {
				x := (float64(j)-float64(v.cols)/2)*float64(v.fine) + float64(q) + 0.5
				sum += math.Log(escape(cell*x, cell*y))
			}
		}
		row[j] = sum / float64(v.fine*v.fine)
	}
}

// escape returns how many steps z = x + iy takes to get far away, as a number
// without jumps between 2 and limit+2: steps + 1 - log2(ln |z|) as given by L.
// Vepstas, Renormalizing the Mandelbrot Escape, 1997, and 3 more than that.
func escape(x, y float64) float64 {
	for steps := range limit {
		xx, yy := x*x, y*y
		if xx+yy > far*far {
			return max(float64(steps)+4-math.Log2(math.Log(xx+yy)/2), 2)
		}
		x, y = xx-yy+cRe, 2*x*y+cIm
	}
	return limit + 2
}
