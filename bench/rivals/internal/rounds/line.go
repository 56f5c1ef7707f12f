package rounds

import (
	"fmt"
	"io"
	"time"
)

// Line returns what shows progress on a terminal: one line that is written over.
func Line(w io.Writer) func(Progress) {
	return func(p Progress) {
		if p.Unit == "" {
			fmt.Fprintf(w, "\r%-78s\n", "measured")
			return
		}
		left := "?"
		if p.Left > 0 {
			left = about(p.Left)
		}
		text := fmt.Sprintf("round %d of %d, %d%%, %s left: %s", p.Round, p.Rounds, 100*p.Done/p.Total, left, p.Unit)
		fmt.Fprintf(w, "\r%-78.78s", text)
	}
}

// about prints d as people say it.
func about(d time.Duration) string {
	switch {
	case d > 90*time.Minute:
		return fmt.Sprintf("%.1f h", d.Hours())
	case d > 90*time.Second:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}
