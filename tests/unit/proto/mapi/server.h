#ifndef VALISE_TEST_MAPI_SERVER_H
#define VALISE_TEST_MAPI_SERVER_H

/*
 * A session that no server stands behind: the calls of session.h, and remote operations done
 * on a few folders, as a server does them, with its caps; it refuses and cuts on demand.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "valise/base/buf.h"
#include "valise/base/le.h"
#include "valise/base/mem.h"
#include "valise/proto/mapi/store.h"

#pragma GCC diagnostic ignored "-Wunused-function"

enum { SERVER_FOLDERS = 80, SERVER_OBJECTS = 6000, SERVER_ROOM = 0x7fe0, SERVER_OUT = 0x40000 };

struct server_folder {
	mapi_id id;
	const uint8_t *stream; /* of a synchronization, and of copied messages */
	size_t n;
	unsigned refuse; /* a RopId ... */
	uint32_t with; /* ... and its ReturnValue */
	unsigned times; /* 0: always */
	unsigned status; /* of its stream, in place of Partial and Done; 0: none */
	bool is_empty; /* its stream has no octets and no end */
	uint32_t wait_ms; /* BackoffTime */
	struct buf state; /* what was uploaded: tags, lengths, octets */
	struct buf put; /* messages that were uploaded */
	unsigned puts; /* whole ones */
	const uint8_t *rows; /* of its table: offsets of each row in ${row_at} */
	const size_t *row_at;
	size_t n_rows;
};

struct server_object {
	bool lives;
	unsigned rop; /* that made it */
	struct server_folder *folder;
	size_t at; /* of its stream, or rows */
	struct buf put;
};

static struct server {
	struct server_folder folders[SERVER_FOLDERS];
	size_t n_folders;
	struct server_object objects[SERVER_OBJECTS];
	size_t n_objects;
	struct buf log; /* "Logon Release Open ...\n" a request */
	unsigned requests;
	uint32_t logon_value;
	bool is_public;
	const uint8_t *props; /* row of RopGetPropertiesSpecific; NULL: none has a value */
	size_t n_props;
	/* what it does wrong */
	size_t take; /* octets of a PutBuffer at most, 0: all */
	unsigned takes; /* how often, 0: always */
	size_t cut; /* octets that are cut off the first payload */
	unsigned backoff; /* so many answers of the next request, then RopBackoff instead */
	bool backoff_lies; /* the operation is done, and so is what is behind it */
	bool ignores_most; /* MaximumBufferSize */
	bool has_no_rows; /* and says that there are more */
	size_t least; /* MaximumBufferSize that it takes */
	bool only_one; /* RopSynchronizationConfigure of a request is understood */
	mapi_id created;
	uint32_t create_value;
	uint32_t problem; /* of RopSetProperties */
	char made[2048]; /* name and class, UTF-16 as ASCII */
	bool is_lost, associated;
	bool no_replicas; /* RopLongTermIdFromId is refused */
	unsigned pauses;
	int64_t paused_ms;
} server;

struct mapi_session {
	int dummy;
};
static struct mapi_session the_session;
static struct mapi_greeting the_greeting = {(char *)"Fixture User", NULL};

int mapi_connect(const struct service *service, enum guard_role role, struct progress *progress,
        struct mapi_session **out, struct err *err)
{
	(void)service;
	(void)role;
	(void)progress;
	(void)err;
	*out = &the_session;
	return 0;
}

void mapi_disconnect(struct mapi_session *s)
{
	(void)s;
}

const struct mapi_greeting *mapi_greeting(const struct mapi_session *s)
{
	(void)s;
	return &the_greeting;
}

bool mapi_is_lost(const struct mapi_session *s)
{
	(void)s;
	return server.is_lost;
}

int mapi_pause(struct mapi_session *s, int64_t ms, const char *why, struct err *err)
{
	(void)s;
	assert_non_null(why);
	server.pauses++;
	server.paused_ms += ms;
	return server.paused_ms <= 1800000 ? 0 : err_set(err, ERR_BUSY, ERR_WHOLE, "busy");
}

uint64_t mapi_requests(const struct mapi_session *s)
{
	(void)s;
	return server.requests;
}

/* ---- the request ---- */

