/* valise check: what a survey brought, added up and told. */
#include "survey.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/columns.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/pack/archive.h"

enum {
	NAME_WIDTH = 40, /* of collections; longer names push their row aside */
	SMALL_MAX = 4 << 20,
	TAR_HEAD = 512,
	/* as the sources open them (fetch/imap, fetch/dav); POP3 has one */
	CONNECTIONS = 4,
};

static void take_coll(void *ctx, const struct survey_coll *c)
{
	struct surveyed *s = ctx;
	struct surveyed_coll *to = ARR_PUSH(s->colls, s->n_colls, s->cap_colls);

	*to = (struct surveyed_coll){c->kind, xstrdup(c->name), c->items, c->bytes, c->how};
}

static void take_capability(void *ctx, const char *word)
{
	struct surveyed *s = ctx;

	*ARR_PUSH(s->has, s->n_has, s->cap_has) = xstrdup(word);
}

static void take_quota(void *ctx, uint64_t used, uint64_t limit)
{
	struct surveyed *s = ctx;

	s->used = used;
	s->limit = limit;
}

static void take_idle(void *ctx, int64_t us)
{
	struct surveyed *s = ctx;

	s->idle_us = s->idle_us ? MIN(s->idle_us, us) : us;
}

static void take_round(void *ctx, const struct survey_round *r)
{
	struct surveyed *s = ctx;

	*ARR_PUSH(s->rounds, s->n_rounds, s->cap_rounds) = *r;
}

/* As a part of an archive has it: behind a tar header, up to a whole block. */
static void add_small(struct buf *to, const void *p, size_t n)
{
	static const char zeros[TAR_HEAD];
	size_t tail = (TAR_HEAD - n % TAR_HEAD) % TAR_HEAD;

	if (to->len + 2 * TAR_HEAD + n > SMALL_MAX)
		return;
	buf_put(to, zeros, TAR_HEAD);
	buf_put(to, p, n);
	buf_put(to, zeros, tail);
}

static void take_item(void *ctx, const void *p, size_t n, unsigned weight)
{
	struct surveyed *s = ctx;

	s->sampled++;
	s->sampled_bytes += n;
	if (!weight || !n)
		return;
	*ARR_PUSH(s->pieces, s->n_pieces, s->cap_pieces) =
	        (struct estimate_piece){n, archive_packed_size(p, n), weight};
	if (n <= ESTIMATE_SMALL)
		add_small(&s->small, p, n);
}

void surveyed_begin(struct surveyed *s)
{
	*s = (struct surveyed){.to = {.coll = take_coll,
	                               .has = take_capability,
	                               .quota = take_quota,
	                               .idle = take_idle,
	                               .round = take_round,
	                               .item = take_item}};
	s->to.ctx = s;
	buf_init(&s->small, SMALL_MAX);
}

static int coll_cmp(const void *a, const void *b)
{
	const struct surveyed_coll *x = a, *y = b;

	return x->kind == y->kind ? strcmp(x->name, y->name) : x->kind < y->kind ? -1 : 1;
}

void surveyed_end(struct surveyed *s)
{
	struct estimate e = {.collections = s->n_colls,
	        .connections = CONNECTIONS,
	        .idle_us = s->idle_us,
	        .rounds = s->rounds,
	        .n_rounds = s->n_rounds};
	struct estimate_piece small = {0};

	for (size_t i = 0; i < s->n_colls; i++) {
		e.items += s->colls[i].items;
		s->bytes += s->colls[i].bytes;
		s->part |= s->colls[i].how == SURVEY_PART || s->colls[i].how == SURVEY_UNKNOWN;
	}
	/* Where nothing has a size, the sample says how large an item is. */
	if (!s->bytes && s->sampled)
		s->bytes = s->sampled_bytes / s->sampled * e.items;
	e.bytes = s->bytes;
	for (size_t i = 0; i < s->n_pieces; i++)
		if (s->pieces[i].plain <= ESTIMATE_SMALL)
			small.plain += s->pieces[i].plain;
	if (s->small.len)
		small.packed = archive_packed_size(s->small.data, s->small.len);
	/* What found no room among the small ones is not counted, either. */
	small.plain = s->small.len ? MIN(small.plain, s->small.len) : 0;
	s->seconds = estimate_seconds(&e);
	s->archive_bytes = estimate_archive(&e, s->pieces, s->n_pieces, &small, &s->archive);
	if (s->n_colls)
		qsort(s->colls, s->n_colls, sizeof *s->colls, coll_cmp);
}

