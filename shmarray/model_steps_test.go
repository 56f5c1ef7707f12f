//go:build unix

package shmarray_test

import (
	"bytes"
	"slices"

	"github.com/parfor-go/parfor/shmarray"
)

// Closing.

func (m *model[T]) close() string {
	if len(m.live) < 5 && m.kind != atEnd {
		return "too few"
	}
	a := m.live[m.rng.IntN(len(m.live))]
	if len(m.live) >= maxLive || m.kind == atEnd {
		owners := slices.DeleteFunc(slices.Clone(m.live), func(a *array[T]) bool { return a.view })
		a = owners[m.rng.IntN(len(owners))]
	}
	m.last = a
	err := a.real.Close()
	m.check(err == nil, "%v", err)
	if a.view {
		return "view"
	}
	m.closed(a)
	if a.mem.handles > 0 {
		return "owner"
	}
	return "last owner"
}

func (m *model[T]) closeAgain() string {
	if len(m.dead) == 0 {
		return "too early"
	}
	m.last = m.dead[m.rng.IntN(len(m.dead))]
	err := m.last.real.Close()
	m.check(err == nil, "%v", err)
	return "closed"
}

// Memory.

func (m *model[T]) newArray() string {
	shape := m.shape()
	create := shmarray.New[T]
	if zeros, ok := any(shmarray.Zeros).(func(...int) (*shmarray.Array[T], error)); ok {
		create = zeros
	}
	given := slices.Clone(shape)
	got, err := create(given...)
	clear(given) // it has a copy
	m.fresh(got, err, make([]T, product(shape)), shape)
	return "made"
}

func (m *model[T]) private() string {
	shape := m.shape()
	got, err := shmarray.Private[T](shape...)
	mem := &memory[T]{vals: make([]T, product(shape)), mode: shmarray.ReadWrite, private: true}
	m.own(got, err, mem, 0, shape)
	return "made"
}

func (m *model[T]) full() string {
	shape, v := m.shape(), m.values(1)
	got, err := shmarray.Full(v[0], shape...)
	m.fresh(got, err, slices.Repeat(v, product(shape)), shape)
	return "made"
}

func (m *model[T]) ones() string {
	shape := m.shape()
	create := func(shape ...int) (*shmarray.Array[T], error) { return shmarray.Full[T](1, shape...) }
	if ones, ok := any(shmarray.Ones).(func(...int) (*shmarray.Array[T], error)); ok {
		create = ones
	}
	got, err := create(shape...)
	m.fresh(got, err, slices.Repeat([]T{1}, product(shape)), shape)
	return "made"
}

// like is a step of Like or OnesLike, which fill an array with v.
func (m *model[T]) like(create func(*shmarray.Array[T]) (*shmarray.Array[T], error), v T) string {
	a := m.pick()
	got, err := create(a.real)
	if !a.open() {
		m.refused(got, err, shmarray.ErrClosed)
		return "closed"
	}
	m.fresh(got, err, slices.Repeat([]T{v}, product(a.shape)), a.shape)
	return "made"
}

func (m *model[T]) copyArray() string {
	a := m.pick()
	got, err := shmarray.Copy(a.real)
	if !a.open() {
		m.refused(got, err, shmarray.ErrClosed)
		return "closed"
	}
	m.fresh(got, err, slices.Clone(a.vals()), a.shape)
	return "made"
}

func (m *model[T]) fromSlice() string {
	shape := m.shape()
	vals := m.values(product(shape))
	switch m.rng.IntN(4) {
	case 0:
		got, err := shmarray.FromSlice(append(vals, 1), append(shape, 1)...)
		m.refused(got, err, shmarray.ErrShape)
		return "wrong length"
	case 1:
		shape = nil
	}
	got, err := shmarray.FromSlice(vals, shape...)
	if len(shape) == 0 {
		m.fresh(got, err, slices.Clone(vals), []int{len(vals)})
	} else {
		m.fresh(got, err, slices.Clone(vals), shape)
	}
	clear(vals) // it is a copy
	if len(shape) == 0 {
		return "flat"
	}
	return "made"
}

