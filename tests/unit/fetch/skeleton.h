/*
 * The smallest source: mail, calendars and contacts from one service, fixed content. What
 * "Where a new protocol goes" of docs/ARCHITECTURE.md says, as code to begin with.
 */
#ifndef VALISE_TEST_FETCH_SKELETON_H
#define VALISE_TEST_FETCH_SKELETON_H

#include <string.h>
#include "valise/account/protocols.h"
#include "valise/base/mem.h"
#include "valise/fetch/fetch.h"
#include "valise/tree/intake.h"

static const struct protocol_option skeleton_options[] = {
        {"skeleton-lose", PROTOCOL_FETCH, NULL}, {NULL, 0, NULL}};
static const struct protocol skeleton = {
        .name = "skeleton",
        .schemes = {{"skels", SECURITY_TLS, 4711}, {"skel", SECURITY_STARTTLS, 4712}},
        .example = "skels://skeleton.example.org",
        .kinds = 1u << COLL_MAIL | 1u << COLL_CALENDAR | 1u << COLL_CONTACTS,
        .options = skeleton_options,
};

/* What the server has: a real source asks for it. */
static const struct skeleton_item {
	enum coll_kind kind;
	const char *coll, *id, *octets;
} skeleton_has[] = {
        {COLL_MAIL, "INBOX", "1", "Subject: one\r\n\r\nHello\r\n"},
        {COLL_MAIL, "INBOX", "2", "Subject: two\r\n\r\nAgain\r\n"},
        {COLL_CALENDAR, "Work", "/e1", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"},
        {COLL_CONTACTS, "People", "/c1", "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:A\r\nEND:VCARD\r\n"},
};
enum { SKELETON_HAS = sizeof skeleton_has / sizeof *skeleton_has };

struct skeleton_run {
	struct tree_sink *sink;
	const struct source_opts *opts;
	struct source_result *result;
	struct tree_coll *coll, *prev; /* the one in work; as the last snapshot has it */
};

/* What the octets of an item become is decided by the intake. */
static int skeleton_fetch(struct skeleton_run *r, const struct skeleton_item *i,
        struct tree_item *it, struct err *err)
{
	struct intake in;
	int rc;

	intake_begin(&in, r->sink, i->kind, 4096);
	rc = intake_write(&in, i->octets, strlen(i->octets), err);
	if (rc == 0)
		rc = intake_finish(&in, it, 0, err);
	intake_clear(&in);
	r->result->fetched += rc == 0;
	return rc;
}

/* What the last snapshot has is not fetched again; what cannot be fetched is named. */
static int skeleton_give(struct skeleton_run *r, const struct skeleton_item *i, struct err *err)
{
	bool mail = i->kind == COLL_MAIL;
	struct tree_item it = {.uid = mail ? (uint32_t)strtoul(i->id, NULL, 10) : 0};
	const struct tree_item *was = NULL;

	if (!mail)
		tree_coll_ext(r->coll, &it.ext)->href = xstrdup(i->id);
	if (r->prev)
		was = mail ? tree_coll_find(r->prev, it.uid) : tree_coll_find_href(r->prev, i->id);
	if (was) {
		memcpy(it.sha256, was->sha256, SHA256_LEN);
		it.size = was->size;
		it.date_utc = was->date_utc;
		it.zone_min = was->zone_min;
		it.warn = was->warn;
	} else if (source_option(r->opts, "skeleton-lose")) {
		tree_coll_error(r->coll, it.uid, mail ? NULL : i->id, NULL, NULL, "lost");
		r->result->errors++;
		return 0;
	} else if (skeleton_fetch(r, i, &it, err) < 0) {
		return err->code; /* the sink's, which ends the service */
	}
	r->result->items++;
	return r->sink->ops->item(r->sink, r->coll, &it, err);
}

/* A collection: ${n} items from ${i} on. */
static int skeleton_coll(
        struct skeleton_run *r, const struct skeleton_item *i, size_t n, struct err *err)
{
	struct pattern_name name = {
	        .full = i->coll, .content = i->coll, .mail = i->kind == COLL_MAIL};
	struct tree_sink *s = r->sink;
	int rc;

	r->result->collections++;
	if (r->opts->listed)
		r->opts->listed(r->opts->listed_ctx, &name, true);
	if (r->opts->dry) {
		r->result->items += n;
		return 0;
	}
	if (!pattern_chooses(&r->opts->choice, &name))
		return s->ops->keep(s, i->kind, i->coll, COLL_SKIPPED, NULL, err);
	rc = s->ops->prev(s, PREV_SNAPSHOT, i->kind, i->coll, &r->prev, err);
	r->coll = tree_coll_new(i->kind, i->coll);
	for (size_t k = 0; k < n && rc == 0; k++)
		rc = skeleton_give(r, &i[k], err);
	tree_coll_free(r->prev);
	if (rc == 0)
		return s->ops->coll(s, r->coll, err);
	tree_coll_free(r->coll);
	return rc;
}

static int skeleton_source_run(const struct service *service, unsigned kinds,
        struct tree_sink *sink, const struct source_opts *opts, struct progress *progress,
        struct source_result *out, struct err *err)
{
	struct skeleton_run r = {.sink = sink, .opts = opts, .result = out};
	int rc = 0;

	progress_what(progress, service->name);
	for (size_t i = 0, n; i < SKELETON_HAS && rc == 0; i += n) {
		for (n = 1; i + n < SKELETON_HAS; n++)
			if (strcmp(skeleton_has[i + n].coll, skeleton_has[i].coll) != 0)
				break;
		if (kinds & 1u << skeleton_has[i].kind)
			rc = skeleton_coll(&r, &skeleton_has[i], n, err);
	}
	return rc;
}

static const struct source_ops source_skeleton = {.run = skeleton_source_run};

#endif
