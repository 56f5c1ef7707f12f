// The plain loops, which are the sequential way of every child.
#include "suite.h"

void plain_visit(int *visits, int n)
{
	for (int i = 0; i < n; i++)
		visits[i]++;
}

void plain_empty(int n)
{
	for (int i = 0; i < n; i++)
		nothing();
}

void plain_spins(const struct load *l)
{
	for (int i = 0; i < l->n; i++)
		spin(l->turns[i]);
}

void plain_rows(const struct rows *r, double *m)
{
	for (int i = 0; i < r->n; i++)
		r->fill(r, i, row(r, m, i));
}

void plain_ramp(double *x, int n) { ramp(x, 0, n); }
void plain_fill(double *x, double v, int64_t n) { fill(x, v, 0, n); }

void plain_copy(double *a, double *b, double *c, int64_t n) { copy(a, c, 0, n); }
void plain_scale(double *a, double *b, double *c, int64_t n) { scale(b, c, 0, n); }
void plain_add(double *a, double *b, double *c, int64_t n) { add(a, b, c, 0, n); }
void plain_triad(double *a, double *b, double *c, int64_t n) { triad(a, b, c, 0, n); }

double plain_sum(const double *x, int64_t n) { return sum(x, 0, n); }
double plain_dot(const double *x, const double *y, int64_t n) { return dot(x, y, 0, n); }

void plain_control(int workers, int64_t turns)
{
	for (int w = 0; w < workers; w++)
		spin(turns);
}
