package journal

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// Every is how long a Keeper waits after one Commit before the next, and so about
// what a run loses when it is killed. The bodies run meanwhile. Tests change it.
var Every = time.Second

// A Keeper records in a journal what is done, while a run goes on.
//
// Invariant: a cell comes into batch when all that its body wrote happened before, and
// from there into the journal, after a sync. While a run goes on nobody but its
// goroutine uses the journal.
type Keeper struct {
	journal *Journal
	sync    func() error
	say     func(error) error
	failed  error // by say: why nothing is recorded any more; keep's, and Run's when that has ended

	mu    sync.Mutex
	batch []Record // under mu: done, and not recorded
}

// NewKeeper returns a Keeper that calls sync before each Commit, and say for an error
// of either, to hear what a run is to say of it.
func NewKeeper(j *Journal, sync func() error, say func(error) error) *Keeper {
	return &Keeper{journal: j, sync: sync, say: say}
}

// Take says that a cell is done. It is safe for use by several goroutines.
func (k *Keeper) Take(cell int, sum uint32) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.batch = append(k.batch, Record{Cell: cell, Sum: sum})
}

// Run calls run, which takes what is done, and records that meanwhile and in the end,
// whatever came of it. If it cannot be recorded the context of run is cancelled, with
// the reason as its cause. The error has that reason, and what run returned. A panic of
// sync is such a reason: it would end the program.
func (k *Keeper) Run(ctx context.Context, run func(ctx context.Context) error) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	over, joined := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(joined)
		k.keep(over, cancel)
	}()
	defer func() { // also if a body called Goexit
		close(over)
		<-joined
		cancel(nil)
		k.commit()
		switch {
		case err == nil:
			err = k.failed
		case k.failed != nil && !errors.Is(err, k.failed):
			err = errors.Join(err, k.failed)
		}
	}()
	return run(ctx)
}

// keep records from time to time, until over is closed.
func (k *Keeper) keep(over <-chan struct{}, cancel context.CancelCauseFunc) {
	ended := false
	defer func() {
		if !ended { // sync has called Goexit, which nobody can stop
			k.fail(errExit)
			cancel(k.failed)
		}
	}()
	for {
		select {
		case <-over:
			ended = true
			return
		case <-time.After(Every):
		}
		if k.commit(); k.failed != nil {
			cancel(k.failed)
			ended = true
			return
		}
	}
}

var errExit = errors.New("sync called runtime.Goexit")

// commit records the batch. Taken before the sync: what is done during that need not be
// on the disk after it.
func (k *Keeper) commit() {
	if k.failed != nil {
		return
	}
	k.mu.Lock()
	batch := k.batch
	k.batch = nil
	k.mu.Unlock()
	if err := k.journal.Commit(batch, k.trySync); err != nil {
		k.fail(err)
	}
}

func (k *Keeper) fail(err error) { k.failed = k.say(err) }

// trySync is sync, of which a panic is an error.
func (k *Keeper) trySync() (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("sync panicked: %v\n\n%s", v, debug.Stack())
		}
	}()
	return k.sync()
}
