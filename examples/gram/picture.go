package main

import (
	"image"
	"image/color"
	"math"
	"strconv"

	"github.com/parfor-go/parfor/examples/internal/pixels"
)

// Measures of the picture in pixels.
const (
	width, height            = 960, 560
	top, left, right, bottom = 60, 96, 40, 76
)

// Indices into the palette: a color for each width, which differ in lightness too, and
// that of the rounding.
const (
	first    = pixels.First
	rounding = first + 3
)

// draw paints the absolute values on a logarithmic scale, in the order of the
// eigenvalues from the largest on. Those below zero are hollow. The line is at
// the size of rounding errors.
func draw(all [][]float64) *image.Paletted {
	img := image.NewPaletted(image.Rect(0, 0, width, height), pixels.Palette(
		color.RGBA{0xa6, 0xdc, 0xf0, 0xff},
		color.RGBA{0xe8, 0xa3, 0x5c, 0xff},
		color.RGBA{0x9a, 0x66, 0xd4, 0xff},
		color.RGBA{0x8a, 0x84, 0x90, 0xff}))
	pixels.Fill(img, img.Rect, pixels.Background)
	n := float64(len(all[0]))
	p := newPlot(img, n)
	labels(p, n)
	for w, values := range all {
		for k, v := range values {
			if v == 0 {
				continue // has no logarithm
			}
			x, y := p.X(float64(k+1)), p.Y(max(math.Log10(math.Abs(v)), p.Y0))
			pixels.Fill(img, image.Rect(x-2, y-2, x+2, y+2), first+uint8(w))
			if v < 0 {
				pixels.Fill(img, image.Rect(x-1, y-1, x+1, y+1), pixels.Background)
			}
		}
	}
	return img
}

// newPlot returns the plot of n eigenvalues, on scales that depend on n alone: they reach
// five powers of ten or more below the size of rounding errors, which is far enough.
func newPlot(img *image.Paletted, n float64) *pixels.Plot {
	return &pixels.Plot{
		Img: img, Rect: image.Rect(left, top, width-right, height-bottom),
		X1: n, Y0: math.Floor((math.Log10(n*epsilon)-5)/3) * 3, Y1: math.Ceil(math.Log10(n)),
	}
}

// labels draws the axes, the line at the size of rounding errors, and what the
// colors mean.
func labels(p *pixels.Plot, n float64) {
	write := func(x, y int, text string, c uint8) { pixels.Write(p.Img, x, y, text, 2, c) }
	p.Axes()
	p.TicksX()
	for e := p.Y0; e <= p.Y1; e += 3 {
		p.TickY(e, "1E"+strconv.Itoa(int(e)))
	}
	write(24, 30, "EIGENVALUE", pixels.Ink)
	const below = "NUMBER, FROM THE LARGEST ON"
	write((left+width-right-pixels.Width(below, 2))/2, height-26, below, pixels.Ink)
	y := p.Y(math.Log10(n * epsilon))
	pixels.Line(p.Img, left, y, p.Rect.Max.X-1, y, 1, rounding)
	write(p.X(n/4), y-8-pixels.Height*2, "ROUNDING", rounding)
	x := width - right - len(widths)*110 - 140
	write(x-80, 30, "WIDTH", pixels.Ink)
	for w, v := range widths {
		pixels.Fill(p.Img, image.Rect(x, 30, x+14, 44), first+uint8(w))
		write(x+24, 30, strconv.FormatFloat(v, 'f', -1, 64), pixels.Ink)
		x += 110
	}
	pixels.Fill(p.Img, image.Rect(x, 30, x+14, 44), pixels.Ink)
	pixels.Fill(p.Img, image.Rect(x+4, 34, x+10, 40), pixels.Background)
	write(x+24, 30, "BELOW 0", pixels.Ink)
}
