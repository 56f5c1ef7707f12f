package batch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/parfor-go/parfor/internal/npy"
	"github.com/parfor-go/parfor/internal/segment"
)

// An undoneError says that tasks have to be done, or done again.
type undoneError struct {
	undone, of int
	first      *rowsError // nil: all were shown
}

func (e *undoneError) Error() string {
	s := fmt.Sprintf("%d of %s are still to do: submit -missing", e.undone, number(e.of, "task"))
	if e.first != nil {
		s += "; the first: " + e.first.Error()
	}
	return s
}

// seal verifies everything and gives the array its name, which must be free. It does
// nothing if that was done before. It waits for attempts that live, and says so on w.
func (s *spool) seal(ctx context.Context, t npy.Type, w io.Writer) error {
	if s.isSealed() {
		return s.clean()
	}
	if _, err := os.Lstat(s.Output); err == nil {
		return fmt.Errorf("%s exists: seal does not replace it", s.Output)
	}
	if dir := filepath.Dir(s.Output); !isDirectory(dir) {
		return fmt.Errorf("%s, where the plan has the array, is no directory here: make it", dir)
	}
	// A late one could write, after that, a page as its machine knew it before.
	if err := s.quiet(ctx, w); err != nil {
		return err
	}
	rows, err := s.open()
	if err != nil {
		return err
	}
	defer rows.Close()
	if err := s.approve(ctx, rows); err != nil {
		return err
	}
	whole := s.partial()
	if !s.isDense() || !isBeside(rows.File, s.Output) {
		if whole, err = s.pack(ctx, t, rows); err != nil {
			return err
		}
	}
	if err := publish(whole, s.Output); err != nil {
		return err
	}
	return s.clean()
}

// approve returns an error if not all rows are those that were recorded.
func (s *spool) approve(ctx context.Context, rows rowFile) error {
	wrong, missing, err := s.verifyRows(ctx, rows)
	if err == nil && len(wrong) > 0 {
		err = &undoneError{len(missing), s.tasks().Len(), wrong[0]}
	}
	return err
}

// isSealed reports whether the array has its name: the file of it, if it still has the
// other, is the same.
func (s *spool) isSealed() bool {
	if same(s.partial(), s.Output) || same(s.packed(), s.Output) {
		return true
	}
	if _, err := os.Stat(s.partial()); !errors.Is(err, os.ErrNotExist) {
		return false
	}
	f, err := s.openArray(s.Output)
	if err != nil {
		return false
	}
	f.Close()
	return true
}

// clean removes what nobody needs when the array has its name.
func (s *spool) clean() error {
	for _, path := range []string{s.partial(), s.packed()} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return segment.SyncDir(s.partial())
}

// packed returns the path of a copy of the array, on its way to its name.
func (s *spool) packed() string {
	dir, name := filepath.Split(s.Output)
	return filepath.Join(dir, "."+name+"."+s.digest[:16])
}

// isBeside reports whether f is on the file system of path's directory.
func isBeside(f *os.File, path string) bool {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return false
	}
	defer dir.Close()
	there, err := segment.Identify(dir)
	if err != nil {
		return false
	}
	here, err := segment.Identify(f)
	return err == nil && here.Device == there.Device
}

// pack copies the array to where it is to be, without gaps, and compares the copy with
// the records.
func (s *spool) pack(ctx context.Context, t npy.Type, rows rowFile) (path string, err error) {
	head, err := npy.Own(t, s.Shape).Encode()
	if err != nil {
		return "", err
	}
	path = s.packed()
	// One that is there is of a seal that was killed.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o666)
	if err != nil {
		return "", err
	}
	defer f.Close()
	defer func() {
		if err != nil {
			os.Remove(path)
		}
	}()
	if _, err := f.Write(head); err != nil {
		return "", err
	}
	for task, r := range s.tasks().All() {
		n := int64(r.Len()) * int64(s.Row)
		if _, err := io.CopyN(f, io.NewSectionReader(rows, s.place(task), n), n); err != nil {
			return "", err
		}
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
	}
	return path, s.approve(ctx, rowFile{f, s, true})
}

// publish gives a file, which is on the disk then, the name path, which must be free.
func publish(file, path string) error {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return err
	}
	if err := segment.Name(file, path); err != nil {
		return err
	}
	return segment.SyncDir(path)
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func same(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}
