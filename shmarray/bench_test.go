//go:build unix

package shmarray_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/parfor-go/parfor/shmarray"
)

func BenchmarkNewClose(b *testing.B) {
	for _, nbytes := range []int{4 << 10, 1 << 20, 16 << 20} {
		b.Run(fmt.Sprintf("%dKiB", nbytes>>10), func(b *testing.B) {
			b.SetBytes(int64(nbytes))
			for b.Loop() {
				a, err := shmarray.New[uint8](nbytes)
				if err != nil {
					b.Fatal(err)
				}
				if err := a.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func newMatrix(b *testing.B) *shmarray.Array[float64] {
	a, err := shmarray.Ones(1000, 1000)
	require.NoError(b, err)
	b.Cleanup(func() { a.Close() })
	return a
}

// One element each: a million of them is what a loop over At pays.
func BenchmarkAt(b *testing.B) {
	a := newMatrix(b)
	var sum float64
	i := 0
	for b.Loop() {
		sum += a.At(i, i)
		i = (i + 1) % 1000
	}
	require.NotZero(b, sum)
}

func BenchmarkSet(b *testing.B) {
	a := newMatrix(b)
	i := 0
	for b.Loop() {
		a.Set(2, i, i)
		i = (i + 1) % 1000
	}
}

func BenchmarkRow(b *testing.B) {
	a := newMatrix(b)
	var sum float64
	i := 0
	for b.Loop() {
		sum += a.Row(i)[i]
		i = (i + 1) % 1000
	}
	require.NotZero(b, sum)
}

func BenchmarkSub(b *testing.B) {
	a := newMatrix(b)
	b.ReportAllocs()
	for b.Loop() {
		a.Sub(7)
	}
}

func BenchmarkFromMatrix(b *testing.B) {
	d := mat.NewDense(1000, 1000, nil)
	for name, m := range map[string]mat.Matrix{"Dense": d, "Transpose": d.T(), "At": struct{ mat.Matrix }{d}} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(8e6)
			for b.Loop() {
				a, err := shmarray.FromMatrix(m)
				if err != nil {
					b.Fatal(err)
				}
				a.Close()
			}
		})
	}
}
