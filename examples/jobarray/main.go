// Jobarray simulates epidemics, a million of them, on one machine or as a job array on
// a cluster: see README.md. It has no code for either: batch.Main is all.
//
//	go build -o epidemics ./examples/jobarray
//	./epidemics plan spool
//	./epidemics submit spool
//
// The model is the stochastic SIR model: people meet at random, who is infected infects
// others, and recovers after a time that has an exponential distribution. It is simulated
// event by event (Gillespie, J. Phys. Chem. 81, 1977).
package main

import (
	"context"
	"flag"
	"math/rand/v2"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/batch"
	"github.com/parfor-go/parfor/parmap/proc"
	"github.com/parfor-go/parfor/shmarray"
)

type epidemicArgs struct {
	// Out has a row for each epidemic: the part of the people who were infected, the
	// largest part that were at one time, and how long it took, in recovery times.
	Out    *shmarray.Array[float64]
	People int
	Seed   uint64
}

var epidemics = parmap.NewKernel("epidemics", func(_ context.Context, lo, hi int, a epidemicArgs) error {
	n := a.Out.Shape()[0]
	for i := lo; i < hi; i++ {
		epidemic(parmap.Rand(a.Seed, i), a.People, reproduction(i, n), a.Out.Row(i))
	}
	return nil
})

// reproduction returns how many the first person infects on average in epidemic i of n:
// from 0.5 to 4.
func reproduction(i, n int) float64 { return 0.5 + 3.5*(float64(i)+0.5)/float64(n) }

// epidemic simulates one, and writes its row.
func epidemic(rng *rand.Rand, people int, reproduction float64, row []float64) {
	susceptible, infected, peak, time := people-1, 1, 1, 0.0
	for infected > 0 {
		infection := reproduction * float64(susceptible) / float64(people) // per infected person
		time += rng.ExpFloat64() / (float64(infected) * (infection + 1))
		if rng.Float64()*(infection+1) < infection {
			susceptible--
			infected++
			peak = max(peak, infected)
		} else {
			infected--
		}
	}
	row[0], row[1], row[2] = float64(people-susceptible)/float64(people), float64(peak)/float64(people), time
}

func main() {
	proc.WorkerMain()
	n := flag.Int("n", 1_000_000, "epidemics")
	people := flag.Int("people", 1000, "people in each")
	seed := flag.Uint64("seed", 1, "of the random numbers")
	flag.Parse()
	batch.Main(batch.Program[float64, epidemicArgs]{
		Kernel: epidemics, Shape: []int{*n, 3}, Version: "1",
		Args: func(out *shmarray.Array[float64]) (epidemicArgs, error) {
			return epidemicArgs{out, *people, *seed}, nil
		},
	})
}
