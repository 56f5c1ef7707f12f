//go:build unix

package parmap_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/shmarray"
)

// A mishap is an access that faults.
type mishap struct {
	touch  func()
	text   string // what is said of it
	closed bool   // the array was
}

var faultSink float64 // keeps the compiler from dropping a read

var oneByOne sync.Mutex // workers that touch the same number are no data race

// touchHere is the function that the stacks must show.
func touchHere(x []float64, i int, write bool) {
	oneByOne.Lock()
	defer oneByOne.Unlock()
	if write {
		x[i] = 1
	} else if x[i] == 12345 {
		faultSink = x[i]
	}
}

// pageOfFloats is how many numbers a page has.
var pageOfFloats = os.Getpagesize() / 8

// closedArray returns the elements of an array of the given number of pages
// that is closed.
func closedArray(t *testing.T, pages int) []float64 {
	t.Helper()
	a, err := shmarray.Ones(pages * pageOfFloats)
	require.NoError(t, err)
	x := a.Data()
	require.NoError(t, a.Close())
	return x
}

// readOnlyFile returns the elements of a file of three pages, behind a head of
// 64 bytes, and its path.
func readOnlyFile(t *testing.T, name string) (x []float64, path string) {
	t.Helper()
	nbytes := 3 * os.Getpagesize()
	path = filepath.Join(t.TempDir(), name)
	s, err := segment.Create(path, make([]byte, 64), nbytes, "a draft")
	require.NoError(t, err)
	require.NoError(t, s.Close())
	f, err := os.Open(path)
	require.NoError(t, err)
	s, err = segment.Map(f, path, segment.ReadOnly, 64, 64+nbytes, name)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return segment.Cast[float64](s.Bytes()), path
}

// mishaps returns one of each kind.
func mishaps(t *testing.T) map[string]mishap {
	t.Helper()
	closed := closedArray(t, 2)
	of := fmt.Sprintf("of float64 array [%d]", 2*pageOfFloats)
	whole, _ := readOnlyFile(t, "whole.npy")
	cut, path := readOnlyFile(t, "cut.npy")
	require.NoError(t, os.Truncate(path, int64(os.Getpagesize())))
	behind := 2 * pageOfFloats
	return map[string]mishap{
		"read of a closed array": {func() { touchHere(closed, pageOfFloats+5, false) },
			fmt.Sprintf("array unmapped: byte %d %s", 8*(pageOfFloats+5), of), true},
		"write to a closed array": {func() { touchHere(closed, 7, true) },
			fmt.Sprintf("array unmapped: byte 56 %s", of), true},
		"write to a read-only array": {func() { touchHere(whole, 3, true) },
			"write to a read-only array: byte 24 of whole.npy", false},
		"read behind the end of a file": {func() { touchHere(cut, behind, false) },
			fmt.Sprintf("file truncated under its mapping: byte %d of cut.npy", 8*behind), false},
	}
}

// assertFault asserts that err is m's fault, with its stack, and returns it.
func (m mishap) assertFault(t *testing.T, err error) *parmap.PanicError {
	t.Helper()
	var p *parmap.PanicError
	if !assert.ErrorAs(t, err, &p) {
		return nil
	}
	assert.EqualError(t, p.Unwrap(), m.text)
	assert.Contains(t, err.Error(), "body panicked: "+m.text+"\n\n")
	assert.Contains(t, string(p.Stack), "touchHere", "the body's own stack")
	assert.Equal(t, m.closed, errors.Is(err, shmarray.ErrClosed))
	assert.Equal(t, m.closed, errors.Is(err, segment.ErrClosed))
	var re runtime.Error
	assert.ErrorAs(t, err, &re)
	return p
}

// keeping runs f with either setting of SetPanicOnFault, and asserts that it is
// the same afterwards, also if f panics or exits.
func keeping(t *testing.T, f func()) {
	t.Helper()
	for _, setting := range []bool{false, true} {
		var done sync.WaitGroup
		done.Go(func() {
			debug.SetPanicOnFault(setting)
			defer func() {
				assert.Equal(t, setting, debug.SetPanicOnFault(false), "the caller's setting")
			}()
			f()
		})
		done.Wait()
	}
}

