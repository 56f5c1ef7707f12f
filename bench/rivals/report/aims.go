package main

import (
	"math"
	"strconv"

	"github.com/parfor-go/parfor/bench/rivals/internal/results"
	"github.com/parfor-go/parfor/bench/work"
)

// An aim is what the project wants of one figure on two processors.
type aim struct {
	work    string
	limit   float64
	atLeast bool // the figure has to be at least limit, else at most
	time    bool // limit and figure are nanoseconds
	figure  func(s *results.Set) worst
	// missed says why the figure was not reached on the machine on which the
	// engine was tuned, and what was tried there; it is printed only where the
	// figure is not reached.
	missed string
}

// undecided is why a figure is missed that the machine cannot tell from its aim.
const undecided = "not decided: see how much two goroutines that only compute differ, in the row of the free machine"

// aims are in the order of the report.
var aims = []aim{
	{work: "empty region", limit: 250, time: true,
		figure: of("ns/op", "parmap-Auto", "Empty", ""),
		missed: "an offer to a spinning helper, and its retraction, are two trips of a cache line. With a pause of 800 turns between two looks" +
			" of a helper, and not 600, they take 30 ns less, but a loop that needs it 70 more"},
	{work: "empty region, allocations", limit: 0, figure: of("allocs/op", "parmap-Auto", "Empty", "")},
	{work: "20 bodies of 5 us, gaps up to 200 us, of ideal", limit: 1.06,
		figure: of("of-ideal", "parmap-Auto", "Fine", "gap-0us", "gap-50us", "gap-200us"),
		missed: "to begin takes 0.6 us and to end 0.5, 2 percent of 50 us; the rest is not known. While helpers slept in a system call, the runtime's monitor made it 1.2:" +
			" see parmap/internal/park"},
	{work: "the same after 2 ms, helper parked, of sequential", limit: 1,
		figure: half(of("of-ideal", "parmap-Auto", "Fine", "gap-2000us")),
		missed: "the helper sleeps, to wake it takes its caller 2 to 20 us, and it comes 25 to 60 us later: half of what the loop takes on two." +
			" Spinning longer than 0.5 ms would burn a processor that the program may need. In a few of a thousand loops the kernel wakes it on its caller's processor, in whose place it then works"},
	{work: "loads of 20 ms, of ideal", limit: 1.04, figure: of("of-ideal", "parmap-Auto", "Load", loadsOf("20ms")...)},
	{work: "loads of 1 ms, of ideal", limit: 1.05, figure: of("of-ideal", "parmap-Auto", "Load", loadsOf("1ms")...)},
	{work: "loads of 0.1 ms, of ideal", limit: 1.12, figure: of("of-ideal", "parmap-Auto", "Load", loadsOf("0.1ms")...)},
	{work: "Auto beside the best of Static, Dynamic, Guided x grain", limit: autoMost,
		figure: autoWorst,
		missed: "the best of twelve has luck on its side: compare the column of Auto beside Auto"},
	{work: "work too small to share: time above 1.02 of sequential", limit: 1000, time: true,
		figure: smallWorst,
		missed: "after a pause helpers sleep, and up to 64 bodies rouse them at once, for 10 to 20 us: what a body takes is not known before the first" +
			" has run, and it may be a large part of the whole. With more bodies the first are run alone, to learn it; loops that follow each other within 0.5 ms find" +
			" helpers awake. Tried: to remember functions whose loops were over before a roused helper" +
			" came, which leaves 4 to 9 us of 20 to 33. But a loop that was brief on a small input would then run its first body alone on a large one, and short loops" +
			" that follow each other would find the helper asleep each time. Also tried: a timer that rouses it if the loop has not ended by then; to set it takes as long as to rouse"},
	{work: "100,000 trivial bodies, ForRange", limit: 70e3, time: true, figure: of("ns/op", "parmap-Auto", "TrivialRange", "100000")},
	{work: "100,000 trivial bodies, For", limit: 85e3, time: true,
		figure: of("ns/op", "parmap-Auto", "TrivialEach", "100000"),
		missed: "the call of a closure takes 1.3 to 1.6 ns. Unrolling the index loop by eights brought it from 114 to 87 us, by fours to 107, by sixteens no further." +
			" Also tried: For so short that it is inlined and has the loop in a closure of its own; Go 1.26 does not inline the body there, and one allocation came with it"},
	{work: "For with a closure for each row, of ForRange", limit: 1.1,
		figure: between("of-ideal", "parmap-For-row", "parmap-ForRange", "Form", false, "expsin", "store"),
		missed: "a row of 320 stores takes some 100 ns; its call is 2 of these, and the end of its loop, which no processor foresees, 5. The rest is not known"},
	{work: "For with a closure for each element, of ForRange", limit: 1.15,
		figure: between("of-ideal", "parmap-For-index", "parmap-ForRange", "Form", false, "expsin"),
		missed: "the call of a closure takes 1.3 to 1.6 ns: see above"},
	{work: "Mandelbrot set, speed-up", limit: 1.97, atLeast: true, figure: speedup("Mandelbrot"),
		missed: undecided},
	{work: "exp and sin, speed-up", limit: 1.97, atLeast: true,
		figure: speedup("ExpSin"),
		missed: undecided + ". One and the same sequential loop took 280 to 410 ms from one call to the next"},
	{work: "STREAM over shared arrays, of the heap", limit: 0.97, atLeast: true, figure: sweepWorst("shmarray")},
	{work: "STREAM over .npy files, of the heap", limit: 0.97, atLeast: true, figure: sweepWorst("npy")},
	{work: "Fill, of a parallel loop's speed", limit: 2.5, atLeast: true,
		figure: between("MB/s", "shmarray", "parmap-ForRange", "Bulk", true, "fill"),
		missed: "numbers other than zero are written at 24 GB/s by one processor and at 26 by two (50 in some minutes), with non-temporal stores of SSE2, AVX or AVX-512, in two" +
			" halves or interleaved. A plain loop on two is there already; on one it is not, see the table. Zeros and copies go faster"},
	{work: "Zero, of a parallel loop's speed", limit: 2.5, atLeast: true,
		figure: between("MB/s", "shmarray", "parmap-ForRange", "Bulk", true, "zero"),
		missed: "at 60 to 80 GB/s; more or wider non-temporal stores did not help. A plain loop varies from 26 to 51 from minute to minute"},
	{work: "Copy, of a parallel loop's speed", limit: 1.3, atLeast: true,
		figure: between("MB/s", "shmarray", "parmap-ForRange", "Bulk", true, "copy"),
		missed: "the plain loop varies by a factor of two from minute to minute"},
}

