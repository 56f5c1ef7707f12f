package timeline

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A figure is a number of the run, and what it says.
type figure struct{ value, name, colour string }

// numbers returns what sums the run up: some always, others if there is something to say.
func (p *picture) numbers() []figure {
	all := []figure{
		{duration(float64(p.Wall), 3), "wall time", ink},
		{commas(p.Workers), plural(p.Workers, "worker", "workers"), ink},
		{percent(p.Efficiency()), "busy", ink},
		{commas(p.Chunks), plural(p.Chunks, "chunk", "chunks"), ink},
	}
	for _, f := range []struct {
		n                 int
		one, more, colour string
	}{
		{p.failed, "unfinished attempt", "unfinished attempts", red},
		{p.Crashes, "crash", "crashes", red},
		{p.Retries, "retry", "retries", ink},
	} {
		if f.n > 0 {
			all = append(all, figure{commas(f.n), plural(f.n, f.one, f.more), f.colour})
		}
	}
	return all
}

// summary returns the numbers as one line, for those who do not see the picture.
func (p *picture) summary() string {
	var all []string
	for _, f := range p.numbers() {
		all = append(all, f.value+" "+f.name)
	}
	text := "Timeline of a run: " + strings.Join(all, ", ")
	if p.empty {
		text += "; nothing ran"
	}
	return text
}

// drawFigures writes the numbers over the lanes.
func (p *picture) drawFigures() {
	x := float64(edge)
	for _, f := range p.numbers() {
		p.text(x, 52, fmt.Sprintf(`font-size="22" font-weight="600" fill="%s"`, f.colour), f.value)
		p.text(x, 70, "", f.name)
		x += max(14*float64(utf8.RuneCountInString(f.value)), 6.4*float64(len(f.name))) + 30
	}
}

// legendHeight is what the legend takes below the lanes, with the times of the axis.
const legendHeight = 58

// drawLegend says what the colours and lines mean.
func (p *picture) drawLegend() {
	y := p.bottom + 48
	x := float64(left)
	if p.failed < len(p.Spans) {
		x = p.drawShades(y)
	}
	sample := func(draw func(x float64), text string, width float64) {
		draw(x)
		p.text(x+32, y+4, "", text)
		x += 32 + width + 26
	}
	if p.failed > 0 {
		sample(func(x float64) {
			p.printf(`<rect x="%s" y="%d" width="22" height="10" fill="%s" stroke="%s" stroke-width="0.75"/>`, coordinate(x), y-5, hatched, red)
			p.drawCross(x+22, float64(y), crossHalf)
			p.printf("\n")
		}, "unfinished attempt", 108)
	}
	stroke := func(dashes string) func(x float64) {
		return func(x float64) {
			p.printf(`<path d="%s" stroke="%s"%s/>`+"\n", segment(x, x+22, float64(y)), line, dashes)
		}
	}
	if slices.ContainsFunc(p.lanes, func(l lane) bool { return p.x(l.StartUp) >= leastWait }) {
		sample(stroke(` stroke-dasharray="`+dashes+`"`), "start-up", 46)
	}
	sample(stroke(""), "waiting", 46)
	if p.joined {
		sample(func(x float64) {
			p.printf(`<rect x="%s" y="%d" width="22" height="6" fill="%s"/>`+"\n", coordinate(x), y-3, shades[len(shades)/2])
		}, "short chunks, joined", 108)
	}
}

// drawShades draws the scale of durations and returns where the next may begin.
func (p *picture) drawShades(y int) float64 {
	const from, length, room = left + 104, 240, 50
	p.text(left, y+4, "", "chunk duration")
	for i, shade := range shades {
		const each = float64(length) / float64(len(shades))
		p.printf(`<rect x="%s" y="%d" width="%s" height="10" fill="%s"/>`+"\n", coordinate(from+each*float64(i)), y-5, coordinate(each), shade)
	}
	free := float64(-room)
	marks := p.scale.marks()
	for i, d := range marks {
		at := length * p.scale.at(d)
		if i < len(marks)-1 && (at < free || i > 0 && at > length-room) {
			continue
		}
		text := round(d)
		if i == 0 && p.scale.below {
			text = "≤ " + text
		}
		p.text(from+at, y+19, atMiddle, text)
		free = at + room
	}
	return from + length + 40
}

const (
	noteSkip = 18 // from one remark to the next
	noteGap  = 10 // above the first
)

// remarks returns what is not in the picture.
func (p *picture) remarks() []string {
	var all []string
	if p.Dropped > 0 {
		all = append(all, count(p.Dropped, "short chunk was", "short chunks were")+" left out of the record, and of the lanes.")
	}
	if p.hidden > 0 {
		all = append(all, count(p.hidden, "worker has", "workers have")+" no lane.")
	}
	return all
}

// drawNotes writes the remarks below everything.
func (p *picture) drawNotes() {
	all := p.remarks()
	for i, text := range all {
		p.text(left, p.total()-edge+6-noteSkip*(len(all)-1-i), "", text)
	}
}
