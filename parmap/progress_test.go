package parmap_test

import (
	"context"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/chunk"
	"github.com/parfor-go/parfor/parmap"
)

// A listener is told of the progress of a run, and holds what is promised of the calls.
type listener struct {
	*testing.T
	calls   []parmap.Progress
	talking atomic.Bool
}

func (l *listener) option() parmap.Option {
	return parmap.OnProgress(func(p parmap.Progress) {
		assert.False(l, l.talking.Swap(true), "two calls at once")
		defer l.talking.Store(false)
		l.calls = append(l.calls, p)
	})
}

// last returns the last call, and holds that the others lead to it.
func (l *listener) last() parmap.Progress {
	l.Helper()
	require.NotEmpty(l, l.calls)
	for i, p := range l.calls {
		assert.Equal(l, i == len(l.calls)-1, p.Remaining == 0, "call %d of %d: %v", i, len(l.calls), p)
		assert.True(l, p.Remaining >= -1 && p.Done >= 0 && (p.Total == 0 || p.Done <= p.Total), "%v", p)
		if i > 0 {
			assert.GreaterOrEqual(l, p.Done, l.calls[i-1].Done)
			assert.Equal(l, l.calls[0].Total, p.Total)
		}
	}
	return l.calls[len(l.calls)-1]
}

// tiles is how many tiles the test's ForTile has.
func tiles(n int, opts []parmap.Option) int {
	const cols = 300
	if n == 0 {
		return 0
	}
	rows, count := (n+cols-1)/cols, 0
	parmap.ForTile(rows, min(cols, n), func(chunk.Tile) { count++ }, append(opts[:len(opts):len(opts)], parmap.Workers(1))...)
	return count
}

// TestProgressOfEveryVerb holds that each tells all of its indices, on each schedule.
func TestProgressOfEveryVerb(t *testing.T) {
	for _, verb := range verbs {
		for _, n := range []int{0, 1, 2, 1000, 10_000} {
			for _, crowd := range crowds {
				l := &listener{T: t}
				got := make([]float64, n)
				require.NoError(t, verb.fill(got, append(crowd[:len(crowd):len(crowd)], l.option())))
				for i, v := range got {
					require.Equal(t, value(i), v, "%s, %v", verb.name, crowd)
				}
				done, total := n, n
				switch verb.name {
				case "ForTile":
					done = tiles(n, crowd)
					total = done
				case "Stream", "Stream unordered":
					total = 0
				}
				p := l.last()
				assert.Equal(t, []int{done, total}, []int{p.Done, p.Total}, "%s of %d, %v", verb.name, n, crowd)
			}
		}
	}
}

// TestProgressOfFailures holds that of a run that ends early what is told is what has
// been done.
func TestProgressOfFailures(t *testing.T) {
	for name, verb := range failing {
		for _, crowd := range crowds {
			for _, panics := range []bool{false, true} {
				l, finished := &listener{T: t}, atomic.Int32{}
				err := verb(bg, 300, func(ctx context.Context, i int) error {
					if i == 100 {
						if panics {
							panic(errBoom)
						}
						return errBoom
					}
					if ctx.Err() != nil {
						return ctx.Err()
					}
					finished.Add(1)
					return nil
				}, append(crowd[:len(crowd):len(crowd)], l.option())...)
				assert.ErrorIs(t, err, errBoom)
				assert.Equal(t, int(finished.Load()), l.last().Done, "%s, %v", name, crowd)
			}

			l, finished := &listener{T: t}, atomic.Int32{}
			_ = verb(bg, 300, func(_ context.Context, i int) error {
				if i%2 == 1 {
					panicsHere()
				}
				if i == 100 {
					return errBoom
				}
				finished.Add(1)
				return nil
			}, append(crowd[:len(crowd):len(crowd)], l.option(), parmap.CollectErrors)...)
			assert.Equal(t, 300, l.last().Done, "%s, %v: with errors", name, crowd)

			for _, collect := range []parmap.Option{parmap.Auto, parmap.CollectErrors} {
				l, finished := &listener{T: t}, atomic.Int32{}
				ctx, cancel := context.WithCancel(bg)
				err := verb(ctx, 300, func(ctx context.Context, i int) error {
					if i == 100 {
						cancel()
					}
					if ctx.Err() != nil {
						return ctx.Err()
					}
					finished.Add(1)
					return nil
				}, append([]parmap.Option{collect, l.option()}, crowd...)...)
				assert.ErrorIs(t, err, context.Canceled)
				assert.Equal(t, int(finished.Load()), l.last().Done, "%s, %v, %v: cancelled", name, crowd, collect)
			}

			ctx, cancel := context.WithCancel(bg)
			cancel()
			l = &listener{T: t}
			err := verb(ctx, 300, func(context.Context, int) error { return nil }, append(crowd[:len(crowd):len(crowd)], l.option())...)
			assert.ErrorIs(t, err, context.Canceled)
			assert.Len(t, l.calls, 1, "%s: cancelled before", name)
			assert.Zero(t, l.last().Done)
		}
	}
}

