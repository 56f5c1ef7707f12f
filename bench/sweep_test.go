package bench_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/bench/internal/clock"
	"github.com/parfor-go/parfor/bench/internal/memory"
	"github.com/parfor-go/parfor/bench/work"
	"github.com/parfor-go/parfor/parmap"
)

// sweep is the loop that is measured.
func sweep(s work.Sweep, a, b, c []float64) {
	parmap.ForRange(len(a), func(lo, hi int) { s.Range(a, b, c, lo, hi) })
}

// BenchmarkSweep is the four loops of STREAM over vectors of 512 MiB. The
// sequential ones are those of one processor, which may have all the bandwidth
// there is. Those of the vectors in files are without the end of writing to the
// disk, but the system may begin with it meanwhile.
func BenchmarkSweep(b *testing.B) {
	n := memory.Len(1 << 26)
	for _, where := range memory.All {
		b.Run(where.Name, func(b *testing.B) {
			v := where.Three(b, n)
			for _, s := range work.Sweeps {
				alone(b, s.Name+"/", s.Bytes*n,
					way{name: "sequential", call: func() { s.Range(v[0], v[1], v[2], 0, n) }},
					way{name: "parmap-ForRange", call: func() { sweep(s, v[0], v[1], v[2]) }})
			}
		})
	}
}

// BenchmarkFirstFill is the allocation of 1 GiB and the first store to each
// element.
func BenchmarkFirstFill(b *testing.B) {
	n := memory.Len(1 << 27)
	for _, where := range []memory.Place{memory.Heap, memory.Private, memory.Shared} {
		clock.Run(b, where.Name+"/way=sequential", func(b *testing.B) {
			where.FirstFill(b, n, func(x []float64) { work.Fill(x, 1, 0, n) })
		})
		clock.Run(b, where.Name+"/way=parmap-ForRange", func(b *testing.B) {
			where.FirstFill(b, n, func(x []float64) { fillAll(x, 1) })
		})
	}
}

func TestSweepsAreThoseOfTheSequentialLoopInEveryMemory(t *testing.T) {
	const n = 10_000
	for _, where := range memory.All {
		for _, s := range work.Sweeps {
			t.Run(where.Name+"/"+s.Name, func(t *testing.T) {
				var want [3][]float64
				got := where.Three(t, n)
				for k := range want {
					want[k] = make([]float64, n)
					for i := range n {
						want[k][i] = float64((k+2)*i + k)
						got[k][i] = want[k][i]
					}
				}
				s.Range(want[0], want[1], want[2], 0, n)
				sweep(s, got[0], got[1], got[2])
				assert.Equal(t, want, *got)
			})
		}
	}
}
