// Package bench measures the project on whole tasks.
//
//	go test -run '^$' -bench . ./bench
//
// Everything takes some eight minutes, 2 GiB of memory, and as much of the disk
// with temporary files. For a quick look, do each once, on small vectors; for a
// claim, repeat it and let benchstat do the statistics:
//
//	go test -run '^$' -bench . -benchtime 1x -short ./bench
//	go test -run '^$' -bench . -benchtime 200ms -count 10 -cpu 1,2 -timeout 0 ./bench | tee new.txt
//	benchstat -col /way new.txt
//
// # Names
//
// A name ends with the way the work is done, after the load and its size:
//
//	BenchmarkLoad/triangular/1ms/way=parmap-Auto-2
//
// sequential is a plain loop. The others have the name of the verb, of the
// schedule, or of both, and of the grain: parmap-Dynamic-g16. parmap-proc runs a
// kernel in worker processes, of which there are none but on Linux: elsewhere
// it is skipped. shmarray is the methods and functions of arrays. What begins
// with goroutine is what people write without the project.
//
// Loads are the shapes of package work and what all bodies take together. Vectors
// are in the heap, in memory of this process alone (private), in memory that
// processes share (shmarray), or in .npy files (npy). A hot loop follows another,
// a parked one an idle millisecond.
//
// # Figures
//
// of-ideal is the time over the ideal: the time of the sequential loop, which
// runs in turn with the parallel one in the same benchmark, divided by the number of
// workers. It is the figure to compare: ratios outlast the minutes in which
// the machine is slow, seconds do not. Beside it ns/op is the median time of
// the parallel loop alone. With one worker, -cpu 1, of-ideal is what the
// parallel loop costs beyond the plain one. Loops too small to share have
// of-sequential in its place, the time over that of the sequential loop: they
// need not be faster, but are not to be slower.
//
// of-default is the time over that of the loop without options, in turn with it.
//
// BenchmarkControl is no loop of the project's: it is 1.0 on a machine that does
// nothing else. Look at it first.
//
// Benchmarks without these three are ordinary ones: compare them with the way
// sequential of the same run.
//
// # Work
//
// What is measured is in package work, without any way to run it in parallel. In
// bench/rivals, a module of its own, other libraries do the same work.
package bench
