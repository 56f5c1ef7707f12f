//go:build unix

package shmarray_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/proctest"
	"github.com/parfor-go/parfor/shmarray"
)

// An npyFile is a .npy file that NumPy or a person could have written.
type npyFile struct {
	descr   string
	fortran bool
	shape   string
	offset  int // of the data; 0: 128
	data    []byte
}

func (f npyFile) bytes() []byte {
	order := "False"
	if f.fortran {
		order = "True"
	}
	if f.offset == 0 {
		f.offset = 128
	}
	b := binary.LittleEndian.AppendUint16([]byte("\x93NUMPY\x01\x00"), uint16(f.offset-10))
	b = fmt.Appendf(b, "{'descr': '%s', 'fortran_order': %s, 'shape': %s}", f.descr, order, f.shape)
	b = append(b, strings.Repeat(" ", f.offset-len(b)-1)...)
	return slices.Concat(b, []byte{'\n'}, f.data)
}

var (
	native  = map[bool]string{false: "<", true: ">"}[binary.NativeEndian.Uint16([]byte{0, 1}) == 1]
	foreign = map[bool]string{true: "<", false: ">"}[binary.NativeEndian.Uint16([]byte{0, 1}) == 1]
)

// A fileError is what Open and Load of float64 say about a file. A text is a
// part of it that follows the path; "": there is no error.
type fileError struct {
	make       func(t *testing.T, path string)
	open       error
	openText   string
	load       error
	loadText   string
	loadBlocks bool
}

func written(f npyFile) func(*testing.T, string) { return content(f.bytes()) }

func content(b []byte) func(*testing.T, string) {
	return func(t *testing.T, path string) { require.NoError(t, os.WriteFile(path, b, 0o600)) }
}