// panicsOnFault returns the calling goroutine's setting.
func panicsOnFault() bool {
	now := debug.SetPanicOnFault(false)
	debug.SetPanicOnFault(now)
	return now
}

// faultCrowds are the ways to run a verb that the tests of faults go through.
var faultCrowds = [][]parmap.Option{
	{},
	{parmap.Workers(1)},
	{parmap.Serial},
	{parmap.Workers(4)},
}

// plainFaulting is plain, and the verbs' own access to what they were given.
func plainFaulting() map[string]func(n int, f func(i int), opts ...parmap.Option) {
	verbs := map[string]func(n int, f func(i int), opts ...parmap.Option){
		"nested": func(n int, f func(i int), opts ...parmap.Option) {
			parmap.For(2, func(k int) {
				parmap.For(n, func(i int) {
					if k == 1 {
						f(i)
					}
				}, opts...)
			}, opts...)
		},
		"nested Err": func(n int, f func(i int), opts ...parmap.Option) {
			parmap.For(2, func(int) {
				err := parmap.ForErr(bg, n, func(_ context.Context, i int) error { f(i); return nil }, opts...)
				var p *parmap.PanicError
				if errors.As(err, &p) {
					panic(p)
				}
			}, opts...)
		},
		"source": func(n int, f func(i int), opts ...parmap.Option) {
			for range parmap.Stream(bg, touching(n, f), identity, opts...) {
			}
		},
		"source after break": func(n int, f func(i int), opts ...parmap.Option) {
			for range parmap.Stream(bg, func(yield func(int) bool) {
				touching(n, func(int) {})(yield)
				each(f)(0, n)
			}, identity, opts...) {
				break
			}
		},
	}
	for name, verb := range plain {
		verbs[name] = verb
	}
	return verbs
}

// touching is a source that calls f before it gives an item.
func touching(n int, f func(i int)) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if f(i); !yield(i) {
				return
			}
		}
	}
}

// failingFaulting is failing, and the combine of ReduceErr.
func failingFaulting() map[string]func(ctx context.Context, n int, f func(ctx context.Context, i int) error, opts ...parmap.Option) error {
	verbs := map[string]func(ctx context.Context, n int, f func(ctx context.Context, i int) error, opts ...parmap.Option) error{
		"combine": func(ctx context.Context, n int, f func(ctx context.Context, i int) error, opts ...parmap.Option) error {
			_, err := parmap.ReduceErr(ctx, n, func(_ context.Context, lo, _ int) (int, error) { return lo, nil },
				func(a, b int) int { _ = f(ctx, b); return a }, opts...)
			return err
		},
	}
	for name, verb := range failing {
		verbs[name] = verb
	}
	return verbs
}

// TestFault holds that a fault of a body is the PanicError of a plain verb.
func TestFault(t *testing.T) {
	kinds := mishaps(t)
	for name, verb := range plainFaulting() {
		t.Run(name, func(t *testing.T) {
			for kind, m := range kinds {
				for _, crowd := range faultCrowds {
					keeping(t, func() {
						v := caught(func() {
							verb(12, func(i int) {
								if i == 5 {
									m.touch()
								}
							}, crowd...)
						})
						p, ok := v.(*parmap.PanicError)
						if assert.True(t, ok, "%s, %v: recovered %v", kind, crowd, v) {
							assert.Same(t, p, m.assertFault(t, p))
						}
						whole(t)
					})
				}
			}
		})
	}
}

// TestFaultIsError holds that a fault of a body is an error of an Err verb, one
// among others under CollectErrors.
func TestFaultIsError(t *testing.T) {
	kinds := mishaps(t)
	for name, verb := range failingFaulting() {
		t.Run(name, func(t *testing.T) {
			for kind, m := range kinds {
				for _, crowd := range faultCrowds {
					keeping(t, func() {
						body := func(_ context.Context, i int) error {
							if i == 5 {
								m.touch()
							}
							if i == 9 {
								return errBoom
							}
							return nil
						}
						err := verb(bg, 8, body, crowd...)
						c, ok := err.(*parmap.ChunkError)
						if assert.True(t, ok, "%s, %v: %v", kind, crowd, err) {
							assert.Same(t, m.assertFault(t, c), c.Err)
							if name != "combine" { // which part brings b is by chance
								assert.Equal(t, []int{5, 6}, []int{c.Lo, c.Hi})
							}
						}
						err = verb(bg, 12, body, append(crowd, parmap.CollectErrors)...)
						m.assertFault(t, err)
						assert.Equal(t, name != "combine", errors.Is(err, errBoom))
						whole(t)
					})
				}
			}
		})
	}
}

