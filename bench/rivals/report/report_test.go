package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/bench/rivals/internal/results"
	"github.com/parfor-go/parfor/bench/work"
)

// printed is five rounds in which nothing varies but a little.
func printed(lines ...string) *results.Set {
	s := new(results.Set)
	for round := range 5 {
		text := "go: 1.99\nrounds: 5\n"
		for _, line := range lines {
			name, rest, _ := strings.Cut(line, " ")
			value, unit, _ := strings.Cut(rest, " ")
			var v float64
			fmt.Sscan(value, &v)
			text += fmt.Sprintf("Benchmark%s-2 1 %v %s\n", name, v*(1+0.001*float64(round)), unit)
		}
		if err := s.Read(strings.NewReader(text)); err != nil {
			panic(err)
		}
	}
	return s
}

var sample = printed(
	"Control 1.01 of-ideal",
	"Empty/way=sequential 5 ns/op",
	"Empty/way=parmap-Auto 300 ns/op",
	"Empty/way=tbb-auto 150 ns/op",
	"Empty/way=errgroup 1400 ns/op",
	"Load/even/20ms/way=parmap-Auto 1.01 of-ideal",
	"Load/even/20ms/way=conc-iter 1.5 of-ideal",
	"Load/heavy/20ms/way=parmap-Auto 1.03 of-ideal",
	"Load/heavy/20ms/way=conc-iter 1.02 of-ideal",
	"Grain/even/1ms/way=parmap-Auto 1.1 of-ideal",
	"Grain/even/1ms/way=parmap-Auto 1.01 of-default",
	"Grain/even/1ms/way=parmap-Static-g1 0.95 of-default",
	"Grain/even/1ms/way=parmap-Guided-g1 0.9 of-default",
	"Grain/heavy/1ms/way=parmap-Auto 1.0 of-ideal",
	"Grain/heavy/1ms/way=parmap-Auto 1.0 of-default",
	"Grain/heavy/1ms/way=parmap-Guided-g1 1.2 of-default",
	"Sweep/heap/copy/way=parmap-Auto 40000 MB/s",
	"Sweep/heap/copy/way=parmap-ForRange 40000 MB/s",
	"Sweep/heap/triad/way=parmap-Auto 20000 MB/s",
	"Sweep/heap/triad/way=openmp-static 32000 MB/s",
	"Sweep/shmarray/copy/way=parmap-ForRange 41000 MB/s",
	"Sweep/heap/copy/way=openmp-static 45000 MB/s",
	"Model/even/1ms/Auto 1.05 measured-of-model",
)

func report(t *testing.T, s *results.Set) string {
	var text strings.Builder
	markdown(&text, s)
	return text.String()
}

// under returns what is under a heading.
func under(text, heading string) string {
	_, rest, _ := strings.Cut(text, "## "+heading+"\n")
	before, _, _ := strings.Cut(rest, "\n## ")
	return before
}

func TestLossesComeFirst(t *testing.T) {
	text := report(t, sample)
	losses := under(text, "Losses")
	assert.Less(t, strings.Index(text, "## Losses"), strings.Index(text, "## Aims"))
	assert.Contains(t, losses, "| empty region | at most 250 ns | 301 ns | 300 ns to 301 ns | 20.2% | an offer to")
	assert.NotContains(t, losses, "loads of 20 ms", "reached")
	assert.Contains(t, losses, "| Empty |  | tbb-auto | 150 ns | 301 ns | 2.00 | an offer is")
	assert.Contains(t, losses, "| Sweep | heap/copy | openmp-static | 45.1 GB/s | 40.1 GB/s | 1.12 | not known |")
	assert.Contains(t, losses, "| Sweep | heap/triad | openmp-static | 32.1 GB/s | 20.0 GB/s | 1.60 | Go's heap lays")
	assert.NotContains(t, losses, "| Load |", "within 2%")
	assert.Less(t, strings.Index(losses, "| Empty |"), strings.Index(losses, "| Sweep |"), "the worst first")
	rivals, plain, _ := strings.Cut(losses, "| work where the plain loop is faster |")
	assert.NotContains(t, rivals, "| sequential |")
	assert.Contains(t, plain, "| Empty |  | sequential | 5.01 ns | 301 ns | 60.00 |")
}

func TestEveryAimIsThereMissedOrNot(t *testing.T) {
	text := under(report(t, sample), "Aims")
	assert.Equal(t, len(aims)+2, strings.Count(strings.TrimSpace(text), "\n")+1)
	assert.Contains(t, text, "| empty region | at most 250 ns | **301 ns** | 300 ns to 301 ns |  |")
	assert.Contains(t, text, "| loads of 20 ms, of ideal | at most 1.040 | 1.032 | 1.031 to 1.033 | heavy/20ms |")
	assert.Contains(t, text, "| loads of 1 ms, of ideal | at most 1.050 | not measured |  |  |")
	assert.Contains(t, text, "| STREAM over shared arrays, of the heap | at least 0.970 | 1.025 | 1.025 to 1.025 | copy |")
}

