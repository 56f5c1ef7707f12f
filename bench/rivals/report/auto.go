package main

import (
	"fmt"
	"io"
	"math"

	"github.com/parfor-go/parfor/bench/rivals/internal/results"
)

// grained is the work in which Auto stands beside every pair of a schedule and
// a grain.
const grained = "Grain"

// autoOf returns how many times the best pair's time Auto needs for a case, and
// which pair that is.
func autoOf(s *results.Set, name string) (auto, pair float64, way string) {
	k := results.Key{Work: grained, Case: name, Way: "parmap-Auto", Workers: 2}
	other := best(s, grained, name, "of-ideal", func(way string) bool { return way != k.Way && way != "sequential" })
	return s.Median(k, "of-ideal"), s.Median(other, "of-ideal"), other.Way
}

func autoWorst(s *results.Set) (w worst) {
	for _, c := range s.Cases(grained) {
		auto, pair, _ := autoOf(s, c)
		w.add(auto/pair, c, false)
	}
	return w
}

// writeAuto writes Auto's own table.
func writeAuto(w io.Writer, s *results.Set) {
	t := table{head: []string{"load", "Auto, of ideal", "best pair, of ideal", "ratio", "best pair"}}
	for _, c := range s.Cases(grained) {
		auto, pair, way := autoOf(s, c)
		ratio := fmt.Sprintf("%.3f", auto/pair)
		if math.IsNaN(auto / pair) {
			continue
		}
		if auto/pair > 1.05 {
			ratio = "**" + ratio + "**"
		}
		t.add(c, fmt.Sprintf("%.3f", auto), fmt.Sprintf("%.3f", pair), ratio, way)
	}
	t.writeTo(w)
}