void surveyed_clear(struct surveyed *s)
{
	for (size_t i = 0; i < s->n_colls; i++)
		free(s->colls[i].name);
	free(s->colls);
	texts_free(s->has, s->n_has);
	free(s->rounds);
	free(s->pieces);
	buf_clear(&s->small);
}

/* ---- for programs ---- */

static void add_offers(json_t *list, const struct surveyed *s, const struct service *of)
{
	struct buf has = buf_of(SIZE_MAX / 2);
	json_t *o = json_object();

	for (size_t i = 0; i < s->n_has; i++)
		buf_putf(&has, "%s%s", i ? ", " : "", s->has[i]);
	put_text(o, "service", of->name);
	put_text(o, "capabilities", buf_str(&has));
	if (s->limit) {
		json_set_number(o, "quota_used", s->used);
		json_set_number(o, "quota_limit", s->limit);
	}
	json_array_append_new(list, o);
	buf_clear(&has);
}

static void add_for_report(struct surveyed *sum, const struct surveyed *s, const struct service *of)
{
	if (!sum->folders) {
		sum->folders = json_array();
		sum->offers = json_array();
	}
	for (size_t i = 0; i < s->n_colls; i++) {
		json_t *o = json_object();

		json_set_text(o, "kind", coll_kind_dir(s->colls[i].kind));
		put_text(o, "name", s->colls[i].name);
		json_set_number(o, "items", s->colls[i].items);
		json_set_text(o, "size", survey_how_word(s->colls[i].how));
		if (s->colls[i].how != SURVEY_UNKNOWN)
			json_set_number(o, "bytes", s->colls[i].bytes);
		json_array_append_new(sum->folders, o);
	}
	add_offers(sum->offers, s, of);
}

void surveyed_add(struct surveyed *sum, const struct surveyed *s, const struct service *of)
{
	uint64_t fixed = s->archive.high && !sum->archive.high ? archive_documents() : 0;

	sum->bytes += s->bytes;
	sum->part |= s->part;
	sum->sampled += s->sampled;
	sum->sampled_bytes += s->sampled_bytes;
	sum->seconds.low += s->seconds.low;
	sum->seconds.high += s->seconds.high;
	sum->archive.low += s->archive.low + fixed / 5 * 4;
	sum->archive.high += s->archive.high + fixed / 5 * 6;
	sum->archive_bytes += s->archive_bytes + fixed;
	add_for_report(sum, s, of);
}

void surveyed_put(const struct surveyed *s, const struct service *of, json_t *event)
{
	json_t *has = json_array();

	for (size_t i = 0; i < s->n_colls; i++) {
		const struct surveyed_coll *c = &s->colls[i];
		json_t *o = json_object();

		json_set_text(o, "event", "collection");
		put_text(o, "service", of->name);
		json_set_text(o, "kind", coll_kind_dir(c->kind));
		put_text(o, "name", c->name);
		json_set_number(o, "items", c->items);
		json_set_text(o, "size", survey_how_word(c->how));
		if (c->how != SURVEY_UNKNOWN)
			json_set_number(o, "bytes", c->bytes);
		put_json(o);
	}
	json_set_number(event, "bytes", s->bytes);
	for (size_t i = 0; i < s->n_has; i++) {
		char safe[100];

		json_array_append_new(has,
		        json_string(term_escape(s->has[i], strlen(s->has[i]), safe, sizeof safe)));
	}
	json_object_set_new(event, "capabilities", has);
	if (s->limit) {
		json_set_number(event, "quota_used", s->used);
		json_set_number(event, "quota_limit", s->limit);
	}
}

