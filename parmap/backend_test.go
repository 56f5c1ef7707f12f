package parmap_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/chunk"
	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/internal/kernel"
)

// A sequence is a backend that runs a chunk of size indices after the other.
type sequence struct {
	size int
	call *kernel.Call
	fail error // after the run
}

func (s *sequence) RunKernel(ctx context.Context, c *kernel.Call) error {
	s.call = c
	for _, r := range chunk.BySize(c.N, s.size).All() {
		for _, o := range c.Outputs {
			o.Clear(r.Lo, r.Hi)
		}
		var failed error
		if in := c.In(r.Lo, r.Hi); c.Entry.Body != nil {
			failed = c.Entry.Body(ctx, r.Lo, r.Hi, in)
		} else {
			out := c.Entry.Map(ctx, r.Lo, in, func(_ int, f func() error) bool {
				failed = f()
				return failed == nil || c.Collect
			})
			if err := c.Out(r.Lo, r.Hi, out); err != nil {
				return err
			}
		}
		if failed != nil {
			return failed
		}
	}
	return s.fail
}

// An astray is a backend with two workers whose clocks are behind or ahead of the run's.
type astray struct{}

func (astray) RunKernel(_ context.Context, c *kernel.Call) error {
	const year = 365 * 24 * time.Hour
	c.Watch.Workers = 2
	c.Watch.Attempts = []kernel.Attempt{
		{Worker: 0, PID: 7, Hi: 1, Start: -year, End: 3},
		{Worker: 1, PID: 8, Lo: 1, Hi: 2, Start: 1, End: 0},
		{Worker: 0, PID: 7, Lo: 2, Hi: 3, Start: 2, End: 4}, // before the first has ended
		{Worker: 1, PID: 8, Lo: 3, Hi: 4, Start: 3, End: year},
		{Worker: 0, PID: 7, Lo: 4, Hi: 5, Start: year, End: 2 * year},
	}
	return nil
}

// TestStatsOfClocksThatDiffer holds that the numbers add up although they do not read one
// clock.
func TestStatsOfClocksThatDiffer(t *testing.T) {
	var s parmap.Stats
	require.NoError(t, addNumbers.Run(bg, 5, numbersArgs{&heapRows{make([]float64, 5)}}, parmap.On(astray{}), parmap.Record(&s)))
	adds(t, &s)
	assert.Equal(t, []int{3, 2}, []int{s.ByWorker[0].Chunks, s.ByWorker[1].Chunks})
	cover(t, &s, 5)
	for _, v := range s.Spans {
		assert.Equal(t, 7+v.Worker, v.PID)
		assert.GreaterOrEqual(t, v.Start, time.Duration(0))
	}
}

// TestKernelOnABackend holds what a backend is told, and that a run there is
// that of goroutines.
func TestKernelOnABackend(t *testing.T) {
	const n = 1000
	want := make([]float64, n)
	add(want, 0, n)
	for _, size := range []int{1, 7, n} {
		b, out := &sequence{size: size}, &heapRows{make([]float64, n)}
		for i := range out.data {
			out.data[i] = -1
		}
		err := addNumbers.Run(bg, n, numbersArgs{out}, parmap.On(b), parmap.Output(out), parmap.Grain(size), parmap.Workers(3), parmap.CollectErrors, parmap.Guided)
		require.NoError(t, err)
		assert.Equal(t, want, out.data)
		c := b.call
		assert.Equal(t, []int{n, size, 3}, []int{c.N, c.Grain, c.Workers})
		assert.True(t, c.Collect)
		require.Len(t, c.Outputs, 1)
		assert.Equal(t, 8, c.Outputs[0].Row)
		assert.Equal(t, numbersArgs{out}, reflect.ValueOf(c.In(0, n)).Elem().Field(0).Interface())
		assert.IsType(t, c.In(0, n), c.Entry.NewIn())
		assert.Same(t, kernel.Lookup("test: add numbers"), c.Entry)
		assert.Nil(t, c.Entry.NewOut)
		assert.False(t, c.Entry.Plain, "there is an interface in its arguments")
	}
}

func TestFuncOnABackend(t *testing.T) {
	for _, size := range []int{1, 7, 100} {
		b := &sequence{size: size}
		got, err := valueOf.Map(bg, indices(100), parmap.On(b))
		require.NoError(t, err)
		want, err := valueOf.Map(bg, indices(100))
		require.NoError(t, err)
		assert.Equal(t, want, got)
		assert.IsType(t, b.call.In(0, 1), b.call.Entry.NewIn())
		assert.Error(t, b.call.Out(0, 1, b.call.Entry.NewOut()), "none for an item")
		assert.NoError(t, b.call.Out(0, 0, b.call.Entry.NewOut()))
		assert.True(t, b.call.Entry.Plain)

		got, err = valueOf.Map(bg, indices(100), parmap.On(&sequence{size: size, fail: errBoom}))
		assert.Equal(t, errBoom, err)
		assert.Nil(t, got)
		got, err = valueOf.Map(bg, indices(100), parmap.On(&sequence{size: size, fail: errBoom}), parmap.CollectErrors)
		assert.Equal(t, errBoom, err)
		assert.Equal(t, want, got, "what there is")
	}
	got, err := sevensFunc.Map(bg, indices(10), parmap.On(&sequence{size: 5}))
	assert.ErrorIs(t, err, errBoom)
	assert.Nil(t, got)
}

// TestBackendIsNotAsked holds that a run that does not begin is none of the
// backend's business.
func TestBackendIsNotAsked(t *testing.T) {
	b := &sequence{size: 1}
	args := numbersArgs{&heapRows{make([]float64, 3)}}
	errWhy := errors.New("why")
	ctx, cancel := context.WithCancelCause(bg)
	cancel(errWhy)
	assert.Equal(t, errWhy, addNumbers.Run(ctx, 3, args, parmap.On(b)))
	_, err := valueOf.Map(ctx, []int{1}, parmap.On(b))
	assert.Equal(t, errWhy, err)
	for want, f := range map[string]func(){
		"parmap: negative n":               func() { _ = addNumbers.Run(bg, -1, args, parmap.On(b)) },
		"parmap: nil context":              func() { _ = addNumbers.Run(nil, 3, args, parmap.On(b)) }, //lint:ignore SA1012 the point
		"parmap: negative grain":           func() { _ = addNumbers.Run(bg, 3, args, parmap.On(b), parmap.Grain(-1)) },
		"parmap: negative workers":         func() { _ = addNumbers.Run(bg, 3, args, parmap.On(b), parmap.Workers(-1)) },
		"parmap: an output has not n rows": func() { _ = addNumbers.Run(bg, 3, args, parmap.On(b), parmap.Output(&heapRows{})) },
		"parmap: Output of a Func":         func() { _, _ = valueOf.Map(bg, nil, parmap.On(b), parmap.Output(&heapRows{})) },
	} {
		assert.PanicsWithValue(t, want, f)
	}
	assert.Nil(t, b.call)
	require.NoError(t, addNumbers.Run(bg, 3, args, parmap.On(b), parmap.On(&sequence{size: 1})))
	assert.Nil(t, b.call, "the later wins")
}
