package parmap

import (
	"context"
	"fmt"
	"reflect"

	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap/internal/kernel"
)

// A Kernel is a named body, which can run in other processes: goroutines run
// it unless [On] names a pool of processes. Make one for each body, as a
// package variable. It is safe for use by several goroutines.
type Kernel[A any] struct {
	entry *kernel.Entry
	body  func(ctx context.Context, lo, hi int, args A) error
}

// NewKernel registers a body under a name that no other kernel or func of the
// program has. The body runs the indices [lo, hi), which it gets as
// [ForRangeErr]'s does, and sees nothing but its arguments: in a worker process
// main does not run, so variables that it sets are unset there, and flags that
// it parses have their defaults.
//
// In worker processes a body may run more than once for an index: after the
// death of a worker its chunk is given to another. What it writes to a declared
// [Output] is then as if it had run once; files, standard output and arrays
// that are not declared are its own concern.
//
// Arguments travel by encoding/gob, arrays of package shmarray as references,
// wherever in slices, maps and structs they are. A slice or map is a copy in a
// worker, and what a body writes to it is lost, without an error: results belong
// in arrays. An empty slice or map, and a pointer to a zero number or string, may
// come as nil, and the type of what is in an interface has to be registered, by
// gob.Register in a function init.
//
// NewKernel panics if the name is taken, the body nil, or A a type that cannot
// travel: one with an unexported, func or chan field and no encoding of its own,
// or a gonum matrix, which would be copied: pass the array.
func NewKernel[A any](name string, body func(ctx context.Context, lo, hi int, args A) error) *Kernel[A] {
	if body == nil {
		panic("parmap: nil body")
	}
	in := reflect.TypeFor[A]()
	mustTravel(name, in)
	e := &kernel.Entry{
		Name:  name,
		NewIn: func() any { return new(box[A]) },
		Empty: in.Kind() == reflect.Struct && in.NumField() == 0,
		Plain: !kernel.HasInterface(in),
		Body: func(ctx context.Context, lo, hi int, in any) error {
			return body(ctx, lo, hi, in.(*box[A]).V)
		},
	}
	kernel.Register(e)
	return &Kernel[A]{e, body}
}

// A box holds arguments, an item or a result on its way: gob refuses a nil
// pointer, alone and in a slice, and a pointer to a pointer to what encodes
// itself, but neither in a struct.
type box[T any] struct{ V T }

// mustTravel panics if values of t cannot.
func mustTravel(name string, t reflect.Type) {
	if s := kernel.Why(t); s != "" {
		panic(fmt.Sprintf("parmap: kernel %q: %v: %s", name, t, s))
	}
}

// Run runs the kernel over [0, n). On goroutines it is [ForRangeErr], with the
// options of that. On a pool of processes each chunk is a cell of a grid that
// depends on n and [Grain] alone: Grain indices, or about a 4096th of n without
// one, and never less than a 2^20th; [Workers] is the most processes of the pool
// that take part, and a [Schedule] has no effect. Its errors are those of
// ForRangeErr either way, but for what only processes can do: see package proc.
// An error that comes from another process has the text of the body's, and no
// more of it; errors.Is finds context.Canceled and context.DeadlineExceeded.
//
// With a [Journal] chunks are cells of that grid on goroutines too.
//
// The arrays of the arguments and of Output cannot be closed during the run. On
// a pool, an array of the arguments that shares no memory with an Output is
// read-only for the bodies, which learn that as from a read-only file.
//
// In profiles the goroutines that run bodies have the label kernel, which is the name; the
// caller has that of ctx afterwards, as after pprof.Do. An execution trace (package
// runtime/trace) has a region for each run. The label costs 0.3 us a run.
//
// Run panics if n is negative or ctx nil, if an array is closed, or if an
// Output has not n rows, which with a Journal is an error.
func (k *Kernel[A]) Run(ctx context.Context, n int, args A, opts ...RunOption) error {
	c := configureRun(opts)
	set := configure(c.options)
	outputs, err := c.outputsOf(n)
	if err != nil {
		set.nothing(n)
		return err
	}
	arrays := kernel.Arrays(&args)
	for _, o := range outputs {
		defer hold(o.Bytes)()
	}
	for _, a := range arrays {
		defer hold(a)()
	}
	body := func(ctx context.Context, lo, hi int) error {
		for _, o := range outputs {
			o.Clear(lo, hi)
		}
		return k.body(ctx, lo, hi, args)
	}
	ctx, end := set.name(ctx, k.entry.Name)
	defer end()
	if c.backend == nil && c.journal == nil {
		return runErr(ctx, n, &errBody{f: body}, set)
	}
	call := &kernel.Call{
		Entry: k.entry, N: n, Outputs: outputs, Arrays: arrays, Args: &args,
		In: func(int, int) any { return &box[A]{args} },
	}
	if c.journal != nil {
		return c.runRecorded(ctx, call, body, set)
	}
	return c.runOn(ctx, call, set)
}

// runOn runs call on the backend.
func (c *runConfig) runOn(ctx context.Context, call *kernel.Call, set config) error {
	if ctx == nil {
		panic("parmap: nil context")
	}
	if call.N < 0 {
		panic("parmap: negative n")
	}
	if ctx.Err() != nil {
		set.nothing(call.N)
		return context.Cause(ctx)
	}
	call.Grain, call.Workers, call.Collect = set.grain, set.workers, set.collect
	if !set.watched() {
		return c.backend.RunKernel(ctx, call)
	}
	w := set.watchCall(call)
	returned := false
	defer func() {
		if !returned { // arguments that panic when they are encoded
			_, _ = w.end()
		}
	}()
	err := c.backend.RunKernel(ctx, call)
	returned = true
	w.finish()
	return err
}

// hold keeps the array at b open until release is called.
func hold(b []byte) (release func()) {
	if release, ok := segment.Hold(b); ok {
		return release
	}
	return func() {} // ordinary memory, or none
}
