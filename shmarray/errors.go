package shmarray

import (
	"errors"
	"fmt"
	"os"

	"github.com/parfor-go/parfor/internal/npy"
	"github.com/parfor-go/parfor/internal/segment"
)

// The errors that a caller may want to tell apart, by errors.Is. What is
// returned usually says more, with numbers.
var (
	// ErrShape: a negative dimension, more elements than an int can count
	// the bytes of, or a shape that does not fit the data.
	ErrShape = errors.New("shmarray: bad shape")
	// ErrClosed: the array, or the owner of the view, is closed. A fault in a
	// closed array's memory, as package parmap reports it, is this error too.
	ErrClosed = fmt.Errorf("shmarray: array is %w", segment.ErrClosed)
	// ErrInUse: a run that is under way uses the array, or the file is open in
	// another mode or was shorter when it was opened.
	ErrInUse = errors.New("shmarray: array is in use")
	// ErrPrivate: the array is in memory that no other process can see.
	ErrPrivate = errors.New("shmarray: no reference to private memory")
	// ErrNoSpace: more bytes than the memory, the disk or a limit has left.
	ErrNoSpace = errors.New("shmarray: no space")
	// ErrFormat: not a .npy file, or not one that can be opened in place.
	ErrFormat = errors.New("shmarray: bad format")
	// ErrDType: the elements of a file are of another type than those wanted.
	ErrDType = errors.New("shmarray: wrong element type")
	// ErrByteOrder: the elements of a file are in another machine's byte order.
	ErrByteOrder = errors.New("shmarray: wrong byte order")
	// ErrMisaligned: the elements of a file begin at an odd place.
	ErrMisaligned = errors.New("shmarray: misaligned")
)

// kinds are the errors of this package that stand for others'.
var kinds = []struct{ inner, kind error }{
	{segment.ErrNoSpace, ErrNoSpace},
	{segment.ErrInUse, ErrInUse},
	{segment.ErrClosed, ErrClosed},
	{npy.ErrFormat, ErrFormat},
	{npy.ErrDType, ErrDType},
	{npy.ErrShape, ErrShape},
}

// What a caller's mistakes panic with.
const (
	closed     = "shmarray: array is closed"
	badCount   = "shmarray: wrong number of indices"
	badIndex   = "shmarray: index out of range"
	badBounds  = "shmarray: slice bounds out of range"
	noAxes     = "shmarray: a 0-d array has no rows"
	notMatrix  = "shmarray: not a 2-d array"
	notAVector = "shmarray: not a 1-d array"
	badMode    = "shmarray: unknown mode"
	readOnly   = "shmarray: write to a read-only array"
	noOutput   = "shmarray: write to an array that is not an Output of the run"
)

// detailed is an error of one of the kinds above with a text of its own.
type detailed struct {
	kind error
	err  error
}

func (e *detailed) Error() string   { return e.err.Error() }
func (e *detailed) Unwrap() []error { return []error{e.kind, e.err} }

// errorf is for errors that fileError completes.
func errorf(kind error, format string, args ...any) error {
	return &detailed{kind, fmt.Errorf(format, args...)}
}

func shapeErrorf(format string, args ...any) error {
	return &detailed{ErrShape, fmt.Errorf("shmarray: "+format, args...)}
}

// segmentError says who failed to get a segment.
func segmentError(err error) error { return sorted(fmt.Errorf("shmarray: %w", err)) }

// fileError says what failed to do what.
func fileError(op, path string, err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) { // has both
		return sorted(fmt.Errorf("shmarray: %w", err))
	}
	return sorted(fmt.Errorf("shmarray: %s %s: %w", op, path, err))
}

// sorted gives err its kind, if it has one.
func sorted(err error) error {
	for _, k := range kinds {
		if errors.Is(err, k.inner) {
			return &detailed{k.kind, err}
		}
	}
	return err
}
