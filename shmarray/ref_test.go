//go:build unix

package shmarray_test

import (
	"bytes"
	"encoding/gob"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/shmarray"
)

// testReferences is the part of the suite that decodes references to arrays of
// every kind of memory, and to their views, in the process that encoded them.
func testReferences[T shmarray.Elem](t *testing.T, shape []int) {
	path := filepath.Join(t.TempDir(), "a.npy")
	owners := map[string]*shmarray.Array[T]{
		"New":    closing[T](t)(shmarray.New[T](shape...)),
		"Create": closing[T](t)(shmarray.Create[T](path, shape...)),
	}
	for kind, a := range owners {
		copy(a.Data(), numbers[T](a.Len()))
		t.Run(kind, func(t *testing.T) {
			for _, v := range viewsOf(t, a) {
				sameMemory(t, a, v)
			}
		})
	}
	require.NoError(t, owners["Create"].Close())
	a := closing[T](t)(shmarray.Open[T](path, shmarray.ReadOnly))
	for _, v := range viewsOf(t, a) {
		sameMemory(t, a, v)
	}
}

// viewsOf returns a and views of it, and of those.
func viewsOf[T shmarray.Elem](t *testing.T, a *shmarray.Array[T]) []*shmarray.Array[T] {
	flat, err := a.Reshape(a.Len())
	require.NoError(t, err)
	all := []*shmarray.Array[T]{a, a.Sub(), flat, flat.Slice(a.Len()/2, a.Len())}
	for axes := range len(a.Shape()) + 1 {
		for index := range indices(a.Shape()[:axes]) {
			v := a.Sub(index...)
			all = append(all, v)
			if axes < len(a.Shape()) {
				all = append(all, v.Slice(v.Shape()[0]/2, v.Shape()[0]))
			}
		}
	}
	return all
}

// sameMemory checks that a reference to v, which is a or a view of it, leads
// to v's memory.
func sameMemory[T shmarray.Elem](t *testing.T, a, v *shmarray.Array[T]) {
	t.Helper()
	got := decoded[T](t, encoded(t, v))
	assert.Equal(t, v.Shape(), got.Shape())
	assert.Equal(t, v.Data(), got.Data())
	assert.Equal(t, v.Len(), cap(got.Data()))
	if v.Len() > 0 {
		require.Same(t, &v.Data()[0], &got.Data()[0])
		assert.Equal(t, v.Path(), got.Path())
		if len(v.Shape()) > 0 {
			assert.Equal(t, v.Row(v.Shape()[0]-1), got.Row(v.Shape()[0]-1))
		}
	}
	require.NoError(t, got.Close())
	assert.Equal(t, numbers[T](a.Len()), a.Data(), "it owns nothing")
	assert.Equal(t, v.Data(), decoded[T](t, encoded(t, v)).Data())
}

func encoded[T shmarray.Elem](t testing.TB, a *shmarray.Array[T]) []byte {
	t.Helper()
	b, err := a.GobEncode()
	require.NoError(t, err)
	return b
}

func decoded[T shmarray.Elem](t testing.TB, b []byte) *shmarray.Array[T] {
	t.Helper()
	a := new(shmarray.Array[T])
	require.NoError(t, a.GobDecode(b))
	return a
}

func TestReferencesToReferences(t *testing.T) {
	a := closing[float64](t)(shmarray.FromSlice(numbers[float64](24), 4, 6))
	once := decoded[float64](t, encoded(t, a.Slice(1, 4)))
	twice := decoded[float64](t, encoded(t, once.Sub(2)))
	assert.Equal(t, a.Row(3), twice.Data())
	twice.Set(-1, 5)
	assert.Equal(t, -1.0, a.At(3, 5))
	once.Set(-2, 0, 0)
	assert.Equal(t, -2.0, a.At(1, 0))
}