// TestFaultOfTheVerbItself holds that arrays that a verb is given may be closed
// too: it reads and writes them as a body does.
func TestFaultOfTheVerbItself(t *testing.T) {
	x := closedArray(t, 1)
	double := func(v float64) float64 { return 2 * v }
	open := make([]float64, len(x))
	for name, call := range map[string]func(opts ...parmap.Option){
		"in":   func(opts ...parmap.Option) { parmap.Map(x, double, opts...) },
		"dst":  func(opts ...parmap.Option) { parmap.MapInto(x, open, double, opts...) },
		"pair": func(opts ...parmap.Option) { parmap.Map2(open, x, plus, opts...) },
		"rows": func(opts ...parmap.Option) {
			parmap.ForRows(mat.NewDense(1, len(x), x), func(_ int, row []float64) { row[0]++ }, opts...)
		},
		"source": func(opts ...parmap.Option) {
			for range parmap.Stream(bg, slices.Values(x), func(context.Context, float64) (int, error) { return 0, nil }, opts...) {
			}
		},
		"small product": func(opts ...parmap.Option) { // a large one: TestFaultElsewhere
			parmap.For(1, func(int) { new(mat.Dense).Mul(mat.NewDense(2, 2, x[:4]), mat.NewDense(2, 2, open[:4])) }, opts...)
		},
	} {
		for _, crowd := range faultCrowds {
			p, ok := caught(func() { call(crowd...) }).(*parmap.PanicError)
			if assert.True(t, ok, name) {
				// Which element is first depends on the chunks.
				assert.Regexp(t, `^array unmapped: byte \d+ of float64 array \[\d+\]$`, fmt.Sprint(p.Value))
				assert.ErrorIs(t, p, shmarray.ErrClosed)
			}
		}
		whole(t)
	}
}

// TestFaultOfEveryWorker holds that faults are caught in the caller and in each
// helper at once, of the crew and outside it, though bodies before switched
// that off: all bodies meet before they touch.
func TestFaultOfEveryWorker(t *testing.T) {
	m := mishaps(t)["read of a closed array"]
	for _, w := range []int{2, 4} {
		for range 10 {
			meeting := func(after func()) func() {
				var met sync.WaitGroup
				met.Add(w)
				return func() {
					met.Done()
					met.Wait()
					after()
				}
			}
			off := meeting(func() { debug.SetPanicOnFault(false) })
			parmap.For(w, func(int) { off() }, parmap.Workers(w))

			touch := meeting(m.touch)
			p, ok := caught(func() { parmap.For(w, func(int) { touch() }, parmap.Workers(w)) }).(*parmap.PanicError)
			require.True(t, ok)
			m.assertFault(t, p)

			touch = meeting(m.touch)
			err := parmap.ForErr(bg, w, func(context.Context, int) error { touch(); return nil }, parmap.Workers(w), parmap.CollectErrors)
			m.assertFaults(t, w, err)

			touch = meeting(m.touch)
			var errs []error
			for _, err := range parmap.Stream(bg, slices.Values(indices(w)), func(context.Context, int) (int, error) {
				touch()
				return 0, nil
			}, parmap.Workers(w), parmap.CollectErrors) {
				errs = append(errs, err)
			}
			m.assertFaults(t, w, errors.Join(errs...))
		}
	}
	whole(t)
}

// assertFaults asserts that err joins n errors, each m's fault.
func (m mishap) assertFaults(t *testing.T, n int, err error) {
	t.Helper()
	all, ok := err.(interface{ Unwrap() []error })
	require.True(t, ok, "%v", err)
	require.Len(t, all.Unwrap(), n)
	for _, err := range all.Unwrap() {
		m.assertFault(t, err)
	}
}
