#include "suite.h"

#include <stdio.h>
#include <stdlib.h>

#include "clock.h"

// What the tasks are given: each takes what it needs.
struct data {
	const struct load *load;
	const struct rows *rows;
	double *a, *b, *c;
	int64_t n;
	int64_t turns;
};

static void do_control(const struct way *w, const void *arg)
{
	const struct data *d = arg;
	w->control(flags.cpu, d->turns);
}

static void do_empty(const struct way *w, const void *arg)
{
	const struct data *d = arg;
	w->empty((int)d->n);
}

static void do_spins(const struct way *w, const void *arg)
{
	const struct data *d = arg;
	w->spins(d->load);
}

static void do_rows(const struct way *w, const void *arg)
{
	const struct data *d = arg;
	w->rows(d->rows, d->a);
}

static void do_ramp_each(const struct way *w, const void *arg)
{
	const struct data *d = arg;
	w->ramp_each(d->a, (int)d->n);
}

static void do_ramp_range(const struct way *w, const void *arg)
{
	const struct data *d = arg;
	w->ramp_range(d->a, (int)d->n);
}

static void do_copy(const struct way *w, const void *arg)
{
	const struct data *d = arg;
	w->copy(d->a, d->b, d->c, d->n);
}

static void do_scale(const struct way *w, const void *arg)
{
	const struct data *d = arg;
	w->scale(d->a, d->b, d->c, d->n);
}

static void do_add(const struct way *w, const void *arg)
{
	const struct data *d = arg;
	w->add(d->a, d->b, d->c, d->n);
}

static void do_triad(const struct way *w, const void *arg)
{
	const struct data *d = arg;
	w->triad(d->a, d->b, d->c, d->n);
}

static void do_sum(const struct way *w, const void *arg)
{
	const struct data *d = arg;
	w->sum(d->a, d->n);
}

static void do_dot(const struct way *w, const void *arg)
{
	const struct data *d = arg;
	w->dot(d->a, d->b, d->n);
}

static double *vector(int64_t n) { return malloc(n * sizeof(double)); }

static void control(const struct child *c)
{
	struct data d = {.turns = turns_in(20e6)};
	struct way plain = SEQUENTIAL("");
	if (begin("BenchmarkControl"))
		run_pair(&(struct pair){do_control, &d, &plain, &c->ways[1], flags.cpu});
}

static void empty(const struct child *c)
{
	struct data d = {.n = flags.cpu};
	for (int k = 0; k < c->n; k++)
		if (c->ways[k].empty && begin("BenchmarkEmpty/way=%s", c->ways[k].name))
			run_whole(do_empty, &d, &c->ways[k], 0);
}

static void fine(const struct child *c)
{
	static const int gaps[] = {0, 50, 200, 2000}; // us
	struct load l = load_of(0, 20, 20 * 5e3);
	struct data d = {.load = &l};
	for (int g = 0; g < 4; g++)
		for (int k = 0; k < c->n; k++)
			if (c->ways[k].spins && begin("BenchmarkFine/gap-%dus/way=%s", gaps[g], c->ways[k].name))
				run_pair(&(struct pair){do_spins, &d, &c->ways[0], &c->ways[k], flags.cpu,
					.calls = 10, .hot = true, .pause = true, .turns = turns_in(gaps[g] * 1e3)});
	free(l.turns);
}

static void trivial(const struct child *c)
{
	for (int64_t n = 1000; n <= 100000; n *= 100) {
		struct data d = {.a = vector(n), .n = n};
		ramp(d.a, 0, n); // the first store is another matter
		for (int k = 0; k < c->n; k++)
			if (c->ways[k].ramp_each && begin("BenchmarkTrivialEach/%d/way=%s", (int)n, c->ways[k].name))
				run_whole(do_ramp_each, &d, &c->ways[k], 0);
		for (int k = 0; k < c->n; k++)
			if (c->ways[k].ramp_range && begin("BenchmarkTrivialRange/%d/way=%s", (int)n, c->ways[k].name))
				run_whole(do_ramp_range, &d, &c->ways[k], 0);
		free(d.a);
	}
}

static void loads(const struct child *c)
{
	static const double totals[] = {0.1, 1, 20}; // ms
	double unit = flags.tiny ? 1e5 : 1e6;
	for (int s = 0; shape_name(s); s++)
		for (int t = 0; t < 3; t++) {
			struct load l = load_of(s, 1000, totals[t] * unit);
			struct data d = {.load = &l};
			for (int k = 0; k < c->n; k++)
				if (c->ways[k].spins &&
				    begin("BenchmarkLoad/%s/%gms/way=%s", shape_name(s), totals[t], c->ways[k].name))
					run_pair(&(struct pair){do_spins, &d, &c->ways[0], &c->ways[k], flags.cpu, .hot = true});
			free(l.turns);
		}
}