// smallWorst is how much longer than 1.02 of the sequential loop one takes that
// is too small to share.
func smallWorst(s *results.Set) (w worst) {
	for _, c := range s.Cases("Small") {
		k := two("Small", c, "parmap-Auto")
		over, ratios := s.Values(k, "ns/op"), s.Values(k, "of-sequential")
		for i := range over {
			over[i] -= 1.02 * over[i] / ratios[i]
		}
		w.add(over, c, false)
	}
	return w
}

// speedup is that of Auto on two workers.
func speedup(work string) func(s *results.Set) worst {
	return func(s *results.Set) (w worst) {
		w.add(each(s.Values(two(work, "", "parmap-Auto"), "of-ideal"), func(v float64) float64 { return 2 / v }), "", true)
		return w
	}
}

// sweepWorst is the bandwidth over some memory by that over the heap.
func sweepWorst(where string) func(s *results.Set) worst {
	return func(s *results.Set) (w worst) {
		for _, sweep := range work.Sweeps {
			of := func(where string) results.Key {
				return two("Sweep", where+"/"+sweep.Name, "parmap-ForRange")
			}
			w.add(s.Ratios(of(where), of("heap"), "MB/s"), sweep.Name, true)
		}
		return w
	}
}

func loadsOf(total string) (cases []string) {
	for _, shape := range work.Shapes {
		cases = append(cases, shape.Name+"/"+total)
	}
	return cases
}

// half turns of-ideal on two workers into the ratio to the sequential loop.
func half(figure func(s *results.Set) worst) func(s *results.Set) worst {
	return func(s *results.Set) worst {
		w := figure(s)
		return worst{each(w.rounds, func(v float64) float64 { return v / 2 }), w.where}
	}
}

func each(v []float64, f func(v float64) float64) []float64 {
	for i := range v {
		v[i] = f(v[i])
	}
	return v
}

// A worst is the figures of all rounds for the worst of some cases, which is the
// one with the worst median. The zero worst is none.
type worst struct {
	rounds []float64
	where  string
}

func (w worst) median() float64 { return results.Quantile(w.rounds, 0.5) }

// add takes the rounds of where into account, if there are any.
func (w *worst) add(rounds []float64, where string, atLeast bool) {
	x := worst{rounds, where}
	if len(rounds) == 0 || math.IsNaN(x.median()) || len(w.rounds) > 0 && (x.median() >= w.median()) == atLeast {
		return
	}
	*w = x
}

// met reports whether the aim is reached by the median of w.
func (a aim) met(w worst) bool {
	if a.atLeast {
		return w.median() >= a.limit
	}
	return w.median() <= a.limit
}

// text returns what is wanted.
func (a aim) text() string {
	if a.atLeast {
		return "at least " + a.number(a.limit)
	}
	return "at most " + a.number(a.limit)
}

// print returns the figure and the quartiles of its rounds.
func (a aim) print(w worst) (figure, quartiles string) {
	return a.number(w.median()), a.number(results.Quantile(w.rounds, 0.25)) + " to " + a.number(results.Quantile(w.rounds, 0.75))
}

// by returns by how much w misses the aim.
func (a aim) by(w worst) string {
	if a.limit == 0 || a.time && a.limit < math.Abs(w.median()-a.limit) {
		return a.number(math.Abs(w.median() - a.limit))
	}
	return strconv.FormatFloat(100*math.Abs(w.median()/a.limit-1), 'f', 1, 64) + "%"
}

func (a aim) number(v float64) string {
	switch {
	case a.time:
		return duration(v)
	case v == math.Trunc(v) && a.limit == 0:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'f', 3, 64)
}

// of returns an aim's figure: the worst median, in a unit, of a way over some
// cases of a work.
func of(unit, way, work string, cases ...string) func(s *results.Set) worst {
	return func(s *results.Set) (w worst) {
		for _, c := range cases {
			w.add(s.Values(two(work, c, way), unit), c, false)
		}
		return w
	}
}

// between returns the worst ratio of two ways in a unit over cases of a work.
func between(unit, way, other, work string, atLeast bool, cases ...string) func(s *results.Set) worst {
	return func(s *results.Set) (w worst) {
		for _, c := range cases {
			w.add(s.Ratios(two(work, c, way), two(work, c, other), unit), c, atLeast)
		}
		return w
	}
}
