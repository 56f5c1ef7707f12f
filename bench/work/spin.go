package work

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Spin does so many turns of a computation that no compiler and no processor
// can shorten, and returns its result. It counts turns and does not look at a
// clock: a goroutine that loses its processor for a while would get its work
// for nothing.
//
//go:noinline
func Spin(turns int) uint64 {
	x := uint64(turns)
	for range turns {
		x = x*6364136223846793005 + 1442695040888963407
	}
	if x == 1 {
		ones.Add(1)
	}
	return x
}

// ones counts the results that are 1, so that all are needed, also those that
// the caller ignores.
var ones atomic.Uint64

// Turns returns how many turns take d on a processor that does nothing else.
// The first call in a process takes some milliseconds to find out.
func Turns(d time.Duration) int { return int(math.Round(float64(d) * turnsPerNanosecond())) }

// turnsPerNanosecond is the best of many short tries: what disturbs a try can
// only make it longer, and most last too short a time to be disturbed.
var turnsPerNanosecond = sync.OnceValue(func() float64 {
	const tries, turns = 200, 20_000
	best := time.Duration(math.MaxInt64)
	for range tries {
		start := time.Now()
		Spin(turns)
		best = min(best, time.Since(start))
	}
	return turns / float64(max(best, 1))
})
