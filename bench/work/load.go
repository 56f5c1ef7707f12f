package work

import (
	"fmt"
	"iter"
	"math"
	"time"
)

// A Shape says how the cost of a loop's bodies goes along the range.
type Shape struct {
	Name string
	// Cost is the cost of index i of n, in a unit that only has to be the same
	// for all of them; it is positive.
	Cost func(i, n int) int
}

// Shapes are the shapes of loads, the easiest first.
var Shapes = []Shape{
	{"even", func(int, int) int { return 1 }},
	// The pairs (i, j) with j <= i: the second half costs three times the first.
	{"triangular", func(i, _ int) int { return i + 1 }},
	// The other way round: the dearest first, which defeats who hands out much
	// at the beginning.
	{"reversed", func(i, n int) int { return n - i }},
	// One in a hundred costs a hundred times what the others do, and all of
	// these together half of the loop. They begin at 37 so that none is the
	// first of a block.
	{"heavy", func(i, _ int) int {
		if i%100 == 37 {
			return 100
		}
		return 1
	}},
	// Land and sea: the second half costs ten times the first, which defeats
	// who deals out blocks and never looks again.
	{"bimodal", func(i, n int) int {
		if i < n/2 {
			return 1
		}
		return 10
	}},
}

// A Load is a loop over [0, n) whose bodies take a known time and do nothing
// else.
type Load struct {
	Name  string        // of the shape
	Total time.Duration // of all bodies on one processor
	// Each does the work of index i. It is a closure, as users write them; the
	// value of a method would copy its receiver in each call, for 7 ns.
	Each  func(i int)
	turns []int
}

// Load returns a loop of n bodies with costs of shape s, which together take
// total. It panics if n is not positive.
func (s Shape) Load(n int, total time.Duration) Load {
	if n <= 0 {
		panic("work: load without a body")
	}
	sum := 0.0
	for i := range n {
		sum += float64(s.Cost(i, n))
	}
	// Rounded where one body ends and the next begins, so that no turn is lost.
	turns := make([]int, n)
	all, begin, cost := float64(Turns(total)), 0, 0.0
	for i := range n {
		cost += float64(s.Cost(i, n))
		end := int(math.Round(all * (cost / sum)))
		turns[i] = end - begin
		begin = end
	}
	return Load{Name: s.Name, Total: total, Each: func(i int) { Spin(turns[i]) }, turns: turns}
}

// Loads yields the loads of n bodies that are measured: all shapes, each of
// 0.1, 1 and 20 ms.
func Loads(n int) iter.Seq[Load] {
	return func(yield func(Load) bool) {
		for _, shape := range Shapes {
			for _, total := range []time.Duration{100 * time.Microsecond, time.Millisecond, 20 * time.Millisecond} {
				if !yield(shape.Load(n, total)) {
					return
				}
			}
		}
	}
}

// String returns the shape and the total, as in "even/0.1ms".
func (l Load) String() string { return fmt.Sprintf("%s/%gms", l.Name, l.Total.Seconds()*1e3) }

// Len returns the number of bodies.
func (l Load) Len() int { return len(l.turns) }

// Turns returns the number of turns of body i.
func (l Load) Turns(i int) int { return l.turns[i] }

// Range does the work of the indices [lo, hi).
func (l Load) Range(lo, hi int) {
	for _, turns := range l.turns[lo:hi] {
		Spin(turns)
	}
}

// Ideal returns the least time that so many workers need: an equal share of
// the total, or the longest body if that is more.
func (l Load) Ideal(workers int) time.Duration {
	all, longest := 0, 0
	for _, turns := range l.turns {
		all += turns
		longest = max(longest, turns)
	}
	if all == 0 {
		return 0
	}
	alone := float64(l.Total) * float64(longest) / float64(all)
	return max(l.Total/time.Duration(workers), time.Duration(alone))
}
