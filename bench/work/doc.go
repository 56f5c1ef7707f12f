// Package work is what the benchmarks have to do: the loops that users have, or
// what stands for them, and nothing of any way to run them in parallel. The
// benchmarks of this module and those of other libraries share it, so that all
// of them do the same.
//
// # Overview
//
// [Spin] takes a known time and touches no memory. A [Load] is a loop of such
// bodies, of even or uneven cost. [Rows] is a matrix to fill row by row: the
// Mandelbrot set, exponentials and sines, distances. A [Sweep] goes over three
// long vectors, as the STREAM benchmark does, a [Reduction] over two. [Fill] and
// [Ramp] are loops over ranges of a vector.
//
// # Words
//
// A turn is one step of Spin, a little over a nanosecond. The ideal of a loop
// on w workers is the least time in which w of them can do it, if sharing
// out the work costs nothing.
//
// # Invariants
//
// Everything depends on its arguments alone, but for the number of turns in a
// nanosecond, which is measured once in a process. Functions of [lo, hi) do
// what the same function of the whole does there, and write nothing else.
// Everything may be called from several goroutines at once, on ranges that do
// not overlap.
package work
