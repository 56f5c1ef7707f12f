package parmap_test

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
)

// A gauge counts who is inside, now and at most.
type gauge struct{ now, most atomic.Int32 }

func (g *gauge) visit() {
	n := g.now.Add(1)
	for m := g.most.Load(); n > m && !g.most.CompareAndSwap(m, n); m = g.most.Load() {
	}
	runtime.Gosched()
	g.now.Add(-1)
}

// atProcs runs f at several GOMAXPROCS.
func atProcs(t *testing.T, f func(t *testing.T, procs int)) {
	for _, procs := range []int{1, 2, 3, 8} {
		func() {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			f(t, procs)
		}()
	}
}

// TestNested holds that loops three deep finish, run each index once, and run
// no more bodies at once than there are processors.
func TestNested(t *testing.T) {
	if os.Getenv("PARFOR_WORKERS") != "" {
		t.Skip("PARFOR_WORKERS is set")
	}
	atProcs(t, func(t *testing.T, procs int) {
		for range 5 {
			var g gauge
			var ran atomic.Int32
			parmap.For(7, func(int) {
				parmap.ForRange(6, func(lo, hi int) {
					for range hi - lo {
						parmap.For(20, func(int) {
							g.visit()
							ran.Add(1)
						})
					}
				})
			})
			assert.EqualValues(t, 7*6*20, ran.Load())
			assert.LessOrEqual(t, int(g.most.Load()), procs)
		}
	})
}

// TestNestedVerbs nests verbs of every kind, a Stream among them.
func TestNestedVerbs(t *testing.T) {
	if os.Getenv("PARFOR_WORKERS") != "" {
		t.Skip("PARFOR_WORKERS is set")
	}
	atProcs(t, func(t *testing.T, procs int) {
		var g gauge
		sums := parmap.Map(indices(9), func(int) int {
			sum := 0
			for v, err := range parmap.Stream(bg, slices.Values(indices(10)), func(_ context.Context, i int) (int, error) {
				return parmap.Reduce(10, func(lo, hi int) int { g.visit(); return hi - lo }, func(a, b int) int { return a + b }), nil
			}) {
				assert.NoError(t, err)
				sum += v
			}
			return sum
		})
		assert.Equal(t, slices.Repeat([]int{100}, 9), sums)
		assert.LessOrEqual(t, int(g.most.Load()), procs)
	})
}

// TestNestedMoreWorkers holds that Workers above GOMAXPROCS are there at once,
// nested too: all bodies of a loop meet.
func TestNestedMoreWorkers(t *testing.T) {
	atProcs(t, func(t *testing.T, procs int) {
		parmap.For(3, func(int) {
			var met sync.WaitGroup
			met.Add(12)
			parmap.For(12, func(int) {
				met.Done()
				met.Wait()
			}, parmap.Workers(12))
		}, parmap.Workers(3))
		var met sync.WaitGroup
		met.Add(12)
		for _, err := range parmap.Stream(bg, slices.Values(indices(12)), func(context.Context, int) (int, error) {
			met.Done()
			met.Wait()
			return 0, nil
		}, parmap.Workers(12)) {
			assert.NoError(t, err)
		}
	})
}

// TestManyWorkers holds that thousands of workers are there at once.
func TestManyWorkers(t *testing.T) {
	const n = 3000
	for _, s := range []parmap.Schedule{parmap.Auto, parmap.Static, parmap.Dynamic, parmap.Guided} {
		var met sync.WaitGroup
		met.Add(n)
		parmap.For(n, func(int) {
			met.Done()
			met.Wait()
		}, parmap.Workers(n), s)
	}
}

// TestWorkersBound holds that there are never more bodies at once than Workers.
func TestWorkersBound(t *testing.T) {
	atProcs(t, func(t *testing.T, procs int) {
		for _, w := range []int{1, 2, 3, 16} {
			for _, s := range schedules {
				var g gauge
				parmap.For(300, func(int) { g.visit() }, parmap.Workers(w), s)
				assert.LessOrEqual(t, int(g.most.Load()), w, "%v", s)
			}
			var g gauge
			for range parmap.Stream(bg, slices.Values(indices(300)), func(context.Context, int) (int, error) {
				g.visit()
				return 0, nil
			}, parmap.Workers(w)) {
				runtime.Gosched()
			}
			assert.LessOrEqual(t, int(g.most.Load()), w, "Stream")
		}
	})
}

// TestConcurrentCallers runs loops from many goroutines at once, some nested.
func TestConcurrentCallers(t *testing.T) {
	atProcs(t, func(t *testing.T, procs int) {
		var callers sync.WaitGroup
		var ran atomic.Int64
		for c := range 8 {
			callers.Go(func() {
				for range 100 {
					parmap.For(1+c*5, func(int) {
						ran.Add(1)
						if c%2 == 1 {
							parmap.For(3, func(int) { ran.Add(1) })
						}
					})
				}
			})
		}
		callers.Wait()
		want := 0
		for c := range 8 {
			want += 100 * (1 + c*5) * (1 + c%2*3)
		}
		assert.EqualValues(t, want, ran.Load())
	})
}

// TestHelpersWork holds that a loop of two bodies that need each other ends, on
// whatever helpers there are: fresh, spinning, parked or retired.
func TestHelpersWork(t *testing.T) {
	for range 200 {
		var met sync.WaitGroup
		met.Add(2)
		parmap.For(2, func(int) {
			met.Done()
			met.Wait()
		}, parmap.Workers(2))
	}
}

