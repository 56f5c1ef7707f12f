//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/leakcheck"
	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/shmarray"
)

const programEnv = "PARFOR_TEST_PROGRAM" // this process is the program

func TestMain(m *testing.M) {
	if os.Getenv(programEnv) != "" {
		main()
	}
	leakcheck.Main(m)
}

// TestSixCommands follows the README, on one machine and as a job array, and holds that
// both arrays are the same bits, and those of a loop.
func TestSixCommands(t *testing.T) {
	t.Setenv(programEnv, "1")
	dir := t.TempDir()
	do := func(args ...string) string {
		t.Helper()
		cmd := exec.Command(os.Args[0], append([]string{"-n", "3000", "-people", "100"}, args...)...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		return string(out)
	}
	do("run", "-processes", "2", "-o", "here.npy")
	do("plan", "-tasks", "10", "spool")
	do("submit", "-engine", "local", "-j", "2", "spool")
	assert.Contains(t, do("status", "spool"), "done")
	assert.Equal(t, "nothing is missing\n", do("submit", "-engine", "local", "-missing", "spool"))
	do("verify", "spool")
	do("seal", "spool")

	here, err := os.ReadFile(filepath.Join(dir, "here.npy"))
	require.NoError(t, err)
	there, err := os.ReadFile(filepath.Join(dir, "spool.npy"))
	require.NoError(t, err)
	assert.True(t, string(here) == string(there), "other bits")
	a, err := shmarray.Open[float64](filepath.Join(dir, "here.npy"), shmarray.ReadOnly)
	require.NoError(t, err)
	defer a.Close()
	for i := range 3000 {
		row := make([]float64, 3)
		epidemic(parmap.Rand(1, i), 100, reproduction(i, 3000), row)
		require.Equal(t, row, a.Row(i))
	}
	// Half of the way nobody is infected but the first few, in the other many are.
	assert.Less(t, a.At(10, 0), 0.3)
	assert.Greater(t, mean(a, 2900, 3000), 0.5)
}

func mean(a *shmarray.Array[float64], lo, hi int) (sum float64) {
	for i := lo; i < hi; i++ {
		sum += a.At(i, 0) / float64(hi-lo)
	}
	return sum
}
