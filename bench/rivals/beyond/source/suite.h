// The benchmarks and the tests that the children written in C and C++ share. A
// child brings the loops, each written the way its library has it, and nothing
// else.
#ifndef SUITE_H
#define SUITE_H

#include "work.h"

#ifdef __cplusplus
extern "C" {
#endif

// A way is the loops over [0, n) that are measured. Those that it does not have,
// because they would make no sense, are null.
struct way {
	const char *name;

	void (*visit)(int *visits, int n); // adds 1 to each; for the tests
	void (*empty)(int n);
	void (*spins)(const struct load *l);
	void (*rows)(const struct rows *r, double *m);

	// Two forms of the same: one body for an index, one for a range.
	void (*ramp_each)(double *x, int n);
	void (*ramp_range)(double *x, int n);

	void (*fill)(double *x, double v, int64_t n);
	void (*copy)(double *a, double *b, double *c, int64_t n);
	void (*scale)(double *a, double *b, double *c, int64_t n);
	void (*add)(double *a, double *b, double *c, int64_t n);
	void (*triad)(double *a, double *b, double *c, int64_t n);

	double (*sum)(const double *x, int64_t n);
	double (*dot)(const double *x, const double *y, int64_t n);

	// control spins on so many threads at once.
	void (*control)(int workers, int64_t turns);
};

// A child is one program. Its first way is the plain loop, sequential under the
// program's own name: another compiler made it than made those of the others.
struct child {
	const char *version; // of compiler and library, in one line
	const struct way *ways;
	int n;
};

// The plain loops.
#define SEQUENTIAL(name)                                                                             \
	{name, plain_visit, plain_empty, plain_spins, plain_rows, plain_ramp, plain_ramp, plain_fill,    \
	 plain_copy, plain_scale, plain_add, plain_triad, plain_sum, plain_dot, plain_control}

void plain_visit(int *visits, int n);
void plain_empty(int n);
void plain_spins(const struct load *l);
void plain_rows(const struct rows *r, double *m);
void plain_ramp(double *x, int n);
void plain_fill(double *x, double v, int64_t n);
void plain_copy(double *a, double *b, double *c, int64_t n);
void plain_scale(double *a, double *b, double *c, int64_t n);
void plain_add(double *a, double *b, double *c, int64_t n);
void plain_triad(double *a, double *b, double *c, int64_t n);
double plain_sum(const double *x, int64_t n);
double plain_dot(const double *x, const double *y, int64_t n);
void plain_control(int workers, int64_t turns);

// workers reads the flags and returns the number of workers. It comes first,
// suite next: that does what the flags say, and returns the exit status.
int workers(int argc, char **argv);
int suite(const struct child *c);

// check is suite with the flag -test.
int check(const struct child *c);

// nothing is the body of an empty loop, which the compiler must not remove.
static inline void nothing(void) { __asm__ volatile(""); }

#ifdef __cplusplus
}
#endif
#endif
