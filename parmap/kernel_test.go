package parmap_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/chunk"
	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap"
)

// On goroutines nothing travels, so the kernels of these tests get by way of
// interfaces what no process could: closures, and memory of the heap.
//
// A Backend of another package cannot be tested, as it cannot be written: the
// method that it needs has a *kernel.Call, a type of an internal package, in its
// signature. See backend_test.go for one of this package's.

type callArgs struct{ F any }

type callIndex = func(ctx context.Context, i int) error

var callBack = parmap.NewKernel("test: call back", func(ctx context.Context, lo, _ int, a callArgs) error {
	return a.F.(callIndex)(ctx, lo)
})

type callRange = func(ctx context.Context, lo, hi int) error

var callBackRange = parmap.NewKernel("test: call back with a range", func(ctx context.Context, lo, hi int, a callArgs) error {
	return a.F.(callRange)(ctx, lo, hi)
})

// A heapRows is numbers of the heap, as a 1-d array.
type heapRows struct{ data []float64 }

func (h *heapRows) Shape() []int { return []int{len(h.data)} }

func (h *heapRows) RowBytes(lo, hi int) []byte { return segment.BytesOf(h.data[lo:hi]) }

type numbersArgs struct{ To any } // a *heapRows

var addNumbers = parmap.NewKernel("test: add numbers", func(_ context.Context, lo, hi int, a numbersArgs) error {
	add(a.To.(*heapRows).data, lo, hi)
	return nil
})

// A matrix is rows of width bytes each, or of an odd shape.
type matrix struct {
	shape []int
	width int
	data  []byte
}

func (m *matrix) Shape() []int               { return m.shape }
func (m *matrix) RowBytes(lo, hi int) []byte { return m.data[lo*m.width : hi*m.width] }

var names atomic.Int64

// fresh returns a name that no kernel has.
func fresh() string { return fmt.Sprint("test: ", names.Add(1)) }

func runOptions(opts []parmap.Option) []parmap.RunOption {
	all := make([]parmap.RunOption, len(opts))
	for i, o := range opts {
		all[i] = o
	}
	return all
}

// TestOutputIsZeroed holds that a body that adds to what it finds makes the same
// of any array, under every schedule, number of workers and grain.
func TestOutputIsZeroed(t *testing.T) {
	for _, n := range []int{0, 1, 2, 7, 1000, 50_000} {
		want := make([]float64, n)
		add(want, 0, n)
		out := &heapRows{make([]float64, n)}
		for _, s := range schedules {
			for _, w := range []int{0, 1, 2, 3, 8, 64} {
				for _, g := range []int{0, 1, 7, 1000} {
					for i := range out.data {
						out.data[i] = math.Inf(-1)
					}
					err := addNumbers.Run(bg, n, numbersArgs{out}, s, parmap.Workers(w), parmap.Grain(g), parmap.Output(out))
					require.NoError(t, err)
					if !slices.Equal(want, out.data) {
						t.Fatalf("%v, %d workers, grain %d, n = %d: not as the sequential loop", s, w, g, n)
					}
				}
			}
		}
		for i := range out.data {
			out.data[i] = 1
		}
		require.NoError(t, addNumbers.Run(bg, n, numbersArgs{out}))
		for i := range want {
			require.Equal(t, want[i]+1, out.data[i], "not declared, not zeroed")
		}
	}
}

// TestOutputRows holds that each chunk finds its own rows zeroed in every output,
// and those that others own as they were.
func TestOutputRows(t *testing.T) {
	const n = 100
	for _, widths := range [][]int{{1}, {3}, {1, 8}, {5, 0, 2}} {
		var outputs []parmap.Rows
		var all []*matrix
		for _, w := range widths {
			m := &matrix{shape: []int{n, w}, width: w, data: make([]byte, n*w)}
			outputs, all = append(outputs, m), append(all, m)
		}
		for _, s := range schedules {
			for _, m := range all {
				copy(m.data, slices.Repeat([]byte{0xff}, len(m.data)))
			}
			body := callRange(func(_ context.Context, lo, hi int) error {
				for _, m := range all {
					rows := m.RowBytes(lo, hi)
					for i, b := range rows {
						if b != 0 {
							return fmt.Errorf("byte %d of [%d,%d) is %d", i, lo, hi, b)
						}
						rows[i] = byte(lo*m.width + i)
					}
				}
				return nil
			})
			require.NoError(t, callBackRange.Run(bg, n, callArgs{body}, s, parmap.Workers(3), parmap.Grain(7), parmap.Output(outputs...)))
			for _, m := range all {
				for i, b := range m.data {
					require.Equal(t, byte(i), b, "%v, byte %d of %v", s, i, m.shape)
				}
			}
		}
	}
	// Of two of the same kind the later wins, as of any option.
	a, b := &heapRows{[]float64{1}}, &heapRows{[]float64{1}}
	require.NoError(t, addNumbers.Run(bg, 1, numbersArgs{a}, parmap.Output(a), parmap.Output(b)))
	assert.Equal(t, []float64{1 + value(0)}, a.data)
	assert.Equal(t, []float64{0}, b.data)
}