struct asked {
	const uint8_t *p;
	size_t n;
	uint32_t handles[MAPI_HANDLES_MAX];
	size_t n_handles;
	struct buf out;
	size_t room;
	bool is_done; /* the last operation has nothing more to say */
	size_t rows; /* that the last one gave: those that follow are of one count */
};

static uint64_t ask_get(struct asked *a, size_t n)
{
	uint64_t v;

	assert_true(a->n >= n);
	v = n <= 8 ? le_get(a->p, n) : 0;
	a->p += n;
	a->n -= n;
	return v;
}

static void say(struct asked *a, uint64_t v, size_t n)
{
	uint8_t le[8];

	le_put(le, v, n);
	buf_put(&a->out, le, n);
}

static void say_head(struct asked *a, unsigned rop, uint64_t index, uint32_t value)
{
	say(a, rop, 1);
	say(a, index, 1);
	say(a, value, 4);
}

static struct server_object *object_of(struct asked *a, uint64_t index)
{
	uint32_t h;

	assert_true(index < a->n_handles);
	h = a->handles[index];
	return h > 0 && h < server.n_objects && server.objects[h].lives ? &server.objects[h] : NULL;
}

static uint32_t new_object(unsigned rop, struct server_folder *f)
{
	assert_true(server.n_objects < SERVER_OBJECTS);
	server.objects[server.n_objects] =
	        (struct server_object){.lives = true, .rop = rop, .folder = f};
	server.objects[server.n_objects].put = buf_of(SIZE_MAX);
	return (uint32_t)server.n_objects++;
}

static size_t server_open_handles(void)
{
	size_t n = 0;

	for (size_t i = 2; i < server.n_objects; i++)
		n += server.objects[i].lives;
	return n;
}

static struct server_folder *folder_of(mapi_id id)
{
	for (size_t i = 0; i < server.n_folders; i++)
		if (server.folders[i].id == id)
			return &server.folders[i];
	return NULL;
}

static uint32_t refusal(struct server_folder *f, unsigned rop)
{
	uint32_t with;

	if (!f || f->refuse != rop)
		return 0;
	with = f->with;
	if (f->times > 0 && --f->times == 0)
		f->refuse = 0;
	return with;
}

/* An operation that makes an object of the folder of another one. */
static void make_object(struct asked *a, unsigned rop, uint64_t in, uint64_t index, mapi_id id)
{
	struct server_object *o = object_of(a, in);
	struct server_folder *f = rop == 0x02 ? folder_of(id) : o ? o->folder : NULL;
	uint32_t value = refusal(f, rop);

	if (!value && !o)
		value = 0x4b9;
	else if (!value && !f)
		value = 0x8004010f;
	say_head(a, rop, index, value);
	if (value == 0)
		a->handles[index] = new_object(rop, f);
}

static void do_get_buffer(struct asked *a, uint64_t index, size_t most)
{
	struct server_object *o = object_of(a, index);
	uint32_t value = o ? refusal(o->folder, 0x4e) : 0x4b9;
	size_t n = 0, left = a->room - a->out.len;

	if (value == 0 && most < server.least)
		value = 0x47d;
	if (value == 0) {
		if (server.ignores_most)
			most = 0x7b00;
		most = MIN(most, left > 15 ? left - 15 : 0);
		n = o->folder->is_empty ? 0 : MIN(o->folder->n - o->at, most);
	}
	a->is_done = value != 0 || (o->at + n == o->folder->n && !o->folder->is_empty);
	say_head(a, 0x4e, index, value);
	if (value == 0 && o->folder->status)
		say(a, o->folder->status - 1, 2);
	else
		say(a, value ? 0 : a->is_done ? 3 : 1, 2);
	say(a, 1, 2);
	say(a, 7, 2);
	say(a, 0, 1);
	say(a, n, 2);
	if (value == 0) {
		buf_put(&a->out, o->folder->stream + o->at, n);
		o->at += n;
	} else if (value == 0x480) {
		say(a, o->folder->wait_ms, 4);
	}
}

