// Package loopflag has the flags that the examples' loops have in common: -workers and
// -schedule.
package loopflag

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/parfor-go/parfor/parmap"
)

// A Set is the flags of a program, those of the loop among them.
type Set struct {
	*flag.FlagSet
	workers  int
	schedule parmap.Schedule
}

// New returns a Set with -workers, which is described so, and -schedule.
func New(program, workers string) *Set {
	s := &Set{FlagSet: flag.NewFlagSet(program, flag.ContinueOnError)}
	s.SetOutput(io.Discard)
	s.IntVar(&s.workers, "workers", 0, workers+"; 0: PARFOR_WORKERS or else GOMAXPROCS")
	s.Func("schedule", "`rule` that hands out the rows: auto, static, dynamic, guided or serial", func(text string) error {
		for known := parmap.Auto; known <= parmap.Serial; known++ {
			if strings.EqualFold(text, known.String()) {
				s.schedule = known
				return nil
			}
		}
		return errors.New("want auto, static, dynamic, guided or serial")
	})
	return s
}

// Parse is FlagSet's, but that it refuses what is no flag, and writes to stdout what the
// user has asked for by -h; the error is flag.ErrHelp then.
func (s *Set) Parse(args []string, stdout io.Writer) error {
	err := s.FlagSet.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(stdout, "usage: %s [flags]\n", s.Name())
		s.SetOutput(stdout)
		s.PrintDefaults()
	}
	switch {
	case err != nil:
		return err
	case s.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", s.Arg(0))
	case s.workers < 0:
		return fmt.Errorf("-workers %d: negative", s.workers)
	}
	return nil
}

// Options returns what the flags of the loop say.
func (s *Set) Options() []parmap.Option {
	return []parmap.Option{parmap.Workers(s.workers), s.schedule}
}
