// OpenMP: a directive above the plain loop, for each schedule.
//
// How its threads wait and where they run is for the environment to say, in
// build.go.
#include <omp.h>

#include "suite.h"

#define PRAGMA(x) _Pragma(#x)

// LOOPS defines the loops that take any schedule. None is told the size of a
// chunk: dynamic then hands out one index at a time, guided ever fewer.
#define LOOPS(kind)                                                                                  \
	static void kind##_visit(int *visits, int n)                                                     \
	{                                                                                                \
		PRAGMA(omp parallel for schedule(kind))                                                      \
		for (int i = 0; i < n; i++)                                                                  \
			__atomic_fetch_add(&visits[i], 1, __ATOMIC_RELAXED);                                     \
	}                                                                                                \
	static void kind##_empty(int n)                                                                  \
	{                                                                                                \
		PRAGMA(omp parallel for schedule(kind))                                                      \
		for (int i = 0; i < n; i++)                                                                  \
			nothing();                                                                               \
	}                                                                                                \
	static void kind##_spins(const struct load *l)                                                   \
	{                                                                                                \
		PRAGMA(omp parallel for schedule(kind))                                                      \
		for (int i = 0; i < l->n; i++)                                                               \
			spin(l->turns[i]);                                                                       \
	}                                                                                                \
	static void kind##_rows(const struct rows *r, double *m)                                         \
	{                                                                                                \
		PRAGMA(omp parallel for schedule(kind))                                                      \
		for (int i = 0; i < r->n; i++)                                                               \
			r->fill(r, i, row(r, m, i));                                                             \
	}                                                                                                \
	static void kind##_ramp_each(double *x, int n)                                                   \
	{                                                                                                \
		PRAGMA(omp parallel for schedule(kind))                                                      \
		for (int i = 0; i < n; i++)                                                                  \
			x[i] = i;                                                                                \
	}

LOOPS(static)
LOOPS(dynamic)
LOOPS(guided)

// Loops with so little to do for an index make sense with equal shares only. The
// shares are cut by hand, for the functions that the plain loop calls too: what
// is measured is not how well the compiler does with either.
struct range {
	int64_t lo, hi;
};

static struct range mine(int64_t n)
{
	int64_t w = omp_get_thread_num(), all = omp_get_num_threads();
	return (struct range){w * n / all, (w + 1) * n / all};
}

#define SHARED(call)                                                                                 \
	{                                                                                                \
		PRAGMA(omp parallel)                                                                         \
		{                                                                                            \
			struct range r = mine(n);                                                                \
			call;                                                                                    \
		}                                                                                            \
	}

static void share_ramp(double *x, int n) SHARED(ramp(x, r.lo, r.hi))
static void share_fill(double *x, double v, int64_t n) SHARED(fill(x, v, r.lo, r.hi))
static void share_copy(double *a, double *b, double *c, int64_t n) SHARED(copy(a, c, r.lo, r.hi))
static void share_scale(double *a, double *b, double *c, int64_t n) SHARED(scale(b, c, r.lo, r.hi))
static void share_add(double *a, double *b, double *c, int64_t n) SHARED(add(a, b, c, r.lo, r.hi))
static void share_triad(double *a, double *b, double *c, int64_t n) SHARED(triad(a, b, c, r.lo, r.hi))

static double share_sum(const double *x, int64_t n)
{
	double s = 0;
	#pragma omp parallel for schedule(static) reduction(+ : s)
	for (int64_t i = 0; i < n; i++)
		s += x[i];
	return s;
}

static double share_dot(const double *x, const double *y, int64_t n)
{
	double s = 0;
	#pragma omp parallel for schedule(static) reduction(+ : s)
	for (int64_t i = 0; i < n; i++)
		s += x[i] * y[i];
	return s;
}

// The same with leave to add in any order, which one processor needs to add
// several numbers at once.
static double simd_sum(const double *x, int64_t n)
{
	double s = 0;
	#pragma omp parallel for simd schedule(static) reduction(+ : s)
	for (int64_t i = 0; i < n; i++)
		s += x[i];
	return s;
}

static double simd_dot(const double *x, const double *y, int64_t n)
{
	double s = 0;
	#pragma omp parallel for simd schedule(static) reduction(+ : s)
	for (int64_t i = 0; i < n; i++)
		s += x[i] * y[i];
	return s;
}

// Of the threads of OpenMP itself: once they are bound to processors, any other
// would be bound where the one is that makes it.
static void control(int workers, int64_t turns)
{
	#pragma omp parallel num_threads(workers)
	spin(turns);
}

#define ANY(kind) kind##_visit, kind##_empty, kind##_spins, kind##_rows, kind##_ramp_each

static const struct way ways[] = {
	SEQUENTIAL("openmp-sequential"),
	{"openmp-static", ANY(static), share_ramp, share_fill, share_copy, share_scale, share_add,
	 share_triad, share_sum, share_dot, control},
	{"openmp-dynamic", ANY(dynamic)},
	{"openmp-guided", ANY(guided)},
	{"openmp-simd", .sum = simd_sum, .dot = simd_dot},
};

#define TEXT(x) #x
#define VALUE(x) TEXT(x)

int main(int argc, char **argv)
{
	omp_set_num_threads(workers(argc, argv));
	struct child c = {"gcc " __VERSION__ ", OpenMP " VALUE(_OPENMP), ways, sizeof ways / sizeof *ways};
	return suite(&c);
}
