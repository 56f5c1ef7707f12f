package batch

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/parfor-go/parfor/internal/segment"
)

// beatEvery is how often an attempt shows that it lives: seldom enough for 10,000 of them
// on one file system, which then has 1000 small writes a second. Tests change it.
var beatEvery = 10 * time.Second

// attemptName returns a name that no other attempt has.
func attemptName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	host, _, _ = strings.Cut(host, ".")
	return fmt.Sprintf("%s-%d-%d", host, os.Getpid(), time.Now().UnixNano())
}

// An alive is what an attempt writes to show that it lives.
type alive struct {
	Begun   time.Time // by the clock of the file's machine
	PID     int
	Process string // that no other process has, now or later, here or elsewhere; "": nobody knows
}

// isGone reports whether the attempt is known to have ended: it was a process that would
// be seen from here. known is false if it would not.
func (a alive) isGone() (gone, known bool) {
	if a.Process == "" || machine() == "" || !strings.HasPrefix(a.Process, machine()) {
		return false, false
	}
	return processOf(a.PID) != a.Process, true
}

// beat shows that the attempt lives, by the time of a file, until stop is called.
func (a *attempt) beat() (stop func()) {
	path := a.file(aliveExt)
	mine := alive{PID: os.Getpid(), Process: processOf(os.Getpid())}
	show := func() {
		// Written, not touched: the time is then that of the file's machine. If it
		// cannot be, the attempt looks stale, and goes on.
		if b, err := json.Marshal(mine); err == nil {
			segment.Enter("openat", path)
			_ = os.WriteFile(path, append(b, '\n'), 0o666)
		}
	}
	show()
	if info, err := os.Stat(path); err == nil {
		mine.Begun = info.ModTime()
		show()
	}
	over, joined := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(joined)
		for {
			select {
			case <-over:
				return
			case <-time.After(beatEvery):
				show()
			}
		}
	}()
	return func() {
		close(over)
		<-joined
		segment.Enter("unlinkat", path)
		_ = os.Remove(path)
	}
}
