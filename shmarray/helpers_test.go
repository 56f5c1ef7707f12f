//go:build unix

package shmarray_test

import (
	"fmt"
	"iter"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/shmarray"
)

// closing returns a function that passes an array on and closes it at the
// end of the test.
func closing[T shmarray.Elem](t testing.TB) func(*shmarray.Array[T], error) *shmarray.Array[T] {
	return func(a *shmarray.Array[T], err error) *shmarray.Array[T] {
		t.Helper()
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, a.Close()) })
		return a
	}
}

// number returns i as a T, below 100.
func number[T shmarray.Elem](i int) T {
	var v T
	for range i % 100 {
		v++
	}
	return v
}

func numbers[T shmarray.Elem](n int) []T {
	s := make([]T, n)
	for i := range s {
		s[i] = number[T](i)
	}
	return s
}

func product(shape []int) int {
	n := 1
	for _, dim := range shape {
		n *= dim
	}
	return n
}

// indices yields every index of a shape, the last axis fastest.
func indices(shape []int) iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		for p := range product(shape) {
			index := make([]int, len(shape))
			for k := len(shape) - 1; k >= 0; k-- {
				index[k] = p % shape[k]
				p /= shape[k]
			}
			if !yield(index) {
				return
			}
		}
	}
}

func name(shape []int) string { return fmt.Sprint(shape) }

// faulted runs f and reports whether it touched memory that is not there.
func faulted(f func()) (fault bool) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() { _, fault = recover().(interface{ Addr() uintptr }) }()
	f()
	return
}

// liveOf returns the open mappings of a file.
func liveOf(path string) (names []string) {
	for _, l := range segment.Live() {
		if strings.HasSuffix(l, path) {
			names = append(names, l)
		}
	}
	return names
}
