//go:build linux

package proc_test

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/proc"
)

var nothing = parmap.NewKernel("nothing", func(context.Context, int, int, scaleArgs) error { return nil })

var busy = parmap.NewKernel("busy", func(_ context.Context, lo, hi int, turns int) error {
	for range hi - lo {
		work(turns)
	}
	return nil
})

var sink float64

// work takes time in proportion to turns.
func work(turns int) {
	x := 1.0
	for range turns {
		x = x*0.999 + 0.001
	}
	sink = x
}

// turnsIn returns how many turns of work take d.
func turnsIn(d time.Duration) int {
	const turns = 1 << 22
	best := time.Duration(1 << 62)
	for range 5 {
		start := time.Now()
		work(turns)
		best = min(best, time.Since(start))
	}
	return int(float64(turns) * float64(d) / float64(best))
}

// BenchmarkStart is from nothing to two workers that have run a chunk, in a
// program that does nothing else: the median. What a program's packages do
// before main, each worker does too; those of this test take 2 ms.
func BenchmarkStart(b *testing.B) {
	program := filepath.Join(b.TempDir(), "start")
	out, err := exec.CommandContext(b.Context(), "go", "build", "-o", program, "./testdata/start").CombinedOutput()
	require.NoError(b, err, "%s", out)
	var all []int
	for b.Loop() {
		out, err := exec.CommandContext(b.Context(), program, "50").Output()
		require.NoError(b, err)
		for line := range strings.Lines(string(out)) {
			ns, err := strconv.Atoi(strings.TrimSpace(line))
			require.NoError(b, err)
			all = append(all, ns)
		}
	}
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)/2]), "ns/op")
}

// BenchmarkEmptyRun is a run of two empty chunks on two workers, with a struct
// of two arrays and a number as arguments: one after the other, and after the
// workers have gone to sleep. It reports the mean and the median.
func BenchmarkEmptyRun(b *testing.B) {
	args := scaleArgs{zeros(b, 10), zeros(b, 10), 3}
	p := start(b, 2)
	for _, c := range []struct {
		name string
		idle time.Duration
	}{{"back to back", 0}, {"after idling", 2 * time.Millisecond}} {
		b.Run(c.name, func(b *testing.B) {
			var all []time.Duration
			total := time.Duration(0)
			for b.Loop() {
				if c.idle > 0 {
					time.Sleep(c.idle)
				}
				begin := time.Now()
				if err := nothing.Run(b.Context(), 2, args, parmap.On(p)); err != nil {
					b.Fatal(err)
				}
				took := time.Since(begin)
				total += took
				all = append(all, took)
			}
			slices.Sort(all)
			b.ReportMetric(float64(total)/float64(len(all)), "ns/op")
			b.ReportMetric(float64(all[len(all)/2]), "median-ns")
		})
	}
}

// BenchmarkClaim is what a chunk costs beside its body: it is claimed, leased
// and marked.
func BenchmarkClaim(b *testing.B) {
	const cells = 1 << 20
	board := newBoard(b, 1)
	table := make([]uint32, cells)
	for b.Loop() {
		clear(table)
		board.Rewind()
		c := board.Claims(table, 1, 0, 1, me(0))
		for cell, ok := c.Next(); ok; cell, ok = c.Next() {
			board.Lease(0, uint64(cell))
			c.Finish(cell, proc.CellDone)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/cells, "ns/chunk")
}

// BenchmarkChunk is what an empty chunk takes a worker: a run has a million.
func BenchmarkChunk(b *testing.B) {
	const n = 1 << 20
	for name, workers := range map[string]int{"1 worker": 1, "2 workers": 2} {
		b.Run(name, func(b *testing.B) {
			p := start(b, workers)
			for b.Loop() {
				require.NoError(b, busy.Run(b.Context(), n, 0, parmap.On(p), parmap.Grain(1)))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n*float64(workers), "ns/chunk")
		})
	}
}

// BenchmarkBodies is a run of 10,000 bodies of 1 us, a chunk each, on two
// workers. It reports how much longer that takes than one chunk for each worker
// with the same bodies: medians, taken in turn.
func BenchmarkBodies(b *testing.B) {
	const n = 10_000
	turns := turnsIn(time.Microsecond)
	p := start(b, 2)
	var fine, coarse []time.Duration
	for b.Loop() {
		begin := time.Now()
		require.NoError(b, busy.Run(b.Context(), n, turns, parmap.On(p), parmap.Grain(1)))
		fine = append(fine, time.Since(begin))
		b.StopTimer()
		begin = time.Now()
		require.NoError(b, busy.Run(b.Context(), n, turns, parmap.On(p), parmap.Grain(n/2)))
		coarse = append(coarse, time.Since(begin))
		b.StartTimer()
	}
	slices.Sort(fine)
	slices.Sort(coarse)
	b.ReportMetric(float64(fine[len(fine)/2])/float64(coarse[len(coarse)/2]), "of-ideal")
}

var repeat = parmap.NewFunc("repeat", func(_ context.Context, nbytes int) ([]byte, error) { return make([]byte, nbytes), nil })

// BenchmarkFuncMap is the cost of an item whose result has so many bytes.
func BenchmarkFuncMap(b *testing.B) {
	const n = 4096
	for name, nbytes := range map[string]int{"64 B": 64, "64 KiB": 64 << 10} {
		b.Run(name, func(b *testing.B) {
			in := make([]int, n)
			for i := range in {
				in[i] = nbytes
			}
			p := start(b, 2)
			for b.Loop() {
				out, err := repeat.Map(b.Context(), in, parmap.On(p))
				require.NoError(b, err)
				require.Len(b, out[n-1], nbytes)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/item")
		})
	}
}

// BenchmarkPython is what EmptyRun and Bodies are beside: Python's own pools on
// the same machine.
func BenchmarkPython(b *testing.B) {
	python, err := exec.LookPath("python3")
	if err != nil {
		b.Skip("needs python3")
	}
	for b.Loop() {
		out, err := exec.CommandContext(b.Context(), python, "testdata/pools.py").Output()
		require.NoError(b, err)
		for line := range strings.Lines(string(out)) {
			var name string
			var value float64
			_, err := fmt.Sscan(line, &name, &value)
			require.NoError(b, err)
			b.ReportMetric(value, name)
		}
	}
}
