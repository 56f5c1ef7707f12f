//go:build unix

package parmap_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/internal/journal"
	"github.com/parfor-go/parfor/shmarray"
)

type loggedArgs struct {
	Out   *floats
	Scale float64
}

// A diary is what the bodies of logged do beside their work, and what they did.
type diary struct {
	mu   sync.Mutex
	ran  []int // the first index of each chunk, in any order
	fail func(ctx context.Context, lo int) error
}

func (d *diary) write(ctx context.Context, lo int) error {
	d.mu.Lock()
	d.ran = append(d.ran, lo)
	d.mu.Unlock()
	if d.fail == nil {
		return nil
	}
	return d.fail(ctx, lo)
}

// today is whose bodies they are.
var today *diary

// logged writes the rows of a, and fails after that if its diary says so.
var logged = parmap.NewKernel("test: logged", func(ctx context.Context, lo, hi int, a loggedArgs) error {
	for i := lo; i < hi; i++ {
		for k := range a.Out.Row(i) {
			a.Out.Row(i)[k] += a.Scale * float64(10*i+k) // += shows that the rows were zeroed
		}
	}
	return today.write(ctx, lo)
})

// A logbook is a run with a journal, in files of a test.
type logbook struct {
	t       *testing.T
	out     *floats
	path    string
	version string
	scale   float64
	options []parmap.RunOption
}

const loggedRows, loggedGrain = 64, 4

func newLogbook(t *testing.T, options ...parmap.RunOption) *logbook {
	dir := t.TempDir()
	out, err := shmarray.Create[float64](filepath.Join(dir, "out.npy"), loggedRows, 3)
	require.NoError(t, err)
	t.Cleanup(func() { out.Close() })
	return &logbook{t: t, out: out, path: filepath.Join(dir, "journal"), version: "1", scale: 2,
		options: append(options, parmap.Grain(loggedGrain))}
}

// run runs the kernel until fail returns an error, and returns which chunks ran.
func (l *logbook) run(ctx context.Context, fail func(ctx context.Context, lo int) error) (ran []int, err error) {
	d := &diary{fail: fail}
	today = d
	err = logged.Run(ctx, l.out.Shape()[0], loggedArgs{l.out, l.scale}, append(slices.Clip(l.options),
		parmap.Output(l.out), parmap.Journal{Path: l.path, Version: l.version})...)
	slices.Sort(d.ran)
	return d.ran, err
}

// right requires that the array is what an undisturbed run makes.
func (l *logbook) right() {
	l.t.Helper()
	for i := range loggedRows {
		for k, v := range l.out.Row(i) {
			require.Equal(l.t, l.scale*float64(10*i+k), v, "row %d", i)
		}
	}
}

// files returns the contents of the array and the journal.
func (l *logbook) files() (out, log []byte) {
	l.t.Helper()
	log, err := os.ReadFile(l.path)
	require.NoError(l.t, err)
	return slices.Clone(l.out.RowBytes(0, l.out.Shape()[0])), log
}

// recorded returns the chunks that the journal has.
func (l *logbook) recorded() (done []int) {
	l.t.Helper()
	cells := loggedRows / loggedGrain
	j, err := journal.Load(l.path, nil, cells)
	require.NoError(l.t, err)
	for cell := range cells {
		if _, ok := j.Recorded(cell); ok {
			done = append(done, cell*loggedGrain)
		}
	}
	return done
}

// all is the first index of every chunk.
func all() (all []int) {
	for lo := 0; lo < loggedRows; lo += loggedGrain {
		all = append(all, lo)
	}
	return all
}

// without returns the chunks of all that are not in done.
func without(done []int) (rest []int) {
	return slices.DeleteFunc(all(), func(lo int) bool { return slices.Contains(done, lo) })
}

// TestJournalResumes ends a run in each way that leaves a program alive, and holds
// that the next computes what is missing and nothing else.
func TestJournalResumes(t *testing.T) {
	for how, fail := range map[string]func(ctx context.Context, cancel func(), lo int) error{
		"error":  func(context.Context, func(), int) error { return errBoom },
		"panic":  func(context.Context, func(), int) error { panicsHere(); return nil },
		"cancel": func(ctx context.Context, cancel func(), _ int) error { cancel(); <-ctx.Done(); return ctx.Err() },
	} {
		for _, workers := range []int{1, 2, 5} {
			for _, schedule := range []parmap.Schedule{parmap.Auto, parmap.Static, parmap.Dynamic, parmap.Guided, parmap.Serial} {
				t.Run(fmt.Sprint(how, workers, schedule), func(t *testing.T) {
					l := newLogbook(t, parmap.Workers(workers), schedule)
					ctx, cancel := context.WithCancel(bg)
					defer cancel()
					first, err := l.run(ctx, func(ctx context.Context, lo int) error {
						if lo >= 40 {
							return fail(ctx, cancel, lo)
						}
						return nil
					})
					require.Error(t, err)
					done := l.recorded()
					assert.Subset(t, first, done)
					assert.GreaterOrEqual(t, len(done), len(first)-workers, "all but those that failed or were under way")
					ran, err := l.run(bg, nil)
					require.NoError(t, err)
					assert.Equal(t, without(done), ran)
					l.right()
					ran, err = l.run(bg, nil)
					require.NoError(t, err)
					assert.Empty(t, ran, "a finished run")
					l.right()
				})
			}
		}
	}
}

