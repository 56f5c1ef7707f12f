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

// draftNameless returns an empty draft of path without a name. The error is
// errNameless where there are none.
func draftNameless(path string) (*draft, error) {
	f, err := nameless(dirOf(path))
	if err != nil {
		return nil, err
	}
	return &draft{file: f, path: path}, nil
}

// draftNamed returns an empty draft of path with a name of its own.
func draftNamed(path string) (*draft, error) {
	dir, base := filepath.Split(path)
	for {
		temp := fmt.Sprintf("%s.%s.parfor-%d", dir, base, rand.Uint32())
		f, err := openFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return &draft{file: f, path: path, temp: temp}, nil
	}
}

// draw fills m's file, which is on the disk then, and maps it.
func (m *mapping) draw(head []byte, total int) (err error) {
	if err := allocate(m.file, total); err != nil {
		return err
	}
	if m.id, err = identify(m.file); err != nil {
		return err
	}
	if err := m.mapFile(total); err != nil {
		return err
	}
	// The head last: a file that has one is whole.
	return putDown(m.file, head)
}

// putDown writes the beginning of f, and returns when f is on the disk.
func putDown(f *os.File, head []byte) error {
	if _, err := writeAt(f, head, 0); err != nil {
		return err
	}
	return fsync(f)
}

// write fills the draft, which is on the disk then.
func (d *draft) write(content []byte) error { return putDown(d.file, content) }

// discard removes the draft's name, if it has one. The file stays open.
func (d *draft) discard() {
	if d.temp != "" {
		_ = os.Remove(d.temp)
		d.temp = ""
	}
}

// publish gives the draft its name, on the disk too. It fails if there is a
// file of that name. The error is errNameless if a draft without a name cannot
// have one. After an error there is no name of the draft's.
func (d *draft) publish() error {
	var err error
	if d.temp == "" {
		err = linkNameless(d.file, d.path)
	} else {
		err = linkOrRename(d.temp, d.path)
	}
	d.discard()
	if err != nil {
		return err
	}
	if err := syncDir(dirOf(d.path)); err != nil {
		_ = os.Remove(d.path)
		return err
	}
	return nil
}

// linkOrRename gives the file old the name path, which must be free. Where a file
// cannot have two names it loses the old one.
func linkOrRename(old, path string) error {
	err := link(old, path)
	if isMissing(err) {
		err = renameFree(old, path)
	}
	return err
}

// lookAndRename is renameFree for what has no call for that: between the look
// and the renaming another process could create path, which would be lost.
func lookAndRename(old, path string) error {
	if _, err := os.Lstat(path); err == nil {
		return os.ErrExist
	}
	return rename(old, path)
}

// syncDir returns when the names in dir are on the disk. Where that cannot be
// had, the file system does not know it or the user may not read dir, it
// returns nil at once.
func syncDir(dir string) error {
	d, err := openFile(dir, os.O_RDONLY, 0)
	if errors.Is(err, os.ErrPermission) {
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Close()
	if err := fsync(d); err != nil && !errors.Is(err, unix.EINVAL) && !isMissing(err) {
		return err
	}
	return nil
}

// isElsewhere reports whether err says that two names are on different file systems, or
// on what counts as such: two mounts of one.
func isElsewhere(err error) bool { return errors.Is(err, unix.EXDEV) }

// isMissing reports whether err says that the system, a file system or a
// sandbox's filter does not have a call. Where it means what it says, the call
// that is made instead fails too, and says so.
func isMissing(err error) bool {
	for _, e := range []error{unix.ENOSYS, unix.EPERM, unix.EACCES, unix.EOPNOTSUPP, unix.ENOTSUP} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
