package segment

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// Create makes a file of head and nbytes zero bytes, all of them reserved,
// and maps it. The segment is the zero bytes.
//
// The file appears under path when it is whole and on the disk; it must not
// exist before. Until then it has no name, or, on a file system that cannot do
// that, one like .name.parfor-123 beside it. After an error nothing is left.
//
// The error is a *ReserveError, an *os.PathError, or wraps errors.ErrUnsupported.
func Create(path string, head []byte, nbytes int, name string) (s *Segment, err error) {
	if !supported {
		return nil, fmt.Errorf("map a file on %s: %w", runtime.GOOS, errors.ErrUnsupported)
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	// Asked first, so that in vain nothing is written.
	if _, err := os.Lstat(path); err == nil {
		return nil, &os.PathError{Op: "create", Path: path, Err: os.ErrExist}
	}
	total := len(head) + nbytes
	dir := filepath.Dir(path)
	if free := freeBytes(dir); int64(total) > free {
		return nil, &ReserveError{Want: total, Available: free, Err: errNoSpace}
	}
	if limit := fileSizeLimit(); int64(total) > limit {
		return nil, &ReserveError{Want: total, Available: limit, Err: errFileSize}
	}
	if inMemory(dir) {
		if err := process.admit(total); err != nil {
			return nil, err
		}
		defer process.settle(total)
	}
	d, err := newDraft(path)
	if err != nil {
		return nil, err
	}
	m := &mapping{file: d.file, mode: ReadWrite, path: path, name: name, data: len(head)}
	if err := m.draw(d, head, total); err != nil {
		d.discard()
		var re *ReserveError
		if isNoSpace(err) && !errors.As(err, &re) {
			err = &ReserveError{Want: total, Available: freeBytes(dir), Err: err}
		}
		return nil, errors.Join(err, m.undo())
	}
	return &Segment{m: m, bytes: m.mem[len(head):]}, nil
}

// draw fills the draft d, maps it, gives it its name, and enters m.
func (m *mapping) draw(d *draft, head []byte, total int) (err error) {
	if err := allocate(d.file, total); err != nil {
		return err
	}
	if m.id, err = identify(d.file); err != nil {
		return err
	}
	if err := m.mapFile(total); err != nil {
		return err
	}
	// The head last: a file that has one is whole.
	if _, err := d.file.WriteAt(head, 0); err != nil {
		return err
	}
	if err := syncFile(d.file); err != nil {
		return err
	}
	// Entered before anybody can find the file, and open it, by its name.
	mappings.add(m)
	if err := d.publish(); err != nil {
		mappings.forget(m)
		return err
	}
	return nil
}

// undo ends a mapping that has no handle yet.
func (m *mapping) undo() error {
	if m.mem == nil {
		return m.file.Close()
	}
	return errors.Join(m.unmap(), m.file.Close())
}

// Map maps the bytes [lo, hi) of f, and what lies before them; hi > 0. It
// takes over f, also if it fails. A path other than "" is what f was opened by.
//
// A file that is mapped already is not mapped again: the segment is a further
// handle on the same memory. The error wraps ErrInUse if that was mapped in
// another mode or is shorter. CopyOnWrite is a mapping of its own each time.
func Map(f *os.File, path string, mode Mode, lo, hi int, name string) (*Segment, error) {
	s, err := attach(f, path, mode, lo, hi, name)
	if err != nil || s.m.file != f {
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

func attach(f *os.File, path string, mode Mode, lo, hi int, name string) (*Segment, error) {
	if !supported {
		return nil, fmt.Errorf("map a file on %s: %w", runtime.GOOS, errors.ErrUnsupported)
	}
	id, err := identify(f)
	if err != nil {
		return nil, err
	}
	if path != "" {
		if path, err = filepath.Abs(path); err != nil {
			return nil, err
		}
	}
	if mode == CopyOnWrite {
		id = ID{}
	}
	r := &mappings
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.byID[id]
	switch {
	case m == nil:
		m = &mapping{file: f, id: id, mode: mode, path: path, name: name, data: lo}
		if err := m.mapFile(hi); err != nil {
			return nil, err
		}
		r.addLocked(m)
	case m.mode != mode:
		return nil, fmt.Errorf("%w: the file is open in another mode", ErrInUse)
	case hi > len(m.mem):
		return nil, fmt.Errorf("%w: the file is open with %d bytes, and has %d now", ErrInUse, len(m.mem), hi)
	default:
		m.handles++
	}
	return &Segment{m: m, bytes: m.mem[lo:hi:hi]}, nil
}

// Path returns the absolute path of the file that writes to the bytes go to,
// or "" if they go to none.
func (s *Segment) Path() string {
	if s.m == nil || s.m.mode == CopyOnWrite {
		return ""
	}
	return s.m.path
}

// Sync returns when the bytes, which must be the segment's, are on the disk.
// If they are no file's, or it is not written to, that is at once.
//
// An error is final: the system may have given the unwritten bytes up, so that
// a second attempt succeeds and means nothing. So Sync returns the first error
// of the mapping for ever.
func (s *Segment) Sync(bytes []byte) error {
	if s.Closed() {
		return ErrClosed
	}
	if s.Path() == "" || s.m.mode != ReadWrite || len(bytes) == 0 {
		return nil
	}
	m := s.m
	m.syncing.Lock()
	defer m.syncing.Unlock()
	if m.failed == nil {
		m.failed = syncRange(m, bytes)
	}
	return m.failed
}
