package rivals_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/bench/internal/clock"
	"github.com/parfor-go/parfor/bench/internal/memory"
	"github.com/parfor-go/parfor/bench/rivals"
	"github.com/parfor-go/parfor/bench/work"
)

// ranging are the rivals that go over long vectors, all by ranges. Of two that
// differ in the bundling of short calls there is one.
func ranging() []rivals.Rival {
	return slices.DeleteFunc(slices.Clone(rivals.All), func(r rivals.Rival) bool {
		return r.Name == "conc-pool-chunked" || r.Name == "rill-batch"
	})
}

// everyRange is every for the rivals that are ranging.
func everyRange(b *testing.B, prefix string, f func(b *testing.B, ranges func(n int, body func(lo, hi int)))) {
	for _, r := range ranging() {
		clock.Run(b, prefix+"way="+r.Name, func(b *testing.B) { f(b, open(b, r, workers()).Ranges(workers())) })
	}
}

// BenchmarkSweep is the four loops of STREAM over vectors of 512 MiB.
func BenchmarkSweep(b *testing.B) {
	n := memory.Len(1 << 26)
	v := memory.Heap.Three(b, n)
	for _, s := range work.Sweeps {
		body := func(lo, hi int) { s.Range(v[0], v[1], v[2], lo, hi) }
		everyRange(b, "heap/"+s.Name+"/", func(b *testing.B, ranges func(n int, body func(lo, hi int))) {
			b.SetBytes(int64(s.Bytes * n))
			for b.Loop() {
				ranges(n, body)
			}
		})
	}
}

// BenchmarkFirstFill is the allocation of 1 GiB and the first store to each
// element.
func BenchmarkFirstFill(b *testing.B) {
	n := memory.Len(1 << 27)
	everyRange(b, "heap/", func(b *testing.B, ranges func(n int, body func(lo, hi int))) {
		memory.Heap.FirstFill(b, n, func(x []float64) {
			ranges(n, func(lo, hi int) { work.Fill(x, 1, lo, hi) })
		})
	})
}

func TestEveryRivalSweepsAsTheSequentialLoopDoes(t *testing.T) {
	const n = 1001
	for _, s := range work.Sweeps {
		want := memory.Heap.Three(t, n)
		s.Range(want[0], want[1], want[2], 0, n)
		for _, r := range ranging() {
			got := memory.Heap.Three(t, n)
			open(t, r, 2).Ranges(2)(n, func(lo, hi int) { s.Range(got[0], got[1], got[2], lo, hi) })
			assert.Equal(t, want, got, "%s %s", r.Name, s.Name)
		}
	}
}
