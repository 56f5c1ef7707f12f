package simulate

// A Result is one simulated run.
//
// The last five are sums over the workers, in ns: Workers*Makespan in all.
type Result struct {
	Workers  int
	Makespan float64 // from the call to its return, in ns
	Ideal    float64 // of the loop on as many workers
	Came     int     // workers that came before the end
	Chunks   int
	Steals   int // chunks out of another worker's word
	Missed   int // steals that came too late and began again
	Strayed  int // steals from another worker than the model had foreseen

	Bodies   float64
	Starting float64 // before the first claim; all of the run for those who never came
	Claiming float64 // in claims, the last, empty one included
	Ending   float64 // after the last claim: imbalance, and the join
	Paused   float64 // by Noise
}

// Efficiency returns which part of the workers' time went into bodies.
func (r Result) Efficiency() float64 { return r.Bodies / (float64(r.Workers) * r.Makespan) }

// OfIdeal returns how many times the ideal the run took, the figure of the
// measured benchmarks.
func (r Result) OfIdeal() float64 { return r.Makespan / r.Ideal }
