package parmap_test

import (
	"context"
	"errors"
	"iter"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
)

// naturals counts for ever, and tells how far it has come and whether it runs.
type naturals struct {
	taken  atomic.Int64
	inside atomic.Int32
}

func (n *naturals) all(yield func(int) bool) {
	n.inside.Add(1)
	defer n.inside.Add(-1)
	for i := 0; ; i++ {
		n.taken.Store(int64(i) + 1)
		if !yield(i) {
			return
		}
	}
}

func identity(_ context.Context, i int) (int, error) { return i, nil }

// streams are the ways to run one.
var streams = [][]parmap.Option{
	{},
	{parmap.Workers(1)},
	{parmap.Serial},
	{parmap.Workers(2)},
	{parmap.Workers(2), parmap.Window(1)},
	{parmap.Workers(8)},
	{parmap.Workers(8), parmap.Window(3)},
}

// isSerial reports whether a stream has no goroutine but the loop's.
func isSerial(opts []parmap.Option) bool {
	return slices.Contains(opts, parmap.Option(parmap.Workers(1))) ||
		slices.Contains(opts, parmap.Option(parmap.Serial)) ||
		len(opts) == 0 && runtime.GOMAXPROCS(0) == 1
}

// TestStreamWindow holds that no more than Window items are taken and not yet
// yielded, and that all the others are.
func TestStreamWindow(t *testing.T) {
	for _, opts := range streams {
		for _, mode := range []parmap.Option{parmap.Workers(0), parmap.Unordered} {
			opts := append([]parmap.Option{mode}, opts...)
			window := 2 * runtime.GOMAXPROCS(0)
			for _, o := range opts {
				if w, ok := o.(parmap.Workers); ok && w > 0 {
					window = int(2 * w)
				}
				if w, ok := o.(parmap.Window); ok {
					window = int(w)
				}
			}
			var n naturals
			yielded := 0
			for v, err := range parmap.Stream(bg, n.all, identity, opts...) {
				require.NoError(t, err)
				if mode != parmap.Unordered {
					require.Equal(t, yielded, v)
				}
				// This item is being yielded; it may count as one of the window.
				require.LessOrEqual(t, int(n.taken.Load())-yielded, window+1, "%v", opts)
				yielded++
				if yielded == 1000 {
					break
				}
			}
			assert.Zero(t, n.inside.Load(), "the source runs on after break")
		}
	}
}

// TestStreamBreak holds that break cancels the calls under way and waits for
// them, and that nothing runs before the loop.
func TestStreamBreak(t *testing.T) {
	for _, opts := range streams {
		var n naturals
		var inside atomic.Int32
		s := parmap.Stream(bg, n.all, func(ctx context.Context, i int) (int, error) {
			inside.Add(1)
			defer inside.Add(-1)
			if i > 10 {
				<-ctx.Done()
				return 0, ctx.Err()
			}
			return i, nil
		}, opts...)
		assert.Zero(t, n.taken.Load())
		for range 2 { // each loop begins anew
			next := 0
			for v, err := range s {
				require.NoError(t, err)
				require.Equal(t, next, v)
				if next++; next == 11 {
					break
				}
			}
			assert.Zero(t, inside.Load(), "f runs on after break")
			assert.Zero(t, n.inside.Load(), "the source runs on after break")
		}
	}
}

// TestStreamIsPrompt holds that a result is yielded when it is there: the
// source waits for each before it gives the next.
func TestStreamIsPrompt(t *testing.T) {
	for _, opts := range streams {
		yielded := make(chan struct{}, 1)
		source := func(yield func(int) bool) {
			for i := range 100 {
				if !yield(i) {
					return
				}
				<-yielded
			}
		}
		if isSerial(opts) {
			continue // the source goes on when the loop's body returns, or has not begun to
		}
		n := 0
		for _, err := range parmap.Stream(bg, source, identity, opts...) {
			require.NoError(t, err)
			n++
			yielded <- struct{}{}
		}
		assert.Equal(t, 100, n)
	}
}

