// Package bench measures the project on whole tasks.
//
//	go test -run '^$' -bench . ./bench
//
// Everything takes some four minutes and 2 GiB of memory. For a quick look, do
// each once, on small vectors; for a claim, repeat it and let benchstat do the
// statistics:
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
// schedule, or of both.
//
// # Figures
//
// of-ideal is the time over the ideal: the time of the sequential loop, which
// runs in turn with the parallel one in the same benchmark, divided by the number of
// workers. It is the figure to compare: ratios outlast the minutes in which
// the machine is slow, seconds do not. Beside it ns/op is the median time of
// the parallel loop alone. With one worker, -cpu 1, of-ideal is what the
// parallel loop costs beyond the plain one.
//
// BenchmarkControl is no loop of the project's: it is 1.0 on a machine that does
// nothing else. Look at it first.
//
// Benchmarks without of-ideal are ordinary ones: compare them with the way
// sequential of the same run.
//
// # Work
//
// What is measured is in package work, without any way to run it in parallel. In
// bench/rivals, a module of its own, other libraries do the same work.
package bench
