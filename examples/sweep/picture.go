package main

import (
	"image"
	"image/color"
	"math"
	"strconv"
	"strings"

	"github.com/parfor-go/parfor/examples/internal/pixels"
	"github.com/parfor-go/parfor/shmarray"
)

// Measures of the picture in pixels.
const (
	side      = 640 // of the square of cells, nearly
	top       = 24
	left      = 96 // holds the values of b
	bottom    = 64 // holds those of c
	gap       = 28 // between the square and the legend
	right     = gap + 232
	swatch    = 28
	textScale = 2
	lineSkip  = 44
)

// Indices into the palette: shades for the steps of a fit, from few to many, then
// one color for each cause, then those of the frame.
const (
	shades     = 128
	firstCause = shades // of none: not used
	background = shades + uint8(causes)
	ink        = background + 1
	mark       = background + 2
)

// palette returns blues and greens that get lighter, and colors for the causes
// that are none of these.
func palette() color.Palette {
	p := make(color.Palette, shades)
	for k := range p {
		t := float64(k) / (shades - 1)
		p[k] = color.RGBA{uint8(20 + 150*t*t), uint8(40 + 195*t), uint8(90 + 110*t - 60*t*t), 0xff}
	}
	return append(p,
		color.Black,                        // none
		color.RGBA{0xd6, 0x2f, 0x2f, 0xff}, // crash
		color.RGBA{0xf5, 0xb0, 0x1e, 0xff}, // timeout
		color.RGBA{0xb3, 0x5a, 0xd6, 0xff}, // memory
		color.RGBA{0xff, 0xff, 0xff, 0xff}, // panic
		color.RGBA{0x8c, 0x8c, 0x8c, 0xff}, // error
		color.RGBA{0x14, 0x14, 0x18, 0xff}, // background
		color.RGBA{0xdc, 0xdc, 0xe0, 0xff}, // ink
		color.RGBA{0x14, 0x14, 0x18, 0xff}) // mark
}

// draw paints the cells, b upwards and c to the right: those with a result by
// the number of steps, the others by cause.
func draw(g grid, out *shmarray.Array[float64], why []cause) *image.Paletted {
	zoom := max(side/g.Edge, 1)
	width := g.Edge * zoom
	img := image.NewPaletted(image.Rect(0, 0, left+width+right, top+max(width, 12*lineSkip)+bottom), palette())
	pixels.Fill(img, img.Rect, background)
	most := 2.0
	for i := range why {
		most = max(most, out.At(i, 1))
	}
	var count [causes]int
	for i, c := range why {
		cell := image.Rect(0, 0, zoom, zoom).Add(image.Pt(left+i%g.Edge*zoom, top+(g.Edge-1-i/g.Edge)*zoom))
		count[c]++
		if c == none {
			pixels.Fill(img, cell, shade(out.At(i, 1), most))
		} else {
			paint(img, cell, c)
		}
	}
	for _, k := range []int{0, g.Edge / 2, g.Edge - 1} {
		p := g.start(k*g.Edge + k)
		b, c := number(p[1], 1), number(p[2], 3)
		y := top + (g.Edge-1-k)*zoom + (zoom-pixels.Height*textScale)/2
		pixels.Write(img, left-12-pixels.Width(b, textScale), y, b, textScale, ink)
		x := left + k*zoom + (zoom-pixels.Width(c, textScale))/2
		pixels.Write(img, x, top+width+12, c, textScale, ink)
	}
	pixels.Write(img, 12, top+width/4, "B PPM", textScale, ink)
	pixels.Write(img, left+width/4-30, top+width+40, "C 1/YEAR", textScale, ink)
	legend(img, left+width+gap, most, count)
	return img
}

// legend writes what the colors mean, and how many cells have them.
func legend(img *image.Paletted, x int, most float64, count [causes]int) {
	y := top
	for c := crash; c < causes; c++ {
		if count[c] == 0 {
			continue
		}
		paint(img, image.Rect(x, y, x+swatch, y+swatch), c)
		text := strings.ToUpper(c.String()) + " " + strconv.Itoa(count[c])
		pixels.Write(img, x+swatch+12, y+(swatch-pixels.Height*textScale)/2, text, textScale, ink)
		y += lineSkip
	}
	if count[none] == 0 {
		return
	}
	pixels.Write(img, x, y+lineSkip/2, "FITTED "+strconv.Itoa(count[none]), textScale, ink)
	pixels.Write(img, x, y+lineSkip, "STEPS", textScale, ink)
	y += 2 * lineSkip
	const height = 5 * lineSkip
	for k := range height {
		pixels.Fill(img, image.Rect(x, y+height-1-k, x+swatch, y+height-k), uint8(k*shades/height))
	}
	for steps := 1.0; steps <= most; steps *= 10 {
		at := y + height - 1 - int(shade(steps, most))*height/shades
		pixels.Fill(img, image.Rect(x+swatch, at, x+swatch+6, at+1), ink)
		pixels.Write(img, x+swatch+12, at-pixels.Height*textScale/2, number(steps, 0), textScale, ink)
	}
}

// shade returns the color of a number of steps, on a logarithmic scale.
func shade(steps, most float64) uint8 {
	return uint8(math.Log(max(steps, 1)) / math.Log(most) * (shades - 1))
}

// paint fills a cell that failed: with the color of the cause, and with a mark,
// for eyes that do not tell the colors apart: a bar for a timeout, a square for
// memory.
func paint(img *image.Paletted, r image.Rectangle, c cause) {
	pixels.Fill(img, r, firstCause+uint8(c))
	if r.Dx() < 6 {
		return
	}
	inner := r.Inset(r.Dx() * 3 / 10)
	switch c {
	case timeout:
		inner.Min.Y, inner.Max.Y = r.Min.Y+r.Dy()*2/5, r.Max.Y-r.Dy()*2/5
		pixels.Fill(img, inner, mark)
	case memory:
		pixels.Fill(img, inner, mark)
	}
}

func number(v float64, digits int) string { return strconv.FormatFloat(v, 'f', digits, 64) }
