package segment

import (
	"math"
	"sync"
	"time"
)

// unknown is a number of available bytes that does not limit anything.
const unknown = math.MaxInt64

// What is left alone of what is available: a 65th, so 1/64 of the largest
// segment, for page tables and the index of the pages (0.4 percent)
// and for what others reserve at the same time; and never less than
// spareBytes, from which the Go heap and stacks grow on. A small cgroup that
// was filled to the brim would kill the program at its next allocation.
const (
	sparePart  = 65
	spareBytes = 8 << 20
)

// Measuring (see available) costs 120 us under three cgroups, creating and
// closing a segment 25 us for 4 KiB, 430 us for 1 MiB and 7 ms for 16 MiB
// (BenchmarkAvailable, BenchmarkNew). So a measure serves for as many small
// segments as fit into a 128th of what it found, at most allowanceBytes, for
// allowanceTime: it is wrong by less than sparePart leaves alone. Of the
// allowance, each takes perSegment more than its bytes: the rest of its last
// page, a page table, and what the system keeps about a file.
const (
	allowanceBytes = 64 << 20
	allowanceTime  = 100 * time.Millisecond
	perSegment     = 8 << 10
)

// process is the budget of this process.
var process = budget{measure: available}

// A budget admits reservations while there is memory for them. Every admit
// without an error is followed by a settle, once the bytes are reserved or
// given up.
type budget struct {
	measure func() int64 // bytes available now, or unknown

	mu        sync.Mutex // protects what follows
	pending   int64      // admitted and not settled: measure may not know of them yet
	allowance int64      // may still be admitted without another measure
	measured  time.Time  // when allowance was granted
}

// admit returns nil or a *ReserveError.
func (b *budget) admit(nbytes int) error {
	n := int64(nbytes)
	b.mu.Lock()
	defer b.mu.Unlock()
	if n <= b.allowance-perSegment && time.Since(b.measured) < allowanceTime {
		b.allowance -= n + perSegment
		b.pending += n
		return nil
	}
	room := b.roomLocked()
	if n > room {
		return &ReserveError{Want: nbytes, Available: room}
	}
	b.allowance = min((room-n)/128, allowanceBytes)
	b.measured = time.Now()
	b.pending += n
	return nil
}

// settle ends the reservation that admit(nbytes) began.
func (b *budget) settle(nbytes int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pending -= int64(nbytes)
}

// room returns the size of the largest segment that would be admitted.
func (b *budget) room() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.roomLocked()
}

// roomBut is room once the nbytes that are pending for the caller are settled.
func (b *budget) roomBut(nbytes int) int64 {
	if room := b.room(); room != unknown {
		return room + int64(nbytes)
	}
	return unknown
}

func (b *budget) roomLocked() int64 {
	avail := b.measure()
	if avail == unknown {
		return unknown
	}
	return max(0, avail-max(avail/sparePart, spareBytes)-b.pending)
}
