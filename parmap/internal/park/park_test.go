package park_test

import (
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/parmap/internal/park"
)

// TestWake lets two goroutines wake each other in turn, while each sleeps until
// it is: a wake that comes before the sleep, or none, would leave both asleep.
func TestWake(t *testing.T) {
	var x, y park.Word
	x.Init()
	y.Init()
	var wg sync.WaitGroup
	const rounds = 10000
	turn := func(mine, other *park.Word) {
		for k := uint32(0); k < rounds; k++ {
			for mine.Load() == k {
				mine.Wait(k, time.Hour)
			}
			other.Add(1)
			other.Wake()
		}
	}
	wg.Go(func() { turn(&x, &y) })
	wg.Go(func() { turn(&y, &x) })
	x.Add(1)
	x.Wake()
	wg.Wait()
	assert.EqualValues(t, rounds, y.Load())
}

// TestWaitEnds holds that a sleep that nobody ends does end, more than once.
func TestWaitEnds(t *testing.T) {
	var w park.Word
	w.Init()
	for range 3 {
		start := time.Now()
		for time.Since(start) < 20*time.Millisecond {
			w.Wait(0, 20*time.Millisecond)
		}
	}
	w.Wait(1, time.Hour) // not what the word is: at once
}

// TestASleeperIsNotInASystemCall holds what package park is about.
func TestASleeperIsNotInASystemCall(t *testing.T) {
	var w park.Word
	w.Init()
	var sleeper sync.WaitGroup
	sleeper.Go(func() {
		for w.Load() == 0 {
			w.Wait(0, time.Hour)
		}
	})
	state := func() string {
		buf := make([]byte, 1<<20)
		for _, g := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			if strings.Contains(g, "park.(*Word).Wait") {
				return g[strings.Index(g, "[")+1 : strings.Index(g, "]")]
			}
		}
		return "elsewhere"
	}
	assert.Eventually(t, func() bool { return state() == "select" }, 10*time.Second, time.Millisecond)
	w.Add(1)
	w.Wake()
	sleeper.Wait()
}

// BenchmarkWake is the time from the wake of a sleeper until it runs, and what of it
// is the waker's own.
func BenchmarkWake(b *testing.B) {
	for _, hurry := range []bool{true, false} {
		name := "hurry"
		if !hurry {
			name = "wait"
		}
		b.Run(name, func(b *testing.B) {
			var w park.Word
			w.Init()
			ran := make(chan time.Time)
			go func() {
				for k := uint32(0); k < uint32(b.N); k++ {
					for w.Load() == k {
						w.Wait(k, time.Hour)
					}
					ran <- time.Now()
				}
			}()
			var own, all time.Duration
			for range b.N {
				for pause := time.Now().Add(time.Millisecond); time.Now().Before(pause); {
				}
				start := time.Now()
				w.Add(1)
				w.Wake()
				if hurry {
					park.Hurry()
				}
				own += time.Since(start)
				for busy := time.Now().Add(300 * time.Microsecond); time.Now().Before(busy); {
				}
				all += (<-ran).Sub(start)
			}
			b.ReportMetric(float64(own.Nanoseconds())/float64(b.N), "own-ns/op")
			b.ReportMetric(float64(all.Nanoseconds())/float64(b.N), "ns/op")
		})
	}
}

func BenchmarkYield(b *testing.B) {
	for b.Loop() {
		park.Yield()
	}
}
