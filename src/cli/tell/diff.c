/* What differs between two snapshots, for people and as JSON. */
#include "diff.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/format/content.h"
#include "valise/tree/words.h"

#define CONTENT_MAX (1u << 20) /* of an event or card whose values are compared */
#define DETAIL_MAX 4096
#define LINE_MAX_BYTES (1u << 16)

/* Of two sorted lists of words, parted by blanks, those that only the first has. */
static void only_in(
        const char *a, const char *b, void (*fn)(void *ctx, const char *word), void *ctx)
{
	while (*a) {
		size_t n = strcspn(a, " ");
		char *word = xstrndup(a, n);
		bool there = false;

		for (const char *p = b; *p && !there; p += *p == ' ') {
			size_t m = strcspn(p, " ");

			there = m == n && memcmp(p, word, n) == 0;
			p += m;
		}
		if (!there)
			fn(ctx, word);
		free(word);
		a += n + (a[n] == ' ');
	}
}

/* "\Flagged \Seen" of flags. */
static void flag_text(unsigned flags, struct buf *out)
{
	for (unsigned bit = 1; bit <= flags; bit <<= 1)
		if (flags & bit)
			buf_putf(out, "%s%s", out->len ? " " : "", flag_name(bit));
}

struct sign {
	struct buf *out;
	char sign;
};

static void put_signed(void *ctx, const char *word)
{
	struct sign *s = ctx;

	buf_putf(s->out, " %c%s", s->sign, word);
}

static void put_in_list(void *ctx, const char *word)
{
	json_array_append_new(ctx, json_string(word));
}

/* Both states of a set of words: as " -old +new", or as members NAME_removed and NAME_added. */
static void put_words(
        const char *was, const char *is, const char *name, struct buf *text, json_t *o)
{
	json_t *removed = json_array(), *added = json_array();

	if (text) {
		only_in(was, is, put_signed, &(struct sign){text, '-'});
		only_in(is, was, put_signed, &(struct sign){text, '+'});
	} else {
		char key[40];

		only_in(was, is, put_in_list, removed);
		only_in(is, was, put_in_list, added);
		snprintf(key, sizeof key, "%s_removed", name);
		json_object_set(o, key, removed);
		snprintf(key, sizeof key, "%s_added", name);
		json_object_set(o, key, added);
	}
	json_decref(removed);
	json_decref(added);
}

static void put_flags(const struct diff_one *d, struct buf *text, json_t *o)
{
	struct buf was = buf_of(200), is = buf_of(200);

	flag_text(d->was->flags, &was);
	flag_text(d->is->flags, &is);
	put_words(buf_str(&was), buf_str(&is), "flags", text, o);
	buf_clear(&was);
	buf_clear(&is);
}

static void put_date(const struct diff_one *d, struct buf *text, json_t *o)
{
	char was[DATE_TEXT_SIZE], is[DATE_TEXT_SIZE];

	date_format_iso(d->was->date_utc, was);
	date_format_iso(d->is->date_utc, is);
	if (text)
		buf_putf(text, " date %s -> %s", was, is);
	else
		json_set_text(o, "date_before", was);
}

/* What of an event or card has other values; false: its octets are not to be compared so. */
static bool explain(
        const struct diff_run *r, const struct diff_one *d, struct buf *out, struct err *err)
{
	struct buf was = buf_of(CONTENT_MAX), is = buf_of(CONTENT_MAX);
	size_t n = 0;
	bool known = (d->after->kind == COLL_CALENDAR || d->after->kind == COLL_CONTACTS) &&
	             tree_reader_octets(r->from, d->before, d->was, &was, err) == 0 &&
	             tree_reader_octets(r->to, d->after, d->is, &is, err) == 0 &&
	             content_explain(was.data, was.len, is.data, is.len, out, &n, err) == 0;

	buf_clear(&was);
	buf_clear(&is);
	if (known && n == 0) {
		buf_reset(out);
		buf_puts(out, "only how it is written");
	}
	return known;
}

static void put_content(
        const struct diff_run *r, const struct diff_one *d, struct buf *text, json_t *o)
{
	struct buf what = buf_of(DETAIL_MAX);
	struct err ignored = {0};

	if (!explain(r, d, &what, &ignored)) {
		buf_reset(&what);
		buf_puts(&what, "other content");
	}
	if (text)
		buf_putf(text, " %s", buf_str(&what));
	else
		put_text(o, "text", buf_str(&what));
	buf_clear(&what);
}

