package docs_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime/pprof"
	"runtime/trace"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/progress"
	"github.com/parfor-go/parfor/parmap/timeline"
)

// The code of watching.md.

// row takes the longer the higher i is.
func row(i int) (sum float64) {
	for k := range 20 * i {
		sum += math.Sqrt(float64(k))
	}
	return sum
}

func TestWatchingProgress(t *testing.T) {
	var stderr bytes.Buffer
	x := make([]float64, 100)
	parmap.For(len(x), func(i int) {
		x[i] = row(i)
	}, progress.Bar(&stderr))
	assert.Contains(t, stderr.String(), "100 of 100 in ")

	var percent float64
	parmap.For(len(x), func(i int) {
		x[i] = row(i)
	}, parmap.OnProgress(func(p parmap.Progress) {
		percent = 100 * float64(p.Done) / float64(p.Total)
	}))
	assert.Equal(t, 100.0, percent)
}

// watch runs a loop, and says where its time went in all the ways there are.
func watch(stdout io.Writer, dir string) error {
	x := make([]float64, 1000)
	var s parmap.Stats
	parmap.For(len(x), func(i int) {
		x[i] = row(i)
	}, parmap.Record(&s))
	fmt.Fprintln(stdout, &s)

	picture, err := os.Create(filepath.Join(dir, "rows.svg"))
	if err != nil {
		return err
	}
	defer picture.Close()
	if err := timeline.SVG(picture, &s); err != nil {
		return err
	}

	events, err := os.Create(filepath.Join(dir, "rows.json"))
	if err != nil {
		return err
	}
	defer events.Close()
	return timeline.ChromeTrace(events, &s)
}

func TestWatchingStats(t *testing.T) {
	var stdout bytes.Buffer
	dir := t.TempDir()
	require.NoError(t, watch(&stdout, dir))
	assert.Regexp(t, `^\S+ on \d+ workers?, \d+% busy; \d+ chunks?`, stdout.String())
	for name, begin := range map[string]string{"rows.svg": "<svg ", "rows.json": `{"traceEvents":[`} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.True(t, bytes.HasPrefix(text, []byte(begin)), name)
	}
}

type rowArgs struct{ Scale float64 }

var (
	scaled [1000]float64

	scaleRows = parmap.NewKernel("scale rows", func(_ context.Context, lo, hi int, a rowArgs) error {
		for i := lo; i < hi; i++ {
			scaled[i] = a.Scale * row(i)
		}
		return nil
	})
)

// profile runs a kernel under the CPU profiler and the tracer.
func profile(ctx context.Context, dir string) error {
	cpu, err := os.Create(filepath.Join(dir, "cpu.prof"))
	if err != nil {
		return err
	}
	defer cpu.Close()
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()

	events, err := os.Create(filepath.Join(dir, "trace.out"))
	if err != nil {
		return err
	}
	defer events.Close()
	if err := trace.Start(events); err != nil {
		return err
	}
	defer trace.Stop()

	return scaleRows.Run(ctx, len(scaled), rowArgs{2})
}

func TestWatchingProfile(t *testing.T) {
	dir := os.Getenv("DOCS_PROFILE") // to look at what it writes
	if dir == "" {
		dir = t.TempDir()
	}
	err := profile(t.Context(), dir)
	if err != nil && strings.Contains(err.Error(), "already") {
		t.Skip(err) // go test itself writes a profile or a trace
	}
	require.NoError(t, err)
	assert.Equal(t, 2*row(900), scaled[900])
	events, err := os.ReadFile(filepath.Join(dir, "trace.out"))
	require.NoError(t, err)
	assert.Contains(t, string(events), "parmap: scale rows")
	cpu, err := os.Stat(filepath.Join(dir, "cpu.prof"))
	require.NoError(t, err)
	assert.Positive(t, cpu.Size())
}
