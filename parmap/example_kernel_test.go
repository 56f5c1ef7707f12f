//go:build unix

package parmap_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/shmarray"
)

type scaleArgs struct {
	In, Out *shmarray.Array[float64]
	Factor  float64
}

// All that a kernel's body sees is its chunk and its arguments, so that it can run in
// another process.
var scale = parmap.NewKernel("scale", func(_ context.Context, lo, hi int, a scaleArgs) error {
	for i := lo; i < hi; i++ {
		a.Out.Set(a.Factor*a.In.At(i), i)
	}
	return nil
})

func ExampleNewKernel() {
	in, err := shmarray.FromSlice([]float64{1, 2, 3, 4}, 4)
	if err != nil {
		panic(err)
	}
	defer in.Close()
	out, err := shmarray.Like(in)
	if err != nil {
		panic(err)
	}
	defer out.Close()
	err = scale.Run(context.Background(), 4, scaleArgs{in, out, 10}, parmap.Output(out))
	fmt.Println(out.Data(), err)
	// Output: [10 20 30 40] <nil>
}

// What a kernel is to write is zeroed before, whoever runs it.
func ExampleOutput() {
	out, err := shmarray.Ones(4)
	if err != nil {
		panic(err)
	}
	defer out.Close()
	err = scale.Run(context.Background(), 4, scaleArgs{out, out, 10}, parmap.Output(out))
	fmt.Println(out.Data(), err)
	// Output: [0 0 0 0] <nil>
}

var half = parmap.NewFunc("half", func(_ context.Context, i int) (int, error) {
	if i%2 != 0 {
		return 0, errors.New("odd")
	}
	return i / 2, nil
})

func ExampleNewFunc() {
	fmt.Println(half.Map(context.Background(), []int{2, 4, 10}))
	_, err := half.Map(context.Background(), []int{2, 7, 10})
	fmt.Println(err)
	// Output:
	// [1 2 5] <nil>
	// parmap: index 1: odd
}
