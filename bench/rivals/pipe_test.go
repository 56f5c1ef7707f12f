package rivals_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/bench/internal/clock"
	"github.com/parfor-go/parfor/bench/rivals"
	"github.com/parfor-go/parfor/bench/work"
)

func TestEveryPipeYieldsEveryResultInOrder(t *testing.T) {
	for _, p := range rivals.Pipes {
		for _, workers := range []int{1, 2, 5} {
			for _, n := range []int{0, 1, 7, 1000} {
				var got []int
				p.Run(workers, n, func(i int) int {
					if i%3 == 0 {
						runtime.Gosched() // let the next overtake it
					}
					return i * i
				}, func(v int) { got = append(got, v) })
				var want []int
				for i := range n {
					want = append(want, i*i)
				}
				assert.Equal(t, want, got, "%s, %d workers, %d items", p.Name, workers, n)
			}
		}
	}
}

// BenchmarkPipe is items of 1 us, which cost more to hand over than to do, and
// of 100 us, 20 ms in all.
func BenchmarkPipe(b *testing.B) {
	for _, item := range []time.Duration{time.Microsecond, 100 * time.Microsecond} {
		n := int(20 * time.Millisecond / item)
		turns := work.Turns(item)
		f := func(i int) int {
			work.Spin(turns)
			return i
		}
		for _, p := range rivals.Pipes {
			clock.Run(b, fmt.Sprintf("%dus/way=%s", item.Microseconds(), p.Name), func(b *testing.B) {
				sum := 0
				add := func(v int) { sum += v }
				clock.Pair{
					Sequential: func() { rivals.Pipes[0].Run(1, n, f, add) },
					Parallel:   func() { p.Run(workers(), n, f, add) },
					Workers:    workers(),
				}.Run(b)
			})
		}
	}
}
