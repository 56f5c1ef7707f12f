// Package segment maps bytes that other processes can map too, and holds all
// of the module's unsafe code about them.
//
// Start with Segment in this file. registry.go knows every mapping of the
// process by address and by identity; file.go maps files; fault.go says what
// lay at an address that faulted; spread.go shares a large fill among the
// processors. The system's part is in segment_linux.go, segment_unix.go (other
// Unix systems) and segment_other.go (none), which define the same unexported
// functions; segment_mmap.go is what all Unix systems share. budget.go keeps
// a reservation from taking more memory than there is, quarantine.go keeps
// closed addresses from being used again, and calling.go tells tests what is
// asked of the system.
package segment

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

// The errors that a caller may want to tell apart, by errors.Is.
var (
	// ErrNoSpace is what a ReserveError is if memory, disk space or a limit
	// was the reason.
	ErrNoSpace = errors.New("segment: no space")
	// ErrClosed: the bytes are not mapped any more.
	ErrClosed = errors.New("closed")
	// ErrInUse: the bytes are held, or the file is mapped otherwise.
	ErrInUse = errors.New("in use")
)

// A Mode says what a process may do with the bytes of a file.
type Mode int

const (
	ReadOnly    Mode = iota // a write faults
	ReadWrite               // writes go to the file
	CopyOnWrite             // writes go to memory of this mapping's own
)

// String returns the name of the mode.
func (m Mode) String() string {
	switch m {
	case ReadOnly:
		return "ReadOnly"
	case ReadWrite:
		return "ReadWrite"
	case CopyOnWrite:
		return "CopyOnWrite"
	}
	return fmt.Sprintf("Mode(%d)", int(m))
}

// A Segment is a handle on a range of mapped bytes. Those of New and
// NewPrivate are all zero at first.
//
// Ownership: the mapping belongs to its handles. Each of them is closed on its
// own; closing the last unmaps the bytes. The slice that Bytes returns is
// borrowed. Nothing but Close unmaps it: a segment that is dropped without
// Close leaks mapping and descriptor, because a slice or a gonum matrix may
// still lead there, and a finalizer that unmapped would kill the program that
// reads it. A handle that Find returned is borrowed too: it owns nothing, and
// is closed when the owners are.
//
// Invariants: address and length never change. Every byte of a segment that
// is not a file's is reserved before New returns, so that no later access can
// fail for want of space, and the object behind it cannot be made shorter
// where the system has seals. A process maps an object once, so that equal
// addresses are the only way in which two slices share memory, as gonum
// assumes; a CopyOnWrite mapping is a copy where the file is also mapped for
// writing.
type Segment struct {
	m        *mapping // nil: a segment of no bytes
	bytes    []byte   // a part of m's
	borrowed bool
	mu       sync.Mutex  // held by Close, so that a second one waits for the first
	closed   atomic.Bool // written once, by Close, which holds mu; read by everyone
}

// New returns a segment of nbytes zero bytes at a page-aligned address. A
// segment of no bytes maps nothing and has no descriptor. A negative nbytes
// panics. A report of a fault calls the segment by name.
//
// The error is a *ReserveError, or wraps errors.ErrUnsupported on a system
// without shared mappings.
func New(nbytes int, name string) (*Segment, error) {
	return reserved(nbytes, "shared", func() (*mapping, error) {
		if err := checkFileSize(nbytes); err != nil {
			return nil, err
		}
		file, reserved, err := object(nbytes)
		if err != nil {
			return nil, err
		}
		m := &mapping{file: file, mode: ReadWrite, name: name}
		if err := m.share(nbytes, reserved); err != nil {
			m.undo()
			return nil, err
		}
		return m, nil
	})
}

// share maps nbytes of m's file and gives them memory, if they are not
// reserved yet. Until then nobody has their address.
func (m *mapping) share(nbytes int, reserved bool) (err error) {
	if m.id, err = identify(m.file); err != nil {
		return err
	}
	if err := m.mapFile(nbytes); err != nil {
		return err
	}
	if reserved {
		return populate(m.mem)
	}
	return m.furnish()
}

// NewPrivate is New for bytes that no other process can map. Both come in huge
// pages where there are some; to these, older systems give them too.
func NewPrivate(nbytes int, name string) (*Segment, error) {
	return reserved(nbytes, "private", func() (*mapping, error) {
		m := &mapping{mode: ReadWrite, name: name}
		err := m.mapPrivate(nbytes)
		if err == nil {
			advise(m.mem)
			err = populate(m.mem)
		}
		if err != nil {
			m.undo()
			return nil, err
		}
		return m, nil
	})
}

// reserved makes a segment of nbytes within the budget. An error of create may
// lack the numbers.
func reserved(nbytes int, kind string, create func() (*mapping, error)) (*Segment, error) {
	if nbytes < 0 {
		panic("segment: negative size")
	}
	if !supported {
		return nil, unsupported(fmt.Sprintf("reserve %d bytes of %s memory", nbytes, kind))
	}
	if nbytes == 0 {
		return new(Segment), nil
	}
	if err := process.admit(nbytes); err != nil {
		return nil, err
	}
	defer process.settle(nbytes)
	m, err := create()
	if err != nil {
		return nil, numbered(err, nbytes)
	}
	mappings.add(m)
	return &Segment{m: m, bytes: m.mem}, nil
}

// unsupported says that this system cannot do what.
func unsupported(what string) error {
	return fmt.Errorf("%s on %s: %w", what, runtime.GOOS, errors.ErrUnsupported)
}

// checkFileSize returns an error if this process may not make a file so long.
func checkFileSize(nbytes int) error {
	if limit := fileSizeLimit(); int64(nbytes) > limit {
		return &ReserveError{Want: nbytes, Available: limit, Err: errFileSize}
	}
	return nil
}

// numbered adds the bytes asked for and there to err, which may know of a lack
// of something else than memory.
func numbered(err error, nbytes int) error {
	re := &ReserveError{Want: nbytes, Available: unknown, Err: err}
	errors.As(err, &re)
	re.Available = min(re.Available, process.roomBut(nbytes))
	return re
}

// Bytes returns the bytes. After Close an access to them faults, unless
// another handle on the same file is open.
func (s *Segment) Bytes() []byte { return s.bytes }

// Closed reports whether the segment is closed, which a nil segment is.
func (s *Segment) Closed() bool {
	if s == nil {
		return true
	}
	if s.borrowed {
		return s.m.gone.Load()
	}
	return s.closed.Load()
}

// Mode returns what may be done with the bytes.
func (s *Segment) Mode() Mode {
	if s.m == nil {
		return ReadWrite
	}
	return s.m.mode
}

// Close ends this handle. With the last one the memory is given back at once
// and the addresses go into quarantine, where an access faults. The caller
// makes sure that nobody uses the bytes any more.
//
// While the bytes are held Close does nothing and returns ErrInUse. Every
// call after a successful one waits for that and does nothing, as does Close
// of a borrowed handle.
func (s *Segment) Close() error {
	if s.borrowed {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Load() {
		return nil
	}
	if s.m == nil {
		s.closed.Store(true)
		return nil
	}
	last, err := mappings.release(s.m, &s.closed)
	if !last {
		return err
	}
	err = s.m.close()
	if s.m.id != (ID{}) {
		closings.tell(s.m.id)
	}
	return err
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