void surveyed_outcome(const struct surveyed *sum, json_t *o)
{
	json_set_number(o, "bytes", sum->bytes);
	json_set_number(o, "sampled_items", sum->sampled);
	json_set_number(o, "sampled_bytes", sum->sampled_bytes);
	if (sum->seconds.high) {
		json_set_number(o, "seconds_low", sum->seconds.low);
		json_set_number(o, "seconds_high", sum->seconds.high);
	}
	if (!sum->archive.high)
		return;
	json_set_number(o, "archive_bytes", sum->archive_bytes);
	json_set_number(o, "archive_bytes_low", sum->archive.low);
	json_set_number(o, "archive_bytes_high", sum->archive.high);
}

/* ---- for people ---- */

char *span_text(uint64_t seconds, char out[SPAN_SIZE])
{
	if (seconds < 120)
		snprintf(out, SPAN_SIZE, "%u s", (unsigned)seconds);
	else if (seconds < 7200)
		snprintf(out, SPAN_SIZE, "%u min", (unsigned)(seconds + 30) / 60);
	else if (seconds < 48 * 3600)
		snprintf(out, SPAN_SIZE, "%.1f h", (double)seconds / 3600);
	else
		snprintf(out, SPAN_SIZE, "%.1f days", (double)seconds / 86400);
	return out;
}

static void tell_coll(const struct surveyed_coll *c, size_t width)
{
	char *safe = term_escape_dup(c->name), n[32], b[32];
	size_t columns = text_columns(safe);

	printf("  %s%*s %11s %10s%s\n", safe, columns < width ? (int)(width - columns) : 0, "",
	        human_count(c->items, n),
	        c->how == SURVEY_UNKNOWN ? "size?" : human_bytes(c->bytes, b),
	        c->how == SURVEY_PART ? ", about" : "");
	free(safe);
}

void surveyed_tell(const struct surveyed *s)
{
	size_t width = 10;
	char a[32], b[32];

	for (size_t i = 0; i < s->n_colls; i++) {
		char *safe = term_escape_dup(s->colls[i].name);
		size_t n = text_columns(safe);

		if (n > width && n <= NAME_WIDTH)
			width = n;
		free(safe);
	}
	for (size_t i = 0; i < s->n_colls; i++)
		tell_coll(&s->colls[i], width);
	for (size_t i = 0; i < s->n_has; i++) {
		char safe[100];

		printf("%s%s%s", i ? ", " : "  it has ",
		        term_escape(s->has[i], strlen(s->has[i]), safe, sizeof safe),
		        i + 1 == s->n_has ? "\n" : "");
	}
	if (s->limit)
		printf("  quota: %s of %s used\n", human_bytes(s->used, a),
		        human_bytes(s->limit, b));
}

void surveyed_tell_all(const struct surveyed *sum)
{
	char a[SPAN_SIZE], b[SPAN_SIZE], n[3][32], items[COUNTED_SIZE];

	if (!sum->seconds.high || !sum->archive.high)
		return;
	if (sum->seconds.high < 10)
		printf("a backup takes a few seconds");
	else
		printf("a backup takes between %s and %s", span_text(sum->seconds.low, a),
		        span_text(sum->seconds.high, b));
	printf("; the archive will have about %s (%s to %s)\n",
	        human_bytes(sum->archive_bytes, n[0]), human_bytes(sum->archive.low, n[1]),
	        human_bytes(sum->archive.high, n[2]));
	printf("  measured on %s (%s), not kept; what is there several times is stored once\n",
	        counted(sum->sampled, "item", "items", items),
	        human_bytes(sum->sampled_bytes, n[0]));
}
