package main

import (
	"cmp"
	"image"
	"math"
	"slices"
	"strings"

	"github.com/parfor-go/parfor/examples/internal/pixels"
)

// A name is the label of a group.
type name struct {
	text   string
	at     int // where its group is, in pixels from the start of the square
	placed int // where the text is
}

// names returns the labels of the largest groups, as many as find place when
// each needs that many pixels, moved apart so that none overlap.
func (p *picture) names(need int) []name {
	bySize := slices.Clone(p.groups)
	slices.SortStableFunc(bySize, func(a, b group) int { return cmp.Compare(len(b.members), len(a.members)) })
	shown := make(map[string]bool)
	for _, g := range bySize[:min(len(bySize), p.side*9/10/need)] {
		shown[g.name] = true
	}
	var names []name
	start := 0
	for _, g := range p.groups {
		if shown[g.name] {
			text := []rune(strings.ToUpper(g.name))
			middle := start + len(g.members)/2
			names = append(names, name{
				text: string(text[:min(len(text), 3)]),
				at:   middle * p.zoom / p.block,
			})
		}
		start += len(g.members)
	}
	spread(names, need)
	return names
}

// spread places the names at least need apart: half-way between all of them
// moved down as far as needed and all of them moved up.
func spread(names []name, need int) {
	down := make([]int, len(names))
	for k, n := range names {
		down[k] = n.at
		if k > 0 {
			down[k] = max(n.at, down[k-1]+need)
		}
	}
	up := math.MaxInt
	for k, n := range slices.Backward(names) {
		up = min(n.at, up-need)
		names[k].placed = (down[k] + up) >> 1 // rounds down, so that the distance stays
	}
}

func (p *picture) nameRows(img *image.Paletted) {
	for _, n := range p.names((pixels.Height + 2) * textScale) {
		line(img, left-1, top+n.at, left-tick, top+n.at, faint)
		line(img, left-tick, top+n.at, left-tick-leader, top+n.placed, faint)
		x := left - tick - leader - 4 - pixels.Width(n.text, textScale)
		pixels.Write(img, x, top+n.placed-pixels.Height*textScale/2, n.text, textScale, ink)
	}
}

func (p *picture) nameColumns(img *image.Paletted) {
	end := top + p.side
	for _, n := range p.names(pixels.Width("MMM", textScale)) {
		line(img, left+n.at, end, left+n.at, end+tick, faint)
		line(img, left+n.at, end+tick, left+n.placed, end+tick+leader, faint)
		x := left + n.placed - pixels.Width(n.text, textScale)/2
		pixels.Write(img, x, end+tick+leader+4, n.text, textScale, ink)
	}
}
