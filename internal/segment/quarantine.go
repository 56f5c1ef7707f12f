package segment

import (
	"slices"
	"sync"
)

// The quarantine keeps at most this many ranges, and address space of at
// most quarantineBytes bytes. Each range is one entry of Linux's table of
// mappings, which holds 65,530.
const quarantineRanges = 1024

// closedRanges is the quarantine of this process.
var closedRanges = quarantine{maxRanges: quarantineRanges, maxBytes: quarantineBytes}

// A quarantine holds the addresses of closed segments: mapped without
// access and without memory, so that a stale slice faults instead of reading
// and writing whatever is mapped there next. The oldest ranges make room for
// new ones and are unmapped for good; so is a range larger than the whole.
type quarantine struct {
	maxRanges, maxBytes int

	mu     sync.Mutex // protects what follows
	ranges []*mapping // oldest first; their memory is never dereferenced
	nbytes int        // its sum
}

// add takes over m, whose memory fence has made inaccessible.
func (q *quarantine) add(m *mapping) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ranges = append(q.ranges, m)
	q.nbytes += len(m.mem)
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
		m := q.ranges[n]
		mappings.forget(m) // before the system can give the addresses to another
		// On an error the range stays inaccessible, which harms nobody.
		_ = m.unmap()
		q.nbytes -= len(m.mem)
		n++
	}
	q.ranges = slices.Delete(q.ranges, 0, n)
}
