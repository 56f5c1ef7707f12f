package progress

import (
	"io"

	"github.com/parfor-go/parfor/parmap"
)

// Columns tells what the system knows of the terminal w.
var Columns = columns

// Spell is how times are written.
var Spell = spell

// Pace is how a rate is written.
func Pace(perSecond float64) string {
	n, u := pace(perSecond)
	return n + " " + u.long
}

// Show returns what Bar has a run call, in an environment and on a terminal of the
// test's.
func Show(w io.Writer, columns func(io.Writer) (int, bool), getenv func(string) string) func(parmap.Progress) {
	return newMeter(w, columns, getenv).show
}