static void do_query_rows(struct asked *a, uint64_t index, size_t most)
{
	struct server_object *o = object_of(a, index);
	uint32_t value = o ? refusal(o->folder, 0x15) : 0x4b9;
	size_t where, first;
	const struct server_folder *f;

	say_head(a, 0x15, index, value);
	a->is_done = true;
	if (value)
		return;
	f = o->folder;
	where = a->out.len;
	say(a, 0, 3);
	first = o->at;
	most -= MIN(most, a->rows);
	while (o->at < f->n_rows && o->at - first < most && !server.has_no_rows) {
		size_t n = f->row_at[o->at + 1] - f->row_at[o->at];

		if (a->out.len + n > a->room)
			break;
		buf_put(&a->out, f->rows + f->row_at[o->at], n);
		o->at++;
	}
	a->rows += o->at - first;
	a->is_done = o->at == f->n_rows || o->at - first == most;
	a->out.data[where] = o->at == f->n_rows ? 2 : 1;
	le_put(a->out.data + where + 1, o->at - first, 2);
}

static void do_put_buffer(struct asked *a, uint64_t index)
{
	struct server_object *o = object_of(a, index);
	size_t n = (size_t)ask_get(a, 2), used = n;
	uint32_t value = o ? refusal(o->folder, 0x54) : 0x4b9;

	assert_true(a->n >= n);
	if (server.take && used > server.take) {
		used = server.take;
		if (server.takes > 0 && --server.takes == 0)
			server.take = 0;
	}
	if (value)
		used = 0;
	else
		buf_put(&o->put, a->p, used);
	a->p += n;
	a->n -= n;
	say_head(a, 0x54, index, value);
	say(a, 0, 2);
	say(a, 0, 2);
	say(a, 1, 2);
	say(a, 0, 1);
	say(a, used, 2);
}

/* A message is in its place once its destination is released: the strictest of servers. */
static void do_release(struct asked *a, uint64_t index)
{
	struct server_object *o = object_of(a, index);

	assert_non_null(o);
	if (o->rop == 0x53 && o->put.len >= 4 && le32(o->put.data + o->put.len - 4) == 0x400d0003) {
		buf_put(&o->folder->put, o->put.data, o->put.len);
		o->folder->puts++;
	}
	buf_clear(&o->put);
	o->lives = false;
}

static void do_logon(struct asked *a)
{
	static const uint8_t counters[] = {
	        1, 2, 3, 9, 13, 12, 10, 11, 7, 8, 5, 6, 4}; /* as recorded */
	uint64_t flags = ask_get(a, 1);
	uint64_t open = ask_get(a, 4);
	size_t n;

	assert_int_equal(flags, server.is_public ? 0 : 1);
	assert_int_equal(open, 0x01000000 | (server.is_public ? 2 : 0));
	ask_get(a, 4);
	n = (size_t)ask_get(a, 2);
	a->p += n;
	a->n -= n;
	say_head(a, 0xfe, 0, server.logon_value);
	if (server.logon_value == 0x478) {
		say(a, 1, 1);
		say(a, 8, 1);
		buf_put(&a->out, "other.x", 8);
	}
	if (server.logon_value)
		return;
	say(a, flags, 1);
	for (size_t i = 0; i < 13; i++)
		say(a, (uint64_t)counters[i] << 56 | 1, 8);
	if (!server.is_public)
		say(a, 7, 1);
	else
		say(a, 5, 2);
	buf_put(&a->out, "0123456789abcdef", 16);
	if (!server.is_public) {
		say(a, 5, 2);
		buf_put(&a->out, "replica---------", 16);
		buf_put(&a->out, "....................", 20);
	} else {
		buf_put(&a->out, "peruser---------", 16);
	}
	server.n_objects = 1;
	a->handles[0] = new_object(0xfe, NULL);
}

static void take_wide(struct asked *a, char *to, size_t size)
{
	size_t n = strlen(to);

	for (;;) {
		uint64_t unit = ask_get(a, 2);

		if (!unit)
			break;
		assert_true(n + 2 < size);
		to[n++] = (char)unit;
	}
	to[n++] = '|';
	to[n] = '\0';
}

static void do_create(struct asked *a, uint64_t in, uint64_t index)
{
	struct server_object *o = object_of(a, in);
	uint32_t value = o ? server.create_value : 0x4b9;

	assert_int_equal(ask_get(a, 1), 1);
	assert_int_equal(ask_get(a, 1), 1);
	assert_int_equal(ask_get(a, 2), 0);
	server.made[0] = '\0';
	take_wide(a, server.made, sizeof server.made);
	take_wide(a, server.made, sizeof server.made);
	say_head(a, 0x1c, index, value);
	if (value)
		return;
	say(a, server.created, 8);
	say(a, 0, 1);
	a->handles[index] = new_object(0x1c, o->folder);
}

