//go:build linux

package tour_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/parfor-go/parfor/internal/leakcheck"
	"github.com/parfor-go/parfor/shmarray"
)

// n is what the programs have 1000 for, when they are built for tests.
const n = 40

// patience bounds what a test waits for.
const patience = time.Minute

func TestMain(m *testing.M) { leakcheck.Main(m) }

// build compiles the program of a step, with n rows and other changes, and
// returns its path.
func build(t *testing.T, step int, extra string, changes ...string) string {
	t.Helper()
	dir := t.TempDir()
	at, err := filepath.Abs(fmt.Sprint("step", step))
	require.NoError(t, err)
	changes = append(changes, "const n = 1000\n", fmt.Sprintf("const n = %d\n", n))
	source := program(t, step)
	for k := 0; k < len(changes); k += 2 {
		require.Equal(t, 1, strings.Count(source, changes[k]), "%s", changes[k])
		source = strings.Replace(source, changes[k], changes[k+1], 1)
	}
	replace := map[string]string{at + "/main.go": filepath.Join(dir, "main.go")}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(source), 0o666))
	if extra != "" {
		replace[at+"/extra.go"] = filepath.Join(dir, "extra.go")
		require.NoError(t, os.WriteFile(filepath.Join(dir, "extra.go"), []byte(extra), 0o666))
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o666))
	path := filepath.Join(dir, "program")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", path, "./"+filepath.Base(at)).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

// start starts a program in a directory of its own files.
func start(t *testing.T, path, dir string) (cmd *exec.Cmd, stdout, stderr *bytes.Buffer) {
	t.Helper()
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	cmd = exec.CommandContext(t.Context(), path)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, stdout, stderr
	cmd.WaitDelay = patience
	require.NoError(t, cmd.Start())
	return cmd, stdout, stderr
}

// plain is the loop with which the tour begins.
func plain() *mat.Dense {
	m := mat.NewDense(n, n, nil)
	for i := range n {
		row := m.RawRowView(i)
		for j := range row {
			row[j] = bessel(i, float64(j)/10)
		}
	}
	return m
}

// bessel is that of the programs.
func bessel(k int, x float64) float64 {
	const steps = 1000
	sum := 0.0
	for s := range steps {
		t := math.Pi * (float64(s) + 0.5) / steps
		sum += math.Cos(float64(k)*t - x*math.Sin(t))
	}
	return sum / steps
}

func TestPlainLoopIsRight(t *testing.T) {
	m := plain()
	for i := range n {
		for j := range n {
			assert.InDelta(t, math.Jn(i, float64(j)/10), m.At(i, j), 1e-13)
		}
	}
}

// Each program prints what the plain loop would, and those with a file leave the
// plain loop's bytes.
func TestStepsComputeThePlainLoop(t *testing.T) {
	want := plain()
	for step := 1; step <= steps; step++ {
		t.Run(fmt.Sprint("step", step), func(t *testing.T) {
			dir := t.TempDir()
			cmd, stdout, stderr := start(t, build(t, step, ""), dir)
			require.NoError(t, cmd.Wait(), "%s", stderr)
			assert.Equal(t, fmt.Sprintln(mat.Sum(want)), stdout.String())
			if step == 1 {
				assert.Empty(t, stderr.String())
				return
			}
			assert.Contains(t, stderr.String(), "40 of 40 in ")
			isFilled(t, filepath.Join(dir, "bessel.npy"), want)
		})
	}
}

func isFilled(t *testing.T, path string, want *mat.Dense) {
	t.Helper()
	a, err := shmarray.Open[float64](path, shmarray.ReadOnly)
	require.NoError(t, err)
	defer a.Close()
	assert.Equal(t, want.RawMatrix().Data, a.Data())
}

// holding is a body that notes its rows in the file ran, and is held at those of the
// second half as long as the directory has a pipe of the name hold.
const holding = `package main

import "os"

func hold(i int) {
	if i >= n/2 {
		if pipe, err := os.Open("hold"); err == nil {
			pipe.Close()
		}
	}
	ran, err := os.OpenFile("ran", os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	check(err)
	_, err = ran.Write([]byte{byte(i)})
	check(err)
	check(ran.Close())
}
`

// TestLastStepIsKilledAndResumed kills the program, by SIGKILL, when its journal has
// something and before all is done, and starts it again.
func TestLastStepIsKilledAndResumed(t *testing.T) {
	const body = "	for i := lo; i < hi; i++ {\n"
	path := build(t, steps, holding, body, body+"hold(i)\n")
	undisturbed, dir := t.TempDir(), t.TempDir()
	cmd, first, stderr := start(t, path, undisturbed)
	require.NoError(t, cmd.Wait(), "%s", stderr)

	pipe := filepath.Join(dir, "hold")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	cmd, stdout, stderr := start(t, path, dir)
	const header = 4096
	recorded := assert.Eventually(t, func() bool {
		info, err := os.Stat(filepath.Join(dir, "bessel.journal"))
		return err == nil && info.Size() > header
	}, patience, time.Millisecond)
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	require.True(t, recorded, "%s", stderr)
	assert.Equal(t, syscall.SIGKILL, cmd.ProcessState.Sys().(syscall.WaitStatus).Signal())
	assert.Empty(t, stdout.String())

	require.NoError(t, os.Remove(pipe))
	require.NoError(t, os.Remove(filepath.Join(dir, "ran")))
	cmd, stdout, stderr = start(t, path, dir)
	require.NoError(t, cmd.Wait(), "%s", stderr)
	assert.Equal(t, first.String(), stdout.String())
	assert.Equal(t, read(t, filepath.Join(undisturbed, "bessel.npy")), read(t, filepath.Join(dir, "bessel.npy")))
	ran := read(t, filepath.Join(dir, "ran"))
	assert.GreaterOrEqual(t, len(ran), n/2, "rows of the second half")
	assert.Less(t, len(ran), n, "what the journal had is not computed again")
}
