package batch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/parfor-go/parfor/internal/npy"
)

// A sealError says why an array cannot have its name yet.
type sealError struct {
	wrong   []*rowsError
	missing []int // tasks
}

func (e *sealError) Error() string {
	return fmt.Sprintf("parmap/batch: %d tasks are to be done; the first: %v", len(e.missing), e.wrong[0])
}

// seal verifies everything and gives the array its name, which must be free. It does
// nothing if that was done before.
func (s *spool) seal(ctx context.Context, t npy.Type) error {
	if s.isSealed() {
		return s.clean()
	}
	wrong, missing, err := s.verify(ctx)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		return &sealError{wrong, missing}
	}
	whole := s.partial()
	if !s.isDense() {
		if whole, err = s.pack(t); err != nil {
			return err
		}
	}
	if err := publish(whole, s.Output); err != nil {
		return err
	}
	return s.clean()
}

// isSealed reports whether the array has its name: the file of it, if it still has the
// other, is the same.
func (s *spool) isSealed() bool {
	if same(s.path(partialFile), s.Output) {
		return true
	}
	_, partial := os.Stat(s.partial())
	_, output := os.Stat(s.Output)
	return errors.Is(partial, os.ErrNotExist) && output == nil
}

// clean removes what seal has no need for when the array has its name.
func (s *spool) clean() error {
	for _, name := range []string{paddedFile, partialFile} {
		if err := os.Remove(s.path(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return syncDir(s.dir)
}

// pack makes a file of the array without the gaps.
func (s *spool) pack(t npy.Type) (path string, err error) {
	head, err := npy.Header{Type: t, BigEndian: npy.NativeBig && t.Size > 1, Shape: s.Shape}.Encode()
	if err != nil {
		return "", err
	}
	rows, err := os.Open(s.partial())
	if err != nil {
		return "", err
	}
	defer rows.Close()
	path = s.path(partialFile)
	// One that is there is of a seal that was killed, and no array yet. It is not
	// written to all the same.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o666)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if _, err := f.Write(head); err != nil {
		return "", err
	}
	for task, r := range s.tasks().All() {
		n := int64(r.Len()) * int64(s.Row)
		if _, err := io.CopyN(f, io.NewSectionReader(rows, s.place(task), n), n); err != nil {
			return "", err
		}
	}
	return path, f.Sync()
}

// publish gives a file, which is on the disk then, the name path too, which must be free.
func publish(file, path string) error {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Link(file, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func same(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// syncDir returns when the names in dir are on the disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
