package progress

import (
	"io"
	"os"
	"sync"
	"time"

	"github.com/parfor-go/parfor/parmap"
)

const (
	// period is the time between two lines of a log.
	period = 10 * time.Second

	// usualWidth is that of a terminal that does not know its own.
	usualWidth = 80

	// What a terminal clears: from the cursor to the end of the line, of the screen.
	eraseLine   = "\x1b[K"
	eraseScreen = "\x1b[J"
)

// Bar shows on w how far a run has come: in one line that is rewritten in place if w is a
// terminal (an *os.File, or what has its Fd method), and else in a line every ten
// seconds and one at the end. Each is written by one call of Write. An error of Write
// ends the writing for good, and nothing else. A nil w panics.
//
// The Option can be used again when a run is over. Runs at the same time, as one that a
// body starts within another, should not have the same one, nor the same terminal: they
// would rewrite one line in turns, with a rate that is neither's. Nothing worse comes of it.
//
// A Write that blocks, as to a terminal that is stopped by Ctrl-S, holds up the end of the
// run, and nothing before.
func Bar(w io.Writer) parmap.Option {
	if w == nil {
		panic("progress: nil writer")
	}
	return parmap.OnProgress(newMeter(w, columns, os.Getenv).show)
}

// A meter shows one run after the other on w.
type meter struct {
	w      io.Writer
	width  func() int // of the terminal; nil: w is none
	blocks bool       // the terminal has the eighths of a block

	mu     sync.Mutex    // guards what follows, should two runs share it
	failed bool          // w has
	before float64       // how many of Done were finished before this run
	known  bool          // before is
	due    time.Duration // when a log gets its next line
	drawn  int           // the room that the last line had; 0: there is none
}

// newMeter returns a meter for w. columns tells the width of a terminal, 0 if it has
// none, and whether w is one.
func newMeter(w io.Writer, columns func(io.Writer) (int, bool), getenv func(string) string) *meter {
	m := &meter{w: w}
	m.reset()
	term := getenv("TERM")
	if _, ok := columns(w); !ok || term == "" || term == "dumb" {
		return m
	}
	m.width = func() int {
		if n, _ := columns(w); n > 0 {
			return n
		}
		return usualWidth
	}
	m.blocks = term != "linux" && hasBlocks(getenv) // the fonts of Linux' own consoles lack them
	return m
}

func (m *meter) reset() { m.before, m.known, m.due, m.drawn = 0, false, period, 0 }

// show is what a run calls.
func (m *meter) show(p parmap.Progress) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failed {
		return
	}
	m.look(p)
	v := view{p, m.rate(p)}
	last := p.Remaining == 0
	switch {
	case m.width != nil:
		m.draw(v, last)
	case last:
		m.write(v.last()[0] + "\n")
	case p.Elapsed >= m.due:
		m.write(v.now() + "\n")
		m.due = (p.Elapsed/period + 1) * period
	}
	if last {
		m.reset()
	}
}

// draw rewrites the line of a terminal.
//
// The cursor is left where the line begins, not behind it: it stays there when a terminal
// that has become narrower folds the line, so that all of it can be cleared.
//
// The last column stays free: behind it some terminals have the cursor in the next line,
// and others on it, where eraseLine clears it.
func (m *meter) draw(v view, last bool) {
	room := m.width() - 1
	s := "\r"
	if room < m.drawn {
		s += eraseScreen
	}
	m.drawn = room
	if last {
		m.write(s + longest(v.last(), room) + eraseLine + "\n")
	} else {
		m.write(s + v.line(room, m.blocks) + eraseLine + "\r")
	}
}

func (m *meter) write(s string) {
	_, err := m.w.Write([]byte(s))
	m.failed = err != nil
}

// look finds out how many were finished before this run, which a Progress does not say.
// But what this run has finished is to Elapsed as the rest is to Remaining. (If Remaining
// does not count the time before the first body, before is too small by what would have
// been finished in that time, which makes the rate that of the bodies.)
func (m *meter) look(p parmap.Progress) {
	switch {
	case p.Total == 0:
		m.before, m.known = 0, true // a Stream has no journal
	case p.Remaining > 0 && p.Done < p.Total:
		rest := float64(p.Total - p.Done)
		m.before, m.known = float64(p.Done)-rest*float64(p.Elapsed)/float64(p.Remaining), true
	}
}

// rate returns how many items this run finishes in a second, 0 if that is not known.
func (m *meter) rate(p parmap.Progress) float64 {
	ours := float64(p.Done) - m.before
	if !m.known || ours <= 0 || p.Elapsed <= 0 {
		return 0
	}
	return ours / p.Elapsed.Seconds()
}
