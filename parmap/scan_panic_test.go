package parmap_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
)

// scans are both verbs, for integers.
var scans = map[string]func(dst, in []int, combine func(a, b int) int, opts ...parmap.Option){
	"Scan":          parmap.Scan[int],
	"ScanExclusive": scanFrom0,
}

func scanFrom0(dst, in []int, combine func(a, b int) int, opts ...parmap.Option) {
	parmap.ScanExclusive(dst, in, 0, combine, opts...)
}

func sum(a, b int) int { return a + b }

// scanWhole asserts that scans work as before, in regions that one has used which failed.
func scanWhole(t *testing.T) {
	t.Helper()
	in := indices(1000)
	dst := make([]int, 1000)
	parmap.Scan(dst, in, sum, parmap.Workers(2))
	assert.Equal(t, loopScan(in, sum), dst)
	whole(t)
}

// TestScanPanic holds that the panic of any call of combine reaches the caller when no
// call runs any more: of those for the elements, for the prefixes and with the prefixes.
func TestScanPanic(t *testing.T) {
	const n = 100
	for name, scan := range scans {
		t.Run(name, func(t *testing.T) {
			for _, crowd := range crowds {
				var all atomic.Int32
				scan(make([]int, n), indices(n), func(a, b int) int { all.Add(1); return a + b }, crowd...)
				for at := int32(1); at <= all.Load(); at++ {
					var inside, calls atomic.Int32
					v := caught(func() {
						scan(make([]int, n), indices(n), func(a, b int) int {
							inside.Add(1)
							defer inside.Add(-1)
							if calls.Add(1) == at {
								panicsHere()
							}
							return a + b
						}, crowd...)
					})
					assert.Zero(t, inside.Load(), "combine runs after the verb's end")
					p, ok := v.(*parmap.PanicError)
					require.True(t, ok, "%v, call %d: recovered %v", crowd, at, v)
					assert.ErrorIs(t, p, errBoom)
					assert.Contains(t, string(p.Stack), "panicsHere", "combine's own stack")
				}
				scanWhole(t)
			}
		})
	}
}

// TestScanGoexit holds that runtime.Goexit in combine ends the caller.
func TestScanGoexit(t *testing.T) {
	for name, scan := range scans {
		t.Run(name, func(t *testing.T) {
			for _, crowd := range crowds {
				for at := int32(1); at < 100; at += 7 {
					var calls atomic.Int32
					var after bool
					var wg sync.WaitGroup
					wg.Go(func() {
						scan(make([]int, 100), indices(100), func(a, b int) int {
							if calls.Add(1) == at {
								runtime.Goexit()
							}
							return a + b
						}, crowd...)
						after = true
					})
					wg.Wait()
					assert.False(t, after, "the caller went on, %v, call %d", crowd, at)
				}
				scanWhole(t)
			}
		})
	}
}

// TestScanWaits holds that who has nothing to do until another has scanned its chunk
// waits for it, for short or long, and goes on when it has, or when it has failed.
func TestScanWaits(t *testing.T) {
	for name, scan := range scans {
		t.Run(name, func(t *testing.T) {
			for _, long := range []bool{false, true} {
				for end, want := range map[string]any{"returns": nil, "panics": errBoom, "exits": nil} {
					others := make(chan struct{})
					dst := make([]int, 4)
					var left bool
					var v any
					var wg sync.WaitGroup
					wg.Go(func() {
						defer func() { v = recover() }()
						scan(dst, []int{1, 10, 100, 1000}, func(a, b int) int {
							if a == 100 { // the other chunk: its worker has to wait next
								close(others)
							}
							if a == 1 && b == 10 {
								<-others
								if long {
									time.Sleep(2 * time.Millisecond) // the state under test
								}
								switch end {
								case "panics":
									panicsHere()
								case "exits":
									runtime.Goexit()
								}
							}
							return a + b
						}, parmap.Grain(2), parmap.Workers(2))
						left = true
					})
					wg.Wait()
					assert.Equal(t, end == "returns", left, end)
					if want != nil {
						require.IsType(t, &parmap.PanicError{}, v)
						assert.Equal(t, want, v.(*parmap.PanicError).Value)
					}
					if left && name == "Scan" {
						assert.Equal(t, []int{1, 11, 111, 1111}, dst)
					} else if left {
						assert.Equal(t, []int{0, 1, 11, 111}, dst)
					}
				}
			}
			scanWhole(t)
		})
	}
}

// TestScanInBubbles holds that a Serial scan in a testing/synctest bubble leaves nothing
// that one elsewhere would stumble over.
func TestScanInBubbles(t *testing.T) {
	in, dst := indices(1000), make([]int, 1000)
	for range 20 {
		synctest.Test(t, func(*testing.T) { parmap.Scan(dst, in, sum, parmap.Serial) })
		parmap.Scan(dst, in, sum, parmap.Workers(2))
		assert.Equal(t, loopScan(in, sum), dst)
	}
}
