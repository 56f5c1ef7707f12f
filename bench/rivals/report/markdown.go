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

// A section is a part of the report about some works.
type section struct {
	title, text string
	picture     string // its file, "" for none
	works       []shownWork
}

// A shownWork is a work and how it is shown.
type shownWork struct {
	work, unit, text string
	workers          int                      // 0 means two
	cases            []string                 // nil: all
	rivals           bool                     // is it where the default is compared with rivals?
	why              string                   // in which a rival is faster, if one is
	split            func(name string) string // cases for which it returns the same share a table
}

const vectors = "gcc inlines such bodies and compiles them to vector instructions; Go's compiler has none"

var sections = []section{
	{
		title: "Overhead",
		text: "Two empty bodies, one loop after the other: what it costs to ask for help. Where nobody has to come, the\n" +
			"caller does both; OpenMP's threads always meet. Then bodies that store one number.",
		picture: "overhead.png",
		works: []shownWork{
			{work: "Empty", unit: "ns/op", cases: []string{""}, rivals: true,
				why: "an offer is a store to a cache line that a helper looks at; TBB queues the second body where idle threads look less often, and comes later (gap-200us)"},
			{work: "TrivialEach", unit: "ns/op", text: "One call of the body for each index:", rivals: true,
				why: vectors},
			{work: "TrivialRange", unit: "ns/op", text: "The body has the loop over its range:", rivals: true,
				why: vectors},
		},
	},
	{
		title: "Fine loops",
		text: "Twenty bodies of 5 us, of ideal, with gaps in which the program does something else on one goroutine. After\n" +
			"2 ms helpers and threads are asleep, but for OpenMP's, which are told to stay awake.",
		works: []shownWork{{work: "Fine", unit: "of-ideal", rivals: true,
			why: "OpenMP's threads never sleep here (OMP_WAIT_POLICY=active); helpers do after 0.5 ms"}},
	},
	{
		title:   "Balance",
		text:    "A thousand bodies of even and uneven cost, of ideal.",
		picture: "balance.png",
		works: []shownWork{{work: "Load", unit: "of-ideal", rivals: true, split: lastPart,
			why: "of 0.1 ms, the calls of a thousand bodies are some 3%; gcc inlines them"}},
	},
	{
		title: "Matrices",
		text:  "A row a body, of ideal, which is that of the way's own language.",
		works: []shownWork{
			{work: "Mandelbrot", unit: "of-ideal", rivals: true, text: "Mandelbrot set, 2048 x 2048:"},
			{work: "ExpSin", unit: "of-ideal", rivals: true, text: "exp(-xy) sin(x+10y), 4000 x 4000:"},
			{work: "Distances", unit: "of-ideal", rivals: true, text: "Distances between 3376 points:"},
		},
	},
	{
		title: "Sums and streams",
		works: []shownWork{
			{work: "Reduce", unit: "MB/s", rivals: true, text: "Sums over 100,000 elements, and over 128 MiB:",
				why: vectors},
			{work: "Pipe", unit: "of-ideal", rivals: true, text: "Items in order, of 1 us and of 100 us, of ideal:",
				why: "by default no more than two items for each worker are under way, so that all wait for each other at each: see Window256"},
		},
	},
	{
		title: "Memory",
		text: "STREAM's four loops over vectors of 512 MiB, in the heap, in memory that processes share, in private memory and\n" +
			"in .npy files; the first fill of 1 GiB; and what goes past the caches.",
		picture: "bandwidth.png",
		works: []shownWork{
			{work: "Sweep", unit: "MB/s", rivals: true, split: firstPart,
				why: "Go's heap lays the vectors a power of two apart, where they drive each other out of the first cache; C's lies a page further. Arrays of shmarray lie a huge page further"},
			{work: "FirstFill", unit: "MB/s", rivals: true},
			{work: "Bulk", unit: "MB/s", text: "512 MiB that are there already:"},
			{work: "BulkCreate", unit: "MB/s", text: "512 MiB of a new array:"},
		},
	},
	{
		title: "Forms and small loops",
		works: []shownWork{
			{work: "Form", unit: "of-ideal", text: "One loop by hand, and with closures, of ideal:"},
			{work: "Small", unit: "of-sequential", text: "Loops too small to share, of the sequential loop's time:", split: firstPart},
		},
	},
	{
		title: "One worker",
		text:  "What a parallel loop costs where there is nothing to gain: the time over that of the sequential loop.",
		works: []shownWork{
			{work: "Trivial", unit: "ns/op", workers: 1},
			{work: "Form", unit: "of-ideal", workers: 1},
			{work: "Mandelbrot", unit: "of-ideal", workers: 1, text: "Mandelbrot set:"},
			{work: "ExpSin", unit: "of-ideal", workers: 1, text: "exp and sin:"},
		},
	},
}

func firstPart(name string) string {
	first, _, _ := strings.Cut(name, "/")
	return first
}

