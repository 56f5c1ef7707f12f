package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/parfor-go/parfor/bench/rivals/internal/results"
)

// preface says how to read the figures.
const preface = `Figures are medians of the rounds. **Of ideal** is the time divided by the ideal time, which is that of the
sequential loop, in turn with it, divided by the number of workers: 1 is perfect, 2 is no gain on two workers.
Below 1 is noise, and says how far off the figures around it can be. **Of sequential** is the time divided by that
of the sequential loop: below 1 is a gain. **GB/s** count what the loop reads and writes. The best parallel way of a
column is in bold, and the best on the whole comes first. In Aims what is missed is in bold; **by** is how much, of the
aim or as a time, and **at** the case that is the worst.

**Ways.** parmap-Auto is the project without options; Static, Dynamic and Guided are its other schedules, and
parmap-proc its worker processes. goroutine-chunked is a goroutine for each worker, with an equal share;
goroutine-each is one for each body. ants, conc, errgroup, lo, pond and rill are libraries; -chunked and -batch
bundle bodies as their documentation recommends. openmp-static, -dynamic and -guided are its schedules,
openmp-simd a sum in the lanes of a vector; tbb-auto, -simple and -static are its partitioners. multiprocessing and
joblib fill shared NumPy arrays from worker processes, with the methods of the pool (map, imap) or one call a chunk.
-For-row and -For-index are For with a call for each row or element, -gN is Grain(N), -Window256 Window(256). A way
that ends with sequential is the plain loop in the language of what is before it; sequential alone is Go's.

**Loads.** even: all bodies take the same time. triangular: body i takes i+1 units. reversed: the other way
round. heavy: one in a hundred takes a hundred times what the others do. bimodal: the second half takes ten
times the first. 20ms is what all bodies take together on one processor. gap-200us: between two loops the program
computes something else for so long on one goroutine. hot: the loop follows another; parked: after a
millisecond. 10/1us: 10 bodies that take 1 us in all. sum/100000: over so many elements.

`

// markdown writes the report.
func markdown(w io.Writer, s *results.Set) {
	fmt.Fprintf(w, "# Results\n\n")
	fmt.Fprintf(w, "Written by `%s`; do not edit. The work and the rivals are described in [bench](doc.go) and\n"+
		"[bench/rivals](rivals/doc.go).\n\n", s.Config("command"))
	writeMachine(w, s)
	fmt.Fprint(w, preface)
	fmt.Fprintf(w, "## Losses\n\n")
	writeMissed(w, s)
	writeLosses(w, s)
	fmt.Fprintf(w, "## Aims\n\n")
	writeAims(w, s)
	fmt.Fprintf(w, "## Beside the best\n\nThe project without any option, the best other way in Go, and the best of all others: how many times as fast\n"+
		"the project is.\n\n")
	writeBeside(w, s)
	fmt.Fprintf(w, "## Auto needs no knobs\n\nEach load with Auto, and with the best of Static, Dynamic and Guided x Grain 1, 16, 256 and n/64, in turn\n"+
		"with Auto; 4096 bodies. The best of twelve has luck on its side; the last column is what Auto beside Auto gives.\n\n")
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
		t.add("free machine?", fmt.Sprintf("two goroutines that only compute take %.3f of ideal (median; %.3f to %.3f): 1.00 on a machine that does nothing else, and above 1.02 something else had a share of it",
			results.Quantile(v, 0.5), slices.Min(v), slices.Max(v)))
	}
	t.writeTo(w)
}

// writeMissed writes the aims that are not reached, with the reasons.
func writeMissed(w io.Writer, s *results.Set) {
	t := table{head: []string{"aim that is missed", "aim", "median", "quartiles", "by", "why, and what was tried on an AMD EPYC (Zen 4)"}, left: true}
	measured := 0
	for _, a := range aims {
		x := a.figure(s)
		if len(x.rounds) == 0 {
			continue
		}
		measured++
		if a.met(x) {
			continue
		}
		figure, quartiles := a.print(x)
		t.add(a.work, a.text(), figure, quartiles, a.by(x), cmp.Or(a.missed, notKnown))
	}
	if len(t.rows) == 0 {
		fmt.Fprintf(w, "Of %d aims %d were measured, and none of these is missed.\n\n", len(aims), measured)
		return
	}
	t.writeTo(w)
}

// writeAims writes all aims.
func writeAims(w io.Writer, s *results.Set) {
	t := table{head: []string{"work", "aim", "median", "quartiles", "at"}}
	for _, a := range aims {
		x := a.figure(s)
		if len(x.rounds) == 0 {
			t.add(a.work, a.text(), "not measured", "", "")
			continue
		}
		text, quartiles := a.print(x)
		if !a.met(x) {
			text = "**" + text + "**"
		}
		t.add(a.work, a.text(), text, quartiles, x.where)
	}
	t.writeTo(w)
}
