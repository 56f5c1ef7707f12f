//go:build unix

package shmarray_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/parfor-go/parfor/shmarray"
)

// The steps that go through files and references.

func (m *model[T]) create() string {
	path, shape := m.path(), m.shape()
	given := slices.Clone(shape)
	got, err := shmarray.Create[T](path, given...)
	clear(given) // it has a copy
	if m.disks[path] != nil {
		m.refused(got, err, fs.ErrExist)
		m.readBack(path)
		return "exists"
	}
	d := &disk[T]{shape: shape, vals: make([]T, product(shape)), header: 4096}
	m.add(path, d)
	m.own(got, err, &memory[T]{vals: d.vals, disk: d, mode: shmarray.ReadWrite, path: path}, 0, shape)
	return "made"
}

// add enters a file that was made just now.
func (m *model[T]) add(path string, d *disk[T]) {
	info, err := os.Stat(path)
	m.check(err == nil, "%v", err)
	d.info, m.disks[path] = info, d
	m.readBack(path)
}

// foreign makes a file as other programs do, with a short header.
func (m *model[T]) foreign() string {
	path, shape := m.path(), m.shape()
	if m.disks[path] != nil {
		return "exists"
	}
	d := &disk[T]{shape: shape, vals: m.values(product(shape)), header: 128}
	tuple := ""
	for _, dim := range shape {
		tuple += fmt.Sprintf("%d, ", dim)
	}
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr[T](), tuple)
	b := fmt.Appendf(nil, "\x93NUMPY\x01\x00\x76\x00%-117s\n", text)
	err := os.WriteFile(path, append(b, raw(d.vals...)...), 0o600)
	m.check(err == nil, "%v", err)
	m.add(path, d)
	return "made"
}

func (m *model[T]) openFile() string {
	path, mode := m.path(), shmarray.Mode(m.rng.IntN(3))
	d := m.disks[path]
	got, err := shmarray.Open[T](path, mode)
	if d == nil {
		m.refused(got, err, fs.ErrNotExist)
		return "missing"
	}
	switch mem := d.mapped; {
	case mode == shmarray.CopyOnWrite:
		m.own(got, err, &memory[T]{vals: d.vals, disk: d, mode: mode}, 0, d.shape)
		return "copy on write"
	case mem == nil:
		m.own(got, err, &memory[T]{vals: d.vals, disk: d, mode: mode, path: path}, 0, d.shape)
		return "mapped"
	case mem.mode != mode:
		m.refused(got, err, shmarray.ErrInUse)
		return "in use"
	default:
		m.own(got, err, mem, 0, d.shape)
		return "mapped already"
	}
}

func (m *model[T]) load() string {
	path := m.path()
	got, err := shmarray.Load[T](path)
	d := m.disks[path]
	if d == nil {
		m.refused(got, err, fs.ErrNotExist)
		return "missing"
	}
	m.fresh(got, err, slices.Clone(d.vals), d.shape)
	return "made"
}

func (m *model[T]) remove() string {
	path := m.path()
	if m.disks[path] == nil {
		return "missing"
	}
	delete(m.disks, path)
	err := os.Remove(path)
	m.check(err == nil, "%v", err)
	return "removed"
}

func (m *model[T]) rename() string {
	from, to := m.path(), m.path()
	d := m.disks[from]
	if d == nil || from == to {
		return "missing"
	}
	replaced := m.disks[to] != nil
	delete(m.disks, from)
	m.disks[to] = d
	err := os.Rename(from, to)
	m.check(err == nil, "%v", err)
	m.readBack(to)
	if replaced {
		return "replaced"
	}
	return "moved"
}

// poke writes an element of a file as other programs do.
func (m *model[T]) poke() string {
	path := m.path()
	d := m.disks[path]
	switch {
	case d == nil:
		return "missing"
	case len(d.vals) == 0:
		return "empty"
	}
	p, v := m.rng.IntN(len(d.vals)), m.values(1)
	d.vals[p] = v[0]
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	m.check(err == nil, "%v", err)
	_, err = f.WriteAt(raw(v...), int64(d.header+p*len(raw(v...))))
	m.check(err == nil && f.Close() == nil, "%v", err)
	return "written"
}

