package batch

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// beatEvery is how often an attempt shows that it lives. Tests change it.
var beatEvery = 10 * time.Second

// attemptName returns a name that no other attempt has: it says where it is, and when it
// began.
func attemptName() string {
	return fmt.Sprintf("%s-%d-%d", hostname(), os.Getpid(), time.Now().UnixNano())
}

func hostname() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	host, _, _ = strings.Cut(host, ".")
	return host
}

// parseAttempt is the inverse of attemptName.
func parseAttempt(name string) (a *sighting, ok bool) {
	rest, begun, _ := cutLast(name)
	host, pid, ok := cutLast(rest)
	if !ok {
		return nil, false
	}
	ns, err := strconv.ParseInt(begun, 10, 64)
	if err != nil {
		return nil, false
	}
	id, err := strconv.Atoi(pid)
	return &sighting{name: name, host: host, pid: id, begun: time.Unix(0, ns)}, err == nil
}

// cutLast cuts s at its last dash.
func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '-')
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}

// beat shows that the attempt lives, by the time of a file, until stop is called.
func (a *attempt) beat() (stop func()) {
	path := a.file(aliveExt)
	show := func() {
		// Written, not touched: the time is then that of the file's machine. If it
		// cannot be, the attempt looks stale, and goes on.
		_ = os.WriteFile(path, []byte(time.Now().Format(time.RFC3339)+"\n"), 0o666)
	}
	show()
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
		_ = os.Remove(path)
	}
}
