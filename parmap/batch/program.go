package batch

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/parfor-go/parfor/internal/npy"
	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/shmarray"
)

// A Program is a kernel that fills an array.
type Program[T shmarray.Elem, A any] struct {
	Kernel *parmap.Kernel[A]
	// Shape is that of the array. The kernel runs over the first axis.
	Shape []int
	// Args returns the arguments of the kernel, of which out is the array to fill.
	// It is called in each process that computes, once, and has to return the same
	// each time: other arrays by the same path, or with the same elements.
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
	// here runs the kernel into the file at path, which it makes if it is not there.
	here(ctx context.Context, path string, options ...parmap.RunOption) error
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

func (p Program[T, A]) here(ctx context.Context, path string, options ...parmap.RunOption) error {
	out, err := shmarray.Create[T](path, p.Shape...)
	if errors.Is(err, os.ErrExist) {
		out, err = shmarray.Open[T](path, shmarray.ReadWrite)
	}
	if err != nil {
		return err
	}
	defer out.Close()
	if fmt.Sprint(out.Shape()) != fmt.Sprint(p.Shape) {
		return fmt.Errorf("%s has the shape %v, the program's is %v", path, out.Shape(), p.Shape)
	}
	return p.run(ctx, out, options...)
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

// sparse returns an array of zeros that takes memory where it is written to. Its
// addresses are those of a file that is gone.
func sparse[T shmarray.Elem](shape []int) (*shmarray.Array[T], error) {
	t, _ := npy.TypeOf(*new(T))
	h := npy.Header{Type: t, BigEndian: npy.NativeBig && t.Size > 1, Shape: shape}
	head, err := h.Encode()
	if err != nil {
		return nil, err
	}
	f, err := os.CreateTemp("", "parfor-*.npy")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	defer os.Remove(f.Name())
	if _, err := f.Write(head); err != nil {
		return nil, err
	}
	if err := f.Truncate(int64(len(head) + h.Count()*t.Size)); err != nil {
		return nil, err
	}
	return shmarray.Open[T](f.Name(), shmarray.CopyOnWrite)
}
