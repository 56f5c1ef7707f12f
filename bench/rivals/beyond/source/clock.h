// Flags, time and table rows: as much of package testing as the benchmarks need,
// and package clock.
#ifndef CLOCK_H
#define CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "suite.h"

// The flags have the names and the meanings of those of go test, but that bench
// is a POSIX extended regular expression over the whole name, slashes and all.
struct flags {
	const char *bench;
	double benchtime;   // in ns; 0 if iterations is to be taken
	int64_t iterations; // N of -benchtime Nx
	int cpu;
	bool small;   // -short: small vectors
	bool tiny;    // -tiny: small matrices and loads too, whose figures say nothing
	bool test;    // -test: no benchmarks
	bool version; // -version: neither
};

extern struct flags flags;

// parse ends the program if there is a flag that it does not know.
void parse(int argc, char **argv);

// header prints the lines above a table.
void header(void);

// begin makes a name, and reports whether its benchmark is asked for. The
// figures that come next are for that name.
__attribute__((format(printf, 1, 2))) bool begin(const char *format, ...);

// A task is a loop, run the way that it is given.
typedef void task(const struct way *way, const void *arg);

// A pair is a task run by two ways.
struct pair {
	task *task;
	const void *arg;
	const struct way *sequential, *parallel;
	int workers;
	int calls;   // 0 means one
	bool hot;    // a call of parallel that is not timed goes before
	bool pause;  // spin so many turns before each call that is timed
	int64_t turns;
};

void run_pair(const struct pair *p);

// run_whole reports the mean, and for that many bytes, if any, MB/s.
void run_whole(task *task, const void *arg, const struct way *way, int64_t nbytes);

// run_part reports the median time of call alone, in iterations of before, call
// and after.
void run_part(int64_t nbytes, void *arg, void (*before)(void *), void (*call)(void *), void (*after)(void *));

double now(void); // in ns

#endif
