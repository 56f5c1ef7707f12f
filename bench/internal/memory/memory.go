// Package memory takes long vectors from the kinds of memory there are, and
// measures their first fill.
package memory

import (
	"errors"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/bench/internal/clock"
	"github.com/parfor-go/parfor/bench/work"
	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/shmarray"
)

// A Place is a kind of memory where a vector can be.
type Place struct {
	Name string
	// take returns n zeros and what gives them back.
	take func(tb testing.TB, n int) (data []float64, free func(), err error)
}

// Heap is a slice of the program. The others are arrays of package shmarray: in
// memory that other processes can map, in memory that none can, and in a .npy
// file in the directory for temporary files.
var (
	Heap = Place{"heap", func(_ testing.TB, n int) ([]float64, func(), error) {
		return make([]float64, n), debug.FreeOSMemory, nil
	}}
	Shared = Place{"shmarray", func(_ testing.TB, n int) ([]float64, func(), error) {
		return dataOf(shmarray.New[float64](n))
	}}
	Private = Place{"private", func(_ testing.TB, n int) ([]float64, func(), error) {
		return dataOf(shmarray.Private[float64](n))
	}}
	File = Place{"npy", func(tb testing.TB, n int) ([]float64, func(), error) {
		path := filepath.Join(tb.TempDir(), "a.npy")
		data, free, err := dataOf(shmarray.Create[float64](path, n))
		return data, func() {
			free()
			os.Remove(path)
		}, err
	}}
)

// All is every Place.
var All = []Place{Heap, Shared, Private, File}

func dataOf(a *shmarray.Array[float64], err error) ([]float64, func(), error) {
	if err != nil {
		return nil, nil, err
	}
	return a.Data(), func() { a.Close() }, nil
}

// Len returns n, or under -short a sixteenth of it.
func Len(n int) int {
	if testing.Short() {
		return n / 16
	}
	return n
}

// Take returns n zeros and what gives them back, when nobody has them any more
// and before the end of tb. It skips tb where there is no such memory.
func (p Place) Take(tb testing.TB, n int) (data []float64, free func()) {
	data, free, err := p.take(tb, n)
	if errors.Is(err, errors.ErrUnsupported) {
		tb.Skip(err)
	}
	require.NoError(tb, err)
	return data, free
}

// Three returns the vectors of a sweep, of n elements each: ones, twos and
// threes. At the end of tb they are given back.
func (p Place) Three(tb testing.TB, n int) *[3][]float64 {
	v := new([3][]float64)
	for k := range v {
		data, free := p.Take(tb, n)
		tb.Cleanup(func() {
			v[k] = nil
			free()
		})
		parmap.ForRange(n, func(lo, hi int) { work.Fill(data, float64(k+1), lo, hi) })
		v[k] = data
	}
	return v
}

// Settle takes n elements and gives them back: memory that the host of a virtual
// machine has taken back costs up to two seconds more, and that is not what a
// first fill is to measure.
func Settle(tb testing.TB, n int) {
	_, free := Private.Take(tb, n)
	free()
}

// FirstFill measures how long it takes to allocate n elements and store to each
// of them, by fill, right after Settle.
func (p Place) FirstFill(b *testing.B, n int, fill func(x []float64)) {
	var x []float64
	var free func()
	clock.Part(b, 8*n,
		func() { Settle(b, n) },
		func() {
			x, free = p.Take(b, n)
			fill(x)
		},
		func() {
			x = nil
			free()
		})
}
