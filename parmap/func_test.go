package parmap_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/parmap"
)

var callItem = parmap.NewFunc("test: call item", func(ctx context.Context, in any) (int, error) {
	return 0, in.(func(context.Context) error)(ctx)
})

var valueOf = parmap.NewFunc("test: value", func(_ context.Context, i int) (float64, error) { return value(i), nil })

// sevens fails at every item with a 7, which its result shows anyway.
func sevens(_ context.Context, i int) (string, error) {
	if i%10 == 7 {
		return "seven", fmt.Errorf("error %d: %w", i, errBoom)
	}
	return fmt.Sprint("item ", i), nil
}

var sevensFunc = parmap.NewFunc("test: sevens", sevens)

// TestFuncIsMapErr holds a Func on goroutines against MapErr: results, their
// order, and errors.
func TestFuncIsMapErr(t *testing.T) {
	for _, n := range []int{0, 1, 6, 8, 100} {
		for _, opts := range [][]parmap.Option{
			{parmap.Serial}, {parmap.Workers(1), parmap.Grain(3)},
			{parmap.CollectErrors}, {parmap.CollectErrors, parmap.Workers(8)}, {parmap.CollectErrors, parmap.Serial},
		} {
			want, wanted := parmap.MapErr(bg, indices(n), sevens, opts...)
			got, err := sevensFunc.Map(bg, indices(n), runOptions(opts)...)
			assert.Equal(t, want, got, "n = %d: %v", n, opts)
			assert.Equal(t, wanted, err, "n = %d: %v", n, opts)
			assert.Equal(t, n > 7, err != nil)
		}
	}
	got, err := sevensFunc.Map(bg, nil)
	assert.NoError(t, err)
	assert.Equal(t, []string{}, got, "as MapErr of no items")
}

// TestFuncBadArguments asserts that a caller's bug panics before f runs.
func TestFuncBadArguments(t *testing.T) {
	f := func(context.Context, int) (int, error) { t.Error("f ran"); return 0, nil }
	never := parmap.NewFunc(fresh(), f)
	name := fresh()
	parmap.NewFunc(name, f)
	one := []int{1}
	for _, tt := range []struct {
		want string
		f    func()
	}{
		{"parmap: nil function", func() { parmap.NewFunc[int, int](fresh(), nil) }},
		{"parmap: two kernels of one name", func() { parmap.NewFunc(name, f) }},
		{"parmap: two kernels of one name", func() { parmap.NewKernel(name, nothing[int]) }},
		{"parmap: nil context", func() { _, _ = never.Map(nil, one) }}, //lint:ignore SA1012 the point
		{"parmap: Output of a Func", func() { _, _ = never.Map(bg, one, parmap.Output(&heapRows{[]float64{1}})) }},
		{"parmap: nil option", func() { _, _ = never.Map(bg, one, nil) }},
		{"parmap: negative workers", func() { _, _ = never.Map(bg, one, parmap.Workers(-1)) }},
		{"parmap: negative grain", func() { _, _ = never.Map(bg, one, parmap.Grain(-1)) }},
		{"parmap: unknown schedule", func() { _, _ = never.Map(bg, one, parmap.Schedule(9)) }},
	} {
		assert.PanicsWithValue(t, tt.want, tt.f)
	}
}
