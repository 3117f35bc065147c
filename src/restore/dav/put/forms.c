/*
 * What a target refuses as it is, in other forms (valise/format/amend.h): one small
 * change at a time, then all; or under the name of its UID.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/format/amend.h"
#include "put.h"

/* items in a row that no form helped, and none is there: the collection takes none */
#define FAILED_MAX 10
#define NAME_MAX_LEN 200

enum { AT_NAME, AT_STEPS, AT_ALL = AT_STEPS + AMENDS, AT_APART, AT_END };

static const struct {
	const char *word;
	enum amend step;
} hints[] = {{"managed-id", AMEND_MANAGED}, {"DTEND", AMEND_END}, {"DURATION", AMEND_END},
        {"CALSCALE", AMEND_SCALE}, {"METHOD", AMEND_SCALE}, {"DTSTAMP", AMEND_NEEDED},
        {"PRODID", AMEND_NEEDED}, {"missing", AMEND_NEEDED}, {"required", AMEND_NEEDED},
        {"multiple", AMEND_ONCE}, {"must not have both", AMEND_ONCE}, {"zero or one", AMEND_ONCE},
        {"more than once", AMEND_ONCE}, {"utf-8", AMEND_UTF8}, {"utf8", AMEND_UTF8},
        {"byte sequence", AMEND_UTF8}, {"2.1", AMEND_CARD3},
        {"supported-address-data", AMEND_CARD3}};

static bool reply_says(const struct put_reply *p, const char *word)
{
	return (p->error && strcasestr(p->error, word)) || (p->text && strcasestr(p->text, word));
}

bool form_about_name(const struct put_reply *p)
{
	int status = p->inner ? p->inner : p->status;

	return (status == 400 || status == 403 || status == 409) && !reply_says(p, "valid-") &&
	       !reply_says(p, "supported-");
}

/* The step that the answer speaks of, or AMENDS. */
static unsigned hint_of(const struct put_reply *p)
{
	for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++)
		if (reply_says(p, hints[i].word))
			return hints[i].step;
	return AMENDS;
}

void form_order(const struct put_reply *p, int learnt, unsigned char order[AMENDS])
{
	unsigned first = hint_of(p), n = 0;

	if (first < AMENDS)
		order[n++] = (unsigned char)first;
	if (learnt >= 0 && (unsigned)learnt != first)
		order[n++] = (unsigned char)learnt;
	for (unsigned i = 0; i < AMENDS; i++)
		if (i != first && (learnt < 0 || i != (unsigned)learnt))
			order[n++] = (unsigned char)i;
}

/* The name of its UID, where that is another one and plain enough. */
static char *own_name(const struct drun *r, const struct entry *e)
{
	char *name;

	if (!e->uid || !*e->uid || strlen(e->uid) > NAME_MAX_LEN || strpbrk(e->uid, "/\r\n"))
		return NULL;
	name = xasprintf("%s.%s", e->uid, coll_kind_ext(r->kind));
	if (strcmp(name, e->segment) != 0)
		return name;
	free(name);
	return NULL;
}

/* One step; *steps_out gets its bit if it changes anything: then 1. */
static int amend_by(struct buf *body, unsigned step, unsigned *steps_out)
{
	struct buf next = buf_of(ITEM_MAX);
	int rc = content_amend(body->data, body->len, (enum amend)step, &next, NULL);

	if (rc == 1) {
		buf_swap(body, &next);
		*steps_out |= 1u << step;
	}
	buf_clear(&next);
	return rc;
}

/* All steps that change anything, one upon the other. */
static int amend_by_all(struct buf *body, unsigned but, unsigned *steps_out)
{
	int rc = 0;

	for (unsigned i = 0; i < AMENDS && rc >= 0; i++)
		rc = but & 1u << i ? 0 : amend_by(body, i, steps_out);
	return rc < 0 ? rc : *steps_out != 0;
}

/*
 * Several objects: the body becomes the one that stands for the item; the others follow
 * once it is stored.
 */
