//go:build unix

package shmarray_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/shmarray"
)

// testFile is the part of the suite that goes through a file.
func testFile[T shmarray.Elem](t *testing.T, shape []int) {
	path := filepath.Join(t.TempDir(), "a.npy")
	want := numbers[T](product(shape))

	a := closing[T](t)(shmarray.Create[T](path, shape...))
	assert.Equal(t, path, a.Path())
	assert.Equal(t, shape, a.Shape())
	assert.Equal(t, make([]T, len(want)), a.Data())
	copy(a.Data(), want)
	require.NoError(t, a.Sync())
	require.NoError(t, a.Sub().Sync(), "of a view")

	again := closing[T](t)(shmarray.Open[T](path, shmarray.ReadWrite))
	assert.Equal(t, want, again.Data())
	if len(want) > 0 {
		assert.True(t, shmarray.Backs(a, again.Data()), "the same memory")
		copied := closing[T](t)(shmarray.Open[T](path, shmarray.CopyOnWrite))
		assert.Equal(t, want, copied.Data())
		assert.Empty(t, copied.Path())
		copied.Data()[0] = 99
		assert.Equal(t, want, a.Data())
		assert.NoError(t, copied.Sync())
	}
	require.NoError(t, a.Close())
	assert.ErrorIs(t, a.Sync(), shmarray.ErrClosed)
	assert.Equal(t, want, again.Data(), "each is closed on its own")
	require.NoError(t, again.Close())

	read := closing[T](t)(shmarray.Open[T](path, shmarray.ReadOnly))
	assert.Equal(t, shape, read.Shape())
	assert.Equal(t, want, read.Data())
	assert.NoError(t, read.Sync())
	require.NoError(t, read.Close())

	loaded := closing[T](t)(shmarray.Load[T](path))
	assert.Equal(t, shape, loaded.Shape())
	assert.Equal(t, want, loaded.Data())
	assert.Empty(t, loaded.Path())
	assert.NoError(t, loaded.Sync())

	info, err := os.Stat(path)
	require.NoError(t, err)
	var v T
	assert.Equal(t, 4096+int64(len(want))*int64(reflect.TypeOf(v).Size()), info.Size())
}

func TestCreateRefusesAnExistingFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npy")
	require.NoError(t, os.WriteFile(path, []byte("mine"), 0o600))
	_, err := shmarray.Create[float64](path, 2)
	assert.ErrorIs(t, err, fs.ErrExist)
	assert.EqualError(t, err, "shmarray: create "+path+": file already exists")
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "mine", string(b))
}

func TestOpenOrCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npy")
	a := closing[float64](t)(shmarray.OpenOrCreate[float64](path, 2, 3))
	assert.Equal(t, []int{2, 3}, a.Shape())
	assert.Equal(t, make([]float64, 6), a.Data())
	a.Set(7, 1, 2)
	require.NoError(t, a.Close())

	a = closing[float64](t)(shmarray.OpenOrCreate[float64](path, 2, 3))
	assert.Equal(t, 7.0, a.At(1, 2), "what was there")
	a.Set(8, 1, 2)
	require.NoError(t, a.Close())

	for _, shape := range [][]int{{3, 2}, {6}, {2, 3, 1}, {}, {-2, 3}} {
		_, err := shmarray.OpenOrCreate[float64](path, shape...)
		assert.ErrorIs(t, err, shmarray.ErrShape)
		assert.EqualError(t, err, fmt.Sprintf("shmarray: open %s: shape [2 3]: wanted %v", path, shape))
	}
	_, err := shmarray.OpenOrCreate[float32](path, 2, 3)
	assert.ErrorIs(t, err, shmarray.ErrDType)
	_, err = shmarray.OpenOrCreate[float64](filepath.Join(path, "b.npy"), 2, 3)
	assert.Error(t, err, "below a file")
	_, err = shmarray.OpenOrCreate[float64](filepath.Join(t.TempDir(), "no", "b.npy"), 2, 3)
	assert.ErrorIs(t, err, fs.ErrNotExist)
	link := filepath.Join(t.TempDir(), "link.npy")
	require.NoError(t, os.Symlink("nothing.npy", link))
	_, err = shmarray.OpenOrCreate[float64](link, 2, 3)
	assert.Error(t, err, "a link to nothing")

	a = closing[float64](t)(shmarray.Open[float64](path, shmarray.ReadOnly))
	assert.Equal(t, 8.0, a.At(1, 2), "nothing of that has touched the file, which none has kept open")
}

// TestOpenOrCreateAtOnce lets several make one file: all have its memory.
func TestOpenOrCreateAtOnce(t *testing.T) {
	for range 20 {
		path := filepath.Join(t.TempDir(), "a.npy")
		const n = 8
		var all [n]*shmarray.Array[float64]
		var errs [n]error
		var wg sync.WaitGroup
		for k := range n {
			wg.Go(func() {
				if all[k], errs[k] = shmarray.OpenOrCreate[float64](path, n); errs[k] == nil {
					all[k].Set(float64(k+1), k)
				}
			})
		}
		wg.Wait()
		for k, a := range all {
			require.NoError(t, errs[k])
			assert.Equal(t, []float64{1, 2, 3, 4, 5, 6, 7, 8}, a.Data())
		}
		for _, a := range all {
			require.NoError(t, a.Close())
		}
	}
}
