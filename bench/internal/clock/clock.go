// Package clock measures inside a benchmark what testing.B cannot: a part of
// each iteration, and a parallel loop beside the sequential one.
//
// The times of one machine differ from minute to minute by more than what is
// compared here. So both loops have their turn in every iteration, and what is
// reported is the median over the iterations: of the time, as ns/op in place of
// the mean of everything, and of the ratio.
//
// The timer of testing.B stays out of it: stopping and starting it stops all
// goroutines, which is more than some of the loops take.
package clock

import (
	"flag"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Run is b.Run for a benchmark without others in it. With a list after -cpu,
// package testing runs such a benchmark for the first number of processors on as
// many as the one before has left, which is the last number (go.dev/issue/49980);
// Run sets them right.
func Run(b *testing.B, name string, f func(b *testing.B)) {
	first, _, _ := strings.Cut(flag.Lookup("test.cpu").Value.String(), ",")
	if n, err := strconv.Atoi(strings.TrimSpace(first)); err == nil {
		runtime.GOMAXPROCS(n)
	}
	b.Run(name, f)
}

// A Pair is a loop in two forms that do the same work.
type Pair struct {
	Sequential, Parallel func()
	// Workers is the number of workers of Parallel; 0 is for loops too small to
	// share, which no number of them makes faster.
	Workers int
	// Calls is the number of calls of each in one iteration, one form after
	// the other; 0 means one.
	Calls int
	// Hot lets a call of Parallel that is not timed go before: the loop
	// follows another.
	Hot bool
	// Default is a third form, which has its turn too; it may be nil.
	Default func()
	// Before runs before each call that is timed, of all forms, and is not
	// timed; it may be nil.
	Before func()
}

// Run reports the time of Parallel, as ns/op, and as of-ideal how many times
// its ideal that is: the time of Sequential divided by Workers. Without Workers
// it reports as of-sequential how many times the time of Sequential it is. With
// Default it also reports as of-default how many times the time of that it is.
func (p Pair) Run(b *testing.B) {
	unit := "of-ideal"
	if p.Workers == 0 {
		unit = "of-sequential"
	}
	calls, workers := max(1, p.Calls), float64(max(1, p.Workers))
	parallel := func(form func()) float64 {
		if p.Hot {
			form()
		}
		return since(form, calls, p.Before)
	}
	var times, ratios, ofDefault []float64
	for b.Loop() {
		sequential := since(p.Sequential, calls, p.Before)
		took := parallel(p.Parallel)
		times = append(times, took/float64(calls))
		ratios = append(ratios, took*workers/sequential)
		if p.Default != nil {
			ofDefault = append(ofDefault, took/parallel(p.Default))
		}
	}
	b.ReportMetric(median(times), "ns/op")
	b.ReportMetric(median(ratios), unit)
	if p.Default != nil {
		b.ReportMetric(median(ofDefault), "of-default")
	}
}

// Part reports the time of call alone, as ns/op and for that many bytes as MB/s,
// in iterations of before, call and after.
func Part(b *testing.B, nbytes int, before, call, after func()) {
	var times []float64
	for b.Loop() {
		before()
		times = append(times, since(call, 1, nil))
		after()
	}
	t := median(times)
	b.ReportMetric(t, "ns/op")
	b.ReportMetric(float64(nbytes)/t*1e3, "MB/s")
}

// Control measures the machine: as many goroutines as workers, each of which
// calls spin, against one that calls it as often. An of-ideal above 1.02 says
// that something else has a share of the processors, and that what else was
// measured in that minute is worth little.
func Control(b *testing.B, workers int, spin func()) {
	Pair{
		Sequential: func() {
			for range workers {
				spin()
			}
		},
		Parallel: func() {
			var wg sync.WaitGroup
			for range workers {
				wg.Go(spin)
			}
			wg.Wait()
		},
		Workers: workers,
	}.Run(b)
}

// since returns the nanoseconds of so many calls of f, without those of before.
// It is never 0, also where the clock is coarse.
func since(f func(), calls int, before func()) float64 {
	total := time.Duration(0)
	if before == nil {
		start := time.Now()
		for range calls {
			f()
		}
		total = time.Since(start)
	} else {
		for range calls {
			before()
			start := time.Now()
			f()
			total += time.Since(start)
		}
	}
	return float64(max(total, 1))
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
