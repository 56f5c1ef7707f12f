// Package rivals holds parmap beside what a user would pick instead: plain
// goroutines, and the libraries that people take for parallel loops. It is a
// module of its own, so that nobody who uses parfor gets their code.
//
//	go -C bench/rivals test -run '^$' -bench . -benchtime 100ms -count 10 -timeout 0 | tee new.txt
//	benchstat -col /way new.txt
//
// That takes some twenty minutes, make rivals, which runs each for a second and
// once, ten; some of the work and some of the rivals are
//
//	-bench 'Load//^1ms/(sequential|parmap-Auto|pond)'
//
// Command report runs all of it again and again, and writes down what came out;
// command check compares two revisions of the project:
//
//	make report
//	make bench-check BASE=HEAD~5
//
// # Fairness
//
// All do the same work, package work, in the same run on the same number of
// workers, GOMAXPROCS. A rival is set up as its documentation recommends for
// many short calls of a function: what it wants to be made once, such as a pool
// with workers that wait, is made once and outside of what is timed; a limit is
// the number of workers. The comment at each says what was chosen and why.
//
// Most of them are made for waiting, on networks above all, and run one
// function per goroutine or per message. Where their documentation tells
// users to bundle short ones, there is a second rival that does so. Where it
// does not, they get the loop as it is; but no program would call a function for
// each of millions of elements, so over long vectors all go by ranges. Sums are
// for those whose documentation shows how results come back.
//
// OpenMP, oneTBB and Python are in package beyond, as programs that do the same
// work.
//
// # Names and figures
//
// They are those of package bench: of-ideal is the time over that of the
// sequential loop in the same benchmark, divided by the number of workers.
package rivals
