package npy

import (
	"encoding/binary"
	"fmt"
	"io"
)

const (
	// magic is what every .npy file begins with.
	magic = "\x93NUMPY"
	// maxText bounds the text of a header, in bytes, before memory is taken
	// for it. NumPy itself refuses more than 10,000.
	maxText = 1 << 16
)

// Read reads a header from r and returns it with the offset from the start of
// the file at which the data begin. It reads exactly offset bytes and takes
// little more memory than that.
//
// Read refuses some of what NumPy takes but never wrote: keys that come twice,
// escapes and comments, integers that are not plain decimals, and names of
// types such as "float64". It returns an ErrFormat if the bytes are not a
// header or end early, an ErrDType if the elements are of another type, and an
// ErrShape if the shape has more than 64 axes, a negative one, or more data
// than an int can count. An error of r is returned wrapped.
func Read(r io.Reader) (h Header, offset int, err error) {
	text, version, offset, err := readText(r)
	if err != nil {
		return Header{}, 0, err
	}
	f, err := parse(text, version < 3)
	if err != nil {
		return Header{}, 0, err
	}
	if f.compound {
		return Header{}, 0, fmt.Errorf("dtype %s is %w", excerpt(f.descr), ErrDType)
	}
	t, big, ok := parseDescr(f.descr)
	if !ok {
		return Header{}, 0, fmt.Errorf("dtype '%s' is %w", excerpt(f.descr), ErrDType)
	}
	if f.shapeErr != nil {
		return Header{}, 0, f.shapeErr
	}
	if err := checkShape(f.shape, t); err != nil {
		return Header{}, 0, err
	}
	return Header{Type: t, BigEndian: big, Fortran: f.fortran, Shape: f.shape}, offset, nil
}

// readText returns the text of a header, the version's first number and where
// the data begin.
func readText(r io.Reader) (text []byte, version byte, offset int, err error) {
	prefix := make([]byte, len(magic)+2+4) // of the longer kind
	at := len(magic) + 2
	if err := readFull(r, prefix[:at], "header", 0); err != nil {
		return nil, 0, 0, err
	}
	if string(prefix[:len(magic)]) != magic {
		return nil, 0, 0, fmt.Errorf("%w: it begins with %+q", ErrFormat, prefix[:len(magic)])
	}
	version, minor := prefix[at-2], prefix[at-1]
	if version < 1 || version > 3 || minor != 0 {
		return nil, 0, 0, fmt.Errorf("%w: version %d.%d is not 1.0, 2.0 or 3.0", ErrFormat, version, minor)
	}
	end := at + 4
	if version == 1 {
		end = at + 2
	}
	if err := readFull(r, prefix[at:end], "header", at); err != nil {
		return nil, 0, 0, err
	}
	// In version 1.0 the upper two bytes are still 0.
	n := binary.LittleEndian.Uint32(prefix[at:])
	if n > maxText {
		return nil, 0, 0, fmt.Errorf("%w: a header of %d bytes, at most %d are read", ErrFormat, n, maxText)
	}
	text = make([]byte, n)
	if err := readFull(r, text, "header", end); err != nil {
		return nil, 0, 0, err
	}
	return text, version, end + len(text), nil
}

// readFull fills b with the bytes of what, "header" or "data", from its byte
// at on.
func readFull(r io.Reader, b []byte, what string, at int) error {
	n, err := io.ReadFull(r, b)
	switch err {
	case nil:
		return nil
	case io.EOF, io.ErrUnexpectedEOF:
		return fmt.Errorf("%w: %s cut off after %d bytes: %w", ErrFormat, what, at+n, io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("%s at byte %d: %w", what, at+n, err)
}
