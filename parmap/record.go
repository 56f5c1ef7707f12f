package parmap

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/parfor-go/parfor/chunk"
	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap/internal/journal"
	"github.com/parfor-go/parfor/parmap/internal/kernel"
)

// lockFor is how long a run waits for a journal that is in use. The workers of a
// parent that was killed end within 20 ms, if the machine is not busy. Tests change
// it.
var lockFor = 2 * time.Second

// lockLook is how often it looks.
const lockLook = 10 * time.Millisecond

// A recording is the run of a kernel with a journal. See internal/journal/README.md.
type recording struct {
	name    string // the journal's, as in errors
	path    string // absolute: a body can change the directory
	journal *journal.Journal
	lock    *os.File // the journal's
	grid    chunk.Grid
	outputs []kernel.Output
	files   []file
	done    []bool // by cell: before this run
	todo    []int  // the other cells
}

// A fileRows is Rows in a file.
type fileRows interface {
	Rows
	Path() string
	Sync() error
}

// A file is an output of a run with a journal.
type file struct {
	fileRows
	path     string   // absolute
	mapped   *os.File // what the rows are in; nil: nobody knows
	readOnly bool
}

// check returns an error if the file has not its name any more: what is written is then
// lost when it is closed.
func (f file) check() error {
	if f.mapped == nil {
		return nil
	}
	err := journal.Check(f.mapped, f.path)
	if errors.Is(err, journal.ErrMoved) {
		return fmt.Errorf("%s was %w", f.Path(), err)
	}
	return err
}

// runRecorded runs call with the journal. body is what goroutines run.
func (c *runConfig) runRecorded(ctx context.Context, call *kernel.Call, body func(ctx context.Context, lo, hi int) error, set config) error {
	if ctx.Err() != nil {
		set.nothing(call.N)
		return context.Cause(ctx)
	}
	r, err := c.recording(ctx, call, set)
	if err != nil || call.N == 0 {
		set.nothing(call.N)
		return err
	}
	defer r.close()
	set.total, set.before = call.N, call.N-r.left()
	if len(r.todo) == 0 {
		set.nothing(call.N)
		return nil
	}
	keeper := journal.NewKeeper(r.journal, r.sync, func(err error) error { return journalError(r.name, err) })
	return keeper.Run(ctx, func(ctx context.Context) error {
		if c.backend != nil {
			call.Log = &kernel.Log{Lock: r.lock, Skip: func(cell int) bool { return r.done[cell] }, Done: keeper.Take}
			return c.runOn(ctx, call, set)
		}
		set.grain, set.scattered = 0, true
		return runErr(ctx, len(r.todo), r.bodies(body, keeper.Take), set)
	})
}

