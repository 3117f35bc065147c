/* valise show: the bytes of one item, exactly. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "valise/base/mem.h"
#include "valise/pack/archive.h"
#include "cli/cli.h"

const struct command show_command = {
        .name = "show",
        .synopsis = "ARCHIVE FOLDER/UID",
        .summary = "write one item to standard output, byte for byte (calendars and contacts: "
                   "FOLDER/HREF)",
        .bit = CMD_SHOW,
        .min_pos = 2,
        .max_pos = 2,
        .run = cmd_show,
};

static int to_stdout(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)ctx;
	if (fwrite(p, 1, n, stdout) != n)
		return err_sys(err, ERR_WHOLE, "standard output");
	return 0;
}

enum { SHOWN_MAX = 64 << 20 }; /* in JSON, which is held whole */

static int to_buf(void *ctx, const void *p, size_t n, struct err *err)
{
	if (buf_add(ctx, p, n) < 0)
		return err_set(err, ERR_LIMIT, ERR_ITEM,
		        "the item has more than 64 MiB: leave out --json");
	return 0;
}

/* As the last event: its listing, and its octets in base64. */
static int show_json(const struct args *a, struct tree_reader *r, const struct tree_coll *c,
        const struct tree_item *it, struct err *err)
{
	struct buf b = buf_of(SHOWN_MAX);
	int rc = r->ops->body(r, c, it, to_buf, &b, err);

	if (rc == 0) {
		json_t *o = item_json(r, c, it);
		char *text = base64_encode(b.data, b.len);

		json_set_text(o, "base64", text);
		end_outcome(a, o);
		free(text);
	}
	buf_clear(&b);
	return rc;
}

static int show_item(const struct args *a, struct tree_reader *r, const struct tree_coll *c,
        const struct tree_item *it)
{
	struct err err = {0};
	int rc = args_has(a, "json") ? show_json(a, r, c, it, &err)
	                             : r->ops->body(r, c, it, to_stdout, NULL, &err);

	return rc < 0 ? fail(a, &err) : 0;
}

/* By UID; for DAV by href, its last segment, or the file's name in the tree. */
static const struct tree_item *find_item(const struct tree_coll *c, const char *key)
{
	char *end;
	unsigned long uid = strtoul(key, &end, 10);

	if (c->kind == COLL_MAIL)
		return *key && !*end && uid <= UINT32_MAX ? tree_coll_find(c, (uint32_t)uid) : NULL;
	for (size_t i = 0; i < c->n_items; i++) {
		const struct tree_ext *x = tree_item_ext(c, &c->items[i]);
		const char *last = x && x->href ? strrchr(x->href, '/') : NULL;

		if (x && ((x->path && !strcmp(x->path, key)) || (last && !strcmp(last + 1, key)) ||
		                 (x->uid && !strcmp(x->uid, key))))
			return &c->items[i];
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
	unsigned long uid;
	bool by_name;
	int rc = args_snapshot(a, &snapshot);

	if (rc)
		return rc;
	if (!slash)
		return usage_error(a, "FOLDER/UID is wanted, as INBOX/17 (valise list ARCHIVE "
		                      "FOLDER shows the UIDs)");
	if (archive_reader(a->pos[0], snapshot, &r, &err) < 0)
		return fail(a, &err);
	h = find_head(r->ops->manifest(r), what, (size_t)(slash - what));
	if (!h) {
		rc = no_such_head(a, r->ops->manifest(r), what, (size_t)(slash - what));
		goto out;
	}
	by_name = strncmp(h->name, what, (size_t)(slash - what)) == 0 && !h->name[slash - what];
	/* A mailbox and a calendar may be called the same. */
	do {
		tree_coll_free(c);
		c = NULL;
		uid = strtoul(slash + 1, NULL, 10);
		if (tree_reader_one(r, h, uid <= UINT32_MAX ? (uint32_t)uid : 0, &c, &err) < 0) {
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
