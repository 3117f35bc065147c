/* POP3 source: is what TOP gives what RETR gives? And what was used. */
#include <string.h>
#include "valise/base/hash.h"
#include "run.h"

/* A message's octets, the last two kept apart: they may be a line end that was lent. */
struct twin {
	struct sha256 hash;
	uint8_t tail[2];
	size_t kept;
	bool same;
	const uint8_t *wanted;
};

/* Hash all but the last two octets. */
static int add_octets(void *ctx, const void *p, size_t n, struct err *err)
{
	struct twin *t = ctx;
	size_t all = t->kept + n, give = all > 2 ? all - 2 : 0;
	size_t old = give < t->kept ? give : t->kept;

	(void)err;
	sha256_add(&t->hash, t->tail, old);
	sha256_add(&t->hash, p, give - old);
	memmove(t->tail, t->tail + old, t->kept - old);
	t->kept -= old;
	memcpy(t->tail + t->kept, (const uint8_t *)p + (give - old), n - (give - old));
	t->kept += n - (give - old);
	return 0;
}

static bool is_sum(struct sha256 hash, const uint8_t wanted[SHA256_LEN])
{
	uint8_t sum[SHA256_LEN];

	sha256_end(&hash, sum);
	return !memcmp(sum, wanted, SHA256_LEN);
}

/* Is it what RETR gave, with its last line end or without? */
static int end_twin(void *ctx, size_t index, const struct pop3_shape *came,
        const struct err *refused, struct err *err)
{
	struct twin *t = ctx;
	bool lent = t->kept == 2 && !memcmp(t->tail, "\r\n", 2);

	(void)index;
	(void)came;
	(void)err;
	t->same = !refused && lent && is_sum(t->hash, t->wanted);
	sha256_add(&t->hash, t->tail, t->kept);
	t->same |= !refused && is_sum(t->hash, t->wanted);
	return 0;
}

/* The smallest message that is here and still listed, or NULL. */
static struct message *smallest_safe(struct pop3_run *r)
{
	struct message *small = NULL;

	for (size_t i = 0; i < r->maildrop.n_messages; i++) {
		struct message *m = &r->maildrop.messages[i];

		if (m->number && m->done && m->hashed && (!small || m->size < small->size))
			small = m;
	}
	return small;
}

int pop3_prove_top(struct pop3_run *r, struct err *err)
{
	static const struct pop3_sink sink = {.body = add_octets, .end = end_twin};
	struct message *m = r->manner.top ? smallest_safe(r) : NULL;
	struct twin t = {.same = false};
	struct pop3_want want;
	int rc;

	r->manner.top = false;
	if (!m)
		return 0;
	want = (struct pop3_want){.number = m->number, .size = m->size, .top = true};
	t.wanted = m->sha256;
	sha256_start(&t.hash);
	r->visit.retrieved = true;
	rc = pop3_retr(r->visit.pop3, &want, 1, &sink, &t, err);
	r->manner.top = r->manner.top_proven = rc == 0 && t.same;
	return rc;
}

void pop3_say_how(struct pop3_run *r)
{
	size_t topped = 0, retred = 0;
	char n[COUNTED_SIZE];

	for (size_t i = 0; i < r->maildrop.n_messages; i++) {
		const struct message *m = &r->maildrop.messages[i];

		retred += m->retred && m->done;
		topped += m->topped && m->done && !m->retred;
	}
	if (topped)
		progress_say(r->base.progress, SAY_INFO,
		        "%s fetched by TOP, which leaves mail unread",
		        counted(topped, "message was", "messages were", n));
	if (retred)
		progress_say(r->base.progress, topped || retred == 1 ? SAY_INFO : SAY_NOTE,
		        "%s fetched by RETR, which marks mail as read on many servers (%s)",
		        counted(retred, "message was", "messages were", n),
		        r->manner.top       ? "one to see that TOP gives the same octets"
		        : r->manner.may_top ? "TOP was not seen to give the same octets"
		                            : "this server has no TOP");
}
