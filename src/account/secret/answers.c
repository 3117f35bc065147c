/* Which of the passwords of one place each of its services tries, and when it is enough. */
#include "answers.h"
#include "valise/base/mem.h"
#include <stdlib.h>
#include <string.h>

void answers_clear(struct answers *a)
{
	for (size_t i = 0; i < a->n; i++)
		secret_clear(&a->items[i].secret);
	free(a->items);
	memset(a, 0, sizeof *a);
}

const struct secret *answers_add(struct answers *a, struct secret *s)
{
	struct answer *made = ARR_PUSH(a->items, a->n, a->cap);

	*made = (struct answer){.secret = *s};
	*s = (struct secret){NULL, 0};
	return &made->secret;
}

/* Wrong for all, as far as anybody knows. */
static bool is_dead(const struct answer *one)
{
	return one->refused && !one->let_in;
}

const struct secret *answers_pick(const struct answers *a, unsigned who, bool known)
{
	const struct answer *best = NULL;
	int best_rank = 0;

	for (size_t i = 0; i < a->n; i++) {
		const struct answer *one = &a->items[i];
		int rank = 0;

		if (!(one->refused & who))
			rank = one->let_in & who ? 3 : is_dead(one) ? 0 : 2;
		else if (known && one->let_in & who)
			rank = 1;
		if (rank && rank >= best_rank) {
			best = one;
			best_rank = rank;
		}
	}
	return best ? &best->secret : NULL;
}

static struct answer *find_answer(struct answers *a, const struct secret *s)
{
	for (size_t i = 0; i < a->n && s->data; i++) {
		const struct secret *one = &a->items[i].secret;

		if (one->len == s->len && memcmp(one->data, s->data, s->len) == 0)
			return &a->items[i];
	}
	return NULL;
}

void answers_refuse(struct answers *a, unsigned who, const struct secret *s)
{
	struct answer *one = find_answer(a, s);

	if (one)
		one->refused |= who;
}

void answers_let_in(struct answers *a, unsigned who, const struct secret *s)
{
	struct answer *one = find_answer(a, s);
	size_t kept = 0;

	if (!one)
		return;
	one->let_in |= who;
	one->refused &= ~who;
	for (size_t i = 0; i < a->n; i++) {
		if (is_dead(&a->items[i]))
			secret_clear(&a->items[i].secret);
		else
			a->items[kept++] = a->items[i];
	}
	a->n = kept;
}

unsigned answers_refused(const struct answers *a, unsigned who)
{
	unsigned n = 0;

	for (size_t i = 0; i < a->n; i++)
		n += is_dead(&a->items[i]) || a->items[i].refused & who;
	return n;
}

const struct secret *answers_proven(const struct answers *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->items[i].let_in)
			return &a->items[i].secret;
	return NULL;
}
