//go:build unix

package shmarray_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/shmarray"
)

func TestAfterClose(t *testing.T) {
	a := closing[float64](t)(shmarray.Ones(2, 3))
	view := a.Sub(1)
	flat, err := a.Reshape(6)
	require.NoError(t, err)
	data := a.Data()
	require.NoError(t, a.Close())
	require.NoError(t, a.Close(), "idempotent")

	for _, x := range []*shmarray.Array[float64]{a, view, flat, new(shmarray.Array[float64])} {
		for _, f := range []func(){
			func() { x.Data() },
			func() { x.At(0) },
			func() { x.Set(1, 0) },
			func() { x.Row(0) },
			func() { x.Sub() },
			func() { x.Slice(0, 0) },
			func() { shmarray.Dense(x) },
			func() { shmarray.Vec(x) },
		} {
			assert.PanicsWithValue(t, "shmarray: array is closed", f)
		}
		for _, f := range []func(*shmarray.Array[float64]) (*shmarray.Array[float64], error){
			shmarray.Like[float64], shmarray.OnesLike[float64], shmarray.Copy[float64],
			func(x *shmarray.Array[float64]) (*shmarray.Array[float64], error) { return x.Reshape(x.Shape()...) },
		} {
			got, err := f(x)
			assert.Nil(t, got)
			assert.ErrorIs(t, err, shmarray.ErrClosed)
			assert.EqualError(t, err, "shmarray: array is closed")
		}
		assert.False(t, shmarray.Backs(x, data))
		assert.NoError(t, x.Close())
	}
	assert.Equal(t, []int{2, 3}, a.Shape())
	assert.Equal(t, 6, a.Len())
	assert.Equal(t, []int{3}, view.Shape())
	assert.Equal(t, 3, view.Len())

	c := closing[complex128](t)(shmarray.New[complex128](1, 1))
	f := closing[float32](t)(shmarray.New[float32](1, 1))
	require.NoError(t, c.Close())
	require.NoError(t, f.Close())
	assert.PanicsWithValue(t, "shmarray: array is closed", func() { shmarray.CDense(c) })
	assert.PanicsWithValue(t, "shmarray: array is closed", func() { shmarray.General32(f) })
}

func TestClosedWithoutElements(t *testing.T) {
	a := closing[float64](t)(shmarray.Zeros(0, 3))
	assert.NotNil(t, a.Data())
	require.NoError(t, a.Close())
	assert.PanicsWithValue(t, "shmarray: array is closed", func() { a.Data() })
}

func TestCloseOfAViewHasNoEffect(t *testing.T) {
	a := closing[float64](t)(shmarray.Ones(2, 3))
	same, err := a.Reshape(2, 3)
	require.NoError(t, err)
	for _, v := range []*shmarray.Array[float64]{a.Sub(), a.Sub(1), a.Slice(0, 2), same} {
		require.NoError(t, v.Close())
		assert.Equal(t, 1.0, v.Data()[0])
	}
	assert.Equal(t, 1.0, a.At(1, 2))
}

// A slice or a matrix that outlived Close never shows another array.
func TestStaleAccessFaults(t *testing.T) {
	a := closing[float64](t)(shmarray.Ones(64, 64))
	data, row, d := a.Data(), a.Row(63), shmarray.Dense(a)
	require.NoError(t, a.Close())

	others := make([]*shmarray.Array[float64], 100)
	for i := range others {
		others[i] = closing[float64](t)(shmarray.Full(math.Pi, 64, 64))
	}
	var sum float64
	assert.True(t, faulted(func() { sum += data[0] }), "read")
	assert.True(t, faulted(func() { data[4095] = 1 }), "write")
	assert.True(t, faulted(func() { row[5]++ }), "a row")
	assert.True(t, faulted(func() { sum += d.At(1, 1) }), "a matrix")
	assert.Zero(t, sum)
	for _, o := range others {
		assert.False(t, shmarray.Backs(o, data[:1]))
		assert.Equal(t, math.Pi, o.Data()[0])
		assert.Equal(t, math.Pi, o.Data()[4095])
	}
}

// TestFormat holds that printing an array touches no element: of a closed one
// that would be a fault which ends the program.
func TestFormat(t *testing.T) {
	a, err := shmarray.New[float32](2, 3)
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
		assert.Equal(t, "float32 array [2 3]", fmt.Sprintf(verb, a))
	}
	view := a.Sub(1)
	require.NoError(t, a.Close())
	assert.Equal(t, "float32 array [2 3] (closed)", fmt.Sprint(a))
	assert.Equal(t, "float32 array [3] (closed)", fmt.Sprint(view))
	assert.Equal(t, "<nil>", fmt.Sprint((*shmarray.Array[float32])(nil)))
}
