/* An item made ready to be PUT, or not sent at all: its octets, its URL, objections. */
#include <stdlib.h>
#include <string.h>
#include "request.h"

void put_clear(struct put *p)
{
	buf_clear(&p->body);
	free(p->url);
	free(p->first_url);
	dav_answer_clear(&p->sent.answer);
	form_clear(&p->form);
	attached_clear(&p->attached);
	free(p->no_files);
	memset(p, 0, sizeof *p);
}

bool put_held(const struct drun *r, const struct content_summary *s)
{
	return s->attendees && !r->silence.assured && !r->opts->with_attendees;
}

char *put_objection(
        struct drun *r, const struct tcoll *t, const struct content_summary *s, size_t len)
{
	struct buf b;

	if (put_held(r, s))
		return xasprintf("held back, it has attendees: %s", r->silence.why);
	if (t->max_size && len > t->max_size)
		return xasprintf("its %zu octets are more than the target takes (%llu)", len,
		        (unsigned long long)t->max_size);
	if (!r->contacts && t->comps && comp_bit(s->component) &&
	        comp_bit(s->component) != COMP_VFREEBUSY && !(t->comps & comp_bit(s->component))) {
		buf_init(&b, 300);
		buf_putf(&b, "the target's calendar takes only ");
		comps_put(t->comps, &b);
		return buf_take(&b);
	}
	return NULL;
}

void put_url(struct drun *r, struct put *p)
{
	const struct tcoll *t = &r->tcolls[p->tcoll];
	char hex[SHA256_HEX_SIZE], name[SHA256_HEX_SIZE + 24];
	const char *segment = p->form.name ? p->form.name : p->e->segment;
	uint8_t sum[SHA256_LEN];
	struct buf url;

	if (p->e->replaces) {
		p->url = xstrdup(p->e->replaces);
		return;
	}
	sha256_of(p->body.data, p->body.len, sum);
	hex_format(sum, SHA256_LEN, hex);
	buf_init(&url, 1 << 16);
	for (unsigned i = 0;; i++) {
		dav_child_url(t->url, segment, false, &url);
		if (i > 100 || keys_add(&r->names, dav_key(buf_str(&url)), 1))
			break;
		/* Taken by another resource: a name of its own content. */
		if (i == 0)
			snprintf(name, sizeof name, "%s.%s", hex, coll_kind_ext(r->kind));
		else
			snprintf(name, sizeof name, "%.60s-%u.%s", hex, i, coll_kind_ext(r->kind));
		segment = name;
	}
	p->url = buf_take(&url);
}

/* The item as it is to be sent. */
static int load_item(struct drun *r, struct entry *e, struct put *p, struct err *err)
{
	int rc = entry_original(r, e, &p->body, err);

	if (rc == 0 && r->opts->attach_links)
		rc = dav_attach(r, e, r->managed, &p->body, &p->attached, err);
	else if (rc == 0)
		dav_count_links(r, e, &p->body);
	e->managed = p->attached.n_wanted > 0;
	return rc;
}

/* Told by a dry run. */
static void say_attached(struct drun *r, struct put *p)
{
	char *text = attached_text(&p->attached);

	if (p->e->managed)
		say_entry(r, SAY_INFO, p->e, "%zu linked file%s to be attached",
		        p->attached.n_wanted, p->attached.n_wanted == 1 ? "" : "s");
	if (text)
		say_entry(r, SAY_INFO, p->e, "%s", text);
	free(text);
}

bool put_prepare(struct drun *r, struct entry *e, struct put *p, struct err *err)
{
	struct acoll *a = &r->acolls[e->acoll];
	struct content_summary s = {0};
	struct err why = {0};
	char *no = NULL;

	memset(p, 0, sizeof *p);
	if (e->more && r->opts->strict) {
		entry_failed(
		        r, e, "the target lacks this object of the item; --strict adds none alone");
		return false;
	}
	p->e = e;
	p->tcoll = a->to;
	p->sent.strict = true;
	if (load_item(r, e, p, &why) < 0) {
		if (err_ends(&why))
			*err = why;
		else
			entry_unreadable(r, e, why.text);
		put_clear(p);
		return false;
	}
	if (content_summarize(p->body.data, p->body.len, &s, NULL) == 0) {
		struct tcoll t = a->to == NONE ? (struct tcoll){0} : r->tcolls[a->to];

		/* What a calendar does not take has a place elsewhere, which is made later. */
		if (r->opts->dry_run && !r->opts->into)
			t.comps = 0;
		no = put_objection(r, &t, &s, p->body.len);
		r->outcome.held += put_held(r, &s);
		content_summary_clear(&s);
	}
	if (no) {
		entry_failed(r, e, no);
		e->state = ENTRY_HELD;
		free(no);
		put_clear(p);
		return false;
	}
	if (r->opts->dry_run) {
		*(e->replaces ? &r->outcome.sum.updated : &r->outcome.sum.added) += !e->more;
		if (r->opts->predictor)
			predict_entry(r, e, &p->body);
		e->state = ENTRY_ADDED;
		entry_done(r, e);
		say_attached(r, p);
		put_clear(p);
		return false;
	}
	put_url(r, p);
	p->pending = true;
	return true;
}