// TestKernelChunks holds that a kernel gets the chunks that ForRangeErr would
// give, and that its errors and panics are the same.
func TestKernelChunks(t *testing.T) {
	for what, body := range map[string]callRange{
		"none": func(_ context.Context, lo, hi int) error { return nil },
		"an error": func(_ context.Context, lo, hi int) error {
			if lo <= 55 && 55 < hi {
				return errBoom
			}
			return nil
		},
		"errors": func(_ context.Context, lo, hi int) error { return fmt.Errorf("error %d", lo) },
	} {
		for _, grain := range []int{1, 10, 33, 1000} {
			for _, mode := range []parmap.Option{parmap.Workers(0), parmap.CollectErrors} {
				opts := []parmap.Option{mode, parmap.Dynamic, parmap.Workers(1), parmap.Grain(grain)}
				var want, got []chunk.Range
				note := func(chunks *[]chunk.Range) callRange {
					return func(ctx context.Context, lo, hi int) error {
						*chunks = append(*chunks, chunk.Range{Lo: lo, Hi: hi})
						return body(ctx, lo, hi)
					}
				}
				wanted := parmap.ForRangeErr(bg, 100, note(&want), opts...)
				err := callBackRange.Run(bg, 100, callArgs{note(&got)}, runOptions(opts)...)
				assert.Equal(t, wanted, err, what)
				assert.Equal(t, want, got, what)
			}
		}
	}
}

// TestKernelPanicIsError also holds that the arrays are free after a panic: see
// TestArraysAreHeld for how that is seen.
func TestKernelPanicIsError(t *testing.T) {
	boom := callRange(func(_ context.Context, lo, hi int) error { panicsHere(); return nil })
	for _, crowd := range crowds {
		err := callBackRange.Run(bg, 100, callArgs{boom}, runOptions(crowd)...)
		var p *parmap.PanicError
		require.ErrorAs(t, err, &p)
		assert.Equal(t, errBoom, p.Value)
		assert.Contains(t, string(p.Stack), "panicsHere")
		whole(t)
	}
}

// TestKernelWithoutIndices also holds that a cancelled context is looked at
// first, and that no body runs.
func TestKernelWithoutIndices(t *testing.T) {
	never := callRange(func(context.Context, int, int) error { return errBoom })
	assert.NoError(t, callBackRange.Run(bg, 0, callArgs{never}))
	assert.NoError(t, callBackRange.Run(bg, 0, callArgs{never}, parmap.Output(&heapRows{})))
	errWhy := errors.New("why")
	ctx, cancel := context.WithCancelCause(bg)
	cancel(errWhy)
	out := &heapRows{[]float64{1, 2}}
	for _, n := range []int{0, 100} {
		assert.Equal(t, errWhy, callBackRange.Run(ctx, n, callArgs{never}))
	}
	assert.Equal(t, errWhy, callBackRange.Run(ctx, 2, callArgs{never}, parmap.Output(out)))
	assert.Equal(t, []float64{1, 2}, out.data, "no attempt, nothing zeroed")
}

// TestKernelBadArguments asserts that a caller's bug panics before any body runs.
func TestKernelBadArguments(t *testing.T) {
	never := callArgs{callRange(func(context.Context, int, int) error { t.Error("a body ran"); return nil })}
	run := func(n int, opts ...parmap.RunOption) func() {
		return func() { _ = callBackRange.Run(bg, n, never, opts...) }
	}
	whole := make([]float64, 3)
	part := func(lo, hi int) *heapRows { return &heapRows{whole[lo:hi]} }
	output := func(shape ...int) parmap.RunOption { return parmap.Output(&matrix{shape: shape, width: 1}) }
	for _, tt := range []struct {
		want string
		f    func()
	}{
		{"parmap: negative n", run(-1)},
		{"parmap: negative n", run(-1, output(3))},
		{"parmap: negative n", run(math.MinInt)},
		{"parmap: nil context", func() { _ = callBackRange.Run(nil, 1, never) }}, //lint:ignore SA1012 the point
		{"parmap: nil context", func() { _ = callBackRange.Run(nil, 0, never) }}, //lint:ignore SA1012 the point
		{"parmap: an output has not n rows", run(3, output(4))},
		{"parmap: an output has not n rows", run(3, output(2))},
		{"parmap: an output has not n rows", run(3, output(1, 3))},
		{"parmap: an output has not n rows", run(0, output(1))},
		{"parmap: an output has not n rows", run(1, output())},
		{"parmap: an output has not n rows", run(0, output())},
		{"parmap: an output has not n rows", run(3, parmap.Output(&heapRows{make([]float64, 3)}, &heapRows{}))},
		{"parmap: nil option", run(1, nil)},
		{"parmap: nil option", run(1, parmap.Static, nil)},
		{"parmap: nil backend", func() { parmap.On(nil) }},
		{"parmap: nil backend", func() { parmap.On((*sequence)(nil)) }},
		{"parmap: outputs overlap", run(2, parmap.Output(part(0, 2), part(1, 3)))},
		{"parmap: outputs overlap", run(2, parmap.Output(part(1, 3), part(0, 2)))},
		{"parmap: outputs overlap", run(1, parmap.Output(part(0, 1), &matrix{shape: []int{1, 2}, width: 16, data: segment.BytesOf(whole)}))},
		{"parmap: nil output", func() { parmap.Output(nil) }},
		{"parmap: nil output", func() { parmap.Output(&heapRows{}, nil) }},
		{"parmap: negative workers", run(1, parmap.Workers(-1))},
		{"parmap: negative grain", run(1, parmap.Grain(-1))},
		{"parmap: unknown schedule", run(1, parmap.Schedule(9))},
		{"parmap: unknown mode", run(1, parmap.Mode(9))},
	} {
		assert.PanicsWithValue(t, tt.want, tt.f)
	}
}
