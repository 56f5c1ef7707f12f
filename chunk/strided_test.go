package chunk_test

import (
	"iter"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/chunk"
)

// indices returns the first values of seq.
func indices(seq iter.Seq[int]) []int {
	var is []int
	for i := range seq {
		if len(is) == fewEnough {
			break
		}
		is = append(is, i)
	}
	return is
}

func TestStrided(t *testing.T) {
	const big = math.MaxInt
	for _, c := range []struct {
		n, count, k int
		want        []int
	}{
		{0, 1, 0, nil},
		{0, big, big - 1, nil},
		{1, 1, 0, []int{0}},
		{3, 1, 0, []int{0, 1, 2}},
		{10, 4, 0, []int{0, 4, 8}},
		{10, 4, 1, []int{1, 5, 9}},
		{10, 4, 2, []int{2, 6}},
		{10, 4, 3, []int{3, 7}},
		{3, 5, 2, []int{2}},
		{3, 5, 3, nil},
		{big, big, 0, []int{0}},
		{big, big, big - 1, []int{big - 1}},
		{big, big - 1, 0, []int{0, big - 1}},
		{big, big - 1, 1, []int{1}},
		{big, big/2 + 1, big / 2, []int{big / 2}},
		{big, big / 2, 0, []int{0, big / 2, big - 1}},
		{big - 1, big / 2, 0, []int{0, big / 2}},
	} {
		assert.Equal(t, c.want, indices(chunk.Strided(c.n, c.count, c.k)), "Strided(%d, %d, %d)", c.n, c.count, c.k)
	}
}

func TestStridedStopsAtBreak(t *testing.T) {
	seen := 0
	for i := range chunk.Strided(100, 10, 5) {
		seen++
		if i == 35 {
			break
		}
	}
	assert.Equal(t, 4, seen)
}

func TestStridedPanicsBeforeItIsIterated(t *testing.T) {
	const (
		count = "chunk: count must be positive"
		k     = "chunk: k must be in [0, count)"
	)
	assert.PanicsWithValue(t, "chunk: negative n", func() { chunk.Strided(-1, 1, 0) })
	assert.PanicsWithValue(t, count, func() { chunk.Strided(1, 0, 0) })
	assert.PanicsWithValue(t, count, func() { chunk.Strided(1, math.MinInt, 0) })
	assert.PanicsWithValue(t, k, func() { chunk.Strided(9, 3, -1) })
	assert.PanicsWithValue(t, k, func() { chunk.Strided(9, 3, 3) })
}

// FuzzStrided walks one sequence, as far as it is short, and all sequences of a
// small range together.
func FuzzStrided(f *testing.F) {
	f.Add(10, 4, 1)
	f.Add(0, 1, 0)
	f.Add(math.MaxInt, math.MaxInt-1, 0)
	f.Add(math.MaxInt-1, math.MaxInt/2, 3)
	f.Add(math.MaxInt, 1000, 7)
	f.Fuzz(func(t *testing.T, n, count, k int) {
		n &= math.MaxInt
		count = max(1, count&math.MaxInt)
		k = (k & math.MaxInt) % count

		var want []int
		for i := uint64(k); i < uint64(n) && len(want) < fewEnough; i += uint64(count) { // unsigned: exact
			want = append(want, int(i))
		}
		assert.Equal(t, want, indices(chunk.Strided(n, count, k)))

		if n > fewEnough || count > fewEnough {
			return
		}
		times := make([]int, n)
		for k := range count {
			for i := range chunk.Strided(n, count, k) {
				times[i]++
			}
		}
		assert.Equal(t, slices.Repeat([]int{1}, n), times)
	})
}
