// Package kernel is what package parmap and those that run kernels elsewhere
// agree on: the table of named bodies, and what a run of one consists of.
package kernel

import (
	"context"
	"os"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parfor-go/parfor/parmap/internal/journal"
)

// Label is the label of goroutines, in profiles, that tells which entry they run.
const Label = "kernel"

// An Entry is a named body without its types.
type Entry struct {
	Name string
	// NewIn returns a pointer to what is sent to a worker: the arguments of a
	// Kernel, or the items of a chunk of a Func.
	NewIn func() any
	// NewOut returns a pointer to what a worker sends back: the results of a
	// chunk of a Func. It is nil in the entry of a Kernel.
	NewOut func() any
	// Empty says that the arguments are a struct without fields, which nobody
	// needs to send.
	Empty bool
	// Plain says that neither NewIn nor NewOut has an interface in it, so that
	// gob describes the types in its first message, and never again.
	Plain bool
	// Body runs [lo, hi) of a Kernel, whose arguments in points at.
	Body func(ctx context.Context, lo, hi int, in any) error
	// Map returns what NewOut of a Func points at: the results of the items
	// that in points at, of which lo is the first. It calls the function for
	// each through try, for as long as that returns true.
	Map func(ctx context.Context, lo int, in any, try Try) (out any)
}

// A Try calls f, which runs item i, takes care of its error or panic, and
// reports whether to go on.
type Try func(i int, f func() error) bool

// A Call is one run of an entry on a backend.
type Call struct {
	Entry   *Entry
	N       int
	Grain   int // 0: default
	Workers int // 0: all there are
	Collect bool
	Outputs []Output
	Arrays  [][]byte // the shared memory that the arguments name
	Args    any      // points at a Kernel's arguments
	// In returns what NewIn points at: of a Kernel whatever the range is.
	In func(lo, hi int) any
	// Out takes what NewOut points at, unless that is not of so many items. Calls
	// are concurrent, of different chunks.
	Out func(lo, hi int, out any) error
	// Log, if not nil, remembers which cells of Grid(N, Grain) are done.
	Log *Log
	// Watch, if not nil, is told how the run goes.
	Watch *Watch
}

// A Watch is what a backend tells of a run.
type Watch struct {
	// Done is how many indices are finished in this run. The backend stores it ten
	// times a second, and when it is over. A pool counts whole cells: a cell in which
	// an item failed is finished under Collect alone, and then all of it, and one that
	// was broken off is not, whatever items of it had been run.
	Done atomic.Int64
	// Timed asks for what follows, which the backend sets when the run is over.
	Timed    bool
	Began    time.Time // from when times are counted
	Workers  int
	Retries  int
	Crashes  int
	Attempts []Attempt // in the order in which each worker began them
}

// An Attempt is what one worker did with a cell: a Span of package parmap.
type Attempt struct {
	Worker, PID, Lo, Hi int
	Start, End          time.Duration
	Err                 error
}

// A Log knows which cells were done before a run, and is told which it has done.
type Log struct {
	// Lock is held by each process that may write to the outputs, from before it
	// does to its end, or the run's.
	Lock *os.File
	// Skip reports whether a cell was done before.
	Skip func(cell int) bool
	// Done takes the Sum of the rows of each cell that was not, once, when its body
	// has returned nil: before RunKernel returns, and half a second later at most.
	Done func(cell int, sum uint32)
}

// An Output is the memory of an array whose axis 0 is the range of a run.
type Output struct {
	Bytes []byte
	Row   int // bytes of each index
}

// Clear zeroes the rows lo to hi.
func (o Output) Clear(lo, hi int) { clear(o.Bytes[lo*o.Row : hi*o.Row]) }

// Crosses reports whether o and p share memory and have not the same rows.
func (o Output) Crosses(p Output) bool {
	a, b := reflect.ValueOf(o.Bytes).Pointer(), reflect.ValueOf(p.Bytes).Pointer()
	return a < b+uintptr(len(p.Bytes)) && b < a+uintptr(len(o.Bytes)) && (a != b || o.Row != p.Row)
}

// Has reports whether b begins in o's memory.
func (o Output) Has(b []byte) bool {
	_, ok := o.find(b)
	return ok
}

// find returns where in o's memory b begins.
func (o Output) find(b []byte) (at int, ok bool) {
	from, to := reflect.ValueOf(o.Bytes).Pointer(), reflect.ValueOf(b).Pointer()
	return int(to - from), len(b) > 0 && from <= to && to < from+uintptr(len(o.Bytes))
}

// Sum returns the checksum of the rows lo to hi of all outputs.
func Sum(outputs []Output, lo, hi int) (sum uint32) {
	for _, o := range outputs {
		sum = journal.Sum(sum, o.Bytes[lo*o.Row:hi*o.Row])
	}
	return sum
}

// A Backend runs kernels somewhere else. Only packages beside this one can
// name a Call, and so be one.
type Backend interface {
	// RunKernel runs c and returns when no body of it runs any more. It is
	// called by package parmap.
	RunKernel(ctx context.Context, c *Call) error
}

// table is the kernels of this program.
var table struct {
	mu     sync.Mutex // protects what follows
	byName map[string]*Entry
	sealed bool
	late   []*Entry // registered after Seal
}

// Register enters e. A name that is taken panics.
func Register(e *Entry) {
	t := &table
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byName[e.Name] != nil {
		panic("parmap: two kernels of one name")
	}
	if t.byName == nil {
		t.byName = make(map[string]*Entry)
	}
	t.byName[e.Name] = e
	if t.sealed {
		t.late = append(t.late, e)
	}
}

// Lookup returns the entry of a name, or nil.
func Lookup(name string) *Entry {
	t := &table
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.byName[name]
}

// Seal says that what is registered from now on is unknown in workers.
func Seal() {
	t := &table
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sealed = true
}

// Late reports whether e was registered after Seal.
func Late(e *Entry) bool {
	t := &table
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Contains(t.late, e)
}
