package progress_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/progress"
)

// TestLog holds what is written where there is no terminal, and when.
func TestLog(t *testing.T) {
	var w tape
	show := progress.Show(&w, noTerminal, unicode)
	at := func(tenths int) parmap.Progress {
		d := time.Duration(tenths) * time.Second / 10
		return after(d, tenths, tenths, 1000)
	}
	for tenths := 1; tenths < 365; tenths++ {
		show(at(tenths))
	}
	show(at(610)) // it was suspended
	show(at(611))
	show(at(699))
	show(at(700))
	show(end(99900*time.Millisecond, 1000, 1000))
	assert.Equal(t, []string{
		"100 of 1000 (10%) in 10 s, 10 a second, 1 min 30 s left\n",
		"200 of 1000 (20%) in 20 s, 10 a second, 1 min 20 s left\n",
		"300 of 1000 (30%) in 30 s, 10 a second, 1 min 10 s left\n",
		"610 of 1000 (61%) in 1 min 1 s, 10 a second, 39 s left\n",
		"700 of 1000 (70%) in 1 min 10 s, 10 a second, 30 s left\n",
		"1000 of 1000 in 1 min 40 s, 10 a second\n",
	}, w.writes)
}

// TestLogOfShortRuns holds that a run of less than ten seconds writes one line.
func TestLogOfShortRuns(t *testing.T) {
	var w tape
	show := progress.Show(&w, noTerminal, unicode)
	show(after(time.Second, 100, 100, 1000))
	show(after(9999*time.Millisecond, 990, 990, 1000))
	show(end(9999*time.Millisecond, 1000, 1000))
	show(after(time.Second, 100, 100, 1000))
	show(end(2*time.Second, 200, 1000))
	show(end(41*time.Millisecond, 1000, 1000))
	assert.Equal(t, []string{
		"1000 of 1000 in 10 s, 100 a second\n",
		"200 of 1000 (20%) done after 2.0 s, 100 a second\n",
		"1000 of 1000 in 41 ms\n",
	}, w.writes)
}

func TestLogOfStream(t *testing.T) {
	var w tape
	show := progress.Show(&w, noTerminal, unicode)
	show(parmap.Progress{Done: 0, Elapsed: 10 * time.Second, Remaining: -1})
	show(parmap.Progress{Done: 4000, Elapsed: 20 * time.Second, Remaining: -1})
	show(parmap.Progress{Done: 12345, Elapsed: 39 * time.Second})
	show(parmap.Progress{Done: 3, Elapsed: 39 * time.Millisecond})
	show(parmap.Progress{Elapsed: 39 * time.Microsecond})
	assert.Equal(t, []string{
		"0 done in 10 s\n",
		"4000 done in 20 s, 200 a second\n",
		"12345 done in 39 s, 317 a second\n",
		"3 done in 39 ms, 77 a second\n",
		"0 done in 39 us\n",
	}, w.writes)
}

// TestResumed holds that the rate is that of this run alone.
func TestResumed(t *testing.T) {
	const none = ""
	at := func(s float64, done, ours int) parmap.Progress {
		return after(time.Duration(s*float64(time.Second)), done, ours, 1000)
	}
	for _, c := range []struct {
		name  string
		calls []parmap.Progress
		rate  string // in the last line
	}{
		{"all known at the first call", []parmap.Progress{at(0.1, 901, 1), at(5, 950, 50), end(10*time.Second, 1000, 1000)}, ", 10 a second"},
		{"nothing done at first", []parmap.Progress{at(0.1, 900, 0), at(1, 900, 0), at(5, 950, 50), end(10*time.Second, 1000, 1000)}, ", 10 a second"},
		{"the records are read first", []parmap.Progress{at(0.1, 0, 0), at(1, 700, 0), at(2, 900, 0), at(5, 950, 50), end(10*time.Second, 1000, 1000)}, ", 10 a second"},
		{"no time left is known", []parmap.Progress{at(0.1, 900, 0), end(10*time.Second, 1000, 1000)}, none},
		{"all in the last moment", []parmap.Progress{at(0.1, 901, 1), at(9.9, 1000, 100), end(10*time.Second, 1000, 1000)}, ", 10 a second"},
		{"not resumed", []parmap.Progress{at(0.1, 10, 10), at(5, 500, 500), end(10*time.Second, 1000, 1000)}, ", 100 a second"},
		{"the records are read first, which costs nobody's time", []parmap.Progress{at(60, 900, 0),
			{Done: 910, Total: 1000, Elapsed: 61 * time.Second, Remaining: 9 * time.Second}, end(70*time.Second, 1000, 1000)}, ", 10 a second"},
		{"stopped", []parmap.Progress{at(0.1, 901, 1), end(5*time.Second, 950, 1000)}, ", 10 a second"},
		{"nothing is left to do", []parmap.Progress{at(0.1, 0, 0), at(0.2, 1000, 1), end(time.Second, 1000, 1000)}, none},
		{"over before the first call", []parmap.Progress{end(50*time.Millisecond, 1000, 1000)}, none},
		{"another run's end, by mistake", []parmap.Progress{at(0.1, 10, 5), end(time.Second, 2, 1000)}, none},
	} {
		t.Run(c.name, func(t *testing.T) {
			var w tape
			show := progress.Show(&w, noTerminal, plain)
			for _, p := range c.calls {
				show(p)
			}
			assert.Regexp(t, ` (in|after) [^,]+`+c.rate+`\n$`, w.last())
		})
	}
	// What the lines say before, and when.
	var w tape
	show := progress.Show(&w, wide(80), plain)
	show(at(0.1, 900, 0))
	show(at(2, 904, 4))
	show(at(4, 910, 10))
	assert.Equal(t, []string{
		"\r 90%  |#####################   |   900/1000     --/s  elapsed 00:00  left --:--\x1b[K\r",
		"\r 90%  |#####################   |   904/1000    2.0/s  elapsed 00:02  left 00:48\x1b[K\r",
		"\r 91%  |#####################   |   910/1000    2.5/s  elapsed 00:04  left 00:36\x1b[K\r",
	}, w.writes)
}
