package main

import (
	"errors"
	"math"

	"github.com/parfor-go/parfor/parmap"
	"gonum.org/v1/gonum/mat"
)

// Copper at 20 degrees Celsius, by the Copper Development Association (Innovations,
// Introduction to Copper: Fact Sheets, 2001).
const (
	conductivity = 394.0  // W/(m K)
	density      = 8920.0 // kg/m3
	heatCapacity = 386.0  // J/(kg K)
	diffusivity  = conductivity / (density * heatCapacity)
)

// The plate's cells are squares.
const (
	edge      = 0.01  // m
	thickness = 0.001 // m
	hot       = 100.0 // degrees Celsius, the highest temperature at the beginning
)

// stepTime returns how long a step is in seconds: r = diffusivity*time/edge^2.
func stepTime(r float64) float64 { return r * edge * edge / diffusivity }

// A plate is the temperatures of its cells, in degrees Celsius: now, and room for
// those after the next step.
type plate struct {
	now, next *mat.Dense
	r         float64
}

func newPlate(start *mat.Dense, r float64) *plate {
	rows, cols := start.Dims()
	return &plate{mat.DenseCopyOf(start), mat.NewDense(rows, cols, nil), r}
}

// diffuse computes rows lo to hi of next from now. The heat equation,
//
//	du/dt = diffusivity (d2u/dx2 + d2u/dy2),
//
// is taken forward in time and centered in space:
//
//	next = u + r (up + down + left + right - 4 u)
//
// That is stable up to r = 1/4: beyond, the weight of u, 1 - 4 r, is negative
// (K. W. Morton and D. F. Mayers, Numerical Solution of Partial Differential
// Equations, 2nd edition, Cambridge 2005, section 3.1). The borders are
// insulated: a cell's neighbour beyond them is as warm as the cell, so that
// nothing flows.
func (p *plate) diffuse(lo, hi int) {
	rows, cols := p.now.Dims()
	for i := lo; i < hi; i++ {
		up, here, down := p.now.RawRowView(max(i-1, 0)), p.now.RawRowView(i), p.now.RawRowView(min(i+1, rows-1))
		next := p.next.RawRowView(i)
		left := here[0]
		for j, u := range here {
			right := here[min(j+1, cols-1)]
			// float64 forbids the compiler to round product and sum together, which it
			// would do on some processors: so the bits are the same on all.
			next[j] = u + float64(p.r*((up[j]+down[j])+(left+right)-4*u))
			left = u
		}
	}
}

// A summary is what the laws of heat say something about.
type summary struct {
	heat      float64 // J, above that at 0 degrees Celsius
	low, high float64 // degrees Celsius
}

func (p *plate) summary(opts ...parmap.Option) summary {
	rows, _ := p.now.Dims()
	return parmap.Reduce(rows, func(lo, hi int) summary {
		s := summary{0, math.Inf(1), math.Inf(-1)}
		for i := lo; i < hi; i++ {
			for _, u := range p.now.RawRowView(i) {
				s = s.and(summary{u * (density * heatCapacity * edge * edge * thickness), u, u})
			}
		}
		return s
	}, summary.and, opts...)
}

func (s summary) and(t summary) summary {
	return summary{s.heat + t.heat, min(s.low, t.low), max(s.high, t.high)}
}

// rounding is more than all steps together round off, in parts of the whole.
const rounding = 1e-9

// lawful returns an error if s cannot have come of before: an insulated plate
// keeps its heat, and no cell gets hotter than the hottest was, or colder than
// the coldest.
func (s summary) lawful(before summary) error {
	slack := rounding * (before.high - before.low)
	switch {
	case !(math.Abs(s.heat-before.heat) <= rounding*math.Abs(before.heat)):
		return errors.New("heat was made or lost")
	case !(s.low >= before.low-slack && s.high <= before.high+slack):
		return errors.New("a cell is hotter or colder than all were")
	}
	return nil
}
