#include "work.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const double pi = 3.14159265358979323846;

// ones counts the results that are 1, so that all are needed, also those that
// the caller ignores.
static uint64_t ones;

uint64_t spin(int64_t turns)
{
	uint64_t x = (uint64_t)turns;
	for (int64_t k = 0; k < turns; k++)
		x = x * 6364136223846793005u + 1442695040888963407u;
	if (x == 1)
		__atomic_fetch_add(&ones, 1, __ATOMIC_RELAXED);
	return x;
}

static double turns_per_ns(void)
{
	enum { tries = 200, turns = 20000 };
	double best = INFINITY;
	for (int k = 0; k < tries; k++) {
		struct timespec start, end;
		clock_gettime(CLOCK_MONOTONIC, &start);
		spin(turns);
		clock_gettime(CLOCK_MONOTONIC, &end);
		best = fmin(best, (end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec));
	}
	return turns / fmax(best, 1);
}

int64_t turns_in(double ns)
{
	static double per_ns;
	if (per_ns == 0)
		per_ns = turns_per_ns();
	return llround(ns * per_ns);
}

static int even(int i, int n) { return 1; }
static int triangular(int i, int n) { return i + 1; }
static int reversed(int i, int n) { return n - i; }
static int heavy(int i, int n) { return i % 100 == 37 ? 100 : 1; }
static int bimodal(int i, int n) { return i < n / 2 ? 1 : 10; }

static const struct {
	const char *name;
	int (*cost)(int i, int n);
} shapes[] = {
	{"even", even},
	{"triangular", triangular},
	{"reversed", reversed},
	{"heavy", heavy},
	{"bimodal", bimodal},
};

const char *shape_name(int shape)
{
	return shape < (int)(sizeof shapes / sizeof *shapes) ? shapes[shape].name : NULL;
}

void share(int shape, int n, int64_t all, int64_t *turns)
{
	double total = 0, cost = 0;
	for (int i = 0; i < n; i++)
		total += shapes[shape].cost(i, n);
	int64_t begin = 0;
	for (int i = 0; i < n; i++) {
		cost += shapes[shape].cost(i, n);
		int64_t end = llround(all * (cost / total));
		turns[i] = end - begin;
		begin = end;
	}
}

struct load load_of(int shape, int n, double ns)
{
	struct load l = {n, ns, malloc(n * sizeof(int64_t))};
	share(shape, n, turns_in(ns), l.turns);
	return l;
}

static int escape(double cr, double ci, int limit)
{
	double x = 0, y = 0;
	for (int k = 0; k < limit; k++) {
		double xx = x * x, yy = y * y;
		if (xx + yy > 4)
			return k;
		y = 2 * x * y + ci;
		x = xx - yy + cr;
	}
	return limit;
}

static void mandelbrot_row(const struct rows *r, int i, double *row)
{
	const double edge = 2.5;
	double im = edge / 2 * (2 * i + 1 - r->n) / r->n;
	for (int j = 0; j < r->n; j++)
		row[j] = escape(-2 + edge / 2 * (2 * j + 1) / r->n, im, r->limit);
}

struct rows mandelbrot(int size, int limit)
{
	return (struct rows){"Mandelbrot", size, mandelbrot_row, .limit = limit};
}

static void expsin_row(const struct rows *r, int i, double *row)
{
	double y = (double)i / r->n;
	for (int j = 0; j < r->n; j++) {
		double x = (double)j / r->n;
		row[j] = exp(-x * y) * sin(x + 10 * y);
	}
}

struct rows expsin(int size)
{
	return (struct rows){"ExpSin", size, expsin_row};
}

static void distances_row(const struct rows *r, int i, double *row)
{
	const double earth_radius = 6371.0088;
	struct point p = r->points[i];
	for (int j = 0; j < r->n; j++) {
		struct point q = r->points[j];
		double sin_lat = sin((q.lat - p.lat) / 2), sin_lon = sin((q.lon - p.lon) / 2);
		double h = sin_lat * sin_lat + p.cos_lat * q.cos_lat * sin_lon * sin_lon;
		row[j] = 2 * earth_radius * asin(sqrt(h < 1 ? h : 1));
	}
}

struct rows distances(int n)
{
	struct point *points = malloc(n * sizeof *points);
	for (int i = 0; i < n; i++) {
		double sin_lat = 1 - (2 * i + 1) / (double)n;
		points[i] = (struct point){
			.lat = asin(sin_lat),
			.lon = pi * (3 - sqrt(5)) * i, // the golden angle
			.cos_lat = sqrt(1 - sin_lat * sin_lat),
		};
	}
	return (struct rows){"Distances", n, distances_row, .points = points};
}

static const double scalar = 3;

void copy(const double *restrict a, double *restrict c, int64_t lo, int64_t hi)
{
	memcpy(c + lo, a + lo, (hi - lo) * sizeof *c);
}

void scale(double *restrict b, const double *restrict c, int64_t lo, int64_t hi)
{
	for (int64_t i = lo; i < hi; i++)
		b[i] = scalar * c[i];
}

void add(const double *restrict a, const double *restrict b, double *restrict c, int64_t lo, int64_t hi)
{
	for (int64_t i = lo; i < hi; i++)
		c[i] = a[i] + b[i];
}

void triad(double *restrict a, const double *restrict b, const double *restrict c, int64_t lo, int64_t hi)
{
	for (int64_t i = lo; i < hi; i++)
		a[i] = b[i] + scalar * c[i];
}

void fill(double *x, double v, int64_t lo, int64_t hi)
{
	for (int64_t i = lo; i < hi; i++)
		x[i] = v;
}

void ramp(double *x, int64_t lo, int64_t hi)
{
	for (int64_t i = lo; i < hi; i++)
		x[i] = i;
}

double sum(const double *x, int64_t lo, int64_t hi)
{
	double s = 0;
	for (int64_t i = lo; i < hi; i++)
		s += x[i];
	return s;
}

double dot(const double *x, const double *y, int64_t lo, int64_t hi)
{
	double s = 0;
	for (int64_t i = lo; i < hi; i++)
		s += x[i] * y[i];
	return s;
}
