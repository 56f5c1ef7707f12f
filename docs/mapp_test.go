//go:build unix

package docs_test

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/parfor-go/parfor/chunk"
	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/shmarray"
)

// The code of from-mapp.md.

func Example_mappOneSequence() {
	xs := []float64{1, 4, 9}
	roots := parmap.Map(xs, math.Sqrt)
	fmt.Println(roots)
	// Output: [1 2 3]
}

func Example_mappTwoSequences() {
	xs, ys := []float64{2, 3}, []float64{10, 4}
	powers := parmap.Map2(xs, ys, math.Pow)
	fmt.Println(powers)
	// Output: [1024 81]
}

func Example_mappThreeSequences() {
	xs, ys, zs := []float64{1, 2}, []float64{3, 4}, []float64{5, 6}
	sums := make([]float64, len(xs))
	parmap.For(len(xs), func(i int) {
		sums[i] = math.FMA(xs[i], ys[i], zs[i])
	})
	fmt.Println(sums)
	// Output: [8 14]
}

func Example_mappChunks() {
	for k, c := range chunk.ByCount(10, 3).All() {
		fmt.Println(k, c.Lo, c.Hi)
	}
	// Output:
	// 0 0 4
	// 1 4 7
	// 2 7 10
}

func Example_mappParfor() {
	const n = 3
	a, err := shmarray.Zeros(n, 4)
	if err != nil {
		panic(err)
	}
	defer a.Close()
	scale := 10.0
	parmap.For(n, func(i int) {
		row := a.Row(i)
		for j := range row {
			row[j] = scale*float64(i) + float64(j)
		}
	})
	fmt.Println(a.Row(2))
	// Output: [20 21 22 23]
}

func Example_mappArrays() {
	check := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	floats := []float64{1, 2, 3, 4, 5, 6}

	counts, err := shmarray.New[int32](2, 3)
	check(err)
	defer counts.Close()
	copied, err := shmarray.FromSlice(floats, 2, 3)
	check(err)
	defer copied.Close()
	zeros, err := shmarray.Like(copied)
	check(err)
	defer zeros.Close()
	m := shmarray.Dense(copied) // looks at the array
	m.Scale(10, m)

	fmt.Println(counts.Shape(), copied.Row(1), zeros.Row(1), mat.Sum(m))
	fmt.Println(shmarray.Backs(copied, floats), shmarray.Backs(copied, copied.Row(1)))
	// Output:
	// [2 3] [40 50 60] [0 0 0] 210
	// false true
}

type rowsArgs struct {
	Out   *shmarray.Array[float64]
	Scale float64
}

var fillRows = parmap.NewKernel("fill rows", func(_ context.Context, lo, hi int, a rowsArgs) error {
	for i := lo; i < hi; i++ {
		row := a.Out.Row(i)
		for j := range row {
			row[j] = a.Scale*float64(i) + float64(j)
		}
	}
	return nil
})

func Example_mappKernel() {
	ctx := context.Background()
	a, err := shmarray.Zeros(3, 4)
	if err != nil {
		panic(err)
	}
	defer a.Close()
	err = fillRows.Run(ctx, 3, rowsArgs{a, 10}, parmap.Output(a))
	fmt.Println(a.Row(2), err)
	// Output: [20 21 22 23] <nil>
}