func lastPart(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// markdown writes the report.
func markdown(w io.Writer, s *results.Set) {
	fmt.Fprintf(w, "# Results\n\n")
	fmt.Fprintf(w, "Written by `%s`; do not edit. The work and the rivals are described in [bench](doc.go) and\n"+
		"[bench/rivals](rivals/doc.go).\n\n", s.Config("command"))
	writeMachine(w, s)
	fmt.Fprintf(w, "Figures are medians of the rounds. **of ideal** is the time over that of the sequential loop, which\n"+
		"ran in turn with it, divided by the number of workers: 1 is perfect, 2 is no gain on two workers. The best\n"+
		"parallel way of a column is in bold, and the best on the whole comes first.\n\n")
	fmt.Fprintf(w, "## Losses\n\n")
	writeMissed(w, s)
	writeLosses(w, s)
	fmt.Fprintf(w, "## Aims\n\n")
	writeAims(w, s)
	fmt.Fprintf(w, "## Auto needs no knobs\n\nEach load with Auto, and with the best of Static, Dynamic and Guided x Grain 1, 16, 256 and n/64, in turn\n"+
		"with Auto. The best of twelve has luck on its side; the last column is what Auto beside Auto gives.\n\n")
	writeAuto(w, s)
	for _, sec := range sections {
		sec.writeTo(w, s)
	}
}

func writeMachine(w io.Writer, s *results.Set) {
	t := table{head: []string{"", ""}}
	for _, f := range facts {
		if v := s.Config(f.key); v != "" {
			t.add(f.label, strings.ReplaceAll(v, "|", "/"))
		}
	}
	control := two("Control", "", "")
	if v := s.Values(control, "of-ideal"); len(v) > 0 {
		t.add("free machine?", fmt.Sprintf("two goroutines that only compute take %.3f of ideal (median; %.3f to %.3f): 1.00 on a machine that does nothing else",
			results.Quantile(v, 0.5), slices.Min(v), slices.Max(v)))
	}
	t.writeTo(w)
}

func (sec section) writeTo(w io.Writer, s *results.Set) {
	fmt.Fprintf(w, "## %s\n\n", sec.title)
	if sec.text != "" {
		fmt.Fprintf(w, "%s\n\n", sec.text)
	}
	if sec.picture != "" {
		fmt.Fprintf(w, "![%s](%s)\n\n", sec.title, sec.picture)
	}
	for _, x := range sec.works {
		cases := x.cases
		if cases == nil {
			cases = s.Cases(x.work)
		}
		if x.text != "" {
			fmt.Fprintf(w, "%s\n\n", x.text)
		}
		for _, group := range groups(cases, x.split) {
			grid{work: x.work, unit: x.unit, workers: cmp.Or(x.workers, 2), cases: group}.writeTo(w, s)
		}
	}
}

// groups puts cases for which split returns the same together; nil leaves all
// in one group.
func groups(cases []string, split func(string) string) (all [][]string) {
	if split == nil {
		return [][]string{cases}
	}
	at := map[string]int{}
	for _, c := range cases {
		k, ok := at[split(c)]
		if !ok {
			k = len(all)
			at[split(c)] = k
			all = append(all, nil)
		}
		all[k] = append(all[k], c)
	}
	return all
}

// writeMissed writes the aims that are not reached, with the reasons.
func writeMissed(w io.Writer, s *results.Set) {
	t := table{head: []string{"aim that is missed", "aim", "measured", "by", "why, and what was tried"}}
	measured := 0
	for _, a := range aims {
		x := a.figure(s)
		if x.some {
			measured++
		}
		if !x.some || a.met(x) {
			continue
		}
		by := "-"
		if a.limit != 0 {
			by = fmt.Sprintf("%.1f%%", 100*math.Abs(x.value/a.limit-1))
		}
		t.add(a.work, a.text(), a.print(x), by, a.missed)
	}
	if len(t.rows) == 0 {
		fmt.Fprintf(w, "Of %d aims %d were measured, and none of these is missed.\n\n", len(aims), measured)
		return
	}
	t.writeTo(w)
}

// writeAims writes all aims.
func writeAims(w io.Writer, s *results.Set) {
	t := table{head: []string{"work", "aim", "measured", "at"}}
	for _, a := range aims {
		x := a.figure(s)
		if !x.some {
			t.add(a.work, a.text(), "not measured", "")
			continue
		}
		text := a.print(x)
		if !a.met(x) {
			text = "**" + text + "**"
		}
		t.add(a.work, a.text(), text, x.where)
	}
	t.writeTo(w)
}

// writeLosses writes where somebody else is faster than the default.
func writeLosses(w io.Writer, s *results.Set) {
	var all []loss
	cases := 0
	for _, sec := range sections {
		for _, x := range sec.works {
			if x.rivals {
				found, compared := losses(s, x)
				all = append(all, found...)
				cases += compared
			}
		}
	}
	if len(all) == 0 {
		fmt.Fprintf(w, "In %d cases of which there are rounds enough to tell (4), nobody else is faster by more than 2%%.\n\n", cases)
		return
	}
	slices.SortStableFunc(all, func(a, b loss) int { return cmp.Compare(b.ratio(), a.ratio()) })
	t := table{head: []string{"work where a rival is faster", "case", "the rival", "its figure", "ours", "ratio", "why"}}
	for _, l := range all {
		t.add(l.work, l.name, l.rival, format(l.theirs, l.unit), format(l.mine, l.unit), fmt.Sprintf("%.2f", l.ratio()), l.why)
	}
	t.writeTo(w)
}

// isDefault reports whether a way is the project's without any option.
func isDefault(way string) bool {
	switch way {
	case "parmap-Auto", "parmap-ForRange", "parmap-Reduce", "parmap-Stream":
		return true
	}
	return false
}

// isRival reports whether a way is somebody else's. Sequential loops are not:
// they have an aim of their own.
func isRival(way string) bool {
	return !strings.HasPrefix(way, "parmap") && !strings.HasPrefix(way, "shmarray") && !sequential(way)
}
