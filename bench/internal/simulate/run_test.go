package simulate_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/bench/internal/simulate"
	"github.com/parfor-go/parfor/bench/work"
)

// parmaps are the policies that are schedules of parmap.
var parmaps = simulate.Policies[:5]

func loop(costs ...float64) simulate.Loop { return simulate.Loop{Costs: costs} }

// half returns the costs of as few bodies as Auto deals out to two workers: eight
// of one kind and eight of another.
func half(first, second float64) []float64 {
	return append(slices.Repeat([]float64{first}, 8), slices.Repeat([]float64{second}, 8)...)
}

// By hand. Where two workers ask at the same time, the first to decide is first.
func TestWithoutCostsTheMakespanIsThatOfTheBodies(t *testing.T) {
	for _, c := range []struct {
		policy  simulate.Policy
		costs   []float64
		want    float64
		chunks  int
		steals  int
		workers int
	}{
		{simulate.Auto, half(1, 1), 8, 16, 0, 2}, // a cell at a time
		{simulate.Static, []float64{1, 2, 3, 4}, 7, 2, 0, 2},
		{simulate.Dynamic, []float64{1, 2, 3, 4}, 6, 4, 0, 2}, // 1+3, 2+4
		{simulate.Guided, []float64{1, 2, 3, 4}, 6, 4, 0, 2},
		{simulate.Serial, []float64{1, 2, 3, 4}, 10, 1, 0, 2},
		{simulate.OpenMPStatic, []float64{1, 2, 3, 4}, 7, 2, 0, 2},
		{simulate.OpenMPGuided, []float64{1, 2, 3, 4}, 7, 3, 0, 2}, // 1+2 at once, 3+4
		{simulate.Ideal, []float64{1, 2, 3, 4}, 5, 0, 0, 2},
		{simulate.Ideal, []float64{1, 2, 9, 4}, 9, 0, 0, 2},
		{simulate.Auto, half(1, 10), 48, 16, 1, 2}, // 8x1 + 4x10, of the 7 left then, beside 4x10
		{simulate.Static, []float64{1, 1, 8, 8}, 16, 2, 0, 2},
		{simulate.OpenMPStatic, []float64{1, 1, 8, 8, 1}, 10, 2, 0, 2}, // 1+1+8, 8+1
		{simulate.Auto, []float64{5, 7}, 7, 2, 0, 9},
		{simulate.Dynamic, []float64{5, 7}, 7, 2, 0, 9},
	} {
		r := simulate.Run(loop(c.costs...), c.policy, c.workers, simulate.Machine{})
		name := fmt.Sprint(c.policy, c.costs)
		assert.Equal(t, c.want, r.Makespan, name)
		assert.Equal(t, c.chunks, r.Chunks, name)
		assert.Equal(t, c.steals, r.Steals, name)
	}
}

// A grain of two: Dynamic does 1+2 and 8 beside 3+4.
func TestGrainIsKept(t *testing.T) {
	l := simulate.Loop{Costs: []float64{1, 2, 3, 4, 8}, Grain: 2}
	r := simulate.Run(l, simulate.Dynamic, 2, simulate.Machine{})
	assert.Equal(t, 11., r.Makespan)
	assert.Equal(t, 3, r.Chunks)
	r = simulate.Run(l, simulate.OpenMPGuided, 2, simulate.Machine{})
	assert.Equal(t, 12., r.Makespan, "1+2+3 and 4+8, though half of two is one")
}

// By hand, with every step that costs.
func TestCostsAreWhereTheyBelong(t *testing.T) {
	m := simulate.Machine{Claim: 1, Transfer: 10, Handoff: 2, Offer: 3, Notice: 100}

	// The caller offers until 4 and has both bodies done at 106. The helper
	// signs in from 104 to 115 and finds nothing at 126; the caller has looked at
	// its slot at 117 and written the roll at 128; so it signs out at 137, which
	// the caller sees at 147.
	r := simulate.Run(loop(50, 50), simulate.Dynamic, 2, m)
	assert.Equal(t, simulate.Result{Workers: 2, Makespan: 147, Ideal: 50, Came: 2, Chunks: 2,
		Bodies: 100, Starting: 4 + 115, Claiming: 3 + 11, Ending: 40 + 21}, r)

	// The helper has the second body from 126 to 326, and its last claim at 337.
	r = simulate.Run(loop(200, 200), simulate.Dynamic, 2, m)
	assert.Equal(t, 358., r.Makespan)

	// The caller is done at 47 and retracts its offer.
	r = simulate.Run(loop(20, 20), simulate.Dynamic, 2, m)
	assert.Equal(t, simulate.Result{Workers: 2, Makespan: 59, Ideal: 20, Came: 1, Chunks: 2,
		Bodies: 40, Starting: 4 + 59, Claiming: 3, Ending: 12}, r)

	// Asleep, it would come at 1004.
	m.Parked, m.Wake, m.Arrive = true, 200, 800
	r = simulate.Run(loop(300, 300), simulate.Dynamic, 2, m)
	assert.Equal(t, 819., r.Makespan, "done at 807, its slots seen at 817")
	assert.Equal(t, 1, r.Came)
}

