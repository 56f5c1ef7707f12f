package batch

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap/internal/journal"
)

// beatsMissed is how many times an attempt may not have shown that it lives before it is
// stale.
const beatsMissed = 6

// A sighting is what the files of an attempt show. Times are those of the files' machine.
type sighting struct {
	name   string
	alive  alive
	heard  time.Time // when it last showed that it lives; zero: it has ended, and said so
	seen   time.Time // when it last wrote anything
	reason string    // why it has failed; empty: it has not
	chunks int       // that it has recorded
}

// sightings returns the attempts at a task, those that wrote later behind.
func (s *spool) sightings(task int) ([]*sighting, error) {
	files, err := os.ReadDir(s.attempts(task))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	byName := make(map[string]*sighting)
	for _, f := range files {
		ext := filepath.Ext(f.Name())
		if ext != journalExt && ext != aliveExt && ext != failedExt {
			continue
		}
		name := strings.TrimSuffix(f.Name(), ext)
		a := byName[name]
		if a == nil {
			a = &sighting{name: name}
			byName[name] = a
		}
		s.see(task, a, ext)
	}
	all := make([]*sighting, 0, len(byName))
	for _, a := range byName {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b *sighting) int {
		return cmp.Or(a.seen.Compare(b.seen), strings.Compare(a.name, b.name))
	})
	return all, nil
}

// see takes note of one of the attempt's files. It can be gone by now.
func (s *spool) see(task int, a *sighting, ext string) {
	path := filepath.Join(s.attempts(task), a.name+ext)
	info, err := os.Stat(path)
	if err != nil {
		return
	}
	if info.ModTime().After(a.seen) {
		a.seen = info.ModTime()
	}
	switch ext {
	case journalExt:
		n := s.chunks(task).Len()
		if j, err := journal.Load(path, s.header(task), n); err == nil {
			a.chunks = recorded(j, n)
		}
	case aliveExt:
		a.heard = info.ModTime()
		if b, err := os.ReadFile(path); err == nil {
			_ = json.Unmarshal(b, &a.alive) // half of it says nothing
		}
	case failedExt:
		if b, err := os.ReadFile(path); err == nil {
			a.reason, _, _ = strings.Cut(string(b), "\n")
		}
	}
}

// lives reports whether the attempt may still be at work: its process is there, or would
// not be seen from here and has been heard of lately.
func (a *sighting) lives(now time.Time) bool {
	if a.reason != "" || a.heard.IsZero() {
		return false
	}
	if gone, known := a.alive.isGone(); known {
		return !gone
	}
	return now.Sub(a.heard) < beatsMissed*beatEvery
}

// now returns the time of the machine that has the spool's disk, or of this one if it
// may not write there.
func (s *spool) now() time.Time {
	f, _, release, err := segment.Scratch(s.dir)
	if err != nil {
		return time.Now()
	}
	defer release()
	info, err := f.Stat()
	if err != nil {
		return time.Now()
	}
	return info.ModTime()
}

// living returns the tasks that some attempt is at.
func (s *spool) living() (tasks []int, err error) {
	now := s.now()
	for task := range s.tasks().Len() {
		all, err := s.sightings(task)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(all, func(a *sighting) bool { return a.lives(now) }) {
			tasks = append(tasks, task)
		}
	}
	return tasks, nil
}

// quiet returns when no attempt lives. It says on w for whom it waits.
func (s *spool) quiet(ctx context.Context, w io.Writer) error {
	for said := false; ; said = true {
		tasks, err := s.living()
		if err != nil || len(tasks) == 0 {
			return err
		}
		if !said {
			fmt.Fprintf(w, "waiting for attempts at: %s\n", ranges(tasks, 0))
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(beatEvery / 10):
		}
	}
}
