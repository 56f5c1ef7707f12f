package timeline

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// power returns the largest power of ten that is not above v.
func power(v float64) float64 { return math.Pow10(int(math.Floor(math.Log10(v)))) }

// niceBelow returns the largest 1, 2 or 5 times a power of ten that is not above v.
func niceBelow(v float64) float64 {
	p := power(v)
	for _, m := range []float64{5, 2} {
		if v >= m*p {
			return m * p
		}
	}
	return p
}

// niceAbove returns the smallest 1, 2 or 5 times a power of ten that is not below v.
func niceAbove(v float64) float64 {
	p := power(v)
	for _, m := range []float64{1, 2, 5} {
		if v <= m*p {
			return m * p
		}
	}
	return 10 * p
}

// A unit of time has a name.
type unit struct {
	nanoseconds float64
	name        string
}

var units = []unit{{1, "ns"}, {1e3, "µs"}, {1e6, "ms"}, {1e9, "s"}, {60e9, "min"}, {3600e9, "h"}, {86400e9, "d"}}

// unitOf returns the largest unit that is not above nanoseconds.
func unitOf(nanoseconds float64) int {
	i := len(units) - 1
	for i > 0 && nanoseconds < units[i].nanoseconds {
		i--
	}
	return i
}

// roundBelow returns the longest duration not above nanoseconds that is 1, 2 or 5 times a
// power of ten of its unit.
func roundBelow(nanoseconds float64) float64 {
	nanoseconds = max(nanoseconds, 0.1)
	u := units[unitOf(nanoseconds)].nanoseconds
	return u * niceBelow(nanoseconds/u)
}

// roundAbove returns the shortest duration not below nanoseconds that is.
func roundAbove(nanoseconds float64) float64 {
	i := unitOf(nanoseconds)
	above := units[i].nanoseconds * niceAbove(nanoseconds/units[i].nanoseconds)
	if i+1 < len(units) {
		above = min(above, units[i+1].nanoseconds)
	}
	return above
}

// round writes a duration that is a few times its unit.
func round(nanoseconds float64) string {
	u := units[unitOf(nanoseconds)]
	return decimal(nanoseconds/u.nanoseconds, 1) + " " + u.name
}

// duration writes nanoseconds with so many significant digits: 12.3 ms, 1 min 40 s.
func duration(nanoseconds float64, digits int) string {
	if nanoseconds <= 0 {
		return "0 s"
	}
	if nanoseconds >= 100e9 {
		return long(nearest(nanoseconds))
	}
	last := power(nanoseconds) / math.Pow10(digits-1)
	nanoseconds = math.Round(nanoseconds/last) * last
	in := units[min(unitOf(nanoseconds), 3)]
	v := nanoseconds / in.nanoseconds
	return decimal(v, max(digits-1-int(math.Log10(power(v))), 0)) + " " + in.name
}

// nearest returns nanoseconds as a Duration, which cannot hold all that a float64 rounds to.
func nearest(nanoseconds float64) time.Duration {
	if nanoseconds >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(math.Round(nanoseconds))
}

// long writes a duration in two units.
func long(d time.Duration) string {
	d = d.Round(time.Second)
	large, small, names := time.Minute, time.Second, [2]string{"min", "s"}
	switch {
	case d >= 48*time.Hour:
		large, small, names = 24*time.Hour, time.Hour, [2]string{"d", "h"}
	case d >= time.Hour:
		large, small, names = time.Hour, time.Minute, [2]string{"h", "min"}
	}
	d = d.Round(small)
	text := fmt.Sprintf("%d %s", d/large, names[0])
	if rest := d % large / small; rest > 0 {
		text += fmt.Sprintf(" %d %s", rest, names[1])
	}
	return text
}

// decimal writes v with so many digits after the point at most.
func decimal(v float64, digits int) string {
	text := strconv.FormatFloat(v, 'f', digits, 64)
	if digits > 0 {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	if text == "-0" {
		return "0"
	}
	return text
}

// coordinate writes a place or a length in the picture.
func coordinate(v float64) string { return decimal(v, 2) }

// percent writes a part of one.
func percent(v float64) string {
	switch {
	case v >= 0.1:
		return decimal(100*v, 0) + "%"
	case v >= 0.001:
		return decimal(100*v, 1) + "%"
	}
	return decimal(100*v, 3) + "%"
}

// count writes n, and what it counts.
func count(n int, one, more string) string {
	return commas(n) + " " + plural(n, one, more)
}

func plural(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

// commas writes n with a comma between thousands.
func commas(n int) string {
	text := strconv.Itoa(n)
	for at := len(text) - 3; at > 0 && text[at-1] != '-'; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// escape returns text for XML, of at most limit bytes or so. What XML has no character for,
// and bytes that are no text, become U+FFFD.
func escape(text string, limit int) string {
	var b strings.Builder
	text = strings.TrimSpace(text)
	for len(text) > 0 {
		if b.Len() >= limit {
			b.WriteString("…")
			break
		}
		r, size := utf8.DecodeRuneInString(text)
		text = text[size:]
		switch {
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '&':
			b.WriteString("&amp;")
		case r == '"':
			b.WriteString("&#34;")
		case r == '\r': // of a line's end
		case r < ' ' && r != '\n' && r != '\t', r == 0xfffe, r == 0xffff:
			b.WriteRune(utf8.RuneError)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
