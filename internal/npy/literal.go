package npy

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
)

// fields are the values of a header's dict.
type fields struct {
	descr    []byte // the content of a string, or the text of a list or tuple
	compound bool   // descr is a list or tuple: a type made of others
	fortran  bool
	shape    []int
	shapeErr error // an ErrShape, which counts only if the rest is a header
}

// keys are those of a header's dict, each of which it has once.
var keys = []string{"descr", "fortran_order", "shape"}

// parse parses the text of a header. All its errors are ErrFormat.
func parse(text []byte, longs bool) (fields, error) {
	p := parser{text: text, longs: longs}
	f := p.dict()
	if p.blank(); p.err == nil && p.pos < len(p.text) {
		p.expected("nothing more")
	}
	return f, p.err
}

// A parser reads the few Python literals that a header consists of. After the
// first error it accepts nothing, and what its methods return has no meaning.
type parser struct {
	text  []byte
	pos   int
	longs bool // an integer may end in L, as Python 2 wrote
	err   error
}

// dict parses the whole dict.
func (p *parser) dict() fields {
	var f fields
	var seen [3]bool
	p.expect('{')
	for p.err == nil && !p.accept('}') {
		name := p.string()
		key := slices.IndexFunc(keys, func(key string) bool { return key == string(name) })
		switch {
		case p.err != nil:
		case key < 0:
			p.fail("unknown key '%s'", excerpt(name))
		case seen[key]:
			p.fail("a second key '%s'", name)
		default:
			seen[key] = true
			p.expect(':')
			p.value(&f, keys[key])
		}
		if !p.accept(',') {
			p.expect('}')
			break
		}
	}
	if missing := slices.Index(seen[:], false); missing >= 0 {
		p.fail("no key '%s'", keys[missing])
	}
	return f
}

// value parses the value of key into f.
func (p *parser) value(f *fields, key string) {
	switch key {
	case "descr":
		switch p.peek() {
		case '[', '(':
			f.descr, f.compound = p.bracketed(), true
		default:
			f.descr = p.string()
		}
	case "fortran_order":
		f.fortran = p.bool()
	case "shape":
		f.shape, f.shapeErr = p.tuple()
	}
}

// bool parses True or False.
func (p *parser) bool() bool {
	p.blank()
	for _, word := range []string{"True", "False"} {
		if bytes.HasPrefix(p.text[p.pos:], []byte(word)) {
			p.pos += len(word)
			return word == "True"
		}
	}
	p.expected("True or False")
	return false
}

// string parses a string in either kind of quotes and returns its content.
func (p *parser) string() []byte {
	quote := p.peek()
	if quote != '\'' && quote != '"' {
		p.expected("a string")
		return nil
	}
	begin := p.pos + 1
	for end := begin; end < len(p.text); end++ {
		switch p.text[end] {
		case quote:
			p.pos = end + 1
			return p.text[begin:end]
		case '\\', '\n', '\r':
			p.pos = end
			p.expected("the end of a string without escapes")
			return nil
		}
	}
	p.fail("a string does not end")
	return nil
}

// bracketed returns the text of a list or tuple. It looks for the end only.
func (p *parser) bracketed() []byte {
	depth := 0
	for begin := p.pos; p.err == nil && p.pos < len(p.text); {
		switch p.text[p.pos] {
		case '\'', '"':
			p.string()
			continue
		case '[', '(':
			depth++
		case ']', ')':
			depth--
		}
		p.pos++
		if depth == 0 {
			return p.text[begin:p.pos]
		}
	}
	p.fail("a list does not end")
	return nil
}

// tuple parses a tuple of integers. If they are not possible as a shape, it
// returns an ErrShape. Whatever the number of integers, it keeps as many as a
// shape can have, and one error.
func (p *parser) tuple() ([]int, error) {
	shape, axes := []int{}, 0
	var bad error
	p.expect('(')
	for p.err == nil && !p.accept(')') {
		n, digits := p.integer()
		if n < 0 && bad == nil {
			bad = fmt.Errorf("%w: axis %d has the length %s, not 0 to %d", ErrShape, axes, excerpt(digits), math.MaxInt)
		}
		if axes++; axes <= maxAxes {
			shape = append(shape, n)
		}
		if p.accept(',') {
			continue
		}
		if axes == 1 {
			p.expected("',', without which this is no tuple,")
		}
		p.expect(')')
		break
	}
	if axes > maxAxes {
		bad = tooManyAxes(axes)
	}
	return shape, bad
}

// integer parses a decimal integer and returns it with its text. It returns -1
// if the integer is negative or does not fit an int.
func (p *parser) integer() (n int, text []byte) {
	negative := p.accept('-') // and skips white space
	begin, large := p.pos, false
	for ; p.pos < len(p.text) && '0' <= p.text[p.pos] && p.text[p.pos] <= '9'; p.pos++ {
		digit := int(p.text[p.pos] - '0')
		large = large || n > (math.MaxInt-digit)/10
		if !large {
			n = 10*n + digit
		}
	}
	text = p.text[begin:p.pos]
	switch {
	case len(text) == 0:
		p.expected("an integer")
	case len(text) > 1 && text[0] == '0':
		p.fail("the integer %s begins with 0", excerpt(text))
	}
	if p.longs && p.pos < len(p.text) && p.text[p.pos] == 'L' {
		p.pos++
	}
	if negative {
		return -1, p.text[begin-1 : begin+len(text)]
	}
	if large {
		return -1, text
	}
	return n, text
}

// blank skips white space.
func (p *parser) blank() {
	for p.pos < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.pos]) >= 0 {
		p.pos++
	}
}

// peek skips white space and returns the byte after it, 0 at the end.
func (p *parser) peek() byte {
	if p.blank(); p.pos == len(p.text) {
		return 0
	}
	return p.text[p.pos]
}

// accept skips white space and, if c comes next, also c. It reports whether c
// came.
func (p *parser) accept(c byte) bool {
	if p.err != nil || p.peek() != c {
		return false
	}
	p.pos++
	return true
}

// expect is accept where nothing else may come.
func (p *parser) expect(c byte) {
	if !p.accept(c) {
		p.expected(fmt.Sprintf("%q", c))
	}
}

// expected sets the error for something else than what was expected.
func (p *parser) expected(what string) {
	found := "the end"
	if p.pos < len(p.text) {
		found = fmt.Sprintf("%+q", p.text[p.pos])
	}
	p.fail("%s expected, %s found", what, found)
}

// fail sets the error if there is none yet.
func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("%w: header text, byte %d: %s", ErrFormat, p.pos, fmt.Sprintf(format, args...))
	}
}
