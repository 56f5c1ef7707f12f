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
		return s.sealedBefore(ctx)
	}
	if dir := filepath.Dir(s.Output); !isDirectory(dir) {
		return fmt.Errorf("%s, where the plan has the array, is no directory here: make it", dir)
	}
	// A late one could write, after that, a page as its machine knew it before.
	if err := s.quiet(ctx, w); err != nil {
		return err
	}
	rows, err := s.openPartial(os.O_RDONLY)
	if errors.Is(err, os.ErrNotExist) {
		return s.sealedBefore(ctx) // another seal was first
	}
	if err != nil {
		return err
	}
	defer rows.Close()
	if err := s.approve(ctx, rows); err != nil {
		return err
	}
	err = segment.ErrElsewhere
	if s.isDense() {
		if err = rows.Sync(); err == nil {
			err = segment.Name(s.partial(), s.Output)
		}
	}
	if errors.Is(err, segment.ErrElsewhere) {
		err = s.pack(ctx, t, rows, segment.NewDraft)
	}
	if errors.Is(err, segment.ErrNameless) {
		err = s.pack(ctx, t, rows, segment.NewNamedDraft)
	}
	if errors.Is(err, os.ErrExist) || errors.Is(err, os.ErrNotExist) {
		return s.sealedBefore(ctx)
	}
	if err != nil {
		return err
	}
	if err := segment.SyncDir(s.Output); err != nil {
		return err
	}
	return s.clean()
}

// sealedBefore is seal where there is a file of the array's name: the copy that a seal has
// made which was killed before it removed the partial file, or somebody else's.
func (s *spool) sealedBefore(ctx context.Context) error {
	exists := fmt.Errorf("%s exists: seal does not replace it", s.Output)
	rows, err := s.openArray(s.Output)
	if errors.Is(err, os.ErrNotExist) {
		return s.gone()
	}
	if err != nil {
		return exists
	}
	defer rows.Close()
	err = s.approve(ctx, rows)
	if errors.As(err, new(*undoneError)) {
		return exists
	}
	if err == nil {
		err = rows.Sync()
	}
	if err != nil {
		return err
	}
	if err := segment.SyncDir(s.Output); err != nil {
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

// isSealed reports whether the array has its name: the partial file, if it still has its
// own, is the same or has the same content.
func (s *spool) isSealed() bool {
	if same(s.partial(), s.Output) {
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

// clean removes the partial file, which nobody needs when the array has its name.
func (s *spool) clean() error {
	segment.Enter("unlinkat", s.partial())
	if err := os.Remove(s.partial()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return segment.SyncDir(s.partial())
}

// pack copies the array to its name, without gaps. The copy has that when it was compared
// with the records: until then nobody finds it.
func (s *spool) pack(ctx context.Context, t npy.Type, rows rowFile, open func(path string) (*segment.Draft, error)) error {
	head, err := npy.Own(t, s.Shape).Encode()
	if err != nil {
		return err
	}
	d, err := open(s.Output)
	if err != nil {
		return err
	}
	defer d.Close()
	f := d.File()
	segment.Enter("write", s.Output)
	if _, err := f.Write(head); err != nil {
		return err
	}
	for task, r := range s.tasks().All() {
		n := int64(r.Len()) * int64(s.Row)
		segment.Enter("write", s.Output)
		if _, err := io.CopyN(f, io.NewSectionReader(rows, s.place(task), n), n); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	if err := s.approve(ctx, rowFile{f, s, true}); err != nil {
		return err
	}
	return d.Publish()
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