static void do_set_properties(struct asked *a, uint64_t index)
{
	struct server_object *o = object_of(a, index);

	ask_get(a, 2);
	assert_int_equal(ask_get(a, 2), 1);
	assert_int_equal(ask_get(a, 4), 0x3613001f);
	take_wide(a, server.made, sizeof server.made);
	say_head(a, 0x0a, index, o ? 0 : 0x4b9);
	if (!o)
		return;
	say(a, server.problem ? 1 : 0, 2);
	if (server.problem) {
		say(a, 0, 2);
		say(a, 0x3613001f, 4);
		say(a, server.problem, 4);
	}
}

static void do_get_properties(struct asked *a, uint64_t index)
{
	struct server_object *o = object_of(a, index);
	size_t n;

	ask_get(a, 4);
	n = (size_t)ask_get(a, 2);
	a->p += 4 * n;
	a->n -= 4 * n;
	say_head(a, 0x07, index, o ? 0 : 0x4b9);
	if (!o)
		return;
	if (n > 1 && server.props) {
		buf_put(&a->out, server.props, server.n_props);
		return;
	}
	say(a, 1, 1);
	while (n-- > 0) {
		say(a, 0x0a, 1);
		say(a, 0x8004010f, 4);
	}
}

static void do_state(struct asked *a, unsigned rop, uint64_t index)
{
	struct server_object *o = object_of(a, index);
	size_t n = 0;

	if (rop == 0x75) {
		uint64_t tag = ask_get(a, 4);
		uint8_t head[8];

		n = (size_t)ask_get(a, 4);
		le_put(head, tag, 4);
		le_put(head + 4, n, 4);
		if (o)
			buf_put(&o->folder->state, head, 8);
	} else if (rop == 0x76) {
		n = (size_t)ask_get(a, 4);
		assert_true(a->n >= n);
		if (o)
			buf_put(&o->folder->state, a->p, n);
		a->p += n;
		a->n -= n;
	}
	say_head(a, rop, index, o ? 0 : 0x4b9);
}

static void do_others(struct asked *a, unsigned rop, uint64_t index)
{
	uint64_t made;
	size_t n;

	switch (rop) {
	case 0x02:
		made = ask_get(a, 1);
		make_object(a, rop, index, made, ask_get(a, 8));
		ask_get(a, 1);
		if (a->out.data[a->out.len - 4] == 0 && a->out.data[a->out.len - 1] == 0)
			say(a, 0, 2);
		break;
	case 0x04:
	case 0x05:
		made = ask_get(a, 1);
		assert_int_equal(ask_get(a, 1), rop == 0x04         ? 0x14
		                                : server.associated ? 0x12
		                                                    : 0x10);
		n = a->out.len;
		make_object(a, rop, index, made, 0);
		if (le32(a->out.data + n + 2) == 0)
			say(a, 4711, 4);
		break;
	case 0x12:
		ask_get(a, 1);
		n = (size_t)ask_get(a, 2);
		a->p += 4 * n;
		a->n -= 4 * n;
		say_head(a, rop, index, object_of(a, index) ? 0 : 0x4b9);
		if (object_of(a, index))
			say(a, 0, 1);
		break;
	case 0x43:
		say_head(a, rop, index, server.no_replicas ? 0x80004005 : 0);
		made = ask_get(a, 8);
		if (!server.no_replicas) {
			buf_put(&a->out, "replica of one..", 16);
			say(a, made >> 16, 6);
			say(a, 0, 2);
		}
		break;
	case 0x4b:
		made = ask_get(a, 1);
		n = (size_t)ask_get(a, 2);
		a->p += 8 * n;
		a->n -= 8 * n;
		assert_int_equal(ask_get(a, 1) & 1, 0); /* never Move */
		ask_get(a, 1);
		make_object(a, rop, index, made, 0);
		break;
	case 0x53:
		made = ask_get(a, 1);
		assert_int_equal(ask_get(a, 1), 3);
		assert_int_equal(ask_get(a, 1), 0);
		make_object(a, rop, index, made, 0);
		break;
	case 0x70:
		made = ask_get(a, 1);
		assert_int_equal(ask_get(a, 1), 1);
		assert_int_equal(ask_get(a, 1), 0x09); /* no ForUpload, no PartialItem */
		/* Unicode, ReadState, Normal, Progress; FAI for who wants it */
		assert_int_equal(ask_get(a, 2), server.associated ? 0x8039 : 0x8029);
		assert_int_equal(ask_get(a, 2), 0);
		assert_int_equal(ask_get(a, 4), 3); /* Eid, MessageSize */
		assert_int_equal(ask_get(a, 2), 0);
		make_object(a, rop, index, made, 0);
		break;
	default:
		fail_msg("an operation that the server does not know: %02x", rop);
	}
}