func TestReferenceHasNoData(t *testing.T) {
	const n = 40_000
	a := closing[uint64](t)(shmarray.New[uint64](n))
	zeros := encoded(t, a)
	assert.Less(t, len(zeros), 40, "version to mode 4, identity and offset 21 at most, shape 4")
	for i := range a.Data() {
		a.Data()[i] = rand.Uint64()
	}
	assert.Equal(t, zeros, encoded(t, a))

	small := closing[uint64](t)(shmarray.New[uint64](1))
	assert.InDelta(t, len(encoded(t, small)), len(zeros), 4, "but for the length of its numbers")

	path := filepath.Join(t.TempDir(), "a.npy")
	f := closing[uint64](t)(shmarray.Create[uint64](path, n))
	assert.Less(t, len(encoded(t, f)), 40+len(path))
}

// The arguments of a run, as they travel.
type refArgs struct {
	In, Out *shmarray.Array[float64]
	None    *shmarray.Array[float64]
	Sigma   float64
	Deep    struct{ V *shmarray.Array[uint8] }
	List    []*shmarray.Array[int32]
	Named   map[string]*shmarray.Array[complex128]
	Any     any
}

func TestReferencesTravelThroughGob(t *testing.T) {
	gob.Register(&shmarray.Array[int64]{})
	in := closing[float64](t)(shmarray.FromSlice(numbers[float64](6), 2, 3))
	out := closing[float64](t)(shmarray.Create[float64](filepath.Join(t.TempDir(), "out.npy"), 2, 3))
	bytesOf := closing[uint8](t)(shmarray.FromSlice(numbers[uint8](5)))
	ints := closing[int32](t)(shmarray.FromSlice(numbers[int32](8), 4, 2))
	complexes := closing[complex128](t)(shmarray.Full(2i, 2))
	longs := closing[int64](t)(shmarray.Full[int64](7))
	args := refArgs{In: in, Out: out, Sigma: 1.5, Any: longs}
	args.Deep.V = bytesOf
	args.List = []*shmarray.Array[int32]{ints, ints.Sub(3), ints.Slice(1, 1)}
	args.Named = map[string]*shmarray.Array[complex128]{"z": complexes, "last": complexes.Sub(1)}

	var wire bytes.Buffer
	require.NoError(t, gob.NewEncoder(&wire).Encode(&args))
	var got refArgs
	require.NoError(t, gob.NewDecoder(&wire).Decode(&got))

	assert.Equal(t, in.Data(), got.In.Data())
	assert.Equal(t, []int{2, 3}, got.In.Shape())
	assert.Nil(t, got.None)
	assert.Equal(t, 1.5, got.Sigma)
	copy(got.Out.Row(1), []float64{7, 8, 9})
	assert.Equal(t, []float64{0, 0, 0, 7, 8, 9}, out.Data())
	assert.Equal(t, out.Path(), got.Out.Path())
	assert.NoError(t, got.Out.Sync())
	assert.Same(t, &bytesOf.Data()[0], &got.Deep.V.Data()[0])
	assert.Same(t, &ints.Data()[0], &got.List[0].Data()[0])
	assert.Same(t, &ints.Data()[6], &got.List[1].Data()[0])
	assert.Equal(t, []int{0, 2}, got.List[2].Shape())
	assert.Same(t, &complexes.Data()[0], &got.Named["z"].Data()[0])
	assert.Same(t, &complexes.Data()[1], &got.Named["last"].Data()[0])
	assert.Equal(t, int64(7), got.Any.(*shmarray.Array[int64]).At())

	// Into what is there already.
	require.NoError(t, in.Close())
	require.NoError(t, gob.NewEncoder(&wire).Encode(refArgs{Out: out}))
	require.NoError(t, gob.NewDecoder(&wire).Decode(&got))
	assert.Same(t, &out.Data()[0], &got.Out.Data()[0])
	assert.PanicsWithValue(t, "shmarray: array is closed", func() { got.In.Data() })
}

