package batch

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap/internal/journal"
)

// A record is a journal of a task, as another attempt has left it.
type record struct {
	path    string
	info    os.FileInfo // of the file that was read
	journal *journal.Journal
}

// records returns what there is of the task: what says that it is done, and the journals
// of attempts. What is damaged is left out: nobody believes it.
func (a *attempt) records() (all []record, err error) {
	files, err := os.ReadDir(a.attempts(a.task))
	if err != nil {
		return nil, err
	}
	paths := []string{a.path(doneDir, of(a.task))}
	for _, f := range files {
		if filepath.Ext(f.Name()) == journalExt {
			paths = append(paths, filepath.Join(a.attempts(a.task), f.Name()))
		}
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			continue // not there, or no more
		}
		if j, err := journal.Load(path, a.header(a.task), a.chunks(a.task).Len()); err == nil {
			all = append(all, record{path, info, j})
		}
	}
	return all, nil
}

// setAside takes a record from its place, for good when it returns. One that another
// attempt has put there meanwhile comes back.
func (a *attempt) setAside(r record) error {
	aside := a.file("." + strconv.Itoa(a.aside) + damagedExt)
	a.aside++
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
