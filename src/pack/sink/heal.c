/*
 * Octets that are not what was sealed: sums of files, a few in each run, all with --heal.
 * What is whole in a file that is not is copied out of it; the rest counts as not there,
 * so that a source gives it again.
 */
#include "sink.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/file.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "heal.h"

enum {
	COLLS_SAID = 5, /* by name; the rest as a number */
	DAY = 86400,
};

void heal_choose(const uint64_t *sizes, size_t n, uint64_t budget, uint64_t turn, bool *chosen_out)
{
	uint64_t spent = 0;

	memset(chosen_out, 0, n * sizeof *chosen_out);
	for (size_t i = 0; i < n; i++) {
		size_t at = (size_t)((turn + i) % n);

		if (spent && (spent >= budget || sizes[at] > budget - spent))
			return;
		chosen_out[at] = true;
		spent += sizes[at];
	}
}

/* Has the file the sum that its seal names? What cannot be opened or read is an error. */
static int check_sum(
        struct archive_sink *s, const struct seal_file *f, bool *right_out, struct err *err)
{
	uint8_t sum[SHA256_LEN];
	uint64_t size;
	int rc = stop_check(err);

	if (rc < 0)
		return rc;
	if (s->progress)
		progress_what(s->progress, f->path);
	rc = file_sha256(s->rootfd, f->path, sum, &size, err);
	if (rc < 0 && !sink_past_is_damage(rc))
		return sink_past_unsure(s, err);
	*right_out = rc == 0 && memcmp(sum, f->sum, SHA256_LEN) == 0;
	err_clear(err);
	return 0;
}

static int look_at_sum(struct archive_sink *s, const struct seal_file *f, struct err *err)
{
	bool right = true;
	char *why;
	int rc = check_sum(s, f, &right, err);

	if (rc < 0 || right)
		return rc;
	why = xasprintf("%s is damaged: its sum is not the one that was sealed", f->path);
	/* A catalog and links cost nothing to make again; octets are fetched at the user's word. */
	if (s->opts.heal || layout_kind(f->path, NULL) != LAYOUT_PART) {
		sink_past_bad(s, f->path, why);
	} else {
		*ARR_PUSH(s->rotten, s->n_rotten, s->rotten_cap) = xstrdup(f->path);
		progress_say(s->progress, SAY_WARNING, "%s: %s", s->path, why);
	}
	free(why);
	return 0;
}

/* Every file of every seal: any part may be the one that a new item is found in. */
static int look_at_all(struct archive_sink *s, struct err *err)
{
	size_t had = s->n_bad;
	int rc = 0;

	for (size_t i = 0; i < s->n_seals && rc == 0; i++)
		for (size_t k = 0; k < s->seals[i].n_files && rc == 0; k++) {
			const struct seal_file *f = &s->seals[i].files[k];

			if (sink_past_is_turn(s, i, f) &&
			        !FIND(&f->path, s->bad, had, text_by_bytes))
				rc = look_at_sum(s, f, err);
		}
	return rc;
}

/* Did anything happen to the file after the last snapshot was sealed? */
static bool is_touched(const struct archive_sink *s, const struct seal_file *f)
{
	char seal[LAYOUT_PATH];
	struct stat st, sealed;
	struct err ignored = {0};

	snprintf(seal, sizeof seal, "data/%06u/seal.sha256", s->prev->snapshot);
	if (layout_stat(s->rootfd, f->path, &st, &ignored) < 0 ||
	        layout_stat(s->rootfd, seal, &sealed, &ignored) < 0)
		return true;
	return st.st_ctim.tv_sec != sealed.st_ctim.tv_sec
	               ? st.st_ctim.tv_sec > sealed.st_ctim.tv_sec
	               : st.st_ctim.tv_nsec > sealed.st_ctim.tv_nsec;
}

/*
 * Of what the last state needs: catalogs and links, which are small, and as many parts as
 * cost next to nothing.
 */
