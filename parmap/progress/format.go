package progress

import (
	"fmt"
	"time"
)

// clock returns a number of seconds as minutes and seconds, and hours or days if there are
// many. Fewer than none are not known.
func clock(seconds int64) string {
	h, m, s := seconds/3600, seconds/60%60, seconds%60
	switch {
	case seconds < 0:
		return "--:--"
	case h >= 100:
		return fmt.Sprintf("%dd%02dh", h/24, h%24)
	case h > 0:
		return fmt.Sprintf("%d:%02d:%02d", h, m, s)
	}
	return fmt.Sprintf("%02d:%02d", m, s)
}

// roundUp returns d in seconds, and below 0 what is not known.
func roundUp(d time.Duration) int64 {
	s := int64(d / time.Second)
	if d%time.Second > 0 {
		s++
	}
	if d < 0 {
		s = -1
	}
	return s
}

// spell returns d as exactly as a person wants to know it.
func spell(d time.Duration) string {
	const day = 24 * time.Hour
	// Each limit is what its line would round up to the next one's unit.
	switch {
	case d < time.Millisecond-time.Microsecond/2:
		return fmt.Sprintf("%d us", d.Round(time.Microsecond)/time.Microsecond)
	case d < time.Second-time.Millisecond/2:
		return fmt.Sprintf("%d ms", d.Round(time.Millisecond)/time.Millisecond)
	case d < 10*time.Second-50*time.Millisecond:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute-time.Second/2:
		return fmt.Sprintf("%d s", d.Round(time.Second)/time.Second)
	case d < time.Hour-time.Second/2:
		d = d.Round(time.Second)
		return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
	case d < day-time.Minute/2:
		d = d.Round(time.Minute)
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	}
	d = d.Round(time.Hour)
	return fmt.Sprintf("%d d %d h", d/day, d%day/time.Hour)
}

// A unit is a time in which things are done.
type unit struct {
	seconds     float64
	short, long string
}

var units = [...]unit{{1, "/s", "a second"}, {60, "/min", "a minute"}, {3600, "/h", "an hour"}, {86400, "/d", "a day"}}

// pace returns how many are done in the shortest unit in which at least one is.
func pace(perSecond float64) (n string, u unit) {
	for _, u = range units {
		if perSecond*u.seconds >= 1 {
			break
		}
	}
	return number(perSecond * u.seconds), u
}

// number returns two or three digits of v, which is above zero, but never "0.0".
func number(v float64) string {
	if v < 0.05 {
		return fmt.Sprintf("%.0e", v)
	}
	n := v
	for _, suffix := range []string{"", "k", "M", "G", "T", "P"} {
		switch {
		case n < 9.95:
			return fmt.Sprintf("%.1f%s", n, suffix)
		case n < 999.5:
			return fmt.Sprintf("%.0f%s", n, suffix)
		}
		n /= 1000
	}
	return fmt.Sprintf("%.0e", v)
}