// recording returns the recording of call, which knows what is to be done. Its journal is
// open, unless n is 0.
func (c *runConfig) recording(ctx context.Context, call *kernel.Call, set config) (*recording, error) {
	r, err := c.newRecording(call, set)
	if err != nil {
		return nil, journalError(c.journal.Path, err)
	}
	if call.N == 0 {
		return r, nil
	}
	if err := r.open(ctx, call, c.journal.Version); err != nil {
		return nil, err
	}
	err = r.resume(ctx, set)
	if err == nil && len(r.todo) > 0 {
		if err = r.writable(); err != nil {
			err = journalError(r.name, err)
		}
	}
	if err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

// left returns how many indices are to be run.
func (r *recording) left() (n int) {
	for _, cell := range r.todo {
		n += r.grid.At(cell).Len()
	}
	return n
}

// newRecording returns the recording of call.
func (c *runConfig) newRecording(call *kernel.Call, set config) (*recording, error) {
	path, err := segment.Absolute(c.journal.Path)
	if err != nil {
		return nil, err
	}
	r := &recording{name: c.journal.Path, path: path, grid: kernel.Grid(call.N, set.grain), outputs: call.Outputs}
	for i, o := range c.outputs {
		f, ok := o.(fileRows)
		if !ok || f.Path() == "" {
			return nil, fmt.Errorf("%w: output %d is in none", ErrJournalOutput, i)
		}
		path, err := segment.Absolute(f.Path())
		if err != nil {
			return nil, err
		}
		object, _, mapped, ok := segment.Describe(o.RowBytes(0, call.N))
		r.files = append(r.files, file{f, path, mapped, ok && object.Mode == segment.ReadOnly})
	}
	if len(r.files) == 0 {
		return nil, ErrJournalOutput
	}
	return r, nil
}

// writable returns an error if the rows of an output cannot be written to, as those of a
// run that is complete need not be.
func (r *recording) writable() error {
	for i, f := range r.files {
		if f.readOnly {
			return fmt.Errorf("output %d is ReadOnly, and not complete", i)
		}
	}
	return nil
}

// open opens the journal, when nobody has it, and makes it if there is none.
func (r *recording) open(ctx context.Context, call *kernel.Call, version string) error {
	h, err := r.header(call, version)
	if err != nil {
		return journalError(r.name, err)
	}
	if _, err := os.Stat(r.path); errors.Is(err, os.ErrNotExist) {
		if err := r.writable(); err != nil {
			return journalError(r.name, err)
		}
	}
	for end := time.Now().Add(lockFor); ; {
		r.journal, r.lock, err = journal.OpenFile(r.path, h, r.grid.Len())
		if !errors.Is(err, journal.ErrInUse) || time.Now().After(end) {
			break
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(lockLook):
		}
	}
	if err != nil {
		return journalError(r.name, err)
	}
	return nil
}

// header says what run this is.
func (r *recording) header(call *kernel.Call, version string) (journal.Header, error) {
	arguments, err := kernel.Arguments(call.Args, r.outputs)
	if err != nil {
		return nil, fmt.Errorf("arguments of kernel %q: %w", call.Entry.Name, err)
	}
	h := journal.Header{
		{Name: "kernel", Value: call.Entry.Name},
		{Name: "version", Value: version},
		{Name: "n", Value: strconv.Itoa(call.N)},
		{Name: "grain", Value: strconv.Itoa(r.grid.At(0).Len())},
	}
	for i, f := range r.files {
		h = append(h, journal.Field{Name: "output" + strconv.Itoa(i), Value: fmt.Sprintf("%T %v", f.fileRows, f.Shape())})
	}
	// Last, as these have an array's shape in them too: a mismatch is the first field's.
	return append(h, arguments...), nil
}

// close gives the journal up. No body runs any more.
func (r *recording) close() {
	// Not an error: what is recorded is on the disk.
	_ = journal.Release(r.lock)
}

// resume finds out what is to be done: see journal.Resume. The rows of recorded cells are
// read in parallel.
func (r *recording) resume(ctx context.Context, set config) (err error) {
	var failed error
	each := func(check func(cell int)) error {
		failed = runErr(ctx, r.grid.Len(), &errBody{each: true, at: r.place(nil), f: func(_ context.Context, cell, _ int) error {
			check(cell)
			return nil
		}}, config{workers: set.workers, schedule: set.schedule})
		return failed
	}
	sum := func(cell int) uint32 {
		rows := r.grid.At(cell)
		return kernel.Sum(r.outputs, rows.Lo, rows.Hi)
	}
	r.done, err = r.journal.Resume(each, sum, r.sync)
	if failed != nil {
		return failed // as of any verb
	}
	if err != nil {
		return journalError(r.name, err)
	}
	for cell, done := range r.done {
		if !done {
			r.todo = append(r.todo, cell)
		}
	}
	return nil
}

// place returns the indices of a cell, or of several; cells is their numbers, nil: the
// numbers themselves.
func (r *recording) place(cells []int) func(lo, hi int) (int, int) {
	return func(lo, _ int) (int, int) {
		if cells != nil {
			lo = cells[lo]
		}
		rows := r.grid.At(lo)
		return rows.Lo, rows.Hi
	}
}

// bodies runs body for each cell of todo, and takes those that are done.
func (r *recording) bodies(body func(ctx context.Context, lo, hi int) error, take func(cell int, sum uint32)) *errBody {
	return &errBody{each: true, at: r.place(r.todo), f: func(ctx context.Context, i, _ int) error {
		cell := r.todo[i]
		rows := r.grid.At(cell)
		if err := body(ctx, rows.Lo, rows.Hi); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx) // it may have given up, whatever it says
		}
		take(cell, kernel.Sum(r.outputs, rows.Lo, rows.Hi))
		return nil
	}}
}

// sync returns when the rows of all outputs are on the disk. It is an error if they or
// the journal are not where another run would look for them.
func (r *recording) sync() error {
	if err := journal.Check(r.lock, r.path); err != nil {
		return err
	}
	for _, f := range r.files {
		if err := f.check(); err != nil {
			return err
		}
		if err := f.Sync(); err != nil {
			return err
		}
	}
	return nil
}
