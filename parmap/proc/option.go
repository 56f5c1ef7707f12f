package proc

import (
	"io"
	"os"
	"time"
)

// An Option changes how a pool treats its workers. Options are plain values; of
// two of the same kind the later wins.
type Option interface{ option() }

// Retries is how often a chunk is given to another worker after one died in it.
// The default is 2. For a run without an Output it is 0 unless this option is
// given, even as Retries(2): only then the body must be one that can be run
// again, in part or in whole, after it was broken off at any point. A negative
// number panics.
type Retries int

// ChunkTimeout is how long a worker may take for one chunk. One that takes
// longer is killed and replaced, as if it had died. The time in which the whole
// program is stopped, or the machine suspended, does not count. 0, the default,
// means no limit. A negative one panics.
type ChunkTimeout time.Duration

// MemoryLimit is how many bytes a worker may use, beside the shared arrays and
// what the program takes when it starts. The garbage collector tries to keep
// below; a worker that cannot dies, after some 2 ms for each MiB. A stack may take
// half of it. Stacks of threads count in full, 8 MiB each in a program with cgo:
// bodies that block many threads need a limit for them too. 0, the default, means
// no limit. A negative number panics.
type MemoryLimit int64

// RecycleAfter is after how many chunks a worker is replaced by a fresh one: for
// bodies that leak. 0, the default, means never. A negative number panics.
type RecycleAfter int

// Pin binds each worker to one processor, the next of those that the program may
// use.
type Pin bool

// Stderr sets where the workers' standard error and standard output go, as they
// come; calls of Write are not concurrent, and must not wait for a run. The
// default is os.Stderr. A nil w panics.
func Stderr(w io.Writer) Option {
	if w == nil {
		panic("parmap/proc: nil writer")
	}
	return stderr{w}
}

type stderr struct{ w io.Writer }

func (Retries) option()      {}
func (ChunkTimeout) option() {}
func (MemoryLimit) option()  {}
func (RecycleAfter) option() {}
func (Pin) option()          {}
func (stderr) option()       {}

type config struct {
	retries      int
	retriesGiven bool
	timeout      time.Duration
	memory       int64
	recycle      int
	pin          bool
	stderr       io.Writer
}

func configure(opts []Option) config {
	c := config{retries: 2, stderr: os.Stderr}
	negative := false
	for _, o := range opts {
		switch o := o.(type) {
		case Retries:
			c.retries, c.retriesGiven = int(o), true
			negative = negative || o < 0
		case ChunkTimeout:
			c.timeout = time.Duration(o)
			negative = negative || o < 0
		case MemoryLimit:
			c.memory = int64(o)
			negative = negative || o < 0
		case RecycleAfter:
			c.recycle = int(o)
			negative = negative || o < 0
		case Pin:
			c.pin = bool(o)
		case stderr:
			c.stderr = o.w
		default:
			panic("parmap/proc: nil option")
		}
	}
	if negative {
		panic("parmap/proc: negative option")
	}
	return c
}
