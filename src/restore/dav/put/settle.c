/* What became of a PUT: read back, sent in another form, or refused. */
#include <stdlib.h>
#include <string.h>
#include "request.h"

/* Where to look for what became of it. */
static void find_url(const struct put *p, struct buf *url)
{
	const char *to = NULL;

	if (p->verdict == PUT_STORED && p->sent.answer.location)
		to = p->sent.answer.location;
	else if (p->verdict == PUT_UID && p->sent.answer.error_href)
		to = p->sent.answer.error_href;
	if (to && dav_location_url(p->url, to, url))
		return;
	buf_reset(url);
	buf_puts(url, p->url);
}

int put_look(struct drun *r, struct put *list, size_t n, struct reslist *found, struct err *err)
{
	struct buf url = buf_of(1 << 16);

	for (size_t i = 0; i < n; i++) {
		struct put *p = &list[i];
		struct res *x;

		if (!p->pending || p->verdict == PUT_REFUSED || p->verdict == PUT_LENIENT ||
		        p->verdict == PUT_FULL || p->verdict == PUT_LATER ||
		        p->verdict == PUT_AGAIN)
			continue;
		find_url(p, &url);
		x = reslist_add(found, p->tcoll, buf_str(&url),
		        p->verdict == PUT_STORED ? p->sent.answer.etag : NULL);
		x->entry = (uint32_t)(p->e - r->entries);
		/* What is read back where our own PUT went is ours whatever its UID. */
		x->ours = p->verdict == PUT_STORED;
		x->likely = p->e->uid && p->verdict != PUT_UID;
		x->unknown = p->verdict == PUT_UNKNOWN;
		p->res = found->n;
	}
	buf_clear(&url);
	return found->n ? dav_look(r, found->list, found->n, err) : 0;
}

/* The first refusal, where other forms were tried; else this one. */
static void reason_of(const struct put *p, struct buf *why)
{
	if (p->form.why) {
		buf_puts(why, p->form.why);
		return;
	}
	put_reason_sent(&p->sent, why);
	if (p->verdict == PUT_UID && p->e->uid)
		buf_puts(why, " (the target allows this UID only once)");
}

/* No other name helps. */
static void use_first_url(struct put *p)
{
	if (!p->first_url)
		return;
	free(p->url);
	p->url = p->first_url;
	p->first_url = NULL;
}

/* It goes with its links where the target does not take it with the files. */
static bool drop_files(struct drun *r, struct put *p)
{
	struct buf why;

	if (!p->attached.n || p->no_files || r->opts->strict)
		return false;
	buf_clear(&p->body);
	if (entry_original(r, p->e, &p->body, NULL) < 0)
		return false;
	buf_init(&why, 4096);
	reason_of(p, &why);
	p->no_files = buf_take(&why);
	p->e->as_links = true;
	form_clear(&p->form);
	use_first_url(p);
	return true;
}

/* Refused, and nothing of it is there: is there another form to be sent? */
static bool try_form(struct drun *r, struct put *p, const struct res *x)
{
	const struct tcoll *t = &r->tcolls[p->tcoll];
	struct put_reply reply = put_reply_of(&p->sent.answer, &p->sent.err, p->sent.strict);
	bool refusal = p->verdict == PUT_REFUSED ||
	               ((p->verdict == PUT_EXISTS || p->verdict == PUT_UID) && !(x && x->seen));
	struct buf why;

	if (p->sent.err.code || !refusal)
		return false;
	if (!form_allowed(r, t, &reply))
		return drop_files(r, p);
	if (!p->form.why) {
		buf_init(&why, 4096);
		reason_of(p, &why);
		form_began(&p->form, t, &reply, buf_take(&why));
	}
	if (!form_next(r, p->e, &p->form, &p->body))
		return drop_files(r, p);
	if (p->form.name) {
		p->first_url = p->url;
		put_url(r, p);
	} else {
		use_first_url(p);
	}
	return true;
}

/* Named; what is full or enough for now is kept for all that follow. */
static void report_refused(struct drun *r, struct put *p)
{
	struct buf why = buf_of(4096);

	if (p->e->replaces)
		buf_puts(&why, "the older version is left on the target: ");
	reason_of(p, &why);
	r->tcolls[p->tcoll].forms_failed += p->form.at > 0;
	entry_failed(r, p->e, buf_str(&why));
	if (p->verdict == PUT_FULL && !r->tcolls[p->tcoll].full)
		r->tcolls[p->tcoll].full = xstrdup(buf_str(&why));
	if (p->verdict == PUT_LATER && !r->outcome.stopped)
		r->outcome.stopped = xstrdup(buf_str(&why));
	buf_clear(&why);
}

/* What a person is told of how it was stored. */
static void note_form(struct drun *r, struct put *p)
{
	char *form = form_helped(&p->form, &r->tcolls[p->tcoll]), *files;

	if (p->no_files)
		files = xasprintf("its %u linked file%s still on the old server, as %s: with "
		                  "%s in it the target refused it (%s)",
		        p->attached.n, p->attached.n == 1 ? " is" : "s are",
		        p->attached.n == 1 ? "a link" : "links", p->attached.n == 1 ? "it" : "them",
		        p->no_files);
	else
		files = attached_text(&p->attached);
	r->outcome.sum.unattached += p->attached.large + (p->no_files ? p->attached.n : 0);
	p->e->form = form && files ? xasprintf("%s; %s", form, files)
	             : form        ? xstrdup(form)
	                           : xstrdup(files);
	p->e->reformed = p->form.steps != 0;
	p->e->open = p->e->managed;
	free(form);
	free(files);
}

/* What it was to replace is still there, or somebody else's newer version. */
static bool is_not_replaced(const struct put *p, const struct res *x)
{
	return p->e->replaces && p->verdict != PUT_STORED && x && x->seen &&
	       x->grade == CONTENT_ALTERED;
}

void put_settle(struct drun *r, struct put *p, const struct res *x)
{
	p->pending = false;
	/* found by dav_await */
	if (p->e->state != ENTRY_NEW)
		return;
	if (is_not_replaced(p, x)) {
		p->pending = p->verdict == PUT_UNKNOWN && ++p->tries < PUT_TRIES;
		if (!p->pending)
			entry_settle(r, p->e, x, ENTRY_THERE);
	} else if (x && x->seen && x->fits) {
		bool ours = p->verdict == PUT_STORED || p->verdict == PUT_UNKNOWN;

		if (ours)
			note_form(r, p);
		entry_settle(r, p->e, x, ours ? ENTRY_ADDED : ENTRY_THERE);
		count_copy(r, x->entry, x);
	} else if (p->verdict == PUT_STORED) {
		p->e->state = ENTRY_UNSEEN;
		free(p->e->why);
		p->e->why = xasprintf("the target said that it stored it, but %s",
		        x && x->why ? x->why : "it cannot be read back");
	} else if (p->verdict == PUT_LENIENT) {
		p->sent.strict = false;
		p->pending = true;
	} else if (p->verdict == PUT_UNKNOWN && x && x->status == 404 && ++p->tries < PUT_TRIES) {
		p->pending = true;
	} else if (p->verdict == PUT_AGAIN && p->agains < PUT_AGAINS) {
		p->agains++;
		p->pending = true;
	} else if (try_form(r, p, x)) {
		p->pending = true;
	} else {
		report_refused(r, p);
	}
}