// Views.

func (m *model[T]) sub() string {
	a := m.pick()
	index, _ := m.index(a)
	index = index[:m.rng.IntN(len(index)+1)]
	below := a.shape[len(index):]
	if !a.open() {
		m.panics(isClosed, func() { a.real.Sub(index...) })
		return "closed"
	}
	if slices.Contains(a.shape[:len(index)], 0) {
		m.panics(badIndex, func() { a.real.Sub(index...) })
		return "out of range"
	}
	p := 0
	for axis, i := range index {
		p += i * product(a.shape[axis+1:])
	}
	m.view(a.real.Sub(index...), a, p, below)
	return "view"
}

func (m *model[T]) slice() string {
	a := m.pick()
	lo, hi := m.bounds(a)
	switch {
	case !a.open():
		m.panics(isClosed, func() { a.real.Slice(lo, hi) })
		return "closed"
	case len(a.shape) == 0:
		m.panics(isZeroD, func() { a.real.Slice(lo, hi) })
		return "0-d"
	}
	below := a.shape[1:]
	m.view(a.real.Slice(lo, hi), a, lo*product(below), append([]int{hi - lo}, below...))
	return "view"
}

func (m *model[T]) reshape() string {
	a := m.pick()
	n := product(a.shape)
	shape := m.shape()
	if m.rng.IntN(4) > 0 {
		shape = m.factors(n)
	}
	got, err := a.real.Reshape(shape...)
	switch {
	case !a.open():
		m.refused(got, err, shmarray.ErrClosed)
		return "closed"
	case product(shape) != n:
		m.refused(got, err, shmarray.ErrShape)
		return "wrong size"
	}
	m.check(err == nil, "%v", err)
	m.view(got, a, 0, slices.Clone(shape))
	clear(shape) // it has a copy
	return "view"
}

// Elements.

func (m *model[T]) elementAt() string {
	a := m.pick()
	index, p := m.index(a)
	switch {
	case !a.open():
		m.panics(isClosed, func() { a.real.At(index...) })
		return "closed"
	case product(a.shape) == 0:
		m.panics(badIndex, func() { a.real.At(index...) })
		return "empty"
	}
	v := a.real.At(index...)
	m.check(v == a.vals()[p], "At(%v) is %v, want %v", index, v, a.vals()[p])
	return "read"
}

func (m *model[T]) set() string {
	a := m.pick()
	index, p := m.index(a)
	v := m.values(1)[0]
	set := func() { a.real.Set(v, index...) }
	switch {
	case !a.open():
		m.panics(isClosed, set)
		return "closed"
	case a.mem.mode == shmarray.ReadOnly:
		m.panics(isReadOnly, set)
		return "read-only"
	case product(a.shape) == 0:
		m.panics(badIndex, set)
		return "empty"
	}
	set()
	a.write(p, v)
	return "written"
}

// fill is a step of Fill, or of Zero.
func (m *model[T]) fill() string {
	a := m.pick()
	v := m.values(1)
	fill := func() { a.real.Fill(v[0]) }
	if m.rng.IntN(2) == 0 {
		fill = a.real.Zero
		clear(v)
	}
	switch {
	case !a.open():
		m.panics(isClosed, fill)
		return "closed"
	case a.mem.mode == shmarray.ReadOnly:
		m.panics(isReadOnly, fill)
		return "read-only"
	}
	fill()
	a.write(0, slices.Repeat(v, product(a.shape))...)
	return "written"
}

