package park_test

import (
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

// TestWaitEnds holds that a sleep that nobody ends does end.
func TestWaitEnds(t *testing.T) {
	var w park.Word
	start := time.Now()
	for time.Since(start) < 20*time.Millisecond {
		w.Wait(0, 20*time.Millisecond)
	}
	w.Wait(1, time.Hour) // not what the word is: at once
}

func BenchmarkWake(b *testing.B) {
	var w park.Word
	for b.Loop() {
		w.Wake()
	}
}

func BenchmarkYield(b *testing.B) {
	for b.Loop() {
		park.Yield()
	}
}
