package segment

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
)

// A mapping is one range of mapped pages.
//
// Invariants: while it is open, mem is mapped, file is open (but nil for
// private memory), so that no other object can get its identity, and the
// registry has it. It is open while it has handles. When the last is closed
// it is gone, and mem a fence until the quarantine gives the addresses up;
// only then the registry forgets it.
type mapping struct {
	mem  []byte   // whole pages are mapped, but len is what was asked for
	data int      // where the data begin: behind the header of a file
	file *os.File // what is mapped, for processes that will map it too; nil: no other can
	id   ID       // of file, by which others find the mapping; zero: they do not
	from ID       // of the file that a CopyOnWrite mapping shows, or is a copy of
	mode Mode
	path string // absolute; "": anonymous
	name string // in reports
	home []byte // the Go heap's, under mem; nil: the system chose the address

	handles int         // under mappings.mu
	holds   int         // under mappings.mu; while positive, handles does not fall
	gone    atomic.Bool // written under mappings.mu
	adopted atomic.Bool // written by Adopt

	syncing sync.Mutex // held by Sync, and while the memory is given back
	failed  error      // under syncing: of the first Sync that failed
}

// An ID names what is mapped, on this machine. The zero ID is that of memory
// that cannot be shared.
//
// A file system gives the inode of a file that is gone to the next one. The
// generation tells them apart; where the system knows none it is 0, and the ID
// good for as long as somebody has the file open.
type ID struct{ Device, Inode, Generation uint64 }

// mappings is the registry of this process.
var mappings registry

// A registry finds mappings by address, those in quarantine included, and the
// open ones by identity.
//
// Locks are taken in the order attaching, the quarantine's, mu.
type registry struct {
	attaching sync.Mutex // held by Map, so that nobody else maps the file too

	mu   sync.RWMutex // protects what follows
	all  []*mapping   // by address; they do not overlap
	byID map[ID]*mapping
}

// begin returns m's lowest address.
func (m *mapping) begin() uintptr { return addressOf(m.mem) }

// search returns the position of the first mapping that ends behind addr.
// r.mu is held.
func (r *registry) search(addr uintptr) int {
	i, _ := slices.BinarySearchFunc(r.all, addr, func(m *mapping, addr uintptr) int {
		if m.begin()+uintptr(len(m.mem)) <= addr {
			return -1
		}
		return 1
	})
	return i
}

// add enters m, with its first handle.
func (r *registry) add(m *mapping) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m.handles = 1
	r.all = slices.Insert(r.all, r.search(m.begin()), m)
	if r.byID == nil {
		r.byID = make(map[ID]*mapping)
	}
	if m.id != (ID{}) && r.byID[m.id] == nil {
		r.byID[m.id] = m
	}
}

// share returns the open mapping of id, with a further handle, or nil if there
// is none. It is an error if that has another mode or less than hi bytes.
func (r *registry) share(id ID, mode Mode, hi int) (*mapping, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.byID[id]
	switch {
	case m == nil:
		return nil, nil
	case m.mode != mode:
		return nil, fmt.Errorf("%w: the file is open %v, wanted %v", ErrInUse, m.mode, mode)
	case hi > len(m.mem):
		return nil, fmt.Errorf("%w: the file is open with %d bytes, and has %d now", ErrInUse, len(m.mem), hi)
	}
	m.handles++
	return m, nil
}

// separate makes copies of CopyOnWrite mappings where m, which is about to be
// entered, is one of them and its file is mapped ReadWrite, or the other way
// round. A page of such a mapping shows what is stored in the file until it is
// written to; its address would hide that from gonum. r.attaching is held.
func (r *registry) separate(m *mapping) error {
	var copies []*mapping
	r.mu.RLock()
	switch m.mode {
	case CopyOnWrite:
		if file := r.byID[m.from]; file != nil && file.mode == ReadWrite {
			copies = append(copies, m)
		}
	case ReadWrite:
		for _, c := range r.all {
			if c.mode == CopyOnWrite && c.from == m.id && !c.gone.Load() {
				copies = append(copies, c)
			}
		}
	}
	r.mu.RUnlock()
	for _, c := range copies {
		if err := c.copy(); err != nil && !c.gone.Load() {
			return err
		}
	}
	return nil
}