/* What of the item changed, each by itself, into ${text} or the members of ${o}. */
static void put_changes(
        const struct diff_run *r, const struct diff_one *d, struct buf *text, json_t *o)
{
	for (unsigned bit = 1; bit <= d->changes; bit <<= 1) {
		if (!(d->changes & bit))
			continue;
		if (text)
			buf_putf(text, "%s %s:", text->len ? ";" : "", diff_change_word(bit));
		if (bit == DIFF_OCTETS)
			put_content(r, d, text, o);
		else if (bit == DIFF_FLAGS)
			put_flags(d, text, o);
		else if (bit == DIFF_KEYWORDS)
			put_words(tree_coll_keyword_text(d->before, d->was->keywords),
			        tree_coll_keyword_text(d->after, d->is->keywords), "keywords", text,
			        o);
		else if (bit == DIFF_DATE)
			put_date(d, text, o);
		else if (text)
			buf_puts(text, " changed");
	}
}

static json_t *change_list(unsigned changes)
{
	json_t *list = json_array();

	for (unsigned bit = 1; bit <= changes; bit <<= 1)
		if (changes & bit)
			json_array_append_new(list, json_string(diff_change_word(bit)));
	return list;
}

/* An object for a change. */
static void tell_json(const struct diff_run *r, const struct diff_one *d)
{
	const struct tree_head *h = d->head_after ? d->head_after : d->head_before;
	bool is_item = d->what >= DIFF_NEW;
	json_t *o = !is_item ? json_object()
	            : d->is  ? item_json(r->to, d->after, d->is)
	                     : item_json(r->from, d->before, d->was);

	json_set_text(o, "change", diff_word(d->what));
	if (!is_item) {
		put_text(o, "collection", h->name);
		json_set_text(o, "kind", coll_kind_dir(h->kind));
		json_set_number(o, "items", h->roots.items);
	}
	if (d->what == DIFF_COLL_RENAMED || d->what == DIFF_MOVED)
		put_text(o, "from_collection", d->head_before->name);
	if (d->gone)
		json_object_set_new(o, "kept", json_true());
	if (d->changes)
		json_object_set_new(o, "changes", change_list(d->changes));
	if (is_item && d->changes)
		put_changes(r, d, NULL, o);
	put_json(o);
}

static void put_name(const char *name, struct buf *out)
{
	char *safe = term_escape_dup(name);

	buf_puts(out, safe);
	free(safe);
}

/* "Work of calendars" where a mailbox may be called the same. */
static void put_head(const struct tree_head *h, struct buf *out)
{
	buf_putf(out, "%s/", coll_kind_dir(h->kind));
	put_name(h->name, out);
}

static void tell_coll(const struct diff_one *d)
{
	const struct tree_head *h = d->head_after ? d->head_after : d->head_before;
	struct buf line = buf_of(LINE_MAX_BYTES);
	const char *before = ": ";

	put_head(h, &line);
	if (d->what == DIFF_COLL_RENAMED) {
		buf_puts(&line, ", was ");
		put_name(d->head_before->name, &line);
	}
	for (unsigned bit = 1; bit <= d->changes; bit <<= 1)
		if (d->changes & bit) {
			buf_putf(&line, "%s%s", before, diff_change_word(bit));
			before = ", ";
		}
	printf("%-14s  %s\n", diff_word(d->what), buf_str(&line));
	buf_clear(&line);
}

static void tell_item(const struct diff_run *r, const struct diff_one *d)
{
	struct buf line = buf_of(LINE_MAX_BYTES), detail = buf_of(LINE_MAX_BYTES);

	if (d->is)
		tree_item_line(r->to, d->after, d->is, &line);
	else
		tree_item_line(r->from, d->before, d->was, &line);
	if (d->what == DIFF_MOVED) {
		buf_puts(&line, ", from ");
		put_name(d->head_before->name, &line);
	}
	put_changes(r, d, &detail, NULL);
	printf("%-14s  %s%s", diff_word(d->what), buf_str(&line), d->gone ? " (kept as gone)" : "");
	if (detail.len) {
		char *safe = term_escape_dup(buf_str(&detail));

		printf(":%s", safe);
		free(safe);
	}
	putchar('\n');
	buf_clear(&line);
	buf_clear(&detail);
}

