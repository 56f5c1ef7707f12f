//go:build unix

package shmarray_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/shmarray"
)

// What the package panics with.
const (
	isClosed   = "shmarray: array is closed"
	isReadOnly = "shmarray: write to a read-only array"
	isZeroD    = "shmarray: a 0-d array has no rows"
	isNo2D     = "shmarray: not a 2-d array"
	badCount   = "shmarray: wrong number of indices"
	badIndex   = "shmarray: index out of range"
	badBounds  = "shmarray: slice bounds out of range"
	badMode    = "shmarray: unknown mode"
)

// A disk is a file of the model, under whichever name.
type disk[T shmarray.Elem] struct {
	shape  []int
	vals   []T
	header int // bytes before the elements
	info   fs.FileInfo
	mapped *memory[T] // what every Open but CopyOnWrite shares, or nil
}

// A memory is what one mapping holds.
type memory[T shmarray.Elem] struct {
	vals    []T // the same slice as disk.vals, unless copied
	base    []T // where they really are, once an array of all of them was seen
	disk    *disk[T]
	mode    shmarray.Mode
	path    string // what Path returns
	private bool
	copied  bool // of CopyOnWrite: written to, or beside a ReadWrite one
	handles int  // 0: closed
}

// descriptors returns how many the memory takes.
func (mem *memory[T]) descriptors() int {
	if mem.disk == nil && (mem.private || len(mem.vals) == 0) {
		return 0
	}
	return 1
}

// mapped reports whether there is anything to map: a file has its header.
func (mem *memory[T]) mapped() bool { return mem.disk != nil || len(mem.vals) > 0 }

// A share is an owner's part in a memory, which its views have too.
type share struct{ open bool }

// An array is what the model knows of a real one.
type array[T shmarray.Elem] struct {
	id    int
	real  *shmarray.Array[T]
	mem   *memory[T]
	share *share // nil: borrowed by GobDecode, for as long as anybody has the memory
	view  bool
	lo    int // of the first element, in mem
	shape []int
	data  []T // what Data returned at first
}

func (a *array[T]) open() bool {
	if a.share == nil {
		return a.mem.handles > 0
	}
	return a.share.open
}

// vals returns the elements that a must have.
func (a *array[T]) vals() []T { return a.mem.vals[a.lo : a.lo+product(a.shape)] }

// write does in the model what writing v at position p of a does. What a
// CopyOnWrite array shows of other programs' writes to the file is up to the
// system, until it is written to itself; every known one shows them, and an
// array of less than a page stops to at once.
func (a *array[T]) write(p int, v ...T) {
	a.mem.separate()
	copy(a.vals()[p:], v)
}

// separate makes a CopyOnWrite memory one that the file's writes do not reach.
func (mem *memory[T]) separate() {
	if mem.mode == shmarray.CopyOnWrite && !mem.copied {
		mem.vals, mem.copied = slices.Clone(mem.vals), true
	}
}

// mapping does in the model what mapping mem does: where the file is mapped
// ReadWrite, CopyOnWrite memories are copies.
func (m *model[T]) mapping(mem *memory[T]) {
	switch {
	case mem.disk == nil:
	case mem.mode == shmarray.CopyOnWrite:
		if now := mem.disk.mapped; now != nil && now.mode == shmarray.ReadWrite {
			mem.separate()
		}
	case mem.mode == shmarray.ReadWrite:
		for _, other := range m.mems {
			if other.disk == mem.disk {
				other.separate()
			}
		}
	}
}

// A reference is what GobEncode returned, and of what.
type reference[T shmarray.Elem] struct {
	bytes []byte
	array[T]
}

// A model is one run: the real arrays of one element type, and what they must
// be.
type model[T shmarray.Elem] struct {
	t     *testing.T
	seed  uint64
	rng   *rand.Rand
	dir   string
	disks map[string]*disk[T] // by path

	live, dead []*array[T]  // dead ones were closed lately
	mems       []*memory[T] // the open ones
	refs       []*reference[T]

	at    int    // the step under way
	kind  string // of it
	last  *array[T]
	made  int      // arrays so far
	trace []string // the latest steps

	descriptors, mappings int // before the run
}

