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
	width, height = 960, 540
	top           = 76 // holds the ends of the interval
	left          = 84
	right         = 36
	bottom        = 76
	bar           = 8
)

// Indices into the palette.
const (
	inside  = pixels.First + iota // of the interval
	outside                       // of it
	curve                         // the normal density
)

// draw paints a histogram of the means, with the interval, and as a curve the
// normal distribution that the central limit theorem gives.
func draw(s summary) *image.Paletted {
	img := image.NewPaletted(image.Rect(0, 0, width, height), pixels.Palette(
		color.RGBA{0x4f, 0x86, 0x9c, 0xff},
		color.RGBA{0x2c, 0x44, 0x54, 0xff},
		color.RGBA{0xe8, 0xa3, 0x5c, 0xff}))
	pixels.Fill(img, img.Rect, pixels.Background)
	bins := (width - left - right) / bar
	// The scale reaches a little farther than the means, or four standard errors.
	reach := max(4*s.stderr, (s.mean-s.sorted[0])*1.02, (s.sorted[len(s.sorted)-1]-s.mean)*1.02)
	x0, x1 := s.mean-reach, s.mean+reach
	each := (x1 - x0) / float64(bins) // minutes to a bin
	count := make([]int, bins)
	most := 0
	for _, m := range s.sorted {
		b := int((m - x0) / each)
		count[b]++
		most = max(most, count[b])
	}
	density := func(x float64) float64 { // means to a bin
		z := (x - s.mean) / s.stderr
		return math.Exp(-z*z/2) / (s.stderr * math.Sqrt(2*math.Pi)) * each * float64(len(s.sorted))
	}
	p := &pixels.Plot{
		Img:  img,
		Rect: image.Rect(left, top, left+bins*bar, height-bottom),
		X0:   x0, X1: x1, Y1: max(float64(most), density(s.mean)) * 1.04,
	}
	for b, n := range count {
		middle := x0 + (float64(b)+0.5)*each
		c := outside
		if middle >= s.lo && middle <= s.hi {
			c = inside
		}
		pixels.Fill(img, image.Rect(left+b*bar, p.Y(float64(n)), left+(b+1)*bar-1, p.Rect.Max.Y), c)
	}
	for x := range p.Rect.Dx() - 1 {
		at := func(x int) int { return p.Y(density(x0 + (float64(x)+0.5)*(x1-x0)/float64(p.Rect.Dx()))) }
		pixels.Line(img, left+x, at(x), left+x+1, at(x+1), 2, curve)
	}
	p.Axes()
	p.TicksX()
	p.TicksY()
	labels(p, s)
	return img
}

// labels marks the interval and the mean, and writes what the axes and the colors
// show.
func labels(p *pixels.Plot, s summary) {
	for _, v := range []float64{s.lo, s.mean, s.hi} {
		pixels.Line(p.Img, p.X(v), top-16, p.X(v), p.Rect.Max.Y-1, 1, pixels.Ink)
		centered(p.Img, p.X(v), top-32, strconv.FormatFloat(v, 'f', 3, 64))
	}
	centered(p.Img, p.X(s.mean), top-54, "MEAN")
	centered(p.Img, left, top-32, "RESAMPLES")
	centered(p.Img, p.X(s.mean), height-26, "MEAN ARRIVAL DELAY, MINUTES")
	for k, text := range []string{inside - pixels.First: "MIDDLE 95 %", outside - pixels.First: "THE OTHERS", curve - pixels.First: "NORMAL"} {
		y := top + 24 + 24*k
		pixels.Fill(p.Img, image.Rect(left+20, y, left+34, y+14), pixels.First+uint8(k))
		pixels.Write(p.Img, left+44, y, text, 2, pixels.Ink)
	}
}

func centered(img *image.Paletted, x, y int, text string) {
	pixels.Write(img, x-pixels.Width(text, 2)/2, y, text, 2, pixels.Ink)
}
