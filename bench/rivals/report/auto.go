package main

import (
	"fmt"
	"io"

	"github.com/parfor-go/parfor/bench/rivals/internal/results"
)

// grained is the work in which Auto stands beside every pair of a schedule and
// a grain, in turn with each.
const grained = "Grain"

// autoMost is how many times the best pair's time Auto is to need at most.
const autoMost = 1.05

// autoOf returns how many times the best pair's time Auto needs for a case, round
// by round, and which pair that is: the best by its own comparison with Auto.
func autoOf(s *results.Set, name string) (ratios []float64, pair results.Key) {
	pair = best(s, grained, name, "of-default", func(way string) bool { return way != "parmap-Auto" })
	return each(s.Values(pair, "of-default"), func(v float64) float64 { return 1 / v }), pair
}

func autoWorst(s *results.Set) (w worst) {
	for _, c := range s.Cases(grained) {
		ratios, _ := autoOf(s, c)
		w.add(ratios, c, false)
	}
	return w
}

// writeAuto writes Auto's own table. How far Auto is from itself says how much
// is noise.
func writeAuto(w io.Writer, s *results.Set) {
	t := table{head: []string{"load", "Auto, of ideal", "Auto, of the best pair", "best pair", "Auto, of Auto"}}
	for _, c := range s.Cases(grained) {
		auto := two(grained, c, "parmap-Auto")
		ratios, pair := autoOf(s, c)
		if len(ratios) == 0 {
			continue
		}
		ratio := results.Quantile(ratios, 0.5)
		text := fmt.Sprintf("%.3f", ratio)
		if ratio > autoMost {
			text = "**" + text + "**"
		}
		t.add(c, fmt.Sprintf("%.3f", s.Median(auto, "of-ideal")), text, pair.Way, fmt.Sprintf("%.3f", s.Median(auto, "of-default")))
	}
	t.writeTo(w)
}
