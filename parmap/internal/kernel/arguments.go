package kernel

import (
	"encoding/hex"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/parfor-go/parfor/parmap/internal/journal"
)

// Arguments returns what v says to a kernel, in fields of a journal's header: one for
// each field of a struct, named after it, or only one. Numbers, strings, bools and where
// arrays lie stand there as text, so that a person sees what has changed; anything else as
// its Digest, whose errors are those of Arguments.
func Arguments(v any, outputs []Output) (journal.Header, error) {
	const name = "arguments"
	whole := reflect.ValueOf(v)
	for range longestPointer {
		if whole.Kind() != reflect.Pointer || whole.IsNil() || encodesItself(whole.Type()) {
			break
		}
		whole = whole.Elem()
	}
	if whole.Kind() != reflect.Struct || encodesItself(whole.Type()) {
		said, err := say(whole, outputs)
		return journal.Header{{Name: name, Value: said}}, err
	}
	var h journal.Header
	t := whole.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			return nil, notExported(f, t)
		}
		said, err := say(whole.Field(i), outputs)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		h = append(h, journal.Field{Name: name + "." + f.Name, Value: said})
	}
	return h, nil
}

// say returns v as text.
func say(v reflect.Value, outputs []Output) (string, error) {
	if v.IsValid() && !encodesItself(v.Type()) {
		if text, ok := plain(v); ok {
			return v.Kind().String() + " " + text, nil
		}
	}
	text := ""
	if v.IsValid() && IsArray(v.Type()) && !v.IsNil() {
		var ok bool
		if text, ok = placed(v, outputs); ok {
			return text, nil
		}
		text += " "
	}
	sum, err := digestOf(v, outputs)
	return text + "sha256 " + hex.EncodeToString(sum[:]), err
}

// placed returns what array v is, and where it lies, if that is in an output or a file.
func placed(v reflect.Value, outputs []Output) (text string, ok bool) {
	element := strings.TrimSuffix(strings.TrimPrefix(v.Type().Elem().Name(), arrayName), "]")
	text = fmt.Sprintf("array %s %v", element, v.Interface().(array).Shape())
	p := findPlace(bytesOf(v), outputs)
	from := ""
	if p.at != 0 {
		from = fmt.Sprintf(" from byte %d", p.at)
	}
	switch {
	case p.output >= 0:
		return fmt.Sprintf("%s%s of output %d", text, from, p.output), true
	case p.path != "":
		return text + from + " of " + p.path, true
	}
	return text, false
}

// longest is what is written out of a string, in bytes.
const longest = 100

// plain returns the text of v if that is short and says all of it.
func plain(v reflect.Value) (text string, ok bool) {
	switch v.Kind() {
	case reflect.Bool:
		return strconv.FormatBool(v.Bool()), true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10), true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return strconv.FormatUint(v.Uint(), 10), true
	case reflect.Float32, reflect.Float64:
		// There are several NaNs, of which a kernel can see the bits.
		return strconv.FormatFloat(v.Float(), 'g', -1, v.Type().Bits()), !math.IsNaN(v.Float())
	case reflect.String:
		return strconv.Quote(v.String()), v.Len() <= longest && utf8.ValidString(v.String())
	}
	return "", false
}
