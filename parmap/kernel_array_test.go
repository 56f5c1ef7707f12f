//go:build unix

package parmap_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/shmarray"
)

type floats = shmarray.Array[float64]

// zeros returns an array that the test closes, if it has not done so.
func zeros(t testing.TB, shape ...int) *floats {
	t.Helper()
	a, err := shmarray.Zeros(shape...)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, a.Close()) })
	return a
}

type heldArgs struct {
	One   *floats
	All   []*floats
	Named map[string]*floats
	Any   any
	Value []floats
	F     any // a callRange
}

var held = parmap.NewKernel("test: held", func(ctx context.Context, lo, hi int, a heldArgs) error {
	return a.F.(callRange)(ctx, lo, hi)
})

// TestArraysAreHeld holds that nobody closes the arrays of a run while it is
// under way, wherever in the arguments they are, and that everybody can when it
// is over, however it ended.
func TestArraysAreHeld(t *testing.T) {
	const n = 100
	for how, f := range map[string]func(){
		"returns": func() {},
		"fails":   nil,
		"panics":  panicsHere,
	} {
		t.Run(how, func(t *testing.T) {
			for _, crowd := range crowds {
				var owners []*floats
				add := func(shape ...int) *floats {
					a := zeros(t, shape...)
					owners = append(owners, a)
					return a
				}
				args := heldArgs{
					One: add(n), All: []*floats{add(2, 3), nil, add(1).Slice(0, 1)},
					Named: map[string]*floats{"a": add(), "nil": nil}, Any: []any{add(5), nil, 7},
					Value: []floats{*add(4)},
				}
				out, view := add(n), add(n+2, 3).Slice(1, n+1)
				free := zeros(t, 3)
				var once sync.Once
				args.F = callRange(func(context.Context, int, int) error {
					for _, a := range owners {
						if err := a.Close(); err == nil {
							t.Errorf("%v was closed", a)
						} else {
							assert.ErrorIs(t, err, shmarray.ErrInUse)
						}
						a.Shape()
					}
					once.Do(func() { assert.NoError(t, free.Close(), "not of the run") })
					if f == nil {
						return errBoom
					}
					f()
					return nil
				})
				err := held.Run(bg, n, args, append(runOptions(crowd), parmap.Output(out, view))...)
				assert.Equal(t, how != "returns", err != nil)
				for _, a := range owners {
					assert.NoError(t, a.Close(), "%v", a)
					assert.PanicsWithValue(t, "shmarray: array is closed", func() { a.Data() })
				}
			}
		})
	}
}

// TestClosedArrays holds that a run with one does not begin, and holds no other.
func TestClosedArrays(t *testing.T) {
	never := callRange(func(context.Context, int, int) error { t.Error("a body ran"); return nil })
	open, closed, empty := zeros(t, 5), zeros(t, 5), zeros(t, 0)
	require.NoError(t, closed.Close())
	require.NoError(t, empty.Close())
	for _, run := range []func(){
		func() { _ = held.Run(bg, 5, heldArgs{F: never, One: open, All: []*floats{closed}}) },
		func() { _ = held.Run(bg, 5, heldArgs{F: never, One: open}, parmap.Output(open, closed)) },
		func() { _ = held.Run(bg, 5, heldArgs{F: never, Any: empty}, parmap.Output(open)) },
		func() { _ = held.Run(bg, 0, heldArgs{F: never}, parmap.Output(empty)) },
		func() { _ = held.Run(bg, 5, heldArgs{F: never, Value: make([]floats, 1)}) },
		func() { _ = held.Run(nil, 5, heldArgs{F: never, One: open}, parmap.Output(open)) }, //lint:ignore SA1012 the point
	} {
		assert.Panics(t, run)
	}
	assert.PanicsWithValue(t, "shmarray: array is closed", func() { _ = held.Run(bg, 5, heldArgs{F: never, One: closed}) })
	assert.NoError(t, open.Close(), "a run that panicked holds nothing")
}

// TestNilOutput holds that a nil array is found where it is named, also one with
// a type.
func TestNilOutput(t *testing.T) {
	var none *floats
	assert.PanicsWithValue(t, "parmap: nil output", func() { parmap.Output(none) })
	assert.PanicsWithValue(t, "parmap: nil output", func() { parmap.Output(zeros(t, 1), none) })
}

// TestWhatAnInterfaceHides holds that a run on goroutines, where nothing
// travels, does not mind what its arguments' interfaces hold.
func TestWhatAnInterfaceHides(t *testing.T) {
	type secret struct{ a *floats }
	for _, v := range []any{secret{zeros(t, 3)}, &secret{zeros(t, 3)}, []secret{{zeros(t, 3)}}} {
		ran := false
		body := callRange(func(context.Context, int, int) error { ran = true; return nil })
		if assert.NotPanics(t, func() { assert.NoError(t, held.Run(bg, 1, heldArgs{F: body, Any: v})) }, "%T", v) {
			assert.True(t, ran)
		}
	}
}

var rowsOf = parmap.NewFunc("test: rows", func(_ context.Context, a *floats) (int, error) {
	if err := a.Close(); err == nil {
		return 0, errBoom
	}
	return a.Shape()[0], nil
})

// TestItemsAreHeld is TestArraysAreHeld for the items of a Func.
func TestItemsAreHeld(t *testing.T) {
	var in []*floats
	for i := range 10 {
		in = append(in, zeros(t, i, 2))
	}
	got, err := rowsOf.Map(bg, in[1:])
	assert.NoError(t, err)
	assert.Equal(t, list(1, 10), got)
	for _, a := range in {
		assert.NoError(t, a.Close())
	}
	assert.PanicsWithValue(t, "shmarray: array is closed", func() { _, _ = rowsOf.Map(bg, in) })
}

// TestReadOnlyOutput holds that an Output that cannot be written is an error of
// the run.
func TestReadOnlyOutput(t *testing.T) {
	path := t.TempDir() + "/a.npy"
	a, err := shmarray.Create[float64](path, 10)
	require.NoError(t, err)
	require.NoError(t, a.Close())
	a, err = shmarray.Open[float64](path, shmarray.ReadOnly)
	require.NoError(t, err)
	defer a.Close()
	nothing := callRange(func(context.Context, int, int) error { return nil })
	err = held.Run(bg, 10, heldArgs{F: nothing}, parmap.Output(a))
	assert.ErrorContains(t, err, "write to a read-only array")
}
