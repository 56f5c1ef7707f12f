package journal_test

import (
	"context"
	"errors"
	"maps"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap/internal/journal"
)

// every sets how often a Keeper records. The tests are not parallel.
func every(t *testing.T, d time.Duration) {
	old := journal.Every
	journal.Every = d
	t.Cleanup(func() { journal.Every = old })
}

// A saidError is what a Keeper was told to say of an error.
type saidError struct{ error }

func (e saidError) Unwrap() error { return e.error }

func say(err error) error { return saidError{err} }

var bg = context.Background()

// TestKeeperTakesTheBatchBeforeTheSync holds that a cell that is done during a sync, whose
// rows that need not have written, is not recorded after it, but after the next.
func TestKeeperTakesTheBatchBeforeTheSync(t *testing.T) {
	every(t, time.Hour)
	d := sample(t)
	var k *journal.Keeper
	j, syncs := open(t, d), 0
	k = journal.NewKeeper(j, func() error {
		syncs++
		k.Take(10+syncs, 1)
		return nil
	}, say)
	run := func(context.Context) error { return nil }
	k.Take(10, 1)
	want := maps.Clone(sampled)
	for cell := 10; cell < 13; cell++ {
		require.NoError(t, k.Run(bg, run))
		want[cell] = 1
		assert.Equal(t, want, recorded(j))
	}
	assert.Equal(t, 3, syncs)
	assert.Equal(t, want, recorded(open(t, d)))
}

// TestKeeperRecordsMeanwhile holds that what is done is recorded while run goes on.
func TestKeeperRecordsMeanwhile(t *testing.T) {
	every(t, time.Microsecond)
	d := sample(t)
	synced := make(chan bool, 100)
	k := journal.NewKeeper(open(t, d), func() error { synced <- true; return nil }, say)
	require.NoError(t, k.Run(bg, func(context.Context) error {
		k.Take(10, 1)
		<-synced
		k.Take(11, 1)
		<-synced
		return nil
	}))
	assert.Equal(t, map[int]uint32{3: 30, 0: 7, 39: 390, 10: 1, 11: 1}, recorded(open(t, d)))
	assert.Empty(t, synced, "nothing is synced when nothing is done")
}

// TestKeeperErrors holds that an error of the run does not keep what is done from being
// recorded, and that both errors are returned if there are two.
func TestKeeperErrors(t *testing.T) {
	every(t, time.Hour)
	broken, boom := errors.New("broken"), errors.New("boom")
	for _, tt := range []struct{ sync, run error }{{nil, nil}, {nil, boom}, {broken, nil}, {broken, boom}} {
		d := sample(t)
		before := recorded(open(t, d))
		k := journal.NewKeeper(open(t, d), func() error { return tt.sync }, say)
		err := k.Run(bg, func(context.Context) error { k.Take(10, 1); return tt.run })
		switch {
		case tt.sync == nil:
			assert.Equal(t, tt.run, err)
			before[10] = 1
		case tt.run == nil:
			assert.Equal(t, saidError{broken}, err)
		default:
			assert.ErrorIs(t, err, broken)
			assert.ErrorIs(t, err, boom)
		}
		assert.Equal(t, before, recorded(open(t, d)))
	}
}

// TestKeeperEndsTheRun holds that the context of a run is cancelled when nothing can be
// recorded any more, whatever sync does, with the reason as its cause, which is returned
// once; and that sync is not called again.
func TestKeeperEndsTheRun(t *testing.T) {
	every(t, time.Microsecond)
	broken := errors.New("broken")
	for want, sync := range map[string]func() error{
		"broken":                      func() error { return broken },
		"sync panicked: broken\n\n":   func() error { panic(broken) },
		"keep_test.go":                func() error { panic("whose stack is said") },
		"sync called runtime.Goexit":  func() error { runtime.Goexit(); return nil },
		"sync panicked: panic called": func() error { panic(nil) },
	} {
		d := sample(t)
		syncs := 0
		k := journal.NewKeeper(open(t, d), func() error { syncs++; return sync() }, say)
		var cause error
		err := k.Run(bg, func(ctx context.Context) error {
			k.Take(10, 1)
			<-ctx.Done()
			k.Take(11, 1)
			cause = context.Cause(ctx)
			return cause
		})
		assert.ErrorContains(t, err, want)
		assert.Equal(t, cause, err, "and nothing else")
		assert.ErrorAs(t, err, new(saidError))
		assert.Equal(t, 1, syncs, want)
		assert.Equal(t, sampled, recorded(open(t, d)), want)
	}
}

// TestKeeperPanicAtTheEnd holds that a panic of the last sync is an error too.
func TestKeeperPanicAtTheEnd(t *testing.T) {
	every(t, time.Hour)
	d := sample(t)
	k := journal.NewKeeper(open(t, d), func() error { panic("at the end") }, say)
	err := k.Run(bg, func(context.Context) error { k.Take(10, 1); return nil })
	assert.ErrorContains(t, err, "sync panicked: at the end")
	assert.Equal(t, sampled, recorded(open(t, d)))
}

// TestKeeperAndGoexit holds that what was done is recorded also if a run does not return:
// its goroutine ends, by Goexit or a panic, when that is done.
func TestKeeperAndGoexit(t *testing.T) {
	every(t, time.Hour)
	for _, end := range []func(){runtime.Goexit, func() { panic("in the run") }} {
		d := sample(t)
		k := journal.NewKeeper(open(t, d), nothing, say)
		returned, ended := false, make(chan any)
		go func() {
			defer func() { ended <- recover() }()
			_ = k.Run(bg, func(context.Context) error {
				k.Take(10, 1)
				end()
				return nil
			})
			returned = true
		}()
		if v := <-ended; v != nil {
			assert.Equal(t, "in the run", v)
		}
		assert.False(t, returned)
		assert.Equal(t, map[int]uint32{3: 30, 0: 7, 39: 390, 10: 1}, recorded(open(t, d)))
	}
}
