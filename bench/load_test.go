package bench_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/parfor-go/parfor/bench/internal/clock"
	"github.com/parfor-go/parfor/bench/work"
	"github.com/parfor-go/parfor/parmap"
)

// BenchmarkLoad is 1000 bodies of even and uneven cost, of several times in all.
func BenchmarkLoad(b *testing.B) {
	const n = 1000
	for _, shape := range work.Shapes {
		for _, total := range []time.Duration{100 * time.Microsecond, time.Millisecond, 20 * time.Millisecond} {
			load := shape.Load(n, total)
			name := fmt.Sprintf("%s/%gms", shape.Name, total.Seconds()*1e3)
			b.Run(name+"/way=sequential", func(b *testing.B) {
				for b.Loop() {
					load.Range(0, n)
				}
			})
			for _, schedule := range schedules {
				b.Run(fmt.Sprintf("%s/way=parmap-%v", name, schedule), func(b *testing.B) {
					clock.Pair{
						Sequential: func() { load.Range(0, n) },
						Parallel:   func() { parmap.For(n, load.Each, schedule) },
						Workers:    workers(),
						Hot:        true,
					}.Run(b)
				})
			}
		}
	}
}
