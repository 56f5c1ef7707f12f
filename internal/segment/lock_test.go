//go:build unix

package segment_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/segment"
)

// TestLock holds that one opening of a file has its lock, until it is unlocked or
// all its descriptors are closed.
func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	open := func() *os.File {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		require.NoError(t, err)
		t.Cleanup(func() { f.Close() })
		return f
	}
	a, b := open(), open()
	require.NoError(t, segment.Lock(a))
	assert.NoError(t, segment.Lock(a), "has it already")
	assert.Equal(t, segment.ErrLocked, segment.Lock(b))
	lent := again(t, a) // as another process has it
	require.NoError(t, a.Close())
	assert.Equal(t, segment.ErrLocked, segment.Lock(b))
	require.NoError(t, lent.Close())
	assert.NoError(t, segment.Lock(b))

	c := open()
	lent = again(t, b)
	defer lent.Close()
	require.NoError(t, segment.Unlock(b))
	assert.NoError(t, segment.Lock(c), "unlocked for who else had it, too")
	assert.Equal(t, segment.ErrLocked, segment.Lock(lent))
	require.NoError(t, c.Close())
	assert.Error(t, segment.Lock(c), "closed")
}