static const char *rop_word(unsigned rop)
{
	static const char *const words[256] = {[0x01] = "Release",
	        [0x02] = "Open",
	        [0x04] = "Hierarchy",
	        [0x05] = "Contents",
	        [0x07] = "Get",
	        [0x0a] = "Set",
	        [0x12] = "Columns",
	        [0x15] = "Rows",
	        [0x1c] = "Create",
	        [0x43] = "LongTermId",
	        [0x4b] = "Copy",
	        [0x4e] = "Buffer",
	        [0x53] = "Destination",
	        [0x54] = "Put",
	        [0x70] = "Sync",
	        [0x75] = "Begin",
	        [0x76] = "Continue",
	        [0x77] = "End",
	        [0xfe] = "Logon"};

	return words[rop] ? words[rop] : "?";
}

static void do_one(struct asked *a)
{
	unsigned rop = (unsigned)ask_get(a, 1);
	uint64_t index;

	buf_putf(&server.log, "%s ", rop_word(rop));
	assert_int_equal(ask_get(a, 1), 0);
	index = ask_get(a, 1);
	if (rop == 0x01) {
		do_release(a, index);
	} else if (rop == 0xfe) {
		do_logon(a);
	} else if (rop == 0x4e) {
		assert_int_equal(ask_get(a, 2), 0xbabe);
		do_get_buffer(a, index, (size_t)ask_get(a, 2));
	} else if (rop == 0x15) {
		ask_get(a, 2);
		do_query_rows(a, index, (size_t)ask_get(a, 2));
	} else if (rop == 0x54) {
		do_put_buffer(a, index);
	} else if (rop == 0x1c) {
		do_create(a, index, ask_get(a, 1));
	} else if (rop == 0x0a) {
		do_set_properties(a, index);
	} else if (rop == 0x07) {
		do_get_properties(a, index);
	} else if (rop >= 0x75 && rop <= 0x77) {
		do_state(a, rop, index);
	} else {
		do_others(a, rop, index);
	}
}

static int give_payload(struct asked *a, const struct mapi_request *rq, size_t cut, struct err *err)
{
	uint8_t *exact = xmalloc(a->out.len + 1); /* so that each octet behind it is seen */
	size_t n = a->out.len - MIN(cut, a->out.len);
	struct mapi_answer answer = {exact, n, a->handles, a->n_handles};
	int rc;

	memcpy(exact, a->out.data, n);
	exact = realloc(exact, n ? n : 1);
	answer.rops = exact;
	rc = rq->answer(rq->ctx, &answer, err);
	free(exact);
	return rc;
}

