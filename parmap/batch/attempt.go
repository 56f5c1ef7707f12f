package batch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"

	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/internal/journal"
	"github.com/parfor-go/parfor/parmap/internal/kernel"
)

// errStopped says that an attempt was asked to stop, and has finished its chunks.
var errStopped = errors.New("stopped")

// errSealed says that the array has its name: the rows are whole, and the user's now.
var errSealed = errors.New("sealed")

// An attempt is this process at a task.
//
// Invariants: a chunk is recorded when its rows are in the partial file, and synced, as
// the body left them in the attempt's own memory. Before rows are written no record is
// left that says other rows are there: if they could not be synced they would be in the
// system's memory alone, and the record be right of them. Whoever else is at the task
// writes the same bytes.
type attempt struct {
	*spool
	task    int
	name    string           // that no other attempt at the task has
	rows    rowFile          // the partial file
	journal *journal.Journal // its own
	log     *os.File         // that the journal is in, whatever name that has now
	sums    []uint32         // by chunk
	known   []bool           // by chunk: it is recorded, and its rows have that sum
	aside   int              // how many records it has set aside
	before  int              // how many chunks others have recorded
	stopped atomic.Bool      // it was asked to begin no more chunks
}

// begin returns an attempt at a task, which has a directory for its files.
func (s *spool) begin(task int) (*attempt, error) {
	dir := s.attempts(task)
	segment.Enter("mkdirat", dir)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	if err := segment.SyncDir(dir); err != nil {
		return nil, err
	}
	return &attempt{spool: s, task: task, name: attemptName()}, nil
}

// file returns the path of one of the attempt's files.
func (a *attempt) file(ext string) string { return filepath.Join(a.attempts(a.task), a.name+ext) }

// run does the task: what no attempt has recorded, and then the record that it is done.
func (a *attempt) run(ctx context.Context, c *kernel.Call) (err error) {
	// Before the rows are opened: those that are recorded are then seen, on a network
	// file system too.
	records, err := a.records(a.task)
	if err != nil {
		return err
	}
	a.rows, err = a.openPartial(os.O_RDWR)
	if errors.Is(err, os.ErrNotExist) && a.isSealed() {
		return nil // somebody else was first
	}
	if err != nil {
		return err
	}
	defer a.rows.Close()
	wrong, err := a.adopt(ctx, records)
	if err != nil {
		return err
	}
	if a.journal, a.log, err = journal.CreateFile(a.file(journalExt), a.header(a.task), len(a.known)); err != nil {
		return err
	}
	defer a.log.Close()
	adopted := a.adopted()
	a.before = len(adopted)
	if err := a.journal.Commit(adopted, a.rows.Sync); err != nil {
		return err
	}
	for _, r := range wrong {
		if err := a.setAside(r); err != nil {
			return err
		}
	}
	keeper := journal.NewKeeper(a.journal, a.rows.Sync, func(err error) error { return err })
	err = keeper.Run(ctx, func(ctx context.Context) error { return a.compute(ctx, c, keeper.Take) })
	if errors.Is(err, errSealed) {
		return nil
	}
	if err != nil {
		return err
	}
	return a.finish()
}

// adopted returns the chunks that other attempts have recorded, for the attempt's own
// journal, which is to have all.
func (a *attempt) adopted() (all []journal.Record) {
	for chunk, known := range a.known {
		if known {
			all = append(all, journal.Record{Cell: chunk, Sum: a.sums[chunk]})
		}
	}
	return all
}

