package journal

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/parfor-go/parfor/internal/segment"
)

// ErrInUse says that somebody else has the journal's lock.
var ErrInUse = errors.New("in use by another run")

// A file is an *os.File as a File.
type file struct{ *os.File }

func (f file) WriteAt(b []byte, off int64) (int, error) { return segment.WriteAt(f.File, b, off) }
func (f file) Sync() error                              { return segment.Fsync(f.File) }
func (f file) Truncate(size int64) error                { return segment.Truncate(f.File, size) }

func (f file) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// OpenFile opens the journal at path, which is absolute, and makes one if there is none.
// It takes the journal's lock, which f has: a process that is given f has it too, and it
// lasts until Release, or until all those processes have ended.
//
// The error is ErrInUse if somebody has the lock, or that of Open; the file is then
// as it was.
func OpenFile(path string, h Header, cells int) (j *Journal, f *os.File, err error) {
	for range attempts {
		f, err = os.OpenFile(path, os.O_RDWR, 0)
		if errors.Is(err, os.ErrNotExist) {
			if made := create(path, h); made != nil && !errors.Is(made, os.ErrExist) {
				return nil, nil, made
			}
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		if j, err = openLocked(f, path, h, cells); err == nil {
			return j, f, nil
		}
		f.Close()
		if !errors.Is(err, ErrMoved) {
			break
		}
	}
	return nil, nil, err
}

// CreateFile makes the journal at path, which nobody else looks for: it takes no lock.
// Commit writes to f, which the caller closes.
func CreateFile(path string, h Header, cells int) (j *Journal, f *os.File, err error) {
	if err := create(path, h); err != nil {
		return nil, nil, err
	}
	if f, err = os.OpenFile(path, os.O_RDWR, 0); err != nil {
		return nil, nil, err
	}
	if j, err = Open(file{f}, h, cells); err != nil {
		f.Close()
		return nil, nil, err
	}
	return j, f, nil
}

// attempts is how often a journal may come and go while it is opened. A symbolic
// link to nothing, which is not there and cannot be made, is one that always does.
const attempts = 100

// ErrMoved says that the journal of a run has lost its name.
var ErrMoved = errors.New("removed or renamed under the run")

func openLocked(f *os.File, path string, h Header, cells int) (*Journal, error) {
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(ErrFormat, err)
	}
	err := segment.Lock(f)
	if errors.Is(err, segment.ErrLocked) {
		return nil, ErrInUse
	}
	if err != nil {
		return nil, err
	}
	if err := Check(f, path); err != nil {
		return nil, err
	}
	// Who made it may have been killed before its name was on the disk.
	if err := syncName(path); err != nil {
		return nil, err
	}
	return Open(file{f}, h, cells)
}

// syncName returns when the name of the file at path, which can be a symbolic link to
// it, is on the disk.
func syncName(path string) error {
	named, err := filepath.EvalSymlinks(path)
	if errors.Is(err, os.ErrNotExist) {
		return ErrMoved
	}
	if err != nil {
		return err
	}
	return segment.SyncDir(named)
}

// Check returns ErrMoved if the journal f has not the name path any more: then
// another run can make one of that name. Another error says that nobody can know.
func Check(f *os.File, path string) error {
	mine, err := f.Stat()
	if err != nil {
		return err
	}
	named, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) || err == nil && !os.SameFile(mine, named) {
		return ErrMoved
	}
	return err
}

// Load reads the journal at path, which a run may be writing to: it may not find all
// records if that opens it meanwhile. It is not to be committed to. If h is nil any header
// is right.
func Load(path string, h Header, cells int) (*Journal, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	j, _, err := load(file{f}, h, cells)
	return j, err
}

// Release gives the lock up and closes f. No process may write to the rows any more.
func Release(f *os.File) error {
	return errors.Join(segment.Unlock(f), f.Close())
}

// create makes the journal, whole when it has its name.
func create(path string, h Header) error {
	b, err := h.encode()
	if err != nil {
		return err
	}
	return segment.CreateFile(path, b)
}
