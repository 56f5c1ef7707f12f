package rivals_test

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/bench/rivals"
)

func TestEveryRivalVisitsEveryIndexOnce(t *testing.T) {
	for _, r := range rivals.All {
		for _, workers := range []int{1, 2, 5} {
			t.Run(fmt.Sprintf("%s/%d", r.Name, workers), func(t *testing.T) {
				loop := open(t, r, workers)
				for _, n := range []int{0, 1, 7, 1000, 7} {
					visits := make([]atomic.Int32, n)
					loop.Each(n, func(i int) { visits[i].Add(1) })
					assertOnce(t, visits, "Each")
					clear(visits)
					loop.Ranges(workers)(n, func(lo, hi int) {
						assert.Less(t, lo, hi, "an empty range")
						for i := lo; i < hi; i++ {
							visits[i].Add(1)
						}
					})
					assertOnce(t, visits, "Ranges")
				}
			})
		}
	}
}

func assertOnce(t *testing.T, visits []atomic.Int32, form string) {
	for i := range visits {
		assert.EqualValues(t, 1, visits[i].Load(), "%s of %d: visits of %d", form, len(visits), i)
	}
}

// What bodies wrote is there when the loop has returned, without a lock: the
// race detector sees it if it is not.
func TestEveryRivalReturnsAfterItsBodies(t *testing.T) {
	for _, r := range rivals.All {
		t.Run(r.Name, func(t *testing.T) {
			loop := open(t, r, 2)
			for range 20 {
				x := make([]int, 100)
				loop.Each(len(x), func(i int) { x[i] = i })
				for i, v := range x {
					assert.Equal(t, i, v)
				}
			}
		})
	}
}

// Two rivals take no bound.
func TestNoRivalRunsMoreBodiesThanWorkers(t *testing.T) {
	for _, r := range rivals.All {
		if r.Name == "goroutine-each" || r.Name == "lo-parallel" {
			continue
		}
		t.Run(r.Name, func(t *testing.T) {
			var now, most atomic.Int32
			open(t, r, 2).Each(1000, func(int) {
				k := now.Add(1)
				for m := most.Load(); k > m && !most.CompareAndSwap(m, k); m = most.Load() {
				}
				runtime.Gosched() // others would begin now
				now.Add(-1)
			})
			assert.LessOrEqual(t, most.Load(), int32(2))
		})
	}
}
