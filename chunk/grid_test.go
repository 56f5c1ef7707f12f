package chunk_test

import (
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/chunk"
)

// fewEnough is the most that a test walks through; in larger grids it probes.
const fewEnough = 4096

// probes returns the numbers of the chunks to look at, ascending: all, if they
// are few enough, else both ends, the middle, and some at random.
func probes(count int, seed uint64) []int {
	var is []int
	if count <= fewEnough {
		for i := range count {
			is = append(is, i)
		}
		return is
	}
	is = append(is, 0, 1, count/2-1, count/2, count/2+1, count-2, count-1)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 16 {
		is = append(is, rng.IntN(count))
	}
	slices.Sort(is)
	return is
}

// values returns the first values of a walk, and whether the numbers that came
// with them were 0, 1, 2, ...
func values[V any](seq iter.Seq2[int, V]) (vs []V, numbered bool) {
	numbered = true
	for i, v := range seq {
		if len(vs) == fewEnough {
			break
		}
		numbered = numbered && i == len(vs)
		vs = append(vs, v)
	}
	return vs, numbered
}

// checkGrid checks that g tiles [0, n): each chunk begins where the one before
// it ends, the first at 0, and the last ends at n. All must agree with At.
func checkGrid(t *testing.T, g chunk.Grid, n int, seed uint64) {
	t.Helper()
	var begins, ends, sizes []int
	for _, i := range probes(g.Len(), seed) {
		end := 0
		if i > 0 {
			end = g.At(i - 1).Hi
		}
		ends = append(ends, end)
		begins = append(begins, g.At(i).Lo)
		sizes = append(sizes, g.At(i).Len())
	}
	assert.Equal(t, ends, begins, "%+v", g)
	if n == 0 {
		assert.Zero(t, g.Len(), "%+v", g)
	} else {
		assert.Equal(t, n, g.At(g.Len()-1).Hi, "%+v", g)
		assert.Positive(t, slices.Min(sizes), "%+v", g)
	}

	var want []chunk.Range
	for i := range min(g.Len(), fewEnough) {
		want = append(want, g.At(i))
	}
	got, numbered := values(g.All())
	assert.Equal(t, want, got, "%+v", g)
	assert.True(t, numbered, "%+v", g)
}

// checkByCount checks that the chunks are as many as they should be, the longer
// ones first, and none longer than another by more than one.
func checkByCount(t *testing.T, n, count int, seed uint64) {
	t.Helper()
	g := chunk.ByCount(n, count)
	assert.Equal(t, min(n, count), g.Len(), "%+v", g)
	checkGrid(t, g, n, seed)
	if n == 0 {
		return
	}
	var sizes []int
	for _, i := range probes(g.Len(), seed) {
		sizes = append(sizes, g.At(i).Len())
	}
	assert.IsNonIncreasing(t, sizes, "%+v", g)
	assert.LessOrEqual(t, sizes[0]-sizes[len(sizes)-1], 1, "%+v", g)
}

// checkBySize checks chunk i against [i*size, (i+1)*size), computed in unsigned
// words, in which neither bound overflows.
func checkBySize(t *testing.T, n, size int, seed uint64) {
	t.Helper()
	g := chunk.BySize(n, size)
	checkGrid(t, g, n, seed)
	var want, got []chunk.Range
	for _, i := range probes(g.Len(), seed) {
		lo := uint64(i) * uint64(size)
		hi := min(lo+uint64(size), uint64(n))
		want = append(want, chunk.Range{Lo: int(lo), Hi: int(hi)})
		got = append(got, g.At(i))
	}
	assert.Equal(t, want, got, "%+v", g)
}

func ranges(g chunk.Grid) []chunk.Range {
	rs, _ := values(g.All())
	return rs
}

func TestByCount(t *testing.T) {
	const big = math.MaxInt
	for _, c := range []struct {
		n, count int
		want     []chunk.Range
	}{
		{0, 1, nil},
		{0, big, nil},
		{1, 1, []chunk.Range{{0, 1}}},
		{1, big, []chunk.Range{{0, 1}}},
		{3, 5, []chunk.Range{{0, 1}, {1, 2}, {2, 3}}},
		{6, 3, []chunk.Range{{0, 2}, {2, 4}, {4, 6}}},
		{10, 4, []chunk.Range{{0, 3}, {3, 6}, {6, 8}, {8, 10}}},
		{11, 4, []chunk.Range{{0, 3}, {3, 6}, {6, 9}, {9, 11}}},
		{big, 1, []chunk.Range{{0, big}}},
		{big, 2, []chunk.Range{{0, big/2 + 1}, {big/2 + 1, big}}},
		{big - 1, 2, []chunk.Range{{0, big / 2}, {big / 2, big - 1}}},
	} {
		assert.Equal(t, c.want, ranges(chunk.ByCount(c.n, c.count)), "ByCount(%d, %d)", c.n, c.count)
	}
}

func TestByCountOfEverySmallRange(t *testing.T) {
	for n := range 40 {
		for count := 1; count < 45; count++ {
			checkByCount(t, n, count, 0)
		}
	}
}

