package journal

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Header says what run a journal is of, in fields that are written in their
// order. Two runs are the same if all of them are.
type Header []Field

// A Field of a header. The name has no space in it.
type Field struct{ Name, Value string }

// ErrFormat says that a file is no journal, or one of a later format, or that its
// header is damaged.
var ErrFormat = errors.New("not a journal")

// A MismatchError says that a journal is of another run: what the first field is
// that differs, what the journal has there, and what the run.
type MismatchError struct{ Field, Journal, Run string }

func (e *MismatchError) Error() string {
	return fmt.Sprintf("another run's journal: its %s is %s, the run's %s", e.Field, e.Journal, e.Run)
}

// salt is the journal's own number: no other's records are good in it.
type salt [16]byte

// A header is text, so that a person can look at it: the first line has the format
// and how many bytes the whole is, the next ones the fields, quoted, then comes the
// salt, spaces up to a multiple of sector, and the checksum of all that.
const (
	first      = "parfor journal 1, header of "
	firstLine  = len(first) + 8 + len(" bytes\n")
	saltName   = "salt"
	last       = "crc32c "
	lastLine   = len(last) + 8 + 1
	mostHeader = 1 << 20
)

func (h Header) encode() ([]byte, error) {
	var s salt
	_, _ = rand.Read(s[:]) // it cannot fail
	return h.encodeWith(s)
}

func (h Header) encodeWith(s salt) ([]byte, error) {
	var b bytes.Buffer
	for _, f := range h {
		fmt.Fprintf(&b, "%s %s\n", f.Name, strconv.Quote(f.Value))
	}
	fmt.Fprintf(&b, "%s %x\n", saltName, s[:])
	n := firstLine + b.Len() + 1 + lastLine
	n = int(roundUp(int64(n)))
	if n > mostHeader {
		return nil, fmt.Errorf("a header of %d bytes: at most %d", n, mostHeader)
	}
	all := fmt.Appendf(make([]byte, 0, n), "%s%08d bytes\n", first, n)
	all = append(all, b.Bytes()...)
	for len(all) < n-lastLine-1 {
		all = append(all, ' ')
	}
	all = append(all, '\n')
	return fmt.Appendf(all, "%s%08x\n", last, Sum(0, all)), nil
}

// readHeader returns the header of a journal, which is n bytes long. The error is
// ErrFormat if file is none.
func readHeader(file File, size int64) (h Header, n int64, s salt, err error) {
	damaged := func(format string, a ...any) (Header, int64, salt, error) {
		return nil, 0, s, fmt.Errorf("%w: "+format, append([]any{ErrFormat}, a...)...)
	}
	line := make([]byte, firstLine)
	if size < int64(firstLine) {
		return damaged("%d bytes long", size)
	}
	if _, err := file.ReadAt(line, 0); err != nil {
		return nil, 0, s, err
	}
	length, ok := lengthIn(string(line))
	switch {
	case !ok:
		return damaged("it begins with %q", line)
	case int64(length) > size:
		return damaged("%d bytes long, its header alone %d", size, length)
	}
	b := make([]byte, length)
	if _, err := file.ReadAt(b, 0); err != nil {
		return nil, 0, s, err
	}
	body := b[:length-lastLine]
	if string(b[length-lastLine:]) != fmt.Sprintf("%s%08x\n", last, Sum(0, body)) {
		return damaged("its header is damaged")
	}
	lines := strings.Split(strings.TrimRight(string(body[firstLine:]), " \n"), "\n")
	if s, ok = saltIn(lines[len(lines)-1]); !ok {
		return damaged("no salt")
	}
	for _, line := range lines[:len(lines)-1] {
		name, quoted, _ := strings.Cut(line, " ")
		value, err := strconv.Unquote(quoted)
		if err != nil {
			return damaged("its header has a line %q", line)
		}
		h = append(h, Field{name, value})
	}
	return h, int64(length), s, nil
}

// lengthIn returns what the first line says of the header's length.
func lengthIn(line string) (n int, ok bool) {
	digits, ok := strings.CutPrefix(line, first)
	if !ok {
		return 0, false
	}
	digits, ok = strings.CutSuffix(digits, " bytes\n")
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	return n, err == nil && n >= firstLine+lastLine && n <= mostHeader
}

func saltIn(line string) (s salt, ok bool) {
	digits, ok := strings.CutPrefix(line, saltName+" ")
	if !ok || len(digits) != hex.EncodedLen(len(s)) {
		return s, false
	}
	_, err := hex.Decode(s[:], []byte(digits))
	return s, err == nil
}

// compare returns a *MismatchError for the first field of have, a journal's, that is
// not h's. A nil Header does not care.
func (h Header) compare(have Header) error {
	if h == nil {
		return nil
	}
	for i := range max(len(h), len(have)) {
		var theirs, ours Field
		if i < len(have) {
			theirs = have[i]
		}
		if i < len(h) {
			ours = h[i]
		}
		switch {
		case theirs == ours:
		case theirs.Name == ours.Name:
			return &MismatchError{ours.Name, shown(theirs.Value), shown(ours.Value)}
		default:
			return &MismatchError{cmp.Or(ours.Name, theirs.Name), present(theirs), present(ours)}
		}
	}
	return nil
}

func present(f Field) string {
	if f.Name == "" {
		return "absent"
	}
	return f.Name + " " + shown(f.Value)
}

// shown returns value, in quotes if a person could not see all of it without.
func shown(value string) string {
	printable := strings.IndexFunc(value, func(r rune) bool { return !strconv.IsPrint(r) }) < 0
	if printable && utf8.ValidString(value) && value != "" && strings.TrimSpace(value) == value {
		return value
	}
	return strconv.Quote(value)
}
