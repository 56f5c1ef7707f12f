//go:build unix

package segment

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// A draft is a file on its way to its name: it has none yet, or one that
// nobody looks for.
type draft struct {
	file *os.File
	path string // its name to be
	temp string // its name now, or ""
}

// newDraft returns an empty draft of path.
func newDraft(path string) (*draft, error) {
	dir, base := filepath.Split(path)
	if f := nameless(dir); f != nil {
		return &draft{file: f, path: path}, nil
	}
	for {
		temp := fmt.Sprintf("%s.%s.parfor-%d", dir, base, rand.Uint32())
		f, err := os.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return &draft{file: f, path: path, temp: temp}, nil
	}
}

// discard removes the draft's name, if it has one. The file stays open.
func (d *draft) discard() {
	if d.temp != "" {
		_ = os.Remove(d.temp)
		d.temp = ""
	}
}

// publish gives the draft its name, on the disk too. It fails if there is a
// file of that name. After an error there is none of the draft's.
func (d *draft) publish() error {
	var err error
	if d.temp == "" {
		err = linkNameless(d.file, d.path)
	} else if err = link(d.temp, d.path); isMissing(err) {
		err = d.rename()
	}
	d.discard()
	if err != nil {
		return err
	}
	if err := syncDir(filepath.Dir(d.path)); err != nil {
		_ = os.Remove(d.path)
		return err
	}
	return nil
}

// rename is publish on a file system without hard links. Between the look and
// the renaming another process could create the file, which would be lost.
func (d *draft) rename() error {
	if _, err := os.Lstat(d.path); err == nil {
		return &os.PathError{Op: "create", Path: d.path, Err: os.ErrExist}
	}
	return rename(d.temp, d.path)
}

// syncFile returns when f is on the disk.
func syncFile(f *os.File) error { return fsync(f) }

// syncDir returns when the names in dir are, where a system can do that.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := fsync(d); err != nil && !errors.Is(err, unix.EINVAL) && !isMissing(err) {
		return err
	}
	return nil
}

// isMissing reports whether err says that the system, a file system or a
// sandbox's filter does not have a call.
func isMissing(err error) bool {
	return errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) ||
		errors.Is(err, unix.EACCES) || errors.Is(err, unix.EOPNOTSUPP)
}
