// Package parmap runs the bodies of loops on all cores: one changed line.
//
//	for i := range n { row(i) }
//
// becomes
//
//	parmap.For(n, row)
//
// # Overview
//
// [For], [ForRange], [ForTile], [ForRows] and [ForLocal] fill what the caller
// provides. [Map], [MapInto] and [Map2] make a slice of results, in order;
// [Stream] a sequence of them. [Reduce] combines partial results to one, [Scan]
// and [ScanExclusive] make the results of all prefixes. Those that end in Err
// take a context and return an error: [ForErr], [ForRangeErr], [MapErr],
// [ReduceErr]; so does Stream. [Rand] gives each index random numbers of its own.
//
// A [Kernel] is a body with a name, which runs on goroutines like ForRangeErr or,
// with [On], in the worker processes of package proc, which may crash and be
// replaced without losing the run. A [Func] is its like for MapErr.
//
// All block until the work is done, and none needs anything to be set up or
// closed. Options say who runs it and how: [Workers], [Grain], a [Schedule].
// The defaults are meant to be left alone. [OnProgress] tells how far a run is,
// and [Record] where its time went: packages progress and timeline show these.
//
// # Words
//
// A body is the function that a verb calls. A chunk is a half-open range
// [lo, hi) of indices that is handed out at once, a tile its form in two
// dimensions, the grain the fewest indices in one. A worker is a goroutine
// that runs chunks; the caller's is one of them, the others are helpers. The
// schedule is the rule that assigns chunks to workers. A grid is a fixed cut of
// all indices into chunks. To combine is to join two partial results.
//
// # Memory model
//
// What the caller wrote before the call is visible to every body. What a body
// wrote is visible to the caller when the verb has returned, or in a Stream
// when the body's result was yielded, without a lock. Between bodies of one
// call there is no order: two that touch the same variable, one of them
// writing, need a lock or an atomic, or better a [Reduce]. Bodies that write
// different elements of a slice need nothing; that holds for each of two
// neighbouring elements, though not for the speed of many small writes to
// them (they share a cache line).
//
// # What can be relied on
//
// Every index of [0, n) is run exactly once, unless an error, a panic, or a
// cancelled context ends the run. In worker processes it may be run again after
// a death; what is declared as [Output] is then as if it had run once.
//
// A verb returns when none of its bodies is running any more, also after an
// error, a panic, a cancelled context, or a break out of a Stream's loop.
//
// A panic in a body stops the handing out of chunks. When all workers have
// stopped, a plain verb panics in its caller with a [*PanicError], which has
// the body's stack; an Err verb returns it inside a [*ChunkError].
// runtime.Goexit in a body likewise becomes a Goexit in the caller, so that
// t.FailNow works in a body. The next call finds everything as usual.
//
// A fault in a body is such a panic: an access to a closed array or to what was
// cut off from a file, or a write to a read-only array. The PanicError says
// which it was, of which array and at which byte, and the program goes on. In a
// goroutine that a body starts, as gonum's large matrix products do, a fault
// ends the program, as it does outside of a verb.
//
// # Determinism
//
// Results do not depend on the number of workers nor on the schedule: For and
// Map, if what a body does at i does not depend on other bodies; Reduce and Scan
// because their grids, and the order in which they combine, depend on n and Grain
// alone; and random numbers if they come from Rand.
//
// # Nesting
//
// A body may call a verb. Idle workers then help with the inner loop, and where
// all are busy it runs in the body's own goroutine: nested loops neither
// deadlock nor start more work at once than there are processors. Only a
// Workers option above the default asks for more, and gets it. The same holds
// for loops that several goroutines start at once.
//
// # Cost
//
// A call costs 0.1 to 0.3 microseconds when loops follow each other. After a pause
// the helpers are asleep, and to wake them takes the caller 2 to 20 microseconds,
// so that a loop as short as that is better off with [Serial]. A body costs what a
// call of a function costs. The plain verbs do not allocate when the body is a
// function or a closure made before: a closure literal with captured variables
// costs its caller one allocation.
//
// Helpers wait for the next loop for half a millisecond, spinning, then sleep,
// and end after 100 milliseconds without work. With one worker, that is by
// [Serial], Workers(1), or GOMAXPROCS=1 unless more are asked for, there are
// none. In a testing/synctest bubble use Serial: there a helper would spin for
// ever, as the bubble's clock stands still meanwhile.
//
// A body must not wait for another of the same call, which may come after it
// on the same worker; only with as many Workers as bodies, and more than the
// default, does each have a goroutine of its own. A loop of more than 64
// chunks that begins when the helpers are asleep calls them when its first
// body has returned.
//
// The environment variable PARFOR_WORKERS sets the default number of workers;
// unset, empty or 0 it is GOMAXPROCS. It is read once, by the first verb that
// asks for it, which panics if it is not a number or negative.
package parmap
