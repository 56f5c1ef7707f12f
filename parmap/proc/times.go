package proc

import (
	"sync/atomic"
	"time"

	"github.com/parfor-go/parfor/internal/segment"
)

// times is when the cells of a run were begun and ended, behind the claim table: three
// words for each cell. They are the last attempt's; those that a death broke off are in
// the parent's memory.
//
// Who claims a cell writes all three, the incarnation last, before its body, and the end
// behind it, before the cell is marked. The parent reads them when the cell is marked, or
// its worker was reaped.
type times []uint64

const (
	timeStart = iota // nanoseconds since the run began
	timeEnd          // likewise; 0: not yet
	timeWho          // the incarnation; 0: nobody has begun the cell
	timeWords        // how many there are
)

// timesIn returns the times of so many cells, which begin at a byte of the table.
func timesIn(b []byte, at, cells int) times {
	return segment.Cast[uint64](b[at : at+8*timeWords*cells])
}

func (t times) at(cell, word int) *uint64 { return &t[timeWords*cell+word] }

// begin notes that a cell is begun.
func (t times) begin(cell int, now time.Duration, who uint32) {
	atomic.StoreUint64(t.at(cell, timeStart), uint64(max(0, now)))
	atomic.StoreUint64(t.at(cell, timeEnd), 0)
	atomic.StoreUint64(t.at(cell, timeWho), uint64(who))
}

// end notes that its body has ended. It is not 0.
func (t times) end(cell int, now time.Duration) {
	atomic.StoreUint64(t.at(cell, timeEnd), uint64(max(1, now)))
}

// A clock tells a worker the time since the run began. The parent has noted how much had
// passed when it offered the run, and the worker takes the moment when it joins for that
// one. So the clock is behind by the time between them: a microsecond if the worker was
// awake, up to 100 if it slept, and more if the system let it wait. Both count by
// monotonic clocks of their own: the time of day is in neither, as it may be set while
// the run goes on.
type clock struct {
	joined time.Time
	since  time.Duration // that had passed when the run was offered
}

func (c clock) now() time.Duration { return c.since + time.Since(c.joined) }
