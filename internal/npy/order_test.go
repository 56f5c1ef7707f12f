package npy_test

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/npy"
)

func TestNative(t *testing.T) {
	for _, typ := range types {
		assert.Equal(t, typ.Size == 1 || !nativeBig, npy.Header{Type: typ}.Native(), typ)
		assert.Equal(t, typ.Size == 1 || nativeBig, npy.Header{Type: typ, BigEndian: true}.Native(), typ)
	}
}

func TestRowMajor(t *testing.T) {
	for _, tt := range []struct {
		shape []int
		same  bool // in Fortran order
	}{
		{nil, true}, {[]int{0}, true}, {[]int{1}, true}, {[]int{5}, true}, {[]int{5, 1}, true}, {[]int{1, 5}, true},
		{[]int{1, 1, 5, 1}, true}, {ones(64), true}, {[]int{5, 0}, true}, {[]int{5, 4, 0}, true}, {[]int{0, 5, 4}, true},
		{[]int{2, 2}, false}, {[]int{5, 1, 4}, false}, {[]int{2, 3, 4}, false}, {append(ones(30), 2, 1, 2), false},
	} {
		assert.True(t, npy.Header{Shape: tt.shape}.RowMajor(), tt.shape)
		assert.Equal(t, tt.same, npy.Header{Fortran: true, Shape: tt.shape}.RowMajor(), tt.shape)
	}
}

// slice returns a slice of n elements of type typ.
func slice(t *testing.T, typ npy.Type, n int) reflect.Value {
	for _, elem := range []any{
		int8(0), int16(0), int32(0), int64(0), uint8(0), uint16(0), uint32(0), uint64(0),
		float32(0), float64(0), complex64(0), complex128(0),
	} {
		if rt := reflect.TypeOf(elem); rt.String() == typ.String() {
			return reflect.MakeSlice(reflect.SliceOf(rt), n, n)
		}
	}
	require.Fail(t, "no such type", typ)
	return reflect.Value{}
}

// values returns n numbers of type typ: k+1, or (k+1)-(k+1)i if it is complex.
func values(t *testing.T, typ npy.Type, n int) any {
	s := slice(t, typ, n)
	for k := range n {
		switch v := s.Index(k); typ.Kind {
		case 'i':
			v.SetInt(int64(k + 1))
		case 'u':
			v.SetUint(uint64(k + 1))
		case 'f':
			v.SetFloat(float64(k + 1))
		case 'c':
			v.SetComplex(complex(float64(k+1), -float64(k+1)))
		}
	}
	return s.Interface()
}

// The same numbers in the two byte orders are each other's Swap.
func TestSwap(t *testing.T) {
	for _, typ := range types {
		for _, n := range []int{0, 1, 2, 100} {
			little, err := binary.Append(nil, binary.LittleEndian, values(t, typ, n))
			require.NoError(t, err)
			big, err := binary.Append(nil, binary.BigEndian, values(t, typ, n))
			require.NoError(t, err)
			swapped := bytes.Clone(little)
			npy.Header{Type: typ}.Swap(swapped)
			assert.Equal(t, big, swapped, typ)
			npy.Header{Type: typ, BigEndian: true}.Swap(swapped)
			assert.Equal(t, little, swapped, typ)
		}
	}
}

func TestSwapReversesEveryByte(t *testing.T) {
	b := []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	for _, tt := range []struct {
		t    npy.Type
		want []byte
	}{
		{npy.Type{Kind: 'i', Size: 1}, []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}},
		{npy.Type{Kind: 'u', Size: 2}, []byte{2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15}},
		{npy.Type{Kind: 'f', Size: 4}, []byte{4, 3, 2, 1, 8, 7, 6, 5, 12, 11, 10, 9, 16, 15, 14, 13}},
		{npy.Type{Kind: 'c', Size: 8}, []byte{4, 3, 2, 1, 8, 7, 6, 5, 12, 11, 10, 9, 16, 15, 14, 13}},
		{npy.Type{Kind: 'f', Size: 8}, []byte{8, 7, 6, 5, 4, 3, 2, 1, 16, 15, 14, 13, 12, 11, 10, 9}},
		{npy.Type{Kind: 'c', Size: 16}, []byte{8, 7, 6, 5, 4, 3, 2, 1, 16, 15, 14, 13, 12, 11, 10, 9}},
	} {
		got := bytes.Clone(b)
		npy.Header{Type: tt.t}.Swap(got)
		assert.Equal(t, tt.want, got, tt.t)
	}
}

func TestSwapPanicsOnAPart(t *testing.T) {
	for _, typ := range types {
		for n := 1; n < typ.Size; n++ {
			assert.PanicsWithValue(t, "npy: swap of a part of an element", func() {
				npy.Header{Type: typ}.Swap(make([]byte, typ.Size+n))
			})
		}
	}
}