// Three at a cursor: what waits for a turn is handed over.
func TestACursorIsAQueue(t *testing.T) {
	m := simulate.Machine{Claim: 1, Transfer: 10, Handoff: 2}
	r := simulate.Run(loop(100, 100, 100), simulate.Dynamic, 3, m)
	assert.Equal(t, 168., r.Makespan)
	assert.Equal(t, 15.+12+26, r.Starting)
	assert.Equal(t, 11.+11+11+11+11+11, r.Claiming)
}

// The caller has done its bodies at 9, a claim each, steals half of the others at
// 10, and has done them at 413, with a claim before all but the first; it finds
// nothing more at 423. The helper comes at 12, has its first from 23 to 123 and
// its last to 426, and finds nothing more at 436.
func TestAStealReadsAndWrites(t *testing.T) {
	m := simulate.Machine{Claim: 1, Transfer: 10, Handoff: 2}
	r := simulate.Run(loop(half(0, 100)...), simulate.Auto, 2, m)
	assert.Equal(t, simulate.Result{Workers: 2, Makespan: 457, Ideal: 400, Came: 2, Chunks: 16, Steals: 1,
		Bodies: 800, Starting: 1 + 12, Claiming: 8 + 1 + 3 + 10 + 11 + 3 + 10, Ending: 34 + 21}, r)
}

func TestDealingComesBeforeTheOffers(t *testing.T) {
	m := simulate.Machine{Deal: 5}
	for _, p := range []simulate.Policy{simulate.Auto, simulate.Static} {
		assert.Equal(t, 30., simulate.Run(loop(make([]float64, 24)...), p, 3, m).Starting, p)
	}
	assert.Zero(t, simulate.Run(loop(make([]float64, 24)...), simulate.Guided, 3, m).Starting)
}

func TestOneWorkerTakesTheTotalAndItsClaims(t *testing.T) {
	m := simulate.Machine{Claim: 8, Load: 1, Transfer: 1000, Handoff: 1000, Offer: 1000, Notice: 1000, Deal: 1000}
	l := simulate.Shaped(work.Shapes[1], 100, 5050)
	for _, p := range parmaps {
		r := simulate.Run(l, p, 1, m)
		last := 1. // a look
		switch p {
		case simulate.Dynamic, simulate.Serial:
			last = 8
		case simulate.Auto: // one more, among all words
			last = 2
		}
		assert.InDelta(t, 5050+8*float64(r.Chunks)+last, r.Makespan, 1e-6, p)
		assert.Zero(t, r.Steals, p)
	}
	for _, p := range []simulate.Policy{simulate.OpenMPStatic, simulate.Ideal} {
		assert.InDelta(t, 5050, simulate.Run(l, p, 1, m).Makespan, 1e-6, p)
	}
}

// machines are some to hold invariants on.
func machines() map[string]simulate.Machine {
	parked, noisy := simulate.Measured, simulate.Measured
	parked.Parked = true
	noisy.Noise = simulate.Noise{Every: 10_000, Length: 3000, Seed: 1}
	return map[string]simulate.Machine{"free": {}, "measured": simulate.Measured, "parked": parked, "noisy": noisy}
}

// Run itself panics if an index runs twice or never.
func TestEveryRunAddsUp(t *testing.T) {
	for name, m := range machines() {
		for _, s := range work.Shapes {
			l := simulate.Shaped(s, 300, 2*time.Millisecond)
			for _, p := range simulate.Policies {
				for _, workers := range []int{1, 2, 7, 64, 257, 600} {
					r := simulate.Run(l, p, workers, m)
					what := fmt.Sprint(name, " ", s.Name, " ", p, " ", workers)
					all := float64(workers) * r.Makespan
					assert.InEpsilon(t, all, r.Bodies+r.Starting+r.Claiming+r.Ending+r.Paused, 1e-9, what)
					assert.GreaterOrEqual(t, r.Makespan, r.Ideal*(1-1e-9), what)
					assert.LessOrEqual(t, r.Efficiency(), 1+1e-9, what)
					assert.LessOrEqual(t, r.Came, workers, what)
					assert.LessOrEqual(t, r.Chunks, 300, what)
					for _, v := range []float64{r.Starting, r.Claiming, r.Ending, r.Paused} {
						assert.GreaterOrEqual(t, v, -1e-6*all, what)
					}
					assert.Equal(t, name == "noisy" && p != simulate.Ideal, r.Paused > 0, what)
				}
			}
		}
	}
}

