package chunk_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/chunk"
)

// lightest returns the smallest weight that the heaviest of count chunks can
// have, found by trying every cut: best[i] is the answer for the first i
// weights, which grows a chunk at a time.
func lightest(weights []float64, count int) float64 {
	best := make([]float64, len(weights)+1)
	for i := 1; i <= len(weights); i++ {
		best[i] = math.Inf(1)
	}
	for range count {
		for i := len(weights); i > 0; i-- {
			sum := 0.0
			for lo := i - 1; lo >= 0; lo-- {
				sum += weights[lo]
				best[i] = min(best[i], max(best[lo], sum))
			}
		}
	}
	return best[len(weights)]
}

func heaviest(weights []float64, rs []chunk.Range) float64 {
	most := 0.0
	for _, r := range rs {
		sum := 0.0
		for _, w := range weights[r.Lo:r.Hi] {
			sum += w
		}
		most = max(most, sum)
	}
	return most
}

// checkByWeight checks all but the balance, and returns the cut.
func checkByWeight(t *testing.T, weights []float64, count int) []chunk.Range {
	t.Helper()
	rs := chunk.ByWeight(weights, count)
	require.Len(t, rs, min(len(weights), count))
	next, empty := 0, false
	var begins, ends []int
	for _, r := range rs {
		begins, ends = append(begins, r.Lo), append(ends, next)
		next = r.Hi
		empty = empty || r.Len() <= 0
	}
	assert.Equal(t, ends, begins, "%v", rs)
	assert.Equal(t, len(weights), next, "%v", rs)
	assert.False(t, empty, "%v", rs)
	return rs
}

func TestByWeight(t *testing.T) {
	for _, c := range []struct {
		weights []float64
		count   int
		want    []chunk.Range
	}{
		{nil, 3, nil},
		{[]float64{}, math.MaxInt, nil},
		{[]float64{7}, 1, []chunk.Range{{0, 1}}},
		{[]float64{7}, math.MaxInt, []chunk.Range{{0, 1}}},
		{[]float64{0, 9, 0}, 3, []chunk.Range{{0, 1}, {1, 2}, {2, 3}}},
		{[]float64{1, 2, 3, 4, 5, 6}, 2, []chunk.Range{{0, 4}, {4, 6}}},
		{[]float64{6, 5, 4, 3, 2, 1}, 2, []chunk.Range{{0, 2}, {2, 6}}},
		{[]float64{1, 1, 1, 1, 9}, 3, []chunk.Range{{0, 3}, {3, 4}, {4, 5}}},
		// A heavy index early: the rest is shared evenly behind it.
		{[]float64{9, 1, 1, 1, 1}, 3, []chunk.Range{{0, 1}, {1, 3}, {3, 5}}},
		// At its share, the second chunk would be 5+3+5: it ends short of that.
		{[]float64{5, 5, 5, 3, 5, 5}, 3, []chunk.Range{{0, 2}, {2, 4}, {4, 6}}},
		// At its share, the first would be 10, and one of the others 3+12 or
		// 12+4: it goes beyond that.
		{[]float64{10, 3, 12, 4}, 3, []chunk.Range{{0, 2}, {2, 3}, {3, 4}}},
		// What lies behind the heavy one weighs nothing: cut by number.
		{[]float64{9, 0, 0, 0, 0}, 3, []chunk.Range{{0, 1}, {1, 3}, {3, 5}}},
		{[]float64{0, 0, 0, 0, 9}, 3, []chunk.Range{{0, 3}, {3, 4}, {4, 5}}},
	} {
		assert.Equal(t, c.want, chunk.ByWeight(c.weights, c.count), "ByWeight(%v, %d)", c.weights, c.count)
	}
}

func TestByWeightOfEqualWeightsIsByCount(t *testing.T) {
	for _, w := range []float64{0, 1, 3, 0.25, 1e6, math.Copysign(0, -1), math.SmallestNonzeroFloat64, 0x1p1000} {
		for n := 1; n < 40; n++ {
			weights := make([]float64, n)
			for i := range weights {
				weights[i] = w
			}
			for count := 1; count < 45; count++ {
				assert.Equal(t, ranges(chunk.ByCount(n, count)), chunk.ByWeight(weights, count), "%d weights of %g by %d", n, w, count)
			}
		}
	}
}

