package main

import "strings"

// An example is a program in examples, and what is shown of it. The text is the first
// paragraph of its README.
type example struct {
	name     string
	title    string
	args     []string
	pictures []shown
	excerpts []excerpt
}

// A shown picture is a file that the program writes.
type shown struct {
	file    string
	alt     string // "": that of the README's picture of this name
	caption string // "": none
}

// An excerpt is a function, or of its statements the one that calls call.
type excerpt struct{ file, function, call string }

// list is the page from top to bottom.
var list = []example{
	{
		name:     "distances",
		title:    "One changed line",
		pictures: []shown{{file: "distances.png", alt: "Distances between 3376 airports, state by state from the Pacific islands to the Virgin Islands"}},
		excerpts: []excerpt{{file: "main.go", function: "sequential"}, {file: "main.go", function: "parallel"}},
	},
	{
		name:  "mandelbrot",
		title: "Rows of very different cost",
		args:  []string{"-timeline", "rows"},
		pictures: []shown{
			{file: "mandelbrot.png"},
			{
				file:    "rows-static.svg",
				alt:     "Timeline of the workers with one block of rows each: one is done early and waits",
				caption: "parmap.Static: each worker has a block of rows, and one waits for the other.",
			},
			{
				file:    "rows-auto.svg",
				alt:     "Timeline of the workers by default: all are busy to the end",
				caption: "parmap.Auto, the default: who has finished takes rows from who has not.",
			},
		},
		excerpts: []excerpt{{file: "main.go", function: "parallel"}},
	},
	{
		name:     "heat",
		title:    "Four thousand short loops",
		pictures: []shown{{file: "heat.gif"}},
		excerpts: []excerpt{{file: "main.go", function: "parallel"}},
	},
	{
		name:     "bootstrap",
		title:    "Random numbers that belong to an index",
		args:     []string{"-check"},
		pictures: []shown{{file: "bootstrap.png"}},
		excerpts: []excerpt{{file: "main.go", function: "means"}},
	},
	{
		name:     "kmeans",
		title:    "Sums with the same last bits",
		args:     []string{"-check"},
		pictures: []shown{{file: "kmeans.png"}},
		excerpts: []excerpt{{file: "lloyd.go", function: "lloyd", call: "For"}, {file: "lloyd.go", function: "update", call: "Reduce"}},
	},
	{
		name:     "gram",
		title:    "Half of a matrix, tile by tile",
		args:     []string{"-check"},
		pictures: []shown{{file: "gram.png"}},
		excerpts: []excerpt{{file: "main.go", function: "gram"}},
	},
	{
		name:     "live",
		title:    "An array that Python watches",
		args:     []string{"-fine", "2", "-check", "-png", "live.png"},
		pictures: []shown{{file: "live.png"}},
		excerpts: []excerpt{{file: "main.go", function: "fill"}},
	},
	{
		name:     "sweep",
		title:    "Bodies that crash, hang and take all memory",
		pictures: []shown{{file: "sweep.png", alt: "A grid of starts, blue to light green where the fit succeeded, and red, orange and violet regions where it crashed, hung or took all memory"}},
		excerpts: []excerpt{{file: "main.go", function: "inProcesses"}},
	},
}

// command is what a user types.
func (e example) command() string {
	return strings.Join(append([]string{"go run ./examples/" + e.name}, e.args...), " ")
}
