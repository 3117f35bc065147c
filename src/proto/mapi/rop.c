/*
 * Remote operations: a request of several of them, its handle table, and the walk through the
 * answers (MS-OXCROPS 2.2.1, 2.2.15; MS-OXCRPC 3.1.4.2.1.2 for answers that go on).
 */
#include <stdlib.h>
#include "proto/mapi/rop.h"
#include "valise/base/escape.h"
#include "valise/base/le.h"

/* ---- reading ---- */

const uint8_t *rop_get_octets(struct rop_in *in, size_t n)
{
	const uint8_t *p = in->p;

	if (in->n < n) {
		in->is_short = true;
		in->n = 0;
		return NULL;
	}
	in->p += n;
	in->n -= n;
	return p;
}

uint64_t rop_get(struct rop_in *in, size_t octets)
{
	const uint8_t *p = rop_get_octets(in, octets);

	return p ? le_get(p, octets) : 0;
}

/* ---- writing ---- */

void rop_put_octets(struct rop_call *c, const void *p, size_t n)
{
	if (n > sizeof c->rops - c->n) {
		c->is_full = true;
		return;
	}
	if (n > 0)
		memcpy(c->rops + c->n, p, n);
	c->n += n;
}

void rop_put(struct rop_call *c, uint64_t v, size_t octets)
{
	uint8_t le[8];

	le_put(le, v, octets);
	rop_put_octets(c, le, octets);
}

void rop_put_text(struct rop_call *c, const char *utf8)
{
	size_t n = strlen(utf8);

	while (n > 0) {
		uint32_t point;
		size_t len = utf8_next(utf8, n, &point);

		if (len == 0) {
			len = 1;
			point = 0xfffd;
		}
		if (point > 0xffff) {
			rop_put(c, 0xd800 + ((point - 0x10000) >> 10), 2);
			point = 0xdc00 + (point & 0x3ff);
		}
		rop_put(c, point, 2);
		utf8 += len;
		n -= len;
	}
	rop_put(c, 0, 2);
}

size_t rop_put_begin(struct rop_call *c)
{
	size_t where = c->n;

	rop_put(c, 0, 2);
	return where;
}

void rop_put_end(struct rop_call *c, size_t where)
{
	if (!c->is_full)
		le_put(c->rops + where, c->n - where - 2, 2);
}

static unsigned add_slot(struct rop_call *c, uint32_t handle)
{
	if (c->n_handles >= COUNT(c->handles)) {
		c->is_full = true;
		return 0;
	}
	c->handles[c->n_handles] = handle;
	return (unsigned)c->n_handles++;
}

unsigned rop_slot(struct rop_call *c, uint32_t handle)
{
	for (size_t i = 0; i < c->n_handles; i++)
		if (c->handles[i] == handle)
			return (unsigned)i;
	return add_slot(c, handle);
}

unsigned rop_new_slot(struct rop_call *c)
{
	return add_slot(c, (uint32_t)ROP_NO_HANDLE);
}

static struct rop_step *add_step(struct rop_call *c, enum rop_id rop, unsigned index)
{
	struct rop_step *step;

	rop_put(c, rop, 1);
	rop_put(c, 0, 1); /* LogonId: a session has one */
	rop_put(c, index, 1);
	if (c->n_steps >= COUNT(c->steps)) {
		c->is_full = true;
		c->n_steps--;
	}
	step = &c->steps[c->n_steps++];
	*step = (struct rop_step){.rop = rop, .index = (uint8_t)index};
	return step;
}

void rop_begin(struct rop_call *c, enum rop_id rop, unsigned index, struct rop_fate *fate,
        rop_take_fn take, void *ctx)
{
	struct rop_step *step = add_step(c, rop, index);

	step->fate = fate;
	step->take = take;
	step->ctx = ctx;
}

unsigned rop_begin_making(struct rop_call *c, enum rop_id rop, unsigned index,
        struct rop_fate *fate, rop_take_fn take, void *ctx)
{
	struct rop_step *step = add_step(c, rop, index);
	unsigned slot = rop_new_slot(c);

	rop_put(c, slot, 1);
	step->index = (uint8_t)slot;
	step->makes = true;
	step->fate = fate;
	step->take = take;
	step->ctx = ctx;
	return slot;
}

/* ---- handles ---- */

