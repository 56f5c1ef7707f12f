package parmap_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/parfor-go/parfor/chunk"
	"github.com/parfor-go/parfor/parmap"
)

// plain are the verbs without an error, running f(i) for i in [0, n).
var plain = map[string]func(n int, f func(i int), opts ...parmap.Option){
	"For":      parmap.For,
	"ForRange": func(n int, f func(i int), opts ...parmap.Option) { parmap.ForRange(n, each(f), opts...) },
	"ForTile": func(n int, f func(i int), opts ...parmap.Option) {
		parmap.ForTile(n, 1, func(t chunk.Tile) { each(f)(t.Rows.Lo, t.Rows.Hi) }, append(opts, parmap.Grain(1))...)
	},
	"ForRows": func(n int, f func(i int), opts ...parmap.Option) {
		parmap.ForRows(mat.NewDense(n, 1, nil), func(i int, _ []float64) { f(i) }, opts...)
	},
	"ForLocal": func(n int, f func(i int), opts ...parmap.Option) {
		parmap.ForLocal(n, func() int { return 0 }, func(_, lo, hi int) { each(f)(lo, hi) }, opts...)
	},
	"Map": func(n int, f func(i int), opts ...parmap.Option) {
		parmap.Map(indices(n), func(i int) int { f(i); return i }, opts...)
	},
	"MapInto": func(n int, f func(i int), opts ...parmap.Option) {
		parmap.MapInto(make([]int, n), indices(n), func(i int) int { f(i); return i }, opts...)
	},
	"Map2": func(n int, f func(i int), opts ...parmap.Option) {
		parmap.Map2(indices(n), indices(n), func(i, _ int) int { f(i); return i }, opts...)
	},
	"Reduce": func(n int, f func(i int), opts ...parmap.Option) {
		parmap.Reduce(n, func(lo, hi int) int { each(f)(lo, hi); return 0 }, larger, opts...)
	},
	"Scan": func(n int, f func(i int), opts ...parmap.Option) {
		parmap.Scan(make([]int, n), indices(n), func(a, b int) int { f(b); return b }, opts...)
	},
	"ScanExclusive": func(n int, f func(i int), opts ...parmap.Option) {
		parmap.ScanExclusive(make([]int, n), indices(n), 0, func(a, b int) int { f(b); return b }, opts...)
	},
	"combine": func(n int, f func(i int), opts ...parmap.Option) {
		parmap.Reduce(n, func(lo, hi int) int { return lo }, func(a, b int) int { f(b); return a }, opts...)
	},
	"newLocal": func(n int, f func(i int), opts ...parmap.Option) {
		parmap.ForLocal(n, func() int { each(f)(0, n); return 0 }, func(_, lo, hi int) {}, opts...)
	},
}

// failing are the verbs with an error.
var failing = map[string]func(ctx context.Context, n int, f func(ctx context.Context, i int) error, opts ...parmap.Option) error{
	"ForErr": parmap.ForErr,
	"ForRangeErr": func(ctx context.Context, n int, f func(ctx context.Context, i int) error, opts ...parmap.Option) error {
		return parmap.ForRangeErr(ctx, n, func(ctx context.Context, lo, hi int) error {
			return f(ctx, lo)
		}, append(opts, parmap.Dynamic, parmap.Grain(1))...)
	},
	"MapErr": func(ctx context.Context, n int, f func(ctx context.Context, i int) error, opts ...parmap.Option) error {
		_, err := parmap.MapErr(ctx, indices(n), func(ctx context.Context, i int) (int, error) { return i, f(ctx, i) }, opts...)
		return err
	},
	"ReduceErr": func(ctx context.Context, n int, f func(ctx context.Context, i int) error, opts ...parmap.Option) error {
		_, err := parmap.ReduceErr(ctx, n, func(ctx context.Context, lo, hi int) (int, error) {
			return 0, f(ctx, lo)
		}, larger, append(opts, parmap.Grain(1))...)
		return err
	},
	"Stream": func(ctx context.Context, n int, f func(ctx context.Context, i int) error, opts ...parmap.Option) error {
		return drain(ctx, n, f, opts...)
	},
	"Stream unordered": func(ctx context.Context, n int, f func(ctx context.Context, i int) error, opts ...parmap.Option) error {
		return drain(ctx, n, f, append(opts, parmap.Unordered)...)
	},
	"Kernel.Run": func(ctx context.Context, n int, f func(ctx context.Context, i int) error, opts ...parmap.Option) error {
		return callBack.Run(ctx, n, callArgs{callIndex(f)}, runOptions(append(opts, parmap.Dynamic, parmap.Grain(1)))...)
	},
	"Func.Map": func(ctx context.Context, n int, f func(ctx context.Context, i int) error, opts ...parmap.Option) error {
		in := make([]any, n)
		for i := range in {
			in[i] = func(ctx context.Context) error { return f(ctx, i) }
		}
		_, err := callItem.Map(ctx, in, runOptions(opts)...)
		return err
	},
}

