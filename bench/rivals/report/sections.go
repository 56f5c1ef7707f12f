package main

import (
	"cmp"
	"fmt"
	"io"
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
	split            func(name string) string // cases for which it returns the same share a table
}

var sections = []section{
	{
		title: "Overhead",
		text: "Two empty bodies, one loop after the other: what it costs to ask for help. Where nobody has to come, the\n" +
			"caller does both; OpenMP's threads always meet. Then bodies that store one number.",
		picture: "overhead.png",
		works: []shownWork{
			{work: "Empty", unit: "ns/op", cases: []string{""}, rivals: true},
			{work: "TrivialEach", unit: "ns/op", text: "One call of the body for each index:", rivals: true},
			{work: "TrivialRange", unit: "ns/op", text: "The body has the loop over its range:", rivals: true},
			{work: "Empty", unit: "ns/op", cases: []string{"2", "64"}, text: "In worker processes, two and 64 empty bodies:"},
			{work: "Trivial", unit: "ns/op", text: "In worker processes, 1000 and 100,000 bodies that store one number:"},
		},
	},
	{
		title: "Fine loops",
		text: "Twenty bodies of 5 us, of ideal, with gaps in which the program does something else on one goroutine. After\n" +
			"2 ms helpers and threads are asleep, but for OpenMP's, which are told to stay awake.",
		works: []shownWork{{work: "Fine", unit: "of-ideal", rivals: true}},
	},
	{
		title:   "Balance",
		text:    "A thousand bodies of even and uneven cost, of ideal.",
		picture: "balance.png",
		works:   []shownWork{{work: "Load", unit: "of-ideal", rivals: true, split: lastPart}},
	},
	{
		title: "Matrices",
		text:  "Each body does a row. Of ideal, where the sequential loop is one in the same language.",
		works: []shownWork{
			{work: "Mandelbrot", unit: "of-ideal", rivals: true, text: "Mandelbrot set, 2048 x 2048:"},
			{work: "ExpSin", unit: "of-ideal", rivals: true, text: "exp(-xy) sin(x+10y), 4000 x 4000:"},
			{work: "Distances", unit: "of-ideal", rivals: true, text: "Distances between 3376 points:"},
		},
	},
	{
		title: "Sums and streams",
		works: []shownWork{
			{work: "Reduce", unit: "MB/s", rivals: true, text: "Sums over 100,000 elements, and over 128 MiB; to an element of a slice for each goroutine (shared-line) is the usual mistake:"},
			{work: "Pipe", unit: "of-ideal", rivals: true, text: "Items in order, of 1 us and of 100 us, of ideal:"},
			{work: "Stream", unit: "of-ideal", text: "The same, and in the order in which they are done:"},
		},
	},
	{
		title: "Memory",
		text: "STREAM's four loops over vectors of 512 MiB, in the heap, in memory that processes share, in private memory and\n" +
			"in .npy files; the first fill of 1 GiB; and what goes past the caches. Go's heap lays the three vectors exactly\n" +
			"512 MiB apart, where lines of all three compete for the same places in this processor's first cache. C's malloc\n" +
			"lays them a page further, shmarray a huge page.",
		picture: "bandwidth.png",
		works: []shownWork{
			{work: "Sweep", unit: "MB/s", rivals: true, split: firstPart},
			{work: "FirstFill", unit: "MB/s", rivals: true},
			{work: "Bulk", unit: "MB/s", text: "512 MiB that are there already; a copy counts what it reads and what it writes:"},
			{work: "BulkCreate", unit: "MB/s", text: "512 MiB of a new array, counted once:"},
		},
	},
	{
		title: "Forms and small loops",
		works: []shownWork{
			{work: "Form", unit: "of-ideal", text: "One loop by hand, and with closures, of ideal:"},
			{work: "Small", unit: "of-sequential", text: "Loops too small to share, of the sequential loop's time (the aim is about the difference of the two):", split: firstPart},
		},
	},
	{
		title: "One worker",
		text:  "What a parallel loop costs where there is nothing to gain: the time over that of the sequential loop.",
		works: []shownWork{
			{work: "Trivial", unit: "ns/op", workers: 1, text: "Bodies that store one number, as times; what is not sequential is unrolled, and can be faster:"},
			{work: "Form", unit: "of-ideal", workers: 1, text: "One loop by hand, and with closures:"},
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
