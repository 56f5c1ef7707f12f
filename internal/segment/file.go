package segment

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
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
		return nil, unsupported("map a file")
	}
	if path == "" || os.IsPathSeparator(path[len(path)-1]) {
		return nil, &os.PathError{Op: "create", Path: path, Err: os.ErrInvalid}
	}
	if path, err = absolute(path); err != nil {
		return nil, err
	}
	// Asked first, so that in vain nothing is written.
	if _, err := os.Lstat(path); err == nil {
		return nil, &os.PathError{Op: "create", Path: path, Err: os.ErrExist}
	}
	total := len(head) + nbytes
	dir := dirOf(path)
	if free := freeBytes(dir); int64(total) > free {
		return nil, &ReserveError{Want: total, Available: free, Err: errNoSpace}
	}
	if err := checkFileSize(total); err != nil {
		return nil, err
	}
	if inMemory(dir) {
		if err := process.admit(total); err != nil {
			return nil, err
		}
		defer process.settle(total)
	}
	s, err = create(draftNameless, path, head, total, name)
	if errors.Is(err, errNameless) {
		s, err = create(draftNamed, path, head, total, name)
	}
	if err != nil {
		return nil, createError(path, total, err)
	}
	return s, nil
}

// errNameless says that a file cannot be without a name, or not get one later.
var errNameless = errors.New("no nameless files")

// create is Create by way of a draft from open, without its checks and errors.
func create(open func(string) (*draft, error), path string, head []byte, total int, name string) (*Segment, error) {
	d, err := open(path)
	if err != nil {
		return nil, err
	}
	m := &mapping{file: d.file, mode: ReadWrite, path: path, name: name, data: len(head)}
	if err := m.draw(head, total); err != nil {
		d.discard()
		m.undo()
		return nil, err
	}
	// Entered before anybody can find the file, and open it, by its name.
	mappings.add(m)
	s := &Segment{m: m, bytes: m.mem[len(head):]}
	if err := d.publish(); err != nil {
		_ = s.Close() // who opened the file before it was gone again, keeps it
		return nil, err
	}
	return s, nil
}

// CreateFile makes a file of that content, without mapping it. The file appears
// under path as Create's does, and its errors are Create's.
func CreateFile(path string, content []byte) error {
	if !supported {
		return unsupported("create a file in one step")
	}
	path, err := absolute(path)
	if err != nil {
		return err
	}
	err = createFile(draftNameless, path, content)
	if errors.Is(err, errNameless) {
		err = createFile(draftNamed, path, content)
	}
	if err != nil {
		return createError(path, len(content), err)
	}
	return nil
}

// Scratch makes an empty file in dir, and returns a path by which this process can open
// it until release. The file has no name, so that nothing is left of it however the
// process ends; on a system that cannot do that it has one like .scratch.parfor-123,
// which release removes. Release closes f.
func Scratch(dir string) (f *os.File, path string, release func(), err error) {
	if !supported {
		return nil, "", nil, unsupported("make a file that nobody finds")
	}
	if dir, err = absolute(dir); err != nil {
		return nil, "", nil, err
	}
	d, err := draftNameless(filepath.Join(dir, "scratch"))
	if errors.Is(err, errNameless) {
		d, err = draftNamed(filepath.Join(dir, "scratch"))
	}
	if err != nil {
		return nil, "", nil, err
	}
	if path = d.temp; path == "" {
		path = pathOf(d.file)
	}
	return d.file, path, func() { d.discard(); d.file.Close() }, nil
}

// Name gives the file old the name path too, which must be free; where a file cannot have
// two names, instead. It waits for no disk. The error is ErrElsewhere if a file there
// cannot have a name here, as on another file system.
func Name(old, path string) error {
	if !supported {
		return unsupported("name a file")
	}
	err := linkOrRename(old, path)
	if isElsewhere(err) {
		err = ErrElsewhere
	}
	return err
}

// ErrElsewhere says that a file cannot have a second name in that place.
var ErrElsewhere = errors.New("on another file system")

// Free returns how many bytes a file in dir can still take, or a large number if nobody
// knows.
func Free(dir string) int64 {
	if !supported {
		return math.MaxInt64
	}
	return freeBytes(dir)
}

// SyncDir returns when the name of the file at path is on the disk.
func SyncDir(path string) error {
	if !supported {
		return unsupported("sync a directory")
	}
	path, err := absolute(path)
	if err != nil {
		return err
	}
	return syncDir(dirOf(path))
}

