package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/parfor-go/parfor/bench/rivals/internal/results"
)

// A change is one benchmark before and after.
type change struct {
	key      results.Key
	unit     string
	old, new float64 // medians
	ratio    float64 // the median of new over old, round by round
	chance   bool    // the rounds do not tell them apart
}

// compare returns the changes of what both sets have, the worst first. A set has
// one measurement of each benchmark for each round.
func compare(old, new *results.Set) (all []change) {
	for _, k := range new.Keys() {
		unit := "of-ideal"
		if len(new.Values(k, unit)) == 0 || len(old.Values(k, unit)) == 0 {
			unit = "ns/op"
		}
		a, b := old.Values(k, unit), new.Values(k, unit)
		n := min(len(a), len(b))
		if n == 0 {
			continue
		}
		ratios := make([]float64, n)
		for i := range ratios {
			ratios[i] = b[i] / a[i]
		}
		all = append(all, change{
			k, unit, old.Median(k, unit), new.Median(k, unit), results.Quantile(ratios, 0.5), chance(ratios),
		})
	}
	slices.SortStableFunc(all, func(a, b change) int { return cmp.Compare(b.ratio, a.ratio) })
	return all
}

// chance reports whether as many ratios as there are, or more, would be on one
// side of 1, this one, with a probability of at least 0.05 if nothing had changed:
// the sign test, one-sided, which compares rounds with themselves and so does not mind that
// the machine is slower in some. Five rounds of five can tell.
func chance(ratios []float64) bool {
	above, below := 0, 0
	for _, r := range ratios {
		if r > 1 {
			above++
		} else if r < 1 {
			below++
		}
	}
	coin := distuv.Binomial{N: float64(above + below), P: 0.5}
	return coin.N == 0 || coin.Survival(float64(max(above, below)-1)) >= 0.05
}

// slower reports whether c is slower by more than so many percent.
func (c change) slower(percent float64) bool { return !c.chance && c.ratio > 1+percent/100 }

func tooSlow(all []change, percent float64) (slower []change) {
	for _, c := range all {
		if c.slower(percent) {
			slower = append(slower, c)
		}
	}
	return slower
}

// table prints the changes. Those that are too slow are marked.
func table(all []change, percent float64) string {
	var out strings.Builder
	fmt.Fprintf(&out, "   %-58s %12s %12s %7s\n", "benchmark", "old", "new", "ratio")
	for _, c := range all {
		mark, note := "  ", ""
		if c.slower(percent) {
			mark = "->"
		}
		if c.chance {
			note = " ~"
		}
		fmt.Fprintf(&out, "%s %-58s %12s %12s %7.3f%s\n", mark, c.key, print(c.old, c.unit), print(c.new, c.unit), c.ratio, note)
	}
	fmt.Fprintf(&out, "~ may be chance; -> slower by more than %v%%\n", percent)
	return out.String()
}

func print(v float64, unit string) string {
	if unit == "ns/op" {
		return fmt.Sprintf("%.5g ns", v)
	}
	return fmt.Sprintf("%.3f", v)
}