// R. Graham, Bounds on multiprocessing timing anomalies, 1969: who hands the next
// body to whoever is free is within the longest body of an equal share.
func TestDynamicObeysGrahamsBound(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		l := loop(make([]float64, 1+random.IntN(60))...)
		l.Grain = 1
		for i := range l.Costs {
			l.Costs[i] = random.ExpFloat64() * 100
		}
		workers := 1 + random.IntN(12)
		r := simulate.Run(l, simulate.Dynamic, workers, simulate.Machine{})
		w := float64(workers)
		assert.LessOrEqual(t, r.Makespan, l.Total()/w+slices.Max(l.Costs)*(1-1/w)+1e-9)
	}
}

func TestTheSameRunHasTheSameBits(t *testing.T) {
	for name, m := range machines() {
		l := simulate.Shaped(work.Shapes[3], 400, 3*time.Millisecond)
		for _, p := range simulate.Policies {
			assert.Equal(t, simulate.Run(l, p, 33, m), simulate.Run(l, p, 33, m), "%s %v", name, p)
		}
	}
}

func TestNoiseGoesByItsSeed(t *testing.T) {
	m := simulate.Machine{Noise: simulate.Noise{Every: 1000, Length: 500, Seed: 1}}
	l := loop(slices.Repeat([]float64{100}, 10_000)...)
	one := simulate.Run(l, simulate.Static, 4, m)
	assert.InEpsilon(t, 0.5*one.Bodies, one.Paused, 0.1, "500 in each 1000 of work")
	m.Noise.Seed = 2
	assert.NotEqual(t, one.Makespan, simulate.Run(l, simulate.Static, 4, m).Makespan)
}

// Above the largest number of words Auto is Guided, and with few cells for each
// worker; otherwise it is not.
func TestAutoHasACursorForManyWorkersOrFewCells(t *testing.T) {
	run := func(p simulate.Policy, n, workers int) simulate.Result {
		return simulate.Run(simulate.Shaped(work.Shapes[1], n, 20*time.Millisecond), p, workers, simulate.Measured)
	}
	assert.NotEqual(t, run(simulate.Guided, 9000, 1024), run(simulate.Auto, 9000, 1024))
	assert.Equal(t, run(simulate.Guided, 9000, 1025), run(simulate.Auto, 9000, 1025))
	assert.NotEqual(t, run(simulate.Guided, 24, 3), run(simulate.Auto, 24, 3))
	assert.Equal(t, run(simulate.Guided, 23, 3), run(simulate.Auto, 23, 3))
	assert.Zero(t, run(simulate.Static, 9000, 1025).Steals)
}

// The model has to know sched's rule for victims. If that changes, most steals
// are from others than foreseen.
func TestTheModelForeseesVictims(t *testing.T) {
	for _, workers := range []int{3, 16, 64} {
		for _, s := range work.Shapes[1:] {
			l := simulate.Shaped(s, 2000, 20*time.Millisecond)
			for _, p := range []simulate.Policy{simulate.Auto, simulate.Static} {
				m := simulate.Measured
				m.Parked = p == simulate.Static // so that blocks are left
				r := simulate.Run(l, p, workers, m)
				assert.LessOrEqual(t, 20*r.Strayed, r.Steals, "%v %s %d", p, s.Name, workers)
				if p == simulate.Auto && s.Name != "heavy" {
					assert.Positive(t, r.Steals, "%v %s %d", p, s.Name, workers)
				}
			}
		}
	}
}

func TestThievesMissWhenTheyAreMany(t *testing.T) {
	l := simulate.Shaped(work.Shapes[4], 2000, 20*time.Millisecond)
	assert.Positive(t, simulate.Run(l, simulate.Auto, 128, simulate.Measured).Missed)
	assert.Zero(t, simulate.Run(l, simulate.Guided, 128, simulate.Measured).Missed)
}

func TestRunPanics(t *testing.T) {
	assert.PanicsWithValue(t, "simulate: loop without a body", func() {
		simulate.Run(simulate.Loop{}, simulate.Auto, 1, simulate.Machine{})
	})
	assert.PanicsWithValue(t, "simulate: no worker", func() {
		simulate.Run(loop(1), simulate.Auto, 0, simulate.Machine{})
	})
}
