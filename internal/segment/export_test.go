package segment

import "os"

// Quarantined returns what the quarantine of this process holds.
func Quarantined() (ranges, nbytes int) {
	q := &closedRanges
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.ranges), q.nbytes
}

// SetQuarantine changes the bounds of an empty quarantine until the returned
// function is called, which empties it again.
func SetQuarantine(maxRanges, maxBytes int) (restore func()) {
	q := &closedRanges
	q.drain()
	oldRanges, oldBytes := q.maxRanges, q.maxBytes
	q.maxRanges, q.maxBytes = maxRanges, maxBytes
	return func() {
		q.drain()
		q.maxRanges, q.maxBytes = oldRanges, oldBytes
	}
}

// QuarantineRanges is the default bound.
const QuarantineRanges = quarantineRanges

// A Budget is a budget with a measure of the test's own.
type Budget struct{ b budget }

func NewBudget(measure func() int64) *Budget {
	return &Budget{budget{measure: measure}}
}

func (b *Budget) Admit(nbytes int) error { return b.b.admit(nbytes) }
func (b *Budget) Settle(nbytes int)      { b.b.settle(nbytes) }
func (b *Budget) Room() int64            { return b.b.room() }

// SetMeasure gives the budget of this process another measure until the
// returned function is called.
func SetMeasure(measure func() int64) (restore func()) {
	old := process.measure
	process.measure, process.allowance = measure, 0
	return func() { process.measure, process.allowance = old, 0 }
}

// Available is what the system says now; Unknown, if nothing.
func Available() int64 { return available() }

const Unknown int64 = unknown

// NameAt returns the name of the mapping at addr, in quarantine or not.
func NameAt(addr uintptr) (name string, ok bool) {
	m := mappings.at(addr)
	if m == nil {
		return "", false
	}
	return m.name, true
}

// Identities returns how many objects are known to be mapped.
func Identities() int {
	mappings.mu.RLock()
	defer mappings.mu.RUnlock()
	return len(mappings.byID)
}

// SetFile changes what s takes for its file, until the returned function is
// called.
func SetFile(s *Segment, f *os.File) (restore func()) {
	old := s.m.file
	s.m.file = f
	return func() { s.m.file = old }
}

// Populate gives every page of b its memory.
func Populate(b []byte) error { return populate(b) }

// IsNoSpace is what makes an error of the system an ErrNoSpace.
var IsNoSpace = isNoSpace
