//go:build unix

package shmarray_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/shmarray"
)

// The tests for one element type.
type pythonTests struct {
	name      string
	live      func(t *testing.T, p *partner, dir string)
	opens     func(t *testing.T, p *partner, dir string)
	loads     func(t *testing.T, p *partner, dir string)
	places    func(t *testing.T, p *partner, dir string)
	isRead    func(t *testing.T, p *partner, dir string)
	openError func(path string) error
	loadError func(path string) error
}

func pythonSuite() []pythonTests {
	return []pythonTests{
		pythonTestsOf[int8](), pythonTestsOf[int16](), pythonTestsOf[int32](), pythonTestsOf[int64](),
		pythonTestsOf[uint8](), pythonTestsOf[uint16](), pythonTestsOf[uint32](), pythonTestsOf[uint64](),
		pythonTestsOf[float32](), pythonTestsOf[float64](), pythonTestsOf[complex64](), pythonTestsOf[complex128](),
	}
}

func pythonTestsOf[T shmarray.Elem]() pythonTests {
	return pythonTests{
		name:   reflect.TypeFor[T]().Name(), // NumPy has the same names
		live:   testPythonLive[T],
		opens:  testPythonOpens[T],
		loads:  testPythonLoads[T],
		places: testPythonPlaces[T],
		isRead: testPythonIsRead[T],
		openError: func(path string) error {
			a, err := shmarray.Open[T](path, shmarray.ReadOnly)
			return closed(a, err)
		},
		loadError: func(path string) error {
			a, err := shmarray.Load[T](path)
			return closed(a, err)
		},
	}
}

// closed closes what was not to be had.
func closed(a io.Closer, err error) error {
	if err == nil {
		return errors.Join(a.Close(), err)
	}
	return err
}

// forEachType runs one of the tests for every element type, all with one
// partner.
func forEachType(t *testing.T, dir string, test func(pythonTests) func(*testing.T, *partner, string)) {
	p := newPartner(t)
	for _, tests := range pythonSuite() {
		t.Run(tests.name, func(t *testing.T) { test(tests)(t, p, dir) })
	}
}

func TestPythonAndGoSeeEachOther(t *testing.T) {
	forEachType(t, t.TempDir(), func(tests pythonTests) func(*testing.T, *partner, string) { return tests.live })
}

func TestPythonAndGoSeeEachOtherInMemory(t *testing.T) {
	python(t)
	dir, err := os.MkdirTemp("/dev/shm", "parfor-test-")
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
	forEachType(t, dir, func(tests pythonTests) func(*testing.T, *partner, string) { return tests.live })
}

// Neither side opens the file again while the two write by turns.
func testPythonLive[T shmarray.Elem](t *testing.T, p *partner, dir string) {
	path := filepath.Join(dir, fmt.Sprintf("%T.npy", *new(T)))
	a := closing[T](t)(shmarray.Create[T](path, 3, 4))
	before := awkward[T](12, 1)
	copy(a.Data(), before)

	p.let(t, "path", path)
	p.do(t, `a = np.load(path, mmap_mode="r+")`)
	assert.Equal(t, texts(before), p.texts(t, "a"), "what Go wrote before")

	theirs := texts(awkward[T](12, 2))
	p.let(t, "theirs", theirs)
	p.do(t, "theirs = numbers(theirs, a.dtype, a.shape)")
	p.do(t, "a[...] = theirs")
	assert.Equal(t, theirs, texts(a.Data()), "what Python wrote")

	ours := awkward[T](12, 3)
	copy(a.Data(), ours)
	assert.Equal(t, texts(ours), p.texts(t, "a"), "what Go wrote after")

	want := texts(ours)
	for i := range 3 {
		for j := range 4 {
			at := 4*i + j
			p.do(t, fmt.Sprintf("a[%d, %d] = theirs[%d, %d]", i, j, i, j))
			want[at] = theirs[at]
			require.Equal(t, want, texts(a.Data()), "Python's turn at %d, %d", i, j)
			a.Set(before[at], i, j)
			want[at] = text(before[at])
			require.Equal(t, want, p.texts(t, "a"), "Go's turn at %d, %d", i, j)
		}
	}

	require.NoError(t, a.Close())
	p.do(t, "a[...] = theirs")
	again := closing[T](t)(shmarray.Open[T](path, shmarray.ReadOnly))
	assert.Equal(t, theirs, texts(again.Data()), "Python wrote when Go had it closed")
	p.do(t, "a[0, 0] = theirs[2, 3]")
	assert.Equal(t, theirs[11], text(again.At(0, 0)), "live to a reader too")
	p.do(t, "del a")
	assert.Equal(t, theirs[1:], texts(again.Data()[1:]), "when Python has it closed")
}

