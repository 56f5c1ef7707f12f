package parmap_test

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
)

// TestAdviceOfEveryLoop holds that each loop over indices has advice, on goroutines an Err
// verb and a kernel too, and that those have none in which a Grain changes the result.
func TestAdviceOfEveryLoop(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	loops := map[string]func(n int, f func(i int), opts ...parmap.Option){
		"For": parmap.For,
		"ForErr": func(n int, f func(i int), opts ...parmap.Option) {
			_ = parmap.ForErr(bg, n, func(_ context.Context, i int) error { f(i); return nil }, opts...)
		},
		"MapErr": func(n int, f func(i int), opts ...parmap.Option) {
			_, _ = parmap.MapErr(bg, indices(n), func(_ context.Context, i int) (int, error) { f(i); return 0, nil }, opts...)
		},
		"Kernel.Run": func(n int, f func(i int), opts ...parmap.Option) {
			_ = callBack.Run(bg, n, callArgs{callIndex(func(_ context.Context, i int) error { f(i); return nil })}, runOptions(opts)...)
		},
		"Reduce": plain["Reduce"],
		"ReduceErr": func(n int, f func(i int), opts ...parmap.Option) {
			_, _ = parmap.ReduceErr(bg, n, func(_ context.Context, lo, hi int) (int, error) { each(f)(lo, hi); return 0, nil }, larger, opts...)
		},
	}
	for name, loop := range loops {
		var s parmap.Stats
		var both sync.WaitGroup
		both.Add(2)
		other := make(chan struct{})
		begin := time.Now()
		loop(2, func(i int) {
			both.Done()
			both.Wait()
			if i == 0 {
				close(other)
				return
			}
			<-other
			time.Sleep(20*time.Millisecond + 3*time.Since(begin))
		}, parmap.Workers(2), parmap.Grain(1), parmap.Dynamic, parmap.Record(&s))
		if name == "Reduce" || name == "ReduceErr" {
			assert.NotContains(t, s.String(), "\n", name)
		} else {
			assert.Contains(t, s.String(), "\nindex 1 alone is ", name)
		}
	}
}

// TestAdviceWhereHelpersAreBusy holds that a loop is not blamed for what its helpers do
// elsewhere.
func TestAdviceWhereHelpersAreBusy(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	var s parmap.Stats
	var both sync.WaitGroup
	both.Add(2)
	done := make(chan struct{})
	parmap.For(2, func(i int) {
		both.Done()
		both.Wait()
		if i == 1 {
			<-done
			return
		}
		defer close(done)
		for _, opts := range [][]parmap.Option{{parmap.Static}, {parmap.Grain(1), parmap.Dynamic}, nil} {
			for _, n := range []int{2, 100} {
				for _, d := range []time.Duration{0, time.Millisecond} {
					parmap.For(n, func(int) { time.Sleep(d) }, append(opts[:len(opts):len(opts)], parmap.Record(&s))...)
					require.Equal(t, 2, s.Workers)
					require.Zero(t, s.ByWorker[1].Chunks)
					assert.NotContains(t, s.String(), "\n", "%v of %d", opts, n)
				}
			}
		}
	}, parmap.Workers(2), parmap.Grain(1), parmap.Dynamic)
}

// TestAdviceWhereHelpersSleep holds that a loop which was over before they were called is
// told so.
func TestAdviceWhereHelpersSleep(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	var s parmap.Stats
	for begin := time.Now(); !strings.Contains(s.String(), "\nran in the caller: "); {
		if time.Since(begin) > 5*time.Second {
			// As under the race detector, or an emulator.
			require.Greater(t, s.Wall, time.Duration(s.Chunks)*time.Microsecond, "of chunks so short: %v", &s)
			t.Skipf("a chunk takes so long here that they are called at once: %v", &s)
		}
		// Meanwhile they fall asleep, and this processor does not: the first body takes no
		// longer than the others.
		for pause := time.Now(); time.Since(pause) < 2*time.Millisecond; {
		}
		parmap.For(65, func(int) {}, parmap.Record(&s)) // the fewest for which they are not called before the first
	}
	assert.Zero(t, s.ByWorker[1].Chunks)
}
