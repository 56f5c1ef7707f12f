package segment

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// A Fault is an access to mapped memory that the system refused.
type Fault struct {
	What   string // what was wrong
	Name   string // of the segment
	Offset int    // from its beginning, in bytes; below 0 in a file's header
	Err    error  // the runtime's error

	closed bool
}

// Error returns all but Err, whose text speaks of a nil pointer.
func (f *Fault) Error() string {
	return fmt.Sprintf("%s: byte %d of %s", f.What, f.Offset, f.Name)
}

// Unwrap returns the runtime's error.
func (f *Fault) Unwrap() error { return f.Err }

// Is reports whether target is ErrClosed, or wraps it, and that was the reason.
func (f *Fault) Is(target error) bool { return f.closed && errors.Is(target, ErrClosed) }

// Explain returns a *Fault in place of a recovered value that is the runtime's
// error of a fault at an address of this package, and v itself otherwise. A
// goroutine recovers such a value only after debug.SetPanicOnFault(true).
func Explain(v any) any {
	e, ok := v.(interface {
		error
		Addr() uintptr
	})
	if !ok {
		return v
	}
	m := mappings.at(e.Addr())
	if m == nil {
		return v
	}
	at := int(e.Addr() - m.begin())
	f := &Fault{Name: m.name, Offset: at - m.data, Err: e}
	switch {
	case m.gone.Load():
		f.What, f.closed = "array unmapped", true
	case m.truncated(at):
		f.What = "file truncated under its mapping"
	case m.mode == ReadOnly && m.readable(at):
		f.What = "write to a read-only array"
		if m.adopted.Load() {
			f.What = "write to an array that is not an Output of the run"
		}
	default:
		f.What = "bytes that the system could not read or find room for"
	}
	return f
}

// readable reports whether the file gives byte at, or ends before it, so that a
// disk that fails is not taken for a write.
func (m *mapping) readable(at int) bool {
	_, err := m.file.ReadAt(make([]byte, 1), int64(at))
	return err == nil || err == io.EOF
}

// truncated reports whether the page of byte at lies behind the file's end.
func (m *mapping) truncated(at int) bool {
	if m.file == nil {
		return false
	}
	info, err := m.file.Stat()
	return err == nil && int64(at-at%os.Getpagesize()) >= info.Size()
}
