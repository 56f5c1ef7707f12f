package main

import (
	"bytes"
	"context"
	"errors"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parfor-go/parfor/internal/leakcheck"
	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/proc"
	"github.com/parfor-go/parfor/shmarray"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	proc.WorkerMain()
	leakcheck.Main(m)
}

// sweepOf runs the sweep of a grid in processes, or skips the test where there
// are none.
func sweepOf(t *testing.T, edge int) (sweepArgs, []failure) {
	record, err := readRecord("record", bytes.NewReader(builtin))
	require.NoError(t, err)
	t.Cleanup(func() { record.Close() })
	g := grid{edge}
	out, err := shmarray.Zeros(g.cells(), 2)
	require.NoError(t, err)
	t.Cleanup(func() { out.Close() })
	a := sweepArgs{Grid: g, Record: record, Out: out}
	failed, err := inProcesses(context.Background(), a, 2, cellTimeout)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	require.NoError(t, err)
	a.Skip = make([]bool, g.cells())
	for _, f := range failed {
		a.Skip[f.cell] = true
	}
	return a, failed
}

func TestSweepOutlivesItsFits(t *testing.T) {
	a, failed := sweepOf(t, 8)
	var count [causes]int
	why := make([]cause, a.Grid.cells())
	for _, f := range failed {
		count[f.cause]++
		why[f.cell] = f.cause
		assert.Equal(t, 1, f.attempts)
		assert.Zero(t, a.Out.At(f.cell, 1), "cell %d failed and has a result", f.cell)
	}
	t.Logf("cells by cause: %v", count)
	assert.Positive(t, count[crash])
	assert.Positive(t, count[timeout])
	assert.Positive(t, count[memory])
	assert.Zero(t, count[none]+count[panicked]+count[failedFit])
	fitted := 0
	for i, skip := range a.Skip {
		if skip {
			continue
		}
		assert.Positive(t, a.Out.At(i, 1), "cell %d has no result and did not fail", i)
		if math.Abs(a.Out.At(i, 0)-0.941) < 0.001 {
			fitted++
		}
	}
	assert.Greater(t, fitted, a.Grid.cells()/2)

	_, _, err := check(context.Background(), a, 2)
	require.NoError(t, err)

	var file, table bytes.Buffer
	require.NoError(t, png.Encode(&file, draw(a.Grid, a.Out, why)))
	img, err := png.Decode(&file)
	require.NoError(t, err)
	colors := palette()
	for i, c := range why {
		at := img.At(left+i%8*80+2, top+(7-i/8)*80+2)
		if c != none {
			assert.Equal(t, colors[firstCause+int(c)], at, "cell %d", i)
		}
	}
	writeTable(&table, a.Grid, failed)
	for _, want := range []string{"crash ", "timeout ", "memory ", "chunk timeout " + cellTimeout.String()} {
		assert.Contains(t, table.String(), want)
	}

	last := a.Grid.cells() - 1
	require.False(t, a.Skip[last])
	for i := range last {
		a.Skip[i] = true
	}
	a.Out.Set(math.Nextafter(a.Out.At(last, 0), 0), last, 0)
	_, _, err = check(context.Background(), a, 2)
	assert.ErrorContains(t, err, "cell 63: ")
	assert.ErrorContains(t, err, "in a loop")
	assert.ErrorContains(t, err, "in goroutines")
}

func TestRunDraws(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sweep.png")
	var stdout bytes.Buffer
	err := run([]string{"-n", "2", "-workers", "2", "-o", path}, &stdout)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	require.NoError(t, err)
	for _, want := range []string{"starts       4,", "fitted       1, of which 1 to the best, 0.941 ppm\n", "goroutines   "} {
		assert.Contains(t, stdout.String(), want)
	}
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	_, err = png.Decode(f)
	assert.NoError(t, err)
}

func TestCauses(t *testing.T) {
	died := func(state, stderr string) error { return &proc.CrashError{State: state, Stderr: []byte(stderr)} }
	for _, c := range []struct {
		err   error
		cause cause
		text  string
	}{
		{died("signal: killed", ""), crash, "signal: killed, without a word"},
		{died("exit status 2", "fatal error: stack overflow\n\nmore\n"), crash, "exit status 2, stack overflow"},
		{died("exit status 2", "amped(0x1, 0x2)\n\t/a/b.go:1\nx.org/a/main.(*fit).damped(0x1)\n"), crash, "exit status 2, in main.(*fit).damped"},
		{died("exit status 2", "fatal error: runtime: out of memory\n"), memory, "exit status 2, runtime: out of memory"},
		{died("chunk timeout 2s", ""), timeout, "chunk timeout 2s"},
		{&parmap.PanicError{Value: "index"}, panicked, "index"},
		{errors.New("singular"), failedFit, "singular"},
	} {
		joined := errors.Join(&parmap.ChunkError{Lo: 7, Hi: 8, Attempts: 1, Err: c.err})
		all, err := failures(joined)
		require.NoError(t, err)
		assert.Equal(t, []failure{{7, c.cause, 1, c.text}}, all)
	}
	_, err := failures(errors.Join(&parmap.ChunkError{Lo: 7, Err: io.EOF}, context.Canceled))
	assert.ErrorIs(t, err, context.Canceled)
	all, err := failures(nil)
	assert.Empty(t, all)
	assert.NoError(t, err)
}

func TestBadRecords(t *testing.T) {
	for _, c := range []struct{ csv, want string }{
		{"", "f.csv: 5 parameters need as many months, found 0"},
		{"Date,CO2\n1958-03-01,315.7\n", "f.csv: 5 parameters need as many months, found 1"},
		{"Date\n1958-03-01\n", "f.csv: row 1: 1 fields, want a date and ppm"},
		{"Date,CO2\nMarch,315.7\n", "f.csv: row 1: parsing time"},
		{"Date,CO2\n1958-03-01,NaN\n", `f.csv: row 1: "NaN" is not a number of ppm`},
	} {
		_, err := readRecord("f.csv", strings.NewReader(c.csv))
		assert.ErrorContains(t, err, c.want)
	}
}

func TestRunRefuses(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-n", "1"}, "-n 1: want 2 to 400"},
		{[]string{"-workers", "-1"}, "-workers -1: negative"},
		{[]string{"-timeout", "0s"}, "-timeout 0s: want more than zero"},
		{[]string{"stray"}, `unexpected argument "stray"`},
	} {
		var stdout bytes.Buffer
		assert.ErrorContains(t, run(c.args, &stdout), c.want)
		assert.Empty(t, stdout.String())
	}
	var stdout bytes.Buffer
	require.NoError(t, run([]string{"-h"}, &stdout))
	assert.Contains(t, stdout.String(), "-timeout")
}