// gob finds the methods of an array that is not a pointer only where it has an
// address.
func TestReferencesToArraysByValue(t *testing.T) {
	type byValue struct {
		A    shmarray.Array[float32]
		List []shmarray.Array[float32]
	}
	a := closing[float32](t)(shmarray.FromSlice(numbers[float32](3)))
	var wire bytes.Buffer
	require.NoError(t, gob.NewEncoder(&wire).Encode(&byValue{*a, []shmarray.Array[float32]{*a, *a.Sub(2)}}))
	var got byValue
	require.NoError(t, gob.NewDecoder(&wire).Decode(&got))
	assert.Same(t, &a.Data()[0], &got.A.Data()[0])
	assert.Same(t, &a.Data()[0], &got.List[0].Data()[0])
	assert.Same(t, &a.Data()[2], &got.List[1].Data()[0])
	assert.ErrorIs(t, gob.NewEncoder(&wire).Encode(&byValue{}), shmarray.ErrClosed, "one that is not set is closed")
}

func TestNoReference(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npy")
	file := closing[float64](t)(shmarray.Create[float64](path, 2, 2))
	copied := closing[float64](t)(shmarray.Open[float64](path, shmarray.CopyOnWrite))
	private := closing[float64](t)(shmarray.Private[float64](2, 2))
	closed := closing[float64](t)(shmarray.Zeros(2, 2))
	empty := closing[float64](t)(shmarray.Zeros(2, 0))
	require.NoError(t, closed.Close())
	require.NoError(t, empty.Close())
	dead := private.Sub(0)
	for what, c := range map[string]struct {
		a    *shmarray.Array[float64]
		err  error
		text string
	}{
		"private":         {private, shmarray.ErrPrivate, "shmarray: no reference to private memory"},
		"private view":    {dead, shmarray.ErrPrivate, "shmarray: no reference to private memory"},
		"copy on write":   {copied, shmarray.ErrPrivate, "shmarray: no reference to private memory"},
		"its view":        {copied.Sub(1), shmarray.ErrPrivate, "shmarray: no reference to private memory"},
		"closed":          {closed, shmarray.ErrClosed, "shmarray: array is closed"},
		"closed, empty":   {empty, shmarray.ErrClosed, "shmarray: array is closed"},
		"the zero value":  {new(shmarray.Array[float64]), shmarray.ErrClosed, "shmarray: array is closed"},
		"file, afterward": {file, nil, ""},
	} {
		t.Run(what, func(t *testing.T) {
			b, err := c.a.GobEncode()
			viaGob := gob.NewEncoder(new(bytes.Buffer)).Encode(struct{ A *shmarray.Array[float64] }{c.a})
			if c.err == nil {
				assert.NoError(t, err)
				assert.NoError(t, viaGob)
				return
			}
			assert.Nil(t, b)
			assert.ErrorIs(t, err, c.err)
			assert.EqualError(t, err, c.text)
			assert.ErrorIs(t, viaGob, c.err)
		})
	}
	require.NoError(t, private.Close())
	_, err := dead.GobEncode()
	assert.ErrorIs(t, err, shmarray.ErrClosed, "that comes first")
}

func TestReferenceToAnotherElementType(t *testing.T) {
	a := closing[int64](t)(shmarray.New[int64](2))
	var got struct{ A *shmarray.Array[float64] }
	var wire bytes.Buffer
	require.NoError(t, gob.NewEncoder(&wire).Encode(struct{ A *shmarray.Array[int64] }{a}))
	err := gob.NewDecoder(&wire).Decode(&got)
	assert.ErrorIs(t, err, shmarray.ErrDType)
	assert.EqualError(t, err, "shmarray: reference to an array of int64, wanted float64")
	assert.ErrorIs(t, new(shmarray.Array[uint64]).GobDecode(encoded(t, a)), shmarray.ErrDType)
	assert.ErrorIs(t, new(shmarray.Array[int32]).GobDecode(encoded(t, a)), shmarray.ErrDType)
}