func TestByCountAtTheLargestInt(t *testing.T) {
	for _, n := range []int{math.MaxInt, math.MaxInt - 1, math.MaxInt/2 + 1} {
		for _, count := range []int{3, 1000, 1 << 20, math.MaxInt/2 - 1, math.MaxInt / 2, math.MaxInt/2 + 1, math.MaxInt - 1, math.MaxInt} {
			checkByCount(t, n, count, 1)
		}
	}
	assert.Equal(t, chunk.Range{Lo: math.MaxInt - 1, Hi: math.MaxInt}, chunk.ByCount(math.MaxInt, math.MaxInt).At(math.MaxInt-1))
	assert.Equal(t, chunk.Range{Lo: 0, Hi: 2}, chunk.ByCount(math.MaxInt, math.MaxInt-1).At(0))
	assert.Equal(t, chunk.Range{Lo: 2, Hi: 3}, chunk.ByCount(math.MaxInt, math.MaxInt-1).At(1))
}

func TestBySize(t *testing.T) {
	const big = math.MaxInt
	for _, c := range []struct {
		n, size int
		want    []chunk.Range
	}{
		{0, 1, nil},
		{0, big, nil},
		{1, 1, []chunk.Range{{0, 1}}},
		{1, big, []chunk.Range{{0, 1}}},
		{3, 5, []chunk.Range{{0, 3}}},
		{6, 3, []chunk.Range{{0, 3}, {3, 6}}},
		{7, 3, []chunk.Range{{0, 3}, {3, 6}, {6, 7}}},
		{8, 3, []chunk.Range{{0, 3}, {3, 6}, {6, 8}}},
		{big, big, []chunk.Range{{0, big}}},
		{big - 1, big, []chunk.Range{{0, big - 1}}},
		{big, big - 1, []chunk.Range{{0, big - 1}, {big - 1, big}}},
		{big, big/2 + 1, []chunk.Range{{0, big/2 + 1}, {big/2 + 1, big}}},
		{big, big / 2, []chunk.Range{{0, big / 2}, {big / 2, big - 1}, {big - 1, big}}},
	} {
		assert.Equal(t, c.want, ranges(chunk.BySize(c.n, c.size)), "BySize(%d, %d)", c.n, c.size)
	}
}

func TestBySizeOfEverySmallRange(t *testing.T) {
	for n := range 40 {
		for size := 1; size < 45; size++ {
			checkBySize(t, n, size, 0)
		}
	}
}

func TestBySizeAtTheLargestInt(t *testing.T) {
	assert.Equal(t, math.MaxInt, chunk.BySize(math.MaxInt, 1).Len())
	for _, n := range []int{math.MaxInt, math.MaxInt - 1} {
		for _, size := range []int{1, 2, 3, 1 << 20, math.MaxInt/2 - 1, math.MaxInt/2 + 1, math.MaxInt} {
			checkBySize(t, n, size, 1)
		}
	}
}

func TestZeroGridIsEmpty(t *testing.T) {
	var g chunk.Grid
	assert.Zero(t, g.Len())
	assert.Empty(t, ranges(g))
	assert.PanicsWithValue(t, "chunk: index out of range", func() { g.At(0) })
}

func TestGridAllStopsAtBreak(t *testing.T) {
	seen := 0
	for i := range chunk.BySize(100, 10).All() {
		seen++
		if i == 3 {
			break
		}
	}
	assert.Equal(t, 4, seen)
}

func TestGridPanics(t *testing.T) {
	const (
		negative = "chunk: negative n"
		count    = "chunk: count must be positive"
		size     = "chunk: size must be positive"
		index    = "chunk: index out of range"
	)
	assert.PanicsWithValue(t, negative, func() { chunk.ByCount(-1, 1) })
	assert.PanicsWithValue(t, negative, func() { chunk.ByCount(math.MinInt, 1) })
	assert.PanicsWithValue(t, count, func() { chunk.ByCount(1, 0) })
	assert.PanicsWithValue(t, count, func() { chunk.ByCount(0, 0) }, "also if there is nothing to cut")
	assert.PanicsWithValue(t, count, func() { chunk.ByCount(1, math.MinInt) })
	assert.PanicsWithValue(t, negative, func() { chunk.BySize(-1, 1) })
	assert.PanicsWithValue(t, size, func() { chunk.BySize(1, 0) })
	assert.PanicsWithValue(t, size, func() { chunk.BySize(0, 0) }, "also if there is nothing to cut")
	assert.PanicsWithValue(t, size, func() { chunk.BySize(1, math.MinInt) })
	for _, i := range []int{-1, 4, math.MinInt, math.MaxInt} {
		assert.PanicsWithValue(t, index, func() { chunk.ByCount(10, 4).At(i) }, "At(%d)", i)
		assert.PanicsWithValue(t, index, func() { chunk.BySize(10, 3).At(i) }, "At(%d)", i)
	}
}

func FuzzByCount(f *testing.F) {
	f.Add(10, 4, uint64(1))
	f.Add(0, 1, uint64(1))
	f.Add(math.MaxInt, math.MaxInt, uint64(1))
	f.Add(math.MaxInt, math.MaxInt-1, uint64(1))
	f.Add(math.MaxInt-1, 3, uint64(1))
	f.Fuzz(func(t *testing.T, n, count int, seed uint64) {
		checkByCount(t, n&math.MaxInt, max(1, count&math.MaxInt), seed)
	})
}

func FuzzBySize(f *testing.F) {
	f.Add(10, 4, uint64(1))
	f.Add(0, 1, uint64(1))
	f.Add(math.MaxInt, math.MaxInt, uint64(1))
	f.Add(math.MaxInt, math.MaxInt-1, uint64(1))
	f.Add(math.MaxInt-1, 3, uint64(1))
	f.Fuzz(func(t *testing.T, n, size int, seed uint64) {
		checkBySize(t, n&math.MaxInt, max(1, size&math.MaxInt), seed)
	})
}
