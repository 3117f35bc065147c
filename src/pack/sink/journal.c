/*
 * The journal of a run, .work/journal (tree/journal.h):
 *   {"begin":{"account":{...},"parent":hex or null,"snapshot":N}} the first batch, alone
 *   {"mark":{"entries":,"offset":,"part":,"plain":,"seq":}} how far the parts are
 *   durable; first of its batch {"coll":{"id":,"kind":,"name":,"uidvalidity":}}
 *   {"object":[kind,sha256,size,part,member,offset]}
 *   {"item":[coll,uid,sha256,seconds,zone(,href,etag,id(,warnings))]}
 */
#include "sink.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/tree/account_json.h"

#define RUNS_MAX 1000000u

static void add_record(struct archive_sink *s, json_t *record)
{
	char *text = json_text(record);

	journal_add(s->journal, text);
	free(text);
}

static json_t *wrap_record(const char *key, json_t *value)
{
	json_t *o = json_object();

	json_object_set_new(o, key, value);
	return o;
}

static json_t *parent_json(const struct archive_sink *s)
{
	char hex[SHA256_HEX_SIZE];

	if (!s->prev)
		return json_null();
	hex_format(s->prev->hash, SHA256_LEN, hex);
	return json_string(hex);
}

static void put_begin(struct archive_sink *s)
{
	json_t *o = json_object();

	json_object_set_new(o, "account", account_to_json(&s->account));
	json_object_set_new(o, "parent", parent_json(s));
	json_set_number(o, "snapshot", s->snapshot);
	add_record(s, wrap_record("begin", o));
}

void sink_journal_mark(struct archive_sink *s, const struct part_mark *m)
{
	json_t *o = json_object();

	json_set_number(o, "part", m->part);
	json_set_number(o, "offset", m->offset);
	json_set_number(o, "seq", m->seq);
	json_set_number(o, "plain", m->plain);
	json_set_number(o, "entries", m->entries);
	add_record(s, wrap_record("mark", o));
}

void sink_journal_runs(struct archive_sink *s)
{
	for (size_t i = 0; i < s->n_runs; i++) {
		const struct tree_coll *c = s->runs[i].coll;
		json_t *o;

		if (s->runs[i].journaled)
			continue;
		o = json_object();
		json_set_number(o, "id", i);
		json_set_number(o, "kind", c->kind);
		json_set_text(o, "name", c->name);
		json_set_number(o, "uidvalidity", c->uidvalidity);
		add_record(s, wrap_record("coll", o));
		s->runs[i].journaled = true;
	}
}

/*
 * Objects and items come by the hundred thousand: their text is made without a tree of
 * JSON values.
 */
void sink_journal_object(struct archive_sink *s, const struct object *o)
{
	char hex[SHA256_HEX_SIZE], text[256];

	hex_format(o->sha256, SHA256_LEN, hex);
	snprintf(text, sizeof text, "{\"object\":[%u,\"%s\",%" PRIu64 ",%u,%" PRIu64 ",%u]}",
	        (unsigned)o->kind, hex, (uint64_t)o->size, o->part, (uint64_t)o->member, o->offset);
	journal_add(s->journal, text);
}

static void put_text(struct buf *out, const char *s)
{
	buf_putc(out, ',');
	if (s)
		json_puts(out, s);
	else
		buf_puts(out, "null");
}

/*
 * [coll, uid, sha256, seconds, zone, href, etag, id, warnings, flags, keywords]; what is nothing
 * is left out at the end: the last two, three, or six.
 */
void sink_journal_item(struct archive_sink *s, const struct pending_item *p)
{
	bool is_flagged = p->flags || p->keywords;
	char hex[SHA256_HEX_SIZE];
	struct buf text;

	hex_format(p->object->sha256, SHA256_LEN, hex);
	buf_init(&text, SIZE_MAX);
	buf_putf(&text, "{\"item\":[%u,%u,\"%s\",%" PRId64 ",%d", p->run, p->uid, hex, p->date_utc,
	        p->zone_min);
	if (p->href || p->etag || p->id || p->warn || is_flagged) {
		put_text(&text, p->href);
		put_text(&text, p->etag);
		put_text(&text, p->id);
	}
	if (p->warn || is_flagged)
		buf_putf(&text, ",%u", p->warn);
	if (is_flagged) {
		buf_putf(&text, ",%u", p->flags);
		put_text(&text, p->keywords);
	}
	buf_puts(&text, "]}");
	journal_add(s->journal, buf_str(&text));
	buf_clear(&text);
}

static bool same_run(const struct tree_coll *a, const struct tree_coll *b)
{
	return a->kind == b->kind && a->uidvalidity == b->uidvalidity &&
	       strcmp(a->name, b->name) == 0;
}

