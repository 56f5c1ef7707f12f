package bench_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/bench/internal/clock"
	"github.com/parfor-go/parfor/bench/work"
	"github.com/parfor-go/parfor/parmap"
)

// grained is every pair of a schedule and a grain that a user would try who has
// the time to, and Auto, which is to make that unnecessary.
func grained(n int, body func(i int)) []way {
	all := []way{{name: "parmap-Auto", call: func() { parmap.For(n, body) }}}
	for _, s := range []parmap.Schedule{parmap.Static, parmap.Dynamic, parmap.Guided} {
		for _, g := range []int{1, 16, n / 64, 256} {
			all = append(all, way{
				name: fmt.Sprintf("parmap-%v-g%d", s, g),
				call: func() { parmap.For(n, body, s, parmap.Grain(g)) },
			})
		}
	}
	return all
}

// BenchmarkGrain is loads of 4096 bodies: of so many that the largest grain
// leaves 16 chunks, and n/64 is none of the other grains. Auto has its turn beside
// each, and of-default is the time over Auto's. One of them is
//
//	-bench 'Grain/^even$/^1ms$'
func BenchmarkGrain(b *testing.B) {
	const n = 4096
	for load := range work.Loads(n) {
		ways := grained(n, load.Each)
		pair := clock.Pair{Sequential: func() { load.Range(0, n) }, Hot: true, Default: ways[0].call}
		inTurn(b, load.String()+"/", pair, ways...)
	}
}

func TestEveryGrainRunsEveryIndexOnce(t *testing.T) {
	const n = 4096
	visits := make([]int, n)
	names := map[string]bool{}
	for _, w := range grained(n, func(i int) { visits[i]++ }) {
		clear(visits)
		w.call()
		for i, v := range visits {
			assert.Equal(t, 1, v, "%s at %d", w.name, i)
		}
		names[w.name] = true
	}
	assert.Len(t, names, 1+3*4)
}