func drain(ctx context.Context, n int, f func(ctx context.Context, i int) error, opts ...parmap.Option) error {
	var errs []error
	for _, err := range parmap.Stream(ctx, slices.Values(indices(n)), func(ctx context.Context, i int) (int, error) {
		return i, f(ctx, i)
	}, opts...) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	slices.SortFunc(errs, func(a, b error) int {
		var x, y *parmap.ChunkError
		if errors.As(a, &x) && errors.As(b, &y) {
			return x.Lo - y.Lo
		}
		return 0
	})
	if len(errs) == 1 {
		return errs[0]
	}
	return errors.Join(errs...)
}

func each(f func(i int)) func(lo, hi int) {
	return func(lo, hi int) {
		for i := lo; i < hi; i++ {
			f(i)
		}
	}
}

// crowds are the ways to run a loop that the tests of failures go through.
var crowds = [][]parmap.Option{
	{},
	{parmap.Workers(1)},
	{parmap.Workers(2), parmap.Static},
	{parmap.Workers(2), parmap.Dynamic, parmap.Grain(1)},
	{parmap.Workers(8)},
	{parmap.Workers(8), parmap.Guided},
}

// caught returns what f panics with.
func caught(f func()) (v any) {
	defer func() { v = recover() }()
	f()
	return nil
}

var errBoom = errors.New("boom")

func panicsHere() { panic(errBoom) }

// whole asserts that the engine works as before.
func whole(t *testing.T) {
	t.Helper()
	got := parmap.Map(indices(1000), value)
	want := make([]float64, 1000)
	add(want, 0, 1000)
	assert.Equal(t, want, got)
}

// TestPanic holds that the panic of a body reaches the caller of a plain verb
// with the body's stack, after all workers have stopped.
func TestPanic(t *testing.T) {
	for name, verb := range plain {
		t.Run(name, func(t *testing.T) {
			for _, crowd := range crowds {
				for _, at := range []int{1, 50, 99} {
					var inside atomic.Int32
					v := caught(func() {
						verb(100, func(i int) {
							inside.Add(1)
							defer inside.Add(-1)
							if i == at {
								panicsHere()
							}
						}, crowd...)
					})
					assert.Zero(t, inside.Load(), "bodies run after the verb's end")
					p, ok := v.(*parmap.PanicError)
					require.True(t, ok, "%v, index %d: recovered %v", crowd, at, v)
					assert.Equal(t, errBoom, p.Value)
					assert.ErrorIs(t, p, errBoom)
					assert.Contains(t, string(p.Stack), "panicsHere", "the body's own stack")
					whole(t)
				}
			}
		})
	}
}

// TestPanicIsError holds that the panic of a body is an error of an Err verb.
func TestPanicIsError(t *testing.T) {
	for name, verb := range failing {
		t.Run(name, func(t *testing.T) {
			for _, crowd := range crowds {
				err := verb(bg, 100, func(_ context.Context, i int) error {
					if i == 50 {
						panicsHere()
					}
					return nil
				}, crowd...)
				var c *parmap.ChunkError
				require.ErrorAs(t, err, &c, "%v", crowd)
				assert.Equal(t, 50, c.Lo)
				assert.Equal(t, 51, c.Hi)
				assert.Equal(t, 1, c.Attempts)
				var p *parmap.PanicError
				require.ErrorAs(t, err, &p)
				assert.Contains(t, string(p.Stack), "panicsHere")
				assert.ErrorIs(t, err, errBoom)
				assert.Regexp(t, `^parmap: index 50: body panicked: boom\n\n`, err.Error())
				whole(t)
			}
		})
	}
}

