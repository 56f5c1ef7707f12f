package batch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/internal/journal"
	"github.com/parfor-go/parfor/parmap/internal/kernel"
)

// beatEvery is how often an attempt shows that it lives. Tests change it.
var beatEvery = 10 * time.Second

// errStopped says that an attempt was asked to stop, and has finished its chunks.
var errStopped = errors.New("stopped")

// An attempt is this process at a task.
//
// Invariant: a chunk is recorded when its rows are in the partial file, and synced, as
// the body left them in the attempt's own memory. Whoever else is at the task writes
// the same bytes.
type attempt struct {
	*spool
	task    int
	name    string      // that no other attempt at the task has
	rows    rowFile     // the partial file
	sums    []uint32    // by chunk
	known   []bool      // by chunk: it is recorded, and its rows have that sum
	stopped atomic.Bool // it was asked to begin no more chunks
}

// run does the task: what no attempt has recorded, and then the record that it is done.
func (a *attempt) run(ctx context.Context, c *kernel.Call) (err error) {
	if a.rows, err = a.openPartial(os.O_RDWR); err != nil {
		return err
	}
	defer a.rows.Close()
	if err := a.adopt(); err != nil {
		return err
	}
	j, f, err := journal.OpenFile(a.file(journalExt), a.header(a.task), len(a.known))
	if err != nil {
		return err
	}
	defer f.Close()
	stopBeating := a.beat()
	defer stopBeating()
	keeper := journal.NewKeeper(j, a.rows.Sync, func(err error) error { return err })
	err = keeper.Run(ctx, func(ctx context.Context) error {
		for chunk, known := range a.known {
			if known {
				keeper.Take(chunk, a.sums[chunk]) // so that the journal has all
			}
		}
		return a.compute(ctx, c, keeper.Take)
	})
	if err != nil {
		return err
	}
	return a.finish()
}

// adopt finds what other attempts have recorded, as far as the rows are there.
func (a *attempt) adopt() error {
	n := a.chunks(a.task).Len()
	a.sums, a.known = make([]uint32, n), make([]bool, n)
	journals := []string{a.path(doneDir, of(a.task))}
	files, err := os.ReadDir(a.attempts(a.task))
	if err != nil {
		return err
	}
	for _, f := range files {
		if filepath.Ext(f.Name()) == journalExt {
			journals = append(journals, filepath.Join(a.attempts(a.task), f.Name()))
		}
	}
	for _, path := range journals {
		j, err := journal.Load(path, a.header(a.task), n)
		if err != nil {
			continue // not there, or damaged: then nobody believes it
		}
		for chunk := range n {
			sum, ok := j.Recorded(chunk)
			if !ok || a.known[chunk] {
				continue
			}
			found, err := a.rows.sum(a.rowsOf(a.task, chunk), a.task)
			if err != nil {
				return err
			}
			a.sums[chunk], a.known[chunk] = sum, found == sum
		}
	}
	return nil
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
		if err == nil {
			err = ctx.Err() // it may have given up, whatever it says
		}
		if err != nil {
			return err
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
	text := fmt.Appendf(nil, "%v\n", err)
	return errors.Join(err, segment.CreateFile(a.file(failedExt), text))
}

// finish makes the record that the task is done, if there is none.
func (a *attempt) finish() error {
	b, err := os.ReadFile(a.file(journalExt))
	if err != nil {
		return err
	}
	done := a.path(doneDir, of(a.task))
	for {
		err := segment.CreateFile(done, b)
		if !errors.Is(err, os.ErrExist) {
			return err
		}
		first, err := a.loadDone(a.task)
		if err == nil {
			return a.compare(first)
		}
		if errors.Is(err, os.ErrNotExist) { // another attempt has just set it aside
			continue
		}
		if !isDamage(err) {
			return err
		}
		if err := a.setAside(done); err != nil {
			return err
		}
	}
}

// compare returns an error if the attempt has not found what another has, which was
// first: the body's result then depends on more than the index.
func (a *attempt) compare(first *journal.Journal) error {
	mine, err := journal.Load(a.file(journalExt), a.header(a.task), len(a.known))
	if err != nil {
		return err
	}
	for chunk := range a.known {
		x, _ := mine.Recorded(chunk)
		if y, _ := first.Recorded(chunk); x != y {
			return &rowsError{a.task, a.rowsOf(a.task, chunk), differs}
		}
	}
	return nil
}

// setAside takes a damaged record from its place. If another attempt has put a good one
// there meanwhile, it comes back.
func (a *attempt) setAside(done string) error {
	aside := a.file(damagedExt)
	err := os.Rename(done, aside)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := a.loadRecord(aside, a.task); err != nil {
		return nil
	}
	if err := os.Link(aside, done); !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}

// beat shows that the attempt lives, by the time of a file, until stop is called.
func (a *attempt) beat() (stop func()) {
	path := a.file(aliveExt)
	show := func() {
		// Written, not touched: the time is then that of the file's machine. If it
		// cannot be, the attempt looks stale, and goes on.
		_ = os.WriteFile(path, []byte(time.Now().Format(time.RFC3339)+"\n"), 0o666)
	}
	show()
	over, joined := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(joined)
		for {
			select {
			case <-over:
				return
			case <-time.After(beatEvery):
				show()
			}
		}
	}()
	return func() {
		close(over)
		<-joined
		_ = os.Remove(path)
	}
}

// begin returns an attempt at a task, which has a directory for its files.
func (s *spool) begin(task int) (*attempt, error) {
	if err := os.MkdirAll(s.attempts(task), 0o777); err != nil {
		return nil, err
	}
	return &attempt{spool: s, task: task, name: attemptName()}, nil
}

// file returns the path of one of the attempt's files.
func (a *attempt) file(ext string) string { return filepath.Join(a.attempts(a.task), a.name+ext) }

// attemptName returns a name that no other attempt has.
func attemptName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	host, _, _ = strings.Cut(host, ".")
	return fmt.Sprintf("%s-%d-%d", host, os.Getpid(), time.Now().UnixNano())
}
