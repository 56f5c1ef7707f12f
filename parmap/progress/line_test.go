package progress_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/progress"
)

// lineOf returns what a terminal of so many columns shows after some calls.
func lineOf(t *testing.T, columns int, getenv func(string) string, calls ...parmap.Progress) string {
	t.Helper()
	var w tape
	show := progress.Show(&w, wide(columns), getenv)
	for _, p := range calls {
		show(p)
	}
	require.Len(t, w.writes, len(calls))
	line, ok := strings.CutPrefix(w.last(), "\r")
	require.True(t, ok)
	line, _, ok = strings.Cut(line, "\x1b[K")
	require.True(t, ok)
	return line
}

// TestWidths holds what is left out on narrow terminals, and that a line never has the
// last column.
func TestWidths(t *testing.T) {
	running := after(1200*time.Millisecond, 370, 370, 1000)
	stream := parmap.Progress{Done: 12345, Elapsed: 39 * time.Second, Remaining: -1}
	for _, c := range []struct {
		name   string
		getenv func(string) string
		calls  []parmap.Progress
		lines  map[int]string // by the least width that has it, but for longer bars
	}{
		{"blocks", unicode, []parmap.Progress{running}, map[int]string{
			1:   "",
			4:   "37%",
			5:   " 37%",
			17:  " 37%  left 00:03",
			29:  " 37%  |██▉     |  left 00:03",
			30:  " 37%  |███▎     |  left 00:03",
			39:  " 37%  |██████▋           |  left 00:03",
			40:  " 37%  |██▉     |   370/1000  left 00:03",
			49:  " 37%  |██▉     |   370/1000    308/s  left 00:03",
			64:  " 37%  |██▉     |   370/1000    308/s  elapsed 00:01  left 00:03",
			80:  " 37%  |████████▉               |   370/1000    308/s  elapsed 00:01  left 00:03",
			200: " 37%  |" + strings.Repeat("█", 53) + "▎" + strings.Repeat(" ", 90) + "|   370/1000    308/s  elapsed 00:01  left 00:03",
		}},
		{"ascii", plain, []parmap.Progress{running}, map[int]string{
			1:   "",
			4:   "37%",
			5:   " 37%",
			17:  " 37%  left 00:03",
			29:  " 37%  |##      |  left 00:03",
			40:  " 37%  |##      |   370/1000  left 00:03",
			49:  " 37%  |##      |   370/1000    308/s  left 00:03",
			64:  " 37%  |##      |   370/1000    308/s  elapsed 00:01  left 00:03",
			200: " 37%  |" + strings.Repeat("#", 53) + strings.Repeat(" ", 91) + "|   370/1000    308/s  elapsed 00:01  left 00:03",
		}},
		{"stream", unicode, []parmap.Progress{stream}, map[int]string{
			1:  "",
			6:  "12345",
			15: "12345    317/s",
			30: "12345    317/s  elapsed 00:39",
		}},
		{"end", unicode, []parmap.Progress{running, end(3210*time.Millisecond, 1000, 1000)}, map[int]string{
			1:  "",
			5:  "100%",
			13: "1000 of 1000",
			22: "1000 of 1000 in 3.2 s",
			36: "1000 of 1000 in 3.2 s, 312 a second",
		}},
		{"stopped", unicode, []parmap.Progress{running, end(1201*time.Millisecond, 370, 1000)}, map[int]string{
			1:  "",
			4:  "37%",
			23: "370 of 1000 (37%) done",
			35: "370 of 1000 (37%) done after 1.2 s",
			49: "370 of 1000 (37%) done after 1.2 s, 308 a second",
		}},
		{"end of a stream", unicode, []parmap.Progress{stream, end(39*time.Second, 12345, 0)}, map[int]string{
			1:  "",
			6:  "12345",
			11: "12345 done",
			19: "12345 done in 39 s",
			33: "12345 done in 39 s, 317 a second",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			golden := ""
			for n := 1; n <= 200; n++ {
				line := lineOf(t, n, c.getenv, c.calls...)
				assert.Less(t, utf8.RuneCountInString(line), n)
				if s, ok := c.lines[n]; ok {
					golden = s
					assert.Equal(t, golden, line, "%d columns", n)
				}
				assert.Equal(t, barless(golden), barless(line), "%d columns", n)
				if strings.Contains(line, "|") {
					assert.Equal(t, n-1, utf8.RuneCountInString(line), "a bar takes what is left")
				}
			}
		})
	}
}

// barless returns a line without what is between the ends of its bar.
func barless(line string) string {
	before, rest, ok := strings.Cut(line, "|")
	if !ok {
		return line
	}
	_, behind, _ := strings.Cut(rest, "|")
	return before + "||" + behind
}