// TestProgressOfAPanic holds that a plain verb tells what was done before it panics, and a
// Goexit too.
func TestProgressOfAPanic(t *testing.T) {
	for _, crowd := range crowds {
		l := &listener{T: t}
		finished := atomic.Int32{}
		v := caught(func() {
			parmap.For(300, func(i int) {
				if i == 100 {
					panicsHere()
				}
				finished.Add(1)
			}, append(crowd[:len(crowd):len(crowd)], l.option())...)
		})
		assert.IsType(t, &parmap.PanicError{}, v)
		// What was done of the chunk in which it panicked nobody knows.
		assert.LessOrEqual(t, l.last().Done, int(finished.Load()))

		l = &listener{T: t}
		exited := make(chan struct{})
		go func() {
			defer close(exited)
			parmap.For(300, func(i int) {
				if i == 100 {
					runtime.Goexit()
				}
			}, append(crowd[:len(crowd):len(crowd)], l.option())...)
		}()
		<-exited
		assert.Less(t, l.last().Done, 300)
	}
}

// TestProgressPanics holds that a panic of the function comes out of the verb, when no body
// runs any more.
func TestProgressPanics(t *testing.T) {
	for _, verb := range verbs {
		got := make([]float64, 1000)
		v := caught(func() {
			_ = verb.fill(got, []parmap.Option{parmap.OnProgress(func(parmap.Progress) { panicsHere() })})
		})
		require.IsType(t, &parmap.PanicError{}, v, verb.name)
		assert.Contains(t, v.(*parmap.PanicError).Error(), "panicsHere")
	}
	synctest.Test(t, func(t *testing.T) {
		calls, ran := 0, 0
		v := caught(func() {
			parmap.For(100, func(int) { time.Sleep(7 * time.Millisecond); ran++ }, parmap.Serial,
				parmap.OnProgress(func(parmap.Progress) { calls++; panicsHere() }))
		})
		assert.IsType(t, &parmap.PanicError{}, v)
		assert.Equal(t, 1, calls, "it is not called again")
		assert.Equal(t, 100, ran)
	})
	assert.PanicsWithValue(t, "parmap: nil progress function", func() { parmap.OnProgress(nil) })
}

