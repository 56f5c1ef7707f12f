package batch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	"github.com/parfor-go/parfor/internal/npy"
	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/shmarray"
)

// A Program is a kernel that fills an array.
type Program[T shmarray.Elem, A any] struct {
	Kernel *parmap.Kernel[A]
	// Shape is that of the array. The kernel runs over the first axis.
	Shape []int
	// Args returns the arguments of the kernel, of which out is the array to fill.
	// It is called once in each process that plans or computes, but not in worker
	// processes, and has to return the same each time: other arrays by the same path,
	// or with the same elements. Arrays that it opens stay open to the process's end.
	Args func(out *shmarray.Array[T]) (A, error)
	// Version stands for what the kernel computes, as that of a parmap.Journal.
	Version string
	// Options are those of every run: parmap.Workers, and parmap.Grain, the number
	// of indices in a chunk, which a plan keeps: 64 chunks to a task without it. A
	// task hands out its chunks one by one, whatever the schedule.
	Options []parmap.Option
}

// A program is a Program without its types.
type program interface {
	shape() []int
	version() string
	element() npy.Type
	// on runs the kernel on a backend, with an output in memory that is there when
	// it is written to.
	on(ctx context.Context, b parmap.Backend) error
	// here runs the kernel into the file at path, which it makes if it is not there, with
	// a journal.
	here(ctx context.Context, path, journal string, options ...parmap.RunOption) error
}

func (p Program[T, A]) shape() []int      { return p.Shape }
func (p Program[T, A]) version() string   { return p.Version }
func (p Program[T, A]) element() npy.Type { t, _ := npy.TypeOf(*new(T)); return t }

func (p Program[T, A]) on(ctx context.Context, b parmap.Backend) error {
	out, err := sparse[T](p.Shape)
	if err != nil {
		return err
	}
	defer out.Close()
	return p.run(ctx, out, parmap.On(b))
}

func (p Program[T, A]) here(ctx context.Context, path, journal string, options ...parmap.RunOption) error {
	out, err := shmarray.OpenOrCreate[T](path, p.Shape...)
	if err != nil {
		return err
	}
	defer out.Close()
	// A run that was killed before it had a journal has left zeros.
	if _, err := os.Stat(journal); errors.Is(err, os.ErrNotExist) && !isZero(out) {
		return fmt.Errorf("%s exists, and has no journal %s: it is not this run's", path, journal)
	}
	return p.run(ctx, out, append(options, parmap.Journal{Path: journal, Version: p.Version})...)
}

// isZero reports whether an array has nothing but zeros.
func isZero[T shmarray.Elem](a *shmarray.Array[T]) bool {
	var other atomic.Bool
	parmap.ForRange(a.Shape()[0], func(lo, hi int) {
		if !other.Load() && len(bytes.TrimLeft(a.RowBytes(lo, hi), "\x00")) > 0 {
			other.Store(true)
		}
	})
	return !other.Load()
}

func (p Program[T, A]) run(ctx context.Context, out *shmarray.Array[T], options ...parmap.RunOption) error {
	args, err := p.Args(out)
	if err != nil {
		return fmt.Errorf("arguments: %w", err)
	}
	all := []parmap.RunOption{parmap.Output(out)}
	for _, o := range p.Options {
		all = append(all, o)
	}
	return p.Kernel.Run(ctx, p.Shape[0], args, append(all, options...)...)
}

// check panics if p is not a program.
func (p Program[T, A]) check() {
	switch {
	case p.Kernel == nil:
		panic("parmap/batch: nil Kernel")
	case p.Args == nil:
		panic("parmap/batch: nil Args")
	case len(p.Shape) == 0:
		panic("parmap/batch: a Shape without axes")
	}
}

// sparse returns an array of zeros that takes memory where it is written to. Its
// addresses are those of a file that is gone.
func sparse[T shmarray.Elem](shape []int) (*shmarray.Array[T], error) {
	t, _ := npy.TypeOf(*new(T))
	h := npy.Own(t, shape)
	head, err := h.Encode()
	if err != nil {
		return nil, err
	}
	f, path, release, err := segment.Scratch(os.TempDir())
	if err != nil {
		return nil, err
	}
	defer release()
	if _, err := f.Write(head); err != nil {
		return nil, err
	}
	if err := f.Truncate(int64(len(head) + h.Count()*t.Size)); err != nil {
		return nil, err
	}
	return shmarray.Open[T](path, shmarray.CopyOnWrite)
}
