package progress

import "fmt"

// now returns what a log is told while the run lasts.
func (v view) now() string {
	s := v.count() + " in " + spell(v.Elapsed) + v.speed()
	if v.Remaining > 0 {
		s += ", " + spell(v.Remaining) + " left"
	}
	return s
}

// last returns what is said when the run is over, in several lengths, the longest first.
func (v view) last() []string {
	short, long, in := fmt.Sprintf("%d", v.Done), v.count(), " in "
	if v.Total > 0 {
		short = fmt.Sprintf("%d%%", v.share(100))
	}
	if v.Done < v.Total {
		long, in = long+" done", " after "
	}
	timed := long + in + spell(v.Elapsed)
	return []string{timed + v.speed(), timed, long, short, ""}
}

func (v view) count() string {
	switch {
	case v.Total == 0:
		return fmt.Sprintf("%d done", v.Done)
	case v.Done < v.Total:
		return fmt.Sprintf("%d of %d (%d%%)", v.Done, v.Total, v.share(100))
	}
	return fmt.Sprintf("%d of %d", v.Done, v.Total)
}

func (v view) speed() string {
	if v.rate == 0 {
		return ""
	}
	n, u := pace(v.rate)
	return ", " + n + " " + u.long
}

// longest returns the first of texts that fits into room columns; all are ASCII, and the
// last one is empty.
func longest(texts []string, room int) string {
	for _, s := range texts {
		if len(s) <= room {
			return s
		}
	}
	return ""
}