// TestProgressInTime holds when the function is called, and what it is told of the rest.
func TestProgressInTime(t *testing.T) {
	for _, option := range []parmap.Option{parmap.Serial, parmap.Workers(1)} {
		synctest.Test(t, func(t *testing.T) {
			l := &listener{T: t}
			parmap.For(98, func(int) { time.Sleep(7 * time.Millisecond) }, option, l.option())
			l.last()
			require.Len(t, l.calls, 7)
			for i, p := range l.calls[:6] {
				elapsed := time.Duration(i+1) * 100 * time.Millisecond
				done := int(elapsed / (7 * time.Millisecond))
				assert.Equal(t, elapsed, p.Elapsed)
				assert.Equal(t, done, p.Done)
				assert.InDelta(t, float64(98-done)*float64(elapsed)/float64(done), float64(p.Remaining), 2)
			}
			assert.Equal(t, parmap.Progress{Done: 98, Total: 98, Elapsed: 686 * time.Millisecond}, l.calls[6])
		})
	}
	synctest.Test(t, func(t *testing.T) { // nothing is done when it is called
		l := &listener{T: t}
		parmap.For(2, func(int) { time.Sleep(140 * time.Millisecond) }, parmap.Serial, l.option())
		require.Len(t, l.calls, 3)
		assert.Equal(t, parmap.Progress{Total: 2, Elapsed: 100 * time.Millisecond, Remaining: -1}, l.calls[0])
	})
	synctest.Test(t, func(t *testing.T) { // less than a nanosecond is left
		const n = 1<<30 + 1
		l := &listener{T: t}
		parmap.ForRange(n, func(_, hi int) {
			if hi == n {
				time.Sleep(150 * time.Millisecond)
			}
		}, parmap.Serial, l.option())
		require.Len(t, l.calls, 2)
		assert.Equal(t, parmap.Progress{Done: n - 2, Total: n, Elapsed: 100 * time.Millisecond, Remaining: 1}, l.calls[0])
	})
	synctest.Test(t, func(t *testing.T) { // nobody knows how many items come
		l := &listener{T: t}
		for range parmap.Stream(bg, slices.Values(indices(3)), func(context.Context, int) (int, error) {
			time.Sleep(90 * time.Millisecond)
			return 0, nil
		}, parmap.Serial, l.option()) {
		}
		assert.Equal(t, []parmap.Progress{
			{Done: 1, Elapsed: 100 * time.Millisecond, Remaining: -1},
			{Done: 2, Elapsed: 200 * time.Millisecond, Remaining: -1},
			{Done: 3, Elapsed: 270 * time.Millisecond},
		}, l.calls)
	})
	synctest.Test(t, func(t *testing.T) { // a slow function delays the run at its end alone
		began := time.Now()
		parmap.For(10, func(int) { time.Sleep(20 * time.Millisecond) }, parmap.Serial,
			parmap.OnProgress(func(parmap.Progress) { time.Sleep(time.Second) }))
		assert.Equal(t, 2100*time.Millisecond, time.Since(began))
	})
}

// TestProgressIsNotHurried holds that after a call that took long the next ones do not follow
// each other closer than others.
func TestProgressIsNotHurried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		parmap.For(100, func(int) { time.Sleep(10 * time.Millisecond) }, parmap.Serial, parmap.OnProgress(func(p parmap.Progress) {
			if p.Remaining != 0 {
				at = append(at, p.Elapsed)
			}
			if len(at) == 1 {
				time.Sleep(195 * time.Millisecond)
			}
		}))
		require.Greater(t, len(at), 5)
		for i, v := range at[1:] {
			assert.GreaterOrEqual(t, v-at[i], 100*time.Millisecond, "%v", at)
		}
	})
}

// TestProgressOfABrokenStream breaks out of the loop over a stream.
func TestProgressOfABrokenStream(t *testing.T) {
	for _, crowd := range crowds {
		l := &listener{T: t}
		for v := range parmap.Stream(bg, forever, func(_ context.Context, i int) (int, error) { return i, nil },
			append(crowd[:len(crowd):len(crowd)], l.option())...) {
			if v == 50 {
				break
			}
		}
		assert.GreaterOrEqual(t, l.last().Done, 51)
	}
}

func forever(yield func(int) bool) {
	for i := 0; yield(i); i++ {
	}
}

// TestProgressOptions holds that options with functions in them compare.
func TestProgressOptions(t *testing.T) {
	f := func(parmap.Progress) {}
	a, b := parmap.OnProgress(f), parmap.OnProgress(f)
	assert.NotEqual(t, a == b, any(a) == any(a))
	var s parmap.Stats
	assert.True(t, parmap.Record(&s) == parmap.Record(&s))
	parmap.For(100, func(int) {}, parmap.Record(&s), parmap.OnProgress(func(p parmap.Progress) {
		if p.Remaining == 0 {
			assert.Positive(t, s.Chunks, "it is there in the last call")
		}
	}))
	var first, second int
	parmap.For(3, func(int) {}, parmap.OnProgress(func(parmap.Progress) { first++ }), parmap.OnProgress(func(parmap.Progress) { second++ }))
	assert.Equal(t, []int{0, 1}, []int{first, second}, "the later wins")
}
