// Package simulate says how well a schedule would do on more processors than
// there are here. It calls the schedules of internal/sched themselves, in the
// order in which the workers of a model machine would, over bodies whose times
// were recorded or made up.
//
// # Overview
//
// A [Loop] is the time of each body. [Run] simulates it under a [Policy], one of
// parmap's schedules or one to compare it with, on so many workers of a
// [Machine], and gives a [Result]: how long the loop took and where the workers'
// time went.
//
//	loop := simulate.Shaped(work.Shapes[1], 1000, time.Millisecond)
//	for workers := 1; workers <= 1024; workers *= 2 {
//		r := simulate.Run(loop, simulate.Auto, workers, simulate.Measured)
//		fmt.Println(workers, r.OfIdeal(), r.Claiming/r.Bodies)
//	}
//
// Two benchmarks: BenchmarkScaling prints a table of the kind, and BenchmarkModel
// holds the model against the real thing on this machine's processors. Look at the second
// before you believe the first.
//
//	go test -run '^$' -bench Scaling -benchtime 1x ./bench/internal/simulate
//	go test -run '^$' -bench Model -cpu 2 ./bench/internal/simulate
//
// # Words
//
// A line is a cache line on which workers meet: the cursor of Dynamic and
// Guided, each worker's word under Auto and Static, and the roll, on which the
// helpers of a region sign in and out. A claim is one Next; its chunk is what it
// returned. A steal is a chunk that was in another worker's word. A missed steal
// is one that found the word changed when it came to write it.
//
// # What is modelled
//
// Caller and helpers. The caller is worker 0. It deals out the words, offers
// the region to one helper after the other, and works. A helper comes some time
// after its offer and signs in on the roll. Who has nothing more to claim
// signs out. The caller then retracts the offers that nobody took and waits for
// the last who did.
//
// Lines. A write to a line that is in the writer's cache alone takes [Machine].Claim.
// Otherwise it takes Transfer more, and who wants to write while others do waits
// for his turn, and then for the Handoff: a cursor is a queue. Chunks are handed
// out in the order of the queue. A load followed by a compare-and-swap counts as one write: a
// compare-and-swap that fails leaves the line with the loser, whose next try succeeds.
//
// Steals. A worker whose word is empty reads others, some at a time. Those
// that were written since it read them last take a transfer; and their owners'
// next claim does too. Then it writes the victim's word. If that is empty by
// then, it begins again. So thieves that choose the same victim cost each other
// time.
//
// Pauses, if asked for: see [Noise].
//
// # What is not
//
// Bodies take the same time wherever and beside whomever they run: there is no
// memory bandwidth, no cache to be warm or cold, no frequency that falls when all
// processors work. All transfers take the same time: there are no sockets and no
// dies. A reader of words never waits for a writer. The caller's way to its helpers
// is that of a region that gets all it asks for: the doubling chunks of a
// caller that lacks helpers are left out, and so is its sleep at the end of a
// long wait. So the simulation is good for comparing schedules,
// and for what grows with the number of workers; it's an upper bound of what a loop
// on real memory can gain.
//
// # Invariants
//
// Run is a function of its arguments: the same bits each time. Every index runs
// once, or Run panics. A makespan is at least [Loop.Ideal]. The times of a Result
// add up to Workers*Makespan, but for rounding.
package simulate
