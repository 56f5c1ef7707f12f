package simulate

import (
	"math"
	"slices"
	"time"

	"github.com/parfor-go/parfor/bench/work"
)

// A Loop is what is to be run: the time of each of its bodies on one processor.
type Loop struct {
	Name  string
	Costs []float64 // of body i, in ns; not negative
	Grain int       // as parmap.Grain
}

// Shaped returns a loop of n bodies with costs of shape s, which together take
// total. It panics if n is not positive.
func Shaped(s work.Shape, n int, total time.Duration) Loop {
	if n <= 0 {
		panic("simulate: loop without a body")
	}
	l := Loop{Name: s.Name, Costs: make([]float64, n)}
	sum := 0.0
	for i := range l.Costs {
		l.Costs[i] = float64(s.Cost(i, n))
		sum += l.Costs[i]
	}
	for i := range l.Costs {
		l.Costs[i] *= float64(total) / sum
	}
	return l
}

// Record runs body for each index of [0, n), in ascending order, as often as
// times says, and returns the loop of the shortest time of each: what disturbs
// a body can only make it longer. The time that the clock takes is subtracted.
func Record(name string, n, times int, body func(i int)) Loop {
	l := Loop{Name: name, Costs: shortest(n, times, body)}
	clock := slices.Min(shortest(100, times, func(int) {}))
	for i, c := range l.Costs {
		l.Costs[i] = max(0, c-clock)
	}
	return l
}

// RecordRows is Record for the filling of a matrix. It runs through it once
// before: the first touch of the memory is another matter.
func RecordRows(r work.Rows, times int) Loop {
	m := r.New()
	r.Range(m, 0, r.N)
	return Record(r.Name, r.N, times, func(i int) { r.Fill(i, r.Row(m, i)) })
}

// shortest returns the shortest of the times of each body, in ns.
func shortest(n, times int, body func(i int)) []float64 {
	costs := slices.Repeat([]float64{math.Inf(1)}, n)
	for range times {
		last := time.Now()
		for i := range costs {
			body(i)
			now := time.Now()
			costs[i] = min(costs[i], float64(now.Sub(last)))
			last = now
		}
	}
	return costs
}

// Total returns the time of all bodies, one after the other.
func (l Loop) Total() float64 {
	sum := 0.0
	for _, c := range l.Costs {
		sum += c
	}
	return sum
}

// Ideal returns the least time that so many workers need if nothing but bodies
// takes any: an equal share of the total, or the longest body if that is more.
func (l Loop) Ideal(workers int) float64 {
	return max(l.Total()/float64(workers), slices.Max(l.Costs))
}
