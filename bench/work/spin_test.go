package work_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/bench/work"
)

func TestSpinIsTheSameEveryTime(t *testing.T) {
	const a, c = 6364136223846793005, 1442695040888963407
	one := uint64(1)
	assert.Equal(t, uint64(0), work.Spin(0))
	assert.Equal(t, one*a+c, work.Spin(1))
	two := uint64(2)
	assert.Equal(t, (two*a+c)*a+c, work.Spin(2))
}

func TestTurnsGrowWithTime(t *testing.T) {
	assert.Zero(t, work.Turns(0))
	turns := work.Turns(time.Millisecond)
	assert.Positive(t, turns)
	assert.InDelta(t, 20*turns, work.Turns(20*time.Millisecond), 20)
}

// A spin cannot be shorter than it is asked to be, but for a processor that has
// become faster since; on a busy machine it can be much longer.
func TestSpinTakesItsTime(t *testing.T) {
	turns := work.Turns(time.Millisecond)
	best := time.Hour
	for range 20 {
		start := time.Now()
		work.Spin(turns)
		best = min(best, time.Since(start))
	}
	assert.Greater(t, best, time.Millisecond/2)
}
