package timeline

import (
	"time"

	"github.com/parfor-go/parfor/parmap"
)

// Duration is what the tests of texts need of this package.
func Duration(d time.Duration, digits int) string { return duration(float64(d), digits) }

// Ticks returns the times that the axis of a run names.
func Ticks(end time.Duration) (at []time.Duration, texts []string) {
	for _, t := range ticks(end) {
		at, texts = append(at, t.at), append(texts, t.text)
	}
	return at, texts
}

// Scale returns the durations that the legend of a run with such spans names.
func Scale(shortest, longest time.Duration) (texts []string) {
	done := []*parmap.Span{{End: shortest}, {End: longest}}
	for _, d := range newScale([]lane{{done: done}}).marks() {
		texts = append(texts, round(d))
	}
	return texts
}

var (
	Percent = percent
	Commas  = commas
	Escape  = escape
)
