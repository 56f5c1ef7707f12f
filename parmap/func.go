package parmap

import (
	"context"
	"fmt"
	"reflect"

	"github.com/parfor-go/parfor/parmap/internal/kernel"
)

// A Func is a named function of one item, whose results come back in order
// also from other processes. It is to [MapErr] what [Kernel] is to
// [ForRangeErr].
type Func[T, R any] struct {
	entry *kernel.Entry
	f     func(ctx context.Context, in T) (R, error)
}

// NewFunc registers f under a name that no other kernel or func of the program
// has. Items and results travel by encoding/gob: see [NewKernel], also for when
// NewFunc panics, and for what f sees and how often it may run. An array stays
// with the process that made it: NewFunc panics too if R can be or refer to one.
// Return what is in it, or have a [Kernel] write to an [Output].
func NewFunc[T, R any](name string, f func(ctx context.Context, in T) (R, error)) *Func[T, R] {
	if f == nil {
		panic("parmap: nil function")
	}
	in, out := reflect.TypeFor[T](), reflect.TypeFor[R]()
	mustTravel(name, in)
	mustTravel(name, out)
	if kernel.HasArray(out) {
		panic(fmt.Sprintf("parmap: func %q: %v: an array cannot be a result", name, out))
	}
	e := &kernel.Entry{
		Name:   name,
		NewIn:  func() any { return new([]box[T]) },
		NewOut: func() any { return new([]box[R]) },
		Plain:  !kernel.HasInterface(in) && !kernel.HasInterface(out),
		Map: func(ctx context.Context, lo int, in any, try kernel.Try) any {
			items := *in.(*[]box[T])
			results := make([]box[R], len(items))
			for i, item := range items {
				if !try(lo+i, func() (err error) { results[i].V, err = f(ctx, item.V); return err }) {
					break
				}
			}
			return &results
		},
	}
	kernel.Register(e)
	return &Func[T, R]{e, f}
}

// Map returns the results of f for the items of in, in their order. On
// goroutines it is [MapErr]. On a pool of processes items and results travel
// between them, some items together if there are many: [Grain] of them, or
// about a 4096th of all.
//
// An error or a panic is that of its item alone. The death of a worker, of a
// time limit too, is that of all the items that travelled together: their
// results are lost and nobody knows which it was. So use Grain(1) where items
// may crash or hang.
//
// Without an error the slice has len(in) results. With one it is nil, but under
// [CollectErrors] it has those that there are, and zero values elsewhere. Output
// and Journal are for kernels: Map panics.
func (f *Func[T, R]) Map(ctx context.Context, in []T, opts ...RunOption) ([]R, error) {
	c := configureRun(opts)
	if len(c.outputs) > 0 {
		panic("parmap: Output of a Func")
	}
	if c.journal != nil {
		panic("parmap: Journal of a Func")
	}
	arrays := kernel.Arrays(&in)
	for _, a := range arrays {
		defer hold(a)()
	}
	set := configure(c.options)
	ctx, end := set.name(ctx, f.entry.Name)
	defer end()
	if c.backend == nil {
		return mapErr(ctx, in, f.f, set)
	}
	out := make([]R, len(in))
	err := c.runOn(ctx, &kernel.Call{
		Entry: f.entry, N: len(in), Arrays: arrays,
		In: func(lo, hi int) any {
			part := make([]box[T], hi-lo)
			for i, item := range in[lo:hi] {
				part[i].V = item
			}
			return &part
		},
		Out: func(lo, hi int, results any) error {
			all := *results.(*[]box[R])
			if len(all) != hi-lo {
				return fmt.Errorf("%d for %d items", len(all), hi-lo)
			}
			for i, r := range all {
				out[lo+i] = r.V
			}
			return nil
		},
	}, set)
	if err != nil && !set.collect {
		return nil, err
	}
	return out, err
}
