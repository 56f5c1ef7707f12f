// Package rounds runs programs in turn, and all of them again and again: so what
// changes on a machine in an hour meets all alike.
package rounds

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// A Unit is one start of a program that prints results.
type Unit struct {
	Name string // for people
	Argv []string
	Dir  string   // "" for the current one
	Env  []string // in place of this process's; nil for the same
}

// A Plan is units to run, each once a round: forward in the first round, backward
// in the second, and so on.
type Plan struct {
	Units  []Unit
	Rounds int
	// Out gets what a unit printed, when it has ended, unless it failed. An error
	// of it ends the run.
	Out func(unit int, printed []byte) error
	// Limit is the longest that a unit may take; 0 means ten minutes.
	Limit time.Duration
	// Progress is called before each unit, and at the end; it may be nil.
	Progress func(Progress)
}

// Progress is how far a run is.
type Progress struct {
	Round, Rounds int    // the first is 1
	Unit          string // that is about to run, "" at the end
	Done, Total   int    // units
	Left          time.Duration
}

// A Failure is a unit that did not end well. It is not run again.
type Failure struct {
	Unit  Unit
	Round int
	Err   error
	Tail  string // the last lines of what it printed
}

// String returns it without Tail, in one line.
func (f Failure) String() string {
	return fmt.Sprintf("%s: %v in round %d", f.Unit.Name, f.Err, f.Round)
}

// Run runs the plan. It returns early, with an error, if ctx ends or Out fails.
func (p Plan) Run(ctx context.Context) ([]Failure, error) {
	var failures []Failure
	took := make([]time.Duration, len(p.Units)) // the last time; below 0: it failed
	order := p.order()
	for at, k := range order {
		round := 1 + at/len(p.Units)
		p.report(Progress{Round: round, Unit: p.Units[k].Name, Done: at, Left: left(order[at:], took)})
		if took[k] < 0 {
			continue
		}
		start := time.Now()
		out, tail, err := p.Units[k].run(ctx, p.Limit)
		took[k] = time.Since(start)
		if ctx.Err() != nil {
			return failures, ctx.Err()
		}
		if err != nil {
			took[k] = -1
			failures = append(failures, Failure{p.Units[k], round, err, tail})
			continue
		}
		if err := p.Out(k, out); err != nil {
			return failures, err
		}
	}
	p.report(Progress{Round: p.Rounds, Done: len(order)})
	return failures, nil
}

// order returns the units of all rounds, one after the other.
func (p Plan) order() (order []int) {
	for round := range p.Rounds {
		for k := range p.Units {
			if round%2 == 1 {
				k = len(p.Units) - 1 - k
			}
			order = append(order, k)
		}
	}
	return order
}

func (p Plan) report(at Progress) {
	if p.Progress != nil {
		at.Rounds, at.Total = p.Rounds, p.Rounds*len(p.Units)
		p.Progress(at)
	}
}

// left estimates how long the units of order will take: as long as the last time,
// or what the others took on average. It is 0 before the first has run.
func left(order []int, took []time.Duration) (all time.Duration) {
	sum, known := time.Duration(0), 0
	for _, d := range took {
		if d > 0 {
			sum += d
			known++
		}
	}
	if known == 0 {
		return 0
	}
	for _, k := range order {
		switch d := took[k]; {
		case d > 0:
			all += d
		case d == 0:
			all += sum / time.Duration(known)
		}
	}
	return all
}

// run starts the unit and waits for its end.
func (u Unit) run(ctx context.Context, limit time.Duration) (out []byte, tail string, err error) {
	if limit == 0 {
		limit = 10 * time.Minute
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("still running after %v", limit))
	defer cancel()
	cmd := exec.CommandContext(ctx, u.Argv[0], u.Argv[1:]...)
	cmd.Dir, cmd.Env = u.Dir, u.Env
	// It is asked to end, so that it can end children of its own, and killed later.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	var all, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &all, &said
	if err = cmd.Run(); err != nil && context.Cause(ctx) != nil {
		err = context.Cause(ctx)
	}
	return all.Bytes(), lastLines(all.String()+said.String(), 10), err
}

func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
