package parmap_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"

	"github.com/parfor-go/parfor/chunk"
	"github.com/parfor-go/parfor/parmap"
)

func ExampleFor() {
	squares := make([]int, 8)
	parmap.For(len(squares), func(i int) { squares[i] = i * i })
	fmt.Println(squares)
	// Output: [0 1 4 9 16 25 36 49]
}

// A body that has work to do once for many indices gets ranges of them.
func ExampleForRange() {
	x := make([]float64, 1000)
	parmap.ForRange(len(x), func(lo, hi int) {
		// Few chunks: an expensive start costs little.
		v := math.Pow(1.01, float64(lo))
		for i := lo; i < hi; i++ {
			x[i] = v
			v *= 1.01
		}
	}, parmap.Grain(100))
	fmt.Printf("%.3f\n", x[99])
	// Output: 2.678
}

// Tiles keep what a body reads and writes in the cache.
func ExampleForTile() {
	const n = 100
	a := mat.NewDense(n, n, nil)
	a.Apply(func(i, j int, _ float64) float64 { return float64(i*n + j) }, a)
	t := mat.NewDense(n, n, nil)
	parmap.ForTile(n, n, func(tile chunk.Tile) {
		for i := tile.Rows.Lo; i < tile.Rows.Hi; i++ {
			for j := tile.Cols.Lo; j < tile.Cols.Hi; j++ {
				t.Set(j, i, a.At(i, j))
			}
		}
	})
	fmt.Println(mat.Equal(t, a.T()))
	// Output: true
}

// The rows of a gonum matrix, filled where they are.
func ExampleForRows() {
	m := mat.NewDense(3, 4, nil)
	parmap.ForRows(m, func(i int, row []float64) {
		for j := range row {
			row[j] = float64(10*i + j)
		}
	})
	fmt.Println(mat.Formatted(m))
	// Output:
	// ⎡ 0   1   2   3⎤
	// ⎢10  11  12  13⎥
	// ⎣20  21  22  23⎦
}

// A buffer for each worker instead of one for each index.
func ExampleForLocal() {
	words := []string{"stressed", "drawer", "lager"}
	reversed := make([]string, len(words))
	newBuffer := func() *strings.Builder { return &strings.Builder{} }
	parmap.ForLocal(len(words), newBuffer, func(b *strings.Builder, lo, hi int) {
		for i := lo; i < hi; i++ {
			b.Reset()
			for k := len(words[i]) - 1; k >= 0; k-- {
				b.WriteByte(words[i][k])
			}
			reversed[i] = b.String()
		}
	})
	fmt.Println(reversed)
	// Output: [desserts reward regal]
}

func ExampleMap() {
	fmt.Println(parmap.Map([]string{"a", "bb", "ccc"}, func(s string) int { return len(s) }))
	// Output: [1 2 3]
}

// In place: the result goes where the input was.
func ExampleMapInto() {
	x := []float64{1, 4, 9}
	parmap.MapInto(x, x, math.Sqrt)
	fmt.Println(x)
	// Output: [1 2 3]
}

func ExampleMap2() {
	legs := parmap.Map2([]float64{3, 5, 8}, []float64{4, 12, 15}, math.Hypot)
	fmt.Println(legs)
	// Output: [5 13 17]
}

// The first error ends the run and names its index.
func ExampleForErr() {
	err := parmap.ForErr(context.Background(), 1000, func(_ context.Context, i int) error {
		if i == 7 {
			return errors.New("no such file")
		}
		return nil
	}, parmap.Serial)
	fmt.Println(err)
	// Output: parmap: index 7: no such file
}

func ExampleForRangeErr() {
	x := make([]float64, 1000)
	err := parmap.ForRangeErr(context.Background(), len(x), func(_ context.Context, lo, hi int) error {
		for i := lo; i < hi; i++ {
			x[i] = float64(i)
		}
		return nil
	})
	fmt.Println(x[999], err)
	// Output: 999 <nil>
}

// With CollectErrors everything runs; each error has its place.
func ExampleMapErr() {
	roots, err := parmap.MapErr(context.Background(), []float64{4, -1, 9, -4},
		func(_ context.Context, x float64) (float64, error) {
			if x < 0 {
				return 0, fmt.Errorf("root of %v", x)
			}
			return math.Sqrt(x), nil
		}, parmap.CollectErrors)
	fmt.Println(roots)
	fmt.Println(err)
	// Output:
	// [2 0 3 0]
	// parmap: index 1: root of -1
	// parmap: index 3: root of -4
}

// The same digits for any number of workers.
func ExampleReduce() {
	part := func(lo, hi int) float64 {
		s := 0.0
		for i := lo; i < hi; i++ {
			s += 1 / float64(i+1)
		}
		return s
	}
	sum := func(a, b float64) float64 { return a + b }
	for _, w := range []int{1, 2, 7, 64} {
		fmt.Println(parmap.Reduce(1_000_000, part, sum, parmap.Workers(w)))
	}
	// Output:
	// 14.392726722865726
	// 14.392726722865726
	// 14.392726722865726
	// 14.392726722865726
}

func ExampleReduceErr() {
	longest, err := parmap.ReduceErr(context.Background(), 100,
		func(_ context.Context, lo, hi int) (int, error) { return hi - lo, nil },
		func(a, b int) int { return max(a, b) },
		parmap.Grain(30))
	fmt.Println(longest, err)
	// Output: 30 <nil>
}

// Results in order from a sequence that is made as it goes.
func ExampleStream() {
	words := strings.SplitSeq("to be or not to be", " ")
	for s, err := range parmap.Stream(context.Background(), words, func(_ context.Context, s string) (string, error) {
		return strings.ToUpper(s), nil
	}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Print(s, " ")
	}
	// Output: TO BE OR NOT TO BE
}

// Each result as soon as it is there.
func ExampleStream_unordered() {
	sum := 0
	for v, err := range parmap.Stream(context.Background(), slices.Values([]int{1, 2, 3, 4}),
		func(_ context.Context, i int) (int, error) { return i * i, nil }, parmap.Unordered) {
		if err == nil {
			sum += v
		}
	}
	fmt.Println(sum)
	// Output: 30
}

// A bootstrap whose resamples do not depend on who draws them.
func ExampleRand() {
	const seed = 1
	delays := []float64{3, -2, 14, 0, 7}
	means := make([]float64, 10000)
	parmap.For(len(means), func(i int) {
		r := parmap.Rand(seed, i)
		for range delays {
			means[i] += delays[r.IntN(len(delays))] / float64(len(delays))
		}
	})
	slices.Sort(means)
	fmt.Printf("95%% of the means lie between %.1f and %.1f\n", means[250], means[9750])
	// Output: 95% of the means lie between -0.2 and 9.8
}
