/*
 * Linked files as managed attachments (RFC 8607): the event is stored without their
 * links, then each file is posted to it (3.4.1, attachment-add) and the server puts a
 * line with a MANAGED-ID into the event. What is there is known by size and name, so that
 * no file is posted twice.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/clock.h"
#include "put.h"

/* ---- the post ---- */

/* Can it stand in Content-Type? */
static bool is_type(const char *type)
{
	return type && strchr(type, '/') &&
	       !type[strspn(type,
	               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$&^_.+-/")];
}

/* One POST with the octets of the file. */
static int send_file(struct drun *r, const struct entry *e, const struct wanted *w,
        struct dav_send *p, struct err *err)
{
	struct buf file;
	int rc = dav_attach_file(r, e, w, &file, err);

	*p = (struct dav_send){.url = e->url,
	        .type = is_type(w->type) ? w->type : "application/octet-stream",
	        .file = w->name,
	        .data = file.data,
	        .len = file.len};
	if (rc == 0)
		rc = dav_send_run(r->http, (struct dav_send *[]){p}, 1, 1, err);
	buf_clear(&file);
	return rc;
}

/* Which of the files are there now? *known_out: whether it could be seen. */
static int look_again(
        struct drun *r, const struct entry *e, struct attached *a, bool *known_out, struct err *err)
{
	struct buf view = buf_of(ITEM_MAX);
	struct buf text = buf_of(ITEM_MAX);
	struct dav_get g = {.url = e->url,
	        .accept = "Accept: text/calendar, */*;q=0.1",
	        .max = ITEM_MAX,
	        .into = &text};
	int rc;

	rc = dav_get_run(r->http, &g, 1, 1, err);
	*known_out = rc == 0 && !g.err.code && g.status == 200;
	if (*known_out)
		(void)managed_view(a, text.data, text.len, &view);
	buf_clear(&view);
	buf_clear(&text);
	dav_get_clear(&g);
	if (rc == 0 && g.err.code && err_ends(&g.err)) {
		*err = g.err;
		rc = err->code;
	}
	return rc;
}

/* A post of unknown outcome: looked for with growing pauses, as a PUT is. */
static int await_file(struct drun *r, const struct entry *e, struct attached *a, struct wanted *w,
        int64_t took_ms, struct err *err)
{
	int64_t left = await_limit_ms(r->keeps_names, took_ms);
	bool known = false;
	int rc = look_again(r, e, a, &known, err);

	for (unsigned nth = 0; rc == 0 && !w->there && left > 0; nth++) {
		int64_t pause = await_pause_ms(nth, left);

		left -= pause;
		rc = clock_sleep(pause, err);
		if (rc == 0)
			rc = look_again(r, e, a, &known, err);
	}
	/* Where it cannot be seen, it is not sent again. */
	return rc == 0 && !known
	               ? err_set(err, ERR_NET, ERR_ITEM, "it is not known whether it is there")
	               : rc;
}

/*
 * A refusal of the first that speaks of no limit: this server takes none, whatever it
 * says.
 */
static void learn_refusal(struct drun *r, const struct dav_send *p, const char *why)
{
	if (!r->managed_tried && !(p->answer.error && (strstr(p->answer.error, "max-attach") ||
	                                                      strstr(p->answer.error, "quota")))) {
		r->managed = false;
		say_coll(r, SAY_NOTE, NULL,
		        "files go into the events, for the target takes no managed attachments: %s",
		        why);
	}
}

/* The refusal as an error. */
static int set_refused(struct drun *r, const struct dav_send *p, struct err *err)
{
	struct buf why = buf_of(4096);
	int rc;

	put_reason_sent(p, &why);
	rc = err_set(err, ERR_REFUSED, ERR_ITEM, "%s", buf_str(&why));
	learn_refusal(r, p, buf_str(&why));
	buf_clear(&why);
	return rc;
}

/*
 * What came of it; ${again}: it may be sent once more where the server was busy within
 * itself.
 */
static int judge_post(struct drun *r, const struct dav_send *p, bool again,
        enum put_verdict *verdict, struct err *err)
{
	if (p->err.code && err_ends(&p->err)) {
		*err = p->err;
		return err->code;
	}
	*verdict = put_judge_sent(p);
	if (*verdict == PUT_STORED || *verdict == PUT_UNKNOWN || (*verdict == PUT_AGAIN && again))
		return 0;
	return set_refused(r, p, err);
}

/* Negative with an item's scope: it is not there, and why. */
static int post_one(struct drun *r, const struct entry *e, struct attached *a, struct wanted *w,
        struct err *err)
{
	unsigned agains = 0, lost = 0;
	int rc = 0;

	while (rc == 0 && !w->there && lost < PUT_TRIES) {
		struct dav_send p = {.url = NULL};
		enum put_verdict verdict = PUT_UNKNOWN;

		rc = send_file(r, e, w, &p, err);
		if (rc == 0)
			rc = judge_post(r, &p, agains < PUT_AGAINS, &verdict, err);
		if (rc == 0 && verdict == PUT_AGAIN)
			rc = clock_sleep(await_pause_ms(agains++, INT64_MAX), err);
		else if (rc == 0 && verdict == PUT_UNKNOWN && ++lost)
			rc = await_file(r, e, a, w, p.answer.took_ms, err);
		else if (rc == 0)
			w->there = true;
		dav_answer_clear(&p.answer);
	}
	r->managed_tried = r->managed_tried || w->there;
	return rc == 0 && !w->there ? err_set(err, ERR_NET, ERR_ITEM, "no answer came") : rc;
}

/* ---- an item ---- */

static void say_attached(struct drun *r, const struct entry *e, const struct res *x)
{
	struct buf b = buf_of(4096);

	if (x->differences) {
		buf_puts(&b, "the server ");
		content_say_differences(x->differences, CONTENT_DONE, &b);
	} else {
		buf_puts(&b, x->why ? x->why : "it cannot be read back");
	}
	say_entry(r, SAY_WARNING, e, "when its files were attached: %s", buf_str(&b));
	buf_clear(&b);
}

/* As it is now that all is there: for the journal. */
static int look_at_end(struct drun *r, struct entry *e, struct err *err)
{
	struct reslist one = {0};
	struct res *x = reslist_add(&one, r->acolls[e->acoll].to, e->url, NULL);
	int rc;

	x->entry = (uint32_t)(e - r->entries);
	x->ours = true;
	rc = dav_look(r, one.list, 1, err);
	x = &one.list[0];
	e->open = false;
	if (rc == 0 && x->seen && x->fits && x->grade <= e->grade)
		entry_remember(r, e, x);
	else if (rc == 0)
		say_attached(r, e, x);
	r->outcome.sum.altered += rc == 0 && e->grade < CONTENT_ALTERED &&
	                          !(x->seen && x->fits && x->grade <= e->grade);
	reslist_clear(&one);
	return rc;
}

/* Each file that is not there yet; a refusal costs that file alone. */
static int post_all(struct drun *r, struct entry *e, struct attached *a, struct err *err)
{
	size_t had = 0, lost = 0;
	bool known;
	int rc = look_again(r, e, a, &known, err);

	for (size_t i = 0; i < a->n_wanted && rc == 0; i++) {
		struct wanted *w = &a->wanted[i];
		struct err why = {0};

		had += w->there;
		if (w->there)
			continue;
		rc = known ? post_one(r, e, a, w, &why)
		           : err_set(&why, ERR_NET, ERR_ITEM,
		                     "what the target has of it cannot be read");
		if (rc < 0 && err_ends(&why)) {
			*err = why;
			break;
		}
		lost += rc < 0;
		if (rc < 0)
			say_entry(r, SAY_WARNING, e,
			        "its linked file \"%.200s\" is not attached: %s (the archive has "
			        "it; the next run tries again)",
			        w->name, why.text);
		rc = 0;
	}
	r->outcome.sum.unattached += lost;
	if (rc == 0 && a->n_wanted > had + lost)
		say_entry(r, SAY_INFO, e, "%zu linked file%s attached", a->n_wanted - had - lost,
		        a->n_wanted - had - lost == 1 ? "" : "s");
	return rc == 0 && !lost ? look_at_end(r, e, err) : rc;
}

/* The files of an item that was stored without them. */
static int post_for(struct drun *r, struct entry *e, struct err *err)
{
	struct attached a = {0};
	struct buf body;
	int rc = entry_original(r, e, &body, err);

	if (rc == 0)
		rc = dav_attach(r, e, true, &body, &a, err);
	buf_clear(&body);
	if (rc == 0 && a.n_wanted)
		rc = post_all(r, e, &a, err);
	attached_clear(&a);
	return rc < 0 && !err_ends(err) ? 0 : rc;
}

int managed_post(struct drun *r, struct err *err)
{
	int rc = 0;

	if (!r->opts->attach_links || r->contacts || r->opts->dry_run)
		return 0;
	for (size_t i = 0; i < r->n_entries && rc == 0; i++) {
		struct entry *e = &r->entries[i];

		if (!e->open || e->posted || (e->state != ENTRY_ADDED && e->state != ENTRY_THERE))
			continue;
		e->posted = true;
		rc = post_for(r, e, err);
	}
	return rc;
}
