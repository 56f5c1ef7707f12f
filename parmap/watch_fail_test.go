package parmap_test

import (
	"context"
	"math"
	"runtime"
	"runtime/pprof"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
)

// apart runs f in a goroutine of its own, and reports whether it ended that by Goexit, and
// what it panicked with.
func apart(f func()) (exited bool, panicked any) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		exited = true
		defer func() {
			if panicked = recover(); panicked != nil {
				exited = false
			}
		}()
		f()
		exited = false
	}()
	<-done
	return exited, panicked
}

// TestProgressExits holds that a Goexit of the function, as of a test that fails in it, ends
// the verb's caller, in the last call and before, and that the next call finds all as usual.
func TestProgressExits(t *testing.T) {
	for _, verb := range verbs {
		exited, panicked := apart(func() {
			_ = verb.fill(make([]float64, 100), []parmap.Option{parmap.OnProgress(func(parmap.Progress) { runtime.Goexit() })})
		})
		assert.True(t, exited, "%s: %v", verb.name, panicked)
		got := make([]float64, 100)
		require.NoError(t, verb.fill(got, nil))
		require.Equal(t, value(99), got[99])
	}
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		exited, panicked := apart(func() {
			parmap.For(100, func(int) { time.Sleep(7 * time.Millisecond) }, parmap.Serial, parmap.OnProgress(func(parmap.Progress) { calls++; runtime.Goexit() }))
		})
		assert.True(t, exited, "%v", panicked)
		assert.Equal(t, 1, calls)
	})
}

// TestProgressPanicsWhereNothingRuns holds that a panic of the function is not lost if there
// was nothing to do, or the context was cancelled before.
func TestProgressPanicsWhereNothingRuns(t *testing.T) {
	jumps := parmap.OnProgress(func(parmap.Progress) { panicsHere() })
	for _, verb := range verbs {
		assert.IsType(t, &parmap.PanicError{}, caught(func() { _ = verb.fill(nil, []parmap.Option{jumps}) }), verb.name)
	}
	ctx, cancel := context.WithCancel(bg)
	cancel()
	for name, verb := range failing {
		assert.IsType(t, &parmap.PanicError{}, caught(func() {
			_ = verb(ctx, 10, func(context.Context, int) error { return nil }, jumps)
		}), name)
	}
}

// TestWatchOfARunThatPanics holds that nobody is told of a run any more that has panicked
// before it began: leakcheck would find who tells.
func TestWatchOfARunThatPanics(t *testing.T) {
	var s parmap.Stats
	var calls atomic.Int32
	b := &sequence{} // which cannot cut chunks of 0 indices
	assert.Panics(t, func() {
		_ = addNumbers.Run(bg, 3, numbersArgs{&heapRows{make([]float64, 3)}}, parmap.On(b), parmap.Record(&s),
			parmap.OnProgress(func(parmap.Progress) { calls.Add(1) }))
	})
	assert.Equal(t, int32(1), calls.Load())
}

// TestStatsOfManyWorkers records a loop with so many that anything quadratic would show.
func TestStatsOfManyWorkers(t *testing.T) {
	const workers = 5000
	var s parmap.Stats
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	parmap.For(workers, func(int) {}, parmap.Workers(workers), parmap.Grain(1), parmap.Dynamic, parmap.Record(&s))
	runtime.ReadMemStats(&after)
	adds(t, &s)
	assert.Equal(t, workers, s.Workers)
	cover(t, &s, workers)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(100<<20))
}

// TestSpansThatBreakOff holds that a span in which a body panics or exits ends then, with the
// panic of that body.
func TestSpansThatBreakOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s parmap.Stats
		assert.Panics(t, func() {
			parmap.For(2, func(i int) {
				time.Sleep(time.Second)
				panicsHere()
			}, parmap.Serial, parmap.Record(&s), parmap.OnProgress(func(p parmap.Progress) {
				if p.Remaining == 0 {
					time.Sleep(time.Hour)
				}
			}))
		})
		require.Len(t, s.Spans, 1)
		assert.Equal(t, time.Second, s.Spans[0].End)
	})
	var s parmap.Stats
	var both sync.WaitGroup
	both.Add(2)
	assert.Panics(t, func() {
		parmap.For(2, func(i int) {
			both.Done()
			both.Wait()
			panic([]string{"first", "second"}[i])
		}, parmap.Workers(max(2, runtime.GOMAXPROCS(0)+1)), parmap.Grain(1), parmap.Dynamic, parmap.Record(&s))
	})
	require.Len(t, s.Spans, 2)
	for _, v := range s.Spans {
		assert.ErrorContains(t, v.Err, []string{"first", "second"}[v.Lo])
	}
}