const (
	maxLive  = 40 // arrays; then some are closed
	maxDead  = 60 // far fewer than the closes that the quarantine remembers
	maxRefs  = 15
	maxTrace = 25
)

func newModel[T shmarray.Elem](t *testing.T, seed uint64) *model[T] {
	return &model[T]{
		t: t, seed: seed, rng: rand.New(rand.NewPCG(seed, 0)), dir: t.TempDir(), disks: map[string]*disk[T]{},
		descriptors: openDescriptors(t), mappings: len(segment.Live()),
	}
}

func (m *model[T]) check(ok bool, format string, args ...any) {
	if ok {
		return
	}
	m.t.Helper()
	m.t.Fatalf("seed %d, step %d, %s of %v: %s\n%s=%d replays it; steps before it:\n%s",
		m.seed, m.at, m.kind, m.last, fmt.Sprintf(format, args...), seedEnv, m.seed, strings.Join(m.trace, "\n"))
}

func (a *array[T]) String() string {
	if a == nil {
		return "nothing"
	}
	return fmt.Sprintf("array %d %v", a.id, a.shape)
}

// panics checks that f panics with want.
func (m *model[T]) panics(want string, f func()) {
	m.t.Helper()
	defer func() {
		m.t.Helper()
		got := recover()
		m.check(got == want, "panic %v, want %q", got, want)
	}()
	f()
}

// is checks that an error is as it must be.
func (m *model[T]) is(err, want error) {
	m.t.Helper()
	m.check(errors.Is(err, want), "error %v, want: %v", err, want)
}

// refused checks that a constructor failed as it must.
func (m *model[T]) refused(a *shmarray.Array[T], err, want error) {
	m.t.Helper()
	m.check(a == nil && errors.Is(err, want), "got %v, %v, want no array and: %v", a, err, want)
}

// own enters an array with a share of its own in mem.
func (m *model[T]) own(got *shmarray.Array[T], err error, mem *memory[T], lo int, shape []int) {
	m.t.Helper()
	m.check(err == nil, "%v", err)
	if mem.handles++; mem.handles == 1 {
		m.mems = append(m.mems, mem)
		if mem.disk != nil && mem.mode != shmarray.CopyOnWrite {
			mem.disk.mapped = mem
		}
		m.mapping(mem)
	}
	m.enter(&array[T]{real: got, mem: mem, share: &share{true}, lo: lo, shape: shape})
}

// fresh enters an array with anonymous memory of its own.
func (m *model[T]) fresh(got *shmarray.Array[T], err error, vals []T, shape []int) {
	m.t.Helper()
	m.own(got, err, &memory[T]{vals: vals, mode: shmarray.ReadWrite}, 0, shape)
}

// view enters a view of a, whose first element is the one at position p of a.
func (m *model[T]) view(got *shmarray.Array[T], a *array[T], p int, shape []int) {
	m.t.Helper()
	m.enter(&array[T]{real: got, mem: a.mem, share: a.share, view: true, lo: a.lo + p, shape: shape})
}

func (m *model[T]) enter(a *array[T]) {
	m.t.Helper()
	m.made++
	a.id, a.data, m.last = m.made, a.real.Data(), a
	m.live = append(m.live, a)
	m.verify(a)
}

// closed does in the model what closing the owner a does.
func (m *model[T]) closed(a *array[T]) {
	a.share.open = false
	if a.mem.handles--; a.mem.handles == 0 {
		m.mems = slices.DeleteFunc(m.mems, func(mem *memory[T]) bool { return mem == a.mem })
		if a.mem.disk != nil && a.mem.disk.mapped == a.mem {
			a.mem.disk.mapped = nil
		}
	}
	for _, b := range m.live {
		if !b.open() {
			m.dead = append(m.dead, b)
		}
	}
	m.live = slices.DeleteFunc(m.live, func(b *array[T]) bool { return !b.open() })
	m.dead = m.dead[max(0, len(m.dead)-maxDead):]
}