// TestStreamUnordered holds that a slow item does not hold up the others.
func TestStreamUnordered(t *testing.T) {
	release := make(chan struct{})
	var got []int
	for v, err := range parmap.Stream(bg, slices.Values(indices(20)), func(_ context.Context, i int) (int, error) {
		if i == 0 {
			<-release
		}
		return i, nil
	}, parmap.Unordered, parmap.Workers(3), parmap.Window(4)) {
		require.NoError(t, err)
		if got = append(got, v); len(got) == 19 {
			close(release)
		}
	}
	require.Len(t, got, 20)
	assert.Equal(t, 0, got[19])
	slices.Sort(got)
	assert.Equal(t, indices(20), got)
}

// TestStreamErrorComesInPlace holds that the results before the item that
// failed are yielded, then the error, then nothing.
func TestStreamErrorComesInPlace(t *testing.T) {
	for _, opts := range streams {
		var n naturals
		var got []int
		var errs []error
		for v, err := range parmap.Stream(bg, n.all, func(_ context.Context, i int) (int, error) {
			if i == 100 {
				return 7, errBoom
			}
			return i, nil
		}, opts...) {
			if err != nil {
				assert.Zero(t, v)
				errs = append(errs, err)
				continue
			}
			assert.Empty(t, errs, "a result after the error")
			got = append(got, v)
		}
		require.Len(t, errs, 1)
		assertIndexError(t, errs[0], 100, errBoom)
		assert.Equal(t, indices(100), got)
	}
}

// TestStreamCollectErrors holds that each error has its place among results.
func TestStreamCollectErrors(t *testing.T) {
	for _, opts := range streams {
		i := 0
		for v, err := range parmap.Stream(bg, slices.Values(indices(100)), func(_ context.Context, i int) (int, error) {
			if i%10 == 3 {
				return 7, errBoom
			}
			return i, nil
		}, append([]parmap.Option{parmap.CollectErrors}, opts...)...) {
			if i%10 == 3 {
				assertIndexError(t, err, i, errBoom)
				assert.Zero(t, v)
			} else {
				assert.NoError(t, err)
				assert.Equal(t, i, v)
			}
			i++
		}
		assert.Equal(t, 100, i)
	}
}

// TestStreamSourceFails holds that a panic or an exit of the source, or of the
// loop's body, reaches the loop when all else has stopped.
func TestStreamSourceFails(t *testing.T) {
	var inside atomic.Int32
	serial := false
	slow := func(ctx context.Context, i int) (int, error) {
		inside.Add(1)
		defer inside.Add(-1)
		if i > 20 && !serial {
			<-ctx.Done()
		}
		return i, nil
	}
	source := func(end func()) iter.Seq[int] {
		return func(yield func(int) bool) {
			for i := 0; i < 22 && yield(i); i++ {
			}
			end()
		}
	}
	for _, opts := range streams {
		serial = isSerial(opts)
		v := caught(func() {
			for range parmap.Stream(bg, source(panicsHere), slow, append(opts, parmap.Window(100))...) {
			}
		})
		p, ok := v.(*parmap.PanicError)
		require.True(t, ok, "%v: %v", opts, v)
		assert.Contains(t, string(p.Stack), "panicsHere")
		assert.Zero(t, inside.Load())

		after := false
		var wg sync.WaitGroup
		wg.Go(func() {
			for range parmap.Stream(bg, source(runtime.Goexit), slow, append(opts, parmap.Window(100))...) {
			}
			after = true
		})
		wg.Wait()
		assert.False(t, after)
		assert.Zero(t, inside.Load())

		var n naturals
		v = caught(func() {
			for i := range parmap.Stream(bg, n.all, identity, opts...) {
				if i == 30 {
					panicsHere()
				}
			}
		})
		assert.Equal(t, errBoom, v, "the loop's own panic is its own")
		assert.Zero(t, n.inside.Load())
		whole(t)
	}
}

