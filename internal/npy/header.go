// Package npy reads and writes the header of NumPy's .npy files, whose data
// are the plain bytes of an array. It knows twelve types of numbers, both byte
// orders and both orders of the elements.
//
// A file begins with the bytes "\x93NUMPY", two bytes of version and the
// length of what follows, two bytes in version 1.0 and four in 2.0 and 3.0,
// little-endian. What follows is a Python dict with the keys descr,
// fortran_order and shape, padded with spaces. The format is described in
// numpy/lib/format.py.
package npy

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
)

// HeaderSize is the size of the headers that Encode makes, in bytes. The data
// begin at a page, which mapping them needs. NumPy takes headers of up to
// 10,000 bytes.
const HeaderSize = 4096

// maxAxes is NumPy's limit: 64 since version 2, 32 before.
const maxAxes = 64

// A Header says what the data of a .npy file are.
type Header struct {
	Type      Type
	BigEndian bool  // the first byte of a number is the highest; false for one-byte types
	Fortran   bool  // the first index changes fastest from an element to the next
	Shape     []int // number of indices along each axis; never nil after Read
}

// Encode returns the header of a file of version 1.0: exactly HeaderSize
// bytes, padded with spaces and ended by a newline. It returns an ErrDType if
// h.Type is not one of the twelve, and an ErrShape if a shape has more than 64
// axes, a negative one, or more data than an int can count.
func (h Header) Encode() ([]byte, error) {
	if !h.Type.valid() {
		return nil, fmt.Errorf("%v is %w", h.Type, ErrDType)
	}
	if err := checkShape(h.Shape, h.Type); err != nil {
		return nil, err
	}
	order := "False"
	if h.Fortran {
		order = "True"
	}
	b := make([]byte, 0, HeaderSize)
	b = append(b, magic+"\x01\x00"...)
	b = binary.LittleEndian.AppendUint16(b, uint16(HeaderSize-len(b)-2))
	b = fmt.Appendf(b, "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }", h.Type.descr(h.BigEndian), order, tuple(h.Shape))
	// There is room: 64 axes are 1500 bytes at most.
	b = append(b, bytes.Repeat([]byte{' '}, HeaderSize-len(b))...)
	b[HeaderSize-1] = '\n'
	return b, nil
}

// Count returns the number of elements, which is 1 for a shape without axes.
// The data have Count()*Type.Size bytes; for a header that Read returned or
// Encode accepts, this product does not overflow.
func (h Header) Count() int {
	n := 1
	for _, length := range h.Shape {
		n *= length
	}
	return n
}

// tuple returns shape as Python writes it: "()", "(3,)", "(3, 4)".
func tuple(shape []int) string {
	b := []byte{'('}
	for axis, n := range shape {
		if axis > 0 {
			b = append(b, ' ')
		}
		b = strconv.AppendInt(b, int64(n), 10)
		if axis == 0 || axis < len(shape)-1 {
			b = append(b, ',')
		}
	}
	return string(append(b, ')'))
}

// checkShape returns an ErrShape if an array cannot have this shape. An axis
// of length 0 does not excuse the others: their product has to fit too, as in
// NumPy.
func checkShape(shape []int, t Type) error {
	if len(shape) > maxAxes {
		return tooManyAxes(len(shape))
	}
	nbytes := t.Size
	for axis, n := range shape {
		switch {
		case n < 0:
			return fmt.Errorf("%w: axis %d has the length %d", ErrShape, axis, n)
		case n > 0 && nbytes > math.MaxInt/n:
			return fmt.Errorf("%w: with %d indices along axis %d there are more than %d bytes", ErrShape, n, axis, math.MaxInt)
		case n > 0:
			nbytes *= n
		}
	}
	return nil
}

func tooManyAxes(n int) error {
	return fmt.Errorf("%w: %d axes, at most %d are possible", ErrShape, n, maxAxes)
}