func (m *model[T]) sync() string {
	a := m.pick()
	err := a.real.Sync()
	if !a.open() {
		m.is(err, shmarray.ErrClosed)
		return "closed"
	}
	m.check(err == nil, "%v", err)
	return "done"
}

func (m *model[T]) encode() string {
	a := m.pick()
	b, err := a.real.GobEncode()
	empty := product(a.shape) == 0
	switch {
	case !a.open():
		m.is(err, shmarray.ErrClosed)
		return "closed"
	case !empty && (a.mem.private || a.mem.mode == shmarray.CopyOnWrite):
		m.is(err, shmarray.ErrPrivate)
		return "private"
	}
	m.check(err == nil, "%v", err)
	m.refs = append(m.refs, &reference[T]{b, *a})
	m.refs = m.refs[max(0, len(m.refs)-maxRefs):]
	if empty {
		return "empty"
	}
	return "reference"
}

func (m *model[T]) decode() string {
	if len(m.refs) == 0 {
		return "no reference"
	}
	r := m.refs[m.rng.IntN(len(m.refs))]
	for range 2 {
		if r.mem.disk == nil {
			r = m.refs[m.rng.IntN(len(m.refs))]
		}
	}
	// Not asked of a reference without elements, which has no generation either:
	// numbers are reused as the machine's other programs make files, and a seed
	// would not replay.
	empty := product(r.shape) == 0
	if !empty && parse(m.t, r.bytes).generation == 0 && m.reused(r.mem.disk) {
		return "another file" // and there is no telling them apart
	}
	a := new(shmarray.Array[T])
	b := slices.Clone(r.bytes)
	err := a.GobDecode(b)
	clear(b) // nothing may lie in it
	d, mem, path, mode := r.mem.disk, r.mem, r.mem.path, r.mem.mode
	if d != nil {
		mem = d.mapped // opened again, perhaps, since the reference was made
	}
	switch {
	case empty:
		m.fresh(a, err, []T{}, r.shape)
		return "empty"
	case mem != nil && mem.handles > 0 && mem.path == path && mem.mode == mode:
		m.check(err == nil, "%v", err)
		m.enter(&array[T]{real: a, mem: mem, view: true, lo: r.lo, shape: r.shape})
		return "view"
	case d == nil:
		m.unresolved(a, err, shmarray.ErrClosed)
		return "closed"
	}
	switch now := m.disks[path]; {
	case now == nil:
		m.unresolved(a, err, fs.ErrNotExist)
		return "missing"
	case now != d:
		m.unresolved(a, err, shmarray.ErrClosed)
		return "another file"
	case now.mapped != nil && now.mapped.mode != mode:
		m.unresolved(a, err, shmarray.ErrInUse)
		return "in use"
	case mem == nil:
		mem = &memory[T]{vals: d.vals, disk: d, mode: mode, path: path}
	}
	m.own(a, err, mem, r.lo, r.shape)
	return "opened"
}

// unresolved checks that GobDecode failed as it must.
func (m *model[T]) unresolved(a *shmarray.Array[T], err, want error) {
	m.t.Helper()
	m.check(errors.Is(err, want) && a.Len() == 0, "got %v %q, %v, want: %v", a, a.Path(), err, want)
}

// reused reports whether d, a file that was removed and closed, has left its
// number to another one. Where the system has no generations of numbers, a
// reference knows its file by path, mode and number, so if these are the same,
// GobDecode takes the other file for it.
func (m *model[T]) reused(d *disk[T]) bool {
	if d == nil {
		return false
	}
	same := func(other *disk[T]) bool {
		return other != nil && other != d && os.SameFile(other.info, d.info)
	}
	for _, other := range m.disks {
		if same(other) {
			return true
		}
	}
	return slices.ContainsFunc(m.mems, func(mem *memory[T]) bool { return same(mem.disk) })
}

