package parmap_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
)

// TestFirstErrorCancels holds that an error ends the run: bodies that wait for
// their context see it, and few others begin.
func TestFirstErrorCancels(t *testing.T) {
	for name, verb := range failing {
		t.Run(name, func(t *testing.T) {
			for _, crowd := range crowds {
				var ran atomic.Int32
				err := verb(bg, 1000, func(ctx context.Context, i int) error {
					ran.Add(1)
					if i == 3 {
						return errBoom
					}
					if i > 3 {
						<-ctx.Done()
						return ctx.Err()
					}
					return nil
				}, crowd...)
				assertIndexError(t, err, 3, errBoom)
				assert.Less(t, int(ran.Load()), 100, "%v", crowd)
			}
		})
	}
}

func assertIndexError(t *testing.T, err error, index int, want error) {
	t.Helper()
	var c *parmap.ChunkError
	if assert.ErrorAs(t, err, &c) {
		assert.Equal(t, index, c.Lo)
		assert.Equal(t, index+1, c.Hi)
	}
	assert.ErrorIs(t, err, want)
}

// TestLowestErrorWins holds that of errors at the same time the one with the
// lowest index is returned.
func TestLowestErrorWins(t *testing.T) {
	var met sync.WaitGroup
	met.Add(4)
	err := parmap.ForErr(bg, 4, func(_ context.Context, i int) error {
		met.Done()
		met.Wait()
		return fmt.Errorf("error %d", i)
	}, parmap.Workers(4), parmap.Dynamic, parmap.Grain(1))
	assert.EqualError(t, err, "parmap: index 0: error 0")
}

// TestCollectErrors holds that everything runs and errors come in index order.
func TestCollectErrors(t *testing.T) {
	for name, verb := range failing {
		t.Run(name, func(t *testing.T) {
			for _, crowd := range crowds {
				var ran atomic.Int32
				err := verb(bg, 100, func(_ context.Context, i int) error {
					ran.Add(1)
					switch {
					case i%30 == 7:
						return fmt.Errorf("error %d", i)
					case i == 50:
						panic(errBoom)
					}
					return nil
				}, append([]parmap.Option{parmap.CollectErrors}, crowd...)...)
				assert.EqualValues(t, 100, ran.Load(), "%v", crowd)
				joined, ok := err.(interface{ Unwrap() []error })
				require.True(t, ok, "%v: %v", crowd, err)
				var at []int
				for _, e := range joined.Unwrap() {
					var c *parmap.ChunkError
					require.ErrorAs(t, e, &c)
					at = append(at, c.Lo)
				}
				assert.Equal(t, []int{7, 37, 50, 67, 97}, at)
				assert.ErrorIs(t, err, errBoom)
			}
		})
	}
	out, err := parmap.MapErr(bg, []int{1, 2, 3}, func(_ context.Context, i int) (int, error) {
		if i == 2 {
			return 9, errBoom
		}
		return 10 * i, nil
	}, parmap.CollectErrors)
	assert.ErrorIs(t, err, errBoom)
	assert.Equal(t, []int{10, 0, 30}, out, "what there is, and zero for what failed")
}

// TestCancelledContext holds that the cause comes back, and nothing runs on.
func TestCancelledContext(t *testing.T) {
	errWhy := errors.New("why")
	for name, verb := range failing {
		for _, mode := range []parmap.Option{parmap.Workers(0), parmap.CollectErrors} {
			t.Run(fmt.Sprint(name, mode), func(t *testing.T) {
				for _, crowd := range crowds {
					ctx, cancel := context.WithCancelCause(bg)
					var inside, ran atomic.Int32
					err := verb(ctx, 10000, func(ctx context.Context, i int) error {
						ran.Add(1)
						inside.Add(1)
						defer inside.Add(-1)
						if i == 5 {
							cancel(errWhy)
						}
						if i > 5 { // those below have no reason to wait
							<-ctx.Done()
							return fmt.Errorf("gave up: %w", ctx.Err())
						}
						return nil
					}, append([]parmap.Option{mode}, crowd...)...)
					assert.Zero(t, inside.Load())
					assert.ErrorIs(t, err, errWhy, "%v", crowd)
					var c *parmap.ChunkError
					assert.False(t, errors.As(err, &c), "%v", err)
					assert.Less(t, int(ran.Load()), 1000)

					ran.Store(0)
					err = verb(ctx, 100, func(context.Context, int) error { ran.Add(1); return nil }, crowd...)
					assert.Equal(t, errWhy, err, "cancelled before the call")
					assert.Zero(t, ran.Load())
				}
			})
		}
	}
}

// TestDeadline holds that a loop of short bodies sees its context end.
func TestDeadline(t *testing.T) {
	ctx, cancel := context.WithTimeout(bg, 20*time.Millisecond)
	defer cancel()
	var n atomic.Int64
	err := parmap.ForErr(ctx, math.MaxInt, func(context.Context, int) error { n.Add(1); return nil })
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Positive(t, n.Load())
}

// TestErrorBeforeCancel holds that an error of a body's own is not hidden by a
// context that ends because of it.
func TestErrorBeforeCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(bg)
	defer cancel()
	err := parmap.ForErr(ctx, 100, func(ctx context.Context, i int) error {
		if i == 2 {
			cancel()
			return errBoom
		}
		return nil
	})
	assertIndexError(t, err, 2, errBoom)
}

func TestNestedErrorNamesThePackageOnce(t *testing.T) {
	err := parmap.ForErr(bg, 1, func(ctx context.Context, _ int) error {
		return parmap.ForRangeErr(ctx, 10, func(context.Context, int, int) error { return errBoom }, parmap.Serial)
	})
	assert.EqualError(t, err, "parmap: index 0: chunk [0,10): boom")
	assert.EqualError(t, &parmap.ChunkError{Lo: 512, Hi: 528, Attempts: 3, Err: errBoom},
		"parmap: chunk [512,528), 3 attempts: boom")
}

// TestContextEndsWithTheVerb holds that the context of the bodies is cancelled
// when the verb has returned, and not before, and that a context cancelled when
// everything has run is no error.
func TestContextEndsWithTheVerb(t *testing.T) {
	ctx, cancel := context.WithCancel(bg)
	var inner context.Context
	err := parmap.ForErr(ctx, 100, func(ctx context.Context, i int) error {
		inner = ctx
		if i == 99 {
			cancel()
		}
		return nil
	}, parmap.Serial)
	assert.NoError(t, err, "all bodies ran")
	assert.Error(t, inner.Err())

	err = parmap.ForErr(bg, 1, func(ctx context.Context, i int) error {
		inner = ctx
		return ctx.Err()
	})
	assert.NoError(t, err)
	assert.Error(t, inner.Err())
}