func createFile(open func(string) (*draft, error), path string, content []byte) error {
	d, err := open(path)
	if err != nil {
		return err
	}
	defer d.file.Close()
	if err := d.write(content); err != nil {
		d.discard()
		return err
	}
	return d.publish()
}

// undo ends a mapping that the registry does not have.
func (m *mapping) undo() {
	if m.mem != nil {
		_ = m.unmap()
	}
	if m.file != nil {
		m.file.Close()
	}
}

// createError returns what Create says about err: with the numbers, if space
// was the reason, and else with the path.
func createError(path string, total int, err error) error {
	if errors.Is(err, ErrNoSpace) {
		return err // has the numbers
	}
	// The name in err is a temporary file's, or the directory's.
	switch e := err.(type) {
	case *os.LinkError:
		err = e.Err
	case *os.PathError:
		if err = e.Err; e.Op != "open" {
			err = os.NewSyscallError(e.Op, err)
		}
	}
	if isNoSpace(err) {
		return &ReserveError{Want: total, Available: freeBytes(dirOf(path)), Err: err}
	}
	return &os.PathError{Op: "create", Path: path, Err: err}
}

// Absolute returns path as it is from the root, wherever the process goes later.
func Absolute(path string) (string, error) { return absolute(path) }

// absolute returns path as it is from the root. One with .. in it is not made
// shorter: behind a symbolic link that leads elsewhere.
func absolute(path string) (string, error) {
	if filepath.IsAbs(path) {
		return path, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	if strings.Contains(path, "..") {
		return dir + string(filepath.Separator) + path, nil
	}
	return filepath.Join(dir, path), nil
}

// dirOf returns the directory of an absolute path, as that names it.
func dirOf(path string) string {
	dir, _ := filepath.Split(path)
	return dir
}

// Map maps the bytes [lo, hi) of f, and what lies before them; hi > 0. It
// takes over f, also if it fails. A path other than "" is what f was opened by.
//
// A file that is mapped already is not mapped again: the segment is a further
// handle on the same memory. The error wraps ErrInUse if that was mapped in
// another mode or is shorter, a *ReserveError if there is no address space.
// CopyOnWrite is a mapping of its own each time, and a copy as soon as the file
// is mapped ReadWrite too.
func Map(f *os.File, path string, mode Mode, lo, hi int, name string) (*Segment, error) {
	s, err := attach(f, path, mode, lo, hi, name)
	if err != nil || s.m.file != f {
		f.Close() // nothing was written to it
	}
	return s, err
}

// Identify returns the identity of what f is, by which Map would enter it.
func Identify(f *os.File) (ID, error) { return identify(f) }

func attach(f *os.File, path string, mode Mode, lo, hi int, name string) (*Segment, error) {
	if !supported {
		return nil, unsupported("map a file")
	}
	id, err := identify(f)
	if err != nil {
		return nil, err
	}
	if path != "" {
		if path, err = absolute(path); err != nil {
			return nil, err
		}
	}
	from := id
	if mode == CopyOnWrite {
		id = ID{}
	}
	// r.mu is not held while the file is mapped: that may drain the quarantine,
	// which takes it.
	r := &mappings
	r.attaching.Lock()
	defer r.attaching.Unlock()
	m, err := r.share(id, mode, hi)
	if err != nil {
		return nil, err
	}
	if m == nil {
		m = &mapping{file: f, id: id, from: from, mode: mode, path: path, name: name, data: lo}
		if err := m.mapFile(hi); err != nil {
			return nil, err
		}
		if err := r.separate(m); err != nil {
			_ = m.unmap()
			return nil, err
		}
		r.add(m)
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
	if m.gone.Load() {
		return ErrClosed
	}
	if m.failed == nil {
		m.failed = m.sync(bytes)
	}
	return m.failed
}

// sync is Sync of a part of m. The system thinks nothing of bytes behind the
// end of the file.
func (m *mapping) sync(bytes []byte) error {
	if err := syncRange(m, bytes); err != nil {
		return err
	}
	info, err := m.file.Stat()
	if err != nil {
		return err
	}
	if end := int64(addressOf(bytes)-m.begin()) + int64(len(bytes)); info.Size() < end {
		return fmt.Errorf("file truncated under its mapping: %d bytes long, these end at %d", info.Size(), end)
	}
	return nil
}