void rop_release_now(struct mapi_store *s, unsigned slot)
{
	struct rop_call *c = &s->call;

	rop_put(c, ROP_RELEASE, 1);
	rop_put(c, 0, 1);
	rop_put(c, slot, 1);
}

struct rop_call *rop_start(struct mapi_store *s)
{
	struct rop_call *c = &s->call;

	c->n = c->n_handles = c->n_steps = c->answered = 0;
	c->is_full = c->has_no_room = false;
	add_slot(c, s->logon);
	while (s->n_leaving > 0 && c->n_handles < COUNT(c->handles) / 2)
		rop_release_now(s, add_slot(c, s->leaving[--s->n_leaving]));
	return c;
}

void rop_let_go(struct mapi_store *s)
{
	for (size_t i = 0; i < s->n_open; i++)
		*ARR_PUSH(s->leaving, s->n_leaving, s->leaving_cap) = s->open[i];
	s->n_open = 0;
}

/* ---- the answers ---- */

static int no_answer(struct err *err, const char *what)
{
	return err_set(
	        err, ERR_PROTO, ERR_WHOLE, "an answer of the server's remote operations %s", what);
}

/*
 * MS-OXCROPS 2.2.15.2. The session has waited for it, or does so; what comes without an answer
 * is asked for again.
 */
static void pass_backoff(struct rop_in *in)
{
	size_t n;

	rop_get_octets(in, 1 + 4); /* LogonId, Duration */
	n = (size_t)rop_get(in, 1);
	rop_get_octets(in, 5 * n);
	n = (size_t)rop_get(in, 2);
	rop_get_octets(in, n);
}

/* Those that answer with a body although they were refused. */
static bool has_body(const struct rop_step *step, uint32_t value)
{
	return value == 0 || step->rop == ROP_SOURCE_GET_BUFFER ||
	       step->rop == ROP_DESTINATION_PUT_BUFFER ||
	       (step->rop == ROP_LOGON && value == EC_WRONG_SERVER);
}

/* What the answers made, to be released even if they are not understood. */
static void take_handles(struct mapi_store *s, const struct mapi_answer *a)
{
	struct rop_call *c = &s->call;

	for (size_t i = 0; i < c->n_steps; i++) {
		size_t slot = c->steps[i].index;

		if (!c->steps[i].makes || slot >= a->n_handles ||
		        a->handles[slot] == (uint32_t)ROP_NO_HANDLE || a->handles[slot] == s->logon)
			continue;
		c->handles[slot] = a->handles[slot];
		*ARR_PUSH(s->open, s->n_open, s->open_cap) = a->handles[slot];
	}
}

static int take_step(
        const struct rop_call *c, struct rop_step *step, struct rop_in *in, struct err *err)
{
	uint8_t index = (uint8_t)rop_get(in, 1);
	uint32_t value = (uint32_t)rop_get(in, 4);
	int rc = 0;

	if (!in->is_short && index != step->index)
		return no_answer(err, "is that of another handle");
	step->is_refused = value != 0;
	if (value != 0 && step->fate && step->fate->value == 0) {
		step->fate->rop = step->rop;
		step->fate->value = value;
	}
	if (step->take && !in->is_short && has_body(step, value))
		rc = step->take(step->ctx, in, value, err);
	if (rc == 0 && in->is_short)
		rc = no_answer(err, "is cut off");
	if (rc == 0 && value == 0 && step->makes &&
	        c->handles[step->index] == (uint32_t)ROP_NO_HANDLE)
		rc = no_answer(err, "has no handle of what it made");
	return rc;
}

/* The answers of one payload as they are read. */
struct answers {
	struct rop_call *call;
	struct rop_in in;
	bool is_more; /* the next one is the last step's again */
	bool is_after_backoff; /* the one before was RopBackoff: some may be missing */
};

/* Behind RopBackoff: the next step that this can be the answer of; those before it are left. */
static void pass_missing(struct answers *a, uint8_t id)
{
	struct rop_call *c = a->call;
	size_t i = c->answered;

	while (i < c->n_steps &&
	        ((uint8_t)c->steps[i].rop != id || a->in.n == 0 || c->steps[i].index != a->in.p[0]))
		i++;
	if (i == c->n_steps)
		return;
	for (; c->answered < i; c->answered++) {
		c->steps[c->answered].is_refused = true;
		if (c->steps[c->answered].fate)
			c->steps[c->answered].fate->is_left = true;
	}
}

