package parmap

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/parfor-go/parfor/internal/sched"
	"github.com/parfor-go/parfor/parmap/internal/kernel"
)

// A RunOption changes how a kernel runs. Every [Option] is one.
type RunOption interface{ runOption() }

// An Option changes how a verb runs: who runs the bodies, in what chunks, what
// follows an error. Options are plain values: they print, compare, and can be
// kept in variables. Of two of the same kind the later wins; one that does not
// concern a verb has no effect on it.
type Option interface {
	RunOption
	option()
}

// Workers is the largest number of bodies that run at once. 0, the default,
// means PARFOR_WORKERS, or else GOMAXPROCS; 1 runs everything in the caller,
// in ascending order. A negative number panics.
//
// More than the default is honoured, for bodies that wait on a disk or a
// network: the verb then starts goroutines of its own, which costs about a
// microsecond each. Workers limits this call alone, not the loops that its
// bodies start.
type Workers int

// Grain is the fewest neighbouring indices that are handed out at once (but
// for the end of the range, where fewer may be left). 0 leaves it to the verb
// and the schedule. Of [ForTile] it is the edge of a tile; of [Reduce] and [Scan]
// the size of the chunks whose results are combined, on which the last bits of a
// floating-point result depend. A negative number panics.
type Grain int

// Window is the largest number of items that a [Stream] has taken from its
// source and not yet yielded. 0, the default, means two for each worker; a
// large window makes short items cheaper and evens out items of uneven cost. A
// negative number panics.
type Window int

// A Schedule is the rule that assigns chunks to workers. It changes how long a
// loop takes, never what it computes. [Scan] hands out in ascending order whatever
// it is, as it goes over each chunk twice and the second time needs those before it.
type Schedule int

const (
	// Auto gives each worker a block of neighbouring indices, which it runs an
	// eighth of the rest at a time; who has finished takes half of another's rest.
	// Where there are fewer than eight chunks of Grain for each worker, or more
	// than 1024 workers, it is Guided. It needs no knowledge of the loop and is the
	// default.
	Auto Schedule = iota
	// Static gives each worker one block, all of about one size, and nothing
	// is handed out twice: right for bodies of equal cost that gain from
	// finding the same indices on the same worker again. A worker that comes
	// late finds its block taken.
	Static
	// Dynamic hands out one chunk of Grain indices after the other, to whoever
	// asks, in ascending order. Without a Grain there are about 64 chunks for
	// each worker.
	Dynamic
	// Guided hands out 1/(2*workers) of what is left, but Grain indices at
	// least, in ascending order: few chunks, small ones at the end.
	Guided
	// Serial runs everything in the caller, in ascending order, like Workers(1).
	Serial
)

// String returns the name of s.
func (s Schedule) String() string {
	switch s {
	case Auto:
		return "Auto"
	case Static:
		return "Static"
	case Dynamic:
		return "Dynamic"
	case Guided:
		return "Guided"
	case Serial:
		return "Serial"
	}
	return "Schedule(?)"
}

// A Backend runs kernels elsewhere: a *proc.Pool.
type Backend interface{ kernel.Backend }

// On runs a kernel on b instead of goroutines. A nil b panics.
func On(b Backend) RunOption {
	if v := reflect.ValueOf(b); b == nil || v.Kind() == reflect.Pointer && v.IsNil() {
		panic("parmap: nil backend")
	}
	return on{b}
}

type on struct{ backend Backend }

// Rows is an array of numbers whose first axis a run goes along: a
// *shmarray.Array. RowBytes returns the memory of the indices [lo, hi) of that
// axis.
type Rows interface {
	Shape() []int
	RowBytes(lo, hi int) []byte
}

// Output says that chunk [lo, hi) of the run owns the rows [lo, hi) of each
// array: no other chunk writes them, and the chunk nothing else that matters.
// They are zeroed before every attempt, also the first, on every backend: a
// body that reads what it is to write finds zeros at once, not only after a
// crash. After a run with an error the rows of a chunk are as its body left them,
// zero if its worker died, and as before the run if no body began it.
//
// A later Output takes the place of an earlier one, as any option: name all
// arrays in one. A nil array panics; the run panics if an array has not a row for
// each index, or if two arrays overlap that have not the same rows.
func Output(a ...Rows) RunOption {
	for _, r := range a {
		if v := reflect.ValueOf(r); r == nil || v.Kind() == reflect.Pointer && v.IsNil() {
			panic("parmap: nil output")
		}
	}
	return output(a)
}

