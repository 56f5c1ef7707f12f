package timeline

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Where a text has its x, if that is not its start.
const (
	atEnd    = `text-anchor="end"`
	atMiddle = `text-anchor="middle"`
)

// dashes of the line where a worker starts up.
const dashes = "1.5 2.5"

// leastWait is the shortest line. Smaller gaps are between neighbours.
const leastWait = 3

// labelled is the least distance of texts from lane to lane.
const labelled = 14

// drawLanes draws the workers' lanes, with the columns beside them.
func (p *picture) drawLanes() {
	p.text(left-12, lanesTop-12, atEnd, "worker")
	p.text(busyEnd, lanesTop-12, atEnd, "busy")
	p.text(chunksEnd, lanesTop-12, atEnd, "chunks")
	every := int(niceAbove(max(labelled/float64(p.pitch), 1)))
	for i, l := range p.lanes {
		p.printf(`<g data-worker="%d" transform="translate(0 %d)">`+"\n", l.worker, lanesTop+i*p.pitch)
		p.printf(`<rect x="%d" width="%d" height="%d" fill="none" pointer-events="all"><title>%s</title></rect>`+"\n",
			left, plot, p.height, p.aboutLane(l))
		if i%every == 0 {
			y := (p.height + 8) / 2
			p.text(left-12, y, atEnd, strconv.Itoa(l.worker))
			p.text(busyEnd, y, atEnd, percent(p.share(l.Busy)))
			p.text(chunksEnd, y, atEnd, commas(l.Chunks))
		}
		p.drawLane(l)
		p.printf("</g>\n")
	}
}

// drawLane draws what a worker did.
func (p *picture) drawLane(l lane) {
	done := p.shapes(p.merge(l.done, p.cell), 0.3)
	p.joined = p.joined || slices.ContainsFunc(done, func(s shape) bool { return s.n > 1 })
	failures := p.failures(l.failed, p.burst)
	all := slices.Clone(done)
	for _, f := range failures {
		all = append(all, f.shapes...)
	}
	p.drawWaits(l, all)
	for _, s := range done {
		p.drawChunks(s)
	}
	for _, f := range failures {
		p.drawFailure(f)
	}
}

// drawWaits draws a line where no shape is, dashed until the first.
func (p *picture) drawWaits(l lane, shapes []shape) {
	slices.SortFunc(shapes, func(a, b shape) int { return cmp.Compare(a.x, b.x) })
	y := float64(p.height) / 2
	at, path := 0.0, ""
	for i, s := range shapes {
		switch {
		case s.x-at < leastWait:
		case i == 0 && l.StartUp > 0:
			p.printf(`<path d="%s" stroke="%s" stroke-dasharray="%s"/>`+"\n", segment(left, left+s.x, y), line, dashes)
		default:
			path += segment(left+at, left+s.x, y)
		}
		at = max(at, s.x+s.width)
	}
	if to := p.x(p.Wall); to-at >= leastWait {
		path += segment(left+at, left+to, y)
	}
	if path != "" {
		p.printf(`<path d="%s" stroke="%s"/>`+"\n", path, line)
	}
}

// segment returns a horizontal line for a path.
func segment(from, to, y float64) string {
	return "M" + coordinate(from) + " " + coordinate(y) + "H" + coordinate(to)
}

// drawChunks draws a bar of chunks that are done.
func (p *picture) drawChunks(s shape) {
	height := s.part * float64(p.height)
	y := ""
	if s.part < 1 {
		y = ` y="` + coordinate((float64(p.height)-height)/2) + `"`
	}
	p.printf(`<rect x="%s"%s width="%s" height="%s" fill="%s"><title>%s</title></rect>`+"\n",
		coordinate(left+s.x), y, coordinate(s.width), coordinate(height), p.scale.shade(s.busy/time.Duration(s.n)), p.about(s.bar))
}

// drawFailure draws bars of failed attempts, and a cross where the first of them ended.
func (p *picture) drawFailure(f failure) {
	path, fill := "", red
	for _, s := range f.shapes {
		if s.width > 4 {
			fill = hatched
		}
		width, height := max(s.width, 1.5), s.part*float64(p.height)
		path += fmt.Sprintf("M%s %sh%sv%sh-%sz", coordinate(left+s.x), coordinate((float64(p.height)-height)/2),
			coordinate(width), coordinate(height), coordinate(width))
	}
	all := f.bar()
	text := "failed: "
	if all.n > 1 {
		text = "the first failed: "
	}
	p.printf("<g><title>%s\n%s%s</title>", p.about(all), text, escape(all.first.Err.Error(), mostError))
	p.printf(`<path d="%s" fill="%s" stroke="%s" stroke-width="0.75"/>`, path, fill, red)
	half := min(max(0.3*float64(p.height), 2), crossHalf)
	p.drawCross(left+min(max(f.cross, half), plot-half), float64(p.height)/2, half)
	p.printf("</g>\n")
}

// drawCross marks a failure for those who do not see its colour.
func (p *picture) drawCross(x, y, half float64) {
	d := fmt.Sprintf("M%s %sl%[3]s %[3]sm0-%[3]sl-%[3]s %[3]s", coordinate(x-half), coordinate(y-half), coordinate(2*half))
	p.printf(`<path d="%s" stroke="%s" stroke-width="%s"/><path d="%s" stroke="%s" stroke-width="%s"/>`,
		d, paper, coordinate(1.2*half), d, red, coordinate(0.5*half))
}

// mostError is how many bytes of an error are shown.
const mostError = 300

// about returns what is to be known of a bar.
func (p *picture) about(b bar) string {
	what, place := "chunk", fmt.Sprintf("worker %d", b.first.Worker)
	if b.first.Err != nil {
		what = "attempt"
	}
	start, took := duration(float64(b.start), 5), duration(float64(b.busy)/float64(b.n), 3)
	if b.n > 1 {
		return fmt.Sprintf("%s %ss in [%d,%d)\n%s\nstart %s, within %s, %s each",
			commas(b.n), what, b.lo, b.hi, place, start, duration(float64(b.end-b.start), 3), took)
	}
	if p.processes {
		place += fmt.Sprintf(", PID %d", b.first.PID)
	}
	return fmt.Sprintf("%s [%d,%d), %s\n%s\nstart %s, took %s, %s of the run",
		what, b.lo, b.hi, count(b.hi-b.lo, "index", "indices"), place, start, took, percent(p.share(b.busy)))
}

// aboutLane returns what is to be known of a worker.
func (p *picture) aboutLane(l lane) string {
	text := fmt.Sprintf("worker %d", l.worker)
	if p.processes && len(l.pids) > 0 {
		text += ", PID"
		for i, pid := range l.pids[:min(len(l.pids), mostPIDs)] {
			if i > 0 {
				text += ","
			}
			text += fmt.Sprintf(" %d", pid)
		}
		if more := len(l.pids) - mostPIDs; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
	}
	text += fmt.Sprintf("\n%s, busy %s, %s of the run", count(l.Chunks, "chunk", "chunks"),
		duration(float64(l.Busy), 3), percent(p.share(l.Busy)))
	if n := len(l.failed); n > 0 {
		text += "\n" + count(n, "unfinished attempt", "unfinished attempts")
	}
	text += fmt.Sprintf("\nstart-up %s, waiting %s", duration(float64(l.StartUp), 3), duration(float64(l.Wait), 3))
	return text
}

// mostPIDs is how many processes of a worker are named.
const mostPIDs = 6
