//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"hash/crc32"
	"math"
	"math/cmplx"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/examples/internal/pixels"
	"github.com/parfor-go/parfor/examples/internal/programtest"
	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/shmarray"
)

// pythonTime bounds the life of every other process, in case one hangs.
const pythonTime = 2 * time.Minute

var little = view{rows: 40, cols: 64, fine: 1}

func TestMain(m *testing.M) { programtest.Main(m, main) }

// plot returns the command that runs plot.py, or skips the test.
func plot(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path := findPython()
	if path == "" {
		t.Skip("needs python3 with NumPy: apt-get install python3-numpy")
	}
	return command(t, path, append([]string{"plot.py", "--text", "--every", "0.01"}, args...)...)
}

var findPython = sync.OnceValue(func() string {
	for _, path := range []string{"/usr/bin/python3", "python3"} {
		ctx, cancel := context.WithTimeout(context.Background(), pythonTime)
		err := exec.CommandContext(ctx, path, "-c", "import numpy").Run()
		cancel()
		if err == nil {
			return path
		}
	}
	return ""
})

func command(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), pythonTime)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = pythonTime
	return cmd
}

// TestPythonSeesTheRunningProgram starts both programs, Python first. What Python
// saw at the end is what Go wrote.
func TestPythonSeesTheRunningProgram(t *testing.T) {
	path := filepath.Join(t.TempDir(), "live.npy")
	watcher := plot(t, path)
	stdout, err := watcher.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, watcher.Start())
	lines := bufio.NewScanner(stdout)
	require.True(t, lines.Scan())
	assert.Equal(t, "waiting for "+path, lines.Text())

	live := programtest.Command(t, "-rows", "40", "-cols", "64", "-fine", "1", "-check", "-o", path)
	out, err := live.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), "check        the same bits as a plain loop\n")

	last := ""
	for lines.Scan() {
		last = lines.Text()
	}
	require.NoError(t, watcher.Wait())
	crc := regexp.MustCompile(`(?m)^crc32 +(\S+)$`).FindSubmatch(out)
	require.NotNil(t, crc, "%s", out)
	assert.Equal(t, fmt.Sprintf("saw 40 of 40 rows, crc32 %s", crc[1]), last)
}

// TestPythonSeesHalfOfTheRows holds the loop when half of the rows are filled,
// until Python has seen them and no others.
func TestPythonSeesHalfOfTheRows(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "live.npy")
	pgm := filepath.Join(dir, "live.pgm")
	watcher := plot(t, "--pgm", pgm, path)
	stdout, err := watcher.StdoutPipe()
	require.NoError(t, err)
	a, err := shmarray.Create[float64](path, little.rows, little.cols)
	require.NoError(t, err)
	defer a.Close()
	require.NoError(t, watcher.Start())

	seen := make(chan struct{})
	last := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(stdout)
		open := sync.OnceFunc(func() { close(seen) })
		line := ""
		defer func() { last <- line }()
		defer open() // also if python is gone
		for lines.Scan() {
			line = lines.Text()
			if line == "20 of 40 rows" {
				open()
			}
		}
	}()
	early := coarseFirst(little.rows)[:little.rows/2]
	fill(a, func(i int, row []float64) {
		if !slices.Contains(early, i) {
			<-seen
		}
		little.row(i, row)
	})
	require.NoError(t, check(a, little))
	want := fmt.Sprintf("saw 40 of 40 rows, crc32 %08x", crc32.ChecksumIEEE(a.RowBytes(0, little.rows)))
	got := <-last
	require.NoError(t, watcher.Wait())
	assert.Equal(t, want, got)

	b, err := os.ReadFile(pgm)
	require.NoError(t, err)
	assert.True(t, bytes.HasPrefix(b, []byte("P5 64 40 255\n")))
	assert.Len(t, b, len("P5 64 40 255\n")+40*64)
}

// One look at an array of which the rows 2 and 3 are missing.
func TestPythonDrawsWhatIsThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npy")
	a, err := shmarray.Create[float64](path, 4, 6)
	require.NoError(t, err)
	defer a.Close()
	copy(a.Row(0), []float64{1, 1, 1, 2, 2, 2})
	copy(a.Row(1), []float64{3, 3, 3, 1, 1, 1})
	out, err := plot(t, "--once", path).CombinedOutput()
	require.NoError(t, err, "%s", out)
	crc := crc32.ChecksumIEEE(a.RowBytes(0, 4))
	assert.Equal(t, fmt.Sprintf("   ===\n@@@   \n2 of 4 rows\nsaw 2 of 4 rows, crc32 %08x\n", crc), string(out))
}