// overwrite writes some elements of s, which are those of a from position p
// on.
func (m *model[T]) overwrite(a *array[T], s []T, p int) string {
	if len(s) == 0 {
		return "empty"
	}
	i := m.rng.IntN(len(s))
	v := m.values(1 + m.rng.IntN(len(s)-i))
	if a.mem.mode == shmarray.ReadOnly {
		m.check(faulted(func() { copy(s[i:], v) }), "%v: its elements can be written", a)
		return "read-only"
	}
	copy(s[i:], v)
	a.write(p+i, v...)
	return "written"
}

func (m *model[T]) dataWrite() string {
	a := m.pick()
	if !a.open() {
		m.panics(isClosed, func() { a.real.Data() })
		return "closed"
	}
	return m.overwrite(a, a.real.Data(), 0)
}

func (m *model[T]) row() string {
	a := m.pick()
	i, _ := m.bounds(a)
	switch {
	case !a.open():
		m.panics(isClosed, func() { a.real.Row(i) })
		return "closed"
	case len(a.shape) == 0:
		m.panics(isZeroD, func() { a.real.Row(i) })
		return "0-d"
	case i == a.shape[0]:
		m.panics(badIndex, func() { a.real.Row(i) })
		return "out of range"
	}
	n := product(a.shape[1:])
	s := a.real.Row(i)
	m.check(slices.Equal(s, a.vals()[i*n:(i+1)*n]) && cap(s) == n, "%v: its row %d is %v", a, i, s)
	return m.overwrite(a, s, i*n)
}

func (m *model[T]) rowBytes() string {
	a := m.pick()
	lo, hi := m.bounds(a)
	switch {
	case !a.open():
		m.panics(isClosed, func() { a.real.RowBytes(lo, hi) })
		return "closed"
	case len(a.shape) == 0:
		m.panics(isZeroD, func() { a.real.RowBytes(lo, hi) })
		return "0-d"
	}
	n := product(a.shape[1:])
	b := a.real.RowBytes(lo, hi)
	m.check(bytes.Equal(b, raw(a.vals()[lo*n:hi*n]...)), "%v: the bytes of rows %d to %d are %v", a, lo, hi, b)
	v := m.values((hi - lo) * n)
	switch {
	case len(b) == 0:
		return "empty"
	case a.mem.mode == shmarray.ReadOnly:
		m.check(faulted(func() { copy(b, raw(v...)) }), "%v: its bytes can be written", a)
		return "read-only"
	}
	copy(b, raw(v...))
	a.write(lo*n, v...)
	return "written"
}

// dense writes through a gonum matrix.
func dense(m *model[float64]) string {
	a := m.pick()
	for range 3 {
		if len(a.shape) != 2 {
			a = m.pick()
		}
	}
	switch {
	case !a.open():
		m.panics(isClosed, func() { shmarray.Dense(a.real) })
		return "closed"
	case len(a.shape) != 2:
		m.panics(isNo2D, func() { shmarray.Dense(a.real) })
		return "not 2-d"
	}
	d := shmarray.Dense(a.real)
	if product(a.shape) == 0 {
		m.check(d.IsEmpty(), "%v: its matrix is not empty", a)
		return "empty"
	}
	m.check(shmarray.Backs(a.real, d.RawMatrix().Data), "%v: its matrix is elsewhere", a)
	i, j, c := m.rng.IntN(a.shape[0]), m.rng.IntN(a.shape[1]), a.shape[1]
	if a.mem.mode == shmarray.ReadOnly {
		m.check(faulted(func() { d.Set(i, j, 1) }), "%v: its matrix can be written", a)
		return "read-only"
	}
	switch m.rng.IntN(3) {
	case 0:
		v := m.values(1)
		d.Set(i, j, v[0])
		a.write(i*c+j, v...)
	case 1:
		v := m.values(c)
		d.SetRow(i, v)
		a.write(i*c, v...)
	case 2:
		d.Scale(-1, d)
		v := slices.Clone(a.vals())
		for p := range v {
			v[p] *= -1
		}
		a.write(0, v...)
	}
	return "written"
}