// verify checks all of one array.
func (m *model[T]) verify(a *array[T]) {
	m.t.Helper()
	n, shape := product(a.shape), a.real.Shape()
	m.check(slices.Equal(shape, a.shape) && a.real.Len() == n, "%v: its shape is %v, of %d elements", a, shape, a.real.Len())
	clear(shape) // it is a copy
	m.check(a.real.Path() == a.mem.path, "%v: its path is %q, want %q", a, a.real.Path(), a.mem.path)
	if !a.open() {
		m.verifyClosed(a)
		return
	}
	got := a.real.Data()
	m.check(slices.Equal(got, a.vals()), "%v: its elements are\n%v, want\n%v", a, got, a.vals())
	m.check(len(got) == cap(got), "%v: %d elements, but a capacity of %d", a, len(got), cap(got))
	if n == 0 {
		return
	}
	if a.mem.base == nil && n == len(a.mem.vals) {
		a.mem.base = got
	}
	if a.mem.base != nil {
		m.check(&got[0] == &a.mem.base[a.lo], "%v: not at element %d of its memory", a, a.lo)
	}
	m.check(&got[0] == &a.data[0], "%v: it moved", a)
}

// verifyClosed checks that a closed array knows it, and that the slice which
// it returned once leads nowhere, or, if the file is open still, there.
func (m *model[T]) verifyClosed(a *array[T]) {
	m.t.Helper()
	x := a.real
	m.panics(isClosed, func() { x.Data() })
	m.panics(isClosed, func() { x.At(make([]int, len(a.shape))...) })
	m.panics(isClosed, func() { x.Set(1, make([]int, len(a.shape))...) })
	got, err := x.Reshape(a.shape...)
	m.refused(got, err, shmarray.ErrClosed)
	m.is(x.Sync(), shmarray.ErrClosed)
	err = x.Close()
	m.check(err == nil, "%v: Close after Close: %v", a, err)
	m.check(!shmarray.Backs(x, a.data), "%v: backs a slice after Close", a)
	switch p := m.rng.IntN(max(1, len(a.data))); {
	case len(a.data) == 0:
	case a.mem.handles > 0:
		m.check(slices.Equal(a.data, a.vals()), "%v: its stale slice is\n%v, want\n%v", a, a.data, a.vals())
	case m.rng.IntN(2) == 0:
		m.check(faulted(func() { a.data[p]++ }), "%v: its stale slice can be written", a)
	default:
		var v T
		m.check(faulted(func() { v = a.data[p] }), "%v: its stale slice can be read: %v", a, v)
	}
}

// audit checks everything.
func (m *model[T]) audit() {
	m.t.Helper()
	for _, a := range slices.Concat(m.live, m.dead) {
		m.verify(a)
	}
	for _, a := range m.live {
		for _, b := range m.live {
			na, nb := len(a.vals()), len(b.vals())
			want := a.mem == b.mem && nb > 0 && a.lo <= b.lo && b.lo+nb <= a.lo+na
			m.check(shmarray.Backs(a.real, b.data) == want, "%v: backs %v: %v", a, b, !want)
		}
	}
	descriptors, mappings := m.descriptors, m.mappings
	for _, mem := range m.mems {
		descriptors += mem.descriptors()
		if mem.mapped() {
			mappings++
		}
	}
	if got := openDescriptors(m.t); got >= 0 {
		m.check(got == descriptors, "%d descriptors, want %d", got, descriptors)
	}
	names := segment.Live()
	m.check(len(names) == mappings, "%d mappings, want %d: %q", len(names), mappings, names)
	files, err := os.ReadDir(m.dir)
	m.check(err == nil && len(files) == len(m.disks), "%d files, want %d: %v", len(files), len(m.disks), err)
	for _, f := range files {
		m.readBack(filepath.Join(m.dir, f.Name()))
	}
}

// openDescriptors returns how many descriptors this process has, or, where
// nothing says so, -1.
func openDescriptors(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil && runtime.GOOS == "linux" {
		t.Fatal(err)
	}
	if err != nil {
		return -1
	}
	return len(entries)
}
