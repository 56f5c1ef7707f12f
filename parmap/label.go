package parmap

import (
	"context"
	"runtime/pprof"
	"runtime/trace"

	"github.com/parfor-go/parfor/parmap/internal/kernel"
)

// name returns a context for the run of a kernel, whose bodies have its name in profiles,
// and begins a region of an execution trace, if one is written.
func (c *config) name(ctx context.Context, name string) (labels context.Context, end func()) {
	if ctx == nil {
		panic("parmap: nil context")
	}
	c.labelled, c.caller = true, ctx
	labels = pprof.WithLabels(ctx, pprof.Labels(kernel.Label, name))
	if !trace.IsEnabled() {
		return labels, func() {}
	}
	return labels, trace.StartRegion(ctx, "parmap: "+name).End
}

// unlabel takes from a goroutine the labels that it has from who started it, and in which
// it works for others. Inlined it moves the loop in which a helper spins, and 100,000 bodies
// on two workers take 45 us instead of 33 (BenchmarkPerIndex).
//
//go:noinline
func unlabel() { pprof.SetGoroutineLabels(context.Background()) }

// label gives a goroutine the labels of the region, if that has some, and unlabel those of
// ctx.
func (r *region) label() {
	if r.labels != nil {
		pprof.SetGoroutineLabels(r.labels)
	}
}

func (r *region) unlabel(ctx context.Context) {
	if r.labels != nil {
		pprof.SetGoroutineLabels(ctx)
	}
}
