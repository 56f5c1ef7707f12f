package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/shmarray"
)

const earthRadius = 6371.0088 // km; of sphere.go in ../distances

// A vec is a place on the unit sphere. There a mean of places is what it should
// be: a degree of longitude is 101 km at the tip of Florida and 73 at the border
// of Canada, and in degrees the two sides of the date line are far apart.
type vec [3]float64

func onSphere(lat, lon float64) vec {
	sinLat, cosLat := math.Sincos(lat * math.Pi / 180)
	sinLon, cosLon := math.Sincos(lon * math.Pi / 180)
	return vec{cosLat * cosLon, cosLat * sinLon, sinLat}
}

func (v vec) degrees() (lat, lon float64) {
	return math.Atan2(v[2], math.Hypot(v[0], v[1])) * 180 / math.Pi, math.Atan2(v[1], v[0]) * 180 / math.Pi
}

// normal returns the place on the sphere in the direction of v.
func (v vec) normal() vec {
	r := math.Sqrt(v[0]*v[0] + v[1]*v[1] + v[2]*v[2])
	return vec{v[0] / r, v[1] / r, v[2] / r}
}

// readAirports reads a table of codes, latitudes and longitudes.
func readAirports(table string) ([]vec, error) {
	var airports []vec
	_, rows, _ := strings.Cut(table, "\n") // after the header
	for row := range strings.Lines(rows) {
		_, place, _ := strings.Cut(row, ",") // after the code
		var lat, lon float64
		if _, err := fmt.Sscanf(place, "%f,%f\n", &lat, &lon); err != nil {
			return nil, fmt.Errorf("airports.csv: %q: %w", row, err)
		}
		airports = append(airports, onSphere(lat, lon))
	}
	return airports, nil
}

func copyPoints(points *shmarray.Array[float64], places []vec) {
	for i, p := range places {
		copy(points.Row(i), p[:])
	}
}

// scatter makes each point from a place chosen at random and a step away from
// it, whose two parts along the sphere have a standard deviation of 25 km.
func scatter(points *shmarray.Array[float64], places []vec, seed uint64, opts ...parmap.Option) {
	const step = 25 / earthRadius
	parmap.For(points.Shape()[0], func(i int) {
		rng := parmap.Rand(seed, i)
		p := places[rng.IntN(len(places))]
		for axis := range p {
			p[axis] += step * rng.NormFloat64()
		}
		p = p.normal()
		copy(points.Row(i), p[:])
	}, opts...)
}
