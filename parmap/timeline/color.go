package timeline

import (
	"math"
	"time"
)

// shades are the colours of bars, from short to long. They are evenly spaced in the
// lightness of the Oklab colour space, from 0.90 to 0.32, which tells them apart on any
// screen and to any eye; the hue, which goes from green to blue, only helps.
var shades = [16]string{
	"#d1e8b6", "#b6dfb0", "#9dd5ab", "#82cba9", "#68c0a8", "#4eb4a7", "#35a8a6", "#1c9ba5",
	"#038da2", "#007f9d", "#0c7097", "#19628f", "#225484", "#274678", "#2a396b", "#2a2c5d",
}

// The colours of failures, of which there is none among the shades.
const (
	red       = "#c2371f"
	pink      = "#f6d5cd"
	hatched   = "url(#" + hatchedID + ")" // of both
	hatchedID = "parmap-failed"
)

// A scale gives durations their shades, on a logarithmic scale from lo to hi nanoseconds.
type scale struct {
	lo, hi float64
	below  bool // there are durations below lo, with the lightest shade
}

// decades are the most that a scale spans.
const decades = 6

// newScale returns a scale for the spans that did not fail: from one round duration to
// another, over a decade at least, so that durations of about one size look like it.
func newScale(lanes []lane) scale {
	shortest, longest := math.Inf(1), 1.0
	for _, l := range lanes {
		for _, s := range l.done {
			d := float64(s.Duration())
			shortest, longest = min(shortest, d), max(longest, d)
		}
	}
	hi := roundAbove(longest)
	lo := max(roundBelow(min(shortest, hi/10)), roundBelow(hi/math.Pow10(decades)))
	return scale{lo, hi, shortest < lo}
}

// at returns where between lo, which is 0, and hi, which is 1, a duration is.
func (s scale) at(d float64) float64 {
	return min(max(math.Log(d/s.lo)/math.Log(s.hi/s.lo), 0), 1)
}

// shade returns the colour of d.
func (s scale) shade(d time.Duration) string {
	return shades[min(int(s.at(float64(d))*float64(len(shades))), len(shades)-1)]
}

// marks returns the durations that a legend names: the ends, and the powers of ten of a
// unit between.
func (s scale) marks() []float64 {
	all := []float64{s.lo}
	for i, u := range units {
		for d := u.nanoseconds; d < s.hi && (i+1 == len(units) || d < units[i+1].nanoseconds); d *= 10 {
			if d > s.lo {
				all = append(all, d)
			}
		}
	}
	return append(all, s.hi)
}