static bool take_apart(struct entry *e, struct dav_form *f, struct buf *body)
{
	unsigned n, main = entry_main_object(e, body, &n);

	if (!main || entry_pick_object(body, main, NULL) < 0)
		return false;
	e->part = main;
	f->apart = n;
	f->at = AT_STEPS; /* it may need a change, too */
	return true;
}

bool form_next(struct drun *r, struct entry *e, struct dav_form *f, struct buf *body)
{
	while (f->at < AT_END) {
		unsigned at = f->at++;
		int rc;

		f->steps = 0;
		free(f->name);
		f->name = NULL;
		if (at == AT_NAME) {
			f->name = f->about_name ? own_name(r, e) : NULL;
			if (f->name)
				return true;
			continue;
		}
		buf_clear(body);
		if (entry_body(r, e, body, NULL) < 0)
			break;
		if (at == AT_APART) {
			if (take_apart(e, f, body))
				return true;
			continue;
		}
		if (at != AT_ALL && f->never & 1u << f->order[at - AT_STEPS])
			continue;
		rc = at == AT_ALL ? amend_by_all(body, f->never | f->not_all, &f->steps)
		                  : amend_by(body, f->order[at - AT_STEPS], &f->steps);
		/* All together are nothing new where there is but one. */
		if (rc == 1 && (at != AT_ALL || (f->steps & (f->steps - 1))))
			return true;
	}
	if (f->apart)
		e->part = 0;
	return false;
}

bool form_allowed(const struct drun *r, const struct tcoll *t, const struct put_reply *p)
{
	static const int worth[] = {400, 403, 404, 406, 409, 412, 415, 422};
	static const char *const vain[] = {"max-resource-size", "supported-calendar-component",
	        "no-uid-conflict", "unique-scheduling", "need-privileges",
	        "Deleted calendar object", "quota"};
	int status = p->inner ? p->inner : p->status;
	bool ok = false;

	for (size_t i = 0; i < sizeof worth / sizeof worth[0]; i++)
		ok |= worth[i] == status;
	for (size_t i = 0; i < sizeof vain / sizeof vain[0]; i++)
		ok &= !reply_says(p, vain[i]);
	return ok && !r->opts->strict &&
	       (t->forms_failed < FAILED_MAX || t->took || hint_of(p) != AMENDS);
}

void form_began(struct dav_form *f, const struct tcoll *t, const struct put_reply *p, char *why)
{
	f->why = why;
	f->about_name = form_about_name(p);
	form_order(p, t->form_learnt - 1, f->order);
	/* One version of a card or the other; 4.0 only where somebody speaks of it. */
	f->not_all = 1u << (t->only_v4 ? AMEND_CARD3 : AMEND_CARD4);
	if (!t->v4 && !reply_says(p, "address-data") && !reply_says(p, "version") &&
	        !reply_says(p, "4.0"))
		f->never = 1u << AMEND_CARD4;
	for (unsigned i = 0; i < AMENDS && t->only_v4; i++)
		if (f->order[i] == AMEND_CARD3 || f->order[i] == AMEND_CARD4)
			f->order[i] = (unsigned char)(AMEND_CARD3 + AMEND_CARD4 - f->order[i]);
}

/* Takes note that it helped; what a person is told, or NULL. */
char *form_helped(struct dav_form *f, struct tcoll *t)
{
	struct buf b;

	if (!f->at)
		return NULL;
	t->forms_failed = 0;
	buf_init(&b, 4096);
	buf_putf(&b, "the target refused it as it is (%s), and took it ", f->why);
	if (f->name)
		buf_puts(&b, "under the name of its UID");
	if (f->apart)
		buf_putf(&b, "apart, as %u resources%s", f->apart, f->steps ? ", " : "");
	for (unsigned i = 0, n = 0; i < AMENDS; i++)
		if (f->steps & 1u << i) {
			buf_putf(&b, "%s%s",
			        n++ ? ", " : "in another form: ", amend_name((enum amend)i));
			t->form_learnt = (int)i + 1;
		}
	return buf_take(&b);
}

void form_clear(struct dav_form *f)
{
	free(f->name);
	free(f->why);
	memset(f, 0, sizeof *f);
}
