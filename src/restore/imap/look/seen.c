/*
 * What an earlier look found equal, and did not change since: a file beside the restore journal,
 * {"boxes":{NAME OF THE ARCHIVE:{"raw":HEX,"shown":NAME,"word":"STATE UIDVALIDITY UIDNEXT
 * HIGHESTMODSEQ MESSAGES"}},"maps":TEXT}, STATE being the catalog's root. As a backup does, it
 * believes mod-sequences (RFC 7162), and nothing else: the STATUS is older than the listing that it
 * stands for, so what came in between tells.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "look.h"
#include "valise/base/file.h"
#include "valise/base/json.h"

enum { FILE_MAX = 16 << 20, WORD_MAX = 160 };

struct box_seen {
	char word[WORD_MAX]; /* of the STATUS; "": the server does not tell enough */
	bool equal; /* by the file, or by this look */
};

static char *file_of(const struct run *r)
{
	return r->opts->journal ? xasprintf("%s.looked", r->opts->journal) : NULL;
}

static char *hex_of(const uint8_t *p, size_t n)
{
	char *hex = xmalloc(2 * n + 1);

	hex_format(p, n, hex);
	return hex;
}

/* What else decides where things are; the path of the file has --under. */
static char *maps_text(const struct run *r)
{
	struct buf b = buf_of(SIZE_MAX / 2);

	for (size_t i = 0; i < r->opts->n_maps; i++)
		buf_putf(&b, "%s\n%s\n", r->opts->maps[i].from, r->opts->maps[i].to);
	return buf_take(&b);
}

static void put_word(const struct tree_head *h, const struct imap_status *s, char out[WORD_MAX])
{
	char state[SHA256_HEX_SIZE];

	out[0] = '\0';
	if (!s->ok || !s->uidvalidity || !s->uidnext || !s->highestmodseq)
		return;
	/* the same root has more items with --with-gone than without */
	if (s->messages != h->roots.items)
		return;
	hex_format(h->roots.state, SHA256_LEN, state);
	snprintf(out, WORD_MAX, "%s %" PRIu32 " %" PRIu32 " %" PRIu64 " %" PRIu32, state,
	        s->uidvalidity, s->uidnext, s->highestmodseq, s->messages);
}

/* The boxes of the file, NULL: there is none, or it is about something else. */
static json_t *read_file(const struct run *r)
{
	char *path = file_of(r), *maps = maps_text(r);
	struct buf text = buf_of(FILE_MAX);
	struct err ignored = {0};
	const char *of;
	json_t *o = NULL, *boxes = NULL;

	if (path && file_read(AT_FDCWD, path, &text, &ignored) == 0 &&
	        json_read(buf_str(&text), text.len, FILE_MAX, &o, &ignored) == 0) {
		of = json_get_str(o, "maps");
		boxes = of && strcmp(of, maps) == 0 ? json_object_get(o, "boxes") : NULL;
		json_incref(boxes);
	}
	json_decref(o);
	buf_clear(&text);
	free(maps);
	free(path);
	return boxes;
}

/* STATUS of ${n} mailboxes, NULL for none; where it is refused each has to be listed. */
static int ask_status(struct imap *m, const struct imap_mailbox *const *boxes, size_t n,
        struct imap_status *out, struct err *err)
{
	struct imap_mailbox *ask = xcalloc(n + 1, sizeof *ask);
	struct imap_status *got = xcalloc(n + 1, sizeof *got);
	size_t k = 0;
	int rc;

	for (size_t i = 0; i < n; i++)
		if (boxes[i])
			ask[k++] = *boxes[i];
	rc = k ? imap_status_many(m, ask, k, false, got, err) : 0;
	k = 0;
	for (size_t i = 0; i < n && rc == 0; i++)
		if (boxes[i])
			out[i] = got[k++];
	free(ask);
	free(got);
	if (rc == ERR_REFUSED || rc == ERR_BUSY) {
		err_clear(err);
		rc = 0;
	}
	return rc;
}

static const struct imap_mailbox *listed(const struct run *r, const void *raw, size_t n)
{
	return map_listed(r->plan.list, r->plan.n_list, raw, n);
}

/* Is it the same mailbox, and as it was? */
static bool is_as_it_was(const json_t *box, const char *raw, const char *word)
{
	const char *was = json_get_str(box, "word"), *where = json_get_str(box, "raw");

	return was && where && *word && strcmp(was, word) == 0 && strcmp(where, raw) == 0;
}

/* By entry of the plan. */
static int recall_boxes(struct run *r, struct imap *m, const json_t *boxes, struct err *err)
{
	size_t n = r->plan.n_map;
	const struct imap_mailbox **ask = xcalloc(n + 1, sizeof *ask);
	struct imap_status *got = xcalloc(n + 1, sizeof *got);
	int rc;

	for (size_t i = 0; i < n; i++)
		if (r->plan.selected[i] && r->plan.map[i].exists)
			ask[i] = listed(r, r->plan.map[i].raw, r->plan.map[i].raw_len);
	rc = ask_status(m, ask, n, got, err);
	for (size_t i = 0; i < n && rc == 0; i++) {
		const struct map_entry *e = &r->plan.map[i];
		struct box_seen *s = &r->looking.seen[i];
		char *raw = hex_of(e->raw, e->raw_len);

		put_word(e->head, &got[i], s->word);
		s->equal = is_as_it_was(json_object_get(boxes, e->head->name), raw, s->word);
		free(raw);
	}
	free(ask);
	free(got);
	return rc;
}

