package work

import "math"

// Rows is a matrix to fill row by row.
type Rows struct {
	Name    string
	N, Cols int
	// Fill sets all of row i, of Cols elements, whatever is in it.
	Fill func(i int, row []float64)
}

// Range fills the rows [lo, hi) of m, which is in row-major order.
func (r Rows) Range(m []float64, lo, hi int) {
	for i := lo; i < hi; i++ {
		r.Fill(i, r.Row(m, i))
	}
}

// Row returns row i of m.
func (r Rows) Row(m []float64, i int) []float64 { return m[i*r.Cols : (i+1)*r.Cols : (i+1)*r.Cols] }

// New returns a matrix for the rows, of zeros.
func (r Rows) New() []float64 { return make([]float64, r.N*r.Cols) }

// The sizes that are measured. Airports is the number of those in
// examples/distances.
const (
	MandelbrotSize  = 2048
	MandelbrotLimit = 100
	ExpSinSize      = 4000
	Airports        = 3376
)

// Mandelbrot is the square of size x size points around the Mandelbrot set,
// -2 to 0.5 by -1.25 to 1.25. An element is the number of iterations after
// which its point is known to be outside, or limit if it is not. The rows in the
// middle cost some twenty times those at the edges.
func Mandelbrot(size, limit int) Rows {
	const edge = 2.5
	return Rows{"mandelbrot", size, size, func(i int, row []float64) {
		im := edge / 2 * float64(2*i+1-size) / float64(size)
		for j := range row {
			re := -2 + edge/2*float64(2*j+1)/float64(size)
			row[j] = float64(escape(re, im, limit))
		}
	}}
}

// escape returns how many steps z*z + c stay within |z| <= 2, limit at most.
func escape(cr, ci float64, limit int) int {
	x, y := 0.0, 0.0
	for k := range limit {
		xx, yy := x*x, y*y
		if xx+yy > 4 {
			return k
		}
		x, y = xx-yy+cr, 2*x*y+ci
	}
	return limit
}

// ExpSin is a damped wave on a grid of size x size points, an exponential and
// a sine for each.
func ExpSin(size int) Rows {
	return Rows{"expsin", size, size, func(i int, row []float64) {
		y := float64(i) / float64(size)
		for j := range row {
			x := float64(j) / float64(size)
			row[j] = math.Exp(-x*y) * math.Sin(x+10*y)
		}
	}}
}

// earthRadius is the Earth's mean radius in km.
const earthRadius = 6371.0088

// Distances is the distances in km between n points that are spread evenly over
// the Earth, by the haversine formula. The first point is near the north pole,
// the last near the south pole.
func Distances(n int) Rows {
	type point struct{ lat, lon, cosLat float64 }
	points := make([]point, n)
	for i := range points {
		sinLat := 1 - float64(2*i+1)/float64(n)
		points[i] = point{
			lat:    math.Asin(sinLat),
			lon:    math.Pi * (3 - math.Sqrt(5)) * float64(i), // the golden angle
			cosLat: math.Sqrt(1 - sinLat*sinLat),
		}
	}
	return Rows{"distances", n, n, func(i int, row []float64) {
		p := points[i]
		for j, q := range points {
			sinLat := math.Sin((q.lat - p.lat) / 2)
			sinLon := math.Sin((q.lon - p.lon) / 2)
			h := sinLat*sinLat + p.cosLat*q.cosLat*sinLon*sinLon
			row[j] = 2 * earthRadius * math.Asin(math.Sqrt(min(h, 1)))
		}
	}}
}
