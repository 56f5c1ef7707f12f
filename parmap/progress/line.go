package progress

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"github.com/parfor-go/parfor/parmap"
)

// A view is what there is to show.
type view struct {
	parmap.Progress
	rate float64 // items a second; 0: not known
}

// The fields of a line, from left to right.
const (
	percent = iota
	bar
	count
	rate
	elapsed
	left
	fields
)

// ranks has the fields in the order of what they are worth.
var ranks = [fields]int{percent, left, bar, count, rate, elapsed}

const (
	gap      = 2 // columns between two fields
	leastBar = 8 // columns between the ends of a bar
)

// line returns as many fields as fit into room columns. The bar takes what is left. The
// others are as wide as in the lines before, if they can be, so that nothing dances.
func (v view) line(room int, blocks bool) string {
	var texts [fields]string
	texts[count] = strconv.Itoa(v.Done)
	texts[rate] = "   --/s"
	if v.rate > 0 {
		n, u := pace(v.rate)
		texts[rate] = fmt.Sprintf("%7s", n+u.short)
	}
	texts[elapsed] = "elapsed " + clock(int64(v.Elapsed/time.Second))
	if v.Total > 0 {
		total := strconv.Itoa(v.Total)
		texts[percent] = fmt.Sprintf("%*d%%", min(3, max(0, room-1)), v.share(100))
		texts[bar] = v.bar(leastBar, false)
		texts[count] = fmt.Sprintf("%*d/%s", len(total), v.Done, total)
		texts[left] = "left " + clock(roundUp(v.Remaining))
	}
	var shown [fields]bool
	room += gap
	for _, f := range ranks {
		if texts[f] == "" {
			continue
		}
		if gap+len(texts[f]) > room {
			break
		}
		room -= gap + len(texts[f])
		shown[f] = true
	}
	if shown[bar] {
		texts[bar] = v.bar(leastBar+room, blocks)
	}
	var line []string
	for f, text := range texts {
		if shown[f] {
			line = append(line, text)
		}
	}
	return strings.Join(line, strings.Repeat(" ", gap))
}

// bar returns a bar of n columns and its two ends.
func (v view) bar(n int, blocks bool) string {
	if !blocks {
		full := v.share(n)
		return "|" + strings.Repeat("#", full) + strings.Repeat(" ", n-full) + "|"
	}
	const eighths = " ▏▎▍▌▋▊▉"
	full, rest := v.share(8*n)/8, v.share(8*n)%8
	b := strings.Repeat("█", full)
	if full < n {
		b += string([]rune(eighths)[rest]) + strings.Repeat(" ", n-full-1)
	}
	return "|" + b + "|"
}

// share returns which part of n is done, rounded down: n only if all is.
func (v view) share(n int) int {
	if v.Done >= v.Total {
		return n
	}
	hi, lo := bits.Mul64(uint64(v.Done), uint64(n)) // in floating point 29 of 100 are 28%
	s, _ := bits.Div64(hi, lo, uint64(v.Total))
	return int(s)
}

// hasBlocks reports whether a terminal of the environment's locale shows the eighths of a
// block, each in one column. In the languages of East Asia they can take two.
func hasBlocks(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		locale := strings.ToLower(getenv(name))
		if locale == "" {
			continue // the next one counts
		}
		language, _, _ := strings.Cut(locale, "_")
		wide := language == "zh" || language == "ja" || language == "ko"
		return !wide && (strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8"))
	}
	return false
}