// TestBar holds that a bar grows by eighths, and is full when all is done and not before.
func TestBar(t *testing.T) {
	const cells = 16
	for done := range cells*8 + 1 {
		line := lineOf(t, 37, unicode, after(time.Second, done, done, cells*8))
		_, bar, ok := strings.Cut(line, "|")
		require.True(t, ok, line)
		bar, _, _ = strings.Cut(bar, "|")
		want := strings.Repeat("█", done/8)
		if done%8 > 0 {
			want += string([]rune("▏▎▍▌▋▊▉")[done%8-1])
		}
		require.Equal(t, cells, utf8.RuneCountInString(bar))
		assert.Equal(t, want, strings.TrimRight(bar, " "), "%d", done)
	}
	almost := lineOf(t, 80, unicode, after(time.Second, math.MaxInt-1, 1, math.MaxInt))
	assert.Contains(t, almost, " 99%  |")
	assert.NotContains(t, almost, "█|")
	almost = lineOf(t, 80, plain, after(time.Second, math.MaxInt-1, 1, math.MaxInt))
	assert.Contains(t, almost, "# |")
}

// TestPercent holds that it is exact, and 100 only when all is done.
func TestPercent(t *testing.T) {
	for _, n := range []int{1, 3, 7, 99, 100, 1000, 12345} {
		for done := range n + 1 {
			got := lineOf(t, 10, plain, after(time.Second, done, done, n))
			assert.Equal(t, fmt.Sprintf("%3d%%", 100*done/n), got, "%d of %d", done, n)
		}
	}
}

// TestHugeNumbers holds that lines of huge numbers are no wider.
func TestHugeNumbers(t *testing.T) {
	long := parmap.Progress{Done: math.MaxInt / 3, Total: math.MaxInt, Elapsed: math.MaxInt64, Remaining: math.MaxInt64}
	fast := long
	fast.Elapsed = 1
	short := parmap.Progress{Done: 1, Total: math.MaxInt, Elapsed: math.MaxInt64, Remaining: math.MaxInt64}
	for _, p := range []parmap.Progress{long, fast, short} {
		for n := 1; n <= 200; n++ {
			for _, getenv := range []func(string) string{plain, unicode} {
				assert.Less(t, utf8.RuneCountInString(lineOf(t, n, getenv, p)), n)
				last := p
				last.Remaining = 0
				assert.Less(t, utf8.RuneCountInString(lineOf(t, n, getenv, p, last)), n)
				stream := p
				stream.Total, stream.Remaining = 0, -1
				assert.Less(t, utf8.RuneCountInString(lineOf(t, n, getenv, stream)), n)
			}
		}
	}
	p := parmap.Progress{Done: 2_000_000_000, Total: 2_000_000_000, Elapsed: 100 * time.Hour, Remaining: 1}
	assert.Equal(t, "100%  |################|  2000000000/2000000000     --/s  elapsed 4d04h  left 00:01",
		lineOf(t, 84, plain, p))
	long.Remaining = -1
	assert.Contains(t, lineOf(t, 200, plain, long), "elapsed 106751d23h  left --:--")
}

// TestEnvironment holds which terminals get a bar of blocks, one of #, and none.
func TestEnvironment(t *testing.T) {
	const blocks, ascii, none = "███▌", "###", ""
	for _, c := range []struct {
		env  []string
		want string
	}{
		{[]string{"TERM", "xterm-256color", "LANG", "en_US.UTF-8"}, blocks},
		{[]string{"TERM", "xterm", "LC_ALL", "C.utf8"}, blocks},
		{[]string{"TERM", "xterm", "LC_CTYPE", "UTF-8"}, blocks},
		{[]string{"TERM", "xterm", "LC_ALL", "", "LC_CTYPE", "", "LANG", "de_DE.UTF-8"}, blocks},
		{[]string{"TERM", "xterm", "LC_ALL", "de_DE.UTF-8", "LC_CTYPE", "C", "LANG", "C"}, blocks},
		{[]string{"TERM", "xterm", "LC_ALL", "C", "LC_CTYPE", "UTF-8", "LANG", "de_DE.UTF-8"}, ascii},
		{[]string{"TERM", "xterm", "LC_CTYPE", "C", "LANG", "de_DE.UTF-8"}, ascii},
		{[]string{"TERM", "xterm", "LANG", "de_DE.ISO-8859-1"}, ascii},
		{[]string{"TERM", "xterm"}, ascii},
		{[]string{"TERM", "xterm", "LANG", "ja_JP.UTF-8"}, ascii},
		{[]string{"TERM", "xterm", "LANG", "zh_CN.UTF-8"}, ascii},
		{[]string{"TERM", "xterm", "LANG", "ko_KR.UTF-8"}, ascii},
		{[]string{"TERM", "xterm", "LANG", "kok_IN.UTF-8"}, blocks},
		{[]string{"TERM", "linux", "LANG", "en_US.UTF-8"}, ascii},
		{[]string{"TERM", "dumb", "LANG", "en_US.UTF-8"}, none},
		{[]string{"TERM", "", "LANG", "en_US.UTF-8"}, none},
		{[]string{"TERM", "xterm", "NO_COLOR", "1", "LANG", "en_US.UTF-8"}, blocks},
	} {
		var w tape
		show := progress.Show(&w, wide(29), env(c.env...))
		show(after(10*time.Second, 450, 450, 1000))
		if c.want == none {
			assert.Equal(t, []string{"450 of 1000 (45%) in 10 s, 45 a second, 12 s left\n"}, w.writes, "%v", c.env)
			continue
		}
		require.Len(t, w.writes, 1)
		assert.Contains(t, w.last(), "|"+c.want+" ", "%v", c.env)
	}
}