func TestTheDefaultStandsBesideTheBestOthers(t *testing.T) {
	text := under(report(t, sample), "Beside the best")
	assert.Contains(t, text, "| Empty |  | 301 ns | errgroup | 1.4 us | 4.67 | tbb-auto | 150 ns | 0.50 |")
	assert.Contains(t, text, "| Load | heavy/20ms | 1.03 | conc-iter | 1.02 | 0.99 | conc-iter | 1.02 | 0.99 |")
	assert.Contains(t, text, "| Sweep | heap/triad | 20.0 GB/s |  | - | - | openmp-static | 32.1 GB/s | 0.62 |")
}

func TestAutoStandsBesideTheBestPair(t *testing.T) {
	text := under(report(t, sample), "Auto needs no knobs")
	assert.Contains(t, text, "| even/1ms | 1.102 | **1.109** | parmap-Guided-g1 | 1.012 |")
	assert.Contains(t, text, "| heavy/1ms | 1.002 | 0.832 | parmap-Guided-g1 | 1.002 |")
}

func TestTheBestParallelWayIsBoldAndFirstAndSequentialLoopsAreLast(t *testing.T) {
	text := under(report(t, sample), "Overhead")
	want := []string{"| tbb-auto | **150 ns** |", "| parmap-Auto | 301 ns |", "| errgroup | 1.4 us |", "| sequential | 5.01 ns |"}
	at := -1
	for _, line := range want {
		next := strings.Index(text, line)
		assert.Greater(t, next, at, line)
		at = next
	}
}

func TestTheMachineIsDescribed(t *testing.T) {
	text := report(t, sample)
	assert.Contains(t, text, "| Go | 1.99 |")
	assert.Contains(t, text, "take 1.012 of ideal (median; 1.010 to 1.014)")
}

func TestRowsAreRecordedForTheSimulation(t *testing.T) {
	assert.Empty(t, recorded(sample).Costs)
	var raw strings.Builder
	recordRows(&raw)
	var s results.Set
	require.NoError(t, s.Read(strings.NewReader(raw.String()+"BenchmarkEmpty 1 1 ns/op\n")))
	l := recorded(&s)
	assert.Len(t, l.Costs, work.MandelbrotSize)
	assert.Greater(t, l.Costs[work.MandelbrotSize/2], 2*l.Costs[0], "the dear ones are in the middle")
}

func TestPlotsAreWrittenWhereThereAreFigures(t *testing.T) {
	dir := t.TempDir()
	for _, plot := range []func(string, *results.Set) error{overhead, balance, bandwidth} {
		require.NoError(t, plot(dir, new(results.Set)))
	}
	none, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, none)
	for _, plot := range []func(string, *results.Set) error{overhead, balance, bandwidth} {
		require.NoError(t, plot(dir, sample))
	}
	for _, name := range []string{"overhead.png", "balance.png", "bandwidth.png"} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Greater(t, info.Size(), int64(2000), name)
	}
}

func TestNumbersForPeople(t *testing.T) {
	for want, got := range map[string]string{
		"999 ns": duration(999), "1 us": duration(1000), "1.23 ms": duration(1_234_000), "12.3 s": duration(12_345_000_000),
		"5 ns": duration(5), "1.0 GB/s": format(1000, "MB/s"), "1.23": format(1.234, "of-ideal"), "12": format(12.34, "of-ideal"),
	} {
		assert.Equal(t, want, got)
	}
}

func TestAUnitIsForOneProgram(t *testing.T) {
	test := program{name: "bench", argv: []string{"x", "-test.run=^$"}, flag: "-test."}
	u := test.unit(part{names: []string{"Load", "Fine"}, cpu: 2}, "50ms", true)
	assert.Equal(t, []string{"x", "-test.run=^$", "-test.bench", "^Benchmark(Load|Fine)(/|$)", "-test.benchtime", "50ms",
		"-test.cpu", "2", "-test.short"}, u.Argv)
	assert.Equal(t, "Load, Fine (bench)", u.Name)
}

func TestLongOnesRunSeveralTimes(t *testing.T) {
	of := part{names: []string{"ExpSin"}, times: 3}
	for asked, want := range map[string]string{"50ms": "3x", "1x": "1x"} {
		assert.Contains(t, program{}.unit(of, asked, false).Argv, want, "asked for %s", asked)
	}
}

func TestUnitsAreThoseWanted(t *testing.T) {
	programs := []program{{name: "a", kind: others}, {name: "b", kind: others}, {name: "c", kind: own}}
	var names, patterns []string
	for _, u := range units(programs, func(name string) bool { return name == "Fine" || name == "Grain" }, "1x", false) {
		names = append(names, u.Name)
		patterns = append(patterns, u.Argv[1])
	}
	assert.Equal(t, []string{"Fine (a)", "Fine (b)", "Grain (c)", "Fine (c)"}, names)
	assert.Equal(t, []string{"^Benchmark(Fine)(/|$)", "^Benchmark(Fine)(/|$)", "^Benchmark(Grain)(/|$)", "^BenchmarkFine$/^/way=parmap-proc"}, patterns)
}
