package main

import (
	"fmt"
	"io"
	"math"

	"github.com/parfor-go/parfor/bench/rivals/internal/results"
)

// grained is the work in which Auto stands beside every pair of a schedule and
// a grain, in turn with each.
const grained = "Grain"

// autoOf returns how many times the best pair's time Auto needs for a case, and
// which pair that is: the best by its own comparison with Auto.
func autoOf(s *results.Set, name string) (ratio float64, pair results.Key) {
	pair = best(s, grained, name, "of-default", func(way string) bool { return way != "parmap-Auto" })
	return 1 / s.Median(pair, "of-default"), pair
}

func autoWorst(s *results.Set) (w worst) {
	for _, c := range s.Cases(grained) {
		ratio, _ := autoOf(s, c)
		w.add(ratio, c, false)
	}
	return w
}

// writeAuto writes Auto's own table. How far Auto is from itself says how much
// is noise.
func writeAuto(w io.Writer, s *results.Set) {
	t := table{head: []string{"load", "Auto, of ideal", "Auto, of the best pair", "best pair", "Auto, of Auto"}}
	for _, c := range s.Cases(grained) {
		auto := two(grained, c, "parmap-Auto")
		ratio, pair := autoOf(s, c)
		if math.IsNaN(ratio) {
			continue
		}
		text := fmt.Sprintf("%.3f", ratio)
		if ratio > 1.05 {
			text = "**" + text + "**"
		}
		t.add(c, fmt.Sprintf("%.3f", s.Median(auto, "of-ideal")), text, pair.Way, fmt.Sprintf("%.3f", s.Median(auto, "of-default")))
	}
	t.writeTo(w)
}