type output []Rows

func (on) runOption()     {}
func (output) runOption() {}

// A Mode is an Option that is on or off.
type Mode int

const (
	// CollectErrors makes an Err verb run everything in spite of errors and
	// return all of them, joined by errors.Join in index order. A cancelled
	// context still ends the run. errors.As finds the first of them alone; all
	// are in
	//
	//	err.(interface{ Unwrap() []error }).Unwrap()
	CollectErrors Mode = iota + 1
	// Unordered makes a Stream yield each result as soon as it is there.
	Unordered
)

// String returns the name of m.
func (m Mode) String() string {
	switch m {
	case CollectErrors:
		return "CollectErrors"
	case Unordered:
		return "Unordered"
	}
	return "Mode(?)"
}

func (Workers) runOption()  {}
func (Workers) option()     {}
func (Grain) runOption()    {}
func (Grain) option()       {}
func (Window) runOption()   {}
func (Window) option()      {}
func (Schedule) runOption() {}
func (Schedule) option()    {}
func (Mode) runOption()     {}
func (Mode) option()        {}

// config is what the options of a call come to.
type config struct {
	workers   int // 0: default
	grain     int // 0: default
	window    int // 0: default
	schedule  sched.Kind
	collect   bool
	unordered bool
	progress  func(Progress)  // nil: none
	stats     *Stats          // nil: none
	total     int             // what progress counts; 0: what the verb runs over
	before    int             // of that, done before this run
	scattered bool            // no two cells are neighbours
	labelled  bool            // the context of an Err verb has labels for profiles
	caller    context.Context // ... and this one the caller's
}

// configure reads opts. It keeps none of them and calls none of their methods,
// so that the caller's option list can stay on its stack.
func configure(opts []Option) (c config) {
	for _, o := range opts {
		switch o := o.(type) {
		case Workers:
			if o < 0 {
				panic("parmap: negative workers")
			}
			c.workers = int(o)
		case Grain:
			if o < 0 {
				panic("parmap: negative grain")
			}
			c.grain = int(o)
		case Window:
			if o < 0 {
				panic("parmap: negative window")
			}
			c.window = int(o)
		case Schedule:
			if o < Auto || o > Serial {
				panic("parmap: unknown schedule")
			}
			c.schedule = sched.Kind(o)
		case Mode:
			switch o {
			case CollectErrors:
				c.collect = true
			case Unordered:
				c.unordered = true
			default:
				panic("parmap: unknown mode")
			}
		case onProgress:
			c.progress = o.to.f
		case record:
			c.stats = o.stats
		case nil:
			panic("parmap: nil option")
		}
	}
	return c
}

// runConfig is what the options of a kernel's run come to.
type runConfig struct {
	options []Option
	backend Backend // nil: goroutines
	outputs []Rows
	journal *Journal // nil: none
}

func configureRun(opts []RunOption) (c runConfig) {
	for _, o := range opts {
		switch o := o.(type) {
		case Option:
			c.options = append(c.options, o)
		case on:
			c.backend = o.backend
		case output:
			c.outputs = o
		case Journal:
			if o.Path == "" {
				panic("parmap: journal without a path")
			}
			c.journal = &o
		default:
			panic("parmap: nil option")
		}
	}
	return c
}

// outputsOf returns the memory of the outputs of a run over [0, n).
func (c *runConfig) outputsOf(n int) ([]kernel.Output, error) {
	if n < 0 {
		panic("parmap: negative n")
	}
	all := make([]kernel.Output, 0, len(c.outputs))
	for i, a := range c.outputs {
		shape := a.Shape()
		if len(shape) == 0 || shape[0] != n {
			if c.journal != nil { // a file has the shape that it was made with
				return nil, journalError(c.journal.Path, fmt.Errorf("output %d has the shape %v, and n is %d", i, shape, n))
			}
			panic("parmap: an output has not n rows")
		}
		if b := a.RowBytes(0, n); len(b) > 0 {
			all = append(all, kernel.Output{Bytes: b, Row: len(b) / n})
		}
	}
	for i, o := range all {
		if slices.ContainsFunc(all[:i], o.Crosses) {
			panic("parmap: outputs overlap")
		}
	}
	return all, nil
}
