package batch_test

import (
	"context"
	"math"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/batch"
	"github.com/parfor-go/parfor/parmap/proc"
	"github.com/parfor-go/parfor/shmarray"
)

type rootsArgs struct{ Out *shmarray.Array[float64] }

var roots = parmap.NewKernel("roots", func(_ context.Context, lo, hi int, a rootsArgs) error {
	for i := lo; i < hi; i++ {
		a.Out.Row(i)[0] = math.Sqrt(float64(i))
	}
	return nil
})

// The main function of a program that is a job array, and its own tool for it.
func ExampleMain() {
	proc.WorkerMain()
	batch.Main(batch.Program[float64, rootsArgs]{
		Kernel: roots, Shape: []int{1_000_000, 1}, Version: "1",
		Args: func(out *shmarray.Array[float64]) (rootsArgs, error) { return rootsArgs{out}, nil },
	})
}