func fileErrors() map[string]fileError {
	const format, shape = "not a valid .npy file", "impossible shape"
	f8 := native + "f8"
	good := npyFile{f8, false, "(2, 3)", 0, make([]byte, 48)}
	// both is for what nobody can read.
	both := func(make func(*testing.T, string), kind error, text string) fileError {
		return fileError{make: make, open: kind, openText: text, load: kind, loadText: text}
	}
	odd := func(f func(*npyFile)) func(*testing.T, string) {
		g := good
		f(&g)
		return written(g)
	}
	return map[string]fileError{
		"good":    {make: written(good)},
		"missing": both(func(*testing.T, string) {}, fs.ErrNotExist, ": no such file or directory"),
		"a link to nothing": {
			make: func(t *testing.T, path string) { require.NoError(t, os.Symlink("nothing/a.npy", path)) },
			open: fs.ErrNotExist, openText: ": no such file or directory",
			load: fs.ErrNotExist, loadText: ": no such file or directory",
		},
		"directory": {
			make: func(t *testing.T, path string) { require.NoError(t, os.Mkdir(path, 0o700)) },
			open: shmarray.ErrFormat, openText: ": not a regular file",
			load: syscall.EISDIR, loadText: ": is a directory",
		},
		"fifo": {
			make: func(t *testing.T, path string) { require.NoError(t, syscall.Mkfifo(path, 0o600)) },
			open: shmarray.ErrFormat, openText: ": not a regular file",
			loadBlocks: true,
		},
		"device": {
			make: func(t *testing.T, path string) { require.NoError(t, os.Symlink(os.DevNull, path)) },
			open: shmarray.ErrFormat, openText: ": not a regular file",
			load: shmarray.ErrFormat, loadText: format + ": header cut off after 0 bytes",
		},
		"empty":              both(content(nil), shmarray.ErrFormat, format+": header cut off after 0 bytes"),
		"magic cut off":      both(content([]byte("\x93NUMP")), shmarray.ErrFormat, format+": header cut off after 5 bytes"),
		"header cut off":     both(content(good.bytes()[:100]), shmarray.ErrFormat, format+": header cut off after 100 bytes"),
		"length cut off":     both(content(good.bytes()[:9]), shmarray.ErrFormat, format+": header cut off after 9 bytes"),
		"wrong magic":        both(content([]byte("\x93NUMPZ\x01\x00 and more")), shmarray.ErrFormat, format+`: it begins with "\x93NUMPZ"`),
		"a picture":          both(content([]byte("\x89PNG\r\n\x1a\n and more")), shmarray.ErrFormat, format+`: it begins with "\x89PNG\r\n"`),
		"version 4":          both(content(append([]byte("\x93NUMPY\x04\x00"), good.bytes()[8:]...)), shmarray.ErrFormat, format+": version 4.0"),
		"data cut off":       both(content(good.bytes()[:175]), shmarray.ErrFormat, "175 bytes long"),
		"no data":            both(content(good.bytes()[:128]), shmarray.ErrFormat, "128 bytes long"),
		"fortran, cut off":   both(odd(func(f *npyFile) { f.fortran, f.data = true, f.data[:47] }), shmarray.ErrFormat, "175 bytes long"),
		"foreign, cut off":   both(odd(func(f *npyFile) { f.descr, f.data = foreign+"f8", f.data[:47] }), shmarray.ErrFormat, "175 bytes long"),
		"float32":            both(odd(func(f *npyFile) { f.descr = native + "f4" }), shmarray.ErrDType, "float32"),
		"int64":              both(odd(func(f *npyFile) { f.descr = native + "i8" }), shmarray.ErrDType, "int64"),
		"foreign complex64":  both(odd(func(f *npyFile) { f.descr = foreign + "c8" }), shmarray.ErrDType, "complex64"),
		"float16":            both(odd(func(f *npyFile) { f.descr = native + "f2" }), shmarray.ErrDType, native+"f2"),
		"text":               both(odd(func(f *npyFile) { f.descr = native + "U10" }), shmarray.ErrDType, native+"U10"),
		"no dict":            both(content(append([]byte("\x93NUMPY\x01\x00\x05\x00"), "[1,2]"...)), shmarray.ErrFormat, format+": "),
		"negative dimension": both(odd(func(f *npyFile) { f.shape = "(2, -3)" }), shmarray.ErrShape, shape+": "),
		"65 axes":            both(odd(func(f *npyFile) { f.shape, f.offset = "("+strings.Repeat("1,", 65)+")", 256 }), shmarray.ErrShape, shape+": 65 axes"),
		"overflow":           both(odd(func(f *npyFile) { f.shape = fmt.Sprintf("(%d, 2)", math.MaxInt/8) }), shmarray.ErrShape, shape+": "),
		"overflow of all":    both(odd(func(f *npyFile) { f.shape = fmt.Sprintf("(%d,)", math.MaxInt/8) }), shmarray.ErrShape, "more than "),
		"more than there is": both(odd(func(f *npyFile) { f.shape = fmt.Sprintf("(%d,)", math.MaxInt/16) }), shmarray.ErrFormat, "176 bytes long"),
		"foreign order": {
			make: odd(func(f *npyFile) { f.descr = foreign + "f8" }),
			open: shmarray.ErrByteOrder, openText: "Load swaps",
		},
		"fortran order": {
			make: odd(func(f *npyFile) { f.fortran = true }),
			open: shmarray.ErrFormat, openText: "shape [2 3] in Fortran order: Load reorders it",
		},
		"misaligned": {
			make: odd(func(f *npyFile) { f.offset = 84 }),
			open: shmarray.ErrMisaligned, openText: "byte 84",
		},
		"aligned as the old NumPy did":   {make: odd(func(f *npyFile) { f.offset = 80 })},
		"fortran order of one long axis": {make: odd(func(f *npyFile) { f.fortran, f.shape = true, "(1, 6, 1)" })},
		"more than its header says":      {make: odd(func(f *npyFile) { f.data = make([]byte, 5000) })},
		"fortran order of no axes":       {make: odd(func(f *npyFile) { f.fortran, f.shape = true, "()" })},
	}
}

func TestFileErrors(t *testing.T) {
	for what, c := range fileErrors() {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "a.npy")
			c.make(t, path)
			for _, mode := range []shmarray.Mode{shmarray.ReadOnly, shmarray.ReadWrite, shmarray.CopyOnWrite} {
				t.Run(mode.String(), func(t *testing.T) {
					fails(t, dir, c.open, "open "+path, c.openText, func() (*shmarray.Array[float64], error) {
						return shmarray.Open[float64](path, mode)
					})
				})
			}
			if c.loadBlocks {
				return
			}
			t.Run("Load", func(t *testing.T) {
				fails(t, dir, c.load, path, c.loadText, func() (*shmarray.Array[float64], error) {
					return shmarray.Load[float64](path)
				})
			})
		})
	}
}

// fails checks that get returns kind, says where and then what was wrong, and
// leaves nothing behind and everything as it was. Without a kind it must not
// fail.
func fails[T shmarray.Elem](t *testing.T, dir string, kind error, where, what string, get func() (*shmarray.Array[T], error)) {
	t.Helper()
	before := surroundings(t, dir)
	blocks := time.AfterFunc(30*time.Second, func() { panic("it blocks: " + t.Name()) })
	got, err := get()
	blocks.Stop()
	if kind == nil {
		require.NoError(t, err)
		require.NoError(t, got.Close())
		assert.Equal(t, before, surroundings(t, dir))
		return
	}
	assert.Nil(t, got)
	require.Error(t, err)
	t.Log(err)
	assert.ErrorIs(t, err, kind)
	for _, other := range sentinels {
		assert.Equal(t, other == kind, errors.Is(err, other), "%v", other)
	}
	text := err.Error()
	assert.True(t, strings.HasPrefix(text, "shmarray: "), text)
	assert.Equal(t, 1, strings.Count(text, "shmarray: "), text)
	assert.Equal(t, 1, strings.Count(text, where), text)
	for _, inner := range []string{" npy: ", " segment: ", "\n"} {
		assert.NotContains(t, text, inner)
	}
	_, after, _ := strings.Cut(text, where)
	assert.Contains(t, after, what)
	assert.Equal(t, before, surroundings(t, dir))
}

