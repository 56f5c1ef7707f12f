//go:build unix

package parmap_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/shmarray"
)

// TestFaultSetting holds that the verbs' callers keep their setting when bodies
// return, panic, exit, and change it.
func TestFaultSetting(t *testing.T) {
	changes := func(int) { debug.SetPanicOnFault(!panicsOnFault()) }
	for name, verb := range plainFaulting() {
		t.Run(name, func(t *testing.T) {
			for _, crowd := range faultCrowds {
				keeping(t, func() { verb(12, func(int) { assert.True(t, panicsOnFault(), "in a body") }, crowd...) })
				keeping(t, func() { verb(12, changes, crowd...) })
				keeping(t, func() { _ = caught(func() { verb(12, func(int) { panicsHere() }, crowd...) }) })
				keeping(t, func() { verb(12, func(int) { runtime.Goexit() }, crowd...) })
			}
		})
	}
	for name, verb := range failingFaulting() {
		t.Run(name, func(t *testing.T) {
			for _, crowd := range faultCrowds {
				for _, body := range []func(i int){
					func(int) { assert.True(t, panicsOnFault(), "in a body") },
					changes,
					func(int) { panicsHere() },
					func(int) { runtime.Goexit() },
				} {
					keeping(t, func() {
						_ = verb(bg, 12, func(_ context.Context, i int) error { body(i); return nil }, crowd...)
					})
				}
			}
		})
	}
}

// TestFaultSettingOfConsumer holds that a Stream's loop runs with its own
// setting, may change it for good, and that source and f have theirs again
// after each item.
func TestFaultSettingOfConsumer(t *testing.T) {
	guarded := func(int) { assert.True(t, panicsOnFault(), "in the source") }
	f := func(_ context.Context, i int) (int, error) {
		assert.True(t, panicsOnFault(), "in f")
		return i, nil
	}
	source := func(yield func(int) bool) {
		defer guarded(0)
		touching(10, guarded)(yield)
	}
	for _, opts := range streams {
		for _, mode := range []parmap.Option{parmap.Workers(0), parmap.Unordered} {
			s := parmap.Stream(bg, source, f, append([]parmap.Option{mode}, opts...)...)
			setting := true
			check := func() { assert.Equal(t, setting, panicsOnFault(), "in the loop") }
			keeping(t, func() {
				setting = panicsOnFault()
				for range s {
					check()
				}
				for range s {
					check()
					break
				}
				_ = caught(func() {
					for range s {
						check()
						panicsHere()
					}
				})
				check()
				func() {
					for range s {
						check()
						return
					}
				}()
				check()
			})
			keeping(t, func() {
				for range s {
					runtime.Goexit()
				}
			})
			// What the loop's body sets, stays.
			n := 0
			before := panicsOnFault()
			for range s {
				if n > 0 {
					check()
				}
				setting = n%2 == 0
				debug.SetPanicOnFault(setting)
				if n++; n == 5 {
					break
				}
			}
			check()
			debug.SetPanicOnFault(before)
		}
	}
}

// TestFaultSettingOfLastYield holds that the loop has its own setting too when
// it is told that its context was cancelled.
func TestFaultSettingOfLastYield(t *testing.T) {
	for _, opts := range streams {
		for _, early := range []bool{false, true} {
			ctx, cancel := context.WithCancel(bg)
			if early {
				cancel()
			}
			keeping(t, func() {
				setting := panicsOnFault()
				var last error
				for _, last = range parmap.Stream(ctx, slices.Values(indices(3)), identity, opts...) {
					assert.Equal(t, setting, panicsOnFault())
					cancel()
				}
				assert.Equal(t, context.Canceled, last)
			})
			cancel()
		}
	}
}

// TestFaultDuringPanic holds that a source that cleans up when the loop's body
// has panicked may fault.
func TestFaultDuringPanic(t *testing.T) {
	m := mishaps(t)["write to a closed array"]
	for _, opts := range streams {
		keeping(t, func() {
			assert.NotNil(t, caught(func() {
				for range parmap.Stream(bg, func(yield func(int) bool) {
					defer m.touch()
					yield(1)
				}, identity, opts...) {
					panicsHere()
				}
			}))
		})
	}
	whole(t)
}

// TestNilPointerStaysWhatItIs holds that only faults in mapped memory are
// explained.
func TestNilPointerStaysWhatItIs(t *testing.T) {
	var nowhere *struct{ x, y float64 }
	for _, crowd := range faultCrowds {
		p, ok := caught(func() { parmap.For(4, func(int) { nowhere.y = 1 }, crowd...) }).(*parmap.PanicError)
		require.True(t, ok)
		_, ok = p.Value.(runtime.Error)
		assert.True(t, ok, "%T", p.Value)
		assert.EqualError(t, p.Unwrap(), "runtime error: invalid memory address or nil pointer dereference")
		assert.NotErrorIs(t, p, shmarray.ErrClosed)
	}
}

// TestFaultElsewhere holds what is documented: in a goroutine that a body
// starts a fault ends the program, and after a verb in its caller's too.
func TestFaultElsewhere(t *testing.T) {
	const env = "PARMAP_TEST_FAULT"
	deaths := map[string]func(t *testing.T){
		"goroutine": func(t *testing.T) {
			x := closedArray(t, 1)
			parmap.For(1, func(int) {
				var wg sync.WaitGroup
				wg.Go(func() { touchHere(x, 0, true) })
				wg.Wait()
			})
		},
		"large product": func(t *testing.T) {
			n := 128 // four blocks of gonum's
			x := closedArray(t, (n*n-1)/pageOfFloats+1)
			a, b := mat.NewDense(n, n, x[:n*n]), mat.NewDense(n, n, nil)
			parmap.For(1, func(int) { new(mat.Dense).Mul(a, b) })
		},
		"caller": func(t *testing.T) {
			x := closedArray(t, 1)
			parmap.For(1, func(int) {})
			touchHere(x, 0, true)
		},
	}
	if death := deaths[os.Getenv(env)]; death != nil {
		death(t)
		fmt.Println("survived")
		return
	}
	for name := range deaths {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestFaultElsewhere$", "-test.count=1", "-test.timeout=60s")
			cmd.Env = append(os.Environ(), env+"="+name)
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit, "%s", out)
			assert.Equal(t, 2, exit.ExitCode())
			assert.Contains(t, string(out), "unexpected fault address")
			assert.Contains(t, string(out), "fatal error: fault")
			assert.NotContains(t, string(out), "survived")
		})
	}
}
