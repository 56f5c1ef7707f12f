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

// notKnown is the reason of what has none yet.
const notKnown = "not known"

// reasons are why somebody else is faster, by the work, by what the case begins
// with and by what the way begins with: the first that fits.
var reasons = []struct{ work, name, way, text string }{
	{"Empty", "", "sequential", "there is no work"},
	{"Empty", "", "tbb-", "an offer is a store to a cache line that a helper looks at, its retraction another; what TBB does in their place was not looked into"},
	{"TrivialEach", "", "openmp-", compilers},
	{"TrivialEach", "", "tbb-", compilers},
	{"TrivialRange", "", "openmp-", compilers},
	{"TrivialRange", "", "tbb-", compilers},
	{"TrivialRange", "1000", "sequential", "too small to share: see the aim of such work"},
	{"TrivialEach", "1000", "sequential", "too small to share: see the aim of such work"},
	{"Fine", "gap-2000us", "openmp-", "its threads are told never to sleep (OMP_WAIT_POLICY=active); helpers do after 0.5 ms"},
	{"Fine", "gap-2000us", "", "helpers sleep after 0.5 ms: see the aim of such loops"},
	{"Fine", "gap-", "", "a helper begins 0.6 us after the call, and the call returns 0.5 us after the last body: 2 percent of 50 us"},
	{"Load", "", "openmp-guided", "gcc inlines the bodies; a thousand calls are 1 to 2 us"},
	{"Reduce", "", "openmp-simd", "it may change the order of the sum, and adds in the lanes of a vector; Reduce has one order, and so the same bits everywhere"},
	{"Pipe", "1us", "", "to hand an item on takes 2 us: two locks, and goroutines that wait for each other, as by default two items for each worker are under way; see Window256"},
	{"Distances", "", "", notKnown + "; most ways that give each processor one half of the rows are as slow, and those that hand rows out in ascending order are not"},
	{"Sweep", "heap/scale", "", layout},
	{"Sweep", "heap/add", "", layout},
	{"Sweep", "heap/triad", "", layout},
}

const (
	compilers = "the compilers: see the sequential loops of each language; a call of a body costs 1.3 to 1.6 ns more"
	layout    = "Go's heap lays the three vectors 512 MiB apart, C's a page further: see Memory"
)

// A loss is a case in which somebody else is faster than the project's default.
type loss struct {
	work, name, other string
	mine, theirs      float64
	unit              string
}

func (l loss) ratio() float64 { return times(l.mine, l.theirs, l.unit) }

func (l loss) why() string {
	for _, r := range reasons {
		if r.work == l.work && strings.HasPrefix(l.name, r.name) && strings.HasPrefix(l.other, r.way) {
			return r.text
		}
	}
	return notKnown
}

// losses compares the default with the best of some others in each case of a
// work, and returns the cases in which that one is better by more than 2%, and
// not by chance (Mann and Whitney's test, p < 0.05).
//
// It also returns how many cases it could compare.
func losses(s *results.Set, x shownWork, other func(way string) bool) (all []loss, compared int) {
	for _, c := range s.Cases(x.work) {
		mine, theirs := best(s, x.work, c, x.unit, isDefault), best(s, x.work, c, x.unit, other)
		if min(len(s.Values(mine, x.unit)), len(s.Values(theirs, x.unit))) >= 4 {
			compared++
		}
		l := loss{x.work, c, theirs.Way, s.Median(mine, x.unit), s.Median(theirs, x.unit), x.unit}
		if l.ratio() > 1.02 && results.Differ(s.Values(mine, x.unit), s.Values(theirs, x.unit)) {
			all = append(all, l)
		}
	}
	return all, compared
}

// writeLosses writes where somebody else is faster than the default, and where
// the plain loop is.
func writeLosses(w io.Writer, s *results.Set) {
	fmt.Fprintf(w, "Faster is by more than 2%%, and not by chance (Mann and Whitney's test over the rounds, p < 0.05).\n\n")
	for _, x := range []struct {
		who   string
		other func(way string) bool
	}{{"a rival", isRival}, {"the plain loop", func(way string) bool { return way == "sequential" }}} {
		var all []loss
		cases := 0
		for _, work := range compared() {
			found, n := losses(s, work, x.other)
			all = append(all, found...)
			cases += n
		}
		if len(all) == 0 {
			fmt.Fprintf(w, "In %d cases of which there are rounds enough to tell (4), %s is never faster.\n\n", cases, x.who)
			continue
		}
		slices.SortStableFunc(all, func(a, b loss) int { return cmp.Compare(b.ratio(), a.ratio()) })
		t := table{head: []string{"work where " + x.who + " is faster", "case", "who", "theirs", "ours", "ratio", "why"}, left: true}
		for _, l := range all {
			t.add(l.work, l.name, l.other, format(l.theirs, l.unit), format(l.mine, l.unit), fmt.Sprintf("%.2f", l.ratio()), l.why())
		}
		t.writeTo(w)
	}
}

// compared returns the works in which the default stands beside rivals.
func compared() (all []shownWork) {
	for _, sec := range sections {
		for _, x := range sec.works {
			if x.rivals {
				all = append(all, x)
			}
		}
	}
	return all
}

// writeBeside writes the default beside the best others.
func writeBeside(w io.Writer, s *results.Set) {
	t := table{head: []string{"work", "case", "ours", "best in Go", "its figure", "times", "best of all", "its figure", "times"}}
	for _, x := range compared() {
		for _, c := range s.Cases(x.work) {
			mine := s.Median(best(s, x.work, c, x.unit, isDefault), x.unit)
			if math.IsNaN(mine) {
				continue
			}
			row := []string{x.work, c, format(mine, x.unit)}
			for _, wanted := range []func(way string) bool{func(way string) bool { return isRival(way) && inGo(way) }, isRival} {
				k := best(s, x.work, c, x.unit, wanted)
				theirs := s.Median(k, x.unit)
				row = append(row, k.Way, format(theirs, x.unit), format(times(theirs, mine, x.unit), "of-ideal"))
			}
			t.add(row...)
		}
	}
	t.writeTo(w)
}

// isDefault reports whether a way is the project's without any option.
func isDefault(way string) bool {
	return way == "parmap-Auto" || way == "parmap-Reduce" || way == "parmap-Stream"
}

// isRival reports whether a way is somebody else's, and no sequential loop.
func isRival(way string) bool { return !isOurs(way) && !sequential(way) }

func isOurs(way string) bool {
	return strings.HasPrefix(way, "parmap") || strings.HasPrefix(way, "shmarray")
}

// inGo reports whether a way is one of Go's, the project's own among them.
func inGo(way string) bool {
	for _, p := range []string{"openmp", "tbb", "multiprocessing", "joblib"} {
		if strings.HasPrefix(way, p) {
			return false
		}
	}
	return true
}
