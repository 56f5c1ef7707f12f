package timeline

import (
	"bufio"
	"fmt"
	"io"
	"math"

	"github.com/parfor-go/parfor/parmap"
)

// SVG writes a picture of the run that s has written down, which needs nothing but
// itself: no script, no font, no style from elsewhere. The package's documentation says
// how to read it. It is 1000 units wide and as high as its workers need; of more than
// 1000 the rest is left out, and the picture says so. If nothing ran it says that.
//
// The time it takes grows as the number of spans. An error is w's. A nil s panics.
func SVG(w io.Writer, s *parmap.Stats) error {
	if s == nil {
		panic("parmap/timeline: nil stats")
	}
	p := &picture{out: bufio.NewWriterSize(w, 1<<16), run: newRun(s)}
	p.place()
	p.open()
	p.drawFigures()
	if p.empty {
		p.text(width/2, lanesTop, atMiddle+` font-size="14"`, "nothing ran")
	} else {
		p.drawAxis()
		p.drawLanes()
		p.drawLegend()
	}
	p.drawNotes()
	p.printf("</svg>\n")
	return p.out.Flush()
}

// Measures of the picture, in its units.
const (
	width     = 1000
	edge      = 28              // around everything
	left      = 84              // of the bars; to the left are the workers' numbers
	right     = 860             // of the bars; to the right are the columns
	busyEnd   = 908             // of the column "busy"
	chunksEnd = width - edge    // of the column "chunks"
	lanesTop  = 122             // of the first lane
	lanesMost = 480             // of all lanes together, until they are as low as they get
	plot      = right - left    // of the whole run
	crossHalf = 3.5             // of a cross
	crossStep = 2*crossHalf + 7 // from one cross to the next, at least
)

// The colours that stand for nothing. The background is the picture's own, so that it
// can be read on a dark page too.
const (
	paper  = "#ffffff"
	border = "#e2e5e9"
	grid   = "#edeff1"
	line   = "#b4bac1" // of an idle worker
	gray   = "#666d75"
	ink    = "#1d232b"
)

// A picture is an SVG file that is being written.
type picture struct {
	out *bufio.Writer
	run
	scale  scale
	cell   float64 // in which short chunks are joined
	burst  float64 // in which failures are
	pitch  int     // from lane to lane
	height int     // of a lane
	joined bool    // a bar stands for several chunks
	bottom int     // of the last lane
}

// place decides where things go, and how fine they are.
func (p *picture) place() {
	p.scale = newScale(p.lanes)
	p.pitch = min(max(lanesMost/max(len(p.lanes), 1), 5), 30)
	p.height = p.pitch - max(p.pitch/4, 1)
	p.bottom = lanesTop + len(p.lanes)*p.pitch
	if p.empty {
		p.bottom = lanesTop + 12
	}
	p.cell = p.fine(mostBars, func(l lane, cell float64) int { return len(p.merge(l.done, cell)) })
	p.burst = p.fine(mostFailures, func(l lane, cell float64) int { return len(p.failures(l.failed, cell)) })
}

// All shapes of a picture together are at most about that many. With some 190 bytes for
// a bar, 500 for a failure and for a lane, that keeps a picture below 2 MB.
const (
	mostBars     = 6500
	mostFailures = 1000
)

// fine returns the smallest cell with which all lanes together have at most so many shapes.
func (p *picture) fine(most int, shapes func(l lane, cell float64) int) float64 {
	for cell := 1.0; ; cell = math.Ceil(1.25 * cell) {
		sum := 0
		for _, l := range p.lanes {
			sum += shapes(l, cell)
		}
		if sum <= most || cell > plot {
			return cell
		}
	}
}

// open writes what is in front of all shapes.
func (p *picture) open() {
	height := p.total()
	p.printf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-label="%s"`,
		width, height, width, height, p.summary())
	p.printf(` font-family="system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="11" fill="%s">`+"\n", gray)
	p.printf(`<defs><pattern id="%s" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">`+
		`<rect width="5" height="5" fill="%s"/><rect width="1.8" height="5" fill="%s"/></pattern></defs>`+"\n", hatchedID, pink, red)
	p.printf(`<rect x="0.5" y="0.5" width="%d" height="%d" rx="6" fill="%s" stroke="%s"/>`+"\n", width-1, height-1, paper, border)
}

// total returns the height of the picture.
func (p *picture) total() int {
	height := p.bottom + edge
	if !p.empty {
		height += legendHeight
	}
	if n := len(p.remarks()); n > 0 {
		height += noteGap + noteSkip*n
	}
	return height
}

func (p *picture) printf(format string, args ...any) {
	fmt.Fprintf(p.out, format, args...) // a bufio.Writer keeps its error
}

// text writes text, which is not escaped, from x on, or to it or around it if style says so.
func (p *picture) text(x float64, y int, style, text string) {
	if style != "" {
		style = " " + style
	}
	p.printf("<text x=\"%s\" y=\"%d\"%s>%s</text>\n", coordinate(x), y, style, text)
}
