/* The journal of a restore to MAPI: read, and records added. */
#include "journal.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/base/textindex.h"

enum { ID_DIGITS = 16 };

struct mapi_journal {
	struct journal_file file;
	bool old; /* there was one of this archive */
	struct chosen places;
	char **names; /* of collections */
	size_t n_names, names_cap;
	struct text_index by_name;
	struct noted *list; /* by collection, then SHA-256 */
	size_t n, cap;
	mapi_id *had; /* sorted */
	size_t n_had, had_cap;
};

static bool read_id(const char *text, mapi_id *out)
{
	uint8_t octets[ID_DIGITS / 2];

	*out = 0;
	if (!text || strlen(text) != ID_DIGITS || !hex_parse(text, octets, sizeof octets))
		return false;
	for (size_t i = 0; i < sizeof octets; i++)
		*out = *out << 8 | octets[i];
	return *out != 0;
}

static void put_id(mapi_id id, char out[ID_DIGITS + 1])
{
	snprintf(out, ID_DIGITS + 1, "%016" PRIx64, id);
}

static size_t find_name(const struct mapi_journal *j, const char *name)
{
	size_t cursor = 0, at;

	while ((at = text_index_next(&j->by_name, name, &cursor)) != SIZE_MAX)
		if (strcmp(j->names[at], name) == 0)
			break;
	return at;
}

static uint32_t name_number(struct mapi_journal *j, const char *name)
{
	size_t at = find_name(j, name);

	if (at == SIZE_MAX) {
		at = j->n_names;
		*ARR_PUSH(j->names, j->n_names, j->names_cap) = xstrdup(name);
		text_index_add(&j->by_name, name, at);
	}
	return (uint32_t)at;
}

static int replay_line(void *ctx, struct flat_record *r, struct err *err)
{
	struct mapi_journal *j = ctx;
	const char *collection = r->text[FLAT('c')], *sum = r->text[FLAT('h')];
	mapi_id id;

	j->old = true;
	if (read_id(r->text[FLAT('o')], &id)) {
		*ARR_PUSH(j->had, j->n_had, j->had_cap) = id;
		return 0;
	}
	if (collection && read_id(r->text[FLAT('u')], &id)) {
		chosen_set(&j->places, collection, r->text[FLAT('u')]);
		return 0;
	}
	if (collection && sum && read_id(r->text[FLAT('m')], &id)) {
		struct noted one = {.collection = name_number(j, collection),
		        .id = id,
		        .number = (uint32_t)j->n};

		if (hex_parse(sum, one.sha256, SHA256_LEN)) {
			one.differs = xstrdup(r->text[FLAT('x')]);
			*ARR_PUSH(j->list, j->n, j->cap) = one;
			return 0;
		}
	}
	return err_set(
	        err, ERR_DAMAGED, ERR_WHOLE, "the restore journal holds a line that is no record");
}

static int by_message(const void *p, const void *q)
{
	const struct noted *a = p, *b = q;
	int order = ORDER_OF(a->collection, b->collection);

	if (!order)
		order = memcmp(a->sha256, b->sha256, SHA256_LEN);
	if (!order)
		order = ORDER_OF(a->id, b->id);
	return order ? order : ORDER_OF(b->number, a->number);
}

static bool is_same(const struct noted *a, const struct noted *b)
{
	return a->collection == b->collection && a->id == b->id &&
	       memcmp(a->sha256, b->sha256, SHA256_LEN) == 0;
}

static int by_id(const void *p, const void *q)
{
	const mapi_id *a = p, *b = q;

	return ORDER_OF(*a, *b);
}

static void sort(struct mapi_journal *j)
{
	size_t kept = 0;

	SORT(j->list, j->n, by_message);
	for (size_t i = 0; i < j->n; i++)
		if (kept && is_same(&j->list[kept - 1], &j->list[i]))
			free(j->list[i].differs);
		else
			j->list[kept++] = j->list[i];
	j->n = kept;
	SORT(j->had, j->n_had, by_id);
}

int mapi_journal_open(const char *path, const char *archive_id, bool dry, struct mapi_journal **out,
        struct err *err)
{
	struct mapi_journal *j = xcalloc(1, sizeof *j);
	int rc;

	*out = NULL;
	j->file.replay_flat = replay_line;
	j->file.ctx = j;
	rc = journal_file_open(&j->file, path, archive_id, dry, err);
	if (rc < 0) {
		mapi_journal_free(j);
		return rc;
	}
	sort(j);
	*out = j;
	return 0;
}

void mapi_journal_free(struct mapi_journal *j)
{
	if (!j)
		return;
	journal_free(j->file.journal);
	for (size_t i = 0; i < j->n; i++)
		free(j->list[i].differs);
	free(j->list);
	texts_free(j->names, j->n_names);
	text_index_clear(&j->by_name);
	chosen_clear(&j->places);
	free(j->had);
	free(j);
}

bool mapi_journal_is_new(const struct mapi_journal *j)
{
	return !j->old;
}

mapi_id mapi_journal_place(const struct mapi_journal *j, const char *collection)
{
	mapi_id id;

	return read_id(chosen_get(&j->places, collection), &id) ? id : 0;
}

size_t mapi_journal_items(
        const struct mapi_journal *j, const char *collection, const struct noted **out)
{
	size_t name = find_name(j, collection), i = 0, k;

	*out = NULL;
	if (name == SIZE_MAX)
		return 0;
	LOOKUP_FIRST(i, j->n, j->list[i].collection < name);
	for (k = i; k < j->n && j->list[k].collection == name; k++)
		;
	*out = j->list ? j->list + i : NULL;
	return k - i;
}

bool mapi_journal_had(const struct mapi_journal *j, mapi_id id)
{
	return FIND(&id, j->had, j->n_had, by_id) != NULL;
}

static void add_record(struct mapi_journal *j, struct buf *b)
{
	buf_putc(b, '}');
	journal_add(j->file.journal, buf_str(b));
	buf_clear(b);
}

void mapi_journal_add_place(struct mapi_journal *j, const char *collection, mapi_id folder)
{
	struct buf b = buf_of(SIZE_MAX);
	char id[ID_DIGITS + 1];

	if (!j->file.journal || mapi_journal_place(j, collection) == folder)
		return;
	put_id(folder, id);
	buf_putc(&b, '{');
	record_text(&b, "c", collection);
	record_text(&b, "u", id);
	add_record(j, &b);
	chosen_set(&j->places, collection, id);
}

void mapi_journal_add(struct mapi_journal *j, const char *collection,
        const uint8_t sha256[SHA256_LEN], mapi_id id, const char *differs)
{
	struct buf b = buf_of(SIZE_MAX);
	char hex[SHA256_HEX_SIZE], text[ID_DIGITS + 1];

	if (!j->file.journal)
		return;
	put_id(id, text);
	hex_format(sha256, SHA256_LEN, hex);
	buf_putc(&b, '{');
	record_text(&b, "c", collection);
	record_text(&b, "h", hex);
	record_text(&b, "m", text);
	record_text(&b, "x", differs);
	add_record(j, &b);
}

void mapi_journal_add_had(struct mapi_journal *j, mapi_id id)
{
	struct buf b = buf_of(SIZE_MAX);
	char text[ID_DIGITS + 1];

	if (!j->file.journal)
		return;
	put_id(id, text);
	buf_putc(&b, '{');
	record_text(&b, "o", text);
	add_record(j, &b);
}

int mapi_journal_commit(struct mapi_journal *j, struct err *err)
{
	return j->file.journal ? journal_commit(j->file.journal, err) : 0;
}
