package timeline

import (
	"math"
	"time"
)

// A tick is a time that the axis names.
type tick struct {
	at   time.Duration
	text string
}

// ticks returns four to eleven times from 0 to end, at equal distances that are 1, 2 or 5
// times a power of ten, of minutes, hours or days too.
func ticks(end time.Duration) []tick {
	in := units[0]
	for _, u := range units[1:] {
		least := u.nanoseconds
		if least > 1e9 {
			least *= 2 // rather 100 s than 1.67 min
		}
		if float64(end) >= least {
			in = u
		}
	}
	step := niceAbove(float64(end) / in.nanoseconds / 10)
	if in.nanoseconds == 1 {
		step = max(step, 1)
	}
	digits := max(0, -int(math.Floor(math.Log10(step))))
	all := []tick{{0, "0"}}
	for i := 1; ; i++ {
		v := float64(i) * step
		if math.Round(v*in.nanoseconds) > float64(end) {
			return all
		}
		all = append(all, tick{nearest(v * in.nanoseconds), decimal(v, digits) + " " + in.name})
	}
}

// drawAxis draws the grid behind the lanes and the times below.
func (p *picture) drawAxis() {
	p.printf(`<g stroke="%s">`+"\n", grid)
	all := ticks(p.end)
	for _, t := range all {
		p.printf(`<path d="M%s %dV%d"/>`+"\n", coordinate(left+p.x(t.at)), lanesTop-6, p.bottom+2)
	}
	p.printf("</g>\n")
	for _, t := range all {
		p.text(left+p.x(t.at), p.bottom+18, atMiddle, t.text)
	}
}
