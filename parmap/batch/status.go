package batch

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parfor-go/parfor/parmap/internal/journal"
)

// staleAfter is for how long an attempt may not have shown that it lives.
const staleAfter = 6

// A state is what a task is in, as far as the spool tells.
type state int

const (
	waiting state = iota // nobody has begun it, or an attempt stopped when it was asked to
	running              // an attempt lives
	stale                // an attempt has not been heard of for a minute, and has not failed
	failed               // the last attempt that ended has said why
	done                 // there is a record of every chunk
	states
)

func (s state) String() string {
	return [states]string{"waiting", "running", "stale", "failed", "done"}[s]
}

// A standing is where a task stands.
type standing struct {
	state
	chunks int       // that are recorded
	heard  time.Time // the last sign of life
	reason string    // of the failure, its first line
	begun  time.Time // the first attempt
}

// standings returns where each task stands.
func (s *spool) standings() ([]standing, error) {
	all := make([]standing, s.tasks().Len())
	now, err := s.now()
	if err != nil {
		return nil, err
	}
	for task := range all {
		if _, err := s.loadDone(task); err == nil {
			all[task] = standing{state: done, chunks: s.chunks(task).Len()}
		}
	}
	dirs, err := os.ReadDir(s.path(attemptDir))
	if err != nil {
		return nil, err
	}
	for _, d := range dirs {
		task, err := strconv.Atoi(d.Name())
		if err != nil || task < 0 || task >= len(all) || all[task].state == done {
			continue
		}
		if err := s.look(task, &all[task], now); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// look finds out where a task stands that is not done, by the files of its attempts.
func (s *spool) look(task int, t *standing, now time.Time) error {
	files, err := os.ReadDir(s.attempts(task))
	if err != nil {
		return err
	}
	var last time.Time // that an attempt failed
	n := s.chunks(task).Len()
	for _, f := range files {
		path := filepath.Join(s.attempts(task), f.Name())
		info, err := f.Info()
		if err != nil {
			continue // gone since
		}
		switch filepath.Ext(f.Name()) {
		case journalExt:
			if j, err := journal.Load(path, s.header(task), n); err == nil {
				t.chunks = max(t.chunks, recorded(j, n))
			}
			if begun, ok := beginOf(f.Name()); ok && (t.begun.IsZero() || begun.Before(t.begun)) {
				t.begun = begun
			}
		case aliveExt:
			if info.ModTime().After(t.heard) {
				t.heard = info.ModTime()
			}
		case failedExt:
			if b, err := os.ReadFile(path); err == nil && info.ModTime().After(last) {
				last = info.ModTime()
				t.reason, _, _ = strings.Cut(string(b), "\n")
			}
		}
	}
	switch {
	case !t.heard.IsZero() && now.Sub(t.heard) < staleAfter*beatEvery:
		t.state = running
	case t.heard.After(last): // an attempt after the one that failed
		t.state = stale
	case !last.IsZero():
		t.state = failed
	}
	return nil
}

// now returns the time of the machine that has the spool's disk.
func (s *spool) now() (time.Time, error) {
	f, err := os.CreateTemp(s.dir, ".now-")
	if err != nil {
		return time.Time{}, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return time.Time{}, err
	}
	return info.ModTime(), nil
}

// beginOf returns when the attempt began, by its own clock.
func beginOf(name string) (t time.Time, ok bool) {
	name = strings.TrimSuffix(name, filepath.Ext(name))
	ns, err := strconv.ParseInt(name[strings.LastIndexByte(name, '-')+1:], 10, 64)
	return time.Unix(0, ns), err == nil
}

// report writes where the run stands, for a person, and reports whether it is done.
func (s *spool) report(w io.Writer) (finished bool, err error) {
	all, err := s.standings()
	if err != nil {
		return false, err
	}
	var tasks [states][]int
	chunks, total, begun := 0, 0, time.Time{}
	for task, t := range all {
		tasks[t.state] = append(tasks[t.state], task)
		chunks += t.chunks
		total += s.chunks(task).Len()
		if !t.begun.IsZero() && (begun.IsZero() || t.begun.Before(begun)) {
			begun = t.begun
		}
	}
	fmt.Fprintf(w, "kernel %s, [0,%d) in %d tasks, %d of %d chunks recorded", s.Kernel, s.Shape[0], len(all), chunks, total)
	if len(tasks[running]) > 0 && chunks > 0 && chunks < total {
		left := time.Duration(float64(time.Since(begun)) / float64(chunks) * float64(total-chunks))
		fmt.Fprintf(w, ", about %v left", round(left))
	}
	fmt.Fprintln(w)
	for st := states - 1; st >= 0; st-- {
		if len(tasks[st]) > 0 {
			fmt.Fprintf(w, "%-8v%6d  %s\n", st, len(tasks[st]), ranges(tasks[st], 0))
		}
	}
	shown := slices.Concat(tasks[failed], tasks[stale])
	for _, task := range shown[:min(len(shown), 20)] {
		t := all[task]
		reason := cmp.Or(t.reason, fmt.Sprintf("no sign of life since %s", t.heard.Format(time.DateTime)))
		fmt.Fprintf(w, "task %d: %s\n", task, reason)
	}
	if n := len(shown) - 20; n > 0 {
		fmt.Fprintf(w, "and %d more\n", n)
	}
	if s.isSealed() {
		fmt.Fprintf(w, "sealed: %s\n", s.Output)
	}
	return len(tasks[done]) == len(all), nil
}

// round returns d in a precision that suits an estimate.
func round(d time.Duration) time.Duration {
	switch {
	case d > time.Hour:
		return d.Round(time.Minute)
	case d > time.Second:
		return d.Round(time.Second)
	}
	return d.Round(time.Millisecond)
}
