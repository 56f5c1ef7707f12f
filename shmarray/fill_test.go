//go:build unix

package shmarray_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/bulk"
	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/shmarray"
)

func testFill[T shmarray.Elem](t *testing.T, shape []int) {
	n := product(shape)
	a := closing[T](t)(shmarray.New[T](shape...))
	a.Fill(7)
	assert.Equal(t, slices.Repeat([]T{7}, n), a.Data())
	a.Zero()
	assert.Equal(t, make([]T, n), a.Data())
	if len(shape) == 0 {
		return
	}
	for lo := range shape[0] + 1 {
		for hi := lo; hi <= shape[0]; hi++ {
			want := numbers[T](n)
			copy(a.Data(), want)
			band := a.Slice(lo, hi)
			row := product(shape[1:])
			copy(want[lo*row:hi*row], slices.Repeat([]T{9}, n))
			band.Fill(9)
			assert.Equal(t, want, a.Data(), "nothing but the view")
			clear(want[lo*row : hi*row])
			band.Zero()
			assert.Equal(t, want, a.Data(), "nothing but the view")
		}
	}
}

// TestLarge writes arrays from which on other stores are used, and views of
// them that begin and end anywhere in a cache line.
func TestLarge(t *testing.T) {
	t.Run("uint8", large[uint8])
	t.Run("int16", large[int16])
	t.Run("float64", large[float64])
	t.Run("complex128", large[complex128])
}

func large[T shmarray.Elem](t *testing.T) {
	n := bulk.Least/segment.Sizeof[T]() + 12345
	a := closing[T](t)(shmarray.Full[T](5, n))
	// all requires that a's elements are v, but those at lo and from hi on, 5.
	all := func(a *shmarray.Array[T], lo, hi int, v T) {
		t.Helper()
		for i, got := range a.Data() {
			want := v
			if i < lo || i >= hi {
				want = 5
			}
			if got != want {
				require.FailNow(t, "wrong", "element %d is %v, want %v", i, got, want)
			}
		}
	}
	all(a, 0, n, 5)
	a.Slice(1, n-2).Fill(9)
	all(a, 1, n-2, 9)
	a.Slice(3, n).Fill(5)
	a.Slice(0, 3).Fill(5)
	a.Slice(3, n-5).Zero()
	all(a, 3, n-5, 0)

	for some := numbers[T](97); n > 0; { // differ from line to line
		n -= copy(a.Data()[a.Len()-n:], some)
	}
	n = a.Len()
	b := closing[T](t)(shmarray.Copy(a.Slice(1, n)))
	require.True(t, slices.Equal(a.Data()[1:], b.Data()))
	require.NoError(t, b.Close())
	b = closing[T](t)(shmarray.FromSlice(a.Data()[3 : n-1]))
	require.True(t, slices.Equal(a.Data()[3:n-1], b.Data()))
	require.NoError(t, b.Close())
	require.NoError(t, a.Close())
}

func TestFillKeepsEveryBit(t *testing.T) {
	a := closing[float64](t)(shmarray.Zeros(1000))
	for _, bits := range []uint64{1 << 63, 0x7ff8_0000_dead_beef, 0x7ff0_0000_0000_0001, 1} {
		a.Fill(math.Float64frombits(bits))
		for _, v := range a.Data() {
			require.Equal(t, bits, math.Float64bits(v))
		}
	}
}

func TestFillPanicsAsSetDoes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npy")
	a := closing[int32](t)(shmarray.Create[int32](path, 5))
	a.Fill(3)
	view := a.Sub()
	require.NoError(t, a.Close())
	for _, x := range []*shmarray.Array[int32]{a, view, new(shmarray.Array[int32])} {
		assert.PanicsWithValue(t, isClosed, func() { x.Fill(1) })
		assert.PanicsWithValue(t, isClosed, x.Zero)
	}
	r := closing[int32](t)(shmarray.Open[int32](path, shmarray.ReadOnly))
	for _, x := range []*shmarray.Array[int32]{r, r.Slice(1, 2), r.Slice(2, 2)} {
		assert.PanicsWithValue(t, isReadOnly, func() { x.Fill(1) })
		assert.PanicsWithValue(t, isReadOnly, x.Zero)
	}
	assert.Equal(t, []int32{3, 3, 3, 3, 3}, r.Data())

	c := closing[int32](t)(shmarray.Open[int32](path, shmarray.CopyOnWrite))
	c.Fill(4)
	assert.Equal(t, []int32{4, 4, 4, 4, 4}, c.Data())
	assert.Equal(t, []int32{3, 3, 3, 3, 3}, r.Data(), "memory of its own")
}

// TestFillOfACutFile faults in a small array and, far from its beginning, in one
// that is filled with other stores.
func TestFillOfACutFile(t *testing.T) {
	for name, n := range map[string]int{"small": 5 << 10, "large": bulk.Least} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.npy")
			a := closing[uint8](t)(shmarray.Create[uint8](path, n))
			a.Fill(1)
			page := os.Getpagesize()
			left := n / 2 / page * page // of the file
			require.NoError(t, os.Truncate(path, int64(left)))
			for what, f := range map[string]func(){
				"Fill":      func() { a.Fill(2) },
				"Zero":      a.Zero,
				"Copy":      func() { shmarray.Copy(a) },
				"FromSlice": func() { shmarray.FromSlice(a.Data()) },
			} {
				fault, ok := panicOf(f).(*segment.Fault)
				require.True(t, ok, what)
				assert.ErrorContains(t, fault, "file truncated under its mapping: byte ", what)
				assert.ErrorContains(t, fault, path, what)
				assert.False(t, errors.Is(fault, shmarray.ErrClosed))

				var pe *parmap.PanicError
				require.ErrorAs(t, panicOf(func() { parmap.For(1, func(int) { f() }) }).(error), &pe, what)
				assert.IsType(t, fault, pe.Value, what)
			}
		})
	}
}

func TestFillOfAnArrayThatIsClosedMeanwhile(t *testing.T) {
	a := closing[float64](t)(shmarray.Zeros(10_000))
	b := closing[float64](t)(shmarray.Zeros(100, 100))
	stale, m := a.Data(), shmarray.Dense(b)
	require.NoError(t, a.Close())
	require.NoError(t, b.Close())
	for what, f := range map[string]func(){
		"FromSlice":   func() { shmarray.FromSlice(stale) },
		"FromMatrix":  func() { shmarray.FromMatrix(m) },
		"a transpose": func() { shmarray.FromMatrix(m.T()) },
		"a part":      func() { shmarray.FromMatrix(m.Slice(1, 9, 2, 70)) },
	} {
		fault, ok := panicOf(f).(*segment.Fault)
		require.True(t, ok, what)
		assert.ErrorIs(t, fault, shmarray.ErrClosed, what)
	}
	// TestMain finds the mappings that they leave behind.
}