func TestReferenceToClosedMemory(t *testing.T) {
	a := closing[float64](t)(shmarray.Zeros(3, 4))
	whole, part := encoded(t, a), encoded(t, a.Sub(1))
	view := decoded[float64](t, part)
	view.Set(1, 0)
	data := view.Data()
	require.NoError(t, a.Close())

	assert.PanicsWithValue(t, "shmarray: array is closed", func() { view.Data() }, "with its owner")
	assert.True(t, faulted(func() { data[0]++ }))
	_, err := view.GobEncode()
	assert.ErrorIs(t, err, shmarray.ErrClosed)

	// A new array of the same size is another.
	closing[float64](t)(shmarray.Zeros(3, 4))
	for _, b := range [][]byte{whole, part} {
		got := new(shmarray.Array[float64])
		err := got.GobDecode(b)
		assert.ErrorIs(t, err, shmarray.ErrClosed)
		assert.Contains(t, err.Error(), "shmarray: reference to a float64 array [")
		assert.Contains(t, err.Error(), "] that is closed, or that this process was not given")
		assert.PanicsWithValue(t, "shmarray: array is closed", func() { got.Data() }, "left as it was")
	}
}

// A file system can give the identity of a file that is gone to the next one.
func TestReferenceToAnIdentityUsedAgain(t *testing.T) {
	dir := t.TempDir()
	gone := filepath.Join(dir, "gone.npy")
	file := closing[float64](t)(shmarray.Create[float64](filepath.Join(dir, "a.npy"), 2, 3))
	w := parse(t, encoded(t, file))
	w.path = gone
	err := new(shmarray.Array[float64]).GobDecode(w.bytes())
	assert.ErrorIs(t, err, fs.ErrNotExist)
	assert.EqualError(t, err, "shmarray: open "+gone+": no such file or directory")
	w.path = ""
	err = new(shmarray.Array[float64]).GobDecode(w.bytes())
	assert.ErrorIs(t, err, shmarray.ErrClosed, "no file at all")

	// A second name is not another file: the array is open twice.
	require.NoError(t, os.Link(file.Path(), gone))
	w.path = gone
	again := closing[float64](t)(decoded[float64](t, w.bytes()), nil)
	assert.Same(t, &file.Data()[0], &again.Data()[0])
	require.NoError(t, file.Close())
	again.Set(3, 1, 2)
	assert.Equal(t, file.Path(), again.Path())
	require.NoError(t, again.Close())
}

func TestReferenceToAFileThatIsClosed(t *testing.T) {
	for _, mode := range []shmarray.Mode{shmarray.ReadOnly, shmarray.ReadWrite} {
		t.Run(mode.String(), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.npy")
			created := closing[float64](t)(shmarray.Create[float64](path, 4, 3))
			copy(created.Data(), numbers[float64](12))
			require.NoError(t, created.Close())
			a := closing[float64](t)(shmarray.Open[float64](path, mode))
			b := encoded(t, a.Slice(1, 3))
			require.NoError(t, a.Close())

			got := closing[float64](t)(decoded[float64](t, b), nil)
			assert.Equal(t, path, got.Path())
			assert.Equal(t, []int{2, 3}, got.Shape())
			assert.Equal(t, []float64{3, 4, 5, 6, 7, 8}, got.Data())
			assert.Equal(t, 6, cap(got.Data()))
			view := decoded[float64](t, b)
			assert.Same(t, &got.Data()[0], &view.Data()[0])
			if mode == shmarray.ReadOnly {
				assert.PanicsWithValue(t, "shmarray: write to a read-only array", func() { got.Set(1, 0, 0) })
				assert.PanicsWithValue(t, "shmarray: write to a read-only array", func() { view.Set(1, 0, 0) })
				assert.True(t, faulted(func() { got.Data()[0] = 1 }))
			} else {
				got.Set(-1, 1, 2)
				assert.Equal(t, -1.0, view.At(1, 2))
			}

			// It is open in one mode.
			_, err := shmarray.Open[float64](path, 1-mode)
			assert.ErrorIs(t, err, shmarray.ErrInUse)
			w := parse(t, b)
			w.mode = byte(1 - mode)
			err = new(shmarray.Array[float64]).GobDecode(w.bytes())
			assert.ErrorIs(t, err, shmarray.ErrInUse)

			require.NoError(t, view.Close())
			assert.Equal(t, 3.0, got.At(0, 0), "the view does not own it")
			require.NoError(t, got.Close())
			assert.PanicsWithValue(t, "shmarray: array is closed", func() { view.Data() })
			if mode == shmarray.ReadWrite {
				again := closing[float64](t)(shmarray.Load[float64](path))
				assert.Equal(t, -1.0, again.At(2, 2))
			}
		})
	}
}

