package segment

import (
	"slices"
	"sync"
)

// The quarantine keeps at most this many ranges, and address space of at
// most this many bytes: 64 GiB, or 128 MiB where an int has 32 bits. Each
// range is one entry of Linux's table of mappings, which holds 65,530.
const (
	quarantineRanges = 1024
	quarantineBytes  = 1 << (27 + 9*(^uint(0)>>63))
)

// closedRanges is the quarantine of this process.
var closedRanges = quarantine{maxRanges: quarantineRanges, maxBytes: quarantineBytes}

// A quarantine holds the addresses of closed segments: mapped without
// access and without memory, so that a stale slice faults instead of reading
// and writing whatever is mapped there next. The oldest ranges make room for
// new ones and are unmapped for good; so is a range larger than the whole.
type quarantine struct {
	maxRanges, maxBytes int

	mu     sync.Mutex // protects what follows
	ranges [][]byte   // oldest first; never dereferenced
	nbytes int        // their sum
}

// add takes over mem, which fence has made inaccessible.
func (q *quarantine) add(mem []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ranges = append(q.ranges, mem)
	q.nbytes += len(mem)
	// Under a limit on the address space, at most an eighth of it.
	q.evict(q.maxRanges, int(min(int64(q.maxBytes), addressLimit()/8)))
}

// drain unmaps everything.
func (q *quarantine) drain() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.evict(0, 0)
}

// evict unmaps the oldest ranges until the rest is within the bounds.
// q.mu is held.
func (q *quarantine) evict(maxRanges, maxBytes int) {
	n := 0
	for len(q.ranges)-n > maxRanges || q.nbytes > maxBytes {
		// On an error the range stays inaccessible, which harms nobody.
		_ = unmap(q.ranges[n])
		q.nbytes -= len(q.ranges[n])
		n++
	}
	q.ranges = slices.Delete(q.ranges, 0, n)
}
