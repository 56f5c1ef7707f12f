package work_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/bench/work"
)

func TestTheBodiesOfALoadAddUpToItsTotal(t *testing.T) {
	for _, shape := range work.Shapes {
		for _, n := range []int{1, 2, 7, 1000, 12_345} {
			for _, total := range []time.Duration{0, time.Microsecond, 100 * time.Microsecond, 20 * time.Millisecond} {
				l := shape.Load(n, total)
				assert.Equal(t, n, l.Len())
				sum, least := 0, 0
				for i := range n {
					sum += l.Turns(i)
					least = min(least, l.Turns(i))
				}
				assert.Equal(t, work.Turns(total), sum, "%s of %d", shape.Name, n)
				assert.Zero(t, least, "%s of %d", shape.Name, n)
			}
		}
	}
}

func TestTheBodiesOfALoadHaveTheCostsOfItsShape(t *testing.T) {
	const n = 1000
	total := 20 * time.Millisecond
	turns := func(d float64) float64 { return float64(work.Turns(total)) * d }
	for _, c := range []struct {
		shape string
		i     int
		want  float64 // of the total
	}{
		{"even", 0, 1. / 1000}, {"even", 999, 1. / 1000},
		{"triangular", 0, 1. / 500_500}, {"triangular", 999, 1000. / 500_500},
		{"reversed", 0, 1000. / 500_500}, {"reversed", 999, 1. / 500_500},
		{"heavy", 36, 1. / 1990}, {"heavy", 37, 100. / 1990}, {"heavy", 937, 100. / 1990},
		{"bimodal", 499, 1. / 5500}, {"bimodal", 500, 10. / 5500},
	} {
		assert.InDelta(t, turns(c.want), load(c.shape, n, total).Turns(c.i), 1, "%s at %d", c.shape, c.i)
	}
}

func TestIdealIsAnEqualShareOrTheLongestBody(t *testing.T) {
	total := 20 * time.Millisecond
	for _, shape := range work.Shapes {
		assert.InDelta(t, total, shape.Load(1000, total).Ideal(1), 1, shape.Name)
		assert.InDelta(t, total/2, shape.Load(1000, total).Ideal(2), 1, shape.Name)
		assert.InDelta(t, total, shape.Load(1, total).Ideal(8), 1, shape.Name)
	}
	assert.InDelta(t, float64(total)*100/1990, load("heavy", 1000, total).Ideal(1000), 100)
	assert.Zero(t, load("even", 10, 0).Ideal(2))
}

// A load does all its turns, in one range or in several.
func TestARangeOfALoadIsItsBodies(t *testing.T) {
	for _, shape := range work.Shapes {
		l := shape.Load(100, 10*time.Millisecond)
		each, parts := time.Hour, time.Hour
		for range 3 {
			start := time.Now()
			for i := range l.Len() {
				l.Each(i)
			}
			middle := time.Now()
			l.Range(0, 50)
			l.Range(50, 100)
			each, parts = min(each, middle.Sub(start)), min(parts, time.Since(middle))
		}
		assert.Greater(t, each, 5*time.Millisecond, shape.Name)
		assert.Greater(t, parts, 5*time.Millisecond, shape.Name)
	}
}

func TestLoadsAreAllShapesOfAllTotals(t *testing.T) {
	var names []string
	for l := range work.Loads(7) {
		assert.Equal(t, 7, l.Len())
		if names = append(names, l.String()); len(names) == 14 {
			break
		}
	}
	assert.Equal(t, []string{
		"even/0.1ms", "even/1ms", "even/20ms", "triangular/0.1ms", "triangular/1ms", "triangular/20ms",
		"reversed/0.1ms", "reversed/1ms", "reversed/20ms", "heavy/0.1ms", "heavy/1ms", "heavy/20ms",
		"bimodal/0.1ms", "bimodal/1ms",
	}, names)
}

func TestALoadWithoutABodyPanics(t *testing.T) {
	assert.PanicsWithValue(t, "work: load without a body", func() { work.Shapes[0].Load(0, time.Second) })
}

func load(shape string, n int, total time.Duration) work.Load {
	for _, s := range work.Shapes {
		if s.Name == shape {
			return s.Load(n, total)
		}
	}
	panic("no such shape: " + shape)
}