// No rounding occurs in these sums, so the best is reached exactly.
func TestByWeightIsTheBestOfWholeWeights(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		weights := make([]float64, 1+rng.IntN(24))
		for i := range weights {
			weights[i] = float64(rng.IntN(1 << rng.IntN(20)))
		}
		for count := 1; count <= len(weights)+1; count++ {
			rs := checkByWeight(t, weights, count)
			assert.Equal(t, lightest(weights, count), heaviest(weights, rs), "ByWeight(%v, %d)", weights, count)
		}
	}
}

func TestByWeightIsTheBestOfAnyWeightsButForRounding(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		weights := make([]float64, 1+rng.IntN(24))
		total := 0.0
		for i := range weights {
			weights[i] = math.Exp(30 * rng.NormFloat64())
			total += weights[i]
		}
		for count := 1; count <= len(weights)+1; count++ {
			rs := checkByWeight(t, weights, count)
			assert.InDelta(t, lightest(weights, count), heaviest(weights, rs), 1e-14*total, "ByWeight(%v, %d)", weights, count)
		}
	}
}

func TestByWeightHoldsAtTheEndsOfTheFloats(t *testing.T) {
	const tiny, huge = math.SmallestNonzeroFloat64, math.MaxFloat64
	assert.Equal(t, []chunk.Range{{0, 2}, {2, 3}}, checkByWeight(t, []float64{tiny, tiny, tiny}, 2))
	assert.Equal(t, []chunk.Range{{0, 1}, {1, 3}}, checkByWeight(t, []float64{huge, tiny, tiny}, 2))
	assert.Equal(t, []chunk.Range{{0, 2}, {2, 3}}, checkByWeight(t, []float64{tiny, tiny, huge}, 2))
	assert.Equal(t, []chunk.Range{{0, 1}, {1, 2}}, checkByWeight(t, []float64{huge / 2, huge / 2}, 2))
}

func TestByWeightLeavesTheWeightsAlone(t *testing.T) {
	weights := []float64{3, 1, 4, 1, 5}
	chunk.ByWeight(weights, 2)
	assert.Equal(t, []float64{3, 1, 4, 1, 5}, weights)
}

func TestByWeightPanics(t *testing.T) {
	const (
		count  = "chunk: count must be positive"
		weight = "chunk: weights must be finite and not negative, and so must their sum"
	)
	assert.PanicsWithValue(t, count, func() { chunk.ByWeight([]float64{1}, 0) })
	assert.PanicsWithValue(t, count, func() { chunk.ByWeight(nil, 0) }, "also if there is nothing to cut")
	assert.PanicsWithValue(t, count, func() { chunk.ByWeight(nil, math.MinInt) })
	for _, bad := range []float64{-1, -math.SmallestNonzeroFloat64, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64} {
		assert.PanicsWithValue(t, weight, func() { chunk.ByWeight([]float64{math.MaxFloat64, bad}, 1) }, "%g", bad)
		assert.PanicsWithValue(t, weight, func() { chunk.ByWeight([]float64{bad, math.MaxFloat64}, 1) }, "%g", bad)
	}
}

// FuzzByWeight reads each byte as a small float, four bits of value and four of
// exponent, so that weights differ much and yet add up exactly.
func FuzzByWeight(f *testing.F) {
	f.Add([]byte{}, 1)
	f.Add([]byte{0, 0, 0, 0}, 3)
	f.Add([]byte{1, 2, 3, 4, 5}, 2)
	f.Add([]byte{0xff, 1, 1, 0xff, 1, 0, 0, 0x7f}, 4)
	f.Fuzz(func(t *testing.T, data []byte, count int) {
		count = max(1, count&math.MaxInt)
		data = data[:min(len(data), 64)]
		weights := make([]float64, len(data))
		for i, b := range data {
			weights[i] = float64(int(b&15) << (b >> 4))
		}
		rs := checkByWeight(t, weights, count)
		assert.Equal(t, lightest(weights, min(count, len(weights))), heaviest(weights, rs), "ByWeight(%v, %d): %v", weights, count, rs)
	})
}
