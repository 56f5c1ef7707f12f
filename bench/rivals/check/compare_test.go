package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/bench/rivals/internal/results"
)

// set returns rounds of measurements of some benchmarks.
func set(t *testing.T, unit string, rounds map[string][]float64) *results.Set {
	s := new(results.Set)
	for name, values := range rounds {
		for _, v := range values {
			line := fmt.Sprintf("Benchmark%s 1 %v %s\n", name, v, unit)
			require.NoError(t, s.Read(strings.NewReader(line)))
		}
	}
	return s
}

func TestSlowerIsBeyondTheLimitAndNoChance(t *testing.T) {
	old := set(t, "ns/op", map[string][]float64{
		"Same-2": {100, 101, 102, 103, 104}, "Slow-2": {100, 101, 102, 103, 104}, "Chance-2": {100, 200, 300, 400, 500},
		"Little-2": {100, 101, 102, 103, 104}, "Fast-2": {100, 101, 102, 103, 104}, "Gone-2": {1, 1, 1, 1, 1},
	})
	new := set(t, "ns/op", map[string][]float64{
		"Same-2": {100, 101, 102, 103, 104}, "Slow-2": {110, 111, 112, 113, 114}, "Chance-2": {110, 220, 330, 360, 450},
		"Little-2": {104.5, 105, 106, 107, 108}, "Fast-2": {10, 10, 10, 10, 10}, "New-2": {1, 1, 1, 1, 1},
	})
	all := compare(old, new)
	var names []string
	for _, c := range all {
		names = append(names, c.key.Work)
	}
	assert.Equal(t, []string{"Chance", "Slow", "Little", "Same", "Fast"}, names)
	slower := tooSlow(all, 5)
	require.Len(t, slower, 1)
	assert.Equal(t, "Slow", slower[0].key.Work)
	assert.InDelta(t, 1.098, slower[0].ratio, 1e-3)
	assert.Len(t, tooSlow(all, 3), 2)

	text := table(all, 5)
	assert.Contains(t, text, "-> Slow-2 ")
	assert.Equal(t, 2, strings.Count(text, "->"), "the benchmark's and the legend's")
	assert.Equal(t, 3, strings.Count(text, "~"), "two of chance, and the legend's")
}

// The machine was twice as slow in the last rounds, for both.
func TestRatiosAreOfTheSameRound(t *testing.T) {
	old := set(t, "ns/op", map[string][]float64{"X-2": {100, 100, 100, 200, 200, 200, 200}})
	new := set(t, "ns/op", map[string][]float64{"X-2": {107, 107, 107, 214, 214, 214, 214}})
	got := compare(old, new)[0]
	assert.InDelta(t, 1.07, got.ratio, 1e-9)
	assert.True(t, got.slower(5))
}

func TestOfIdealIsComparedWhereThereIsOne(t *testing.T) {
	old, new := new(results.Set), new(results.Set)
	for range 5 {
		require.NoError(t, old.Read(strings.NewReader("BenchmarkX-2 1 100 ns/op 1.0 of-ideal\n")))
		require.NoError(t, new.Read(strings.NewReader("BenchmarkX-2 1 150 ns/op 1.2 of-ideal\n")))
	}
	assert.InDelta(t, 1.2, compare(old, new)[0].ratio, 1e-9)
}
