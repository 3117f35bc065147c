/* valise show: one item, for people or octet for octet; its parts; its attachments as files. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "valise/base/mem.h"
#include "valise/pack/archive.h"
#include "valise/tree/select.h"
#include "cli/show/show.h"

const struct command show_command = {
        .name = "show",
        .synopsis = "ARCHIVE FOLDER/UID",
        .summary = "show one item (calendars and contacts: FOLDER/HREF)",
        .details = "On a terminal: its header decoded, its text (HTML as text), what is attached;\n"
                   "of events and cards their fields in words, of raw items of Outlook's their\n"
                   "properties. Elsewhere, and with --raw, the item\n"
                   "as it is, byte for byte: valise show ARCHIVE INBOX/17 > message.eml",
        .bit = CMD_SHOW,
        .min_pos = 2,
        .max_pos = 2,
        .run = cmd_show,
};

enum { SHOWN_MAX = 64 << 20 }; /* in JSON, which is held whole */

static int to_buf(void *ctx, const void *p, size_t n, struct err *err)
{
	if (buf_add(ctx, p, n) < 0)
		return err_set(err, ERR_LIMIT, ERR_ITEM,
		        "the item has more than 64 MiB: leave out --json");
	return 0;
}

/* As the last event: its listing, its octets in base64, and what people read in it. */
static int show_json(const struct shown_item *s, struct err *err)
{
	struct buf b = buf_of(SHOWN_MAX);
	json_t *o = NULL;
	int rc = s->reader->ops->body(s->reader, s->coll, s->item, to_buf, &b, err);

	if (rc == 0) {
		char *text = base64_encode(b.data, b.len);

		o = item_json(s->reader, s->coll, s->item);
		json_set_text(o, "base64", text);
		free(text);
		rc = s->coll->kind == COLL_MAIL   ? mail_to_json(s, o, err)
		     : s->coll->kind == COLL_MAPI ? raw_to_json(s, o, err)
		                                  : resource_to_json(s, o, err);
	}
	buf_clear(&b);
	if (rc < 0)
		json_decref(o);
	else
		end_outcome(s->args, o);
	return rc;
}

static bool is_decoded(const struct args *a)
{
	return args_has(a, "decoded") || (!args_has(a, "raw") && isatty(STDOUT_FILENO));
}

static int show_item(const struct args *a, struct tree_reader *r, const struct tree_coll *c,
        const struct tree_item *it)
{
	struct shown_item s = {a, r, c, it};
	const char *part = args_get(a, "part"), *dir = args_get(a, "save");
	struct err err = {0};
	int rc;

	if ((part || dir) && c->kind != COLL_MAIL)
		return usage_error(a, "--part and --save are for messages");
	if (dir)
		return save_parts(&s, dir, part);
	if (part)
		return show_part(&s, part);
	if (args_has(a, "json"))
		rc = show_json(&s, &err);
	else if (!is_decoded(a))
		rc = r->ops->body(r, c, it, print_octets, NULL, &err);
	else
		rc = c->kind == COLL_MAIL   ? show_mail(&s, &err)
		     : c->kind == COLL_MAPI ? show_raw(&s, &err)
		                            : show_resource(&s, &err);
	return rc < 0 ? fail(a, &err) : 0;
}

/* Each says another thing of how it is shown. */
static int check_options(const struct args *a)
{
	static const char *const ways[] = {"raw", "decoded", "json", "part"};
	const char *given = NULL;

	if (args_has(a, "save") && !args_has(a, "raw") && !args_has(a, "decoded"))
		return 0;
	for (size_t i = 0; i < COUNT(ways); i++) {
		if (!args_has(a, ways[i]))
			continue;
		if (given || args_has(a, "save"))
			return usage_error(a, "--%s and --%s do not go together",
			        given ? given : ways[i], given ? ways[i] : "save");
		given = ways[i];
	}
	return 0;
}

/* 0: it is none. */
static uint32_t uid_of(const char *key)
{
	unsigned long uid = strtoul(key, NULL, 10);

	return *key && !key[strspn(key, "0123456789")] && uid <= UINT32_MAX ? (uint32_t)uid : 0;
}

static const struct tree_item *find_item(const struct tree_coll *c, const char *key)
{
	uint32_t uid = uid_of(key);

	if (c->kind == COLL_MAIL)
		return uid ? tree_coll_find(c, uid) : NULL;
	for (size_t i = 0; i < c->n_items; i++)
		if (selection_is_called(key, c, &c->items[i]))
			return &c->items[i];
	return NULL;
}

/*
 * The collection before one of the slashes, the last one if possible: an href, and the UID of an
 * event, may have some, too. *slash_out stays the last one where there is none.
 */
static const struct tree_head *head_before(
        const struct tree_manifest *m, const char *what, const char **slash_out)
{
	for (const char *p = *slash_out; p > what; p--) {
		const struct tree_head *h =
		        *p == '/' ? find_head(m, what, (size_t)(p - what)) : NULL;

		if (h) {
			*slash_out = p;
			return h;
		}
	}
	return NULL;
}

int cmd_show(const struct args *a)
{
	const char *what = a->pos[1], *slash = strrchr(what, '/');
	const struct tree_head *h;
	const struct tree_item *it;
	struct tree_coll *c = NULL;
	struct tree_reader *r;
	struct err err = {0};
	unsigned snapshot;
	bool by_name;
	int rc = args_snapshot(a, &snapshot);

	if (rc == 0)
		rc = check_options(a);
	if (rc)
		return rc;
	if (!slash)
		return usage_error(a, "FOLDER/UID is wanted, as INBOX/17 (valise list ARCHIVE "
		                      "FOLDER shows the UIDs)");
	if (archive_reader(a->pos[0], snapshot, &r, &err) < 0)
		return fail(a, &err);
	h = head_before(r->ops->manifest(r), what, &slash);
	if (!h) {
		rc = no_such_head(a, r->ops->manifest(r), what, (size_t)(slash - what));
		goto out;
	}
	by_name = strncmp(h->name, what, (size_t)(slash - what)) == 0 && !h->name[slash - what];
	/* A mailbox and a calendar may be called the same. */
	do {
		tree_coll_free(c);
		c = NULL;
		if (tree_reader_one(r, h, uid_of(slash + 1), &c, &err) < 0) {
			rc = fail(a, &err);
			goto out;
		}
		tree_coll_with_gone(c);
		it = find_item(c, slash + 1);
		h = by_name && !it ? next_head(r->ops->manifest(r), h) : NULL;
	} while (h);
	if (!it)
		rc = usage_error(a, "there is no item \"%s\" in that collection", slash + 1);
	else
		rc = show_item(a, r, c, it);
out:
	tree_coll_free(c);
	tree_reader_free(r);
	return rc;
}
