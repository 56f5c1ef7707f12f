package kernel

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/parfor-go/parfor/internal/segment"
)

// Digest returns a number that two values have in common if they say the same to a
// kernel, in this process or in another: SHA-256 of the names of fields, the bits of
// numbers, the elements in their order, of maps in the order of their keys' digests.
// What encodes itself is its encoding, which has to be the same each time. Empty and nil
// slices and maps are the same. It takes 0.1 us for each number.
//
// An array of package shmarray is its element type and shape and, if it lies in one of outputs, which and
// where; if it is in a file, the file's path and where in it; otherwise its elements.
//
// An error says that v goes in circles, has something in it that says nothing to
// another process, as a func or a field that is not exported, does not encode, or
// encodes but a part of itself. A closed array panics.
func Digest(v any, outputs []Output) (sum [sha256.Size]byte, err error) {
	return digestOf(reflect.ValueOf(v), outputs)
}

func digestOf(v reflect.Value, outputs []Output) (sum [sha256.Size]byte, err error) {
	d := &digest{h: sha256.New(), outputs: outputs}
	if err := d.visit(v, 0); err != nil {
		return sum, err
	}
	return [sha256.Size]byte(d.end()), nil
}

// A digest is what was said so far. What follows is never ambiguous: a letter says
// what it is, and a number how many of it there are.
type digest struct {
	h       hash.Hash
	buf     []byte // not yet in h
	outputs []Output
}

// enough is how much is given to the hash at once.
const enough = 8 << 10

func (d *digest) say(what byte, n uint64) {
	d.buf = binary.LittleEndian.AppendUint64(append(d.buf, what), n)
	if len(d.buf) >= enough {
		d.flush()
	}
}

func (d *digest) sayBytes(what byte, b []byte) {
	d.say(what, uint64(len(b)))
	d.flush()
	d.h.Write(b)
}

func (d *digest) flush() {
	d.h.Write(d.buf)
	d.buf = d.buf[:0]
}

func (d *digest) end() []byte {
	d.flush()
	return d.h.Sum(nil)
}

// deepest is how far a value may go down that does not go in circles.
const deepest = 1000

