/* A look at the target: where a restore would put it, and what is there. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "cli/protocols.h"
#include "run.h"

/* What target_opts.ctx is. */
struct look {
	struct audit_target at; /* first: audit_looked gets it */
	struct ui *ui;
};

static void report_line(
        void *ctx, enum say_level level, const char *collection, const char *item, const char *text)
{
	const struct look *l = ctx;

	ui_report(l->ui, level, collection, item, text);
}

int audit_target_options(struct audit_side_run *s)
{
	const struct tree_manifest *m = s->reader->ops->manifest(s->reader);
	int rc = target_options(s->args, &s->choice, &s->to);

	choice_see_heads(&s->choice, m, s->kinds);
	s->to.archive_id = s->run->archive_id;
	s->to.read_all = s->run->full;
	s->to.report = report_line;
	s->to.looked = audit_looked;
	if (rc == 0)
		rc = choice_check(&s->choice);
	return rc ? rc : maps_read(&s->maps, m, &s->to, s->kinds, &s->choice);
}

static bool is_restored(const struct audit_side_run *s, const struct tree_head *h)
{
	return !(h->kind != COLL_MAIL && h->attrs & (ATTR_GENERATED | ATTR_SUBSCRIPTION)) &&
	       target_selects(&s->to, h);
}

/* How many items of the kind are to be looked at; whether there is a collection of it. */
static bool count_items(const struct audit_side_run *s, enum coll_kind kind, uint64_t *items_out)
{
	const struct tree_manifest *m = s->reader->ops->manifest(s->reader);
	bool any = false;

	*items_out = 0;
	for (size_t i = 0; i < m->n_heads; i++)
		if (m->heads[i].kind == kind && is_restored(s, &m->heads[i])) {
			*items_out += m->heads[i].roots.items;
			any = true;
		}
	return any;
}

static void say_unread(
        struct audit_side_run *s, enum coll_kind kind, const char *service, const struct err *err)
{
	s->failed = true;
	s->err = *err;
	audit_say(&s->run->audit, AUDIT_TARGET, AUDIT_SERVICE_UNREAD, kind, service, err->text);
}

/* A target that passes items over in silence would be a YES for nothing. */
static void check_told(struct audit_side_run *s, enum coll_kind kind, const char *service,
        uint64_t items, uint64_t told)
{
	struct err err = {0};

	if (told == items)
		return;
	(void)err_set(&err, ERR_PROTO, ERR_WHOLE, "%ju of %ju items of the archive were looked at",
	        (uintmax_t)told, (uintmax_t)items);
	say_unread(s, kind, service, &err);
}

static void look_at_kind(struct audit_side_run *s, struct look *l, enum coll_kind kind)
{
	enum service_kind to = target_service(s->account, kind);
	struct service *service = &s->account->services[to];
	struct target_result res = {0};
	uint64_t items, before = atomic_load(&l->at.told);
	struct err err = {0};
	char *journal = NULL;
	int rc;

	if (!count_items(s, kind, &items))
		return;
	if (!s->account->present[to]) {
		audit_say(&s->run->audit, AUDIT_TARGET, AUDIT_NO_SERVICE, kind, NULL,
		        "--target has no service for it");
		return;
	}
	rc = target_journal(service, &s->to, &s->run->ui->progress, &journal, &err);
	s->to.journal = journal;
	if (rc == 0)
		rc = target_run(protocol_ops[to].target, service, kind, s->reader, &s->to,
		        &s->run->ui->progress, &res, &err);
	s->to.journal = NULL;
	free(journal);
	audit_count(&s->run->audit, AUDIT_TARGET,
	        &(struct audit_counts){.collections = res.collections, .extra = res.extra});
	if (rc < 0)
		say_unread(s, kind, service->name, &err);
	else
		check_told(s, kind, service->name, items, atomic_load(&l->at.told) - before);
}

/* Is it said of the source, too? */
static bool is_said(const struct audit_side_run *s, const struct tree_head *h)
{
	const struct audit *a = &s->run->audit;

	for (size_t i = 0; i < a->n; i++) {
		const struct audit_finding *f = &a->items[i];

		if (f->side == AUDIT_SOURCE && f->kind == h->kind &&
		        (f->what == AUDIT_EXCLUDED || f->what == AUDIT_EXCLUDED_JUNK ||
		                f->what == AUDIT_NO_SERVICE) &&
		        (!f->collection || strcmp(f->collection, h->name) == 0))
			return true;
	}
	return false;
}

void audit_target_excluded(struct audit_side_run *s)
{
	const struct tree_manifest *m = s->reader->ops->manifest(s->reader);
	unsigned said = 0;

	for (size_t i = 0; i < m->n_heads; i++) {
		const struct tree_head *h = &m->heads[i];
		unsigned bit = 1u << h->kind;

		if (coll_is_beside(h->kind) || !h->roots.items || is_said(s, h))
			continue;
		if (!(s->kinds & bit) && !(said & bit))
			audit_say(&s->run->audit, AUDIT_TARGET, AUDIT_NO_SERVICE, h->kind, NULL,
			        "left out by --only");
		else if (s->kinds & bit && target_selects(&s->to, h) && !is_restored(s, h))
			audit_say(&s->run->audit, AUDIT_TARGET, AUDIT_NOT_RESTORED, h->kind,
			        h->name, NULL);
		else if (s->kinds & bit && !target_selects(&s->to, h))
			audit_say(&s->run->audit, AUDIT_TARGET,
			        audit_excluded(h->kind, h->special_use, h->content_name), h->kind,
			        h->name, NULL);
		said |= bit;
	}
}

void *audit_run_target(void *side)
{
	struct audit_side_run *s = side;
	struct look look = {.at = {.audit = &s->run->audit,
	                            .archive = s->reader,
	                            .tells_rescued = !s->run->source.args},
	        .ui = s->run->ui};

	s->to.ctx = &look;
	for (unsigned k = 0; k < COLL_LINKED && s->err.code != ERR_STOPPED; k++)
		if (s->kinds & 1u << k)
			look_at_kind(s, &look, k);
	s->to.ctx = NULL;
	return NULL;
}
