package park_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/parmap/internal/park"
)

// TestWake sends a goroutine to sleep and wakes it, again and again: a wake
// that comes before the sleep must not be lost.
func TestWake(t *testing.T) {
	var w park.Word
	var wg sync.WaitGroup
	const rounds = 10000
	wg.Go(func() {
		for k := uint32(0); k < rounds; k++ {
			for w.Load() == k {
				w.Wait(k, time.Hour)
			}
		}
	})
	for range rounds {
		w.Add(1)
		w.Wake()
	}
	wg.Wait()
	assert.EqualValues(t, rounds, w.Load())
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
