//go:build linux

package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/leakcheck"
	"github.com/parfor-go/parfor/parmap/proc"
	"github.com/parfor-go/parfor/shmarray"
)

func TestMain(m *testing.M) {
	proc.WorkerMain()
	leakcheck.Main(m)
}

// TestResume cancels the program's run, as Ctrl-C does, and starts it again.
func TestResume(t *testing.T) {
	const n, steps = 64, 2000
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	err := fill(ctx, dir, n, steps)
	if err != nil { // it can have been done before
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
	require.NoError(t, fill(context.Background(), dir, n, steps))
	a, err := shmarray.Open[float64](filepath.Join(dir, "lyapunov.npy"), shmarray.ReadWrite)
	require.NoError(t, err)
	defer a.Close()
	for i := range n {
		for j := range n {
			require.Equal(t, exponent(position(i, n), position(j, n), steps), a.At(i, j))
		}
	}
	info, err := os.Stat(filepath.Join(dir, "lyapunov.journal"))
	require.NoError(t, err)
	assert.GreaterOrEqual(t, info.Size(), int64(4096+16*n))

	// Nothing is missing, and so nothing is computed: it would be written.
	written := func() time.Time {
		info, err := os.Stat(a.Path())
		require.NoError(t, err)
		return info.ModTime()
	}
	before := written()
	require.NoError(t, fill(context.Background(), dir, n, steps))
	assert.Equal(t, before, written())
	require.NoError(t, os.Remove(filepath.Join(dir, "lyapunov.journal")))
	require.NoError(t, fill(context.Background(), dir, n, steps))
	assert.NotEqual(t, before, written())
	assert.ErrorContains(t, fill(context.Background(), dir, n+1, steps), "shape [64 64]: wanted [65 65]")
	assert.ErrorContains(t, fill(context.Background(), dir, n, steps+1), "arguments")
}
