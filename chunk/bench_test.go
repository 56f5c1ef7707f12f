package chunk_test

import (
	"fmt"
	"testing"

	"github.com/parfor-go/parfor/chunk"
)

// Each benchmark of All reports the time of one whole walk, and beside it the
// time of one chunk.
const benchChunks = 1024

func reportPerChunk(b *testing.B, chunks int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(chunks), "ns/chunk")
}

func BenchmarkGridAt(b *testing.B) {
	g := chunk.ByCount(1_000_003, benchChunks)
	i, sum := 0, 0
	for b.Loop() {
		sum += g.At(i).Hi
		i = (i + 1) % benchChunks
	}
	_ = sum
}

func BenchmarkGridAll(b *testing.B) {
	g := chunk.ByCount(1_000_003, benchChunks)
	b.ReportAllocs()
	sum := 0
	for b.Loop() {
		for _, r := range g.All() {
			sum += r.Len()
		}
	}
	_ = sum
	reportPerChunk(b, benchChunks)
}

func BenchmarkTileGridAt(b *testing.B) {
	g := chunk.Tiles(3200, 3200, 100, 100)
	i, sum := 0, 0
	for b.Loop() {
		sum += g.At(i).Cols.Hi
		i = (i + 1) % benchChunks
	}
	_ = sum
}

func BenchmarkTileGridAll(b *testing.B) {
	g := chunk.Tiles(3200, 3200, 100, 100)
	b.ReportAllocs()
	sum := 0
	for b.Loop() {
		for _, t := range g.All() {
			sum += t.Rows.Len() * t.Cols.Len()
		}
	}
	_ = sum
	reportPerChunk(b, g.Len())
}

func BenchmarkStrided(b *testing.B) {
	b.ReportAllocs()
	sum := 0
	for b.Loop() {
		for i := range chunk.Strided(benchChunks*8, 8, 3) {
			sum += i
		}
	}
	_ = sum
}

// The weights are those of a triangular loop.
func BenchmarkByWeight(b *testing.B) {
	for _, n := range []int{1_000, 1_000_000} {
		weights := make([]float64, n)
		for i := range weights {
			weights[i] = float64(n - i)
		}
		for _, count := range []int{8, 256} {
			b.Run(fmt.Sprintf("n=%d/count=%d", n, count), func(b *testing.B) {
				for b.Loop() {
					chunk.ByWeight(weights, count)
				}
			})
		}
	}
}