static void matrix(const struct child *c, struct rows r)
{
	struct data d = {.rows = &r};
	for (int k = 0; k < c->n; k++) {
		if (!c->ways[k].rows || !begin("Benchmark%s/way=%s", r.name, c->ways[k].name))
			continue;
		if (!d.a) {
			d.a = vector((int64_t)r.n * r.n);
			plain_rows(&r, d.a); // the first fill is another matter
		}
		run_pair(&(struct pair){do_rows, &d, &c->ways[0], &c->ways[k], flags.cpu});
	}
	free(d.a);
	free(r.points);
}

static void sweeps(const struct child *c)
{
	int64_t n = flags.tiny ? 1 << 16 : flags.small ? 1 << 22 : 1 << 26;
	struct data d = {.n = n};
	static const char *names[] = {"copy", "scale", "add", "triad"};
	static task *tasks[] = {do_copy, do_scale, do_add, do_triad};
	static const int nbytes[] = {16, 16, 24, 24};
	for (int s = 0; s < 4; s++)
		for (int k = 0; k < c->n; k++) {
			if (!c->ways[k].copy || !begin("BenchmarkSweep/heap/%s/way=%s", names[s], c->ways[k].name))
				continue;
			if (!d.a) {
				d.a = vector(n), d.b = vector(n), d.c = vector(n);
				c->ways[1].fill(d.a, 1, n);
				c->ways[1].fill(d.b, 2, n);
				c->ways[1].fill(d.c, 3, n);
			}
			run_whole(tasks[s], &d, &c->ways[k], nbytes[s] * n);
		}
	free(d.a), free(d.b), free(d.c);
}

// A first is one first fill.
struct first {
	const struct way *way;
	int64_t n;
	double *x;
};

static void take(void *arg)
{
	struct first *f = arg;
	volatile double *x = vector(f->n);
	for (int64_t i = 0; i < f->n; i += 512) // a page
		x[i] = 1;
	free((double *)x);
}

static void fill_new(void *arg)
{
	struct first *f = arg;
	f->x = vector(f->n);
	f->way->fill(f->x, 1, f->n);
}

static void give_back(void *arg) { free(((struct first *)arg)->x); }

static void first_fill(const struct child *c)
{
	struct first f = {.n = flags.tiny ? 1 << 16 : flags.small ? 1 << 23 : 1 << 27};
	for (int k = 0; k < c->n; k++) {
		f.way = &c->ways[k];
		if (f.way->fill && begin("BenchmarkFirstFill/heap/way=%s", f.way->name))
			run_part(8 * f.n, &f, take, fill_new, give_back);
	}
}

static void reduce(const struct child *c)
{
	static const int64_t sizes[] = {100000, 1 << 24};
	for (int s = 0; s < 2; s++) {
		struct data d = {.n = sizes[s]};
		d.a = vector(d.n), d.b = vector(d.n);
		ramp(d.a, 0, d.n);
		fill(d.b, 0.5, 0, d.n);
		for (int k = 0; k < c->n; k++)
			if (c->ways[k].sum && begin("BenchmarkReduce/sum/%d/way=%s", (int)d.n, c->ways[k].name))
				run_whole(do_sum, &d, &c->ways[k], 8 * d.n);
		for (int k = 0; k < c->n; k++)
			if (c->ways[k].dot && begin("BenchmarkReduce/dot/%d/way=%s", (int)d.n, c->ways[k].name))
				run_whole(do_dot, &d, &c->ways[k], 16 * d.n);
		free(d.a), free(d.b);
	}
}

int workers(int argc, char **argv)
{
	parse(argc, argv);
	return flags.cpu;
}

int suite(const struct child *c)
{
	if (flags.version) {
		puts(c->version);
		return 0;
	}
	if (flags.test)
		return check(c);
	header();
	control(c);
	empty(c);
	fine(c);
	trivial(c);
	loads(c);
	matrix(c, mandelbrot(flags.tiny ? 64 : 2048, 100));
	matrix(c, expsin(flags.tiny ? 64 : 4000));
	matrix(c, distances(flags.tiny ? 64 : 3376));
	reduce(c);
	sweeps(c);
	first_fill(c);
	return 0;
}