int imap_look_recall(struct run *r, struct imap *m, struct err *err)
{
	json_t *boxes;
	int rc;

	/* with a view an item is told by what others hold */
	if (!r->opts->journal || r->view)
		return 0;
	r->looking.seen = xcalloc(r->plan.n_map + 1, sizeof *r->looking.seen);
	boxes = r->opts->read_all ? NULL : read_file(r);
	rc = recall_boxes(r, m, boxes, err);
	json_decref(boxes);
	return rc;
}

/* The entry that the box was of the plan of that look. */
static bool take_entry(struct run *r, const struct tree_head *h, const json_t *box,
        const struct imap_mailbox **ask)
{
	const char *raw = json_get_str(box, "raw"), *shown = json_get_str(box, "shown");
	size_t n = raw ? strlen(raw) / 2 : 0, i = r->plan.n_map;
	struct map_entry *e = &r->plan.map[i];

	if (!raw || !shown)
		return false;
	e->raw = xmalloc(n + 1);
	e->raw_len = n;
	e->head = h;
	e->shown = xstrdup(shown);
	e->exists = true;
	r->plan.n_map++;
	if (!hex_parse(raw, e->raw, n))
		return false;
	ask[i] = listed(r, e->raw, n);
	return ask[i] && !ask[i]->noselect && !ask[i]->nonexistent;
}

static void forget_plan(struct run *r)
{
	map_free(r->plan.map, r->plan.n_map);
	free(r->plan.selected);
	free(r->plan.order);
	free(r->looking.seen);
	r->plan.map = NULL;
	r->plan.selected = NULL;
	r->plan.order = NULL;
	r->looking.seen = NULL;
	r->plan.n_map = r->plan.n_order = 0;
}

/* The plan as it was; false: something is not as that look found it. */
static bool take_plan(struct run *r, const json_t *boxes, const struct imap_mailbox **ask)
{
	const struct tree_manifest *mf = r->reader->ops->manifest(r->reader);

	for (size_t i = 0; i < mf->n_heads; i++) {
		const struct tree_head *h = &mf->heads[i];
		const json_t *box = json_object_get(boxes, h->name);

		if (h->kind != COLL_MAIL || !target_selects(r->opts, h) ||
		        (!box && !h->roots.items))
			continue;
		if (!take_entry(r, h, box, ask))
			return false;
		r->plan.selected[r->plan.n_map - 1] = true;
		r->plan.order[r->plan.n_order++] = r->plan.n_map - 1;
	}
	return r->plan.n_map > 0;
}

int imap_look_recall_all(struct run *r, struct imap *m, bool *all_out, struct err *err)
{
	size_t n = r->reader->ops->manifest(r->reader)->n_heads;
	const struct imap_mailbox **ask;
	json_t *boxes;
	int rc = 0;

	*all_out = false;
	boxes = r->opts->journal && !r->view && !r->opts->read_all ? read_file(r) : NULL;
	if (!boxes)
		return 0;
	ask = xcalloc(n + 1, sizeof *ask);
	r->plan.map = xcalloc(n + 1, sizeof *r->plan.map);
	r->plan.selected = xcalloc(n + 1, sizeof *r->plan.selected);
	r->plan.order = xcalloc(n + 1, sizeof *r->plan.order);
	r->looking.seen = xcalloc(n + 1, sizeof *r->looking.seen);
	if (take_plan(r, boxes, ask)) {
		rc = recall_boxes(r, m, boxes, err);
		*all_out = rc == 0;
		for (size_t i = 0; i < r->plan.n_map; i++)
			*all_out = *all_out && r->looking.seen[i].equal;
	}
	if (!*all_out)
		forget_plan(r);
	free(ask);
	json_decref(boxes);
	return rc;
}

bool imap_look_is_seen(const struct run *r, size_t entry)
{
	return r->looking.seen && r->looking.seen[entry].equal;
}

void imap_look_see(struct run *r, size_t entry)
{
	if (r->looking.seen)
		r->looking.seen[entry].equal = true;
}

/* ${boxes} gets what is equal. */
static void put_boxes(const struct run *r, json_t *boxes)
{
	for (size_t i = 0; i < r->plan.n_map; i++) {
		const struct map_entry *e = &r->plan.map[i];
		const struct box_seen *s = &r->looking.seen[i];
		char *raw;
		json_t *box;

		if (!s->equal || !s->word[0])
			continue;
		box = json_object();
		raw = hex_of(e->raw, e->raw_len);
		json_set_text(box, "raw", raw);
		json_set_text(box, "shown", e->shown);
		json_set_text(box, "word", s->word);
		json_object_set_new(boxes, e->head->name, box);
		free(raw);
	}
}

void imap_look_remember(struct run *r)
{
	json_t *o = json_object(), *boxes = json_object();
	char *path = file_of(r), *maps = maps_text(r), *text;
	struct err ignored = {0};

	if (r->looking.seen)
		put_boxes(r, boxes);
	json_object_set_new(o, "boxes", boxes);
	json_set_text(o, "maps", maps);
	text = json_text(o);
	/* where it cannot be written the next look lists everything once more */
	if (path && r->looking.seen && file_write(AT_FDCWD, path, text, strlen(text), &ignored) < 0)
		err_clear(&ignored);
	free(r->looking.seen);
	r->looking.seen = NULL;
	free(text);
	free(maps);
	free(path);
}
