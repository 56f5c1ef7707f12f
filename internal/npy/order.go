package npy

import (
	"encoding/binary"
	"math/bits"
)

// NativeBig says that this machine stores the highest byte of a number first.
var NativeBig = binary.NativeEndian.Uint16([]byte{0, 1}) == 1

// Own returns the header of an array in this machine's byte order and in row-major
// order.
func Own(t Type, shape []int) Header {
	return Header{Type: t, BigEndian: NativeBig && t.Size > 1, Shape: shape}
}

// Native reports whether the bytes of each number are in this machine's order.
// One-byte types always are.
func (h Header) Native() bool {
	return h.Type.Size == 1 || h.BigEndian == NativeBig
}

// RowMajor reports whether the elements lie in row-major order, the last index
// changing fastest. This is so if h.Fortran is false, but also if no more than
// one axis is longer than 1 or if there are no elements: then the two orders
// are the same.
func (h Header) RowMajor() bool {
	long := 0
	for _, n := range h.Shape {
		if n == 0 {
			return true
		}
		if n > 1 {
			long++
		}
	}
	return !h.Fortran || long <= 1
}

// Swap reverses the bytes of each number in b, in place, whatever order h
// says they are in. A complex number is two numbers: each half is reversed.
// Swap does not change h. It panics if b ends within an element.
func (h Header) Swap(b []byte) {
	if len(b)%h.Type.Size != 0 {
		panic("npy: swap of a part of an element")
	}
	switch h.Type.word() {
	case 2:
		for ; len(b) > 0; b = b[2:] {
			b[0], b[1] = b[1], b[0]
		}
	case 4:
		for ; len(b) > 0; b = b[4:] {
			binary.NativeEndian.PutUint32(b, bits.ReverseBytes32(binary.NativeEndian.Uint32(b)))
		}
	case 8:
		for ; len(b) > 0; b = b[8:] {
			binary.NativeEndian.PutUint64(b, bits.ReverseBytes64(binary.NativeEndian.Uint64(b)))
		}
	}
}
