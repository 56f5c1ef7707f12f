package batch

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// A state is what a task is in, as far as the spool tells.
type state int

const (
	waiting state = iota // nobody has begun it, or the last attempt stopped when it was asked to
	running              // an attempt lives
	stale                // the last attempt has not been heard of for a minute, or its process is gone
	failed               // the last attempt has said why
	done                 // there is a record of every chunk
	states
)

func (s state) String() string {
	return [states]string{"waiting", "running", "stale", "failed", "done"}[s]
}

// A standing is where a task stands.
type standing struct {
	state
	chunks int     // that are recorded
	rate   float64 // of the attempts that live, in chunks a second
	reason string  // why it failed, or is stale
}

// standings returns where each task stands.
func (s *spool) standings() ([]standing, error) {
	all := make([]standing, s.tasks().Len())
	now := s.now()
	for task := range all {
		if _, err := s.loadDone(task); err == nil {
			all[task] = standing{state: done, chunks: s.chunks(task).Len()}
			continue
		}
		attempts, err := s.sightings(task)
		if err != nil {
			return nil, err
		}
		all[task] = stand(attempts, now)
	}
	return all, nil
}

// stand returns where a task stands that is not done and has had these attempts.
func stand(attempts []*sighting, now time.Time) (t standing) {
	for _, a := range attempts {
		if a.lives(now) {
			t.state = running
			// What it has from others it has not computed.
			if age := now.Sub(a.alive.Begun).Seconds(); !a.alive.Begun.IsZero() && age > 0 {
				t.rate += float64(max(0, a.chunks-t.chunks)) / age
			}
		}
		t.chunks = max(t.chunks, a.chunks)
	}
	if t.state == running || len(attempts) == 0 {
		return t
	}
	switch last := attempts[len(attempts)-1]; {
	case last.reason != "":
		t.state, t.reason = failed, last.reason
	case !last.heard.IsZero():
		t.state, t.reason = stale, "no sign of life since "+last.heard.Format(time.DateTime)
		if gone, _ := last.alive.isGone(); gone {
			t.reason = fmt.Sprintf("process %d is gone", last.alive.PID)
		}
	}
	return t
}

// report writes where the run stands, for a person, and returns the tasks by their state.
func (s *spool) report(w io.Writer) (tasks [states][]int, err error) {
	all, err := s.standings()
	if err != nil {
		return tasks, err
	}
	chunks, total, rate := 0, 0, 0.0
	for task, t := range all {
		tasks[t.state] = append(tasks[t.state], task)
		chunks += t.chunks
		rate += t.rate
		total += s.chunks(task).Len()
	}
	fmt.Fprintf(w, "kernel %s, [0,%d) in %s, %d of %d chunks recorded", s.Kernel, s.Shape[0], number(len(all), "task"), chunks, total)
	if rate > 0 {
		left := time.Duration(float64(total-chunks) / rate * float64(time.Second))
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
		fmt.Fprintf(w, "task %d: %s\n", task, all[task].reason)
	}
	if n := len(shown) - 20; n > 0 {
		fmt.Fprintf(w, "and %d more\n", n)
	}
	if s.isSealed() {
		fmt.Fprintf(w, "sealed: %s\n", s.Output)
	}
	return tasks, nil
}

// number returns n things of a name, as text.
func number(n int, name string) string {
	if n != 1 {
		name += "s"
	}
	return fmt.Sprintf("%d %s", n, name)
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
