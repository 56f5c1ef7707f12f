//go:build unix

package shmarray_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/shmarray"
)

// The suite runs over every element type and these shapes. The oracle is an
// ordinary slice and the row-major formula.
var shapes = [][]int{
	{}, {0}, {1}, {5}, {1, 1}, {3, 4}, {4, 3}, {0, 3}, {3, 0}, {2, 3, 4}, {2, 0, 4}, {3, 1, 2, 2}, {2, 3, 2, 3, 2},
}

func TestEveryElementType(t *testing.T) {
	t.Run("int8", suite[int8])
	t.Run("int16", suite[int16])
	t.Run("int32", suite[int32])
	t.Run("int64", suite[int64])
	t.Run("uint8", suite[uint8])
	t.Run("uint16", suite[uint16])
	t.Run("uint32", suite[uint32])
	t.Run("uint64", suite[uint64])
	t.Run("float32", suite[float32])
	t.Run("float64", suite[float64])
	t.Run("complex64", suite[complex64])
	t.Run("complex128", suite[complex128])
}

func suite[T shmarray.Elem](t *testing.T) {
	for _, shape := range shapes {
		t.Run(name(shape), func(t *testing.T) {
			t.Run("elements", func(t *testing.T) { testElements[T](t, shape) })
			t.Run("create", func(t *testing.T) { testCreate[T](t, shape) })
			t.Run("fill", func(t *testing.T) { testFill[T](t, shape) })
			t.Run("sub", func(t *testing.T) { testSub[T](t, shape) })
			t.Run("rows", func(t *testing.T) { testRows[T](t, shape) })
			t.Run("reshape", func(t *testing.T) { testReshape[T](t, shape) })
			t.Run("file", func(t *testing.T) { testFile[T](t, shape) })
			t.Run("references", func(t *testing.T) { testReferences[T](t, shape) })
		})
	}
}

func testElements[T shmarray.Elem](t *testing.T, shape []int) {
	n := product(shape)
	a := closing[T](t)(shmarray.New[T](shape...))
	assert.Equal(t, n, a.Len())
	assert.Equal(t, shape, a.Shape())
	assert.Equal(t, make([]T, n), a.Data())
	assert.Equal(t, n, cap(a.Data()))

	p := 0
	for index := range indices(shape) {
		a.Set(number[T](p), index...)
		assert.Equal(t, number[T](p), a.At(index...))
		assert.Equal(t, number[T](p), a.Data()[p], "row-major")
		p++
	}
	assert.Equal(t, n, p)
}

func testCreate[T shmarray.Elem](t *testing.T, shape []int) {
	n := product(shape)
	want := numbers[T](n)
	a := closing[T](t)(shmarray.New[T](shape...))
	copy(a.Data(), want)

	same := func(b *shmarray.Array[T], data []T) {
		t.Helper()
		assert.Equal(t, shape, b.Shape())
		assert.Equal(t, data, b.Data())
		assert.False(t, shmarray.Backs(a, b.Data()), "memory of its own")
	}
	ones := make([]T, n)
	for i := range ones {
		ones[i] = 1
	}
	sevens := make([]T, n)
	for i := range sevens {
		sevens[i] = 7
	}
	same(closing[T](t)(shmarray.Full(T(7), shape...)), sevens)
	same(closing[T](t)(shmarray.Like(a)), make([]T, n))
	same(closing[T](t)(shmarray.OnesLike(a)), ones)
	same(closing[T](t)(shmarray.Copy(a)), want)
	if len(shape) > 0 {
		same(closing[T](t)(shmarray.FromSlice(want, shape...)), want)
	}
	flat := closing[T](t)(shmarray.FromSlice(want))
	assert.Equal(t, []int{n}, flat.Shape())
	assert.Equal(t, want, flat.Data())
}

func testSub[T shmarray.Elem](t *testing.T, shape []int) {
	a := closing[T](t)(shmarray.New[T](shape...))
	copy(a.Data(), numbers[T](a.Len()))
	for axes := range len(shape) + 1 {
		below := product(shape[axes:])
		p := 0
		for index := range indices(shape[:axes]) {
			v := a.Sub(index...)
			assert.Equal(t, shape[axes:], v.Shape())
			assert.Equal(t, a.Data()[p:p+below], v.Data())
			assert.Equal(t, below, cap(v.Data()), "append cannot run into the neighbour")
			assert.Equal(t, below > 0, shmarray.Backs(a, v.Data()))
			if below > 0 {
				old := v.Data()[below-1]
				v.Data()[below-1] = 99
				assert.Equal(t, T(99), a.Data()[p+below-1], "shared")
				v.Data()[below-1] = old
			}
			assert.NoError(t, v.Sub().Close())
			p += below
		}
	}
	assert.Equal(t, numbers[T](product(shape)), a.Data())
}

func testRows[T shmarray.Elem](t *testing.T, shape []int) {
	if len(shape) == 0 {
		a := closing[T](t)(shmarray.New[T]())
		assert.PanicsWithValue(t, "shmarray: a 0-d array has no rows", func() { a.Row(0) })
		assert.PanicsWithValue(t, "shmarray: a 0-d array has no rows", func() { a.Slice(0, 0) })
		return
	}
	a := closing[T](t)(shmarray.FromSlice(numbers[T](product(shape)), shape...))
	row := product(shape[1:])
	for i := range shape[0] {
		r := a.Row(i)
		assert.Equal(t, a.Data()[i*row:(i+1)*row], r)
		assert.Equal(t, row, cap(r), "append cannot run into the next row")
		if row > 0 {
			assert.Same(t, &a.Data()[i*row], &r[0])
		}
	}
	for lo := range shape[0] + 1 {
		for hi := lo; hi <= shape[0]; hi++ {
			v := a.Slice(lo, hi)
			assert.Equal(t, append([]int{hi - lo}, shape[1:]...), v.Shape())
			assert.Equal(t, a.Data()[lo*row:hi*row], v.Data())
			assert.Equal(t, len(v.Data()), cap(v.Data()))
			if hi > lo && row > 0 {
				assert.Same(t, &a.Row(hi - 1)[0], &v.Row(hi - lo - 1)[0])
			}
		}
	}
}

func testReshape[T shmarray.Elem](t *testing.T, shape []int) {
	n := product(shape)
	a := closing[T](t)(shmarray.New[T](shape...))
	copy(a.Data(), numbers[T](n))
	for _, to := range [][]int{{n}, {1, n}, {n, 1, 1}, shape} {
		v, err := a.Reshape(to...)
		require.NoError(t, err)
		assert.Equal(t, append([]int{}, to...), v.Shape())
		assert.Equal(t, a.Data(), v.Data())
		if n > 0 {
			assert.Same(t, &a.Data()[0], &v.Data()[0])
		}
		if n > 0 && len(to) > 0 {
			last := v.Row(to[0] - 1)
			assert.Equal(t, a.Data()[n-1], last[len(last)-1])
		}
	}
	_, err := a.Reshape(n + 1)
	assert.ErrorIs(t, err, shmarray.ErrShape)
}
