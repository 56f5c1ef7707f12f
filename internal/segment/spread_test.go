//go:build unix

package segment_test

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/segment"
)

// piece is what Spread promises to cut at.
const piece = 4 << 20

func withProcs(t *testing.T, n int) {
	old := runtime.GOMAXPROCS(n)
	t.Cleanup(func() { runtime.GOMAXPROCS(old) })
}

func TestSpreadCoversExactlyOnce(t *testing.T) {
	for _, procs := range []int{1, 2, 8} {
		withProcs(t, procs)
		for _, nbytes := range []int{0, 1, 5, piece - 1, piece, piece + 1, 2 * piece, 100*piece - 1, 100 * piece, 1<<31 - 1} {
			var mu sync.Mutex
			var all [][2]int
			require.NoError(t, segment.Spread(nbytes, func(lo, hi int) error {
				mu.Lock()
				defer mu.Unlock()
				all = append(all, [2]int{lo, hi})
				return nil
			}))
			slices.SortFunc(all, func(a, b [2]int) int { return a[0] - b[0] })
			end := 0
			for _, r := range all {
				require.Equal(t, end, r[0])
				require.Greater(t, r[1], r[0])
				if end = r[1]; end < nbytes {
					require.Zero(t, end%piece)
				}
			}
			require.Equal(t, nbytes, end)
		}
	}
}

func TestSpreadUsesAllProcessors(t *testing.T) {
	withProcs(t, 3)
	var here atomic.Int32
	require.NoError(t, segment.Spread(3*piece, func(int, int) error {
		for here.Add(1); here.Load() < 3; { // for ever, if there are fewer
			runtime.Gosched()
		}
		return nil
	}))
	var one sync.Mutex
	withProcs(t, 1)
	require.NoError(t, segment.Spread(20*piece, func(int, int) error {
		assert.True(t, one.TryLock())
		runtime.Gosched()
		one.Unlock()
		return nil
	}))
}

func TestSpreadStopsAtAnError(t *testing.T) {
	withProcs(t, 2)
	bad := errors.New("bad")
	for _, nbytes := range []int{1, piece, 2 * piece, 500 * piece} {
		var calls, running atomic.Int32
		err := segment.Spread(nbytes, func(lo, _ int) error {
			calls.Add(1)
			running.Add(1)
			defer running.Add(-1)
			return bad
		})
		assert.Equal(t, bad, err)
		assert.LessOrEqual(t, calls.Load(), int32(2))
		assert.Zero(t, running.Load())
	}
}

// goroutine returns something that differs from goroutine to goroutine.
func goroutine() string {
	b := make([]byte, 64)
	return strings.Fields(string(b[:runtime.Stack(b, false)]))[1]
}

// either runs Spread with one piece for the caller and one for another
// goroutine, and lets one of them end with a call of f.
func either(inCaller bool, f func()) error {
	caller := goroutine()
	var wg sync.WaitGroup
	wg.Add(2)
	return segment.Spread(2*piece, func(int, int) error {
		wg.Done()
		wg.Wait()
		if (goroutine() == caller) == inCaller {
			f()
		}
		return nil
	})
}

func TestSpreadRaisesInTheCaller(t *testing.T) {
	withProcs(t, 2)
	s, err := segment.New(100, "this")
	require.NoError(t, err)
	require.NoError(t, s.Close())
	for _, inCaller := range []bool{true, false} {
		t.Run(fmt.Sprint("in the caller ", inCaller), func(t *testing.T) {
			assert.PanicsWithValue(t, "bad", func() { either(inCaller, func() { panic("bad") }) })
			fault := faultOf(t, func() { either(inCaller, func() { sink = s.Bytes()[7] }) })
			assert.EqualError(t, fault, "array unmapped: byte 7 of this")
			assert.False(t, debug.SetPanicOnFault(false), "as it was")
		})
	}
	t.Run("a small one", func(t *testing.T) {
		fault := faultOf(t, func() {
			segment.Spread(1, func(int, int) error { sink = s.Bytes()[7]; return nil })
		})
		assert.EqualError(t, fault, "array unmapped: byte 7 of this")
	})
}

// faultOf returns the fault that f, which asks for it itself, panics with.
func faultOf(t *testing.T, f func()) (fault *segment.Fault) {
	t.Helper()
	defer func() {
		fault, _ = recover().(*segment.Fault)
		require.NotNil(t, fault)
	}()
	f()
	return nil
}