uint32_t sink_run_coll(struct archive_sink *s, const struct tree_coll *c)
{
	uint32_t *cached = &s->run_cache[((uintptr_t)c >> 6) % RUN_CACHE];
	struct run_coll *r;
	size_t i = *cached;

	if (i < s->n_runs && same_run(s->runs[i].coll, c))
		return (uint32_t)i;
	for (i = 0; i < s->n_runs; i++)
		if (same_run(s->runs[i].coll, c))
			return *cached = (uint32_t)i;
	r = ARR_PUSH(s->runs, s->n_runs, s->runs_cap);
	r->coll = tree_coll_new(c->kind, c->name);
	r->coll->uidvalidity = c->uidvalidity;
	return *cached = (uint32_t)i;
}

void sink_journal_forget(struct archive_sink *s)
{
	for (size_t i = 0; i < s->n_items_waiting; i++) {
		free(s->items_waiting[i].href);
		free(s->items_waiting[i].etag);
		free(s->items_waiting[i].id);
		free(s->items_waiting[i].keywords);
	}
	free(s->items_waiting);
	free(s->objects_waiting);
	s->items_waiting = NULL;
	s->objects_waiting = NULL;
	s->n_items_waiting = s->items_waiting_cap = s->n_objects_waiting = s->objects_waiting_cap =
	        0;
	for (size_t i = 0; i < s->n_runs; i++)
		tree_coll_free(s->runs[i].coll);
	free(s->runs);
	s->runs = NULL;
	s->n_runs = s->runs_cap = 0;
	object_map_clear(&s->objects);
	memset(&s->mark, 0, sizeof s->mark);
}

/*
 * Reading it back. What is not understood makes the journal one that does not fit: the
 * run starts over.
 */
struct replay {
	struct archive_sink *s;
	bool begun, bad;
};

static int get_u64(const json_t *v, uint64_t max, uint64_t *out)
{
	json_int_t n = json_integer_value(v);

	*out = (uint64_t)n;
	return json_is_integer(v) && n >= 0 && (uint64_t)n <= max ? 0 : -1;
}

static int replay_begin(struct replay *r, const json_t *o, struct err *err)
{
	struct archive_sink *s = r->s;
	json_t *want = parent_json(s);
	struct tree_account was = {0};
	int rc = 0;

	r->begun = json_get_int(o, "snapshot", 0) == s->snapshot &&
	           json_equal(want, json_object_get(o, "parent"));
	json_decref(want);
	if (!r->begun)
		return 0;
	/* Not sealed yet, but another account's all the same. */
	r->begun = account_from_json(json_object_get(o, "account"), &was);
	if (r->begun)
		rc = tree_account_check(&was, &s->account, s->opts.same_account, err);
	tree_account_clear(&was);
	return rc < 0 ? err_wrap(err, "%s", s->path) : 0;
}

/* -1: a record that is not understood, as in all replay functions. */
static int replay_mark(struct archive_sink *s, const json_t *o)
{
	uint64_t part, offset, seq, plain, entries;

	if (get_u64(json_object_get(o, "part"), PART_MAX, &part) < 0 ||
	        get_u64(json_object_get(o, "offset"), OBJECT_MEMBER_LIMIT, &offset) < 0 ||
	        get_u64(json_object_get(o, "seq"), UINT32_MAX, &seq) < 0 ||
	        get_u64(json_object_get(o, "plain"), INT64_MAX, &plain) < 0 ||
	        get_u64(json_object_get(o, "entries"), INT64_MAX, &entries) < 0)
		return -1;
	s->mark = (struct part_mark){(uint32_t)part, offset, (uint32_t)seq, plain, entries};
	return 0;
}

static int replay_coll(struct archive_sink *s, const json_t *o)
{
	const char *name = json_get_str(o, "name");
	uint64_t id, kind, validity;
	struct run_coll *r;

	if (get_u64(json_object_get(o, "id"), RUNS_MAX, &id) < 0 || id != s->n_runs || !name ||
	        get_u64(json_object_get(o, "kind"), COLL_KINDS - 1, &kind) < 0 ||
	        get_u64(json_object_get(o, "uidvalidity"), UINT32_MAX, &validity) < 0)
		return -1;
	r = ARR_PUSH(s->runs, s->n_runs, s->runs_cap);
	r->coll = tree_coll_new((enum coll_kind)kind, name);
	r->coll->uidvalidity = (uint32_t)validity;
	r->journaled = true;
	return 0;
}

static bool get_hash(const json_t *v, uint8_t out[SHA256_LEN])
{
	return json_is_string(v) && json_string_length(v) == 2 * SHA256_LEN &&
	       hex_parse(json_string_value(v), out, SHA256_LEN);
}

