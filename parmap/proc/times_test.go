//go:build linux

package proc_test

import (
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap/internal/kernel"
	"github.com/parfor-go/parfor/parmap/proc"
)

// TestTimesWithoutAWallClock holds that the times of attempts are the parent's, also in a
// worker that came late, and although somebody has set the time of day forward by an hour
// since the run began.
func TestTimesWithoutAWallClock(t *testing.T) {
	p := quiet(t, 2, proc.RecycleAfter(1))
	e := kernel.Lookup("dawdle")
	require.NotNil(t, e)
	began := time.Now().Add(-time.Minute)
	before := began.UnixNano()
	// Nobody can do that but the inside of a Time, which has its seconds above 30 bits.
	*(*uint64)(unsafe.Pointer(&began)) -= 3600 << 30
	if before-began.UnixNano() != int64(time.Hour) || time.Since(began) > 2*time.Minute {
		t.Skip("a Time is something else now")
	}
	w := &kernel.Watch{Timed: true, Began: began}
	c := &kernel.Call{Entry: e, N: 6, Grain: 1, In: func(int, int) any { return e.NewIn() }, Watch: w}
	from := time.Since(began)
	require.NoError(t, p.RunKernel(t.Context(), c))
	to := time.Since(began)
	require.Len(t, w.Attempts, 6)
	end := []time.Duration{from, from} // of the last attempt, by slot
	for _, a := range w.Attempts {
		assert.True(t, end[a.Worker] <= a.Start && a.Start <= a.End && a.End <= to, "[%v, %v] after %v, in %v", a.Start, a.End, end[a.Worker], to)
		end[a.Worker] = a.End
	}
}
