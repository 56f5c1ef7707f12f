package pixels

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"strconv"
)

// Indices of the colors that Palette begins with. A picture's own follow from
// First on.
const (
	Background uint8 = iota
	Ink              // of text and of what is to be seen first
	Faint            // of axes
	First
)

// Palette returns the colors of the frame and then own.
func Palette(own ...color.Color) color.Palette {
	return append(color.Palette{
		color.RGBA{0x12, 0x0e, 0x18, 0xff},
		color.RGBA{0xd8, 0xd4, 0xdc, 0xff},
		color.RGBA{0x6a, 0x64, 0x70, 0xff}}, own...)
}

// Line draws a line whose pixels are squares of width by width.
func Line(img *image.Paletted, x0, y0, x1, y1, width int, color uint8) {
	steps := max(x1-x0, x0-x1, y1-y0, y0-y1, 1)
	for s := range steps + 1 {
		x, y := x0+(x1-x0)*s/steps-width/2, y0+(y1-y0)*s/steps-width/2
		Fill(img, image.Rect(x, y, x+width, y+width), color)
	}
}

// Save writes img to a PNG file.
func Save(path string, img image.Image) error {
	var file bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&file, img); err != nil {
		return err
	}
	return os.WriteFile(path, file.Bytes(), 0o666)
}

const (
	tick      = 6 // length of a tick, and from its end to the text
	textScale = 2
)

// A Plot is a part of a picture with linear scales: X0 is at its left edge, X1
// at the right one, Y0 at the bottom and Y1 at the top.
type Plot struct {
	Img            *image.Paletted
	Rect           image.Rectangle
	X0, X1, Y0, Y1 float64
}

// X returns the column of a value.
func (p *Plot) X(v float64) int {
	return p.Rect.Min.X + int(math.Round((v-p.X0)/(p.X1-p.X0)*float64(p.Rect.Dx()-1)))
}

// Y returns the row of a value.
func (p *Plot) Y(v float64) int {
	return p.Rect.Max.Y - 1 - int(math.Round((v-p.Y0)/(p.Y1-p.Y0)*float64(p.Rect.Dy()-1)))
}

// Axes draws the bottom and the left edge, just outside of the plot.
func (p *Plot) Axes() {
	left, bottom := p.Rect.Min.X-1, p.Rect.Max.Y
	Line(p.Img, left, p.Rect.Min.Y, left, bottom, 1, Faint)
	Line(p.Img, left, bottom, p.Rect.Max.X-1, bottom, 1, Faint)
}

// TickX marks a value below the plot.
func (p *Plot) TickX(v float64, text string) {
	x, y := p.X(v), p.Rect.Max.Y
	Line(p.Img, x, y, x, y+tick, 1, Faint)
	Write(p.Img, x-Width(text, textScale)/2, y+2*tick, text, textScale, Ink)
}

// TickY marks a value to the left of the plot.
func (p *Plot) TickY(v float64, text string) {
	x, y := p.Rect.Min.X-1, p.Y(v)
	Line(p.Img, x-tick, y, x, y, 1, Faint)
	Write(p.Img, x-2*tick-Width(text, textScale), y-Height*textScale/2, text, textScale, Ink)
}

// TicksX marks values along the bottom at 1, 2 or 5 times a power of ten from
// one another.
func (p *Plot) TicksX() { ticks(p.X0, p.X1, p.TickX) }

// TicksY does the same along the left edge.
func (p *Plot) TicksY() { ticks(p.Y0, p.Y1, p.TickY) }

func ticks(lo, hi float64, mark func(v float64, text string)) {
	unit := math.Pow(10, math.Floor(math.Log10(hi-lo))-1)
	for _, f := range []float64{2, 5, 10} {
		if step := unit * f; (hi-lo)/step < 10 {
			digits := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
			for k := math.Ceil(lo / step); k*step <= hi; k++ {
				mark(k*step, strconv.FormatFloat(k*step, 'f', digits, 64))
			}
			return
		}
	}
}
