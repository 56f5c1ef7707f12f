package main

import "math"

// earthRadius is the mean radius R1 = (2a+b)/3 of the Earth in km, of the
// International Union of Geodesy and Geophysics (H. Moritz, Geodetic Reference
// System 1980, Journal of Geodesy 74, 2000, pages 128-133: 6371008.7714 m).
const earthRadius = 6371.0088

// A point is an airport's place in the form that the distance needs.
type point struct {
	lat, lon, cosLat float64 // radians
}

func pointsOf(airports []airport) []point {
	p := make([]point, len(airports))
	for i, a := range airports {
		lat := a.lat * math.Pi / 180
		p[i] = point{lat: lat, lon: a.lon * math.Pi / 180, cosLat: math.Cos(lat)}
	}
	return p
}

// distance returns the great-circle distance of two points in km by the
// haversine formula, which stays accurate for close neighbours.
func distance(p, q point) float64 {
	sinLat := math.Sin((q.lat - p.lat) / 2)
	sinLon := math.Sin((q.lon - p.lon) / 2)
	h := sinLat*sinLat + p.cosLat*q.cosLat*sinLon*sinLon
	return 2 * earthRadius * math.Asin(math.Sqrt(min(h, 1))) // rounding may pass 1 at the antipode
}

// distancesFrom fills row with the distances from point i to every point.
func distancesFrom(i int, p []point, row []float64) {
	for j := range row {
		row[j] = distance(p[i], p[j])
	}
}
