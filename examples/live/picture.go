package main

import (
	"fmt"
	"image"
	"slices"

	"github.com/parfor-go/parfor/examples/internal/pixels"
	"github.com/parfor-go/parfor/shmarray"
)

// Measures of the picture in pixels.
const (
	thin   = 3   // a pixel is one of so many, along both axes
	space  = 10  // between two parts
	bottom = 30  // holds the number of rows
	least  = 190 // of a part, for the text below
)

const shades = 64

// draw paints what plot.py shows when each sixteenth row is filled, when each fourth is,
// and at the end. A row that is not filled looks like the filled one above it.
func draw(a *shmarray.Array[float64]) *image.Paletted {
	rows, cols := a.Shape()[0], a.Shape()[1]
	height, width := (rows+thin-1)/thin, (cols+thin-1)/thin
	gaps := []int{16, 4, 1}
	step := max(width, least) + space
	img := image.NewPaletted(image.Rect(0, 0, len(gaps)*step-space, height+bottom), pixels.Palette(pixels.Heat(shades)...))
	pixels.Fill(img, img.Rect, pixels.Background)
	low, high := slices.Min(a.Data()), slices.Max(a.Data())
	for k, gap := range gaps {
		for y := range height {
			row := a.Row(y * thin / gap * gap)
			for x := range width {
				part := (row[x*thin] - low) / max(high-low, 1e-9)
				img.SetColorIndex(k*step+x, y, pixels.First+uint8(part*(shades-1)))
			}
		}
		pixels.Write(img, k*step+8, height+8, fmt.Sprintf("%d OF %d ROWS", (rows+gap-1)/gap, rows), 2, pixels.Ink)
	}
	return img
}