// TestJournalComputesDamagedRows changes what was recorded.
func TestJournalComputesDamagedRows(t *testing.T) {
	l := newLogbook(t)
	ran, err := l.run(bg, nil)
	require.NoError(t, err)
	require.Equal(t, all(), ran)
	for i := range loggedRows {
		l.out.RowBytes(i, i+1)[i%24] ^= 1 << (i % 8)
		ran, err := l.run(bg, nil)
		require.NoError(t, err)
		require.Equal(t, []int{i / loggedGrain * loggedGrain}, ran)
		l.right()
	}
}

// TestJournalWithAnotherRunsFile puts the file of another run, of the same shape, in the
// place of a run's array, and then that of its journal.
func TestJournalWithAnotherRunsFile(t *testing.T) {
	l, other := newLogbook(t), newLogbook(t)
	other.scale = 3
	for _, l := range []*logbook{l, other} {
		_, err := l.run(bg, nil)
		require.NoError(t, err)
		require.NoError(t, l.out.Sync())
		require.NoError(t, l.out.Close())
	}
	require.NoError(t, os.Rename(other.out.Path(), l.out.Path()))
	swapped, err := shmarray.Open[float64](l.out.Path(), shmarray.ReadWrite)
	require.NoError(t, err)
	defer swapped.Close()
	l.out = swapped
	ran, err := l.run(bg, nil)
	require.NoError(t, err)
	assert.Equal(t, all(), ran, "no row of the other run's is believed")
	l.right()

	require.NoError(t, os.Rename(other.path, l.path))
	before, _ := l.files()
	ran, err = l.run(bg, nil)
	assert.ErrorIs(t, err, parmap.ErrJournalMismatch)
	assert.ErrorContains(t, err, `: arguments.Scale is float64 3 there, float64 2 here; remove the file to begin anew`)
	assert.Empty(t, ran)
	after, _ := l.files()
	assert.Equal(t, before, after)
}

// TestJournalOfAnotherRun changes each thing that the journal remembers.
func TestJournalOfAnotherRun(t *testing.T) {
	l := newLogbook(t)
	_, err := l.run(bg, func(_ context.Context, lo int) error {
		if lo == 20 {
			return errBoom
		}
		return nil
	})
	require.ErrorIs(t, err, errBoom)
	create := func(rows, columns int) *floats {
		a, err := shmarray.Create[float64](filepath.Join(t.TempDir(), "other.npy"), rows, columns)
		require.NoError(t, err)
		t.Cleanup(func() { a.Close() })
		return a
	}
	n, shape := create(loggedRows+1, 3), create(loggedRows, 4)
	ints, err := shmarray.Create[int64](filepath.Join(t.TempDir(), "ints.npy"), loggedRows, 3)
	require.NoError(t, err)
	defer ints.Close()
	whole := slices.Clip(append(l.options, parmap.Output(l.out), parmap.Journal{Path: l.path, Version: "1"}))
	args := loggedArgs{l.out, l.scale}
	for field, run := range map[string]func() error{
		"kernel": func() error { return alsoLogged.Run(bg, loggedRows, args, whole...) },
		"version": func() error {
			return logged.Run(bg, loggedRows, args, append(whole, parmap.Journal{Path: l.path, Version: "2"})...)
		},
		"arguments.Scale": func() error { return logged.Run(bg, loggedRows, loggedArgs{l.out, 3}, whole...) },
		"n": func() error {
			return logged.Run(bg, loggedRows+1, loggedArgs{n, l.scale}, append(whole, parmap.Output(n))...)
		},
		"grain": func() error { return logged.Run(bg, loggedRows, args, append(whole, parmap.Grain(5))...) },
		"output0": func() error {
			return logged.Run(bg, loggedRows, loggedArgs{shape, l.scale}, append(whole, parmap.Output(shape))...)
		},
		"output0 ": func() error {
			return logged.Run(bg, loggedRows, args, append(whole, parmap.Output(ints))...)
		},
		"output1": func() error { return logged.Run(bg, loggedRows, args, append(whole, parmap.Output(l.out, shape))...) },
	} {
		t.Run(field, func(t *testing.T) {
			today = &diary{fail: func(context.Context, int) error { t.Error("a body ran"); return nil }}
			out, log := l.files()
			err := run()
			var e *parmap.JournalError
			require.ErrorAs(t, err, &e)
			assert.ErrorIs(t, err, parmap.ErrJournalMismatch)
			assert.Equal(t, strings.TrimSpace(field), e.Field)
			assert.NotEqual(t, e.Recorded, e.Wanted)
			assert.ErrorContains(t, err, l.path)
			assert.ErrorContains(t, err, e.Wanted)
			nowOut, nowLog := l.files()
			assert.True(t, bytes.Equal(out, nowOut) && bytes.Equal(log, nowLog), "touched")
		})
	}
	_, err = l.run(bg, nil)
	require.NoError(t, err)
	l.right()
}

