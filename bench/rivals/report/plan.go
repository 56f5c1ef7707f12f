package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parfor-go/parfor/bench/rivals/internal/rounds"
)

// A part is benchmarks that are measured in one go, so that all ways of a case
// are close in time.
type part struct {
	// names are those of the benchmarks; pattern, if there is one, selects some of
	// what they have, and is for test binaries alone.
	names   []string
	pattern string
	cpu     int
	of      string // the kind of the programs that have them
	// times, if it is not 0, is how often each of them runs in a round, whatever time
	// was asked for: it takes longer than that, and once is too few, as the same loop
	// takes 280 ms and then 410.
	times int
}

// The kinds of programs: the rivals in and beyond Go, package bench, and that of
// the simulation.
const (
	others = "rivals"
	own    = "bench"
	model  = "simulate"
)

// parts are what is measured. What both have is taken from the rivals, but for
// memory, where the project's own are beside each other.
var parts = []part{
	{names: []string{"Control"}, cpu: 2, of: own},
	{names: []string{"Empty", "TrivialEach", "TrivialRange"}, cpu: 2, of: others},
	{names: []string{"Fine"}, cpu: 2, of: others},
	{names: []string{"Load"}, cpu: 2, of: others},
	{names: []string{"Mandelbrot"}, cpu: 2, of: others, times: 3},
	{names: []string{"ExpSin"}, cpu: 2, of: others, times: 3},
	{names: []string{"Distances"}, cpu: 2, of: others},
	{names: []string{"Reduce", "Pipe"}, cpu: 2, of: others},
	{names: []string{"Sweep", "FirstFill"}, cpu: 2, of: others},

	{names: []string{"Grain"}, cpu: 2, of: own},
	{names: []string{"Small", "Form", "Stream"}, cpu: 2, of: own},
	{names: []string{"Sweep", "FirstFill"}, cpu: 2, of: own},
	{names: []string{"Bulk", "BulkCreate"}, cpu: 2, of: own},
	{names: []string{"Reduce"}, pattern: "^BenchmarkReduce$/^/^/way=goroutine-shared-line", cpu: 2, of: own},
	{names: []string{"Empty"}, pattern: "^BenchmarkEmpty$/^/way=parmap-proc", cpu: 2, of: own},
	{names: []string{"Fine"}, pattern: "^BenchmarkFine$/^/way=parmap-proc", cpu: 2, of: own},
	{names: []string{"Trivial"}, pattern: "^BenchmarkTrivial$/^/way=parmap-proc", cpu: 2, of: own},
	{names: []string{"Load"}, pattern: "^BenchmarkLoad$/^/^/way=parmap-proc", cpu: 2, of: own},
	{names: []string{"Trivial", "Form", "Mandelbrot", "ExpSin"}, cpu: 1, of: own},
	{names: []string{"Model"}, cpu: 2, of: model},
}

// units returns what one round starts.
func units(programs []program, wanted func(name string) bool, benchtime string, short bool) (all []rounds.Unit) {
	for _, p := range parts {
		p.names = slices.DeleteFunc(slices.Clone(p.names), func(name string) bool { return !wanted(name) })
		if len(p.names) == 0 {
			continue
		}
		for _, prog := range programs {
			if prog.kind == p.of {
				all = append(all, prog.unit(p, benchtime, short))
			}
		}
	}
	return all
}

// A program prints benchmarks.
type program struct {
	name string
	argv []string
	env  []string
	kind string
	flag string // what its flags begin with
}

// unit is a start of p. What it does not have it passes over.
func (p program) unit(of part, benchtime string, short bool) rounds.Unit {
	names := strings.Join(of.names, "|")
	pattern := fmt.Sprintf("^Benchmark(%s)(/|$)", names)
	if of.pattern != "" {
		pattern = of.pattern
	}
	if _, err := time.ParseDuration(benchtime); err == nil && of.times > 0 {
		benchtime = fmt.Sprintf("%dx", of.times)
	}
	argv := append(p.argv[:len(p.argv):len(p.argv)],
		p.flag+"bench", pattern, p.flag+"benchtime", benchtime, p.flag+"cpu", strconv.Itoa(of.cpu))
	if short {
		argv = append(argv, p.flag+"short")
	}
	return rounds.Unit{Name: fmt.Sprintf("%s (%s)", strings.ReplaceAll(names, "|", ", "), p.name), Argv: argv, Env: p.env}
}
