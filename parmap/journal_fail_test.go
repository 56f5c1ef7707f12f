//go:build unix

package parmap_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/internal/journal"
	"github.com/parfor-go/parfor/shmarray"
)

// TestJournalInUse holds that two runs cannot have a journal, and that one waits a
// while for the other's end.
func TestJournalInUse(t *testing.T) {
	defer parmap.SetLockFor(0)()
	l := newLogbook(t, parmap.Workers(1))
	var other error
	_, err := l.run(bg, func(_ context.Context, lo int) error {
		if lo == 8 {
			out, log := l.files()
			other = logged.Run(bg, loggedRows, loggedArgs{l.out, l.scale}, append(l.options, parmap.Output(l.out), parmap.Journal{Path: l.path, Version: "1"})...)
			nowOut, nowLog := l.files()
			assert.True(t, bytes.Equal(out, nowOut) && bytes.Equal(log, nowLog), "touched")
		}
		return nil
	})
	require.NoError(t, err)
	assert.ErrorIs(t, other, parmap.ErrJournalInUse)
	l.right()

	parmap.SetLockFor(1 << 40)
	_, f, err := journal.OpenFile(filepath.Join(t.TempDir(), "j"), nil, 1)
	require.NoError(t, err)
	defer f.Close()
	l.path = f.Name()
	ctx, cancel := context.WithCancelCause(bg)
	cancelled := make(chan error)
	go func() {
		_, err := l.run(ctx, nil)
		cancelled <- err
	}()
	cancel(errBoom)
	assert.Equal(t, errBoom, <-cancelled)
	require.NoError(t, journal.Release(f))
	_, err = l.run(bg, nil)
	assert.ErrorIs(t, err, parmap.ErrJournalMismatch, "it came to look at it")
}

// brokenRows cannot be synced after some time.
type brokenRows struct {
	*floats
	left   int
	synced chan struct{} // closed by the first that succeeds; or nil
}

func (r *brokenRows) Sync() error {
	if r.left--; r.left < 0 {
		return errBroken
	}
	err := r.floats.Sync()
	if r.synced != nil {
		close(r.synced)
		r.synced = nil
	}
	return err
}

var errBroken = errors.New("broken")

