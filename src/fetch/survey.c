/* Which items a survey takes as its sample, and what follows from them. No network. */
#include "valise/fetch/survey.h"
#include <string.h>
#include "valise/base/mem.h"

enum {
	CATALOG = 1000, /* octets of a collection besides its items */
	CATALOG_ITEM = 110, /* octets of an item in the catalogs, packed */
	TAR_ITEM = 40, /* of its tar header, packed */
	ERROR_MIN = 10, /* percent: no sample is so good */
};

const char *survey_how_word(enum survey_how how)
{
	static const char *const words[] = {"said", "listed", "partly", "unknown"};

	return words[how];
}

/* Evenly spread points on all weights; ${sizes} NULL: each weighs 1. */
static void mark_points(
        const uint64_t *sizes, size_t n, uint64_t sum, size_t points, uint8_t *marks)
{
	uint64_t before = 0;
	size_t i = 0;

	for (size_t k = 0; k < points && n; k++) {
		/* the middle of each of so many parts; as a float, since sums are large */
		uint64_t at = (uint64_t)((double)sum * ((double)k + 0.5) / (double)points);

		for (; i + 1 < n && before + (sizes ? sizes[i] : 1) <= at; i++)
			before += sizes ? sizes[i] : 1;
		marks[i] = (uint8_t)(sizes ? marks[i] + SURVEY_WEIGHT : marks[i] | 1);
	}
}

void survey_pick(const uint64_t *sizes, size_t n, size_t by_size, size_t by_count, uint8_t *marks)
{
	uint64_t sum = 0;

	memset(marks, 0, n);
	for (size_t i = 0; i < n; i++)
		sum += sizes[i];
	if (sum)
		mark_points(sizes, n, sum, by_size, marks);
	mark_points(NULL, n, n, by_count, marks);
}

/*
 * Microseconds of an item and of an octet: octets from the rounds of large items, items from what
 * is left of the others.
 */
static void fit_costs(const struct estimate *e, double *item, double *octet)
{
	double us = 0, bytes = 0, items = 0, best = 0;

	for (size_t i = 0; i < e->n_rounds; i++) {
		const struct survey_round *r = &e->rounds[i];
		double took = (double)(r->us > e->idle_us ? r->us - e->idle_us : 0);

		us += took;
		bytes += (double)r->bytes;
		items += (double)r->items;
		/* The largest round says best what an octet costs. */
		if (r->bytes >= 200000 && (double)r->bytes > best) {
			best = (double)r->bytes;
			*octet = took / best;
		}
	}
	*octet = MIN(*octet, bytes > 0 ? us / bytes : 0);
	*item = items > 0 ? (us - *octet * bytes) / items : 0;
}

struct estimate_range estimate_seconds(const struct estimate *e)
{
	double item = 0, octet = 0, all, fixed;
	struct estimate_range r = {0, 0};
	unsigned n = e->connections ? e->connections : 1;

	if (!e->n_rounds && e->items)
		return r;
	fit_costs(e, &item, &octet);
	all = item * (double)e->items + octet * (double)e->bytes;
	/* Two round trips a collection; some ten to sign in and list. */
	fixed = (double)e->idle_us * (2 * (double)e->collections + 10);
	r.low = (uint64_t)((all + fixed) / n / 1e6);
	r.high = (uint64_t)((2 * all + fixed) / 1e6) + 1;
	return r;
}

/* The square root, by Newton: libm is not linked for it. */
static double root(double x)
{
	double r = x > 1 ? x : 1;

	for (unsigned i = 0; i < 60; i++)
		r = (r + x / r) / 2;
	return r;
}

static double ratio_of(const struct estimate_piece *p)
{
	return p->plain ? (double)p->packed / (double)p->plain : 1;
}

/* The weighed mean of the ratios, and twice the error of that mean. */
static double mean_ratio(const struct estimate_piece *pieces, size_t n,
        const struct estimate_piece *together, double *error_out)
{
	double sum = 0, square = 0, mean = 0, all = 0;

	for (size_t i = 0; i < n; i++) {
		double alone = ratio_of(&pieces[i]), w = pieces[i].weight;

		sum += w * (pieces[i].plain <= ESTIMATE_SMALL && together->plain
		                           ? ratio_of(together)
		                           : alone);
		mean += w * alone;
		square += w * alone * alone;
		all += w;
	}
	if (all < 1)
		return *error_out = 1;
	mean /= all;
	square = square / all - mean * mean;
	*error_out = n > 1 ? 2 * root(square > 0 ? square / all : 0) : 1;
	return sum / all;
}

uint64_t estimate_archive(const struct estimate *e, const struct estimate_piece *pieces, size_t n,
        const struct estimate_piece *together, struct estimate_range *out)
{
	double bytes = (double)e->bytes, ratio, error, least;
	double fixed = (double)e->items * (double)(CATALOG_ITEM + TAR_ITEM) +
	               (double)e->collections * (double)CATALOG;

	*out = (struct estimate_range){0, 0};
	if (!n)
		return 0;
	ratio = mean_ratio(pieces, n, together, &error);
	least = ratio * (double)ERROR_MIN / 100;
	error = error > least ? error : least;
	out->low = (uint64_t)(bytes * (ratio > error ? ratio - error : ratio / 4) + 0.8 * fixed);
	out->high = (uint64_t)(bytes * (ratio + error < 1.1 ? ratio + error : 1.1) + 1.2 * fixed);
	return (uint64_t)(bytes * ratio + fixed);
}
