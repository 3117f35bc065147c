/* valise list and snapshots: what an archive holds. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/pack/archive.h"
#include "valise/tree/words.h"
#include "cli/list/list.h"
#include "cli/options/selection.h"

const struct command list_command = {
        .name = "list",
        .synopsis = "ARCHIVE [FOLDER]",
        .summary = "list the collections of an archive, or the items of one",
        .details = "With options of a selection (valise help select): the items that they mean.\n"
                   "Of a message: UID, when it arrived, N (not seen) F (flagged) R (answered) D\n"
                   "(draft) T (deleted), size, sender, subject; valise help marks has the rest.",
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

struct listing {
	const struct args *args;
	struct selected selected;
	struct tree_reader *reader; /* shows what is meant alone */
	const struct tree_manifest *all; /* of the snapshot */
	struct list_opts opts;
	bool items;
};

/* The collection as the reader has it; NULL: nothing of it is meant. */
static const struct tree_head *shown_head(const struct listing *l, const struct tree_head *h)
{
	const struct tree_manifest *m = l->reader->ops->manifest(l->reader);

	for (size_t i = 0; i < m->n_heads; i++)
		if (m->heads[i].kind == h->kind && strcmp(m->heads[i].name, h->name) == 0)
			return &m->heads[i];
	return NULL;
}

static int list_items(const struct listing *l, const struct tree_head *h)
{
	const struct tree_head *shown = shown_head(l, h);
	struct tree_coll *c = NULL;
	struct err err = {0};

	if (!shown)
		return 0;
	if (l->reader->ops->coll(l->reader, shown, &c, &err) < 0)
		return fail(l->args, &err);
	list_collection(l->reader, shown, c, &l->opts);
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
static int list_all(const struct listing *l)
{
	bool json = l->opts.json;
	int rc = 0;

	list_account(&l->all->account, json);
	for (size_t i = 0; i < l->all->n_heads && rc == 0; i++) {
		const struct tree_head *h = &l->all->heads[i];

		if (!shown_head(l, h))
			continue;
		if (!l->items || !json)
			list_head(h, json);
		if (l->items)
			rc = list_items(l, h);
	}
	return rc;
}

/* A mailbox and a calendar may be called the same: both. */
static int list_named(const struct listing *l, const struct tree_head *h, const char *name)
{
	bool several = strcmp(h->name, name) == 0 && next_head(l->all, h) != NULL;
	int rc = 0;

	for (; h && rc == 0; h = next_head(l->all, h)) {
		if (several && !l->opts.json)
			list_head(h, false);
		rc = list_items(l, h);
		if (!several) /* "calendars/Work" is one */
			break;
	}
	return rc;
}

static int read_options(struct listing *l)
{
	const struct args *a = l->args;
	unsigned sort = 0;
	int rc = args_selection(a, &l->selected);

	if (rc == 0 && args_get(a, "sort"))
		rc = args_word(a, "sort", LIST_SORT_WORDS, &sort);
	if (rc)
		return rc;
	l->opts = (struct list_opts){.json = args_has(a, "json"),
	        .full = args_has(a, "long"),
	        .with_gone = args_has(a, "with-gone"),
	        .reverse = args_has(a, "reverse"),
	        .sort = args_get(a, "sort") ? (enum list_sort)(sort + SORT_DATE) : SORT_NONE,
	        .columns = reading_columns()};
	l->items = args_has(a, "items") || a->n_pos == 2 || args_has(a, "text") ||
	           selection_by_item(&l->selected.of);
	if (!l->items && (l->opts.with_gone || l->opts.full || l->opts.reverse || l->opts.sort))
		return usage_error(a,
		        "--%s goes with --items or the name of a folder: it is for "
		        "the list of items",
		        l->opts.with_gone ? "with-gone"
		        : l->opts.full    ? "long"
		        : l->opts.sort    ? "sort"
		                          : "reverse");
	return 0;
}

/* --text: what holds the words. */
static int search_text(struct listing *l)
{
	struct err err = {0};
	struct ui ui;
	int rc;

	ui_start(&ui, l->args);
	rc = selected_search(&l->selected, l->args->pos[0], NULL, l->reader, &ui.progress, &err);
	ui_stop(&ui);
	ui_clear(&ui);
	return rc < 0 ? fail(l->args, &err) : 0;
}

/* Of what is there, nothing is meant: a person who sees nothing may doubt which it was. */
static bool is_nothing(const struct listing *l, const struct tree_head *h)
{
	if (h)
		return h->roots.items > 0 && !shown_head(l, h);
	return l->all->n_heads > 0 && l->reader->ops->manifest(l->reader)->n_heads == 0;
}

static int list_archive(struct listing *l, unsigned snapshot)
{
	const char *name = l->args->n_pos == 2 ? l->args->pos[1] : NULL;
	const struct tree_head *h = NULL;
	struct err err = {0};
	int rc;

	if (archive_reader(l->args->pos[0], snapshot, &l->reader, &err) < 0)
		return fail(l->args, &err);
	l->all = l->reader->ops->manifest(l->reader);
	if (name)
		h = find_head(l->all, name, strlen(name));
	if (name && !h)
		return no_such_head(l->args, l->all, name, strlen(name));
	rc = args_has(l->args, "text") ? search_text(l) : 0;
	if (rc == 0)
		rc = selected_view(&l->selected, &l->reader);
	if (rc == 0)
		rc = h ? list_named(l, h, name) : list_all(l);
	if (rc == 0 && !l->opts.json && is_nothing(l, h))
		talk("the options leave nothing of %s", h ? "this folder" : "this snapshot");
	/* named by the search */
	return rc == 0 && selected_unread(&l->selected) ? EXIT_INCOMPLETE : rc;
}

int cmd_list(const struct args *a)
{
	struct listing l = {.args = a};
	unsigned snapshot;
	int rc = args_snapshot(a, &snapshot);

	if (rc)
		return rc;
	rc = read_options(&l);
	if (rc == 0)
		rc = list_archive(&l, snapshot);
	tree_reader_free(l.reader);
	selected_clear(&l.selected);
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
