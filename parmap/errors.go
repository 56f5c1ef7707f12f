package parmap

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap/internal/journal"
)

// A ChunkError is the error of a body: which indices it ran, and what it
// returned. The verbs that call a body for each index, and Map and Stream for
// each item, give the index alone: Hi is Lo+1.
type ChunkError struct {
	Lo, Hi   int   // the indices [Lo, Hi)
	Attempts int   // how often they were tried; on goroutines always 1
	Err      error // what the body returned, or a *PanicError
}

// Error returns the place, the number of attempts if there were several, and
// the text of Err.
func (e *ChunkError) Error() string { return "parmap: " + e.text() }

func (e *ChunkError) text() string {
	place := fmt.Sprintf("chunk [%d,%d)", e.Lo, e.Hi)
	if e.Hi-e.Lo == 1 {
		place = fmt.Sprintf("index %d", e.Lo)
	}
	if e.Attempts > 1 {
		place += fmt.Sprintf(", %d attempts", e.Attempts)
	}
	return place + ": " + text(e.Err)
}

// Unwrap returns Err.
func (e *ChunkError) Unwrap() error { return e.Err }

// A PanicError is a panic of a body. The plain verbs panic with it, the Err
// verbs return it inside a [ChunkError]. A panic that passes through several
// nested verbs stays the PanicError of the innermost.
//
// A fault of a body in mapped memory is one too: an access to an array that was
// closed or to what was cut off from a file, or a write to a read-only array.
// Value is then an error that says which of these it was, of which array, at
// which byte. errors.Is(err, shmarray.ErrClosed) holds if the array was closed,
// and errors.As finds the runtime.Error, whose text blames a nil pointer. An
// access through a nil pointer itself has that error as its Value. A PanicError
// that comes from another process has the text of the value, as an error if the
// value was one, and neither of these holds.
//
// A fault in a goroutine that a body starts, as gonum's large matrix products
// do, or in C code, cannot be caught: it ends the program.
type PanicError struct {
	Value any    // what the body panicked with, or what explains its fault
	Stack []byte // of the body's goroutine, as by debug.Stack
}

// Error returns the value and the stack, so that a program that ends by the
// panic shows where in the body it began.
func (e *PanicError) Error() string { return "parmap: " + e.text() }

func (e *PanicError) text() string {
	return fmt.Sprintf("body panicked: %v\n\n%s", e.Value, e.Stack)
}

// Unwrap returns Value if it is an error, as a runtime.Error is, and else nil.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// What a [JournalError] can wrap, beside the errors of the system.
var (
	// ErrJournalInUse says that another run has the journal.
	ErrJournalInUse = journal.ErrInUse
	// ErrJournalFormat says that the file is no journal, or a damaged one.
	ErrJournalFormat = journal.ErrFormat
	// ErrJournalMismatch says that the journal is of another run.
	ErrJournalMismatch = errors.New("journal of another run")
	// ErrJournalOutput says that there is no Output, or one that is not in a file.
	ErrJournalOutput = errors.New("needs an Output in a file")
)

// A JournalError says why a run with a [Journal] did not begin, or why it ended.
type JournalError struct {
	Path string
	// Field says what is another in the journal than in the run: kernel, version, n,
	// grain, output0 and so on, arguments.Name for the field Name of a struct, or
	// arguments. Recorded is that of the journal, and Wanted that of the run, as text.
	// They are empty but for ErrJournalMismatch.
	Field, Recorded, Wanted string
	Err                     error
}

// Error returns the path, the text of Err, and what differs.
func (e *JournalError) Error() string {
	s := fmt.Sprintf("parmap: journal %s: %s", e.Path, text(e.Err))
	if e.Field != "" {
		s += fmt.Sprintf(": %s is %s there, %s here", e.Field, e.Recorded, e.Wanted)
	}
	if e.Err == ErrJournalMismatch || errors.Is(e.Err, ErrJournalFormat) {
		s += "; remove the file to begin anew"
	}
	return s
}

// Unwrap returns Err.
func (e *JournalError) Unwrap() error { return e.Err }

// journalError says that err came of a journal.
func journalError(path string, err error) error {
	var m *journal.MismatchError
	if errors.As(err, &m) {
		return &JournalError{Path: path, Field: m.Field, Recorded: m.Journal, Wanted: m.Run, Err: ErrJournalMismatch}
	}
	return &JournalError{Path: path, Err: err}
}

// text is err's message without this package's name where one of its own
// errors is inside another.
func text(err error) string {
	switch e := err.(type) {
	case *ChunkError:
		return e.text()
	case *PanicError:
		return e.text()
	}
	return err.Error()
}

// newPanicError wraps what recover returned. The deferred function that
// recovered has to call it, so that the stack is still that of the panic.
func newPanicError(v any) *PanicError {
	if p, ok := v.(*PanicError); ok {
		return p // a nested verb's
	}
	return &PanicError{Value: segment.Explain(v), Stack: debug.Stack()}
}
