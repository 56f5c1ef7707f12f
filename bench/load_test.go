package bench_test

import (
	"testing"

	"github.com/parfor-go/parfor/bench/internal/clock"
	"github.com/parfor-go/parfor/bench/work"
	"github.com/parfor-go/parfor/parmap"
)

// BenchmarkLoad is 1000 bodies of even and uneven cost, of several times in all.
func BenchmarkLoad(b *testing.B) {
	const n = 1000
	for load := range work.Loads(n) {
		prefix := load.String() + "/"
		sequential := func() { load.Range(0, n) }
		alone(b, prefix, 0, way{name: "sequential", call: sequential})
		ways := bySchedule(func(s parmap.Schedule) { parmap.For(n, load.Each, s) })
		ways = append(ways, spinning(n, load.Turns))
		inTurn(b, prefix, clock.Pair{Sequential: sequential, Hot: true}, ways...)
	}
}