var alsoLogged = parmap.NewKernel("test: also logged", func(context.Context, int, int, loggedArgs) error { return nil })

// TestJournalRefuses holds that a run does not begin on what is no journal, without
// a file for its output, or with arguments that say nothing.
func TestJournalRefuses(t *testing.T) {
	l := newLogbook(t)
	require.NoError(t, os.WriteFile(l.path, []byte("a letter to somebody, of some length, not to be lost"), 0o600))
	_, before := l.files()
	_, err := l.run(bg, nil)
	assert.ErrorIs(t, err, parmap.ErrJournalFormat)
	_, after := l.files()
	assert.Equal(t, before, after)
	require.NoError(t, os.Remove(l.path))

	anonymous := zeros(t, loggedRows, 3)
	copied, err := shmarray.Open[float64](l.out.Path(), shmarray.CopyOnWrite)
	require.NoError(t, err)
	defer copied.Close()
	j := parmap.Journal{Path: l.path}
	args := loggedArgs{l.out, 1}
	for _, options := range [][]parmap.RunOption{
		{j}, {j, parmap.Output()}, {j, parmap.Output(anonymous)}, {j, parmap.Output(l.out, anonymous)}, {j, parmap.Output(copied)},
		{j, parmap.Output(plainRows{loggedRows})},
	} {
		err := logged.Run(bg, loggedRows, args, options...)
		assert.ErrorIs(t, err, parmap.ErrJournalOutput)
		assert.ErrorAs(t, err, new(*parmap.JournalError))
	}
	err = held.Run(bg, loggedRows, heldArgs{F: callRange(nil)}, j, parmap.Output(l.out))
	assert.ErrorContains(t, err, "says nothing to another process")
	err = logged.Run(bg, loggedRows, args, parmap.Journal{Path: filepath.Join(l.path, "in a file that is not there")}, parmap.Output(l.out))
	assert.ErrorIs(t, err, os.ErrNotExist)
	assert.NoFileExists(t, l.path)
	assert.Panics(t, func() { _, _ = valueOf.Map(bg, []int{1}, j) })
	_, err = l.run(bg, nil)
	require.NoError(t, err)
}

// plainRows are in no file.
type plainRows struct{ n int }

func (r plainRows) Shape() []int               { return []int{r.n} }
func (r plainRows) RowBytes(lo, hi int) []byte { return make([]byte, hi-lo) }

func TestJournalOfNothing(t *testing.T) {
	l := newLogbook(t)
	empty, err := shmarray.Create[float64](filepath.Join(t.TempDir(), "empty.npy"), 0, 3)
	require.NoError(t, err)
	defer empty.Close()
	l.out = empty
	ran, err := l.run(bg, nil)
	assert.NoError(t, err)
	assert.Empty(t, ran)
	assert.NoFileExists(t, l.path)
	ctx, cancel := context.WithCancelCause(bg)
	cancel(errBoom)
	_, err = l.run(ctx, nil)
	assert.Equal(t, errBoom, err)
	assert.Panics(t, func() { _, _ = l.run(nil, nil) }) //lint:ignore SA1012 the point
	for _, options := range [][]parmap.RunOption{nil, {parmap.Output(zeros(t, 0, 3))}} {
		err = logged.Run(bg, 0, loggedArgs{Scale: 1}, append(options, parmap.Journal{Path: l.path})...)
		assert.ErrorIs(t, err, parmap.ErrJournalOutput, "as with more rows")
	}
}
