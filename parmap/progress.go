package parmap

import "time"

// A Progress says how far a run has come.
type Progress struct {
	// Done is how many indices are finished: their body has returned, without an
	// error or under [CollectErrors], in this run or, with a [Journal], in an earlier
	// one. It never falls. In the last call it is exact.
	Done int
	// Total is n. It is 0 in a [Stream], as nobody knows how many items there are. Of
	// [ForTile] tiles are counted.
	Total int
	// Elapsed is the time since the verb was called.
	Elapsed time.Duration
	// Remaining is the time that the rest takes if it costs what was done in this run.
	// It is -1 while nobody can tell, and 0 in the last call and in no other.
	Remaining time.Duration
}

// OnProgress has f called ten times a second at most while the verb runs, by a goroutine
// of its own, and once more by the caller when no body runs any more, also after an
// error or a panic. So no two calls of f are concurrent, and a run that takes less than a
// tenth of a second makes the last call alone. If f is slow there are fewer calls; the run
// waits for none but the last two. A panic of f ends the run as one of a body does.
//
// Counting costs two nanoseconds for each chunk that is handed out. The chunks are
// shorter than without: a few milliseconds if Grain allows that. A nil f panics.
func OnProgress(f func(Progress)) Option {
	if f == nil {
		panic("parmap: nil progress function")
	}
	return &onProgress{f}
}

// An onProgress is a pointer, so that options compare.
type onProgress struct{ f func(Progress) }

func (*onProgress) runOption() {}
func (*onProgress) option()    {}
