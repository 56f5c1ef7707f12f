#include "clock.h"

#include <math.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct flags flags = {.bench = ".", .benchtime = 1e9};

static regex_t wanted;
static char name[200];

static void fail(const char *what, const char *value)
{
	fprintf(stderr, "%s%s\n", what, value);
	exit(2);
}

static void parse_benchtime(const char *s)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}};
	char *unit;
	double v = strtod(s, &unit);
	flags.benchtime = 0;
	if (strcmp(unit, "x") == 0 && v >= 1) {
		flags.iterations = (int64_t)v;
		return;
	}
	for (size_t k = 0; k < sizeof units / sizeof *units; k++)
		if (v > 0 && strcmp(unit, units[k].name) == 0)
			flags.benchtime = v * units[k].ns;
	if (flags.benchtime == 0)
		fail("-benchtime ", s);
}

void parse(int argc, char **argv)
{
	flags.cpu = (int)sysconf(_SC_NPROCESSORS_ONLN);
	for (int k = 1; k < argc; k++) {
		const char *f = argv[k], *value = k + 1 < argc ? argv[k + 1] : "";
		if (strcmp(f, "-short") == 0)
			flags.small = true;
		else if (strcmp(f, "-tiny") == 0)
			flags.tiny = flags.small = true;
		else if (strcmp(f, "-test") == 0)
			flags.test = true;
		else if (strcmp(f, "-version") == 0)
			flags.version = true;
		else if (strcmp(f, "-bench") == 0)
			flags.bench = value, k++;
		else if (strcmp(f, "-benchtime") == 0)
			parse_benchtime(value), k++;
		else if (strcmp(f, "-cpu") == 0)
			flags.cpu = atoi(value), k++;
		else
			fail("no such flag: ", f);
	}
	if (flags.cpu < 1)
		fail("-cpu takes one positive number", "");
	if (regcomp(&wanted, flags.bench, REG_EXTENDED | REG_NOSUB) != 0)
		fail("-bench ", flags.bench);
}

void header(void)
{
#if defined __linux__
	printf("goos: linux\n");
#elif defined __APPLE__
	printf("goos: darwin\n");
#elif defined __FreeBSD__
	printf("goos: freebsd\n");
#endif
#if defined __x86_64__
	printf("goarch: amd64\n");
#elif defined __aarch64__
	printf("goarch: arm64\n");
#endif
	char line[300];
	FILE *f = fopen("/proc/cpuinfo", "r");
	while (f && fgets(line, sizeof line, f)) {
		char *colon = strchr(line, ':');
		if (strncmp(line, "model name", 10) == 0 && colon) {
			printf("cpu:%s", colon + 1);
			break;
		}
	}
	if (f)
		fclose(f);
	fflush(stdout);
}

bool begin(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(name, sizeof name, format, args);
	va_end(args);
	return regexec(&wanted, name, 0, NULL, 0) == 0;
}

// figure prints about four digits, the unit and, before all, a tab.
static void figure(double v, const char *unit)
{
	int decimals = v >= 1000 ? 0 : v >= 100 ? 1 : v >= 10 ? 2 : 3;
	printf("\t%12.*f %s", decimals, v, unit);
}

// print prints the table row; 0 is no figure.
static void print(int64_t iterations, double ns, double mbs, double ratio)
{
	char full[220];
	if (flags.cpu > 1) // as package testing has it
		snprintf(full, sizeof full, "%s-%d", name, flags.cpu);
	else
		snprintf(full, sizeof full, "%s", name);
	printf("%-56s\t%8lld", full, (long long)iterations);
	figure(ns, "ns/op");
	if (mbs > 0)
		figure(mbs, "MB/s");
	if (ratio > 0)
		figure(ratio, "of-ideal");
	printf("\n");
	fflush(stdout);
}

double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

// A loop is testing.B: it finds out while it runs how often it has to.
struct loop {
	int64_t done, n;
	double start, elapsed;
};

// more is B.Loop. It looks at the clock after 1 iteration, and then where the
// time is expected to be over, or after a hundred times as many.
static bool more(struct loop *l)
{
	if (l->done < l->n) {
		l->done++;
		return true;
	}
	if (l->done == 0) {
		l->n = flags.iterations > 0 ? flags.iterations : 1;
		l->start = now();
	} else {
		l->elapsed = fmax(now() - l->start, 1);
		if (flags.iterations > 0 || l->elapsed >= flags.benchtime)
			return false;
		double expected = 1.2 * l->done * (flags.benchtime / l->elapsed);
		l->n = l->done + 1;
		if (expected > l->n)
			l->n = (int64_t)fmin(expected, 100.0 * l->done);
	}
	l->done++;
	return true;
}

// A sample is a list of figures.
struct sample {
	double *v;
	int64_t n, room;
};

static void append(struct sample *s, double v)
{
	if (s->n == s->room) {
		s->room = 2 * s->room + 16;
		s->v = realloc(s->v, s->room * sizeof *s->v);
	}
	s->v[s->n++] = v;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

// median frees the sample.
static double median(struct sample *s)
{
	qsort(s->v, s->n, sizeof *s->v, ascending);
	double m = s->v[s->n / 2];
	free(s->v);
	return m;
}

void run_pair(const struct pair *p)
{
	int calls = p->calls > 0 ? p->calls : 1;
	struct sample times = {0}, ratios = {0};
	struct loop l = {0};
	while (more(&l)) {
		double start = now();
		for (int k = 0; k < calls; k++)
			p->task(p->sequential, p->arg);
		double sequential = fmax(now() - start, 1);
		if (p->hot)
			p->task(p->parallel, p->arg);
		double parallel = 0;
		start = now();
		for (int k = 0; k < calls; k++) {
			if (p->pause) {
				spin(p->turns);
				start = now();
			}
			p->task(p->parallel, p->arg);
			if (p->pause)
				parallel += now() - start;
		}
		if (!p->pause)
			parallel = now() - start;
		parallel = fmax(parallel, 1);
		append(&times, parallel / calls);
		append(&ratios, parallel * p->workers / sequential);
	}
	print(l.done, median(&times), 0, median(&ratios));
}

void run_whole(task *task, const void *arg, const struct way *way, int64_t nbytes)
{
	struct loop l = {0};
	while (more(&l))
		task(way, arg);
	double ns = l.elapsed / l.done;
	print(l.done, ns, nbytes / ns * 1e3, 0);
}

void run_part(int64_t nbytes, void *arg, void (*before)(void *), void (*call)(void *), void (*after)(void *))
{
	struct sample times = {0};
	struct loop l = {0};
	while (more(&l)) {
		before(arg);
		double start = now();
		call(arg);
		append(&times, fmax(now() - start, 1));
		after(arg);
	}
	double ns = median(&times);
	print(l.done, ns, nbytes / ns * 1e3, 0);
}