var sentinels = []error{shmarray.ErrShape, shmarray.ErrClosed, shmarray.ErrInUse, shmarray.ErrPrivate, shmarray.ErrDType,
	shmarray.ErrByteOrder, shmarray.ErrMisaligned, shmarray.ErrFormat, shmarray.ErrNoSpace}

// surroundings returns what a failure must not change: open mappings and
// descriptors of this process, and the files in dir.
func surroundings(t *testing.T, dir string) []string {
	t.Helper()
	all := proctest.Held(t, dir)
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, f := range files {
		info, err := os.Lstat(filepath.Join(dir, f.Name()))
		require.NoError(t, err)
		line := fmt.Sprintf("%s %v", f.Name(), info.Mode())
		if info.Mode().IsRegular() {
			b, _ := os.ReadFile(filepath.Join(dir, f.Name())) // if that may be read
			line += fmt.Sprintf(" %v %q", info.ModTime(), b)
		}
		all = append(all, line)
	}
	return all
}

// What Load and Open can read, they read.
func TestFilesThatOnlyLoadReads(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.npy")
	var big, little []byte
	for i := range 6 {
		big = binary.BigEndian.AppendUint64(big, math.Float64bits(float64(i)))
		little = binary.LittleEndian.AppendUint64(little, math.Float64bits(float64(i)))
	}
	for what, c := range map[string]struct {
		f    npyFile
		want []float64
	}{
		"big":        {npyFile{">f8", false, "(2, 3)", 0, big}, []float64{0, 1, 2, 3, 4, 5}},
		"little":     {npyFile{"<f8", false, "(2, 3)", 0, little}, []float64{0, 1, 2, 3, 4, 5}},
		"fortran":    {npyFile{">f8", true, "(2, 3)", 0, big}, []float64{0, 2, 4, 1, 3, 5}},
		"misaligned": {npyFile{"<f8", true, "(2, 3)", 91, little}, []float64{0, 2, 4, 1, 3, 5}},
	} {
		t.Run(what, func(t *testing.T) {
			require.NoError(t, os.WriteFile(path, c.f.bytes(), 0o600))
			a := closing[float64](t)(shmarray.Load[float64](path))
			assert.Equal(t, c.want, a.Data())
			assert.Equal(t, []int{2, 3}, a.Shape())
		})
	}
}

// Elements of 16 bytes are two of 8.
func TestAlignmentOfEveryType(t *testing.T) {
	t.Run("int8", alignment[int8])
	t.Run("int16", alignment[int16])
	t.Run("int32", alignment[int32])
	t.Run("int64", alignment[int64])
	t.Run("uint8", alignment[uint8])
	t.Run("uint16", alignment[uint16])
	t.Run("uint32", alignment[uint32])
	t.Run("uint64", alignment[uint64])
	t.Run("float32", alignment[float32])
	t.Run("float64", alignment[float64])
	t.Run("complex64", alignment[complex64])
	t.Run("complex128", alignment[complex128])
}

func alignment[T shmarray.Elem](t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.npy")
	var v T
	size := binary.Size(v)
	kind := map[string]string{"int": "i", "uint": "u", "float": "f", "complex": "c"}[strings.TrimRight(fmt.Sprintf("%T", v), "0123456789")]
	for offset := 80; offset < 97; offset++ {
		data, err := binary.Append(nil, binary.NativeEndian, numbers[T](3))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, npyFile{fmt.Sprintf("%s%s%d", native, kind, size), false, "(3,)", offset, data}.bytes(), 0o600))
		open := func() (*shmarray.Array[T], error) { return shmarray.Open[T](path, shmarray.ReadWrite) }
		if offset%min(size, 8) != 0 {
			fails(t, dir, shmarray.ErrMisaligned, path, fmt.Sprintf("%d on, which is not a multiple of %d", offset, min(size, 8)), open)
		} else {
			assert.Equal(t, numbers[T](3), closing[T](t)(open()).Data())
		}
		loaded := closing[T](t)(shmarray.Load[T](path))
		assert.Equal(t, numbers[T](3), loaded.Data())
		require.NoError(t, os.Remove(path)) // the next is another inode, or the same, closed
	}
}

