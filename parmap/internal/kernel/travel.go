package kernel

import (
	"encoding"
	"reflect"
	"strings"
	"sync"
)

// An array is an array in shared memory that a value refers to: a
// *shmarray.Array. It encodes itself, as a reference.
type array interface {
	Shape() []int
	RowBytes(lo, hi int) []byte
}

var (
	gobEncoder = reflect.TypeFor[interface{ GobEncode() ([]byte, error) }]()
	marshaler  = reflect.TypeFor[encoding.BinaryMarshaler]()
	arrayType  = reflect.TypeFor[array]()
)

// Why returns why values of t cannot travel to another process, or "". Only
// types are looked at: what an interface holds is known when it is sent.
func Why(t reflect.Type) string {
	return why(t, map[reflect.Type]bool{})
}

func why(t reflect.Type, seen map[reflect.Type]bool) string {
	if seen[t] {
		return ""
	}
	seen[t] = true
	elem := t
	for elem.Kind() == reflect.Pointer {
		elem = elem.Elem()
	}
	if strings.HasPrefix(elem.PkgPath(), "gonum.org/v1/gonum/mat") {
		return "a gonum matrix cannot travel: pass the array"
	}
	if encodesItself(t) {
		return ""
	}
	switch t.Kind() {
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return "a " + t.Kind().String() + " cannot travel"
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return why(t.Elem(), seen)
	case reflect.Map:
		if s := why(t.Key(), seen); s != "" {
			return s
		}
		return why(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if !f.IsExported() {
				return "field " + f.Name + " cannot travel: it is not exported"
			}
			if s := why(f.Type, seen); s != "" {
				return "field " + f.Name + ": " + s
			}
		}
	}
	return ""
}

func encodesItself(t reflect.Type) bool {
	for _, t := range []reflect.Type{t, reflect.PointerTo(t)} {
		if t.Implements(gobEncoder) || t.Implements(marshaler) {
			return true
		}
	}
	return false
}

// HasInterface reports whether a value of t can hold values of types that t
// does not tell.
func HasInterface(t reflect.Type) bool {
	return contains(t, map[reflect.Type]bool{}, func(t reflect.Type) bool {
		return t.Kind() == reflect.Interface
	})
}

// contains reports whether is holds for t or for something inside it.
func contains(t reflect.Type, seen map[reflect.Type]bool, is func(reflect.Type) bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	if is(t) {
		return true
	}
	if encodesItself(t) {
		return false
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return contains(t.Elem(), seen, is)
	case reflect.Map:
		return contains(t.Key(), seen, is) || contains(t.Elem(), seen, is)
	case reflect.Struct:
		for i := range t.NumField() {
			if contains(t.Field(i).Type, seen, is) {
				return true
			}
		}
	}
	return false
}

// withArrays remembers which types can refer to an array.
var withArrays sync.Map // of reflect.Type to bool

func mayHaveArrays(t reflect.Type) bool {
	if known, ok := withArrays.Load(t); ok {
		return known.(bool)
	}
	may := contains(t, map[reflect.Type]bool{}, func(t reflect.Type) bool {
		return t.Kind() == reflect.Interface || t.Implements(arrayType) || reflect.PointerTo(t).Implements(arrayType)
	})
	withArrays.Store(t, may)
	return may
}

// Arrays returns the memory of each array that v refers to, empty ones left
// out. A value that encodes itself keeps to itself what it has. A closed array
// panics.
func Arrays(v any) (all [][]byte) {
	return appendArrays(nil, reflect.ValueOf(v))
}

func appendArrays(all [][]byte, v reflect.Value) [][]byte {
	if !v.IsValid() || !mayHaveArrays(v.Type()) {
		return all
	}
	t := v.Type()
	if t.Kind() == reflect.Pointer && t.Implements(arrayType) {
		if v.IsNil() {
			return all
		}
		if b := bytesOf(v); len(b) > 0 {
			all = append(all, b)
		}
		return all
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface:
		return appendArrays(all, v.Elem())
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			all = appendArrays(all, v.Index(i))
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			all = appendArrays(appendArrays(all, it.Key()), it.Value())
		}
	case reflect.Struct:
		if v.CanAddr() && v.Addr().Type().Implements(arrayType) { // held by value
			return appendArrays(all, v.Addr())
		}
		if encodesItself(t) {
			return all
		}
		for i := range v.NumField() {
			all = appendArrays(all, v.Field(i))
		}
	}
	return all
}

// bytesOf returns the memory of v, which is an array.
func bytesOf(v reflect.Value) []byte {
	a := v.Interface().(array)
	if shape := a.Shape(); len(shape) > 0 {
		return a.RowBytes(0, shape[0])
	}
	// One element and no axis: seen as one row.
	reshape := v.MethodByName("Reshape")
	if !reshape.IsValid() {
		return nil
	}
	row, ok := reshape.Call([]reflect.Value{reflect.ValueOf(1)})[0].Interface().(array)
	if !ok {
		return nil
	}
	return row.RowBytes(0, 1)
}