// TestStreamCancel holds that a cancelled context ends a stream whose source
// and calls wait for it.
func TestStreamCancel(t *testing.T) {
	errWhy := errors.New("why")
	for _, opts := range streams {
		ctx, cancel := context.WithCancelCause(bg)
		var last error
		n := 0
		for _, err := range parmap.Stream(ctx, func(yield func(int) bool) {
			for i := 0; yield(i); i++ {
				if i == 50 {
					cancel(errWhy)
					<-ctx.Done()
				}
			}
		}, identity, opts...) {
			last = err
			n++
		}
		assert.Equal(t, errWhy, last, "%v", opts)
		assert.LessOrEqual(t, n, 70)
	}
}

// TestStreamCancelAtTheEnd holds that a stream whose context is cancelled says
// so also when its source came to an end: that may be why it did.
func TestStreamCancelAtTheEnd(t *testing.T) {
	for _, opts := range streams {
		ctx, cancel := context.WithCancel(bg)
		var last error
		for _, err := range parmap.Stream(ctx, func(yield func(int) bool) {
			for i := 0; ctx.Err() == nil && yield(i); i++ {
			}
		}, identity, opts...) {
			last = err
			cancel()
		}
		cancel()
		assert.Equal(t, context.Canceled, last, "%v", opts)
	}
}

// TestStreamLowestError holds that of several errors the lowest item's is the
// stream's, after the results of slow items before it.
func TestStreamLowestError(t *testing.T) {
	for range 20 {
		failed := make(chan struct{})
		var got []int
		var last error
		for v, err := range parmap.Stream(bg, slices.Values(indices(8)), func(_ context.Context, i int) (int, error) {
			switch i {
			case 0, 1:
				<-failed // the error is there before these
			case 2:
				<-failed
				return 0, errBoom
			case 3:
				defer close(failed)
				return 0, errors.New("later in order, earlier in time")
			}
			return i, nil
		}, parmap.Workers(8)) {
			if last = err; err == nil {
				got = append(got, v)
			}
		}
		assertIndexError(t, last, 2, errBoom)
		assert.Equal(t, []int{0, 1}, got)
	}
}

// TestStreamStopsCalling holds that f is not called for items that were taken
// before an error but not begun.
func TestStreamStopsCalling(t *testing.T) {
	var calls atomic.Int32
	for range parmap.Stream(bg, slices.Values(indices(1000)), func(ctx context.Context, i int) (int, error) {
		calls.Add(1)
		if i == 0 {
			return 0, errBoom
		}
		<-ctx.Done()
		return i, nil
	}, parmap.Workers(2), parmap.Window(1000)) {
	}
	assert.LessOrEqual(t, int(calls.Load()), 4)
}

// TestStreamTellsWhenCancelled holds that the cause is yielded while a call of f
// or the source still waits for something else.
func TestStreamTellsWhenCancelled(t *testing.T) {
	for _, stuck := range []string{"f", "source"} {
		ctx, cancel := context.WithCancel(bg)
		waiting, seen := make(chan struct{}), make(chan struct{})
		go func() {
			<-waiting
			cancel()
		}()
		wait := func(name string) {
			if name == stuck {
				close(waiting)
				<-seen
			}
		}
		for _, err := range parmap.Stream(ctx, func(yield func(int) bool) {
			if yield(1) {
				wait("source")
			}
		}, func(_ context.Context, i int) (int, error) {
			wait("f")
			return i, nil
		}, parmap.Workers(2)) {
			if err != nil {
				assert.Equal(t, context.Canceled, err)
				close(seen)
			}
		}
	}
}

// TestStreamManyWorkers holds that no number of workers overflows.
func TestStreamManyWorkers(t *testing.T) {
	n := 0
	for range parmap.Stream(bg, slices.Values(indices(10)), identity, parmap.Workers(math.MaxInt)) {
		n++
	}
	assert.Equal(t, 10, n)
}

// TestStreamPanicIsNoCancel holds that a panic with the context's error is
// still a panic.
func TestStreamPanicIsNoCancel(t *testing.T) {
	for name, verb := range failing {
		var p *parmap.PanicError
		ctx, cancel := context.WithCancel(bg)
		err := verb(bg, 4, func(inner context.Context, i int) error {
			if i == 1 {
				cancel()
				panic(ctx.Err())
			}
			return nil
		}, parmap.Workers(2))
		cancel()
		assert.ErrorAs(t, err, &p, name)
	}
}
