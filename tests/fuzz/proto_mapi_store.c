/*
 * Answers to remote operations, whatever they say: each call of a store over a session that
 * takes them from the input. First octet: which call; then, for each payload, whether it is the
 * last of its answer, octets of operations, number of handles, and both.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "proto/mapi/put.h"
#include "valise/base/le.h"
#include "valise/base/mem.h"
#include "valise/proto/mapi/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct mapi_session {
	const uint8_t *p;
	size_t n;
	bool is_lost, is_logged_on;
};
static struct mapi_session session;

int mapi_connect(const struct service *service, enum guard_role role, struct progress *progress,
        struct mapi_session **out, struct err *err)
{
	(void)service;
	(void)role;
	(void)progress;
	(void)err;
	*out = &session;
	return 0;
}

void mapi_disconnect(struct mapi_session *s)
{
	(void)s;
}

const struct mapi_greeting *mapi_greeting(const struct mapi_session *s)
{
	static const struct mapi_greeting none = {(char *)"", NULL};

	(void)s;
	return &none;
}

bool mapi_is_lost(const struct mapi_session *s)
{
	return s->is_lost;
}

uint64_t mapi_requests(const struct mapi_session *s)
{
	(void)s;
	return 1;
}

int mapi_pause(struct mapi_session *s, int64_t ms, const char *why, struct err *err)
{
	(void)s;
	(void)why;
	return ms >= 0 ? 0 : err_set(err, ERR_BUSY, ERR_WHOLE, "busy");
}

static int give_payload(const struct mapi_request *rq, const uint8_t *rops, size_t n_rops,
        const uint8_t *handles, size_t n_handles, struct err *err)
{
	/* of their size, so that each octet that is read behind them is seen */
	uint8_t *own = malloc(n_rops ? n_rops : 1);
	uint32_t *table = calloc(n_handles ? n_handles : 1, sizeof *table);
	struct mapi_answer a = {own, n_rops, table, n_handles};
	int rc;

	memcpy(own, rops, n_rops);
	for (size_t i = 0; i < n_handles; i++)
		table[i] = le32(handles + 4 * i);
	rc = rq->answer(rq->ctx, &a, err);
	free(own);
	free(table);
	return rc;
}

static int log_on(const struct mapi_request *rq, struct err *err)
{
	static const uint8_t head[] = {0xfe, 0, 0, 0, 0, 0, 1};
	static const uint8_t handle[] = {1, 0, 0, 0};
	uint8_t rops[sizeof head + 13 * 8 + 1 + 16 + 2 + 16 + 20] = {0};

	memcpy(rops, head, sizeof head);
	for (size_t i = 0; i < 13; i++) {
		rops[sizeof head + 8 * i] = 1;
		rops[sizeof head + 8 * i + 7] = (uint8_t)(i + 1);
	}
	return give_payload(rq, rops, sizeof rops, handle, 1, err);
}

int mapi_execute(struct mapi_session *s, const struct mapi_request *rq, struct err *err)
{
	if (rq->n_rops > MAPI_ROPS_MAX || rq->n_handles > MAPI_HANDLES_MAX)
		abort();
	if (!s->is_logged_on) {
		s->is_logged_on = true;
		return log_on(rq, err);
	}
	while (s->n >= 4) {
		bool is_last = s->p[0] & 1;
		size_t rops = le16(s->p + 1), handles = s->p[3] & 0x7f;
		int rc;

		if (s->n - 4 < rops + 4 * handles)
			break;
		rc = give_payload(rq, s->p + 4, rops, s->p + 4 + rops, handles, err);
		s->p += 4 + rops + 4 * handles;
		s->n -= 4 + rops + 4 * handles;
		if (rc != 0 || is_last)
			return rc;
	}
	s->n = 0;
	s->is_lost = true;
	return err_set(err, ERR_NET, ERR_WHOLE, "gone");
}

/* ---- the calls ---- */

static int count(void *ctx, const void *p, size_t n, struct err *err)
{
	size_t *all = ctx;

	(void)err;
	for (size_t i = 0; i < n; i++)
		*all += 1 + ((const uint8_t *)p)[i];
	return 0;
}

