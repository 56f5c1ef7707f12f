package main

import (
	"image"
	"image/color"
	"math"
	"strconv"

	"github.com/parfor-go/parfor/examples/internal/pixels"
	"github.com/parfor-go/parfor/shmarray"
)

// Measures of the picture in pixels, and of the map.
const (
	width, height = 1000, 660
	middleX       = 524 // of 96 degrees west
	middleY       = 320 // of 38 degrees north, there
	perRadius     = 1180
	degree        = math.Pi / 180
)

// Indices into the palette.
const (
	mesh = pixels.First + iota // of the grid
	dark                       // of the first cluster; two colors for each
	bright
)

// frame is what of the picture is map.
var frame = image.Rect(64, 20, 980, 612)

// project returns the pixel of a place.
func project(lat, lon float64) (x, y int) {
	east, north := albers(lat, lon)
	return middleX + int(math.Round(perRadius*east)), middleY - int(math.Round(perRadius*north))
}

// albers returns where a place lies on a map, in radii of the Earth from 38 N
// 96 W: Albers' equal-area conic projection with the standard parallels 29.5 and
// 45.5 degrees, which is usual for this country (J. P. Snyder, Map Projections: A
// Working Manual, USGS Professional Paper 1395, 1987, page 100).
func albers(lat, lon float64) (east, north float64) {
	sin1, sin2 := math.Sin(29.5*degree), math.Sin(45.5*degree)
	n := (sin1 + sin2) / 2
	rho := func(lat float64) float64 { return math.Sqrt(1+sin1*sin2-2*n*math.Sin(lat*degree)) / n }
	sin, cos := math.Sincos(n * (lon + 96) * degree)
	return rho(lat) * sin, rho(38) - rho(lat)*cos
}

// draw paints the points in the color of their cluster, the airports in a
// brighter one, and a ring around each center.
func draw(c *clustering, points *shmarray.Array[float64], airports []vec) *image.Paletted {
	img := image.NewPaletted(image.Rect(0, 0, width, height), pixels.Palette(colors(c.centers)...))
	pixels.Fill(img, img.Rect, pixels.Background)
	inside := img.SubImage(frame).(*image.Paletted) // what is drawn there ends at the frame
	grid(img, inside)
	for i, label := range c.labels {
		x, y := project(vec(points.Row(i)).degrees())
		pixels.Fill(inside, image.Rect(x, y, x+1, y+1), dark+2*label)
	}
	for _, a := range airports {
		x, y := project(a.degrees())
		pixels.Fill(inside, image.Rect(x, y, x+2, y+2), bright+2*nearest(c.centers, a[:]))
	}
	for _, center := range c.centers {
		x, y := project(center.degrees())
		ring(img, x, y, 9, 5, pixels.Background)
		ring(img, x, y, 8, 6, pixels.Ink)
	}
	return img
}

// colors returns that of the grid, and a dark and a bright color for each cluster.
// Neighbours from west to east are far from one another on the circle of hues, and
// those who do not see hues see levels of lightness.
func colors(centers []vec) []color.Color {
	all := []color.Color{color.RGBA{0x3c, 0x36, 0x46, 0xff}}
	levels := levels(centers)
	for k, c := range centers {
		_, lon := c.degrees()
		rank := 0.0 // how many lie to the west
		for _, other := range centers {
			if _, l := other.degrees(); l < lon {
				rank++
			}
		}
		sin, cos := math.Sincos(2 * math.Pi * rank * 5 / 12)
		all = append(all,
			pixels.Oklab(0.36+0.09*levels[k], 0.08*cos, 0.08*sin),
			pixels.Oklab(0.65+0.12*levels[k], 0.09*cos, 0.09*sin))
	}
	return all
}

// levels returns 0, 1 or 2 for each center: the one whose nearest center, of those before
// it, is farthest.
func levels(centers []vec) []float64 {
	all := make([]float64, len(centers))
	for k := range centers {
		best := -1.0
		for level := range 3 {
			near := math.Inf(1)
			for j := range k {
				if all[j] == float64(level) {
					near = min(near, square(&centers[j], centers[k][:]))
				}
			}
			if near > best {
				all[k], best = float64(level), near
			}
		}
	}
	return all
}

// grid draws a frame and in it parallels and meridians, ten degrees apart, with
// their numbers at the left and at the bottom.
func grid(img, inside *image.Paletted) {
	pixels.Fill(img, frame.Inset(-1), pixels.Faint)
	pixels.Fill(img, frame, pixels.Background)
	for lat := 30.0; lat <= 50; lat += 10 {
		for lon := -150.0; lon < -40; lon++ {
			x0, y0 := project(lat, lon)
			x1, y1 := project(lat, lon+1)
			pixels.Line(inside, x0, y0, x1, y1, 1, mesh)
			if x0 < frame.Min.X && x1 >= frame.Min.X && y1 > frame.Min.Y {
				label(img, frame.Min.X-32, y0+(y1-y0)*(frame.Min.X-x0)/(x1-x0), strconv.Itoa(int(lat))+"N")
			}
		}
	}
	for lon := -140.0; lon < -50; lon += 10 {
		x0, y0 := project(20, lon)
		x1, y1 := project(60, lon) // a straight line
		pixels.Line(inside, x0, y0, x1, y1, 1, mesh)
		if x := x0 + (x1-x0)*(frame.Max.Y-y0)/(y1-y0); x > frame.Min.X && x < frame.Max.X {
			label(img, x, frame.Max.Y+20, strconv.Itoa(int(-lon))+"W")
		}
	}
}

// label writes text around a point.
func label(img *image.Paletted, x, y int, text string) {
	pixels.Write(img, x-pixels.Width(text, 2)/2, y-pixels.Height, text, 2, pixels.Ink)
}

func ring(img *image.Paletted, x, y, outer, inner int, c uint8) {
	for dy := -outer; dy <= outer; dy++ {
		for dx := -outer; dx <= outer; dx++ {
			if r := dx*dx + dy*dy; r <= outer*outer && r >= inner*inner {
				pixels.Fill(img, image.Rect(x+dx, y+dy, x+dx+1, y+dy+1), c)
			}
		}
	}
}
