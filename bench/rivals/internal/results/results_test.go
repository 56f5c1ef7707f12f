package results_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/bench/rivals/internal/results"
)

const printed = `goos: linux
cpu: Some EPYC
BenchmarkControl-2                             5  27970393 ns/op  1.165 of-ideal
BenchmarkLoad/even/1ms/way=sequential-2      100   1012108 ns/op
BenchmarkLoad/even/1ms/way=parmap-Auto-2      43    658771 ns/op  1.242 of-ideal
BenchmarkLoad/even/1ms/way=parmap-Auto        43   1058771 ns/op  1.042 of-ideal
some other line
BenchmarkSweep/heap/copy/way=parmap-ForRange-2  3  85023456 ns/op 12628.88 MB/s
PASS
BenchmarkLoad/even/1ms/way=parmap-Auto-2      43    500000 ns/op  1.000 of-ideal
BenchmarkLoad/even/1ms/way=parmap-Auto-2      43    600000 ns/op  1.100 of-ideal
BenchmarkEmpty/way=openmp-static-2        100000       801.5 ns/op
`

func read(t *testing.T, s string) *results.Set {
	set := new(results.Set)
	require.NoError(t, set.Read(strings.NewReader(s)))
	return set
}

func TestNamesAreWorkCaseWayAndWorkers(t *testing.T) {
	want := []results.Key{
		{Work: "Control", Workers: 2},
		{Work: "Load", Case: "even/1ms", Way: "sequential", Workers: 2},
		{Work: "Load", Case: "even/1ms", Way: "parmap-Auto", Workers: 2},
		{Work: "Load", Case: "even/1ms", Way: "parmap-Auto", Workers: 1},
		{Work: "Sweep", Case: "heap/copy", Way: "parmap-ForRange", Workers: 2},
		{Work: "Empty", Way: "openmp-static", Workers: 2},
	}
	set := read(t, printed)
	assert.Equal(t, want, set.Keys())
	names := []string{"Control-2", "Load/even/1ms/way=sequential-2", "Load/even/1ms/way=parmap-Auto-2", "Load/even/1ms/way=parmap-Auto",
		"Sweep/heap/copy/way=parmap-ForRange-2", "Empty/way=openmp-static-2"}
	for i, k := range want {
		assert.Equal(t, names[i], k.String())
	}
	assert.Equal(t, []string{"even/1ms"}, set.Cases("Load"))
	assert.Equal(t, []string{"sequential", "parmap-Auto"}, set.Ways("Load", "even/1ms", 2))
	assert.Equal(t, []string{"parmap-Auto"}, set.Ways("Load", "even/1ms", 1))
	assert.Empty(t, set.Ways("Load", "even/20ms", 2))
}

func TestMeasurementsKeepTheirUnits(t *testing.T) {
	set := read(t, printed)
	auto := results.Key{Work: "Load", Case: "even/1ms", Way: "parmap-Auto", Workers: 2}
	assert.Equal(t, []string{"ns/op", "of-ideal"}, set.Units(auto))
	assert.Equal(t, []float64{658771, 500000, 600000}, set.Values(auto, "ns/op"))
	assert.Equal(t, 600000., set.Median(auto, "ns/op"))
	assert.Equal(t, 1.1, set.Median(auto, "of-ideal"))
	assert.True(t, math.IsNaN(set.Median(auto, "MB/s")))
	assert.Equal(t, 12628.88, set.Median(results.Key{Work: "Sweep", Case: "heap/copy", Way: "parmap-ForRange", Workers: 2}, "MB/s"))
}

func TestASetIsReadInPieces(t *testing.T) {
	set := read(t, printed)
	require.NoError(t, set.Read(strings.NewReader("cpu: other\nBenchmarkEmpty/way=openmp-static-2 1 700 ns/op\n")))
	empty := results.Key{Work: "Empty", Way: "openmp-static", Workers: 2}
	assert.Equal(t, []float64{801.5, 700}, set.Values(empty, "ns/op"))
	assert.Equal(t, "other", set.Config("cpu"))
	assert.Equal(t, "linux", set.Config("goos"))
}

func TestQuantile(t *testing.T) {
	v := []float64{4, 1, 3, 2}
	assert.Equal(t, 1., results.Quantile(v, 0))
	assert.Equal(t, 2.5, results.Quantile(v, 0.5))
	assert.InDelta(t, 3+7./12, results.Quantile(v, 0.75), 1e-12)
	assert.Equal(t, 4., results.Quantile(v, 1))
	assert.Equal(t, 7., results.Quantile([]float64{7}, 0.3))
	assert.True(t, math.IsNaN(results.Quantile(nil, 0.5)))
	assert.Equal(t, []float64{4, 1, 3, 2}, v)
}

// The machine was twice as slow in the second round.
func TestRatiosAreOfTheSameRound(t *testing.T) {
	set := read(t, "BenchmarkX/way=a 1 10 ns/op\nBenchmarkX/way=b 1 5 ns/op\nBenchmarkX/way=a 1 22 ns/op\nBenchmarkX/way=b 1 10 ns/op\n"+
		"BenchmarkX/way=a 1 9 ns/op\nBenchmarkX/way=b 1 5 ns/op\nBenchmarkX/way=c 1 4 ns/op\n")
	key := func(way string) results.Key { return results.Key{Work: "X", Way: way, Workers: 1} }
	assert.Equal(t, []float64{2, 2.2, 1.8}, set.Ratios(key("a"), key("b"), "ns/op"))
	assert.Equal(t, []float64{2.5}, set.Ratios(key("a"), key("c"), "ns/op"), "of the medians")
	assert.Empty(t, set.Ratios(key("a"), key("d"), "ns/op"))
	assert.Empty(t, set.Ratios(key("d"), key("d"), "ns/op"))
	assert.Equal(t, []float64{10, 22, 9}, set.Values(key("a"), "ns/op"), "as they were")
}

func TestDiffer(t *testing.T) {
	assert.True(t, results.Differ([]float64{1, 2, 3, 4}, []float64{5, 6, 7, 8}))
	assert.False(t, results.Differ([]float64{1, 2, 3, 4}, []float64{3, 2, 1, 5}))
	assert.False(t, results.Differ([]float64{1, 2, 3}, []float64{5, 6, 7}), "too few to tell")
	assert.False(t, results.Differ([]float64{1, 1, 1, 1, 1}, []float64{1, 1, 1, 1, 1}))
}
