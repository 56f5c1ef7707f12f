package shmarray

import (
	"errors"
	"fmt"

	"github.com/parfor-go/parfor/internal/segment"
)

// The errors that a caller may want to tell apart, by errors.Is. What is
// returned usually says more, with numbers.
var (
	// ErrShape: a negative dimension, more elements than an int can count
	// the bytes of, or a shape that does not fit the data.
	ErrShape = errors.New("shmarray: bad shape")
	// ErrClosed: the array, or the owner of the view, is closed.
	ErrClosed = errors.New(closed)
	// ErrNoSpace: more bytes than the memory, the disk or a limit has left.
	ErrNoSpace = errors.New("shmarray: no space")
)

// What a caller's mistakes panic with.
const (
	closed     = "shmarray: array is closed"
	badCount   = "shmarray: wrong number of indices"
	badIndex   = "shmarray: index out of range"
	badBounds  = "shmarray: slice bounds out of range"
	noAxes     = "shmarray: a 0-d array has no rows"
	notMatrix  = "shmarray: not a 2-d array"
	notAVector = "shmarray: not a 1-d array"
)

// detailed is an error of one of the kinds above with a text of its own.
type detailed struct {
	kind error // ErrShape, ErrNoSpace
	err  error
}

func (e *detailed) Error() string   { return e.err.Error() }
func (e *detailed) Unwrap() []error { return []error{e.kind, e.err} }

func shapeErrorf(format string, args ...any) error {
	return &detailed{ErrShape, fmt.Errorf("shmarray: "+format, args...)}
}

// segmentError says who failed to get a segment.
func segmentError(err error) error {
	err = fmt.Errorf("shmarray: %w", err)
	if errors.Is(err, segment.ErrNoSpace) {
		return &detailed{ErrNoSpace, err}
	}
	return err
}
