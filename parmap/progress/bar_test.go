package progress_test

import (
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/progress"
)

// A tape keeps what is written, call by call.
type tape struct {
	writes []string
	err    error // of all further calls
}

func (t *tape) Write(b []byte) (int, error) {
	t.writes = append(t.writes, string(b))
	return len(b), t.err
}

func (t *tape) last() string { return t.writes[len(t.writes)-1] }

// wide is a terminal of n columns, or one that does not know: 0.
func wide(n int) func(io.Writer) (int, bool) {
	return func(io.Writer) (int, bool) { return n, true }
}

func noTerminal(io.Writer) (int, bool) { return 0, false }

// env is an environment of names and values in turns.
func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

var (
	plain   = env("TERM", "xterm", "LANG", "C")
	unicode = env("TERM", "xterm", "LANG", "en_US.UTF-8")
)

// after returns the progress of a run over n, ours of which it has done itself in d, and
// earlier runs the others.
func after(d time.Duration, done, ours, n int) parmap.Progress {
	p := parmap.Progress{Done: done, Total: n, Elapsed: d, Remaining: -1}
	if ours > 0 {
		p.Remaining = max(1, time.Duration(float64(n-done)/float64(ours)*float64(d)))
	}
	return p
}

func end(d time.Duration, done, n int) parmap.Progress {
	return parmap.Progress{Done: done, Total: n, Elapsed: d}
}

// TestTerminal holds what a run writes, to the byte.
func TestTerminal(t *testing.T) {
	var w tape
	show := progress.Show(&w, wide(80), unicode)
	show(after(100*time.Millisecond, 0, 0, 1000))
	show(after(1200*time.Millisecond, 370, 370, 1000))
	show(after(10*time.Minute, 999, 999, 1000))
	show(end(3210*time.Millisecond, 1000, 1000))
	assert.Equal(t, []string{
		"\r  0%  |                        |     0/1000     --/s  elapsed 00:00  left --:--\x1b[K\r",
		"\r 37%  |████████▉               |   370/1000    308/s  elapsed 00:01  left 00:03\x1b[K\r",
		"\r 99%  |███████████████████████▉|   999/1000    1.7/s  elapsed 10:00  left 00:01\x1b[K\r",
		"\r1000 of 1000 in 3.2 s, 312 a second\x1b[K\n",
	}, w.writes)
}

// TestEarlyEnd holds that a run that was ended says how far it came, and leaves the
// cursor in the first column.
func TestEarlyEnd(t *testing.T) {
	var w tape
	show := progress.Show(&w, wide(80), plain)
	show(after(time.Second, 300, 300, 1000))
	show(end(1200*time.Millisecond, 370, 1000))
	assert.Equal(t, "\r370 of 1000 (37%) done after 1.2 s, 308 a second\x1b[K\n", w.last())
	show(end(13*time.Microsecond, 0, 1000))
	assert.Equal(t, "\r0 of 1000 (0%) done after 13 us\x1b[K\n", w.last())
}

// TestRunAfterRun holds that nothing of a run is left in the next one's lines.
func TestRunAfterRun(t *testing.T) {
	calls := []parmap.Progress{after(5*time.Second, 500, 400, 1000), after(11*time.Second, 980, 880, 1000), end(13*time.Second, 1000, 1000)}
	for name, columns := range map[string]func(io.Writer) (int, bool){"terminal": wide(70), "log": noTerminal} {
		t.Run(name, func(t *testing.T) {
			var once, twice tape
			show := progress.Show(&once, columns, plain)
			for _, p := range calls {
				show(p)
			}
			show = progress.Show(&twice, columns, plain)
			show(after(25*time.Second, 90, 90, 100)) // another one before
			show(end(26*time.Second, 100, 100))
			twice.writes = nil
			for _, p := range calls {
				show(p)
			}
			assert.Equal(t, once.writes, twice.writes)
			// A run that tells nothing before its end has no rate of the one before.
			show(end(time.Second, 100, 100))
			assert.Contains(t, twice.last(), "100 of 100 in 1.0 s")
			assert.NotContains(t, twice.last(), "a second")
		})
	}
}