/* What is no answer to a step; false: it is one. */
static bool take_other(struct answers *a, uint8_t id)
{
	struct rop_call *c = a->call;

	switch (id) {
	case ROP_BUFFER_TOO_SMALL: /* the rest of the request follows */
		c->has_no_room = true;
		a->in.n = 0;
		return true;
	case ROP_NOTIFY: /* of no use, at the end, and without a length */
		a->in.n = 0;
		return true;
	case ROP_PENDING:
		rop_get(&a->in, 2);
		return true;
	case ROP_BACKOFF:
		pass_backoff(&a->in);
		c->has_no_room = a->is_after_backoff = true;
		return true;
	default:
		return false;
	}
}

static int take_answer(struct answers *a, uint8_t id, struct err *err)
{
	struct rop_call *c = a->call;
	struct rop_step *step;
	int rc;

	if (a->is_after_backoff)
		pass_missing(a, id);
	a->is_after_backoff = false;
	if (c->answered == c->n_steps && !a->is_more)
		return no_answer(err, "is one too many");
	step = &c->steps[c->answered - (a->is_more ? 1 : 0)];
	if (id != (uint8_t)step->rop)
		return no_answer(err, "is none to what was asked");
	rc = take_step(c, step, &a->in, err);
	c->answered += a->is_more ? 0 : 1;
	a->is_more = false;
	return rc;
}

static int take_answers(void *ctx, const struct mapi_answer *payload, struct err *err)
{
	struct mapi_store *s = ctx;
	struct rop_call *c = &s->call;
	struct answers a = {.call = c,
	        .in = {payload->rops, payload->n_rops, false},
	        .is_more = c->is_chained && c->n_steps > 0 && c->answered == c->n_steps};
	int rc = 0;

	if (c->answered == 0)
		take_handles(s, payload);
	while (rc == 0 && a.in.n > 0) {
		uint8_t id = (uint8_t)rop_get(&a.in, 1);

		if (!take_other(&a, id))
			rc = take_answer(&a, id, err);
		if (rc == 0 && a.in.is_short)
			rc = no_answer(err, "is cut off");
	}
	return rc;
}

/* Steps without an answer, for want of room: in their fates. */
static int judge_rest(struct rop_call *c, struct err *err)
{
	if (c->answered == c->n_steps)
		return 0;
	if (!c->has_no_room || c->answered == 0)
		return no_answer(err, c->has_no_room ? "has no room" : "is missing");
	for (size_t i = c->answered; i < c->n_steps; i++)
		if (c->steps[i].fate)
			c->steps[i].fate->is_left = true;
	return 0;
}

/* Nothing at all was done, as the server is busy: each step was refused. */
static bool is_put_off(const struct rop_call *c)
{
	const struct rop_fate *fate = c->n_steps > 0 ? c->steps[0].fate : NULL;

	if (!fate || rop_kind_of(fate->value) != ROP_BUSY || c->answered < c->n_steps)
		return false;
	for (size_t i = 0; i < c->n_steps; i++)
		if (!c->steps[i].is_refused)
			return false;
	return true;
}

/* As before it was sent. */
static void rewind_call(struct rop_call *c)
{
	for (size_t i = 0; i < c->n_steps; i++) {
		if (c->steps[i].fate)
			*c->steps[i].fate = (struct rop_fate){0};
		c->steps[i].is_refused = false;
		if (c->steps[i].makes)
			c->handles[c->steps[i].index] = (uint32_t)ROP_NO_HANDLE;
	}
	c->answered = 0;
	c->has_no_room = false;
}

int rop_execute(struct mapi_store *s, bool chain, struct err *err)
{
	struct rop_call *c = &s->call;
	struct rop_patience patience = {0};
	int rc;

	if (c->is_full)
		return err_set(err, ERR_LIMIT, ERR_ITEM,
		        "a request to the server would be beyond its size");
	c->is_chained = chain;
	for (;;) {
		struct mapi_request rq = {
		        c->rops, c->n, c->handles, c->n_handles, chain, take_answers, s};

		rc = mapi_execute(s->session, &rq, err);
		if (rc != 0 || !is_put_off(c))
			return rc == 0 ? judge_rest(c, err) : rc;
		rc = rop_wait(s, &patience, c->steps[0].fate->wait_ms, err);
		if (rc != 0)
			return rc;
		rewind_call(c);
	}
}