// What is wrong with the type is said in the names of Go and NumPy.
func TestWrongTypeNamesBoth(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npy")
	require.NoError(t, closing[int32](t)(shmarray.Create[int32](path, 2)).Close())
	for _, get := range []func() (*shmarray.Array[complex128], error){
		func() (*shmarray.Array[complex128], error) {
			return shmarray.Open[complex128](path, shmarray.ReadOnly)
		},
		func() (*shmarray.Array[complex128], error) { return shmarray.Load[complex128](path) },
	} {
		_, err := get()
		assert.ErrorIs(t, err, shmarray.ErrDType)
		assert.Regexp(t, `the elements are int32.* wanted complex128$`, err.Error())
	}
	foreignType := npyFile{native + "f2", false, "(2,)", 0, make([]byte, 4)}
	require.NoError(t, os.WriteFile(path, foreignType.bytes(), 0o600))
	_, err := shmarray.Load[float32](path)
	assert.ErrorIs(t, err, shmarray.ErrDType)
	assert.Regexp(t, native+`f2.*wanted float32$`, err.Error())
}

func TestFileInUse(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.npy")
	a := closing[float64](t)(shmarray.Create[float64](path, 2, 3))
	inUse := func(mode shmarray.Mode, text string) {
		t.Helper()
		fails(t, dir, shmarray.ErrInUse, "open "+path, text, func() (*shmarray.Array[float64], error) {
			return shmarray.Open[float64](path, mode)
		})
	}
	inUse(shmarray.ReadOnly, "the file is open ReadWrite, wanted ReadOnly")

	// Another program replaced the content by more.
	more := npyFile{native + "f8", false, "(1000,)", 0, make([]byte, 8000)}
	require.NoError(t, os.WriteFile(path, more.bytes(), 0o600))
	inUse(shmarray.ReadWrite, "the file is open with 4144 bytes, and has 8128 now")
	require.NoError(t, a.Close())
	again := closing[float64](t)(shmarray.Open[float64](path, shmarray.ReadWrite))
	assert.Equal(t, []int{1000}, again.Shape())
}

func TestUnknownModePanics(t *testing.T) {
	dir := t.TempDir()
	before := surroundings(t, dir)
	for _, mode := range []shmarray.Mode{-1, 3, math.MaxInt} {
		assert.PanicsWithValue(t, "shmarray: unknown mode", func() {
			shmarray.Open[float64](filepath.Join(dir, "missing"), mode)
		})
	}
	assert.Equal(t, before, surroundings(t, dir))
	assert.Equal(t, "ReadOnly ReadWrite CopyOnWrite Mode(3)",
		fmt.Sprint(shmarray.ReadOnly, " ", shmarray.ReadWrite, " ", shmarray.CopyOnWrite, " ", shmarray.Mode(3)))
}

// Load reads a pipe to the array's end.
func TestLoadOfAPipe(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	data, err := binary.Append(nil, binary.NativeEndian, numbers[float64](60_000))
	require.NoError(t, err)
	whole := npyFile{native + "f8", false, "(200, 300)", 0, data}
	load := func() (*shmarray.Array[float64], error) { return shmarray.Load[float64](path) }
	write := func(b []byte) func() (*shmarray.Array[float64], error) {
		return func() (*shmarray.Array[float64], error) {
			wrote := make(chan error, 1)
			go func() { wrote <- os.WriteFile(path, b, 0) }()
			a, err := load()
			if werr := <-wrote; werr != nil && !errors.Is(werr, syscall.EPIPE) {
				t.Error(werr)
			}
			return a, err
		}
	}
	a := closing[float64](t)(write(whole.bytes())())
	assert.Equal(t, []int{200, 300}, a.Shape())
	assert.Equal(t, numbers[float64](60_000), a.Data())

	whole.fortran = true
	b := closing[float64](t)(write(whole.bytes())())
	assert.Equal(t, a.Data()[1], b.At(1, 0))
	assert.Equal(t, a.Data()[59_998], b.At(198, 299))

	fails(t, dir, shmarray.ErrFormat, "load "+path, "cut off after 100 bytes", write(whole.bytes()[:100]))
	cut := whole.bytes()[:300_000]
	fails(t, dir, shmarray.ErrFormat, "load "+path, "", write(cut))
	whole.fortran = false
	fails(t, dir, shmarray.ErrFormat, "load "+path, "the file ends before its data", write(whole.bytes()[:300_000]))
	huge := npyFile{native + "f8", false, fmt.Sprintf("(%d,)", math.MaxInt/16), 0, nil}
	if math.MaxInt > math.MaxInt32 { // more than there is; nothing is reserved
		fails(t, dir, shmarray.ErrNoSpace, "shmarray: ", fmt.Sprintf("reserve %d bytes: ", math.MaxInt/16*8), write(huge.bytes()))
	}
}
