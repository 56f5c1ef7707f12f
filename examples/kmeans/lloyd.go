package main

import (
	"math"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/shmarray"
)

// settled is how little the centers move, in km, when the algorithm has
// converged.
const settled = 0.1

// A clustering is what the algorithm found.
type clustering struct {
	centers []vec
	labels  []uint8 // the cluster of each point
	sizes   []int   // how many points each cluster has
	rounds  int
	moved   float64 // how far the last round moved a center, in km
	rms     float64 // of the distances between points and their centers, in km
}

// lloyd divides the points into k clusters: it gives each point to the nearest
// center and moves the centers into the middle of their points, round after
// round (S. P. Lloyd, IEEE Trans. Inf. Theory 28, 1982, pages 129-137).
func lloyd(points *shmarray.Array[float64], k, rounds int, seed uint64, opts ...parmap.Option) *clustering {
	n := points.Shape()[0]
	c := &clustering{
		centers: seeds(points, k, seed, opts...),
		labels:  make([]uint8, n),
		sizes:   make([]int, k),
		moved:   math.Inf(1),
	}
	for c.rounds < rounds && c.moved >= settled {
		parmap.For(n, func(i int) {
			c.labels[i] = nearest(c.centers, points.Row(i))
		}, opts...)
		c.update(points, opts...)
		c.rounds++
	}
	return c
}

// nearest returns which center is nearest to a point, of several the first.
func nearest(centers []vec, point []float64) uint8 {
	best, least := 0, math.Inf(1)
	for k := range centers {
		if s := square(&centers[k], point); s < least {
			best, least = k, s
		}
	}
	return uint8(best)
}

// square returns the square of the length of the straight line between two places.
func square(v *vec, p []float64) float64 {
	x, y, z := v[0]-p[0], v[1]-p[1], v[2]-p[2]
	return x*x + y*y + z*z
}

// A part is what a chunk of the points adds to a cluster.
type part struct {
	sum     vec
	n       int
	squares float64
}

// update moves each center into the middle of its points. Reduce adds up the
// chunks in a fixed order: the last bits of the sums, and so all that follows
// from them, are the same for any number of workers.
func (c *clustering) update(points *shmarray.Array[float64], opts ...parmap.Option) {
	total := parmap.Reduce(len(c.labels), func(lo, hi int) []part {
		parts := make([]part, len(c.centers))
		for i := lo; i < hi; i++ {
			row, p := points.Row(i), &parts[c.labels[i]]
			for axis, x := range row {
				p.sum[axis] += x
			}
			p.n++
			p.squares += square(&c.centers[c.labels[i]], row)
		}
		return parts
	}, func(a, b []part) []part {
		for k := range a {
			for axis, x := range b[k].sum {
				a[k].sum[axis] += x
			}
			a[k].n += b[k].n
			a[k].squares += b[k].squares
		}
		return a
	}, opts...)
	squares := 0.0
	c.moved = 0
	for k, p := range total {
		squares += p.squares
		c.sizes[k] = p.n
		if p.n == 0 {
			continue // a center without points stays where it is
		}
		before := c.centers[k]
		c.centers[k] = p.sum.normal()
		c.moved = max(c.moved, earthRadius*math.Sqrt(square(&before, c.centers[k][:])))
	}
	c.rms = earthRadius * math.Sqrt(squares/float64(len(c.labels)))
}

// seeds chooses k points as the first centers by k-means++ (D. Arthur and
// S. Vassilvitskii, SODA 2007, pages 1027-1035): the first at random, each
// further one with a probability in proportion to the square of its distance
// from the nearest one so far.
//
// For that every point draws a time from the exponential distribution with this
// square as its rate, and the earliest point is chosen. So this is a Reduce too,
// and the random numbers belong to a point and not to a worker. Each choice has
// a seed of its own, all other than that of scatter.
func seeds(points *shmarray.Array[float64], k int, seed uint64, opts ...parmap.Option) []vec {
	n := points.Shape()[0]
	rate := make([]float64, n)
	for i := range rate {
		rate[i] = 1
	}
	var centers []vec
	for len(centers) < k {
		seed++
		chosen := parmap.Reduce(n, func(lo, hi int) event {
			first := event{lo, math.Inf(1)}
			for i := lo; i < hi; i++ {
				first = earlier(first, event{i, parmap.Rand(seed, i).ExpFloat64() / rate[i]})
			}
			return first
		}, earlier, opts...)
		center := vec(points.Row(chosen.point))
		parmap.For(n, func(i int) {
			s := square(&center, points.Row(i))
			if len(centers) == 0 || s < rate[i] {
				rate[i] = s
			}
		}, opts...)
		centers = append(centers, center)
	}
	return centers
}

// An event is that the time of a point has come.
type event struct {
	point int
	time  float64
}

// earlier returns the earlier event, a if both have the same time.
func earlier(a, b event) event {
	if b.time < a.time {
		return b
	}
	return a
}