func (d *digest) visit(v reflect.Value, depth int) error {
	if depth > deepest {
		return errors.New("it goes in circles, or deeper than 1000 values")
	}
	depth++
	if !v.IsValid() {
		d.say('n', 0)
		return nil
	}
	t := v.Type()
	if t.Kind() == reflect.Pointer && v.IsNil() {
		d.say('n', 0)
		return nil
	}
	if IsArray(t) {
		return d.array(v)
	}
	if p := planOf(t); p.encodes {
		if p.hides != "" {
			return fmt.Errorf("of a %v %s", t, p.hides)
		}
		return d.encoding(v)
	}
	switch t.Kind() {
	case reflect.Bool:
		n := uint64(0)
		if v.Bool() {
			n = 1
		}
		d.say('b', n)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		d.say('i', uint64(v.Int()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		d.say('u', v.Uint())
	case reflect.Float32, reflect.Float64:
		d.say('f', math.Float64bits(v.Float()))
	case reflect.Complex64, reflect.Complex128:
		d.say('c', math.Float64bits(real(v.Complex())))
		d.say('c', math.Float64bits(imag(v.Complex())))
	case reflect.String:
		d.sayBytes('s', []byte(v.String()))
	case reflect.Slice, reflect.Array:
		return d.list(v, depth)
	case reflect.Map:
		return d.table(v, depth)
	case reflect.Struct:
		return d.fields(v, depth)
	case reflect.Pointer:
		d.say('p', 0)
		return d.visit(v.Elem(), depth)
	case reflect.Interface:
		if v.IsNil() {
			d.say('n', 0)
			return nil
		}
		held := v.Elem().Type()
		d.sayBytes('x', []byte(packages(held)+" "+held.String()))
		return d.visit(v.Elem(), depth)
	default:
		return fmt.Errorf("a %v says nothing to another process", t)
	}
	return nil
}

// packages returns the path of t's package, or the paths of those of which t is made:
// its text has only their names.
func packages(t reflect.Type) string {
	if t.Name() != "" {
		return t.PkgPath()
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return packages(t.Elem())
	case reflect.Map:
		return packages(t.Key()) + " " + packages(t.Elem())
	case reflect.Struct:
		var all []string
		for i := range t.NumField() {
			all = append(all, packages(t.Field(i).Type))
		}
		return strings.Join(all, " ")
	}
	return ""
}

func (d *digest) list(v reflect.Value, depth int) error {
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 {
		d.sayBytes('y', v.Bytes())
		return nil
	}
	d.say('l', uint64(v.Len()))
	for i := range v.Len() {
		if err := d.visit(v.Index(i), depth); err != nil {
			return err
		}
	}
	return nil
}

func (d *digest) table(v reflect.Value, depth int) error {
	type entry struct{ key, value []byte }
	var all []entry
	of := func(v reflect.Value) ([]byte, error) {
		part := &digest{h: sha256.New(), outputs: d.outputs}
		err := part.visit(v, depth)
		return part.end(), err
	}
	for it := v.MapRange(); it.Next(); {
		key, err := of(it.Key())
		if err != nil {
			return err
		}
		value, err := of(it.Value())
		if err != nil {
			return err
		}
		all = append(all, entry{key, value})
	}
	slices.SortFunc(all, func(a, b entry) int {
		return cmp.Or(bytes.Compare(a.key, b.key), bytes.Compare(a.value, b.value)) // keys that are NaN are alike
	})
	d.sayBytes('m', binary.LittleEndian.AppendUint64(nil, uint64(len(all))))
	for _, e := range all {
		d.sayBytes('k', e.key)
		d.sayBytes('v', e.value)
	}
	return nil
}

func (d *digest) fields(v reflect.Value, depth int) error {
	t := v.Type()
	d.say('t', uint64(t.NumField()))
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			return notExported(f, t)
		}
		d.sayBytes('.', []byte(f.Name))
		if err := d.visit(v.Field(i), depth); err != nil {
			if depth > deepest/2 {
				return err // with a thousand names it says no more
			}
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return nil
}

func notExported(f reflect.StructField, t reflect.Type) error {
	return fmt.Errorf("field %s of %v is not exported", f.Name, t)
}

// encoding is v as it encodes itself.
func (d *digest) encoding(v reflect.Value) error {
	held := reflect.New(v.Type())
	held.Elem().Set(v)
	if IsArray(held.Type()) {
		return d.array(held)
	}
	var b []byte
	var err error
	for _, v := range []reflect.Value{v, held} {
		switch e := v.Interface().(type) {
		case interface{ GobEncode() ([]byte, error) }:
			b, err = e.GobEncode()
		case encoding.BinaryMarshaler:
			b, err = e.MarshalBinary()
		default:
			continue
		}
		break
	}
	d.sayBytes('e', b)
	return err
}

// array is a pointer to an array.
func (d *digest) array(v reflect.Value) error {
	d.sayBytes('a', []byte(v.Type().String()))
	for _, n := range v.Interface().(array).Shape() {
		d.say('#', uint64(n))
	}
	b := bytesOf(v)
	p := findPlace(b, d.outputs)
	switch {
	case p.output >= 0:
		d.say('>', uint64(p.output))
		d.say('@', uint64(p.at))
	case p.path != "":
		d.say('@', uint64(p.lo+p.at))
		d.sayBytes('/', []byte(p.path))
	default:
		d.sayBytes('=', b)
	}
	return nil
}

// A placement is where an array lies: in one of the outputs, or else in a file, or in
// neither.
type placement struct {
	output int    // its number, or -1
	path   string // of the file, or ""
	lo     int    // where in it the data begin
	at     int    // where in the output, or the data
}

func findPlace(b []byte, outputs []Output) placement {
	for i, o := range outputs {
		if at, ok := o.find(b); ok {
			return placement{output: i, at: at}
		}
	}
	o, offset, _, ok := segment.Describe(b)
	if !ok || o.Path == "" {
		return placement{output: -1}
	}
	path, err := filepath.EvalSymlinks(o.Path)
	if err != nil {
		path = filepath.Clean(o.Path) // it is gone
	}
	return placement{-1, path, o.Lo, offset - o.Lo}
}
