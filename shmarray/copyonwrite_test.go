//go:build unix

package shmarray_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/shmarray"
)

// gonum decides by the addresses whether its receiver overlaps an argument. A
// CopyOnWrite array has others than the ReadWrite one, so it must not show what
// is written to that.
func TestCopyOnWriteDoesNotFollowTheFile(t *testing.T) {
	for name, copyFirst := range map[string]bool{"copy first": true, "file first": false} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.npy")
			a, err := shmarray.Create[float64](path, 40, 40) // several pages
			require.NoError(t, err)
			for i := range 40 {
				a.Set(2, i, i)
			}
			require.NoError(t, a.Close())

			open := func(mode shmarray.Mode) *shmarray.Array[float64] {
				return closing[float64](t)(shmarray.Open[float64](path, mode))
			}
			var file, own *shmarray.Array[float64]
			if copyFirst {
				own = open(shmarray.CopyOnWrite)
				file = open(shmarray.ReadWrite)
			} else {
				file = open(shmarray.ReadWrite)
				own = open(shmarray.CopyOnWrite)
			}
			shmarray.Dense(file).Mul(shmarray.Dense(own), shmarray.Dense(own))
			for i := range 40 {
				assert.Equal(t, 4.0, file.At(i, i))
				assert.Equal(t, 2.0, own.At(i, i))
			}
		})
	}
}

func TestSyncOfAFileThatWasCutOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npy")
	a := closing[float64](t)(shmarray.Create[float64](path, 10_000))
	require.NoError(t, os.Truncate(path, 10_000))
	assert.NoError(t, a.Slice(0, 100).Sync(), "this part is there")
	err := a.Sync()
	assert.EqualError(t, err, "shmarray: sync "+path+": file truncated under its mapping: 10000 bytes long, these end at 84096")
	require.NoError(t, os.Truncate(path, 84_096))
	assert.Equal(t, err, a.Sync(), "an error is final")
}

func TestCreateFindsTheDirectoryThatThePathNames(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "real", "sub"), 0o755))
	require.NoError(t, os.Symlink(filepath.Join("real", "sub"), filepath.Join(dir, "link")))
	t.Chdir(dir)
	a := closing[int8](t)(shmarray.Create[int8]("link/../a.npy", 3))
	assert.FileExists(t, filepath.Join(dir, "real", "a.npy"))
	assert.FileExists(t, a.Path())

	b := closing[int8](t)(shmarray.Create[int8]("./b.npy", 3))
	assert.Equal(t, filepath.Join(dir, "b.npy"), b.Path())
	for _, path := range []string{"", "c.npy/"} {
		_, err := shmarray.Create[int8](path, 3)
		assert.ErrorIs(t, err, fs.ErrInvalid, "%q", path)
	}
}