func TestRowsComeInAnOrderOfSmallerGaps(t *testing.T) {
	assert.Equal(t, []int{0, 16, 8, 4, 12, 2, 6, 10, 14, 1, 3, 5, 7, 9, 11, 13, 15, 17}, coarseFirst(18))
	for n := range 100 {
		order := coarseFirst(n)
		slices.Sort(order)
		for k, i := range order {
			require.Equal(t, k, i)
		}
		require.Len(t, order, n)
	}
}

func TestFileIsThatOfThePlainLoop(t *testing.T) {
	for _, workers := range []int{0, 1, 3} {
		path := filepath.Join(t.TempDir(), "live.npy")
		var stdout bytes.Buffer
		c := config{view: view{rows: 33, cols: 40, fine: 2}, check: true, out: path}
		require.NoError(t, run(c, &stdout, parmap.Workers(workers)))
		assert.Contains(t, stdout.String(), "check        the same bits as a plain loop\n")
		a, err := shmarray.Open[float64](path, shmarray.ReadWrite)
		require.NoError(t, err)
		assert.NotContains(t, a.Data(), 0.0, "plot.py takes it for a row that is not filled")
		a.Set(-a.At(30, 7), 30, 7)
		assert.ErrorContains(t, check(a, c.view), "row 30, column 7: -")
		require.NoError(t, a.Close())
		assert.ErrorIs(t, run(c, &stdout), os.ErrExist)
	}
}

// The picture in README.md is the one that the program draws with -fine 2. Another
// processor may round otherwise, and near the set that shows.
func TestCommittedPicture(t *testing.T) {
	if testing.Short() || programtest.Raced {
		t.Skip("computes the whole picture")
	}
	dir := t.TempDir()
	v := whole
	v.fine = 2
	var stdout bytes.Buffer
	path := filepath.Join(dir, "live.png")
	require.NoError(t, run(config{view: v, out: filepath.Join(dir, "live.npy"), png: path}, &stdout))
	assert.Contains(t, stdout.String(), "picture      "+path+"\n")
	programtest.Same(t, programtest.Decode(t, path), programtest.Decode(t, "live.png"), 1000)
}

func TestPictureHasTheRowsAbove(t *testing.T) {
	a, err := shmarray.Zeros(33, 60)
	require.NoError(t, err)
	defer a.Close()
	for i := range 33 {
		for j := range 60 {
			a.Set(float64(i), i, j)
		}
	}
	img := draw(a)
	shade := func(part, y int) float64 { return float64(img.ColorIndexAt(part*(least+space)+7, y) - pixels.First) }
	for y := range 11 {
		i := float64(3 * y)
		assert.Equal(t, math.Floor(math.Floor(i/16)*16*63/32), shade(0, y))
		assert.Equal(t, math.Floor(math.Floor(i/4)*4*63/32), shade(1, y))
		assert.Equal(t, math.Floor(i*63/32), shade(2, y))
	}
}

func TestEscape(t *testing.T) {
	for i := range 20 {
		x, y := float64(i)/12, float64(7*i%20)/15
		assert.Equal(t, escape(x, y), escape(-x, -y))
		assert.GreaterOrEqual(t, escape(x, y), 2.0)
		assert.LessOrEqual(t, escape(x, y), limit+2.0)
	}
	assert.Equal(t, 2.0, escape(1e100, 0), "at once")
	fixed := (1 - cmplx.Sqrt(1-4*complex(cRe, cIm))) / 2
	assert.Greater(t, escape(real(fixed), imag(fixed)), 300.0, "where z*z + c is z, but for rounding")
}

func TestRunRefuses(t *testing.T) {
	for _, c := range []struct {
		config config
		want   string
	}{
		{config{view: view{0, 5, 1}}, "-rows 0 -cols 5 -fine 1: want 1 or more"},
		{config{view: view{5, 5, 0}}, "-rows 5 -cols 5 -fine 0: want 1 or more"},
		{config{view: little, workers: -1}, "-workers -1: negative"},
	} {
		var stdout bytes.Buffer
		assert.ErrorContains(t, run(c.config, &stdout), c.want)
		assert.Empty(t, stdout.String())
	}
}

func TestREADMETellsTheFlags(t *testing.T) {
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	source, err := os.ReadFile("plot.py")
	require.NoError(t, err)
	for _, flag := range regexp.MustCompile(`"(--\w+)"`).FindAllStringSubmatch(string(source), -1) {
		assert.True(t, strings.Contains(string(text), "`"+flag[1]), "%s", flag[1])
	}
}