// TestNestedPanic holds that a panic keeps the innermost body's stack.
func TestNestedPanic(t *testing.T) {
	v := caught(func() {
		parmap.For(4, func(int) {
			parmap.For(4, func(i int) {
				if i == 3 {
					panicsHere()
				}
			})
		})
	})
	p, ok := v.(*parmap.PanicError)
	require.True(t, ok)
	assert.Equal(t, errBoom, p.Value)
	assert.Contains(t, string(p.Stack), "panicsHere")
}

// TestGoexit holds that runtime.Goexit in any body ends the caller, by then
// alone, as t.FailNow in a body needs it.
func TestGoexit(t *testing.T) {
	ends := func(t *testing.T, verb func(f func(i int))) {
		for _, at := range []int{1, 50, 99} {
			var inside atomic.Int32
			var after bool
			var wg sync.WaitGroup
			wg.Go(func() {
				verb(func(i int) {
					inside.Add(1)
					defer inside.Add(-1)
					if i == at {
						runtime.Goexit()
					}
				})
				after = true
			})
			wg.Wait()
			assert.False(t, after, "the caller went on")
			assert.Zero(t, inside.Load(), "bodies run after the verb's end")
			whole(t)
		}
	}
	for name, verb := range plain {
		t.Run(name, func(t *testing.T) {
			for _, crowd := range crowds {
				ends(t, func(f func(i int)) { verb(100, f, crowd...) })
			}
		})
	}
	for name, verb := range failing {
		t.Run(name, func(t *testing.T) {
			for _, crowd := range crowds {
				ends(t, func(f func(i int)) {
					_ = verb(bg, 100, func(_ context.Context, i int) error { f(i); return nil }, crowd...)
				})
			}
		})
	}
}

// TestGoexitCancels holds that bodies that wait for their context see it end
// when another calls Goexit.
func TestGoexitCancels(t *testing.T) {
	for name, verb := range failing {
		t.Run(name, func(t *testing.T) {
			for _, crowd := range crowds {
				for _, at := range []int{0, 1} {
					var wg sync.WaitGroup
					wg.Go(func() {
						_ = verb(bg, 2, func(ctx context.Context, i int) error {
							if i == at {
								runtime.Goexit()
							}
							if at == 0 { // else it may run before
								<-ctx.Done()
							}
							return nil
						}, crowd...)
					})
					wg.Wait()
				}
			}
			whole(t)
		})
	}
}

// TestPanicStops holds that a panic ends the handing out of chunks: the others,
// which have begun, finish theirs.
func TestPanicStops(t *testing.T) {
	for _, s := range []parmap.Schedule{parmap.Auto, parmap.Dynamic, parmap.Guided} {
		var ran atomic.Int32
		panicked := make(chan struct{})
		v := caught(func() {
			parmap.For(100000, func(i int) {
				if i == 0 {
					for ran.Load() < 15 {
						runtime.Gosched()
					}
					defer close(panicked)
					panicsHere()
				}
				ran.Add(1)
				<-panicked
				runtime.Gosched() // nor does it run away before the rest is stopped
			}, s, parmap.Workers(16), parmap.Grain(1)) // more than the crew: all are there at once
		})
		assert.NotNil(t, v)
		assert.Less(t, int(ran.Load()), 60000, "%v", s)
	}
}

// TestManyPanics sends several panics and exits through at once, again and
// again: a helper must not be lost, nor the caller.
func TestManyPanics(t *testing.T) {
	for k := range 300 {
		var wg sync.WaitGroup
		wg.Go(func() {
			defer func() { _ = recover() }()
			parmap.For(64, func(i int) {
				switch {
				case i%7 == k%7:
					panic(i)
				case i%11 == k%11:
					runtime.Goexit()
				}
			}, crowds[k%len(crowds)]...)
		})
		wg.Wait()
	}
	whole(t)
}

func larger(a, b int) int { return max(a, b) }