static int look_at_some(struct archive_sink *s, struct err *err)
{
	const struct seal_file **parts = xcalloc(s->prev->n_files + 1, sizeof(*parts));
	uint64_t *sizes = xcalloc(s->prev->n_files + 1, sizeof *sizes);
	bool *chosen = xcalloc(s->prev->n_files + 1, sizeof *chosen);
	uint64_t today = (uint64_t)s->opts.created / DAY;
	/* then the run that made the last snapshot has looked at that day's parts */
	bool was_today = (uint64_t)s->prev->manifest.created / DAY == today;
	size_t n = 0, had = s->n_bad;
	int rc = 0;

	for (size_t i = 0; i < s->prev->n_files && rc == 0; i++) {
		const struct seal_file *f = &s->prev->files[i];
		enum layout_kind kind = layout_kind(f->path, NULL);

		if (kind == LAYOUT_TAG || FIND(&f->path, s->bad, had, text_by_bytes))
			continue;
		if (kind != LAYOUT_PART) {
			rc = look_at_sum(s, f, err);
			continue;
		}
		parts[n] = f;
		sizes[n++] = f->size;
	}
	heal_choose(sizes, n, HEAL_QUICK_BYTES, today, chosen);
	for (size_t i = 0; i < n && rc == 0; i++)
		if (chosen[i] && (!was_today || is_touched(s, parts[i])))
			rc = look_at_sum(s, parts[i], err);
	free(parts);
	free(sizes);
	free(chosen);
	return rc;
}

int sink_heal_look(struct archive_sink *s, struct err *err)
{
	int rc = s->opts.heal ? look_at_all(s, err) : look_at_some(s, err);

	SORT(s->bad, s->n_bad, text_by_bytes);
	SORT(s->rotten, s->n_rotten, text_by_bytes);
	return rc;
}

bool sink_heal_is_rotten(const struct archive_sink *s, const struct object_place *w)
{
	char path[LAYOUT_PATH], *key = path;

	if (s->n_rotten == 0 || w->part == 0)
		return false;
	part_path_format((struct part_id){w->snapshot, w->part}, path);
	return FIND(&key, s->rotten, s->n_rotten, text_by_bytes) != NULL;
}

/* Which items are not whole, in words: "3 items of INBOX, 1 item of Work". */
struct hits {
	struct buf text;
	size_t colls;
	uint64_t items;
	bool unknown; /* a catalog is lost: what it named, nobody can tell */
};

static void add_hits(struct hits *h, const char *name, uint64_t n)
{
	if (n == 0)
		return;
	h->items += n;
	if (h->colls++ >= COLLS_SAID)
		return;
	buf_putf(&h->text, "%s%s of %s", h->colls > 1 ? ", " : "",
	        counted(n, "item", "items", (char[COUNTED_SIZE]){0}), name);
}

static const char *hits_text(struct hits *h)
{
	if (h->items == 0)
		buf_puts(&h->text, h->unknown ? "nobody can tell what" : "no item");
	if (h->colls > COLLS_SAID)
		buf_putf(&h->text, " and items of %s",
		        counted(h->colls - COLLS_SAID, "more collection", "more collections",
		                (char[COUNTED_SIZE]){0}));
	if (h->items && h->unknown)
		buf_puts(&h->text, ", and nobody can tell what else");
	return buf_str(&h->text);
}

struct heal {
	struct archive_sink *s;
	struct part_reader *parts;
	struct part_id last; /* the part that was looked at last */
	bool is_there; /* it is a plain file */
	struct hits bad, rotten;
	uint64_t copied;
};

static int write_nothing(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)ctx;
	(void)p;
	(void)n;
	(void)err;
	return 0;
}

static int write_body(void *body, const void *p, size_t n, struct err *err)
{
	return sink_body_write(body, p, n, err);
}

/* The item's octets to ${write}, if they are whole where its catalog says. */
static int read_whole(struct heal *h, enum coll_kind kind, const struct tree_item *it,
        tree_write_fn write, void *ctx, struct err *err)
{
	struct part_id id = {it->where.snapshot, it->where.part};
	char path[LAYOUT_PATH];
	struct stat st;

	part_path_format(id, path);
	if (part_id_cmp(&id, &h->last) != 0) {
		h->last = id;
		h->is_there = layout_stat(h->s->rootfd, path, &st, NULL) == 0;
	}
	if (!h->is_there)
		return ERR_NOTFOUND;
	return part_reader_object(
	        h->parts, path, &it->where, it->sha256, it->size, kind, write, ctx, err);
}

/* Not whole, or nobody could tell: then it ends the run. */
static int judge(const struct archive_sink *s, const struct err *why, struct err *err)
{
	if (why->code != ERR_IO && why->code != ERR_SPACE)
		return 0;
	err_copy(err, why);
	return sink_past_unsure(s, err);
}

/* Out of a part that does not count any more into one of this run, if it is whole. */
static int copy_item(struct heal *h, enum coll_kind kind, const struct tree_item *it,
        bool *whole_out, struct err *err)
{
	struct archive_sink *s = h->s;
	struct tree_body *body = NULL;
	struct tree_object object;
	struct err why = {0};
	int rc = sink_body_open(&s->base, kind, &body, err);

	if (rc < 0)
		return rc;
	*whole_out = read_whole(h, kind, it, write_body, body, &why) == 0;
	if (*whole_out) {
		h->copied++;
		return sink_body_close(body, &object, err);
	}
	sink_body_abort(body);
	rc = sink_failed(s, err); /* what is wrong may be the new part */
	return rc < 0 ? rc : judge(s, &why, err);
}

