// Package results holds what benchmarks printed, by what was measured.
package results

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/aclements/go-moremath/stats"
	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchmath"
)

// A Key names what was measured. The benchmark
//
//	BenchmarkLoad/even/1ms/way=parmap-Auto-2
//
// has the work Load, the case even/1ms, the way parmap-Auto and 2 workers.
type Key struct {
	Work, Case, Way string
	Workers         int
}

// String returns the name of the benchmark, without its "Benchmark".
func (k Key) String() string {
	name := k.Work
	if k.Case != "" {
		name += "/" + k.Case
	}
	if k.Way != "" {
		name += "/way=" + k.Way
	}
	if k.Workers > 1 {
		name += "-" + strconv.Itoa(k.Workers)
	}
	return name
}

// parse splits a benchmark's name, without its "Benchmark". The number of
// workers is 1 where the name ends without one.
func parse(name string) Key {
	k := Key{Workers: 1}
	if at := strings.LastIndexByte(name, '-'); at >= 0 {
		if n, ok := number(name[at+1:]); ok {
			k.Workers, name = n, name[:at]
		}
	}
	if before, way, ok := strings.Cut(name, "way="); ok {
		name, k.Way = strings.TrimSuffix(before, "/"), way
	}
	k.Work, k.Case, _ = strings.Cut(name, "/")
	return k
}

func number(s string) (n int, ok bool) {
	for _, c := range s {
		if c < '0' || c > '9' || n > 1<<20 {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, s != ""
}

// A Set is the measurements of a run. The zero Set is empty.
type Set struct {
	keys   []Key // in the order of their first measurement
	values map[Key]map[string][]float64
	config map[string]string
}

// Read adds what a program printed: a line in the format of Go's benchmarks is
// a measurement, "key: value" says something of the machine, and others are
// passed over.
func (s *Set) Read(r io.Reader) error {
	in := benchfmt.NewReader(r, "")
	for in.Scan() {
		switch rec := in.Result().(type) {
		case *benchfmt.Result:
			k := parse(string(rec.Name))
			for _, v := range rec.Values {
				value, unit := v.Value, v.Unit
				if v.OrigUnit != "" { // as it was printed: ns/op, not sec/op
					value, unit = v.OrigValue, v.OrigUnit
				}
				s.add(k, unit, value)
			}
			for _, c := range rec.Config {
				if c.File {
					s.say(c.Key, string(c.Value))
				}
			}
		case *benchfmt.SyntaxError:
			return rec
		}
	}
	return in.Err()
}

func (s *Set) add(k Key, unit string, v float64) {
	if s.values == nil {
		s.values = map[Key]map[string][]float64{}
	}
	if s.values[k] == nil {
		s.values[k] = map[string][]float64{}
		s.keys = append(s.keys, k)
	}
	s.values[k][unit] = append(s.values[k][unit], v)
}

func (s *Set) say(key, value string) {
	if s.config == nil {
		s.config = map[string]string{}
	}
	s.config[key] = value
}

// Config returns what was said last of key, such as cpu, or "".
func (s *Set) Config(key string) string { return s.config[key] }

// Keys returns all keys, in the order in which they were first measured.
func (s *Set) Keys() []Key { return slices.Clone(s.keys) }

// Cases returns the cases of a work, in the order in which they were first
// measured.
func (s *Set) Cases(work string) (cases []string) {
	for _, k := range s.keys {
		if k.Work == work && !slices.Contains(cases, k.Case) {
			cases = append(cases, k.Case)
		}
	}
	return cases
}

// Ways returns the ways in which a case of a work was done by so many workers,
// in the order in which they were first measured.
func (s *Set) Ways(work, name string, workers int) (ways []string) {
	for _, k := range s.keys {
		if k.Work == work && k.Case == name && k.Workers == workers {
			ways = append(ways, k.Way)
		}
	}
	return ways
}

// Units returns the units in which k was measured, sorted.
func (s *Set) Units(k Key) (units []string) {
	for unit := range s.values[k] {
		units = append(units, unit)
	}
	slices.Sort(units)
	return units
}

// Values returns the measurements of k in a unit, in the order in which they
// were made.
func (s *Set) Values(k Key, unit string) []float64 { return slices.Clone(s.values[k][unit]) }

// Median returns the median of the measurements of k in a unit: NaN if there
// are none.
func (s *Set) Median(k Key, unit string) float64 { return Quantile(s.values[k][unit], 0.5) }

// Ratios returns a over b for each round: each with what was measured soon before
// or after it. Where they are not of the same rounds it is one ratio, that of the
// medians; it is nil if there is none of one.
func (s *Set) Ratios(a, b Key, unit string) []float64 {
	x, y := s.Values(a, unit), s.values[b][unit]
	switch {
	case len(x) == 0 || len(y) == 0:
		return nil
	case len(x) != len(y):
		return []float64{Quantile(x, 0.5) / s.Median(b, unit)}
	}
	for i := range x {
		x[i] /= y[i]
	}
	return x
}

// Quantile returns the q-quantile of v, 0 <= q <= 1, estimated as R8 of Hyndman
// and Fan (1996), which lies between two neighbours: NaN of nothing.
func Quantile(v []float64, q float64) float64 { return stats.Sample{Xs: v}.Quantile(q) }

// Differ reports whether a and b differ by more than chance: Mann and Whitney's
// test, p < 0.05. Of less than four measurements each it says no.
func Differ(a, b []float64) bool {
	x := benchmath.NewSample(slices.Clone(a), &benchmath.DefaultThresholds)
	y := benchmath.NewSample(slices.Clone(b), &benchmath.DefaultThresholds)
	return benchmath.AssumeNothing.Compare(x, y).P < 0.05
}
