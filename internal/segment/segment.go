// Package segment maps bytes that other processes can map too, and holds all
// of the module's unsafe code about them.
//
// Start with Segment in this file. The system's part is in segment_linux.go,
// segment_unix.go (other Unix systems) and segment_other.go (none), which
// define the same unexported functions; segment_mmap.go is what all Unix
// systems share. budget.go keeps a reservation from taking more memory than
// there is, quarantine.go keeps closed addresses from being used again.
package segment

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
)

// ErrNoSpace is what a ReserveError is, by errors.Is, if memory, disk space
// or a size limit was the reason.
var ErrNoSpace = errors.New("segment: no space")

// A Segment is a range of mapped bytes, all zero at first.
//
// Ownership: the segment owns its mapping and its descriptor from New until
// Close; the bytes that Bytes returns are borrowed. Nothing but Close unmaps
// them. A segment that is dropped without Close leaks its mapping, because a
// slice or a gonum matrix may still lead there: a finalizer that unmapped
// would kill the program that reads it. (The descriptor of a dropped segment
// is closed by os.File's cleanup, which does not touch the mapping.)
//
// Invariants: the address and the length never change. Every byte is
// reserved before New returns, so that no later access can fail for want of
// space, and the object behind the mapping cannot be made shorter where the
// system has seals. A process maps an object once, so that equal addresses
// are the only way in which two slices share memory, as gonum assumes.
type Segment struct {
	mem    []byte      // the mapping; empty: nothing is mapped
	file   *os.File    // what is mapped, for processes that will map it too; nil: nothing is mapped
	mu     sync.Mutex  // held by Close, so that a second one waits for the first
	closed atomic.Bool // written once, by Close, which holds mu; read by everyone
}

// New returns a segment of nbytes zero bytes at a page-aligned address. A
// segment of no bytes maps nothing and has no descriptor. A negative nbytes
// panics.
//
// The error is a *ReserveError, or wraps errors.ErrUnsupported on a system
// without shared mappings.
func New(nbytes int) (*Segment, error) {
	if nbytes < 0 {
		panic("segment: negative size")
	}
	if !supported {
		return nil, fmt.Errorf("reserve %d bytes of shared memory on %s: %w", nbytes, runtime.GOOS, errors.ErrUnsupported)
	}
	if nbytes == 0 {
		return new(Segment), nil
	}
	if err := process.admit(nbytes); err != nil {
		return nil, err
	}
	s, err := create(nbytes)
	process.settle(nbytes)
	var re *ReserveError
	if err != nil && !errors.As(err, &re) {
		err = &ReserveError{Want: nbytes, Available: process.room(), Err: err}
	}
	return s, err
}

// create is New for a size that was admitted. Its error may lack the numbers.
func create(nbytes int) (*Segment, error) {
	if limit := fileSizeLimit(); int64(nbytes) > limit {
		return nil, &ReserveError{Want: nbytes, Available: limit, Err: errFileSize}
	}
	file, err := reserve(nbytes)
	if err != nil {
		return nil, err
	}
	mem, err := mapShared(file, nbytes)
	if err != nil {
		// A limit on the address space counts the quarantine too.
		closedRanges.drain()
		mem, err = mapShared(file, nbytes)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return &Segment{mem: mem, file: file}, nil
}

// Bytes returns the mapped bytes. After Close an access to them faults.
func (s *Segment) Bytes() []byte { return s.mem }

// Closed reports whether the segment is closed, which a nil segment is.
func (s *Segment) Closed() bool { return s == nil || s.closed.Load() }

// Close gives the memory back at once and puts the addresses in quarantine,
// where an access faults. The caller makes sure that nobody uses the bytes
// any more. Every call after the first waits for the first and does nothing.
func (s *Segment) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Swap(true) || len(s.mem) == 0 {
		return nil
	}
	err := fence(s.mem)
	if err == nil {
		closedRanges.add(s.mem)
	} else {
		// Without the fence stale accesses may reach a later mapping, but
		// keeping the memory would be worse.
		err = unmap(s.mem)
	}
	return errors.Join(err, s.file.Close())
}

// A ReserveError says why bytes could not be had.
type ReserveError struct {
	Want      int   // bytes asked for
	Available int64 // most bytes a segment could have had then, or unknown
	Err       error // what the system said; nil: the size was refused before asking
}

func (e *ReserveError) Error() string {
	s := fmt.Sprintf("reserve %d bytes", e.Want)
	if e.Available != unknown {
		s += fmt.Sprintf(": %d available", e.Available)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns e.Err.
func (e *ReserveError) Unwrap() error { return e.Err }

// Is reports whether target is ErrNoSpace and space was the reason.
func (e *ReserveError) Is(target error) bool {
	return target == ErrNoSpace && (e.Err == nil || isNoSpace(e.Err))
}
