// oneTBB: parallel_for and parallel_reduce, with each partitioner.
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_reduce.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>
#include <tbb/version.h>

#include <cstddef>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "suite.h"

namespace {

using range = tbb::blocked_range<int64_t>;

// What the documentation recommends where nothing else is known.
struct automatic {
	using partitioner = tbb::auto_partitioner;
	static int64_t grain(double) { return 1; }
};

// For loops whose indices cost the same.
struct equal {
	using partitioner = tbb::static_partitioner;
	static int64_t grain(double) { return 1; }
};

// Halves down to the grain, which must be given. The documentation's rule of
// thumb is a grain of 100,000 cycles of the processor; 30 us are about that.
struct halves {
	using partitioner = tbb::simple_partitioner;
	static int64_t grain(double ns) { return ns < 30e3 ? int64_t(30e3 / ns) : 1; }
};

// A nanosecond is near enough for indices that only load or store a number.
constexpr double trivial = 1;

// The loops with one of these.
template <class P> struct loops {
	// Body is called with ranges [lo, hi), of indices that cost so much each.
	template <class Body> static void over(int64_t n, double ns, const Body &body)
	{
		tbb::parallel_for(range(0, n, P::grain(ns)),
			[&](const range &r) { body(r.begin(), r.end()); }, typename P::partitioner());
	}

	// Body is called with single indices. It is the form without a range where
	// there is no grain to give.
	template <class Body> static void each(int n, double ns, const Body &body)
	{
		if (P::grain(ns) == 1)
			tbb::parallel_for(0, n, body, typename P::partitioner());
		else
			over(n, ns, [&](int64_t lo, int64_t hi) {
				for (int64_t i = lo; i < hi; i++)
					body(int(i));
			});
	}

	static void visit(int *visits, int n)
	{
		each(n, trivial, [=](int i) { __atomic_fetch_add(&visits[i], 1, __ATOMIC_RELAXED); });
	}
	static void empty(int n)
	{
		each(n, 30e3, [](int) { nothing(); });
	}
	static void spins(const load *l)
	{
		each(l->n, l->ns / l->n, [=](int i) { spin(l->turns[i]); });
	}
	static void rows(const struct rows *r, double *m)
	{
		each(r->n, 30e3, [=](int i) { r->fill(r, i, row(r, m, i)); });
	}
	static void ramp_each(double *x, int n)
	{
		each(n, trivial, [=](int i) { x[i] = i; });
	}
	static void ramp_range(double *x, int n)
	{
		over(n, trivial, [=](int64_t lo, int64_t hi) { ramp(x, lo, hi); });
	}
	static void fill(double *x, double v, int64_t n)
	{
		over(n, trivial, [=](int64_t lo, int64_t hi) { ::fill(x, v, lo, hi); });
	}
	static void copy(double *a, double *, double *c, int64_t n)
	{
		over(n, trivial, [=](int64_t lo, int64_t hi) { ::copy(a, c, lo, hi); });
	}
	static void scale(double *, double *b, double *c, int64_t n)
	{
		over(n, trivial, [=](int64_t lo, int64_t hi) { ::scale(b, c, lo, hi); });
	}
	static void add(double *a, double *b, double *c, int64_t n)
	{
		over(n, trivial, [=](int64_t lo, int64_t hi) { ::add(a, b, c, lo, hi); });
	}
	static void triad(double *a, double *b, double *c, int64_t n)
	{
		over(n, trivial, [=](int64_t lo, int64_t hi) { ::triad(a, b, c, lo, hi); });
	}
	static double sum(const double *x, int64_t n)
	{
		return tbb::parallel_reduce(range(0, n, P::grain(trivial)), 0.0,
			[=](const range &r, double s) { return s + ::sum(x, r.begin(), r.end()); },
			std::plus<double>(), typename P::partitioner());
	}
	static double dot(const double *x, const double *y, int64_t n)
	{
		return tbb::parallel_reduce(range(0, n, P::grain(trivial)), 0.0,
			[=](const range &r, double s) { return s + ::dot(x, y, r.begin(), r.end()); },
			std::plus<double>(), typename P::partitioner());
	}
};

// The same bits whatever the number of workers, as parmap.Reduce: for that, it
// takes no automatic partitioner.
double exact_sum(const double *x, int64_t n)
{
	return tbb::parallel_deterministic_reduce(range(0, n, halves::grain(trivial)), 0.0,
		[=](const range &r, double s) { return s + sum(x, r.begin(), r.end()); }, std::plus<double>());
}

double exact_dot(const double *x, const double *y, int64_t n)
{
	return tbb::parallel_deterministic_reduce(range(0, n, halves::grain(trivial)), 0.0,
		[=](const range &r, double s) { return s + dot(x, y, r.begin(), r.end()); }, std::plus<double>());
}

// Not with oneTBB, which may give two bodies to one thread.
void control(int workers, int64_t turns)
{
	std::vector<std::thread> others;
	for (int w = 1; w < workers; w++)
		others.emplace_back(spin, turns);
	spin(turns);
	for (auto &t : others)
		t.join();
}

template <class P> way named(const char *name)
{
	using l = loops<P>;
	return {name, l::visit, l::empty, l::spins, l::rows, l::ramp_each, l::ramp_range, l::fill,
		l::copy, l::scale, l::add, l::triad, l::sum, l::dot, control};
}

way reductions(const char *name, double (*sum)(const double *, int64_t),
	double (*dot)(const double *, const double *, int64_t))
{
	way w = {};
	w.name = name, w.sum = sum, w.dot = dot;
	return w;
}

} // namespace

int main(int argc, char **argv)
{
	// One arena for everything, so that nothing is joined or left in what is
	// timed. Both limits, as the number may be above that of the processors.
	int n = workers(argc, argv);
	tbb::global_control limit(tbb::global_control::max_allowed_parallelism, std::size_t(n));
	tbb::task_arena arena(n);

	const way ways[] = {
		SEQUENTIAL("tbb-sequential"),
		named<automatic>("tbb-auto"),
		named<equal>("tbb-static"),
		named<halves>("tbb-simple"),
		reductions("tbb-deterministic", exact_sum, exact_dot),
	};
	std::string version = std::string("g++ " __VERSION__ ", oneTBB ") + TBB_runtime_version();
	child c = {version.c_str(), ways, int(sizeof ways / sizeof *ways)};
	return arena.execute([&] { return suite(&c); });
}