// Nothing but the array tells either side that the other has written.
func TestPythonAndGoPlayThroughMemory(t *testing.T) {
	p := newPartner(t)
	path := filepath.Join(t.TempDir(), "a.npy")
	a := closing[int64](t)(shmarray.Create[int64](path, 2))
	p.let(t, "path", path)
	p.do(t, `a = np.load(path, mmap_mode="r+")`)

	const rounds = 50
	p.tell(t, fmt.Sprintf("play(a, %d)", rounds))
	mine, theirs := &a.Data()[0], &a.Data()[1]
	for k := range int64(rounds) {
		atomic.StoreInt64(mine, k+1)
		waitFor(t, func() bool { return atomic.LoadInt64(theirs) == k+1 })
	}
	p.listen(t, nil)
}

// waitFor returns when cond is true.
func waitFor(t *testing.T, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(pythonTime); !cond(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatal("python has not written")
		}
	}
}

func TestPythonIsKilledAndGoGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npy")
	a := closing[int64](t)(shmarray.Create[int64](path, 1000))
	first := newPartner(t)
	first.let(t, "path", path)
	first.do(t, `a = np.load(path, mmap_mode="r+")`)
	first.do(t, "a[1:] = np.arange(1, 1000)")
	first.tell(t, "while True: a[0] += 1")
	waitFor(t, func() bool { return atomic.LoadInt64(&a.Data()[0]) > 1000 })
	first.kill(t)

	last := a.At(0)
	assert.Greater(t, last, int64(1000))
	for i, v := range a.Data()[1:] {
		require.EqualValues(t, i+1, v)
	}
	for i := range a.Data()[1:] {
		a.Data()[i+1]++
	}
	require.NoError(t, a.Sync())
	assert.Equal(t, last, a.At(0), "nobody writes any more")

	second := newPartner(t)
	second.let(t, "path", path)
	second.do(t, `a = np.load(path, mmap_mode="r+")`)
	assert.Equal(t, texts(a.Data()), second.texts(t, "a"))
	second.do(t, "a[0] = -1")
	assert.EqualValues(t, -1, a.At(0))
}

func TestPythonMakesTheFile(t *testing.T) {
	forEachType(t, t.TempDir(), func(tests pythonTests) func(*testing.T, *partner, string) { return tests.opens })
}

// The ways in which NumPy makes a file of b and maps it as a.
var pythonWays = []string{
	`np.save(path, b); a = np.load(path, mmap_mode="r+")`,
	`with open(path, "wb") as f: np.save(f, b)
a = np.load(path, mmap_mode="r+")`,
	`a = format.open_memmap(path, mode="w+", dtype=b.dtype, shape=b.shape); a[...] = b`,
	`a = format.open_memmap(path, mode="w+", dtype=b.dtype, shape=b.shape, version=(1, 0)); a[...] = b`,
	`a = format.open_memmap(path, mode="w+", dtype=b.dtype, shape=b.shape, version=(2, 0)); a[...] = b`,
	`a = format.open_memmap(path, mode="w+", dtype=b.dtype, shape=b.shape, version=(3, 0)); a[...] = b`,
	`with open(path, "wb") as f: format.write_array(f, b, version=(1, 0))
a = np.load(path, mmap_mode="r+")`,
	`with open(path, "wb") as f: format.write_array(f, b, version=(2, 0))
a = np.load(path, mmap_mode="r+")`,
	`with open(path, "wb") as f: format.write_array(f, b, version=(3, 0))
a = np.load(path, mmap_mode="r+")`,
}

func testPythonOpens[T shmarray.Elem](t *testing.T, p *partner, dir string) {
	for i, way := range pythonWays {
		for _, shape := range [][]int{{}, {2, 3, 4}} {
			where := fmt.Sprintf("%v by %s", shape, way)
			n := product(shape)
			theirs := texts(awkward[T](n, 4))
			path := filepath.Join(dir, fmt.Sprintf("%T-%d-%d.npy", *new(T), i, len(shape)))
			p.let(t, "path", path)
			p.let(t, "theirs", theirs)
			p.let(t, "shape", shape)
			p.do(t, fmt.Sprintf("b = numbers(theirs, '%T', shape)", *new(T)))
			p.do(t, way)

			a := closing[T](t)(shmarray.Open[T](path, shmarray.ReadWrite))
			assert.Equal(t, shape, a.Shape(), where)
			assert.Equal(t, theirs, texts(a.Data()), where)
			ours := awkward[T](n, 5)
			copy(a.Data(), ours)
			assert.Equal(t, texts(ours), p.texts(t, "a"), where)
			p.do(t, "a[...] = b")
			assert.Equal(t, theirs, texts(a.Data()), where)

			apart := closing[T](t)(shmarray.Open[T](path, shmarray.CopyOnWrite))
			copy(apart.Data(), ours)
			assert.Equal(t, theirs, p.texts(t, "a"), where)
			require.NoError(t, apart.Close())
			require.NoError(t, a.Close())
		}
	}
}
