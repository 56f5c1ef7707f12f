package main

import (
	"image"
	"math"
	"strconv"

	"gonum.org/v1/gonum/mat"

	"github.com/parfor-go/parfor/examples/internal/pixels"
	"github.com/parfor-go/parfor/parmap"
)

// Measures of the picture in pixels.
const (
	sideMax   = 900 // of the square of distances
	top       = 24
	left      = 62 // holds the names of the rows
	bottom    = 54 // holds the names of the columns
	gap       = 22 // between the square and the scale
	barWidth  = 16
	right     = gap + barWidth + 78 // holds the scale and its numbers
	tick      = 4
	leader    = 14 // from a tick to its name
	textScale = 2
)

// A picture is the matrix of distances with the airports in the order of a tour.
type picture struct {
	dist   *mat.Dense
	groups []group
	order  []int // row of the picture -> airport
	block  int   // rows of the matrix to a pixel
	zoom   int   // pixels to a block
	side   int   // of the square
	far    float64
	mean   float64
}

// newPicture measures dist, whose largest distance is far.
func newPicture(dist *mat.Dense, groups []group, far float64) *picture {
	p := &picture{dist: dist, groups: groups, far: far}
	for _, g := range groups {
		p.order = append(p.order, g.members...)
	}
	n := len(p.order)
	p.block = (n + sideMax - 1) / sideMax
	blocks := (n + p.block - 1) / p.block
	p.zoom = sideMax / blocks
	p.side = blocks * p.zoom
	p.mean = mat.Sum(dist) / float64(n*n)
	return p
}

// draw paints the picture; opts are those of its parallel loop.
func (p *picture) draw(opts ...parmap.Option) *image.Paletted {
	img := image.NewPaletted(image.Rect(0, 0, left+p.side+right, top+p.side+bottom), palette())
	pixels.Fill(img, img.Rect, background)
	parmap.For(p.side/p.zoom, func(r int) {
		for c := range p.side / p.zoom {
			cell := image.Rect(0, 0, p.zoom, p.zoom).Add(image.Pt(left+c*p.zoom, top+r*p.zoom))
			pixels.Fill(img, cell, p.shade(p.blockMean(r, c)))
		}
	}, opts...)
	p.nameRows(img)
	p.nameColumns(img)
	p.drawScale(img)
	return img
}

// blockMean returns the mean of the distances under one pixel.
func (p *picture) blockMean(r, c int) float64 {
	rows := p.order[r*p.block : min((r+1)*p.block, len(p.order))]
	columns := p.order[c*p.block : min((c+1)*p.block, len(p.order))]
	sum := 0.0
	for _, i := range rows {
		row := p.dist.RawRowView(i)
		for _, j := range columns {
			sum += row[j]
		}
	}
	return sum / float64(len(rows)*len(columns))
}

// shade returns the color of a distance. About half of the colors are for
// distances below the mean, where most of them are.
func (p *picture) shade(km float64) uint8 {
	if p.far == 0 {
		return 0
	}
	t := km / (km + p.mean) * (p.far + p.mean) / p.far
	return uint8(math.Round(t * (shades - 1)))
}

// drawScale draws the bar of colors with numbers 1, 2, 5, 10, ... beside it.
func (p *picture) drawScale(img *image.Paletted) {
	x := left + p.side + gap
	bottom := top + p.side - 1
	for y := range p.side {
		pixels.Fill(img, image.Rect(x, bottom-y, x+barWidth, bottom-y+1), uint8(y*(shades-1)/max(p.side-1, 1)))
	}
	last := -p.side // of the mark before
	mark := func(km float64) {
		y := int(p.shade(km)) * (p.side - 1) / (shades - 1)
		if y-last < (pixels.Height+3)*textScale {
			return
		}
		last = y
		line(img, x+barWidth, bottom-y, x+barWidth+tick, bottom-y, faint)
		text := strconv.FormatFloat(km, 'f', -1, 64)
		if km == 0 {
			text += " km"
		}
		pixels.Write(img, x+barWidth+tick+4, bottom-y-pixels.Height*textScale/2, text, textScale, ink)
	}
	mark(0)
	for unit := 1.0; unit <= p.far; unit *= 10 {
		for _, factor := range []float64{1, 2, 5} {
			if km := unit * factor; km <= p.far && km >= p.far/300 {
				mark(km)
			}
		}
	}
}

// line draws a line one pixel wide.
func line(img *image.Paletted, x0, y0, x1, y1 int, color uint8) {
	steps := max(x1-x0, x0-x1, y1-y0, y0-y1, 1)
	for s := range steps + 1 {
		img.SetColorIndex(x0+(x1-x0)*s/steps, y0+(y1-y0)*s/steps, color)
	}
}