// copy gives every page of a CopyOnWrite mapping memory of its own.
func (m *mapping) copy() error {
	if err := process.admit(len(m.mem)); err != nil {
		return err
	}
	defer process.settle(len(m.mem))
	return detach(m.mem)
}

// release takes one handle from m, whose flag it sets, and reports whether it
// was the last. It does nothing while m is held.
func (r *registry) release(m *mapping, closed *atomic.Bool) (last bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m.holds > 0 {
		return false, ErrInUse
	}
	closed.Store(true)
	if m.handles--; m.handles > 0 {
		return false, nil
	}
	m.gone.Store(true)
	if r.byID[m.id] == m {
		delete(r.byID, m.id)
	}
	return true, nil
}

// forget removes m, which is gone and whose addresses are about to be given up.
func (r *registry) forget(m *mapping) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := r.search(m.begin()); i < len(r.all) && r.all[i] == m {
		r.all = slices.Delete(r.all, i, i+1)
	}
}

// at returns the mapping that holds addr, in quarantine or not, or nil.
func (r *registry) at(addr uintptr) *mapping {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.atLocked(addr)
}

func (r *registry) atLocked(addr uintptr) *mapping {
	if i := r.search(addr); i < len(r.all) && r.all[i].begin() <= addr {
		return r.all[i]
	}
	return nil
}

// close gives m's memory back, when its last handle is closed.
func (m *mapping) close() error {
	m.syncing.Lock()
	defer m.syncing.Unlock()
	err := fence(m.mem)
	if err == nil {
		closedRanges.add(m)
	} else {
		// Without the fence stale accesses may reach a later mapping, but
		// keeping the memory would be worse.
		mappings.forget(m)
		err = m.unmap()
	}
	if m.file != nil {
		err = errors.Join(err, m.file.Close())
	}
	return err
}

// Hold keeps the mapping in which b lies from being closed until release is
// called. It reports false if b does not lie in an open one.
func Hold(b []byte) (release func(), ok bool) {
	if len(b) == 0 {
		return nil, false
	}
	r := &mappings
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.atLocked(addressOf(b))
	if m == nil || m.gone.Load() {
		return nil, false
	}
	m.holds++
	return sync.OnceFunc(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		m.holds--
	}), true
}

// Locate returns what a process needs to find b, which lies in the segment, in
// a mapping of the same object: the object, and where in it b begins. It is
// false if no other process can have it.
func (s *Segment) Locate(b []byte) (id ID, offset int, ok bool) {
	if s.m == nil || s.m.id == (ID{}) {
		return ID{}, 0, false
	}
	return s.m.id, int(addressOf(b) - s.m.begin()), true
}

// File returns what is mapped, for a process that is to map it too, or nil.
// It is closed with the segment.
func (s *Segment) File() *os.File {
	if s.m == nil {
		return nil
	}
	return s.m.file
}

// Find returns a borrowed handle on the bytes [lo, hi) of a mapping that is
// open in this process, or nil if there is none, it is shorter, or lo is in the
// file's header.
func Find(id ID, lo, hi int) *Segment {
	r := &mappings
	r.mu.RLock()
	defer r.mu.RUnlock()
	m := r.byID[id]
	if m == nil || lo < m.data || lo > hi || hi > len(m.mem) {
		return nil
	}
	return &Segment{m: m, bytes: m.mem[lo:hi:hi], borrowed: true}
}

// Live returns the addresses and names of the open mappings. Tests look for
// leaks with it.
func Live() []string {
	r := &mappings
	r.mu.RLock()
	defer r.mu.RUnlock()
	var names []string
	for _, m := range r.all {
		if !m.gone.Load() {
			names = append(names, fmt.Sprintf("%#x %s", m.begin(), m.name))
		}
	}
	return names
}
