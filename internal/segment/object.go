package segment

import (
	"maps"
	"os"
	"slices"
	"sync"
)

// An Object is what is mapped somewhere, as another process needs to know it.
type Object struct {
	ID         ID
	Lo, Hi     int // where the data are in it
	Mode       Mode
	Path, Name string
}

// Describe returns the object in whose mapping b lies, where in it b begins,
// and what to map, which is closed with the mapping: hold it. It is false if b
// lies in none, or in one that no other process can have.
func Describe(b []byte) (o Object, offset int, file *os.File, ok bool) {
	if len(b) == 0 {
		return Object{}, 0, nil, false
	}
	r := &mappings
	r.mu.RLock()
	defer r.mu.RUnlock()
	m := r.atLocked(addressOf(b))
	if m == nil || m.gone.Load() || m.id == (ID{}) {
		return Object{}, 0, nil, false
	}
	o = Object{ID: m.id, Lo: m.data, Hi: len(m.mem), Mode: m.mode, Path: m.path, Name: m.name}
	return o, int(addressOf(b) - m.begin()), m.file, true
}

// Adopt maps an object whose file another process gave to this one, in a mode of
// its own. It takes over f, also if it fails. References to the object are then
// good in whatever mode they were made.
func (o Object) Adopt(f *os.File, mode Mode) (*Segment, error) {
	s, err := Map(f, o.Path, mode, o.Lo, o.Hi, o.Name)
	if err == nil {
		s.m.adopted.Store(true)
	}
	return s, err
}

// Adopted reports whether the segment is of an object that was given to this
// process.
func (s *Segment) Adopted() bool { return s.m != nil && s.m.adopted.Load() }

// closings is who wants to know what this process closes.
var closings watchers

type watchers struct {
	mu   sync.Mutex // protects what follows
	next int
	all  map[int]func(ID)
}

// OnClose calls f for each object whose mapping is closed in this process, when
// it is, in the goroutine that closes it, until stop is called. After that f may
// still run once, for a Close under way.
func OnClose(f func(ID)) (stop func()) {
	w := &closings
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		w.all = make(map[int]func(ID))
	}
	w.next++
	key := w.next
	w.all[key] = f
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.all, key)
	}
}

func (w *watchers) tell(id ID) {
	w.mu.Lock()
	all := slices.Collect(maps.Values(w.all))
	w.mu.Unlock()
	for _, f := range all {
		f(id)
	}
}
