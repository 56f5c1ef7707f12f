package main

import (
	"image"
	"image/color"
	"math"

	"github.com/parfor-go/parfor/examples/internal/pixels"
	"github.com/parfor-go/parfor/parmap"
	"gonum.org/v1/gonum/mat"
)

// shades is the number of colors for escape times. The set is color 0.
const shades = 255

// palette returns colors for numbers that escape: from dark blue to white, to
// gold, and over red to dark blue again, so that they can be used in a circle.
func palette() color.Palette {
	night := color.RGBA{10, 16, 60, 0xff}
	return append(color.Palette{color.RGBA{6, 8, 20, 0xff}}, pixels.Gradient(shades,
		night,
		color.RGBA{30, 90, 170, 0xff},
		color.RGBA{150, 205, 230, 0xff},
		color.RGBA{252, 244, 214, 0xff},
		color.RGBA{246, 170, 50, 0xff},
		color.RGBA{130, 40, 40, 0xff},
		night)...)
}

// shade returns the color of an escape time: once around the circle for every
// tenfold, as times grow without bound towards the set.
func shade(time float64) uint8 {
	if time == 0 {
		return 0
	}
	turns := math.Log10(max(time, 1))
	return uint8(1 + (turns-math.Floor(turns))*shades)
}

// draw paints escape times, a pixel a cell.
func draw(times *mat.Dense, opts ...parmap.Option) *image.Paletted {
	rows, cols := times.Dims()
	img := image.NewPaletted(image.Rect(0, 0, cols, rows), palette())
	parmap.ForRows(times, func(i int, row []float64) {
		for j, time := range row {
			img.Pix[i*img.Stride+j] = shade(time)
		}
	}, opts...)
	return img
}
