// Bootstrap computes a confidence interval of the mean arrival delay of flights
// by resampling, once on one worker and once on all, and gets the same digits.
//
//	go run ./examples/bootstrap
//
// The loop is in the function means: each resample draws from random numbers of
// its own.
package main

import (
	_ "embed"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/parfor-go/parfor/examples/internal/pixels"
	"github.com/parfor-go/parfor/parmap"
)

//go:embed delays.csv
var table string // minutes, and how many flights were late by so much

// config is what the flags say.
type config struct {
	resamples, workers int
	seed               uint64
	check              bool
	out                string
}

func main() {
	var c config
	flag.IntVar(&c.resamples, "resamples", 10_000, "how often the flights are drawn anew")
	flag.Uint64Var(&c.seed, "seed", 1, "of the random numbers")
	flag.IntVar(&c.workers, "workers", 0, "most resamples drawn at once in the second run; 0: PARFOR_WORKERS or else GOMAXPROCS")
	flag.BoolVar(&c.check, "check", false, "compute the means in a plain loop too, and compare bit by bit")
	flag.StringVar(&c.out, "o", "bootstrap.png", "`file` for the picture")
	flag.Parse()
	if flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(c, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bootstrap:", err)
		os.Exit(1)
	}
}

// means returns the mean delay of each resample. Parmap.Rand gives resample i the
// same random numbers, whoever draws it and when. A generator for each worker
// would give other means with another number of workers.
func means(delays []int16, resamples int, seed uint64, opts ...parmap.Option) []float64 {
	all := make([]float64, resamples)
	parmap.For(resamples, func(i int) {
		all[i] = resample(delays, parmap.Rand(seed, i))
	}, opts...)
	return all
}

// resample draws as many flights as there are, with replacement, and returns the
// mean of their delays.
func resample(delays []int16, rng *rand.Rand) float64 {
	sum := 0
	for range delays {
		sum += int(delays[rng.IntN(len(delays))])
	}
	return float64(sum) / float64(len(delays))
}

// percentile returns the bootstrap percentile interval at the level 1-2*alpha:
// the k-th smallest and the k-th largest of the sorted means, k being the whole
// part of alpha*(resamples+1). See B. Efron and R. J. Tibshirani, An Introduction
// to the Bootstrap, 1993, chapter 13.
func percentile(sorted []float64, alpha float64) (lo, hi float64) {
	k := max(int(alpha*float64(len(sorted)+1)), 1)
	return sorted[k-1], sorted[len(sorted)-k]
}

// readDelays returns the delay of each flight.
func readDelays(table string) ([]int16, error) {
	var delays []int16
	_, rows, _ := strings.Cut(table, "\n") // after the header
	for row := range strings.Lines(rows) {
		var minutes int16
		var flights uint16
		if _, err := fmt.Sscanf(row, "%d,%d\n", &minutes, &flights); err != nil {
			return nil, fmt.Errorf("delays.csv: %q: %w", row, err)
		}
		delays = append(delays, slices.Repeat([]int16{minutes}, int(flights))...)
	}
	return delays, nil
}

func run(c config, stdout io.Writer) error {
	if c.resamples < 1 {
		return fmt.Errorf("-resamples %d: want 1 or more", c.resamples)
	}
	if c.workers < 0 {
		return fmt.Errorf("-workers %d: negative", c.workers)
	}
	delays, err := readDelays(table)
	if err != nil {
		return err
	}
	begin := time.Now()
	one := means(delays, c.resamples, c.seed, parmap.Workers(1))
	middle := time.Now()
	all := means(delays, c.resamples, c.seed, parmap.Workers(c.workers))
	end := time.Now()

	who := "all workers"
	if c.workers > 0 {
		who = fmt.Sprintf("%d workers", c.workers)
	}
	s, t := summarize(delays, one), summarize(delays, all)
	fmt.Fprintf(stdout, "flights      %d, mean arrival delay %.3f minutes\n", len(delays), s.mean)
	fmt.Fprintf(stdout, "resamples    %d\n", c.resamples)
	fmt.Fprintf(stdout, "one worker   95 %% from %v to %v minutes, in %v\n", s.lo, s.hi, middle.Sub(begin).Round(time.Millisecond))
	fmt.Fprintf(stdout, "%-12s 95 %% from %v to %v minutes, in %v\n", who, t.lo, t.hi, end.Sub(middle).Round(time.Millisecond))
	if err := sameBits(all, one); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "equal        all %d means, bit by bit\n", c.resamples)
	if c.check {
		loop := make([]float64, c.resamples)
		for i := range loop {
			loop[i] = resample(delays, parmap.Rand(c.seed, i))
		}
		if err := sameBits(all, loop); err != nil {
			return fmt.Errorf("check: %w", err)
		}
		fmt.Fprintf(stdout, "check        the same bits as a plain loop\n")
	}
	fmt.Fprintf(stdout, "normal       95 %% from %.5f to %.5f minutes, by the central limit theorem\n", s.mean-1.96*s.stderr, s.mean+1.96*s.stderr)
	if err := pixels.Save(c.out, draw(s)); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "picture      %s\n", c.out)
	return nil
}

// A summary is what the resampled means tell, and what is to be seen of them.
type summary struct {
	sorted       []float64 // the means
	lo, hi       float64   // the interval
	mean, stderr float64   // of the flights themselves
}

func summarize(delays []int16, means []float64) summary {
	s := summary{sorted: slices.Sorted(slices.Values(means))}
	s.lo, s.hi = percentile(s.sorted, 0.025)
	for _, d := range delays {
		s.mean += float64(d)
	}
	n := float64(len(delays))
	s.mean /= n
	squares := 0.0
	for _, d := range delays {
		squares += (float64(d) - s.mean) * (float64(d) - s.mean)
	}
	s.stderr = math.Sqrt(squares / (n - 1) / n)
	return s
}

// sameBits returns an error that names the first mean in which two runs differ.
func sameBits(got, want []float64) error {
	for i := range want {
		if math.Float64bits(got[i]) != math.Float64bits(want[i]) {
			return fmt.Errorf("resample %d: mean %v in parallel, %v sequentially", i, got[i], want[i])
		}
	}
	return nil
}
