//go:build unix

package shmarray_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/shmarray"
)

// A pythonForm is a file that write_all made.
type pythonForm struct {
	Path    string
	Shape   []int
	Swapped bool // bytes in the other order than this machine's
	Columns bool // Fortran order, and not row-major at the same time
	N       int
}

func TestPythonWritesEveryForm(t *testing.T) {
	forEachType(t, t.TempDir(), func(tests pythonTests) func(*testing.T, *partner, string) { return tests.loads })
}

func testPythonLoads[T shmarray.Elem](t *testing.T, p *partner, dir string) {
	want := texts(awkward[T](24, 6))
	p.let(t, "path", dir)
	p.let(t, "theirs", want)
	var forms []pythonForm
	p.tell(t, fmt.Sprintf("write_all(path, '%T', theirs)", *new(T)))
	p.listen(t, &forms)
	assert.Len(t, forms, 6*2*3)

	seen := map[error]int{}
	for _, form := range forms {
		where := fmt.Sprintf("%+v", form)
		check := func(a *shmarray.Array[T], err error) {
			t.Helper()
			require.NoError(t, err, where)
			assert.Equal(t, form.Shape, a.Shape(), where)
			assert.Equal(t, want[:form.N], texts(a.Data()), where)
			require.NoError(t, a.Close())
		}
		check(shmarray.Load[T](form.Path))

		var wrong error
		switch {
		case form.Swapped:
			wrong = shmarray.ErrByteOrder
		case form.Columns:
			wrong = shmarray.ErrFormat
		}
		seen[wrong]++
		for _, mode := range []shmarray.Mode{shmarray.ReadOnly, shmarray.ReadWrite, shmarray.CopyOnWrite} {
			a, err := shmarray.Open[T](form.Path, mode)
			if wrong == nil {
				check(a, err)
			} else {
				requireOnly(t, wrong, closed(a, err), where)
			}
		}
		for _, tests := range pythonSuite() {
			if tests.name != fmt.Sprintf("%T", *new(T)) {
				requireOnly(t, shmarray.ErrDType, tests.openError(form.Path), where)
				requireOnly(t, shmarray.ErrDType, tests.loadError(form.Path), where)
			}
		}
	}
	// Of six shapes in three layouts two are in Fortran order for np.save,
	// and for the writer that does not look.
	size := reflect.TypeFor[T]().Size()
	if size == 1 {
		assert.Equal(t, map[error]int{nil: 28, shmarray.ErrFormat: 8}, seen)
	} else {
		assert.Equal(t, map[error]int{nil: 14, shmarray.ErrFormat: 4, shmarray.ErrByteOrder: 18}, seen)
	}
}

// requireOnly requires that err is want and no other error of the package.
func requireOnly(t *testing.T, want, err error, where string) {
	t.Helper()
	for _, kind := range []error{
		shmarray.ErrFormat, shmarray.ErrDType, shmarray.ErrByteOrder, shmarray.ErrMisaligned,
		shmarray.ErrShape, shmarray.ErrNoSpace, shmarray.ErrInUse, shmarray.ErrClosed,
	} {
		require.Equal(t, kind == want, errors.Is(err, kind), "%v, wanted %v: %s", err, want, where)
	}
}

func TestPythonWritesOtherTypes(t *testing.T) {
	p := newPartner(t)
	dir := t.TempDir()
	p.let(t, "path", dir)
	var paths []string
	p.tell(t, "write_others(path)")
	p.listen(t, &paths)
	require.GreaterOrEqual(t, len(paths), 33)
	for _, path := range paths {
		for _, tests := range pythonSuite() {
			requireOnly(t, shmarray.ErrDType, tests.openError(path), path)
			requireOnly(t, shmarray.ErrDType, tests.loadError(path), path)
		}
	}
	// The trap was real: it catches Python, and did not catch Go.
	trap := filepath.Join(dir, "trap")
	assert.NoDirExists(t, trap)
	p.let(t, "path", paths[len(paths)-3])
	p.do(t, "a = np.load(path, allow_pickle=True)")
	assert.DirExists(t, trap)
}