// aWhile is how long a body of many waits for help: it is called between two
// bodies, at the next such place if not at this. Patience is how long one waits
// that knows help has been called.
const (
	aWhile   = 20 * time.Millisecond
	patience = 10 * time.Second
)

// TestLateHelp holds that a helper that becomes free joins a loop under way: the
// inner loop begins when all are busy, and its second half needs another
// worker. Under Static the inner loop is one chunk by then.
func TestLateHelp(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	if os.Getenv("PARFOR_WORKERS") != "" {
		t.Skip("PARFOR_WORKERS is set")
	}
	for _, s := range []parmap.Schedule{parmap.Auto, parmap.Dynamic, parmap.Guided} {
		for range 20 {
			begun, free := make(chan struct{}), make(chan struct{})
			parmap.For(2, func(i int) {
				if i == 1 {
					<-begun
					close(free)
					return
				}
				var helped atomic.Bool
				var now atomic.Int32
				parmap.For(1000, func(i int) {
					if i == 0 {
						close(begun)
						<-free // soon this worker is
					}
					if now.Add(1) == 2 {
						helped.Store(true)
					}
					for end := time.Now().Add(aWhile); i > 500 && !helped.Load() && time.Now().Before(end); {
						runtime.Gosched()
					}
					now.Add(-1)
				}, s)
				assert.True(t, helped.Load(), "%v", s)
			}, parmap.Workers(2), parmap.Static) // so that the caller has 0
		}
	}
}

// TestNobodyTakesHalfTheLoop holds that a caller whose helpers sleep leaves them
// most of a loop, which can get dear, also if its bodies are short so far.
func TestNobodyTakesHalfTheLoop(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	if os.Getenv("PARFOR_WORKERS") != "" {
		t.Skip("PARFOR_WORKERS is set")
	}
	time.Sleep(150 * time.Millisecond) // the state under test
	var longest atomic.Int64
	parmap.ForRange(1000, func(lo, hi int) {
		for k := longest.Load(); int64(hi-lo) > k && !longest.CompareAndSwap(k, int64(hi-lo)); k = longest.Load() {
		}
	})
	assert.LessOrEqual(t, longest.Load(), int64(63), "an eighth of a worker's part")
}

// TestParkedHelpersCome holds that helpers that sleep, or have ended, are
// roused: each loop needs one, after a pause in which they parked.
func TestParkedHelpersCome(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	for k := range 12 {
		time.Sleep([]time.Duration{2 * time.Millisecond, 150 * time.Millisecond}[k%2]) // the state under test
		for _, n := range []int{2, 1000} {
			for _, s := range []parmap.Schedule{parmap.Auto, parmap.Static, parmap.Dynamic, parmap.Guided} {
				var helped atomic.Bool
				var now atomic.Int32
				parmap.For(n, func(i int) {
					if now.Add(1) == 2 {
						helped.Store(true)
					}
					// In a coarse loop and under Static it is roused before the
					// first body, and must come before its part is taken.
					wait := i >= n/2 || i == 0 && (n == 2 || s == parmap.Static)
					end := time.Now().Add(aWhile)
					if i == 0 {
						end = end.Add(patience) // nobody is called later
					}
					for wait && !helped.Load() && time.Now().Before(end) {
						runtime.Gosched()
					}
					now.Add(-1)
				}, s, parmap.Workers(2))
				assert.True(t, helped.Load(), "%v, n = %d", s, n)
			}
		}
	}
}

// TestNoHelpersAtOneProcessor holds that with one processor everything stays
// in the caller.
func TestNoHelpersAtOneProcessor(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if os.Getenv("PARFOR_WORKERS") != "" {
		t.Skip("PARFOR_WORKERS is set")
	}
	var order []int // without a lock: the race detector watches
	parmap.For(1000, func(i int) { order = append(order, i) })
	assert.NoError(t, inOrder(order))
}

// TestEnvironment runs itself under several values of PARFOR_WORKERS.
func TestEnvironment(t *testing.T) {
	if os.Getenv("PARMAP_TEST_MEET") != "" {
		var met sync.WaitGroup
		met.Add(5)
		parmap.For(5, func(int) {
			met.Done()
			met.Wait()
		})
		var g gauge
		parmap.For(1000, func(int) {
			parmap.For(100, func(int) { g.visit() })
		})
		assert.LessOrEqual(t, int(g.most.Load()), 5)
		return
	}
	exe, err := os.Executable()
	require.NoError(t, err)
	child := func(env ...string) ([]byte, error) {
		cmd := exec.Command(exe, "-test.run=^TestEnvironment$", "-test.count=1", "-test.timeout=60s")
		cmd.Env = append(os.Environ(), append(env, "PARMAP_TEST_MEET=1")...)
		return cmd.CombinedOutput()
	}
	for _, procs := range []string{"1", "2", "8"} {
		out, err := child("PARFOR_WORKERS=5", "GOMAXPROCS="+procs)
		assert.NoError(t, err, "%s", out)
	}
	for _, bad := range []string{"many", "-1", "2.5"} {
		out, err := child("PARFOR_WORKERS=" + bad)
		assert.Error(t, err)
		assert.Contains(t, string(out), " is not a number of workers")
	}
}
