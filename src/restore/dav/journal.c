/* The journal of a restore to DAV: read, and records added. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "valise/base/mem.h"
#include "valise/proto/dav/discover.h"
#include "restore/journal_file.h"
#include "journal.h"
#include "keys.h"

struct put_journal {
	struct journal_file file;
	bool old; /* there was one of this archive */
	unsigned newest; /* snapshot that was read */
	struct put_record *recs;
	size_t n, cap;
	struct keys at; /* key of the URL -> index in recs */
	struct chosen places; /* of collections of the archive */
	struct keys had; /* keys of URLs */
};

static void record_clear(struct put_record *r)
{
	free(r->url);
	free(r->etag);
	free(r->uid);
	free(r->held_uid);
	free(r->differences);
}

/* A copy of the record; it stands for an earlier one of the same URL. */
static void take_record(struct put_journal *j, const struct put_record *from)
{
	uint64_t key = dav_key(from->url);
	struct put_record one = *from;
	uint32_t at;

	one.url = xstrdup(from->url);
	one.etag = xstrdup(from->etag);
	one.uid = xstrdup(from->uid);
	one.held_uid = xstrdup(from->held_uid);
	one.differences = xstrdup(from->differences);
	if (keys_find(&j->at, key, &at)) {
		record_clear(&j->recs[at]);
		j->recs[at] = one;
		return;
	}
	keys_add(&j->at, key, (uint32_t)j->n);
	*ARR_PUSH(j->recs, j->n, j->cap) = one;
}

/* One line of the journal: a place, a copy that was there before, or a record. */
static int replay_line(void *ctx, const json_t *o, struct err *err)
{
	struct put_journal *j = ctx;
	const char *h = json_get_str(o, "h");
	const char *s = json_get_str(o, "s"), *collection = json_get_str(o, "c");
	const char *had = json_get_str(o, "o"), *m = json_get_str(o, "m");
	struct put_record r = {.url = (char *)json_get_str(o, "u"),
	        .etag = (char *)json_get_str(o, "e"),
	        .uid = (char *)json_get_str(o, "i"),
	        .held_uid = (char *)json_get_str(o, "t"),
	        .differences = (char *)json_get_str(o, "x")};

	j->old = true;
	if (had)
		keys_add(&j->had, dav_key(had), 1);
	if (collection && r.url)
		chosen_set(&j->places, collection, r.url);
	if (!r.url && json_get_int(o, "n", 0) > j->newest)
		j->newest = (unsigned)MIN(json_get_int(o, "n", 0), UINT_MAX);
	if (had || (collection && r.url) || (!r.url && json_object_get(o, "n")))
		return 0;
	r.grade = (int)json_get_int(o, "g", -1);
	r.has_version = m && hex_parse(m, r.version, SHA256_LEN);
	r.version_of = (unsigned)json_get_int(o, "n", UINT_MAX);
	r.part = json_is_true(json_object_get(o, "p"));
	if (!r.url || !r.etag || !h || !s || !hex_parse(h, r.archived, SHA256_LEN) ||
	        !hex_parse(s, r.held, SHA256_LEN) || r.grade < 0 || r.grade > 3)
		return err_set(err, ERR_DAMAGED, ERR_WHOLE,
		        "the restore journal holds a line that is no record");
	take_record(j, &r);
	return 0;
}

int put_journal_open(const char *path, const char *archive_id, bool dry, struct put_journal **out,
        struct err *err)
{
	struct put_journal *j = xcalloc(1, sizeof *j);
	int rc = 0;

	j->file.replay = replay_line;
	j->file.ctx = j;
	rc = journal_file_open(&j->file, path, archive_id, dry, err);
	if (rc < 0) {
		put_journal_free(j);
		return rc;
	}
	*out = j;
	return 0;
}

void put_journal_free(struct put_journal *j)
{
	if (!j)
		return;
	journal_free(j->file.journal);
	for (size_t i = 0; i < j->n; i++)
		record_clear(&j->recs[i]);
	free(j->recs);
	chosen_clear(&j->places);
	keys_clear(&j->at);
	keys_clear(&j->had);
	free(j);
}

bool put_journal_is_new(const struct put_journal *j)
{
	return !j->old;
}

const char *put_journal_place(const struct put_journal *j, const char *collection)
{
	return chosen_get(&j->places, collection);
}

bool put_journal_had(const struct put_journal *j, uint64_t url_key)
{
	return keys_find(&j->had, url_key, NULL);
}

const struct put_record *put_journal_find(const struct put_journal *j, uint64_t url_key)
{
	uint32_t at;

	return keys_find(&j->at, url_key, &at) ? &j->recs[at] : NULL;
}

int put_journal_each(const struct put_journal *j,
        int (*fn)(void *ctx, const struct put_record *rec, struct err *err), void *ctx,
        struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < j->n && rc == 0; i++)
		rc = fn(ctx, &j->recs[i], err);
	return rc;
}

/* The end of a record in ${b}, which is freed. */
static void add_record(struct put_journal *j, struct buf *b)
{
	buf_putc(b, '}');
	journal_add(j->file.journal, buf_str(b));
	buf_clear(b);
}

static struct buf new_record(void)
{
	struct buf b = buf_of(SIZE_MAX);

	buf_putc(&b, '{');
	return b;
}

void put_journal_add_place(struct put_journal *j, const char *collection, const char *url)
{
	const char *known = put_journal_place(j, collection);
	struct buf b;

	if (!j->file.journal || (known && strcmp(known, url) == 0))
		return;
	b = new_record();
	record_text(&b, "c", collection);
	record_text(&b, "u", url);
	add_record(j, &b);
	chosen_set(&j->places, collection, url);
}

void put_journal_add_had(struct put_journal *j, const char *url)
{
	struct buf b;

	if (!keys_add(&j->had, dav_key(url), 1) || !j->file.journal)
		return;
	b = new_record();
	record_text(&b, "o", url);
	add_record(j, &b);
}

void put_journal_add(struct put_journal *j, const struct put_record *r)
{
	char h[SHA256_HEX_SIZE], s[SHA256_HEX_SIZE], m[SHA256_HEX_SIZE];
	struct buf b;

	if (!j->file.journal || !r->etag)
		return;
	hex_format(r->archived, SHA256_LEN, h);
	hex_format(r->held, SHA256_LEN, s);
	b = new_record();
	record_text(&b, "e", r->etag);
	record_number(&b, "g", r->grade);
	record_text(&b, "h", h);
	record_text(&b, "i", r->uid);
	if (r->has_version) {
		hex_format(r->version, SHA256_LEN, m);
		record_text(&b, "m", m);
		record_number(&b, "n", r->version_of);
	}
	if (r->part)
		buf_puts(&b, ",\"p\":true");
	record_text(&b, "s", s);
	record_text(&b, "t", r->held_uid);
	record_text(&b, "u", r->url);
	record_text(&b, "x", r->differences && *r->differences ? r->differences : NULL);
	add_record(j, &b);
	take_record(j, r);
}

void put_journal_begin(struct put_journal *j, unsigned snapshot)
{
	struct buf b;

	if (snapshot <= j->newest)
		return;
	j->newest = snapshot;
	if (!j->file.journal)
		return;
	b = new_record();
	record_number(&b, "n", snapshot);
	add_record(j, &b);
}

bool put_journal_is_older(
        const struct put_journal *j, const struct put_record *p, unsigned snapshot)
{
	return p->has_version && p->version_of < snapshot && snapshot >= j->newest;
}

int put_journal_commit(struct put_journal *j, struct err *err)
{
	return j->file.journal ? journal_commit(j->file.journal, err) : 0;
}