// TestSpansThatAreLeft holds that a span has an error in which not all indices were run,
// because another body ended the run.
func TestSpansThatAreLeft(t *testing.T) {
	for name, loop := range plain {
		switch name {
		case "For", "ForRange", "ForRows", "ForLocal", "MapInto", "Map2":
		default:
			continue
		}
		var s parmap.Stats
		workers := runtime.GOMAXPROCS(0) + 1 // of the loop's own, each with a block
		ran := make([]atomic.Bool, 500*workers)
		var met sync.WaitGroup
		met.Add(workers)
		assert.Panics(t, func() {
			loop(len(ran), func(i int) {
				if i%500 == 0 {
					met.Done()
					met.Wait()
				}
				if i == 0 {
					panicsHere()
				}
				time.Sleep(time.Millisecond)
				ran[i].Store(true)
			}, parmap.Workers(workers), parmap.Static, parmap.Record(&s), parmap.OnProgress(func(parmap.Progress) {}))
		})
		adds(t, &s, name)
		require.Len(t, s.Spans, workers, name)
		for _, v := range s.Spans {
			left := 0
			for i := v.Lo; i < v.Hi; i++ {
				if !ran[i].Load() {
					left++
				}
			}
			assert.Positive(t, left, "%s: %v goes on to its end", name, v)
			assert.Error(t, v.Err, "%s: %d left of %v", name, left, v)
		}
	}
}

// TestProgressOfAnItemThatExits holds that an item is not counted whose call ended by Goexit,
// and that its span says so.
func TestProgressOfAnItemThatExits(t *testing.T) {
	for _, workers := range []parmap.Workers{1, 2} {
		l := &listener{T: t}
		var s parmap.Stats
		exited, _ := apart(func() {
			for range parmap.Stream(bg, slices.Values([]int{0}), func(context.Context, int) (int, error) { runtime.Goexit(); return 0, nil },
				workers, l.option(), parmap.Record(&s)) {
			}
		})
		assert.True(t, exited)
		assert.Zero(t, l.last().Done)
		require.Len(t, s.Spans, 1)
		assert.ErrorContains(t, s.Spans[0].Err, "Goexit")
	}
}

// TestProgressOfAVeryLongRun holds that no time overflows.
func TestProgressOfAVeryLongRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(bg)
		l := &listener{T: t}
		_ = parmap.ForRangeErr(ctx, math.MaxInt, func(_ context.Context, lo, _ int) error {
			time.Sleep(time.Hour)
			if lo > 0 {
				cancel()
			}
			return nil
		}, parmap.Serial, l.option())
		l.last()
		assert.Equal(t, time.Duration(math.MaxInt64), l.calls[len(l.calls)-2].Remaining)
	})
}

// TestProgressKeepsTheGrain holds that bodies get as many indices as Grain says, however long
// they take.
func TestProgressKeepsTheGrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &listener{T: t}
		sizes := map[int]int{}
		parmap.ForRange(10_000, func(lo, hi int) {
			sizes[hi-lo]++
			time.Sleep(time.Duration(hi-lo) * time.Microsecond)
			if lo > 5000 {
				time.Sleep(time.Second) // so that the next is no longer than it has to be
			}
		}, parmap.Serial, parmap.Grain(100), l.option())
		for size := range sizes {
			assert.GreaterOrEqual(t, size, 100)
			assert.LessOrEqual(t, size, 2000)
		}
		assert.Greater(t, len(sizes), 1)
		assert.Equal(t, 10_000, l.last().Done)
	})
}

// TestProgressInPieces holds that bodies get so many indices that they take from 1 to 10 ms,
// also when these become dearer.
func TestProgressInPieces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var took []time.Duration
		parmap.ForRange(11_000, func(lo, hi int) {
			each := 10 * time.Microsecond
			if lo >= 10_000 {
				each = 4 * time.Millisecond
			}
			took = append(took, time.Duration(hi-lo)*each)
			time.Sleep(took[len(took)-1])
		}, parmap.Serial, parmap.OnProgress(func(parmap.Progress) {}))
		dear := slices.IndexFunc(took, func(d time.Duration) bool { return d%(4*time.Millisecond) == 0 })
		require.Greater(t, dear, 20)
		for i, d := range took[10 : len(took)-1] {
			if i += 10; i < dear-1 {
				assert.True(t, time.Millisecond <= d && d <= 10*time.Millisecond, "piece %d takes %v", i, d)
			}
			if i > dear+10 {
				assert.LessOrEqual(t, d, 10*time.Millisecond, "piece %d", i)
			}
		}
	})
}

// TestLabelsOfOwnWorkers holds that goroutines which a verb starts for its caller alone have
// the caller's labels.
func TestLabelsOfOwnWorkers(t *testing.T) {
	n := runtime.GOMAXPROCS(0) + 4 // more than the crew has
	pprof.Do(bg, pprof.Labels("mine", "yes"), func(context.Context) {
		var met, seen sync.WaitGroup
		met.Add(n)
		seen.Add(n)
		parmap.For(n, func(i int) {
			met.Done()
			met.Wait()
			if i == 0 {
				assert.Equal(t, n, labelledIn(t, `"mine":"yes"`, "watch_fail_test.go"))
			}
			seen.Done()
			seen.Wait()
		}, parmap.Workers(n), parmap.Grain(1), parmap.Dynamic)
	})
}
