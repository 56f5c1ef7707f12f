package proc

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrNoWorkerMain is the error of Start in a program that has not called
	// WorkerMain.
	ErrNoWorkerMain = errors.New("parmap/proc: WorkerMain was not called: make it the first call in main, and in TestMain")
	// ErrNested is the error of Start in a worker process.
	ErrNested = errors.New("parmap/proc: Start in a worker process")
	// ErrClosed is the error of a run on a pool that is closed, also if that
	// happens while it is under way. If the end of Start's context has closed it the
	// error wraps ErrClosed and that context's cause.
	ErrClosed = errors.New("parmap/proc: pool is closed")
)

// A CrashError says how a worker process ended.
type CrashError struct {
	PID    int
	State  string // "signal: killed", "exit status 2", "chunk timeout 2s"
	Stderr []byte // what it wrote there: the first 4 KiB, and the last 12
}

// Timeout reports whether the worker was killed because a chunk took longer than
// ChunkTimeout.
func (e *CrashError) Timeout() bool { return strings.HasPrefix(e.State, chunkTimeout) }

// chunkTimeout is what the State of a timeout begins with.
const chunkTimeout = "chunk timeout "

// Error returns the state, and what the worker said.
func (e *CrashError) Error() string {
	if len(e.Stderr) == 0 {
		return fmt.Sprintf("parmap/proc: worker %d ended: %s", e.PID, e.State)
	}
	return fmt.Sprintf("parmap/proc: worker %d ended: %s\n%s", e.PID, e.State, e.Stderr)
}

// A remoteError is the error of a body in another process: its text, and whether
// it was a context's.
type remoteError struct{ f *failure }

func (e *remoteError) Error() string { return e.f.Text }

// Is is for errors.Is.
func (e *remoteError) Is(target error) bool {
	return e.f.Canceled && target == context.Canceled || e.f.Deadline && target == context.DeadlineExceeded
}
