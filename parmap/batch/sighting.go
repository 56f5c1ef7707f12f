package batch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/parfor-go/parfor/parmap/internal/journal"
)

// beatsMissed is how many times an attempt may not have shown that it lives before it is
// stale.
const beatsMissed = 6

// A sighting is what the files of an attempt show.
type sighting struct {
	name   string
	host   string
	pid    int
	begun  time.Time // by its own clock
	heard  time.Time // when it last showed that it lives; zero: it has ended, and said so
	reason string    // why it has failed; empty: it has not
	chunks int       // that it has recorded
}

// sightings returns the attempts at a task, those that began later behind.
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
		if ext == damagedExt {
			continue
		}
		a, ok := parseAttempt(strings.TrimSuffix(f.Name(), ext))
		if !ok {
			continue // not ours
		}
		if known := byName[a.name]; known != nil {
			a = known
		}
		byName[a.name] = a
		s.see(task, a, ext)
	}
	all := make([]*sighting, 0, len(byName))
	for _, a := range byName {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b *sighting) int {
		return cmp.Or(a.begun.Compare(b.begun), strings.Compare(a.name, b.name))
	})
	return all, nil
}

// see takes note of one of the attempt's files. It can be gone by now.
func (s *spool) see(task int, a *sighting, ext string) {
	path := filepath.Join(s.attempts(task), a.name+ext)
	switch ext {
	case journalExt:
		n := s.chunks(task).Len()
		if j, err := journal.Load(path, s.header(task), n); err == nil {
			a.chunks = recorded(j, n)
		}
	case aliveExt:
		if info, err := os.Stat(path); err == nil {
			a.heard = info.ModTime()
		}
	case failedExt:
		if b, err := os.ReadFile(path); err == nil {
			a.reason, _, _ = strings.Cut(string(b), "\n")
		}
	}
}

// lives reports whether the attempt has been heard of lately, and is not known to be dead.
func (a *sighting) lives(now time.Time) bool {
	return a.reason == "" && !a.heard.IsZero() && now.Sub(a.heard) < beatsMissed*beatEvery && !a.isGone()
}

// isGone reports whether the attempt was a process of this machine, and is none now.
func (a *sighting) isGone() bool {
	if a.host != hostname() {
		return false
	}
	p, err := os.FindProcess(a.pid)
	if err != nil {
		return false
	}
	defer p.Release()
	err = p.Signal(syscall.Signal(0))
	return errors.Is(err, os.ErrProcessDone) || errors.Is(err, syscall.ESRCH)
}

// now returns the time of the machine that has the spool's disk, or of this one if it
// may not write there.
func (s *spool) now() time.Time {
	f, err := os.CreateTemp(s.dir, ".now-")
	if err != nil {
		return time.Now()
	}
	defer os.Remove(f.Name())
	defer f.Close()
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