static int heal_item(struct heal *h, enum coll_kind kind, const struct tree_item *it, uint64_t *bad,
        uint64_t *rotten, struct err *err)
{
	const struct archive_sink *s = h->s;
	struct err why = {0};
	bool whole = true;
	int rc = 0;

	if (sink_heal_is_rotten(s, &it->where)) {
		*rotten += read_whole(h, kind, it, write_nothing, NULL, &why) != 0;
		rc = judge(s, &why, err);
	} else if (sink_past_lost(s, kind, it)) {
		rc = copy_item(h, kind, it, &whole, err);
		*bad += !whole;
	}
	return rc;
}

static bool needs_looking(const struct archive_sink *s, const struct slot *slot)
{
	const struct seal_file *f;

	if (!slot->prev)
		return false;
	f = seal_find(&s->seals[slot->seal], slot->prev->catalog);
	for (size_t i = 0; f && i < f->n_parts; i++) {
		const struct object_place w = {
		        .snapshot = f->parts[i].snapshot, .part = f->parts[i].part};

		if (sink_past_lacks(s, &w) || sink_heal_is_rotten(s, &w))
			return true;
	}
	return false;
}

static int heal_slot(struct heal *h, struct slot *slot, struct err *err)
{
	struct archive_sink *s = h->s;
	struct tree_coll *c = NULL;
	uint64_t bad = 0, rotten = 0;
	int rc;

	pthread_mutex_lock(&s->lock);
	rc = sink_past_catalog(s, slot, &c, err);
	pthread_mutex_unlock(&s->lock);
	for (size_t i = 0; c && rc == 0 && i < c->n_items + c->n_gone; i++) {
		rc = stop_check(err);
		if (rc == 0)
			rc = heal_item(h, c->kind, tree_coll_any(c, i), &bad, &rotten, err);
	}
	tree_coll_free(c);
	add_hits(&h->bad, slot->name, bad);
	add_hits(&h->rotten, slot->name, rotten);
	return rc;
}

static void say_hits(struct heal *h)
{
	const struct archive_sink *s = h->s;
	char copied[COUNTED_SIZE];

	if (h->copied)
		progress_say(s->progress, SAY_NOTE, "%s: %s copied out of damaged files", s->path,
		        counted(h->copied, "whole item is", "whole items are", copied));
	for (size_t i = 0; i < s->n_slots; i++)
		h->bad.unknown = h->bad.unknown || s->slots[i].went_back;
	if (s->n_found)
		progress_say(s->progress, SAY_WARNING,
		        "%s: lost: %s; what is lost is taken from the source again, where it "
		        "still has it; older snapshots stay damaged%s",
		        s->path, hits_text(&h->bad),
		        s->opts.heal ? ""
		                     : "; a backup with --heal looks at every octet and fetches "
		                       "all that is damaged again");
	if (s->n_rotten)
		progress_say(s->progress, SAY_WARNING,
		        "%s: DAMAGED: %s lost, in the newest snapshot and older ones; what "
		        "is new is saved; the same backup with --heal (valise backup --heal ...) "
		        "fetches the damaged items again from the source",
		        s->path, hits_text(&h->rotten));
	if (s->opts.heal && s->n_found == 0 && s->gaps == 0 && !s->must_seal)
		progress_say(s->progress, SAY_NOTE,
		        "%s: every octet that the newest snapshot builds on is whole: nothing to "
		        "heal",
		        s->path);
}

int sink_heal(struct archive_sink *s, struct err *err)
{
	struct heal h = {.s = s};
	int rc = 0;

	if (!s->prev || (s->n_found == 0 && s->n_rotten == 0 && !s->opts.heal))
		return 0;
	buf_init(&h.bad.text, SIZE_MAX);
	buf_init(&h.rotten.text, SIZE_MAX);
	h.parts = part_reader_new(s->rootfd);
	for (size_t i = 0; i < s->n_slots && rc == 0; i++)
		if (needs_looking(s, &s->slots[i]))
			rc = heal_slot(&h, &s->slots[i], err);
	if (rc == 0)
		say_hits(&h);
	part_reader_free(h.parts);
	buf_clear(&h.bad.text);
	buf_clear(&h.rotten.text);
	return rc;
}
