package main

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"math"
	"os"
	"strconv"

	"github.com/parfor-go/parfor/examples/internal/pixels"
	"github.com/parfor-go/parfor/parmap"
	"gonum.org/v1/gonum/mat"
)

// Measures of a frame in pixels.
const (
	width     = 360 // of the plate, to which its cells are stretched or thinned out
	bottom    = 20  // holds the time and the scale
	bar       = 124 // width of the scale: 2 for each shade
	textScale = 1
)

// The palette: shades from cold to hot, then the colors of the frame.
const (
	shades     = 62
	background = shades
	ink        = shades + 1
)

// palette returns colors that get lighter with heat: from black over violet and
// red to yellow.
func palette() color.Palette {
	return append(pixels.Heat(shades),
		color.RGBA{0x12, 0x12, 0x16, 0xff},
		color.RGBA{0xd8, 0xd8, 0xdc, 0xff})
}

// shade returns the color of a temperature. Half of the colors are for the lower
// quarter of the temperatures, near which most of the map soon is.
func shade(celsius float64) uint8 {
	return uint8(math.Round(math.Sqrt(min(max(celsius/hot, 0), 1)) * (shades - 1)))
}

// draw paints the plate after so many seconds.
func draw(now *mat.Dense, seconds float64, opts ...parmap.Option) *image.Paletted {
	rows, cols := now.Dims()
	height := max(width*rows/cols, 1)
	img := image.NewPaletted(image.Rect(0, 0, width, height+bottom), palette())
	parmap.For(height, func(y int) {
		row := now.RawRowView(y * rows / height)
		for x := range width {
			img.Pix[y*img.Stride+x] = shade(row[x*cols/width])
		}
	}, opts...)
	pixels.Fill(img, image.Rect(0, height, width, height+bottom), background)
	y := height + (bottom-pixels.Height*textScale)/2
	pixels.Write(img, 12, y, "SECONDS "+strconv.FormatFloat(seconds, 'f', 0, 64), textScale, ink)
	x := width - bar - 48
	pixels.Write(img, x-12, y, "0", textScale, ink)
	for k := range bar {
		t := hot * float64(k) / (bar - 1)
		pixels.Fill(img, image.Rect(x+k, y, x+k+1, y+pixels.Height*textScale), shade(t))
	}
	pixels.Write(img, x+bar+6, y, "100 C", textScale, ink)
	return img
}

// add adds a frame to the film.
func add(film *gif.GIF, frame *image.Paletted) {
	film.Image = append(film.Image, frame)
	film.Delay = append(film.Delay, 10) // hundredths of a second
}

// write writes the film to a file. It is shown again and again, so the first and
// the last frame stay for a second.
func write(path string, film *gif.GIF) error {
	film.Delay[0], film.Delay[len(film.Delay)-1] = 100, 100
	var file bytes.Buffer
	if err := gif.EncodeAll(&file, film); err != nil {
		return err
	}
	return os.WriteFile(path, file.Bytes(), 0o666)
}
