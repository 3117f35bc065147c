/* valise list and snapshots: what an archive holds. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/pack/archive.h"
#include "valise/tree/words.h"
#include "cli/cli.h"

const struct command list_command = {
        .name = "list",
        .synopsis = "ARCHIVE [FOLDER]",
        .summary = "list the collections of an archive, or the items of one",
        .bit = CMD_LIST,
        .min_pos = 1,
        .max_pos = 2,
        .run = cmd_list,
};

const struct command snapshots_command = {
        .name = "snapshots",
        .synopsis = "ARCHIVE",
        .summary = "list the snapshots of an archive",
        .bit = CMD_SNAPSHOTS,
        .min_pos = 1,
        .max_pos = 1,
        .run = cmd_snapshots,
};

/* A member, left out where there is no text. */
static void set_some(json_t *o, const char *key, const char *text)
{
	json_set_text(o, key, text && *text ? text : NULL);
}

/* A line for a collection. */
static void list_head(const struct tree_head *h, bool json)
{
	char safe[400], use[200] = "", n[COUNTED_SIZE], b[32];

	if (json) {
		json_t *o = json_object();

		set_some(o, "kind", coll_kind_dir(h->kind));
		set_some(o, "name", h->name);
		set_some(o, "path", h->path);
		set_some(o, "status", status_word(h->status));
		set_some(o, "reason", h->reason);
		set_some(o, "special_use", h->special_use);
		json_set_number(o, "items", h->roots.items);
		json_set_number(o, "errors", h->roots.errors);
		if (h->roots.gone)
			json_set_number(o, "gone", h->roots.gone);
		if (h->attrs & ATTR_GONE)
			json_object_set_new(o, "gone_collection", json_true());
		if (h->left_out)
			json_set_number(o, "left_out", h->left_out);
		set_some(o, "selection", h->selection);
		json_set_number(o, "bytes", h->roots.bytes);
		json_set_hex(o, "content", h->roots.content, SHA256_LEN);
		json_set_hex(o, "state", h->roots.state, SHA256_LEN);
		put_json(o);
		return;
	}
	term_escape(h->name, strlen(h->name), safe, sizeof safe);
	if (h->special_use)
		term_escape(h->special_use, strlen(h->special_use), use, sizeof use);
	printf("%-9s %10s  %10s  %s%s%s", coll_kind_dir(h->kind), human_count(h->roots.items, n),
	        human_bytes(h->roots.bytes, b), safe, *use ? "  " : "", use);
	if (h->roots.errors)
		printf("  %s", counted(h->roots.errors, "item is missing", "items are missing", n));
	if (h->roots.gone)
		printf("  %" PRIu64 " gone%s", h->roots.gone,
		        h->attrs & ATTR_GONE ? ", like the folder itself" : "");
	if (h->left_out) {
		char words[300] = "options";

		if (h->selection)
			term_escape(h->selection, strlen(h->selection), words, sizeof words);
		printf("  %s (%s)",
		        counted(h->left_out, "item is left out", "items are left out", n), words);
	}
	if (h->status == COLL_STALE || h->status == COLL_SKIPPED) {
		char why[300] = "left out last time";

		if (h->reason)
			term_escape(h->reason, strlen(h->reason), why, sizeof why);
		printf("  (older state: %s)", why);
	}
	putchar('\n');
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

/* A line for an item. */
static void list_item(
        struct tree_reader *r, const struct tree_coll *c, const struct tree_item *it, bool json)
{
	const struct tree_ext *x = tree_item_ext(c, it);
	const char *kw = tree_coll_keyword_text(c, it->keywords);
	char date[DATE_TEXT_SIZE] = "", hex[SHA256_HEX_SIZE], safe[300];
	struct date d = {it->date_utc, it->zone_min, true};

	if (json) {
		put_json(item_json(r, c, it));
		return;
	}
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

/* All items of a collection, then what is missing. */
static int list_items(const struct args *a, struct tree_reader *r, const struct tree_head *h)
{
	struct tree_coll *c = NULL;
	struct err err = {0};
	bool json = args_has(a, "json");

	if (r->ops->coll(r, h, &c, &err) < 0)
		return fail(a, &err);
	for (size_t i = 0; i < c->n_items; i++)
		list_item(r, c, &c->items[i], json);
	for (size_t i = 0; args_has(a, "with-gone") && i < c->n_gone; i++)
		list_item(r, c, &c->gone[i], json);
	for (size_t i = 0; i < c->n_errors; i++)
		list_error(c, &c->errors[i], json);
	tree_coll_free(c);
	return 0;
}

/* Whose it is, where that is not who signed in. */
static void list_account(const struct tree_account *who, bool json)
{
	struct buf b = buf_of(1u << 20);

	if (!tree_account_acted(who))
		return;
	tree_account_text(who, &b);
	if (json) {
		json_t *o = json_object();

		put_text(o, "account", buf_str(&b));
		put_json(o);
	} else {
		char *safe = term_escape_dup(buf_str(&b));

		printf("account: %s\n", safe);
		free(safe);
	}
	buf_clear(&b);
}

/* All collections, or all items of all. */
static int list_all(const struct args *a, struct tree_reader *r)
{
	const struct tree_manifest *m = r->ops->manifest(r);
	bool items = args_has(a, "items");
	int rc = 0;

	list_account(&m->account, args_has(a, "json"));
	for (size_t i = 0; i < m->n_heads && rc == 0; i++) {
		if (!items || !args_has(a, "json"))
			list_head(&m->heads[i], args_has(a, "json"));
		if (items)
			rc = list_items(a, r, &m->heads[i]);
	}
	return rc;
}

/* A mailbox and a calendar may be called the same: both. */
static int list_named(const struct args *a, struct tree_reader *r)
{
	const struct tree_manifest *m = r->ops->manifest(r);
	const struct tree_head *h = find_head(m, a->pos[1], strlen(a->pos[1]));
	bool several = h && strcmp(h->name, a->pos[1]) == 0 && next_head(m, h) != NULL;
	int rc = 0;

	if (!h)
		return no_such_head(a, m, a->pos[1], strlen(a->pos[1]));
	for (; h && rc == 0; h = next_head(m, h)) {
		if (several && !args_has(a, "json"))
			list_head(h, false);
		rc = list_items(a, r, h);
		if (!several) /* "calendars/Work" is one */
			break;
	}
	return rc;
}

int cmd_list(const struct args *a)
{
	struct tree_reader *r;
	struct err err = {0};
	unsigned snapshot;
	int rc = args_snapshot(a, &snapshot);

	if (rc)
		return rc;
	if (args_has(a, "with-gone") && !args_has(a, "items") && a->n_pos < 2)
		return usage_error(a, "--with-gone goes with --items or the name of a folder: "
		                      "it lists items");
	if (archive_reader(a->pos[0], snapshot, &r, &err) < 0)
		return fail(a, &err);
	rc = a->n_pos == 2 ? list_named(a, r) : list_all(a, r);
	tree_reader_free(r);
	return rc;
}

/* Returns whether it can be read. */
static bool tell_damage(const struct args *a, const struct archive_snapshot *s)
{
	if (!s->damage[0])
		return true;
	if (args_has(a, "json")) {
		json_t *o = json_object();

		json_set_number(o, "snapshot", s->number);
		json_set_text(o, "damage", s->damage);
		put_json(o);
	} else {
		printf("%4u  DAMAGED: %s\n", s->number, s->damage);
	}
	return false;
}

int cmd_snapshots(const struct args *a)
{
	struct archive_snapshot *s;
	struct err err = {0};
	int rc = EXIT_DONE;
	size_t n;

	if (archive_snapshots(a->pos[0], &s, &n, &err) < 0)
		return fail(a, &err);
	for (size_t i = 0; i < n; i++) {
		char when[DATE_TEXT_SIZE], bytes[32], who[1200];
		struct buf b = buf_of(4096);

		if (!tell_damage(a, &s[i])) {
			rc = EXIT_FAILED;
			continue;
		}
		date_format_iso(s[i].created, when);
		if (args_has(a, "json")) {
			json_t *o = json_object();

			json_set_number(o, "snapshot", s[i].number);
			json_set_text(o, "created", when);
			json_set_number(o, "stored_bytes", s[i].stored_bytes);
			json_set_text(o, "seal", s[i].seal);
			put_text(o, "account", s[i].account);
			totals_to_json(&s[i].totals, o);
			put_json(o);
			continue;
		}
		totals_text(&s[i].totals, &b);
		printf("%4u  %s  %10s on disk  %s%s%s%s\n", s[i].number, when,
		        human_bytes(s[i].stored_bytes, bytes), buf_str(&b),
		        s[i].totals.complete ? "" : "  INCOMPLETE", s[i].acted ? "  " : "",
		        s[i].acted
		                ? term_escape(s[i].account, strlen(s[i].account), who, sizeof who)
		                : "");
		buf_clear(&b);
	}
	free(s);
	if (rc != EXIT_DONE) {
		(void)err_set(&err, ERR_DAMAGED, ERR_WHOLE, "not every snapshot can be read");
		end_why(a, &err);
	}
	return rc;
}
