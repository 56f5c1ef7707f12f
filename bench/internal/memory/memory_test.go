package memory_test

import (
	"flag"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/bench/internal/memory"
	"github.com/parfor-go/parfor/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

func TestEveryPlaceGivesZeros(t *testing.T) {
	for _, p := range memory.All {
		t.Run(p.Name, func(t *testing.T) {
			data, free := p.Take(t, 1000)
			defer free()
			assert.Equal(t, make([]float64, 1000), data)
		})
	}
}

func TestThreeVectorsAreOnesTwosAndThrees(t *testing.T) {
	const n = 10_000
	for _, p := range memory.All {
		t.Run(p.Name, func(t *testing.T) {
			for k, x := range p.Three(t, n) {
				assert.Equal(t, slices.Repeat([]float64{float64(k + 1)}, n), x)
			}
		})
	}
}

// Every iteration fills zeros that no iteration before has touched.
func TestFirstFillFillsFreshMemory(t *testing.T) {
	before := flag.Lookup("test.benchtime").Value.String()
	require.NoError(t, flag.Set("test.benchtime", "3x"))
	defer func() { require.NoError(t, flag.Set("test.benchtime", before)) }()
	for _, p := range memory.All {
		t.Run(p.Name, func(t *testing.T) {
			for _, needed := range []memory.Place{memory.Private, p} {
				_, free := needed.Take(t, 1)
				free()
			}
			fills, dirty := 0, 0
			got := testing.Benchmark(func(b *testing.B) {
				fills, dirty = 0, 0
				p.FirstFill(b, 1000, func(x []float64) {
					for i, v := range x {
						if v != 0 {
							dirty++
						}
						x[i] = 1
					}
					fills += len(x)
				})
			})
			assert.Equal(t, 3000, fills)
			assert.Zero(t, dirty)
			assert.Positive(t, got.Extra["MB/s"])
		})
	}
}

func TestLengthsAreASixteenthInShort(t *testing.T) {
	want := 1600
	if testing.Short() {
		want = 100
	}
	assert.Equal(t, want, memory.Len(1600))
}
