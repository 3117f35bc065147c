/* The formats that are written, and how a tree goes through one of them. */
#include "valise/export/export.h"
#include "format.h"

static const struct export_format_ops *const formats[EXPORT_FORMATS] = {
        [EXPORT_MBOX] = &export_mbox,
        [EXPORT_EML] = &export_eml,
        [EXPORT_MAILDIR] = &export_maildir,
        [EXPORT_MH] = &export_mh,
        [EXPORT_ICS] = &export_ics,
        [EXPORT_VCF] = &export_vcf,
        [EXPORT_HTML] = &export_html,
};

const char *export_format_word(enum export_format f)
{
	return formats[f] ? formats[f]->word : NULL;
}

unsigned export_format_kinds(enum export_format f)
{
	return formats[f]->kinds;
}

const char *export_format_loss(enum export_format f)
{
	return formats[f]->loss;
}

/* The format that is written, and its state. */
struct writer {
	const struct export_format_ops *ops;
	struct export_run *run;
	void *state;
};

/* It is not in what is written, for this reason. */
static void name_failed(struct writer *w, const struct tree_coll *c, const struct tree_item *it,
        const struct err *why)
{
	struct buf name = buf_of(SIZE_MAX / 2);

	w->run->result->failed++;
	tree_item_name(w->run->from, c, it, &name);
	progress_name(w->run->progress, SAY_WARNING, c->name, buf_str(&name), "cannot be read: %s",
	        why->text);
	buf_clear(&name);
}

static int write_item(
        struct writer *w, const struct tree_coll *c, const struct tree_item *it, struct err *err)
{
	struct err why = {0};
	int rc = w->ops->item(w->state, c, it, &why);

	w->run->progress->items_done++;
	w->run->progress->bytes_done += it->size;
	if (rc == 0) {
		w->run->result->items++;
		return 0;
	}
	if (export_out_failed(w->run->out) || (rc != ERR_DAMAGED && rc != ERR_NOTFOUND))
		return err_copy(err, &why);
	name_failed(w, c, it, &why);
	return 0;
}

/* What the tree itself lacks of the collection. */
static void name_missing(struct writer *w, const struct tree_head *h, const struct tree_coll *c)
{
	if (h->status == COLL_STALE)
		progress_name(w->run->progress, SAY_WARNING, c->name, NULL,
		        "this is an older state of it: %s",
		        h->reason ? h->reason : "not known why");
	for (size_t i = 0; i < c->n_errors; i++) {
		const struct tree_error *e = &c->errors[i];
		char uid[24] = "";

		if (e->uid)
			snprintf(uid, sizeof uid, "UID %u", e->uid);
		progress_name(w->run->progress, SAY_WARNING, c->name, e->uid ? uid : e->href,
		        "is missing in the archive: %s", e->reason ? e->reason : "");
	}
	w->run->result->missing += c->n_errors + (h->status == COLL_STALE);
}

static int write_coll(struct writer *w, const struct tree_head *h, struct err *err)
{
	struct tree_coll *c = NULL;
	struct err why = {0};
	int rc = w->run->from->ops->coll(w->run->from, h, &c, &why);

	if (rc == ERR_DAMAGED || rc == ERR_NOTFOUND) { /* costs this collection alone */
		progress_name(
		        w->run->progress, SAY_WARNING, h->name, NULL, "left out: %s", why.text);
		w->run->result->failed += h->roots.items ? h->roots.items : 1;
		return 0;
	}
	if (rc < 0)
		return err_copy(err, &why);
	progress_what(w->run->progress, c->name);
	name_missing(w, h, c);
	rc = w->ops->coll(w->state, h, c, err);
	for (size_t i = 0; rc == 0 && i < c->n_items; i++) {
		rc = stop_check(err);
		if (rc == 0)
			rc = write_item(w, c, &c->items[i], err);
	}
	if (rc == 0 && w->ops->coll_end)
		rc = w->ops->coll_end(w->state, c, err);
	w->run->result->collections++;
	tree_coll_free(c);
	return rc;
}

/* A level that only holds others is no mailbox: these have it in their paths. */
static bool is_written(const struct writer *w, const struct tree_head *h)
{
	return w->ops->kinds & 1u << h->kind && (!(h->attrs & ATTR_NOSELECT) || h->roots.items > 0);
}

static int write_all(struct writer *w, struct err *err)
{
	const struct tree_manifest *m = w->run->from->ops->manifest(w->run->from);
	struct progress *p = w->run->progress;
	int rc = 0;

	for (size_t i = 0; i < m->n_heads; i++)
		if (is_written(w, &m->heads[i])) {
			p->items_total += m->heads[i].roots.items;
			p->bytes_total += m->heads[i].roots.bytes;
		}
	for (size_t i = 0; rc == 0 && i < m->n_heads; i++)
		if (is_written(w, &m->heads[i]))
			rc = write_coll(w, &m->heads[i], err);
	if (rc == 0 && w->ops->end)
		rc = w->ops->end(w->state, err);
	return rc;
}

/* Where files have no times, dates of arrival that only these say are lost. */
static void name_untimed(struct export_run *run, enum export_format format)
{
	uint64_t n = export_out_untimed(run->out);
	char text[COUNTED_SIZE];

	if (n == 0 || !formats[format]->times)
		return;
	run->result->altered += n;
	progress_say(run->progress, SAY_WARNING,
	        "%s not get the time that says when a message arrived: the file system refuses it",
	        counted(n, "file could", "files could", text));
}

int export_run(struct tree_reader *r, const struct export_opts *opts, struct progress *progress,
        struct export_result *out, struct err *err)
{
	struct export_run run = {.from = r, .opts = opts, .progress = progress, .result = out};
	struct writer w = {.ops = formats[opts->format], .run = &run};
	int rc;

	*out = (struct export_result){0};
	rc = export_out_open(opts->path, &run.out, err);
	if (rc < 0)
		return rc;
	w.state = w.ops->open(&run);
	rc = write_all(&w, err);
	if (rc == 0)
		rc = export_out_commit(run.out, err);
	if (rc == 0)
		name_untimed(&run, opts->format);
	out->files = export_out_files(run.out);
	out->bytes = export_out_bytes(run.out);
	w.ops->free(w.state);
	export_out_free(run.out);
	return rc;
}