func TestReferenceToAFileThatIsGone(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "a.npy"), filepath.Join(dir, "b.npy")
	a := closing[float64](t)(shmarray.Create[float64](path, 4, 3))
	b := encoded(t, a)
	require.NoError(t, closing[float64](t)(shmarray.Create[float64](other, 4, 3)).Close())
	require.NoError(t, os.Rename(other, path)) // while a is open, so that this is another inode
	assert.Same(t, &a.Data()[0], &decoded[float64](t, b).Data()[0], "open is open")
	mine := segment.Live()

	// What a process says that has not got it.
	inChild(t, "not there", refCall{Ref: b}, nil, "shmarray: reference to a float64 array [4 3] of "+path+": that is another file now; closed")
	require.NoError(t, os.Truncate(path, 4096+95))
	inChild(t, "not there", refCall{Ref: b}, nil, "shmarray: open "+path+": ")
	require.NoError(t, os.Remove(path))
	inChild(t, "not there", refCall{Ref: b}, nil, "shmarray: open "+path+": no such file or directory; not exist")
	assert.Equal(t, mine, segment.Live())

	require.NoError(t, a.Close())
	err := new(shmarray.Array[float64]).GobDecode(b)
	assert.ErrorIs(t, err, fs.ErrNotExist)
	small := closing[float64](t)(shmarray.Create[float64](path, 2))
	require.NoError(t, small.Close())
	err = new(shmarray.Array[float64]).GobDecode(b)
	assert.ErrorIs(t, err, shmarray.ErrClosed)
	assert.Empty(t, liveOf(path))
	none := closing[float64](t)(shmarray.Create[float64](other, 0))
	require.NoError(t, none.Close())
	require.NoError(t, os.Rename(other, path))
	err = new(shmarray.Array[float64]).GobDecode(b)
	assert.ErrorIs(t, err, shmarray.ErrClosed)
	assert.Empty(t, liveOf(path))
}

// A reference that is good no more is to leave the file alone that took the
// place of its own: the CopyOnWrite arrays of that would become copies.
func TestReferenceDoesNotOpenAnotherFile(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "a.npy"), filepath.Join(dir, "b.npy")
	a, err := shmarray.Create[uint8](path, 4)
	require.NoError(t, err)
	b := encoded(t, a)
	require.NoError(t, a.Close())
	o, err := shmarray.Create[uint8](other, 4)
	require.NoError(t, err)
	require.NoError(t, o.Close())
	require.NoError(t, os.Rename(other, path))

	own := closing[uint8](t)(shmarray.Open[uint8](path, shmarray.CopyOnWrite))
	assert.Zero(t, own.At(1))
	assert.ErrorIs(t, new(shmarray.Array[uint8]).GobDecode(b), shmarray.ErrClosed)
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte{7}, 4096+1)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	assert.EqualValues(t, 7, own.At(1), "nobody has copied it")

	closing[uint8](t)(shmarray.Open[uint8](path, shmarray.ReadOnly))
	err = new(shmarray.Array[uint8]).GobDecode(b)
	assert.ErrorIs(t, err, shmarray.ErrClosed, "the reference is bad, and not the mode")
	assert.NotErrorIs(t, err, shmarray.ErrInUse)
}
