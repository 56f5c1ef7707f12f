package main

import "math"

// A view is a part of the plane of complex numbers, cut into square cells.
type view struct {
	re, im     float64 // the number in the middle
	span       float64 // from the left border to the right one
	rows, cols int
	limit      int // a number that stays this many steps counts as one of the set
}

// small is a copy of the set, a hundredth of its size, on the antenna above it.
// Rows across the copy take many times the steps of those above and below.
var small = view{re: -0.16, im: 1.035, span: 0.06, rows: 480, cols: 720, limit: 2000}

// row fills row i, the top one being 0, with escape times.
func (v view) row(i int, row []float64) {
	for j := range row {
		row[j] = v.time(i, j)
	}
}

// time returns the escape time of the number in the middle of a cell: how many
// steps it takes to get far away, 0 if it does not.
func (v view) time(i, j int) float64 {
	steps, abs2 := escape(v.at(i, j), v.limit)
	if steps == 0 {
		return 0
	}
	return smooth(steps, abs2)
}

func (v view) at(i, j int) complex128 {
	cell := v.span / float64(v.cols)
	right := float64(j) + 0.5 - float64(v.cols)/2
	up := float64(v.rows)/2 - 0.5 - float64(i)
	return complex(v.re+float64(cell*right), v.im+float64(cell*up))
}

// far is the distance from 0 at which a number has escaped. Any from 2 on would
// do; the farther, the smoother are the times.
const far = 256.0

// escape repeats z = z*z + c, from z = 0, until z has escaped, and returns the
// number of steps and the square of z's distance; 0 steps if it has not after
// limit of them.
//
// The conversions to float64 forbid the compiler to round a product together with
// the sum that it is part of, which it would do on some processors. So the
// numbers are the same bits on all of them.
func escape(c complex128, limit int) (steps int, abs2 float64) {
	var x, y, xx, yy float64 // z = x + yi, and their squares
	for steps := 1; steps <= limit; steps++ {
		y = 2*float64(x*y) + imag(c)
		x = xx - yy + real(c)
		xx, yy = float64(x*x), float64(y*y)
		if xx+yy > far*far {
			return steps, xx + yy
		}
	}
	return 0, 0
}

// smooth makes a number without jumps of a number of steps: n + 1 - log2(ln |z|),
// as given by L. Vepstas, Renormalizing the Mandelbrot Escape, 1997. A z that is
// only just far enough counts for one step more than one that nearly was before.
func smooth(steps int, abs2 float64) float64 {
	return float64(steps+1) - math.Log2(math.Log(abs2)/2)
}