func TestPythonWritesAtAnyPlace(t *testing.T) {
	forEachType(t, t.TempDir(), func(tests pythonTests) func(*testing.T, *partner, string) { return tests.places })
}

// NumPy before 1.14 let the data begin at any multiple of 16.
func testPythonPlaces[T shmarray.Elem](t *testing.T, p *partner, dir string) {
	want := texts(awkward[T](5, 7))
	p.let(t, "theirs", want)
	for offset := 80; offset <= 96; offset++ {
		path := filepath.Join(dir, fmt.Sprintf("%T-%d.npy", *new(T), offset))
		p.let(t, "path", path)
		p.do(t, fmt.Sprintf("write_at(path, %d, numbers(theirs, '%T'))", offset, *new(T)))

		loaded := closing[T](t)(shmarray.Load[T](path))
		assert.Equal(t, want, texts(loaded.Data()), "at %d", offset)
		a, err := shmarray.Open[T](path, shmarray.ReadWrite)
		if offset%min(int(reflect.TypeFor[T]().Size()), 8) != 0 {
			requireOnly(t, shmarray.ErrMisaligned, closed(a, err), fmt.Sprintf("at %d", offset))
			continue
		}
		require.NoError(t, err, "at %d", offset)
		assert.Equal(t, want, texts(a.Data()), "at %d", offset)
		assert.NoError(t, a.Close())
	}
}

func TestPythonReadsWhatGoMakes(t *testing.T) {
	forEachType(t, t.TempDir(), func(tests pythonTests) func(*testing.T, *partner, string) { return tests.isRead })
}

// A pythonArray is what partner.py's describe returns.
type pythonArray struct {
	DType string
	Shape []int
	Texts []string
	Sound bool
	Error string
}

func testPythonIsRead[T shmarray.Elem](t *testing.T, p *partner, dir string) {
	most := slices.Repeat([]int{1}, 32) // NumPy's limit before version 2
	for i, shape := range [][]int{{}, {0}, {5}, {3, 4}, {2, 0, 4}, {2, 3, 4}, most} {
		path := filepath.Join(dir, fmt.Sprintf("%T-%d.npy", *new(T), i))
		a := closing[T](t)(shmarray.Create[T](path, shape...))
		ours := awkward[T](a.Len(), 8)
		copy(a.Data(), ours)
		want := pythonArray{DType: fmt.Sprintf("%T", *new(T)), Shape: shape, Texts: texts(ours), Sound: true}

		var got struct {
			Header []any
			Own    bool // the header is NumPy's own, in words and end
			Arrays map[string]pythonArray
		}
		p.let(t, "path", path)
		p.tell(t, "read(path)")
		p.listen(t, &got)
		assert.Len(t, got.Arrays, 4)
		for mode, array := range got.Arrays {
			if a.Len() == 0 && mode != "copy" && array.Error != "" {
				// Before version 2.2 NumPy maps no array without elements
				// that begins at a page, as ours do.
				assert.Equal(t, "mmap offset is greater than file size", array.Error)
				continue
			}
			assert.Equal(t, want, array, "%s %v", mode, shape)
		}

		wantHeader, err := json.Marshal([]any{[]int{1, 0}, shape, false, fmt.Sprintf("%T", *new(T)), 4096})
		require.NoError(t, err)
		header, err := json.Marshal(got.Header)
		require.NoError(t, err)
		assert.JSONEq(t, string(wantHeader), string(header))
		assert.True(t, got.Own)
		if a.Len() == 0 {
			continue
		}

		p.do(t, `a = np.load(path, mmap_mode="c")`)
		p.do(t, "a[...] = 1")
		p.do(t, "a = np.load(path)")
		p.do(t, "a[...] = 2")
		assert.Equal(t, texts(ours), texts(a.Data()), "neither is the file")
	}
}
