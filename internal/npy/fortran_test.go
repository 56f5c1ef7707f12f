package npy_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/npy"
)

// noise returns n random bytes.
func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

// rowMajor is the oracle: it moves one element at a time by the definitions
// of the two orders.
func rowMajor(h npy.Header, src []byte) []byte {
	size := h.Type.Size
	dst := make([]byte, len(src))
	index := make([]int, len(h.Shape)) // of the k-th element in Fortran order
	for k := range h.Count() {
		at, step, rest := 0, 1, k
		for axis, n := range h.Shape {
			index[axis] = rest % n
			rest /= n
		}
		for axis, n := range slices.Backward(h.Shape) {
			at += index[axis] * step
			step *= n
		}
		copy(dst[at*size:(at+1)*size], src[k*size:])
	}
	return dst
}

// check compares ReadFortran with the oracle.
func check(t *testing.T, h npy.Header, wrap func(io.Reader) io.Reader) {
	src := noise(h.Count() * h.Type.Size)
	dst := make([]byte, len(src))
	m := &meter{r: wrap(io.MultiReader(bytes.NewReader(src), bytes.NewReader([]byte("more"))))}
	require.NoError(t, h.ReadFortran(dst, m), h.Shape)
	assert.Equal(t, len(src), m.read, "bytes read")
	if !bytes.Equal(rowMajor(h, src), dst) { // not assert: it would print both
		t.Errorf("%v: wrong order for shape %v", h.Type, h.Shape)
	}
}

func whole(r io.Reader) io.Reader { return r }

// kinds have one type of each size.
var kinds = []npy.Type{{Kind: 'i', Size: 1}, {Kind: 'u', Size: 2}, {Kind: 'f', Size: 4}, {Kind: 'f', Size: 8}, {Kind: 'c', Size: 16}}

func TestReadFortranSmallShapes(t *testing.T) {
	shapes := [][]int{{}}
	for from, axes := 0, 1; axes <= 4; axes++ {
		for end := len(shapes); from < end; from++ {
			for n := range 4 {
				shapes = append(shapes, append(slices.Clone(shapes[from]), n))
			}
		}
	}
	require.Len(t, shapes, 1+4+16+64+256)
	for _, shape := range shapes {
		for _, typ := range kinds {
			check(t, npy.Header{Type: typ, Fortran: true, Shape: shape}, whole)
		}
	}
}

// Shapes of more than one block, or whose planes are just too large for one.
func TestReadFortranLargeShapes(t *testing.T) {
	for i, shape := range [][]int{
		{300_000}, {1, 300_000, 1}, {300, 1000}, {1024, 256}, {40_000, 9}, {9, 40_000}, {100_000, 2}, {2, 100_000},
		{70, 33, 65}, {3, 70, 700}, {700, 70, 3}, {3, 50_000, 2}, {50, 40, 3, 30}, {2, 300, 2, 200},
		slices.Repeat([]int{2}, 17), append(ones(20), 30, 1, 500, 1, 7),
	} {
		check(t, npy.Header{Type: float64s, Fortran: true, Shape: shape}, whole)
		check(t, npy.Header{Type: kinds[i%len(kinds)], Fortran: true, Shape: shape}, whole)
	}
}

func TestReadFortranReaders(t *testing.T) {
	for _, wrap := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader} {
		for _, shape := range [][]int{{}, {0, 3}, {7}, {3, 5}, {2, 3, 4}, {300, 200}} {
			check(t, npy.Header{Type: float64s, Shape: shape}, wrap)
		}
	}
}

func TestReadFortranReadsBlocks(t *testing.T) {
	for _, shape := range [][]int{{3, 150_000}, {700, 700}, {150_000, 3}, {100, 100, 40}} {
		h := npy.Header{Type: float64s, Fortran: true, Shape: shape}
		dst := make([]byte, h.Count()*8)
		m := &meter{r: zeros{}}
		require.NoError(t, h.ReadFortran(dst, m))
		assert.LessOrEqual(t, m.largest, 256*1024, shape)
		assert.GreaterOrEqual(t, m.largest, 256*1024/8, shape)
	}
}

// Where the orders are the same, the data go to dst at once; otherwise the
// block is no larger than they are.
func TestReadFortranTakesLittleMemory(t *testing.T) {
	for _, shape := range [][]int{{}, {300_000}, {1, 300_000, 1}, {2, 3}, {1, 2, 1, 3}, {3, 4, 5}} {
		h := npy.Header{Type: float64s, Fortran: true, Shape: shape}
		dst := make([]byte, h.Count()*8)
		m := &meter{r: zeros{}}
		const limit = 4 * 1024
		var err error
		assert.LessOrEqual(t, allocated(limit, func() { err = h.ReadFortran(dst, m) }), limit, shape)
		require.NoError(t, err)
		if h.RowMajor() {
			assert.Equal(t, len(dst), m.largest, shape)
		}
	}
}

func TestReadFortranDataCutOff(t *testing.T) {
	broken := errors.New("broken disk")
	for _, shape := range [][]int{{}, {6}, {2, 3}, {4, 1, 3}, {2, 2, 2, 2}} {
		h := npy.Header{Type: npy.Type{Kind: 'i', Size: 2}, Fortran: true, Shape: shape}
		src := noise(h.Count() * 2)
		for n := range len(src) {
			err := h.ReadFortran(make([]byte, len(src)), bytes.NewReader(src[:n]))
			assert.Equal(t, npy.ErrFormat, sentinel(err))
			assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
			assert.EqualError(t, err, fmt.Sprintf("not a valid .npy file: data cut off after %d bytes: unexpected EOF", n))

			err = h.ReadFortran(make([]byte, len(src)), io.MultiReader(bytes.NewReader(src[:n]), iotest.ErrReader(broken)))
			assert.ErrorIs(t, err, broken)
			assert.NoError(t, sentinel(err))
			assert.EqualError(t, err, fmt.Sprintf("data at byte %d: broken disk", n))
		}
	}
}

// Nothing is read where there are no elements.
func TestReadFortranEmpty(t *testing.T) {
	for _, shape := range [][]int{{0}, {0, 3}, {3, 0}, {2, 0, 4}} {
		assert.NoError(t, npy.Header{Type: float64s, Shape: shape}.ReadFortran(nil, iotest.ErrReader(io.EOF)))
	}
}

func TestReadFortranPanicsOnAnotherSize(t *testing.T) {
	for _, n := range []int{0, 47, 49, 96} {
		assert.PanicsWithValue(t, "npy: destination of another size than the array", func() {
			_ = npy.Header{Type: float64s, Shape: []int{2, 3}}.ReadFortran(make([]byte, n), zeros{})
		})
	}
}