// TestJournalSyncFails holds that a failed sync ends the run, that nothing is
// recorded from then on, and that another run goes on from there.
func TestJournalSyncFails(t *testing.T) {
	defer func(d time.Duration) { journal.Every = d }(journal.Every)
	journal.Every = time.Microsecond
	for _, left := range []int{0, 1} {
		l := newLogbook(t, parmap.Workers(2))
		synced := make(chan struct{})
		today = &diary{fail: func(ctx context.Context, lo int) error {
			if lo == 36 { // in a commit of its own
				select {
				case <-synced:
				case <-ctx.Done():
				}
				return nil
			}
			if lo > 36 { // for ever
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}}
		broken := &brokenRows{l.out, left, synced}
		options := append(l.options, parmap.Output(broken), parmap.Journal{Path: l.path, Version: "1"})
		err := logged.Run(bg, loggedRows, loggedArgs{l.out, l.scale}, options...)
		var e *parmap.JournalError
		require.ErrorAs(t, err, &e)
		assert.Equal(t, &parmap.JournalError{Path: l.path, Err: errBroken}, e)
		assert.Equal(t, e, err, "and nothing else")

		// Both errors, if there are two.
		broken.left = 0
		today = &diary{fail: func(context.Context, int) error { return errBoom }}
		err = logged.Run(bg, loggedRows, loggedArgs{l.out, l.scale}, append(options, parmap.Journal{Path: l.path + "2"})...)
		assert.ErrorIs(t, err, errBoom)
		broken.left = 0
		today = &diary{fail: func(_ context.Context, lo int) error {
			if lo == 60 {
				return errBoom
			}
			return nil
		}}
		err = logged.Run(bg, loggedRows, loggedArgs{l.out, l.scale}, append(options, parmap.Workers(1), parmap.Journal{Path: l.path + "3"})...)
		assert.ErrorIs(t, err, errBroken)

		broken.left = 1 << 30
		today = &diary{}
		require.NoError(t, logged.Run(bg, loggedRows, loggedArgs{l.out, l.scale}, options...))
		l.right()
	}
}

// TestJournalLastSyncFails holds that a run whose last sync fails returns that, and that
// the next computes again what was not recorded, also rows that were once.
func TestJournalLastSyncFails(t *testing.T) {
	l := newLogbook(t)
	_, err := l.run(bg, nil)
	require.NoError(t, err)
	l.out.RowBytes(9, 10)[3] ^= 1
	broken := &brokenRows{floats: l.out, left: 1}
	run := func() (ran []int, err error) {
		today = &diary{}
		err = logged.Run(bg, loggedRows, loggedArgs{l.out, l.scale}, append(slices.Clip(l.options),
			parmap.Output(broken), parmap.Journal{Path: l.path + "b", Version: "1"})...)
		return today.ran, err
	}
	broken.left = 1 << 30
	_, err = run()
	require.NoError(t, err)
	l.out.RowBytes(9, 10)[3] ^= 1
	broken.left = 1 // before rows are trusted
	ran, err := run()
	assert.Equal(t, []int{8}, ran)
	assert.Equal(t, &parmap.JournalError{Path: l.path + "b", Err: errBroken}, err)
	broken.left = 0
	ran, err = run()
	assert.ErrorIs(t, err, errBroken, "rows that cannot be synced are not trusted")
	assert.Empty(t, ran)
	broken.left = 1 << 30
	ran, err = run()
	require.NoError(t, err)
	assert.Equal(t, []int{8}, ran, "right in memory, and never synced")
	l.right()
}

// TestJournalNamesRows holds that the error of a run that goes on names the rows.
func TestJournalNamesRows(t *testing.T) {
	l := newLogbook(t, parmap.Workers(1))
	fail := func(row int) func(context.Context, int) error {
		return func(_ context.Context, lo int) error {
			if lo == row {
				return errBoom
			}
			return nil
		}
	}
	for _, row := range []int{32, 48} {
		_, err := l.run(bg, fail(row))
		assert.Equal(t, &parmap.ChunkError{Lo: row, Hi: row + loggedGrain, Attempts: 1, Err: errBoom}, err)
	}
}

// TestJournalOfTwoOutputs damages each of two arrays.
func TestJournalOfTwoOutputs(t *testing.T) {
	l := newLogbook(t)
	other, err := shmarray.Create[int32](filepath.Join(t.TempDir(), "other.npy"), loggedRows)
	require.NoError(t, err)
	defer other.Close()
	second := &countedRows{Rows: other, path: other.Path()}
	run := func() []int {
		today = &diary{}
		require.NoError(t, logged.Run(bg, loggedRows, loggedArgs{l.out, l.scale}, append(slices.Clip(l.options),
			parmap.Output(l.out, second), parmap.Journal{Path: l.path, Version: "1"})...))
		return today.ran
	}
	assert.Len(t, run(), loggedRows/loggedGrain)
	assert.Positive(t, second.syncs)
	l.out.Set(1, 20, 0)
	assert.Equal(t, []int{20}, run())
	other.Set(1, 40)
	assert.Equal(t, []int{40}, run())
	assert.Empty(t, run())
}

// countedRows counts its syncs.
type countedRows struct {
	parmap.Rows
	path  string
	syncs int
}

func (r *countedRows) Path() string { return r.path }
func (r *countedRows) Sync() error  { r.syncs++; return nil }

// TestJournalIsRemoved removes the journal under a run, which then cannot go on, as another
// could begin; or the array, which nobody could find.
func TestJournalIsRemoved(t *testing.T) {
	for _, what := range []string{"journal", "array"} {
		l := newLogbook(t, parmap.Workers(1))
		path := l.path
		if what == "array" {
			path = l.out.Path()
		}
		_, err := l.run(bg, func(_ context.Context, lo int) error {
			if lo == 8 {
				return os.Remove(path)
			}
			return nil
		})
		var e *parmap.JournalError
		require.ErrorAs(t, err, &e, what)
		assert.Equal(t, l.path, e.Path)
		assert.ErrorIs(t, err, journal.ErrMoved)
		assert.NoFileExists(t, path)
		_, err = l.run(bg, nil)
		if what == "array" {
			assert.EqualError(t, err, "parmap: journal "+l.path+": "+path+" was removed or renamed under the run")
		} else {
			assert.NoError(t, err)
		}
	}
}

// TestJournalOfAnArrayOfAnotherLength holds that an array of a file that has not n rows is
// an error, as the file may be of an earlier run.
func TestJournalOfAnArrayOfAnotherLength(t *testing.T) {
	l := newLogbook(t)
	today = &diary{}
	p := &listener{T: t}
	err := logged.Run(bg, loggedRows-1, loggedArgs{l.out, l.scale}, parmap.Output(l.out), parmap.Journal{Path: l.path}, p.option())
	assert.Equal(t, []int{0, loggedRows - 1}, []int{p.last().Done, p.last().Total})
	var e *parmap.JournalError
	require.ErrorAs(t, err, &e)
	assert.EqualError(t, err, "parmap: journal "+l.path+": output 0 has the shape [64 3], and n is 63")
	assert.NoFileExists(t, l.path)
	assert.Empty(t, today.ran)
}

// TestJournalAndBodiesThatGiveUp holds that the rows of a body are not recorded that
// returned nil when its context was cancelled.
func TestJournalAndBodiesThatGiveUp(t *testing.T) {
	l := newLogbook(t, parmap.Workers(1))
	ctx, cancel := context.WithCancel(bg)
	ran, err := l.run(ctx, func(_ context.Context, lo int) error {
		if lo == 40 {
			cancel()
		}
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	assert.Contains(t, ran, 40)
	ran, err = l.run(bg, nil)
	require.NoError(t, err)
	assert.Contains(t, ran, 40)
	l.right()
}

func TestJournalWithoutAPath(t *testing.T) {
	l := newLogbook(t)
	assert.PanicsWithValue(t, "parmap: journal without a path", func() {
		_ = logged.Run(bg, loggedRows, loggedArgs{l.out, 1}, parmap.Output(l.out), parmap.Journal{Version: "1"})
	})
}
