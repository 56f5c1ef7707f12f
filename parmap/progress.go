package parmap

import "time"

// A Progress says how far a run has come.
type Progress struct {
	// Done is how many indices are finished: their body has returned, without an
	// error or under [CollectErrors], in this run or, with a [Journal], in an earlier
	// one. On a pool of processes whole chunks are counted. It never falls. In the last
	// call it is exact, but for a chunk in which a body of a plain verb panicked, or any
	// body called runtime.Goexit.
	Done int
	// Total is n. It is 0 in a [Stream], as nobody knows how many items there are. Of
	// [ForTile] tiles are counted.
	Total int
	// Elapsed is the time since the run began: with a Journal, since what earlier runs
	// had done was checked.
	Elapsed time.Duration
	// Remaining is the time that the rest takes if it costs what was done in this run.
	// It is -1 while nobody can tell, and 0 in the last call and in no other.
	Remaining time.Duration
}

// OnProgress has f called ten times a second at most while the verb runs, by a goroutine
// of its own, and once more by the caller when no body runs any more, also after an
// error or a panic. So no two calls for one run are concurrent, and a run that takes less
// than a tenth of a second makes the last call alone. Two runs at once that have the same f
// each call it. If f is slow there are fewer calls; the verb returns when the last one has,
// so f must not wait for the caller. If f panics it is not called again, and when the run is
// over the verb panics with a [*PanicError], an Err verb too.
//
// It costs some ten microseconds, and in a loop of bodies of 1 us less than 0.5%. A body
// that gets ranges gets shorter ones than without: of some milliseconds, if Grain allows
// that. A nil f panics.
func OnProgress(f func(Progress)) Option {
	if f == nil {
		panic("parmap: nil progress function")
	}
	return onProgress{to: &listener{f}}
}

// An onProgress has a pointer, so that options compare, and is longer than a pointer, so
// that an option list can stay on its caller's stack: what is in an interface as it is
// would escape, and with it all other options' values.
type onProgress struct {
	to *listener
	_  uintptr
}

type listener struct{ f func(Progress) }

func (onProgress) runOption() {}
func (onProgress) option()    {}