/* --stat: the line of the collection that was told last. */
static void tell_counts(struct diff_run *r)
{
	const struct tree_head *h = r->of;
	char n[4][32];
	struct buf line = buf_of(LINE_MAX_BYTES);
	json_t *o;

	if (h && r->json) {
		o = json_object();
		json_set_text(o, "change", "counts");
		put_text(o, "collection", h->name);
		json_set_text(o, "kind", coll_kind_dir(h->kind));
		for (unsigned i = DIFF_NEW; i < DIFF_KINDS; i++)
			json_set_number(o, diff_word(i), r->some[i]);
		put_json(o);
	} else if (h) {
		put_head(h, &line);
		printf("%8s new  %8s removed  %8s moved  %8s changed  %s\n",
		        human_count(r->some[DIFF_NEW], n[0]), human_count(r->some[DIFF_LOST], n[1]),
		        human_count(r->some[DIFF_MOVED], n[2]),
		        human_count(r->some[DIFF_CHANGED], n[3]), buf_str(&line));
	}
	buf_clear(&line);
	memset(r->some, 0, sizeof r->some);
	r->of = NULL;
}

/*
 * Properties of Outlook's items stand beside the message, event or card that was made of them,
 * which is told; those alone that nothing was made of, which their note says, are a thing of
 * their own.
 */
static bool is_beside(const struct diff_one *d)
{
	const struct tree_head *of = d->head_after ? d->head_after : d->head_before;
	const struct tree_ext *e;

	if (of->kind != COLL_MAPI)
		return false;
	if (d->what < DIFF_NEW)
		return true;
	e = d->is ? tree_item_ext(d->after, d->is) : tree_item_ext(d->before, d->was);
	return !e || !e->note;
}

int diff_tell(void *ctx, const struct diff_one *d, struct err *err)
{
	struct diff_run *r = ctx;
	const struct tree_head *of = d->head_after ? d->head_after : d->head_before;
	bool is_item = d->what >= DIFF_NEW;

	if (is_beside(d))
		return stop_check(err);
	r->all[d->what]++;
	if (of != r->of)
		tell_counts(r);
	if (r->stat && is_item) {
		r->of = of;
		r->some[d->what]++;
	} else if (r->json) {
		tell_json(r, d);
	} else if (is_item) {
		tell_item(r, d);
	} else {
		tell_coll(d);
	}
	return stop_check(err);
}

/* "; folders: 1 new, 2 renamed", as far as there are any. */
static void folder_text(const struct diff_run *r, struct buf *out)
{
	static const char *const words[DIFF_NEW] = {"new", "removed", "renamed", "changed"};
	const char *before = "; folders: ";
	char n[32];

	for (unsigned i = 0; i < DIFF_NEW; i++)
		if (r->all[i]) {
			buf_putf(out, "%s%s %s", before, human_count(r->all[i], n), words[i]);
			before = ", ";
		}
}

/* What options of the first backup left out is no news of the account when a wider one has it. */
static uint64_t tell_left_out(const struct diff_run *r)
{
	const struct tree_manifest *m = r->from->ops->manifest(r->from);
	uint64_t all = 0;

	for (size_t i = 0; i < m->n_heads; i++) {
		const struct tree_head *h = &m->heads[i];
		struct buf line = buf_of(LINE_MAX_BYTES);
		char n[COUNTED_SIZE];

		all += h->left_out;
		if (h->left_out && !r->json && r->all[DIFF_NEW]) {
			put_head(h, &line);
			buf_putf(&line, ": snapshot %u left out %s (", r->before,
			        counted(h->left_out, "item", "items", n));
			put_name(h->selection ? h->selection : "options", &line);
			printf("%-14s  %s): what is new may be of these\n", "note", buf_str(&line));
		}
		buf_clear(&line);
	}
	return all;
}

void diff_tell_all(struct diff_run *r)
{
	static const char *const keys[DIFF_NEW] = {
	        "folders_new", "folders_removed", "folders_renamed", "folders_changed"};
	char n[4][32];
	struct buf folders = buf_of(LINE_MAX_BYTES);
	json_t *o;
	uint64_t left_out;

	tell_counts(r);
	left_out = tell_left_out(r);
	if (!r->json) {
		folder_text(r, &folders);
		printf("snapshot %u to %u: %s new, %s removed, %s moved, %s changed%s\n", r->before,
		        r->after, human_count(r->all[DIFF_NEW], n[0]),
		        human_count(r->all[DIFF_LOST], n[1]), human_count(r->all[DIFF_MOVED], n[2]),
		        human_count(r->all[DIFF_CHANGED], n[3]), buf_str(&folders));
		buf_clear(&folders);
		return;
	}
	o = json_object();
	put_text(o, "archive", r->args->pos[0]);
	json_set_number(o, "before", r->before);
	json_set_number(o, "after", r->after);
	for (unsigned i = 0; i < DIFF_KINDS; i++)
		json_set_number(o, i < DIFF_NEW ? keys[i] : diff_word(i), r->all[i]);
	if (left_out)
		json_set_number(o, "left_out", left_out);
	end_outcome(r->args, o);
}