// adopt finds what other attempts have recorded, as far as the rows are there, and
// returns the records that are wrong of some.
func (a *attempt) adopt(ctx context.Context, records []record) (wrong []record, err error) {
	if c := a.conflict(a.task, records); c != nil {
		return nil, c
	}
	records = slices.DeleteFunc(records, record.isAside)
	n := a.chunks(a.task).Len()
	a.sums, a.known = make([]uint32, n), make([]bool, n)
	isWrong := make([]atomic.Bool, len(records))
	err = parmap.ForErr(ctx, n, func(_ context.Context, chunk int) error {
		read := false
		for i, r := range records {
			want, ok := r.journal.Recorded(chunk)
			if !ok {
				continue
			}
			if !read {
				sum, err := a.rows.sum(a.rowsOf(a.task, chunk), a.task)
				if err != nil {
					return err
				}
				a.sums[chunk], read = sum, true
			}
			if want == a.sums[chunk] {
				a.known[chunk] = true
			} else {
				isWrong[i].Store(true)
			}
		}
		return nil
	})
	for i, r := range records {
		if isWrong[i].Load() {
			wrong = append(wrong, r)
		}
	}
	return wrong, err
}

// compute runs the chunks that are not known, and writes their rows. The error is
// errStopped if it has left some out because it was asked to.
func (a *attempt) compute(ctx context.Context, c *kernel.Call, take func(chunk int, sum uint32)) error {
	var todo []int
	for chunk, known := range a.known {
		if !known {
			todo = append(todo, chunk)
		}
	}
	args, out := c.In(0, c.N), c.Outputs[0]
	var left atomic.Bool // some chunk
	err := parmap.ForErr(ctx, len(todo), func(ctx context.Context, i int) error {
		if a.stopped.Load() {
			left.Store(true)
			return nil // an error would cancel those under way
		}
		r := a.rowsOf(a.task, todo[i])
		sum, err := computed(ctx, c.Entry, args, out, r)
		if err != nil {
			return err
		}
		if !a.rows.isPartial() {
			return errSealed
		}
		if _, err := a.rows.WriteAt(out.Bytes[r.Lo*out.Row:r.Hi*out.Row], a.rows.at(r.Lo, a.task)); err != nil {
			return err
		}
		take(todo[i], sum)
		return nil
	}, parmap.Workers(c.Workers), parmap.Dynamic, parmap.Grain(1))
	var e *parmap.ChunkError
	if errors.As(err, &e) { // of which it knows the number
		r := a.rowsOf(a.task, todo[e.Lo])
		return &parmap.ChunkError{Lo: r.Lo, Hi: r.Hi, Attempts: 1, Err: e.Err}
	}
	if err == nil && left.Load() {
		err = errStopped
	}
	return err
}

// fail writes down why the attempt has failed, if it has.
func (a *attempt) fail(err error) error {
	if err == nil || err == errStopped {
		return err
	}
	return errors.Join(err, a.failed(err))
}

// failed writes down why an attempt has failed.
func (a *attempt) failed(why error) error {
	return segment.CreateFile(a.file(failedExt), fmt.Appendf(nil, "%v\n", why))
}

// finish makes the record that the task is done, if there is none.
func (a *attempt) finish() error {
	b, err := io.ReadAll(io.NewSectionReader(a.log, 0, math.MaxInt64))
	if err != nil {
		return err
	}
	done := a.path(doneDir, of(a.task))
	for {
		err := segment.CreateFile(done, b)
		if !errors.Is(err, os.ErrExist) {
			return err
		}
		info, err := os.Stat(done) // before it is read: a later one is not set aside
		if err == nil {
			var first *journal.Journal
			if first, err = a.loadDone(a.task); err == nil {
				return a.compare(first)
			}
		}
		if errors.Is(err, os.ErrNotExist) { // another attempt has just set it aside
			continue
		}
		if !isDamage(err) {
			return err
		}
		if err := a.setAside(record{path: done, info: info}); err != nil {
			return err
		}
	}
}

// compare returns an error if the attempt has not found what another has, which was
// first: the body's result then depends on more than the index.
func (a *attempt) compare(first *journal.Journal) error {
	for chunk := range a.known {
		mine, _ := a.journal.Recorded(chunk)
		if theirs, _ := first.Recorded(chunk); mine != theirs {
			return &rowsError{a.task, a.rowsOf(a.task, chunk), differs}
		}
	}
	return nil
}
