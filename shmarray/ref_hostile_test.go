//go:build unix

package shmarray_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/shmarray"
)

// A refWire is the encoding of a reference, written down a second time.
type refWire struct {
	version, kind, size, mode         byte
	device, inode, generation, offset uint64
	shape                             []uint64
	path                              string
}

func (w refWire) bytes() []byte {
	b := []byte{w.version, w.kind, w.size, w.mode}
	for _, v := range append([]uint64{w.device, w.inode, w.generation, w.offset, uint64(len(w.shape))}, w.shape...) {
		b = binary.AppendUvarint(b, v)
	}
	return append(b, w.path...)
}

func parse(t testing.TB, b []byte) refWire {
	t.Helper()
	w := refWire{version: b[0], kind: b[1], size: b[2], mode: b[3]}
	r := bytes.NewReader(b[4:])
	next := func() uint64 {
		v, err := binary.ReadUvarint(r)
		require.NoError(t, err)
		return v
	}
	w.device, w.inode, w.generation, w.offset = next(), next(), next(), next()
	for range next() {
		w.shape = append(w.shape, next())
	}
	w.path = string(b[len(b)-r.Len():])
	return w
}

func TestEncodingOfAReference(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npy")
	a := closing[complex64](t)(shmarray.Create[complex64](path, 3, 500))
	info, err := os.Stat(path)
	require.NoError(t, err)
	stat := reflect.ValueOf(info.Sys()).Elem()
	generation := parse(t, encoded(t, a)).generation // the system's secret
	want := refWire{1, 'c', 8, 1, uint64(stat.FieldByName("Dev").Uint()), stat.FieldByName("Ino").Uint(), generation, 4096 + 8*500, []uint64{500}, path}
	assert.Equal(t, want, parse(t, encoded(t, a.Sub(1))))
	assert.Equal(t, want.bytes(), encoded(t, a.Sub(1)))
	empty := refWire{version: 1, kind: 'c', size: 8, shape: []uint64{0, 500}}
	assert.Equal(t, empty.bytes(), encoded(t, a.Slice(1, 1)))
}

// A hostileRef is not a reference to an array of float64 in good order.
type hostileRef struct {
	b   []byte
	err error
}

// hostile returns what can be made of w, a reference in good order that has an
// axis.
func hostile(w refWire) map[string]hostileRef {
	all := map[string]hostileRef{}
	change := func(what string, err error, f func(w *refWire)) {
		c := w
		c.shape = slices.Clone(w.shape)
		f(&c)
		all[what] = hostileRef{c.bytes(), err}
	}
	format := shmarray.ErrFormat
	b := w.bytes()
	for n := range len(b) - len(w.path) {
		all[fmt.Sprintf("%d bytes", n)] = hostileRef{b[:n], format}
	}
	change("version 0", format, func(w *refWire) { w.version = 0 })
	change("version 2", format, func(w *refWire) { w.version = 2 })
	change("kind", shmarray.ErrDType, func(w *refWire) { w.kind = 'i' })
	change("kind 0", shmarray.ErrDType, func(w *refWire) { w.kind = 0 })
	change("element size 0", shmarray.ErrDType, func(w *refWire) { w.size = 0 })
	change("element size 255", shmarray.ErrDType, func(w *refWire) { w.size = 255 })
	change("copy on write", format, func(w *refWire) { w.mode = 2 })
	change("mode 255", format, func(w *refWire) { w.mode = 255 })
	change("offset misaligned", format, func(w *refWire) { w.offset += 4 })
	change("offset negative as an int", format, func(w *refWire) { w.offset = math.MaxUint64 - 7 })
	change("offset 1<<63", format, func(w *refWire) { w.offset = 1 << 63 })
	change("offset plus size overflows", format, func(w *refWire) { w.offset = math.MaxInt &^ 7 })
	change("dimension negative as an int", format, func(w *refWire) { w.shape[0] = math.MaxUint64 })
	change("dimensions negative, product positive", format, func(w *refWire) { w.shape = []uint64{math.MaxUint64, math.MaxUint64} })
	change("dimension of too many bytes", format, func(w *refWire) { w.shape[0] = math.MaxInt / 8 * 2 })
	change("product wraps to 0", format, func(w *refWire) { w.shape = []uint64{1 << (bitsOfInt / 2), 1 << (bitsOfInt / 2)} })
	change("product wraps to 6", format, func(w *refWire) { w.shape = []uint64{1<<(bitsOfInt-2) + 3, 2} })
	change("product of an empty shape", format, func(w *refWire) { w.shape = []uint64{0, math.MaxInt, math.MaxInt} })
	change("relative path", format, func(w *refWire) { w.path = "a.npy" })
	change("one digit of a path", format, func(w *refWire) { w.path = "1" })

	// References in good order, to what is not there.
	gone := shmarray.ErrClosed
	change("offset behind the end", gone, func(w *refWire) { w.offset += 1 << 20 })
	change("the last element is one too far", gone, func(w *refWire) { w.offset += 8 })
	change("too long", gone, func(w *refWire) { w.shape[0]++ })
	change("far too long", gone, func(w *refWire) { w.offset, w.shape = 8, []uint64{math.MaxInt/8 - 1} })
	change("one axis more", gone, func(w *refWire) { w.shape = append(w.shape, 2) })
	change("no identity", gone, func(w *refWire) { w.device, w.inode = 0, 0 })
	change("another device", gone, func(w *refWire) { w.device++ })
	change("another inode", gone, func(w *refWire) { w.inode = math.MaxUint64 })

	// What is cut to 32 bits would be in good order.
	if bitsOfInt == 32 {
		gone = format
	}
	change("offset of 33 bits", gone, func(w *refWire) { w.offset += 1 << 32 })
	change("dimension of 33 bits", gone, func(w *refWire) { w.shape[0] += 1 << 32 })

	// Where the number of axes is.
	w.shape, w.path = nil, ""
	short := w.bytes()
	short = slices.Clip(short[:len(short)-1])
	for _, axes := range []uint64{1, 2, 1000, 1 << 20, 1 << 31, 1 << 62, math.MaxUint64} {
		all[fmt.Sprintf("%d axes", axes)] = hostileRef{binary.AppendUvarint(short, axes), format}
	}
	all["a varint without end"] = hostileRef{append(short, bytes.Repeat([]byte{0x80}, 100)...), format}
	all["a varint of 65 bits"] = hostileRef{slices.Concat(b[:4], bytes.Repeat([]byte{0xff}, 9), []byte{2, 1, 0, 1, 1}), format}
	return all
}

