package docs_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/gonum/mat"

	"github.com/parfor-go/parfor/chunk"
	"github.com/parfor-go/parfor/parmap"
)

// The code of from-others.md.

func Example_fromErrgroup() {
	texts := []string{"1", "2", "three", "4"}
	numbers := make([]int, len(texts))
	err := parmap.ForErr(context.Background(), len(texts), func(ctx context.Context, i int) error {
		var err error
		numbers[i], err = strconv.Atoi(texts[i])
		return err
	})
	var at *parmap.ChunkError
	if errors.As(err, &at) {
		fmt.Println(at.Lo, at.Err)
	}
	// Output: 2 strconv.Atoi: parsing "three": invalid syntax
}

func Example_fromConc() {
	words := []string{"a", "bb", "ccc"}
	lengths := parmap.Map(words, func(s string) int { return len(s) }, parmap.Workers(2))
	fmt.Println(lengths)
	// Output: [1 2 3]
}

func Example_fromOpenMP() {
	x := make([]float64, 1000)
	parmap.For(len(x), func(i int) {
		x[i] = math.Sin(float64(i))
	}, parmap.Dynamic, parmap.Grain(64))

	sum := parmap.Reduce(len(x), func(lo, hi int) float64 {
		s := 0.0
		for _, v := range x[lo:hi] {
			s += v * v
		}
		return s
	}, func(a, b float64) float64 { return a + b })

	fmt.Printf("%.3f\n", sum)
	// Output: 499.509
}

func Example_fromOpenMPCollapse() {
	const n, m = 100, 200
	a := mat.NewDense(n, m, nil)
	parmap.ForTile(n, m, func(t chunk.Tile) {
		for i := t.Rows.Lo; i < t.Rows.Hi; i++ {
			for j := t.Cols.Lo; j < t.Cols.Hi; j++ {
				a.Set(i, j, float64(i*j))
			}
		}
	})
	fmt.Println(a.At(99, 199))
	// Output: 19701
}

func Example_fromJulia() {
	f := func(x int) float64 { return 1 / (float64(x) * float64(x)) }

	sum := parmap.Reduce(1_000_000, func(lo, hi int) float64 {
		s := 0.0
		for i := lo; i < hi; i++ {
			s += f(i + 1)
		}
		return s
	}, func(a, b float64) float64 { return a + b })

	fmt.Printf("%.6f\n", sum)
	// Output: 1.644933
}

func Example_fromJuliaLocal() {
	medians := make([]float64, 100)
	newBuffer := func() *[]float64 { return new([]float64) }
	parmap.ForLocal(len(medians), newBuffer, func(buffer *[]float64, lo, hi int) {
		for i := lo; i < hi; i++ {
			b := (*buffer)[:0]
			for k := range 9 {
				b = append(b, float64((i*k)%7))
			}
			slices.Sort(b)
			medians[i] = b[4]
			*buffer = b
		}
	})
	fmt.Println(medians[1], medians[7])
	// Output: 2 0
}

func Example_fromJoblib() {
	ctx := context.Background()
	inputs := slices.Values([]float64{1, 4, 9})
	root := func(_ context.Context, x float64) (float64, error) { return math.Sqrt(x), nil }

	for y, err := range parmap.Stream(ctx, inputs, root) {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Print(y, " ")
	}
	// Output: 1 2 3
}

var squareRoot = parmap.NewFunc("square root", func(_ context.Context, x float64) (float64, error) {
	if x < 0 {
		return 0, errors.New("negative")
	}
	return math.Sqrt(x), nil
})

func Example_fromMultiprocessing() {
	ctx, xs := context.Background(), []float64{1, 4, 9}
	roots, err := squareRoot.Map(ctx, xs)
	fmt.Println(roots, err)
	// Output: [1 2 3] <nil>
}
