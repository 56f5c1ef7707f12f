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
		return nil
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
	return os.RemoveAll(s.path(paddedFile))
}

// isSealed reports whether the array has its name, and nothing is left to be done.
func (s *spool) isSealed() bool {
	_, partial := os.Stat(s.partial())
	_, output := os.Stat(s.Output)
	return errors.Is(partial, os.ErrNotExist) && output == nil
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
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if _, err := f.Write(head); err != nil {
		return "", err
	}
	for task, r := range s.tasks().All() {
		if _, err := io.Copy(f, io.NewSectionReader(rows, s.place(task), int64(r.Len())*int64(s.Row))); err != nil {
			return "", err
		}
	}
	return path, f.Sync()
}

// publish moves a file to path, which must be free. If it is killed between, both are
// names of the file, and publish can be called again.
func publish(file, path string) error {
	err := os.Link(file, path)
	if errors.Is(err, os.ErrExist) && same(file, path) {
		err = nil
	}
	if err != nil {
		return err
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return err
	}
	if err := os.Remove(file); err != nil {
		return err
	}
	return syncDir(filepath.Dir(file))
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
