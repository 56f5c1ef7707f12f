// What the loops have to do: package work of the benchmarks in Go, function by
// function, with its names. Read the comments there; here is only what differs.
#ifndef WORK_H
#define WORK_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define restrict __restrict
#endif

uint64_t spin(int64_t turns);

// turns_in is work.Turns. The first call, which measures, must be over before
// another thread makes one.
int64_t turns_in(double ns);

// A load is a loop over [0, n) whose bodies are spins.
struct load {
	int n;
	double ns; // of all bodies on one processor
	int64_t *turns;
};

// share deals out turns to the n bodies of a shape, by number: shape_name is
// null after the last.
void share(int shape, int n, int64_t all, int64_t *turns);
const char *shape_name(int shape);

struct load load_of(int shape, int n, double ns);

// A rows is a matrix of n rows and n columns to fill row by row.
struct rows {
	const char *name; // of the benchmark
	int n;
	void (*fill)(const struct rows *r, int i, double *row);
	int limit;            // of mandelbrot
	struct point *points; // of distances
};

struct point {
	double lat, lon, cos_lat;
};

struct rows mandelbrot(int size, int limit);
struct rows expsin(int size);
struct rows distances(int n);

static inline double *row(const struct rows *r, double *m, int64_t i) { return m + i * r->n; }

// Loops over the indices [lo, hi) of vectors, which must not overlap: those of
// STREAM, and the others of package work.
void copy(const double *restrict a, double *restrict c, int64_t lo, int64_t hi);
void scale(double *restrict b, const double *restrict c, int64_t lo, int64_t hi);
void add(const double *restrict a, const double *restrict b, double *restrict c, int64_t lo, int64_t hi);
void triad(double *restrict a, const double *restrict b, const double *restrict c, int64_t lo, int64_t hi);
void fill(double *x, double v, int64_t lo, int64_t hi);
void ramp(double *x, int64_t lo, int64_t hi);
double sum(const double *x, int64_t lo, int64_t hi);
double dot(const double *x, const double *y, int64_t lo, int64_t hi);

#ifdef __cplusplus
}
#undef restrict
#endif
#endif