static int replay_object(struct archive_sink *s, const json_t *a)
{
	uint8_t sha256[SHA256_LEN];
	uint64_t kind, size, part;
	struct object_place w = {.snapshot = s->snapshot};
	struct object *o;

	if (json_array_size(a) != 6 || get_u64(json_array_get(a, 0), COLL_KINDS - 1, &kind) < 0 ||
	        !get_hash(json_array_get(a, 1), sha256) ||
	        get_u64(json_array_get(a, 2), OBJECT_SIZE_LIMIT - 1, &size) < 0 ||
	        get_u64(json_array_get(a, 3), PART_MAX, &part) < 0 ||
	        get_u64(json_array_get(a, 4), OBJECT_MEMBER_LIMIT - 1, &w.member) < 0 ||
	        get_u64(json_array_get(a, 5), UINT32_MAX, &w.offset) < 0)
		return -1;
	w.part = (uint32_t)part;
	if (w.part > s->mark.part || (w.part == s->mark.part && w.member >= s->mark.offset))
		return -1;
	o = object_map_add(&s->objects, (enum coll_kind)kind, sha256, size, NULL);
	o->flags = OBJECT_NEW | OBJECT_PLACED | OBJECT_RESUMED;
	return object_set_place(o, &w) ? 0 : -1;
}

/* Its object must have come before it. */
static int replay_item(struct archive_sink *s, const json_t *a)
{
	struct tree_item it = {0};
	uint64_t run, uid, warn = 0, flags = 0;
	size_t n = json_array_size(a);
	json_int_t zone = json_integer_value(json_array_get(a, 4));
	struct tree_coll *c;
	const struct object *o;

	if ((n != 5 && n != 8 && n != 9 && n != 11) ||
	        (n == 11 && get_u64(json_array_get(a, 9), UINT16_MAX, &flags) < 0) ||
	        (n >= 9 && get_u64(json_array_get(a, 8), UINT16_MAX, &warn) < 0) ||
	        get_u64(json_array_get(a, 0), RUNS_MAX, &run) < 0 || run >= s->n_runs ||
	        get_u64(json_array_get(a, 1), UINT32_MAX, &uid) < 0 ||
	        !get_hash(json_array_get(a, 2), it.sha256) ||
	        !json_is_integer(json_array_get(a, 3)) || zone < -1439 || zone > 1439)
		return -1;
	c = s->runs[run].coll;
	o = object_map_find(&s->objects, c->kind, it.sha256);
	if (!o)
		return -1;
	it.uid = (uint32_t)uid;
	it.size = o->size;
	it.date_utc = json_integer_value(json_array_get(a, 3));
	it.zone_min = (int16_t)zone;
	it.warn = (uint16_t)warn;
	it.flags = (uint16_t)flags;
	if (json_is_string(json_array_get(a, 10)))
		it.keywords =
		        tree_coll_words(c, json_string_value(json_array_get(a, 10)), NULL, NULL);
	object_get_place(o, &it.where);
	if (json_is_string(json_array_get(a, 5)) || json_is_string(json_array_get(a, 6)) ||
	        json_is_string(json_array_get(a, 7))) {
		struct tree_ext *e = tree_coll_ext(c, &it.ext);

		e->href = xstrdup(json_string_value(json_array_get(a, 5)));
		e->etag = xstrdup(json_string_value(json_array_get(a, 6)));
		e->uid = xstrdup(json_string_value(json_array_get(a, 7)));
	}
	tree_coll_add(c, &it);
	return 0;
}

/* Once one is not understood, or another run's, none counts. */
static int replay_record(void *ctx, const json_t *o, struct err *err)
{
	struct replay *r = ctx;
	const json_t *v;
	int rc = -1;

	if ((v = json_object_get(o, "begin")))
		return replay_begin(r, v, err);
	if (!r->begun || r->bad)
		return 0;
	if ((v = json_object_get(o, "mark")))
		rc = replay_mark(r->s, v);
	else if ((v = json_object_get(o, "coll")))
		rc = replay_coll(r->s, v);
	else if ((v = json_object_get(o, "object")))
		rc = replay_object(r->s, v);
	else if ((v = json_object_get(o, "item")))
		rc = replay_item(r->s, v);
	r->bad = rc < 0;
	return 0;
}

int sink_journal_open(struct archive_sink *s, bool *fits_out, struct err *err)
{
	struct replay r = {.s = s};
	int rc = journal_open(s->workfd, "journal", replay_record, &r, &s->journal, err);

	*fits_out = r.begun && !r.bad;
	if (rc < 0 || r.begun)
		return rc;
	put_begin(s);
	return journal_commit(s->journal, err);
}
