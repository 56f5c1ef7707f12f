package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/parfor-go/parfor/bench/rivals/internal/results"
)

// A table is printed as Markdown: the first column to the left, the others to
// the right, but for the last of a table with reasons.
type table struct {
	head []string
	left bool // the last column is prose
	rows [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) writeTo(w io.Writer) {
	line := func(cells []string) { fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | ")) }
	line(t.head)
	rule := slices.Repeat([]string{"--:"}, len(t.head))
	rule[0] = ":--"
	if t.left {
		rule[len(rule)-1] = ":--"
	}
	line(rule)
	for _, row := range t.rows {
		line(row)
	}
	fmt.Fprintln(w)
}

// A grid is a table of medians: a row for each way, a column for each case, the
// best parallel one of a column in bold. The way that is best on the whole comes
// first, sequential loops last.
type grid struct {
	work    string
	unit    string // "ns/op", "of-ideal", "MB/s"
	workers int
	cases   []string
}

func (g grid) writeTo(w io.Writer, s *results.Set) {
	values := map[string][]float64{}
	best := make([]float64, len(g.cases))
	for at, c := range g.cases {
		best[at] = math.NaN()
		for _, way := range s.Ways(g.work, c, g.workers) {
			v := s.Median(results.Key{Work: g.work, Case: c, Way: way, Workers: g.workers}, g.unit)
			if math.IsNaN(v) {
				continue
			}
			if values[way] == nil {
				values[way] = slices.Repeat([]float64{math.NaN()}, len(g.cases))
			}
			values[way][at] = v
			if !sequential(way) && !better(best[at], v, g.unit) {
				best[at] = v
			}
		}
	}
	if len(values) == 0 {
		return
	}
	t := table{head: append([]string{"way"}, g.cases...)}
	if len(g.cases) == 1 && g.cases[0] == "" {
		t.head[1] = g.unit
	}
	for _, way := range rank(values, best, g.unit) {
		row := []string{way}
		for at, v := range values[way] {
			cell := format(v, g.unit)
			if v == best[at] && !sequential(way) {
				cell = "**" + cell + "**"
			}
			row = append(row, cell)
		}
		t.add(row...)
	}
	t.writeTo(w)
}

// sequential reports whether a way is a sequential loop.
func sequential(way string) bool { return strings.HasSuffix(way, "sequential") }

// rank orders ways by the geometric mean of their ratios to the best of each
// case, those with gaps behind the others, and sequential ones behind all.
func rank(values map[string][]float64, best []float64, unit string) (ways []string) {
	score := map[string]float64{}
	for way, v := range values {
		ways = append(ways, way)
		if sequential(way) {
			score[way] = 1e9
		}
		for at := range v {
			r := times(v[at], best[at], unit)
			if math.IsNaN(r) {
				r = 1e6
			}
			score[way] += math.Log(r)
		}
	}
	slices.SortFunc(ways, func(a, b string) int {
		return cmp.Or(cmp.Compare(score[a], score[b]), strings.Compare(a, b))
	})
	return ways
}

// times returns how many times as bad as b a is.
func times(a, b float64, unit string) float64 {
	if unit == "MB/s" {
		return b / a
	}
	return a / b
}

// better reports whether a is better than b; NaN is the worst.
func better(a, b float64, unit string) bool {
	if math.IsNaN(a) || math.IsNaN(b) {
		return !math.IsNaN(a)
	}
	return times(a, b, unit) < 1
}

// format prints a median for people.
func format(v float64, unit string) string {
	switch {
	case math.IsNaN(v):
		return "-"
	case unit == "ns/op":
		return duration(v)
	case unit == "MB/s":
		return fmt.Sprintf("%.1f GB/s", v/1e3)
	case v >= 9.995:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// duration prints nanoseconds with three digits.
func duration(ns float64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}} {
		if ns >= 0.9995*u.size {
			return fmt.Sprintf("%.3g %s", ns/u.size, u.name)
		}
	}
	return fmt.Sprintf("%.3g ns", ns)
}

// two returns the key of a way on two workers.
func two(work, name, way string) results.Key {
	return results.Key{Work: work, Case: name, Way: way, Workers: 2}
}

// best returns the key of the best way that is wanted, on two workers.
func best(s *results.Set, work, name, unit string, wanted func(way string) bool) (k results.Key) {
	for _, way := range s.Ways(work, name, 2) {
		x := two(work, name, way)
		if wanted(way) && better(s.Median(x, unit), s.Median(k, unit), unit) {
			k = x
		}
	}
	return k
}
