package main

import (
	"cmp"
	"math"
	"slices"
)

// A group is a run of neighbouring rows of the picture: the airports of a state.
type group struct {
	name    string
	members []int // indices of airports, in the order of the picture
	center  vec   // mean of the members' places, on the sphere
}

// tour orders the airports so that what is near in the order is near on the
// Earth: it travels from state to state on a short way through their centers,
// and through each state in the direction from the state before to the state
// after. Airports without a state ("" or "NA") come last. The order depends on the airports only.
func tour(airports []airport) []group {
	places := make([]vec, len(airports))
	byState := make(map[string]int)
	var states []group
	stray := group{name: "NA"}
	for i, a := range airports {
		places[i] = onSphere(a.lat, a.lon)
		if a.state == "" || a.state == "NA" {
			stray.members = append(stray.members, i)
			continue
		}
		k, ok := byState[a.state]
		if !ok {
			k = len(states)
			byState[a.state] = k
			states = append(states, group{name: a.state})
		}
		states[k].members = append(states[k].members, i)
		states[k].center = states[k].center.plus(places[i])
	}
	for k := range states {
		states[k].center = states[k].center.normal()
	}
	slices.SortFunc(states, func(a, b group) int { return cmp.Compare(a.name, b.name) })
	states = shortest(states)
	for k, s := range states {
		before, after := states[max(k-1, 0)], states[min(k+1, len(states)-1)]
		along := after.center.minus(before.center)
		slices.SortStableFunc(s.members, func(i, j int) int {
			return cmp.Compare(places[i].dot(along), places[j].dot(along))
		})
	}
	if len(stray.members) > 0 {
		states = append(states, stray)
	}
	return states
}

// A route is an order of states on a way through their centers.
type route []group

func (r route) way(i, j int) float64 { return r[i].center.minus(r[j].center).norm() }

func (r route) length() float64 {
	sum := 0.0
	for i := 1; i < len(r); i++ {
		sum += r.way(i-1, i)
	}
	return sum
}

// shortest looks for a short way through the states: from each of them on to the
// nearest one not yet visited, then improved; the best of these. It begins with
// the end that is farther from all the rest.
func shortest(states []group) route {
	var best route
	length := math.Inf(1)
	for first := range states {
		r := slices.Clone(route(states))
		r[0], r[first] = r[first], r[0]
		for i := 1; i < len(r); i++ {
			next := i
			for j := i + 1; j < len(r); j++ {
				if r.way(i-1, j) < r.way(i-1, next) {
					next = j
				}
			}
			r[i], r[next] = r[next], r[i]
		}
		r.improve()
		if l := r.length(); l < length-rounding {
			best, length = r, l
		}
	}
	var fromFirst, fromLast float64
	for i := range best {
		fromFirst += best.way(0, i)
		fromLast += best.way(len(best)-1, i)
	}
	if fromLast > fromFirst {
		slices.Reverse(best)
	}
	return best
}

// rounding is a gain too small to be one: taken for a gain, it could send
// improve round in circles.
const rounding = 1e-9

// improve reverses parts of the way for as long as that makes it shorter.
func (r route) improve() {
	for shorter := true; shorter; {
		shorter = false
		for i := range r {
			for j := i + 1; j < len(r); j++ {
				gain := 0.0
				if i > 0 {
					gain += r.way(i-1, i) - r.way(i-1, j)
				}
				if j+1 < len(r) {
					gain += r.way(j, j+1) - r.way(i, j+1)
				}
				if gain > rounding {
					slices.Reverse(r[i : j+1])
					shorter = true
				}
			}
		}
	}
}

// A vec is a place or a direction in space, in radii of the Earth.
type vec struct{ x, y, z float64 }

func onSphere(lat, lon float64) vec {
	sinLat, cosLat := math.Sincos(lat * math.Pi / 180)
	sinLon, cosLon := math.Sincos(lon * math.Pi / 180)
	return vec{cosLat * cosLon, cosLat * sinLon, sinLat}
}

func (a vec) plus(b vec) vec      { return vec{a.x + b.x, a.y + b.y, a.z + b.z} }
func (a vec) minus(b vec) vec     { return vec{a.x - b.x, a.y - b.y, a.z - b.z} }
func (a vec) dot(b vec) float64   { return a.x*b.x + a.y*b.y + a.z*b.z }
func (a vec) norm() float64       { return math.Sqrt(a.dot(a)) }
func (a vec) times(s float64) vec { return vec{a.x * s, a.y * s, a.z * s} }

// normal returns a with length 1, or zero for zero.
func (a vec) normal() vec {
	if r := a.norm(); r > 0 {
		return a.times(1 / r)
	}
	return a
}