int mapi_execute(struct mapi_session *s, const struct mapi_request *rq, struct err *err)
{
	struct asked a = {.p = rq->rops, .n = rq->n_rops, .n_handles = rq->n_handles};
	const uint8_t *last = rq->rops;
	size_t total = 0, cut = server.cut;
	int rc = 0;

	(void)s;
	assert_true(rq->n_rops <= MAPI_ROPS_MAX && rq->n_handles <= MAPI_HANDLES_MAX);
	memcpy(a.handles, rq->handles, rq->n_handles * sizeof *rq->handles);
	server.requests++;
	server.cut = 0;
	if (server.is_lost)
		return err_set(err, ERR_NET, ERR_WHOLE, "the session is gone");
	if (server.only_one) {
		size_t n = 0;

		for (size_t i = 0; i + 2 < rq->n_rops; i++)
			n += memcmp(rq->rops + i, "\x70\0", 2) == 0;
		if (n > 1)
			return err_set(err, ERR_REFUSED, ERR_ITEM, "ecRpcFormat");
	}
	a.out = buf_of(1 << 20);
	a.room = SERVER_ROOM - 10 - 4 * a.n_handles;
	while (a.n > 0) {
		size_t before = a.out.len;
		const uint8_t *p = a.p;
		size_t n = a.n;

		last = p;
		if (server.backoff > 0 && --server.backoff == 0) {
			if (server.backoff_lies)
				do_one(&a);
			a.out.len = before;
			say(&a, 0xf9, 1);
			say(&a, 0, 1);
			say(&a, 7, 4);
			say(&a, 1, 1);
			say(&a, 0x02, 1);
			say(&a, 7, 4);
			say(&a, 3, 2);
			say(&a, 0, 3);
			buf_puts(&server.log, "backoff ");
			if (!server.backoff_lies)
				break;
			continue;
		}
		do_one(&a);
		if (a.out.len > a.room) {
			a.out.len = before;
			say(&a, 0xff, 1);
			say(&a, 0x8000, 2);
			buf_put(&a.out, p, MIN(n, (size_t)40));
			buf_puts(&server.log, "(no room) ");
			break;
		}
	}
	rc = give_payload(&a, rq, cut, err);
	total = a.out.len;
	while (rc == 0 && rq->chain && !a.is_done && (*last == 0x4e || *last == 0x15) &&
	        SERVER_OUT - total > 0x8000) {
		buf_reset(&a.out);
		a.p = last;
		a.n = (size_t)(rq->rops + rq->n_rops - last);
		do_one(&a);
		rc = give_payload(&a, rq, 0, err);
		total += a.out.len;
	}
	buf_clear(&a.out);
	buf_puts(&server.log, "\n");
	return rc;
}

/* ---- for tests ---- */

static struct server_folder *add_folder(mapi_id id, const void *stream, size_t n)
{
	struct server_folder *f = &server.folders[server.n_folders++];

	*f = (struct server_folder){.id = id, .stream = stream, .n = n};
	f->state = buf_of(SIZE_MAX);
	f->put = buf_of(SIZE_MAX);
	return f;
}

static void server_begin(void)
{
	memset(&server, 0, sizeof server);
	server.log = buf_of(1 << 20);
}

static void server_end(void)
{
	for (size_t i = 0; i < server.n_folders; i++) {
		buf_clear(&server.folders[i].state);
		buf_clear(&server.folders[i].put);
	}
	for (size_t i = 0; i < server.n_objects; i++)
		buf_clear(&server.objects[i].put);
	buf_clear(&server.log);
}

static struct mapi_store *open_store(enum mapi_which which)
{
	struct service service = {.kind = SERVICE_MAPI, .mailbox = (char *)"/o=x/cn=y"};
	struct mapi_store *s;
	struct err err;

	server.is_public = which == MAPI_PUBLIC_FOLDERS;
	assert_int_equal(mapi_open(&service, GUARD_MAPI_SOURCE, which, NULL, &s, &err), 0);
	buf_reset(&server.log);
	server.requests = 0;
	return s;
}

/* A file of the fixtures, malloc'ed. */
static uint8_t *fixture(const char *name, size_t *n_out)
{
	char path[512];
	FILE *f;
	uint8_t *p = malloc(1 << 20);

	snprintf(path, sizeof path, "%s/mapi/recorded/%s", FIXTURES, name);
	f = fopen(path, "rb");
	if (!f)
		fail_msg("%s", path);
	*n_out = fread(p, 1, 1 << 20, f);
	fclose(f);
	return p;
}

/*
 * The payloads of a recorded answer: give(ctx, rops, n) for each, without its size and the
 * handles (MS-OXCMAPIHTTP 2.2.4.2.2, MS-OXCRPC 2.2.2.1; neither coded nor compressed).
 */
static void recorded(
        const char *name, void (*give)(void *ctx, const uint8_t *p, size_t n), void *ctx)
{
	size_t n;
	uint8_t *all = fixture(name, &n), *p = all;

	while (memcmp(p, "\r\n\r\n", 4) != 0)
		p++;
	p += 4 + 16;
	while (p < all + n) {
		bool is_last = le16(p + 2) & 4;
		size_t size = le16(p + 4), rops = le16(p + 8);

		give(ctx, p + 10, rops - 2);
		p += 8 + size;
		if (is_last)
			break;
	}
	free(all);
}

#endif
