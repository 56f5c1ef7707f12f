package main

import (
	"fmt"
	"math"
	"runtime/debug"

	"gonum.org/v1/gonum/mat"
)

const (
	parameters = 5
	// tolerance is the relative decrease of the residual that ends a fit.
	tolerance = 1e-12
	// maxStack lets a recursion without an end fail soon, and for that reason:
	// the default, 1 GB, is more memory than a worker has.
	maxStack = 4 << 20
)

// A state is what a fit knew at the beginning of a step.
type state struct {
	p        [parameters]float64
	jacobian *mat.Dense
	residual *mat.VecDense
	cost     float64 // sum of the squares of residual
}

// A fit looks for the parameters of
//
//	co2(t) = p0 + p1 exp(p2 t) + p3 sin(2 pi t) + p4 cos(2 pi t)
//
// that come nearest to a record, t in years since [origin], by the method of
// Levenberg and Marquardt. It is written as one writes it for starts from which
// it works, and fails from others in ways that a recover does not help against:
//
//   - step calls itself until a matrix is positive definite. One with NaN never
//     is, and the stack ends.
//   - descend halves a step until the residual is smaller. Where rounding keeps
//     it from that, it does so for ever.
//   - run has no limit to its steps, and keeps what it knew at each: thousands
//     of them, along some valleys, are more than there is memory for.
type fit struct {
	record  []sample
	lambda  float64 // damping
	history []state
}

// run fits the record and returns the root of the mean square of what is left,
// in ppm, and the number of steps.
func (f *fit) run(start [parameters]float64) (rms float64, steps int, err error) {
	debug.SetMaxStack(maxStack)
	f.lambda = 1e-3
	now := f.at(start)
	for converged := false; !converged; {
		f.history = append(f.history, now)
		direction, err := f.step(now)
		if err != nil {
			return 0, 0, fmt.Errorf("step %d: %w", len(f.history), err)
		}
		next := f.descend(now, direction)
		converged = now.cost-next.cost <= tolerance*now.cost
		now = next
	}
	return math.Sqrt(now.cost / float64(len(f.record))), len(f.history), nil
}

// at evaluates the model and its derivatives.
func (f *fit) at(p [parameters]float64) state {
	s := state{p: p, jacobian: mat.NewDense(len(f.record), parameters, nil), residual: mat.NewVecDense(len(f.record), nil)}
	for i, m := range f.record {
		growth := math.Exp(p[2] * m.t)
		row := s.jacobian.RawRowView(i)
		row[0], row[1], row[2], row[3], row[4] = 1, growth, p[1]*m.t*growth, m.sin, m.cos
		s.residual.SetVec(i, m.ppm-(p[0]+p[1]*growth+p[3]*m.sin+p[4]*m.cos))
	}
	s.cost = mat.Dot(s.residual, s.residual)
	return s
}

// step returns the step that the damped normal equations give. They are scaled
// so that their diagonal is 1 before it is damped.
func (f *fit) step(s state) (*mat.VecDense, error) {
	var normal mat.SymDense
	normal.SymOuterK(1, s.jacobian.T())
	var right mat.VecDense
	right.MulVec(s.jacobian.T(), s.residual)
	var scale [parameters]float64
	for k := range scale {
		scale[k] = math.Sqrt(normal.At(k, k)) // zero for a parameter that has no effect
	}
	for i := range scale {
		right.SetVec(i, right.AtVec(i)/scale[i])
		for j := i; j < parameters; j++ {
			normal.SetSym(i, j, normal.At(i, j)/(scale[i]*scale[j]))
		}
	}
	direction, err := f.damped(&normal, &right)
	if err != nil {
		return nil, err
	}
	for k := range scale {
		direction.SetVec(k, direction.AtVec(k)/scale[k])
	}
	return direction, nil
}

// damped solves the equations with as much damping as they need.
func (f *fit) damped(normal *mat.SymDense, right *mat.VecDense) (*mat.VecDense, error) {
	damped := mat.NewSymDense(parameters, nil)
	damped.CopySym(normal)
	for k := range parameters {
		damped.SetSym(k, k, normal.At(k, k)+f.lambda)
	}
	var factors mat.Cholesky
	if !factors.Factorize(damped) {
		f.lambda *= 10
		return f.damped(normal, right)
	}
	var direction mat.VecDense
	err := factors.SolveVecTo(&direction, right)
	return &direction, err
}

// descend goes so far in a direction that the residual gets smaller.
func (f *fit) descend(s state, direction *mat.VecDense) state {
	scale := 1.0
	for {
		p := s.p
		for k := range p {
			p[k] += scale * direction.AtVec(k)
		}
		if next := f.at(p); next.cost < s.cost {
			if scale == 1 {
				f.lambda /= 10
			} else {
				f.lambda *= 10
			}
			return next
		}
		scale /= 2
	}
}