// TestResize holds that the width counts that the terminal has at the time, and that a
// line that may have been folded is cleared.
func TestResize(t *testing.T) {
	var w tape
	n := 0
	show := progress.Show(&w, func(io.Writer) (int, bool) { return n, true }, plain)
	for _, step := range []struct {
		columns, length int
		clears          bool
	}{
		{70, 69, false}, {70, 69, false}, {40, 39, true}, {120, 119, false}, {119, 118, true}, {0, 79, true}, {80, 79, false}, {1, 0, true},
	} {
		n = step.columns
		show(after(time.Second, 370, 370, 1000))
		line, ok := strings.CutPrefix(w.last(), "\r")
		require.True(t, ok)
		line, clears := strings.CutPrefix(line, "\x1b[J")
		assert.Equal(t, step.clears, clears, "%d columns", n)
		line, ok = strings.CutSuffix(line, "\x1b[K\r")
		require.True(t, ok)
		assert.Len(t, line, step.length, "%d columns", n)
	}
	n = 90
	show(after(time.Second, 370, 370, 1000))
	n = 30
	show(end(time.Second, 1000, 1000))
	assert.Equal(t, "\r\x1b[J1000 of 1000 in 1.0 s\x1b[K\n", w.last())
	n = 20
	show(after(time.Second, 370, 370, 1000))
	assert.NotContains(t, w.last(), "\x1b[J", "a new run, on a line of its own")
}

// TestWriteError holds that after an error nothing is written.
func TestWriteError(t *testing.T) {
	for name, columns := range map[string]func(io.Writer) (int, bool){"terminal": wide(80), "log": noTerminal} {
		t.Run(name, func(t *testing.T) {
			var w tape
			show := progress.Show(&w, columns, plain)
			show(after(11*time.Second, 1, 1, 10))
			require.Len(t, w.writes, 1)
			w.err = errors.New("full")
			show(after(21*time.Second, 2, 2, 10))
			require.Len(t, w.writes, 2)
			w.err = nil
			show(after(31*time.Second, 3, 3, 10))
			show(end(40*time.Second, 10, 10))
			show(end(40*time.Second, 10, 10))
			assert.Len(t, w.writes, 2)
		})
	}
}

// TestTwoRunsAtOnce holds that two runs that have the same Option by mistake race for
// nothing and write whole lines.
func TestTwoRunsAtOnce(t *testing.T) {
	for name, columns := range map[string]func(io.Writer) (int, bool){"terminal": wide(80), "log": noTerminal} {
		t.Run(name, func(t *testing.T) {
			var w tape // the race detector watches it
			show := progress.Show(&w, columns, plain)
			var runs sync.WaitGroup
			for k := range 2 {
				runs.Go(func() {
					n := 200 * (k + 1)
					for i := range n {
						show(after(time.Duration(i+1)*time.Second/10, i, i, n))
					}
					show(end(time.Duration(n)*time.Second/10, n, n))
				})
			}
			runs.Wait()
			ends := 0
			for _, s := range w.writes {
				if name == "log" {
					assert.Regexp(t, `^\d+ of \d+ [^\r\n\x1b]+\n$`, s)
				} else {
					assert.Regexp(t, `^\r[^\r\n\x1b]{10,79}\x1b\[K[\r\n]$`, s)
				}
				if strings.Contains(s, "200 of 200 ") || strings.Contains(s, "400 of 400 ") {
					ends++
				}
			}
			assert.Equal(t, 2, ends)
			if name == "log" {
				assert.LessOrEqual(t, len(w.writes), 10, "ten seconds are between two lines")
			}
		})
	}
}

func TestNilWriter(t *testing.T) {
	assert.PanicsWithValue(t, "progress: nil writer", func() { progress.Bar(nil) })
}