// misuse makes a caller's mistakes, one of them.
func (m *model[T]) misuse() string {
	a := m.pick()
	n := len(a.shape)
	index, _ := m.index(a)
	var want string
	var f func()
	switch i := m.rng.IntN(6); {
	case i == 0:
		want, f = badCount, func() { a.real.At(append(index, 0)...) }
	case i == 1:
		want, f = badCount, func() { a.real.Sub(append(index, 0)...) }
	case i == 2 && n > 0:
		index[m.rng.IntN(n)] = -1
		want, f = badIndex, func() { a.real.At(index...) }
	case i == 3 && n > 0:
		axis := m.rng.IntN(n)
		index[axis] = a.shape[axis]
		want, f = badIndex, func() { a.real.Sub(index...) }
	case i == 4 && n > 0:
		want, f = badBounds, func() { a.real.Slice(a.shape[0], a.shape[0]+1) }
	case i == 5 && n > 0:
		want, f = badBounds, func() { a.real.RowBytes(a.shape[0]+1, a.shape[0]) }
	default:
		m.misuseFiles()
		return "refused"
	}
	if !a.open() {
		m.panics(isClosed, f)
		return "closed"
	}
	m.panics(want, f)
	return "refused"
}

// misuseFiles asks for what cannot be made.
func (m *model[T]) misuseFiles() {
	m.last = nil
	for _, shape := range [][]int{{-1}, {0, -1}, {math.MaxInt, math.MaxInt}, {math.MaxInt, 0, 2}} {
		got, err := shmarray.New[T](shape...)
		m.refused(got, err, shmarray.ErrShape)
		got, err = shmarray.Create[T](m.dir+"/no", shape...)
		m.refused(got, err, shmarray.ErrShape)
	}
	got, err := shmarray.Create[T](m.dir+"/no", make([]int, 65)...)
	m.refused(got, err, shmarray.ErrShape)
	m.panics(badMode, func() { shmarray.Open[T](m.dir+"/0.npy", 3) })
	for path := range m.disks {
		other, err := shmarray.Open[uint64](path, shmarray.ReadOnly)
		m.check(other == nil && errors.Is(err, shmarray.ErrDType), "%v", err)
	}
	for _, r := range m.refs {
		err := new(shmarray.Array[uint64]).GobDecode(r.bytes)
		m.is(err, shmarray.ErrDType)
		err = new(shmarray.Array[T]).GobDecode(r.bytes[:m.rng.IntN(6)])
		m.is(err, shmarray.ErrFormat)
	}
}

var headerText = regexp.MustCompile(`^{'descr': '(...)', 'fortran_order': False, 'shape': \(([0-9, ]*)\), }$`)

// readBack checks the file under path, as any program reads it.
func (m *model[T]) readBack(path string) {
	m.t.Helper()
	d := m.disks[path]
	m.check(d != nil, "%s: where does this file come from?", path)
	b, err := os.ReadFile(path)
	m.check(err == nil, "%v", err)
	m.check(len(b) >= d.header && string(b[:8]) == "\x93NUMPY\x01\x00" && int(b[8])|int(b[9])<<8 == d.header-10,
		"%s: it begins with %q", path, b[:min(len(b), 10)])
	text := headerText.FindStringSubmatch(strings.TrimRight(string(b[10:d.header]), " \n"))
	m.check(text != nil && text[1] == descr[T](), "%s: header %q of %s", path, b[10:d.header], descr[T]())
	shape := []int{}
	for _, s := range strings.FieldsFunc(text[2], func(r rune) bool { return r == ',' || r == ' ' }) {
		dim, err := strconv.Atoi(s)
		m.check(err == nil, "%v", err)
		shape = append(shape, dim)
	}
	m.check(slices.Equal(shape, d.shape), "%s: shape %v, want %v", path, shape, d.shape)
	m.check(slices.Equal(b[d.header:], raw(d.vals...)), "%s: its data are\n%v, want\n%v", path, b[d.header:], raw(d.vals...))
}

// raw returns the bytes of elements as they lie in memory.
func raw[T shmarray.Elem](v ...T) []byte {
	b, err := binary.Append(nil, binary.NativeEndian, v)
	if err != nil {
		panic(err)
	}
	return b
}

// descr returns what a header says of T.
func descr[T shmarray.Elem]() string {
	t := reflect.TypeFor[T]()
	order := "<"
	if raw(uint16(1))[1] == 1 {
		order = ">"
	}
	if t.Size() == 1 {
		order = "|"
	}
	return fmt.Sprintf("%s%c%d", order, t.Kind().String()[0], t.Size())
}
