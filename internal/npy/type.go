package npy

import (
	"encoding/binary"
	"fmt"
	"strconv"
)

// A Type is the type of an array's elements. Twelve are supported: signed and
// unsigned integers of 1, 2, 4 and 8 bytes, floats of 4 and 8 bytes and
// complex numbers of 8 and 16 bytes.
type Type struct {
	Kind byte // 'i' signed, 'u' unsigned, 'f' float, 'c' complex
	Size int  // bytes of an element
}

// names begin the names of a kind's types.
var names = map[byte]string{'i': "int", 'u': "uint", 'f': "float", 'c': "complex"}

// TypeOf returns the type of v, or false if that is none of the twelve.
func TypeOf(v any) (t Type, ok bool) {
	switch v.(type) {
	case int8, int16, int32, int64:
		t.Kind = 'i'
	case uint8, uint16, uint32, uint64:
		t.Kind = 'u'
	case float32, float64:
		t.Kind = 'f'
	case complex64, complex128:
		t.Kind = 'c'
	default:
		return Type{}, false
	}
	t.Size = binary.Size(v)
	return t, true
}

// String returns the type's name, which is the same in Go and in NumPy:
// "float64", "complex128".
func (t Type) String() string {
	if !t.valid() {
		return fmt.Sprintf("Type{%q, %d}", t.Kind, t.Size)
	}
	return names[t.Kind] + strconv.Itoa(8*t.Size)
}

// valid reports whether t is one of the twelve.
func (t Type) valid() bool {
	switch t.Kind {
	case 'i', 'u':
		return t.Size == 1 || t.Size == 2 || t.Size == 4 || t.Size == 8
	case 'f':
		return t.Size == 4 || t.Size == 8
	case 'c':
		return t.Size == 8 || t.Size == 16
	}
	return false
}

// word returns how many bytes lie in an order of their own: the two halves of
// a complex number are separate numbers.
func (t Type) word() int {
	if t.Kind == 'c' {
		return t.Size / 2
	}
	return t.Size
}

// descr returns NumPy's description of t: "<f8".
func (t Type) descr(big bool) string {
	order := "<"
	switch {
	case t.Size == 1:
		order = "|"
	case big:
		order = ">"
	}
	return order + string(t.Kind) + strconv.Itoa(t.Size)
}

// parseDescr is the inverse of descr. It takes the other descriptions too
// that NumPy has for a machine's own order: "=f8", "f8" and "|f8".
func parseDescr(s []byte) (t Type, big, ok bool) {
	big = NativeBig
	if len(s) > 0 {
		switch s[0] {
		case '<':
			big, s = false, s[1:]
		case '>':
			big, s = true, s[1:]
		case '=', '|':
			s = s[1:]
		}
	}
	if len(s) == 0 {
		return Type{}, false, false
	}
	t.Kind = s[0]
	switch string(s[1:]) {
	case "1", "2", "4", "8":
		t.Size = int(s[1] - '0')
	case "16":
		t.Size = 16
	}
	return t, big && t.Size > 1, t.valid()
}
