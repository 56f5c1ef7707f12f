package shmarray_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/parfor-go/parfor/shmarray"
)

func TestFileErrorsOfPermission(t *testing.T) {
	asNobody(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "a.npy")
	require.NoError(t, closing[float64](t)(shmarray.Create[float64](path, 2)).Close())
	open := func(mode shmarray.Mode) func() (*shmarray.Array[float64], error) {
		return func() (*shmarray.Array[float64], error) { return shmarray.Open[float64](path, mode) }
	}
	load := func() (*shmarray.Array[float64], error) { return shmarray.Load[float64](path) }
	denied := func(get func() (*shmarray.Array[float64], error)) {
		t.Helper()
		fails(t, dir, fs.ErrPermission, "shmarray: open "+path, ": permission denied", get)
	}

	require.NoError(t, os.Chmod(path, 0o400))
	denied(open(shmarray.ReadWrite))
	for _, get := range []func() (*shmarray.Array[float64], error){open(shmarray.ReadOnly), open(shmarray.CopyOnWrite), load} {
		fails(t, dir, nil, "", "", get)
	}
	require.NoError(t, os.Chmod(path, 0))
	for _, get := range []func() (*shmarray.Array[float64], error){
		open(shmarray.ReadOnly), open(shmarray.ReadWrite), open(shmarray.CopyOnWrite), load,
	} {
		denied(get)
	}
}

// asNobody takes from the test's goroutine, if it is root's, the right to open
// every file.
func asNobody(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	const nobody = 65534
	runtime.LockOSThread() // file systems know the user by thread
	old, err := unix.SetfsuidRetUid(nobody)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := unix.SetfsuidRetUid(old)
		require.NoError(t, err)
		runtime.UnlockOSThread()
	})
	if now, _ := unix.SetfsuidRetUid(nobody); now != nobody {
		t.Skip("needs the right to be another user")
	}
}
