// Package beyond holds parmap beside what people use for parallel loops in other
// languages: OpenMP in C, oneTBB in C++, multiprocessing and joblib in Python.
//
// # Overview
//
// [Build] finds out which of them the machine has, and makes a program of each:
// a child, which does the work of package work in its own language, and prints
// what go test -bench prints. Nothing is needed that is not there; [Missing] says
// what to install for the rest.
//
//	openmp -bench 'Load/.*/1ms' -benchtime 200ms -cpu 2
//	goos: linux
//	goarch: amd64
//	BenchmarkLoad/even/1ms/way=openmp-guided-2    301    512345 ns/op    1.02 of-ideal
//
// # Flags
//
// They are those of go test, in so far as they make sense: -benchtime as a time
// with one unit or as a count (100x), -cpu with one number of workers, -short for
// vectors that are small. But -bench is a regular expression over the whole name,
// slashes included and without the number of workers, not one for each of its
// elements; in C it is a POSIX extended one. Without -bench, everything runs.
//
// Others are the children's own. With -test they check themselves and measure
// nothing; -version prints a line; -tiny makes everything small that can be, to
// see in a second that all of it runs.
//
// # Names and figures
//
// They are those of packages bench and rivals, with the same sizes. What is
// reported is measured as package clock does it: the sequential loop, in the same
// language and by the same compiler, and the parallel one in turn in every
// iteration, then medians. So of-ideal says what a library adds to its own
// language, and can be compared between languages; ns/op says which program ends
// first. The sequential loops have the names openmp-sequential, tbb-sequential
// and so on.
//
// # Fairness
//
// As in package rivals: each is set up as its documentation recommends for many
// short loops, pools are made before anything is timed, and the comment at each
// says what was chosen and why. Bodies in C and C++ stand in the loop, as their
// users would write them, where a Go verb calls a function. Vectors are in what
// malloc returns, in files that the processes share for Python; so those have
// no Sweep and no FirstFill. Nor have they TrivialEach and Reduce: they would
// measure the call of a Python function.
//
// BenchmarkControl is no loop of the library's, but for OpenMP, whose threads are
// bound to processors so that no others can be told to spread; the names say heap
// where memory in Go would be on the heap.
package beyond
