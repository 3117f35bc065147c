/* What is listed of a collection: its items, then what is missing. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/tree/words.h"
#include "cli/list/list.h"

/* A member, left out where there is no text. */
static void set_some(json_t *o, const char *key, const char *text)
{
	json_set_text(o, key, text && *text ? text : NULL);
}

/* Words that blanks part, as a list. */
static json_t *words_json(const char *text)
{
	json_t *a = json_array();

	while (*text) {
		size_t n = strcspn(text, " ");

		json_array_append_new(a, json_stringn(text, n));
		text += n + (text[n] == ' ');
	}
	return a;
}

static void put_warnings(unsigned warn)
{
	const char *before = "  [";

	for (unsigned bit = 1; bit <= warn; bit <<= 1)
		if (warn & bit) {
			printf("%s%s", before, warn_name(bit));
			before = ", ";
		}
	puts(warn ? "]" : "");
}

/* What names it, as its catalog has it. */
static void set_what(
        json_t *o, struct tree_reader *r, const struct tree_coll *c, const struct tree_item *it)
{
	struct buf text = buf_of(SIZE_MAX);
	json_t *what = NULL;

	tree_item_what(r, c, it, &text);
	if (text.len && json_read(buf_str(&text), text.len, ABOUT_JSON_MAX, &what, NULL) == 0)
		json_object_set_new(o, "what", what);
	buf_clear(&text);
}

json_t *item_json(struct tree_reader *r, const struct tree_coll *c, const struct tree_item *it)
{
	const struct tree_ext *x = tree_item_ext(c, it);
	char date[DATE_TEXT_SIZE] = "";
	struct date d = {it->date_utc, it->zone_min, true};
	json_t *o = json_object();

	set_some(o, "collection", c->name);
	set_some(o, "kind", coll_kind_dir(c->kind));
	json_set_hex(o, "sha256", it->sha256, SHA256_LEN);
	json_set_number(o, "size", it->size);
	if (c->kind == COLL_MAIL) {
		date_format_imap(&d, date);
		json_set_number(o, "uid", it->uid);
		set_some(o, "date", date);
		json_object_set_new(o, "flags", words_to_json(flag_words, it->flags));
		json_object_set_new(
		        o, "keywords", words_json(tree_coll_keyword_text(c, it->keywords)));
	}
	if (it->gone)
		json_set_number(o, "gone", it->gone);
	if (it->warn)
		json_object_set_new(o, "warnings", words_to_json(warn_words, it->warn));
	if (x) {
		set_some(o, "href", x->href);
		set_some(o, "etag", x->etag);
		set_some(o, "note", x->note);
	}
	set_what(o, r, c, it);
	return o;
}

/* With its hash and keywords, and what the mail server says of it alone. */
static void long_line(const struct tree_coll *c, const struct tree_item *it)
{
	const struct tree_ext *x = tree_item_ext(c, it);
	const char *kw = tree_coll_keyword_text(c, it->keywords);
	char date[DATE_TEXT_SIZE] = "", hex[SHA256_HEX_SIZE], safe[300];
	struct date d = {it->date_utc, it->zone_min, true};

	hex_format(it->sha256, SHA256_LEN, hex);
	if (c->kind == COLL_MAIL)
		printf("%10u  %s  %10" PRIu64 "  %.16s  %s", it->uid, date_format_imap(&d, date),
		        it->size, hex, term_escape(kw, strlen(kw), safe, sizeof safe));
	else
		printf("%10" PRIu64 "  %.16s  %s", it->size, hex,
		        x && x->href ? term_escape(x->href, strlen(x->href), safe, sizeof safe)
		                     : "");
	if (it->gone)
		printf("  [gone]");
	put_warnings(it->warn);
}

/* What "show" takes behind the name of a collection. */
static const char *key_of(const struct tree_coll *c, const struct tree_item *it)
{
	const struct tree_ext *x = tree_item_ext(c, it);
	const char *slash = x && x->href ? strrchr(x->href, '/') : NULL;

	if (!x)
		return NULL;
	return slash && slash[1] ? slash + 1 : x->href ? x->href : x->path;
}

struct list_row list_row_of(
        const struct tree_coll *c, const struct tree_item *it, const struct item_about *about)
{
	return (struct list_row){.kind = c->kind,
	        .uid = it->uid,
	        .key = key_of(c, it),
	        .date = {it->date_utc, it->zone_min, true},
	        .size = it->size,
	        .flags = it->flags,
	        .warn = it->warn,
	        .gone = it->gone != 0,
	        .sent = c->special_use && text_has_word(c->special_use, "\\Sent", 5),
	        .about = about};
}

static void table_line(struct tree_reader *r, const struct tree_coll *c, const struct tree_item *it,
        size_t columns, struct buf *line)
{
	struct item_about about = {0};
	struct list_row row = list_row_of(c, it, &about);

	tree_item_about(r, c, it, &about);
	list_line(&row, columns, line);
	about_clear(&about);
}

/* A line for an item that is missing. */
static void list_error(const struct tree_coll *c, const struct tree_error *e, bool json)
{
	char safe[900];
	json_t *o;

	if (!json) {
		char line[1000], uid[16];

		snprintf(uid, sizeof uid, "UID %u", e->uid);
		snprintf(line, sizeof line, "MISSING %s%s%s%s%s%s%s: %s", e->href ? e->href : uid,
		        e->date ? " " : "", e->date ? e->date : "", e->from ? " " : "",
		        e->from ? e->from : "", e->subject ? " " : "", e->subject ? e->subject : "",
		        e->reason);
		printf("%s\n", term_escape(line, strlen(line), safe, sizeof safe));
		return;
	}
	o = json_object();
	set_some(o, "collection", c->name);
	set_some(o, "kind", coll_kind_dir(c->kind));
	set_some(o, "error", e->reason);
	json_set_number(o, "uid", e->uid);
	set_some(o, "href", e->href);
	set_some(o, "date", e->date);
	set_some(o, "from", e->from);
	set_some(o, "subject", e->subject);
	put_json(o);
}

void list_collection(struct tree_reader *r, const struct tree_head *h, const struct tree_coll *c,
        const struct list_opts *o)
{
	struct buf line = buf_of(SIZE_MAX);
	size_t n;
	uint32_t *order = list_order(r, c, o->sort, o->reverse, o->with_gone, &n);

	if (!o->json && !o->full && n > 0)
		list_heading(h->kind, o->columns, &line);
	if (line.len)
		puts(buf_str(&line));
	for (size_t i = 0; i < n; i++) {
		const struct tree_item *it = tree_coll_any(c, order[i]);

		buf_reset(&line);
		if (o->json) {
			put_json(item_json(r, c, it));
		} else if (o->full) {
			long_line(c, it);
		} else {
			table_line(r, c, it, o->columns, &line);
			puts(buf_str(&line));
		}
	}
	for (size_t i = 0; i < c->n_errors; i++)
		list_error(c, &c->errors[i], o->json);
	free(order);
	buf_clear(&line);
}