const bitsOfInt = 32 << (^uint(0) >> 63)

func TestHostileReferences(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npy")
	file := closing[float64](t)(shmarray.Create[float64](path, 2, 3))
	anonymous := closing[float64](t)(shmarray.New[float64](2, 3))
	for kind, a := range map[string]*shmarray.Array[float64]{"file": file, "anonymous": anonymous} {
		before := segment.Live()
		w := parse(t, encoded(t, a))
		require.NoError(t, new(shmarray.Array[float64]).GobDecode(w.bytes()))
		for what, h := range hostile(w) {
			t.Run(kind+"/"+what, func(t *testing.T) {
				got := new(shmarray.Array[float64])
				err := got.GobDecode(h.b)
				require.Error(t, err)
				assert.ErrorIs(t, err, h.err)
				assert.Equal(t, 1, strings.Count(err.Error(), "shmarray: "))
				assert.Zero(t, *got, "left as it was")
			})
		}
		if kind == "file" {
			w.path = ""
			assert.ErrorIs(t, new(shmarray.Array[float64]).GobDecode(w.bytes()), shmarray.ErrClosed)
		} else {
			w.path = path
			assert.ErrorIs(t, new(shmarray.Array[float64]).GobDecode(w.bytes()), shmarray.ErrClosed)
			w.path, w.mode = "", 0
			assert.ErrorIs(t, new(shmarray.Array[float64]).GobDecode(w.bytes()), shmarray.ErrClosed)
		}
		assert.Equal(t, before, segment.Live())
	}
	// The same, while no process has the file open.
	w := parse(t, encoded(t, file))
	require.NoError(t, file.Close())
	before := segment.Live()
	for what, h := range hostile(w) {
		t.Run("closed file/"+what, func(t *testing.T) {
			assert.ErrorIs(t, new(shmarray.Array[float64]).GobDecode(h.b), h.err)
		})
	}
	w.offset -= 8
	assert.ErrorIs(t, new(shmarray.Array[float64]).GobDecode(w.bytes()), shmarray.ErrClosed, "in the header")
	assert.Equal(t, before, segment.Live())
}

// FuzzGobDecode holds that no bytes make GobDecode panic, take memory without
// measure, or return what is not there.
func FuzzGobDecode(f *testing.F) {
	dir := f.TempDir()
	file := closing[float64](f)(shmarray.Create[float64](filepath.Join(dir, "a.npy"), 2, 3))
	anonymous := closing[float64](f)(shmarray.New[float64](2, 3))
	gone := closing[float64](f)(shmarray.Create[float64](filepath.Join(dir, "gone.npy"), 2, 3))
	for _, a := range []*shmarray.Array[float64]{file, anonymous, gone, anonymous.Sub(1), file.Sub(1)} {
		f.Add(encoded(f, a))
		for _, h := range hostile(parse(f, encoded(f, a))) {
			f.Add(h.b)
		}
	}
	f.Add(encoded(f, file.Sub(1, 2)))
	f.Add(encoded(f, anonymous.Slice(1, 1)))
	require.NoError(f, gone.Close()) // of the file, which a reference opens again
	kinds := []error{shmarray.ErrFormat, shmarray.ErrDType, shmarray.ErrClosed, shmarray.ErrInUse,
		shmarray.ErrShape, shmarray.ErrByteOrder, shmarray.ErrMisaligned}
	f.Fuzz(func(t *testing.T, b []byte) {
		var before, after runtime.MemStats
		a := new(shmarray.Array[float64])
		runtime.ReadMemStats(&before)
		err := a.GobDecode(b)
		runtime.ReadMemStats(&after)
		// The rest is the fuzzer's, and a fault's text.
		if took := after.TotalAlloc - before.TotalAlloc; took > uint64(1<<20+100*len(b)) {
			t.Errorf("%d bytes take %d", len(b), took)
		}
		if err != nil {
			for _, kind := range kinds {
				if errors.Is(err, kind) {
					return
				}
			}
			var file *fs.PathError
			require.ErrorAs(t, err, &file)
			return
		}
		defer a.Close()
		assert.Equal(t, product(a.Shape()), a.Len())
		if a.Len() == 0 {
			return
		}
		last := a.Data()[a.Len()-1] // it is there
		again := decoded[float64](t, encoded(t, a))
		assert.Equal(t, a.Shape(), again.Shape())
		assert.Same(t, &a.Data()[0], &again.Data()[0])
		assert.Equal(t, math.Float64bits(last), math.Float64bits(again.Data()[a.Len()-1]))
	})
}

func TestReferenceToAHeader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npy")
	a := closing[uint8](t)(shmarray.Create[uint8](path, 16))
	w := parse(t, encoded(t, a))
	w.offset = 0
	var x shmarray.Array[uint8]
	assert.ErrorIs(t, x.GobDecode(w.bytes()), shmarray.ErrClosed)
	assert.Zero(t, x.Len())
}
