//go:build unix

package shmarray_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
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
