// The tests of a child: every way does what the plain loops do.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

static int failures;

static void expect(bool ok, const struct way *w, const char *what, int64_t n)
{
	if (ok)
		return;
	failures++;
	printf("FAIL: %s: %s of %lld\n", w->name, what, (long long)n);
}

// zeros returns a vector with room for n, and never null.
static double *zeros(int64_t n) { return calloc(n + 1, sizeof(double)); }

static bool same(const double *a, const double *b, int64_t n) { return memcmp(a, b, n * sizeof *a) == 0; }

static void check_indices(const struct way *w, int n)
{
	int *visits = calloc(n + 1, sizeof *visits);
	w->visit(visits, n);
	bool once = visits[n] == 0;
	for (int i = 0; i < n; i++)
		once = once && visits[i] == 1;
	expect(once, w, "visit", n);
	free(visits);
	if (w->empty)
		w->empty(n);

	double *want = zeros(n), *got = zeros(n);
	ramp(want, 0, n);
	if (w->ramp_each) {
		w->ramp_each(got, n);
		expect(same(got, want, n + 1), w, "ramp_each", n);
	}
	if (w->ramp_range) {
		memset(got, 0, n * sizeof *got);
		w->ramp_range(got, n);
		expect(same(got, want, n + 1), w, "ramp_range", n);
	}
	free(want), free(got);
}

// A spin leaves no trace but its time, of which a way that forgets half of them
// takes less than its share. A busy machine does no harm here.
static void check_spins(const struct way *w, int shape)
{
	struct load l = load_of(shape, 1000, 5e6);
	double start = now();
	w->spins(&l);
	expect((now() - start) * flags.cpu > 0.6 * l.ns, w, shape_name(shape), l.n);
	free(l.turns);
}

static void check_rows(const struct way *w, struct rows r)
{
	int64_t n = (int64_t)r.n * r.n;
	double *want = zeros(n), *got = zeros(n);
	plain_rows(&r, want);
	w->rows(&r, got);
	expect(same(got, want, n + 1), w, r.name, r.n);
	free(want), free(got), free(r.points);
}

typedef void sweep(double *a, double *b, double *c, int64_t n);

static void check_sweep(const struct way *w, const char *name, sweep *way, sweep *plain, int64_t n)
{
	double *want[3], *got[3];
	for (int k = 0; k < 3; k++) {
		want[k] = zeros(n), got[k] = zeros(n);
		for (int64_t i = 0; i < n; i++)
			want[k][i] = got[k][i] = (double)((k + 2) * i + k);
	}
	plain(want[0], want[1], want[2], n);
	way(got[0], got[1], got[2], n);
	for (int k = 0; k < 3; k++) {
		expect(same(got[k], want[k], n + 1), w, name, n);
		free(want[k]), free(got[k]);
	}
}

static void check_vectors(const struct way *w, int64_t n)
{
	double *x = zeros(n), *y = zeros(n);
	if (w->fill) {
		w->fill(x, 0.5, n);
		fill(y, 0.5, 0, n);
		expect(same(x, y, n + 1), w, "fill", n);
	}
	// Whole numbers and halves: every order of adding them gives the same sum.
	ramp(x, 0, n);
	fill(y, 0.5, 0, n);
	if (w->sum)
		expect(w->sum(x, n) == sum(x, 0, n), w, "sum", n);
	if (w->dot)
		expect(w->dot(x, y, n) == dot(x, y, 0, n), w, "dot", n);
	free(x), free(y);
	if (w->copy) {
		check_sweep(w, "copy", w->copy, plain_copy, n);
		check_sweep(w, "scale", w->scale, plain_scale, n);
		check_sweep(w, "add", w->add, plain_add, n);
		check_sweep(w, "triad", w->triad, plain_triad, n);
	}
}

// digest prints a number that changes with any element, for the tests in Go to
// compare with that of package work.
static void digest(const char *name, const double *x, int64_t n)
{
	double s = 0;
	for (int64_t i = 0; i < n; i++)
		s += x[i] * (double)(i % 101 + 1);
	printf("digest %s %.17g\n", name, s);
}

static void digest_work(void)
{
	enum { n = 1000 };
	int64_t turns[n];
	double x[n];
	for (int s = 0; shape_name(s); s++) {
		share(s, n, 1234567, turns);
		for (int i = 0; i < n; i++)
			x[i] = (double)turns[i];
		digest(shape_name(s), x, n);
	}
	struct rows all[] = {mandelbrot(64, 100), expsin(64), distances(64)};
	for (int k = 0; k < 3; k++) {
		double *m = zeros(64 * 64);
		plain_rows(&all[k], m);
		digest(all[k].name, m, 64 * 64);
		free(m), free(all[k].points);
	}
}

int check(const struct child *c)
{
	digest_work();
	for (int k = 0; k < c->n; k++) {
		const struct way *w = &c->ways[k];
		static const int sizes[] = {0, 1, 7, 1000, 7, 100000};
		for (int s = 0; s < 6; s++) {
			if (w->visit)
				check_indices(w, sizes[s]);
			check_vectors(w, sizes[s]);
		}
		if (w->spins)
			for (int s = 0; shape_name(s); s++)
				check_spins(w, s);
		if (w->rows) {
			check_rows(w, mandelbrot(65, 50));
			check_rows(w, expsin(64));
			check_rows(w, distances(63));
		}
		printf("checked %s\n", w->name);
	}
	return failures > 0;
}