static int take_row(void *ctx, const struct mapi_row *row, struct err *err)
{
	size_t *all = ctx;

	(void)err;
	*all += row->id + row->size + row->flags + (uint64_t)row->modified;
	*all += row->message_class ? strlen(row->message_class) : 0;
	*all += row->subject ? strlen(row->subject) : 0;
	*all += row->message_id ? strlen(row->message_id) : 0;
	for (size_t i = 0; i < row->n_search_key; i++)
		*all += row->search_key[i];
	for (size_t i = 0; i < row->n_source_key; i++)
		*all += row->source_key[i];
	for (size_t i = 0; i < row->n_change_key; i++)
		*all += row->change_key[i];
	return 0;
}

static int ended(void *ctx, size_t i, const struct err *why, struct err *err)
{
	size_t *next = ctx;

	(void)why;
	(void)err;
	if (i != (*next)++)
		abort();
	return 0;
}

/* A tree: parents first, each once. */
static void check_folders(const struct mapi_folders *f)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct mapi_folder *x = &f->list[i];
		bool has_parent = false;

		if (!x->name || x->depth < 1 || x->depth > 300 || x->id == 0)
			abort();
		for (size_t k = 0; k < f->n; k++) {
			if (k != i && f->list[k].id == x->id)
				abort();
			if (f->list[k].id == x->parent &&
			        (k >= i || f->list[k].depth + 1 != x->depth))
				abort();
			has_parent = has_parent || f->list[k].id == x->parent;
		}
		if (!has_parent && x->depth != 1)
			abort();
	}
}

static int give(void *ctx, void *p, size_t n, size_t *got_out, struct err *err)
{
	size_t *left = ctx;

	(void)err;
	*got_out = MIN(n, *left);
	memset(p, 3, *got_out);
	*left -= *got_out;
	return 0;
}

static void sync_many(struct mapi_store *s, size_t n, struct err *err)
{
	static const uint8_t state[] = {0x03, 0, 0x17, 0x40, 2, 0, 0, 0, 'x', 'y'};
	struct mapi_sync list[5];
	size_t all = 0, next = 0;
	int rc;

	for (size_t i = 0; i < COUNT(list); i++)
		list[i] = (struct mapi_sync){.folder = 20 + i,
		        .state = state,
		        .n_state = sizeof state,
		        .write = count,
		        .ctx = &all};
	rc = mapi_sync_many(s, list, n, ended, &next, err);
	if (rc == 0 && next != n)
		abort();
}

static void call(struct mapi_store *s, unsigned which, struct err *err)
{
	struct mapi_sync y = {.folder = 20, .write = count};
	struct mapi_folders folders;
	mapi_id ids[3] = {1, 2, 3}, id;
	size_t all = 0, left = which & 8 ? 40000 : 300;
	int rc = 0;

	y.ctx = &all;
	switch (which & 7) {
	case 0:
		rc = mapi_folders(s, &folders, err);
		check_folders(&folders);
		mapi_folders_clear(&folders);
		break;
	case 1:
		rc = mapi_contents(s, 20, which & 8, take_row, &all, err);
		break;
	case 2:
		rc = mapi_sync(s, &y, err);
		break;
	case 3:
		sync_many(s, 5, err);
		break;
	case 4:
		rc = mapi_copy(s, 20, ids, 3, count, &all, err);
		break;
	case 5:
		rc = mapi_make_folder(s, 20, "x", "IPF.Note", &id, err);
		break;
	default:
		rc = mapi_put(s, 20, give, &left, err);
	}
	if (rc > 0)
		abort();
}

/* However a stream is cut, it can be cut again from there on, and nothing goes beyond it. */
static void check_cuts(const uint8_t *p, size_t n)
{
	struct fx_cut c = {0};
	size_t at = 0;

	while (at < n) {
		struct fx_cut before = c;
		size_t piece = MIN(n - at, (size_t)(13 + p[at])), cut = fx_cut(&c, p + at, piece);

		if (cut > piece)
			abort();
		if (cut == 0)
			return;
		c = before;
		if (fx_cut(&c, p + at, cut) != cut)
			abort();
		at += cut;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct service service = {.kind = SERVICE_MAPI, .mailbox = (char *)"/o=x/cn=y"};
	struct mapi_store *s;
	struct err err = {0};

	if (size < 1 || size > 1 << 16)
		return 0;
	check_cuts(data + 1, size - 1);
	session = (struct mapi_session){.p = data + 1, .n = size - 1};
	if (mapi_open(&service, GUARD_MAPI_TARGET, MAPI_MAILBOX, NULL, &s, &err) != 0)
		abort();
	for (unsigned i = 0; i < 3 && !session.is_lost; i++)
		call(s, data[0] + i * (data[0] >> 4), &err);
	mapi_close(s);
	return 0;
}
