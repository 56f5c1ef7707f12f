package npy_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/npy"
)

func TestEncodeAsNumPyDoes(t *testing.T) {
	for text, h := range map[string]npy.Header{
		"{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }":    {Type: float64s, Shape: []int{3, 4}},
		"{'descr': '>c16', 'fortran_order': True, 'shape': (3, 4, 5), }": {Type: npy.Type{Kind: 'c', Size: 16}, BigEndian: true, Fortran: true, Shape: []int{3, 4, 5}},
		"{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }":      {Type: npy.Type{Kind: 'u', Size: 1}, Shape: []int{3}},
		"{'descr': '|i1', 'fortran_order': False, 'shape': (), }":        {Type: int8s, BigEndian: true},
	} {
		b, err := h.Encode()
		require.NoError(t, err)
		assert.Len(t, b, npy.HeaderSize)
		assert.Equal(t, "\x93NUMPY\x01\x00\xf6\x0f", string(b[:10]))
		assert.Equal(t, text+strings.Repeat(" ", 4096-10-1-len(text))+"\n", string(b[10:]))
	}
}

func TestEncodeReadsBack(t *testing.T) {
	shapes := [][]int{
		{}, {0}, {1}, {7}, {0, 0}, {3, 0, 5}, {2, 3}, {5, 4, 3, 2}, ones(63), ones(64),
		append(ones(63), 1<<20), {math.MaxInt / 16}, append(ones(63), math.MaxInt/16), {0, math.MaxInt / 16},
	}
	for _, typ := range types {
		for _, shape := range shapes {
			for _, fortran := range []bool{false, true} {
				for _, big := range []bool{false, true} {
					h := npy.Header{Type: typ, BigEndian: big && typ.Size > 1, Fortran: fortran, Shape: shape}
					b, err := h.Encode()
					require.NoError(t, err)
					back, offset, err := npy.Read(bytes.NewReader(b))
					require.NoError(t, err)
					assert.Equal(t, h, back)
					assert.Equal(t, npy.HeaderSize, offset)
				}
			}
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	for _, shape := range [][]int{
		{-1}, {3, -2}, {0, -1}, {math.MinInt}, {math.MaxInt}, {math.MaxInt/8 + 1}, {math.MaxInt / 8, 2, 0}, {0, math.MaxInt / 8, 2},
		{math.MaxInt/2 + 1, 4}, ones(65), make([]int, 1000),
	} {
		_, err := npy.Header{Type: float64s, Shape: shape}.Encode()
		assert.Equal(t, npy.ErrShape, sentinel(err), "%v", err)
		assert.Empty(t, unfit(err))
	}
	for _, typ := range []npy.Type{
		{}, {Kind: 'f'}, {Size: 8}, {Kind: 'f', Size: 2}, {Kind: 'f', Size: 16}, {Kind: 'i', Size: 3}, {Kind: 'i', Size: 16},
		{Kind: 'u', Size: -1}, {Kind: 'c', Size: 4}, {Kind: 'c', Size: 32}, {Kind: 'b', Size: 1}, {Kind: '\'', Size: 8},
	} {
		_, err := npy.Header{Type: typ, Shape: []int{3}}.Encode()
		assert.Equal(t, npy.ErrDType, sentinel(err), "%v", err)
		assert.Empty(t, unfit(err))
	}
}

func TestTypeString(t *testing.T) {
	names := "int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 complex64 complex128"
	assert.Equal(t, "["+names+"]", fmt.Sprint(types))
	assert.Equal(t, "Type{'f', 2}", npy.Type{Kind: 'f', Size: 2}.String())
}

func TestCount(t *testing.T) {
	assert.Equal(t, 1, npy.Header{}.Count())
	assert.Equal(t, 0, npy.Header{Shape: []int{3, 0}}.Count())
	assert.Equal(t, 24, npy.Header{Shape: []int{2, 3, 4}}.Count())
}
