package batch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap/internal/journal"
)

// A record is a journal of a task, as some attempt has left it.
type record struct {
	path    string
	info    os.FileInfo // of the file that was read
	journal *journal.Journal
}

// isAside reports whether the record was set aside: it still says what an attempt has
// computed, but not what the rows are.
func (r record) isAside() bool { return filepath.Ext(r.path) == damagedExt }

// records returns what there is of a task: what says that it is done, and the journals of
// attempts. What is damaged is left out: nobody believes it.
func (s *spool) records(task int) (all []record, err error) {
	// A directory is read before a file in it is missed: a network file system can
	// remember for a while that it was not there.
	var paths []string
	for _, dir := range []string{s.path(doneDir), s.attempts(task)} {
		files, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		for _, f := range files {
			ext := filepath.Ext(f.Name())
			if ext == journalExt || ext == damagedExt || ext == "" && f.Name() == of(task) {
				paths = append(paths, filepath.Join(dir, f.Name()))
			}
		}
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if errors.Is(err, os.ErrNotExist) {
			continue // no more
		}
		if err != nil {
			return nil, err
		}
		j, err := journal.Load(path, s.header(task), s.chunks(task).Len())
		if errors.Is(err, os.ErrNotExist) || isDamage(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, record{path, info, j})
	}
	return all, nil
}

// conflict returns the first chunk of a task of which two attempts have recorded different
// rows: the body depends on more than the index, or a machine computes wrong.
func (s *spool) conflict(task int, records []record) *rowsError {
	for chunk := range s.chunks(task).Len() {
		var first uint32
		known := false
		for _, r := range records {
			sum, ok := r.journal.Recorded(chunk)
			if ok && known && sum != first {
				return &rowsError{task, s.rowsOf(task, chunk), fmt.Sprintf(differ, s.attempts(task), s.path(doneDir, of(task)))}
			}
			if ok {
				first, known = sum, true
			}
		}
	}
	return nil
}

// setAside takes a record from its place, for good when it returns. One that another
// attempt has put there meanwhile comes back.
func (a *attempt) setAside(r record) error {
	aside := a.file("." + strconv.Itoa(a.aside) + damagedExt)
	a.aside++
	segment.Enter("renameat", r.path)
	err := os.Rename(r.path, aside)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	info, err := os.Stat(aside)
	if err != nil {
		return err
	}
	if !os.SameFile(info, r.info) {
		if err := segment.Name(aside, r.path); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return segment.SyncDir(r.path)
}
