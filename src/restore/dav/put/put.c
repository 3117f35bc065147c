/*
 * Items onto the target: PUT with If-None-Match: *, several in flight; then each is read
 * back.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/clock.h"
#include "restore/dav/run.h"

#define TRIES 3
#define AGAINS 6

struct put {
	struct entry *e;
	uint32_t tcoll;
	struct buf body;
	char *url;
	struct dav_send sent;
	struct dav_form form;
	struct attached attached;
	char *no_files; /* why it goes with its links after all, or NULL */
	char *first_url; /* under its ordinary name, while another is tried; or NULL */
	/* sent again: outcome unknown; the server was busy within itself */
	unsigned tries, agains;
	bool pending;
	enum put_verdict verdict;
	size_t res; /* index in the list of what is looked at */
};

static void put_clear(struct put *p)
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

static void count(struct drun *r, const struct entry *e)
{
	if (e->more)
		return;
	atomic_fetch_add(&r->progress->items_done, 1);
	atomic_fetch_add(&r->progress->bytes_done, entry_item(r, e)->size);
}

void entry_failed(struct drun *r, struct entry *e, const char *why)
{
	e->state = ENTRY_FAILED;
	r->sum.failed++;
	count(r, e);
	say_entry(r, SAY_WARNING, e, "not restored: %s", why);
}

/* What is there is another version of it, which an earlier restore put there. */
static bool changed_since(const struct drun *r, const struct entry *e, const struct res *x)
{
	const struct put_record *p = put_journal_find(r->journal, x->key);

	return p && x->etag && strcmp(p->etag, x->etag) == 0 &&
	       memcmp(p->archived, entry_item(r, e)->sha256, SHA256_LEN) != 0;
}

static void say_altered(
        struct drun *r, const struct entry *e, const struct res *x, enum entry_state state)
{
	const char *what = x->differences ? x->differences : "";

	if (state == ENTRY_ADDED && e->reformed)
		say_entry(r, SAY_NOTE, e, "%s: %s", e->form, what);
	else if (state == ENTRY_ADDED)
		say_entry(r, SAY_NOTE, e, "altered by the target: %s", what);
	else if (changed_since(r, e, x))
		say_entry(r, SAY_NOTE, e,
		        "was changed at the source since it was restored; the version here is "
		        "left: %s",
		        what);
	else if (x->known)
		say_entry(r, SAY_NOTE, e, "as after the earlier restore, not as in the archive: %s",
		        what);
	else
		say_entry(r, SAY_NOTE, e, "is there already, but differs, and is left as it is: %s",
		        what);
}

void entry_remember(struct drun *r, const struct entry *e, const struct res *x)
{
	struct put_record rec = {.url = x->url,
	        .etag = x->etag,
	        .uid = (char *)e->uid,
	        .held_uid = x->uid && e->uid && strcmp(x->uid, e->uid) != 0 ? x->uid : NULL,
	        .differences = x->differences,
	        .grade = (int)x->grade,
	        .part = e->part != 0};

	if (x->known || e->open || !entry_at_home(r, e, x->tcoll))
		return;
	memcpy(rec.archived, entry_item(r, e)->sha256, SHA256_LEN);
	memcpy(rec.held, x->sha256, SHA256_LEN);
	put_journal_add(r->journal, &rec);
}

void entry_settle(struct drun *r, struct entry *e, const struct res *x, enum entry_state state)
{
	e->state = state;
	e->grade = x->grade;
	free(e->url);
	e->url = xstrdup(x->url);
	count(r, e);
	r->grades[x->grade]++;
	if (e->more) {
		/* counted with the one that stands for the item */
	} else if (state == ENTRY_ADDED) {
		r->sum.added++;
		r->sum.bytes += entry_item(r, e)->size;
	} else {
		r->sum.already++;
	}
	if (x->grade == CONTENT_ALTERED) {
		r->sum.altered++;
		say_altered(r, e, x, state);
	}
	if (e->form && !(e->reformed && x->grade == CONTENT_ALTERED)) {
		say_entry(r, SAY_INFO, e, "%s", e->form);
	}
	if (e->reformed && x->grade == CONTENT_ALTERED) {
		r->sum.rescued++;
		r->sum.rescues[RESCUE_FORM]++;
	}
	r->tcolls[x->tcoll].took = true;
	e->lacks = apart_lacks(x);
	if (e->more && state == ENTRY_ADDED &&
	        (r->entries[e->of].lacks || r->entries[e->of].state == ENTRY_THERE))
		say_entry(r, SAY_INFO, e, "one object of the item was missing and is added alone");
	e->open = e->open || (x->open && r->acolls[e->acoll].to == x->tcoll);
	entry_remember(r, e, x);
}

/* Why it is not even sent; NULL: it is. */
static char *objection(struct drun *r, const struct entry *e, const struct tcoll *t,
        const struct content_summary *s, size_t len)
{
	struct buf b;

	(void)e;
	if (s->attendees && !r->silence.assured && !r->opts->with_attendees)
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

static void put_url(struct drun *r, struct put *p)
{
	const struct tcoll *t = &r->tcolls[p->tcoll];
	char hex[SHA256_HEX_SIZE], name[SHA256_HEX_SIZE + 24];
	const char *segment = p->form.name ? p->form.name : p->e->segment;
	uint8_t sum[SHA256_LEN];
	struct buf url;

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
static int load(struct drun *r, struct entry *e, struct put *p, struct err *err)
{
	int rc = entry_original(r, e, &p->body, err);

	if (rc == 0 && r->opts->attach_links)
		rc = dav_attach(r, e, r->managed, &p->body, &p->attached, err);
	else if (rc == 0)
		dav_count_links(r, e, &p->body);
	e->managed = p->attached.n_wanted > 0;
	return rc;
}

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

/* Read it, and see whether it can be sent. False: it is settled. */
static bool prepare(struct drun *r, struct entry *e, struct put *p, struct err *err)
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
	if (load(r, e, p, &why) < 0) {
		if (dav_ends(&why))
			*err = why;
		else
			entry_failed(r, e, why.text);
		put_clear(p);
		return false;
	}
	if (content_summarize(p->body.data, p->body.len, &s, NULL) == 0) {
		no = objection(r, e, a->to == NONE ? &(struct tcoll){0} : &r->tcolls[a->to], &s,
		        p->body.len);
		if (no && s.attendees && !r->silence.assured && !r->opts->with_attendees)
			r->held++;
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
		r->sum.added += !e->more;
		e->state = ENTRY_ADDED;
		count(r, e);
		say_attached(r, p);
		put_clear(p);
		return false;
	}
	put_url(r, p);
	p->pending = true;
	return true;
}

static struct put_reply reply_of(const struct put *p)
{
	return (struct put_reply){.status = p->sent.err.code ? 0 : p->sent.answer.status,
	        .inner = p->sent.answer.inner,
	        .error = p->sent.answer.error,
	        .text = p->sent.answer.error_text,
	        .strict = p->sent.strict,
	        .busy = p->sent.err.code == ERR_BUSY};
}

static int send_pending(struct drun *r, struct put *list, size_t n, struct err *err)
{
	struct dav_send **sent = xcalloc(n, sizeof *sent);
	unsigned parallel = r->opts->connections ? r->opts->connections : PARALLEL;
	size_t n_sent = 0;
	int rc;

	for (size_t i = 0; i < n; i++) {
		struct put *p = &list[i];

		if (!p->pending)
			continue;
		p->sent.url = p->url;
		p->sent.type =
		        r->contacts ? "text/vcard; charset=utf-8" : "text/calendar; charset=utf-8";
		p->sent.data = p->body.data;
		p->sent.len = p->body.len;
		sent[n_sent++] = &p->sent;
	}
	rc = dav_send_run(r->http, sent, n_sent, parallel, err);
	free(sent);
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct put_reply reply = reply_of(&list[i]);

		if (!list[i].pending)
			continue;
		list[i].verdict = list[i].sent.err.code && list[i].sent.err.code != ERR_NET &&
		                                  list[i].sent.err.code != ERR_BUSY
		                          ? PUT_REFUSED
		                          : put_judge(&reply);
		if (list[i].verdict == PUT_STORED) {
			/* It is not sent again. */
			buf_clear(&list[i].body);
			buf_init(&list[i].body, 0);
		}
		if (list[i].sent.err.code && dav_ends(&list[i].sent.err)) {
			*err = list[i].sent.err;
			rc = err->code;
		}
	}
	return rc;
}

/* Where to look for what became of it. */
static void where(const struct put *p, struct buf *url)
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

static int look_at(
        struct drun *r, struct put *list, size_t n, struct reslist *found, struct err *err)
{
	struct buf url;

	buf_init(&url, 1 << 16);
	for (size_t i = 0; i < n; i++) {
		struct put *p = &list[i];
		struct res *x;

		if (!p->pending || p->verdict == PUT_REFUSED || p->verdict == PUT_LENIENT ||
		        p->verdict == PUT_FULL || p->verdict == PUT_LATER ||
		        p->verdict == PUT_AGAIN)
			continue;
		where(p, &url);
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

static void reason_of(const struct put *p, struct buf *why)
{
	struct put_reply reply = reply_of(p);

	if (p->sent.err.code)
		buf_putf(why, "%s", p->sent.err.text);
	else
		put_reason(&reply, why);
	if (p->verdict == PUT_UID && p->e->uid)
		buf_puts(why, " (the target allows this UID only once)");
}

/* It goes with its links where the target does not take it with the files. */
static bool without_files(struct drun *r, struct put *p)
{
	struct buf why;

	if (!p->attached.n || p->no_files || r->opts->strict)
		return false;
	buf_clear(&p->body);
	if (entry_original(r, p->e, &p->body, NULL) < 0)
		return false;
	buf_init(&why, 4096);
	if (p->form.why)
		buf_puts(&why, p->form.why);
	else
		reason_of(p, &why);
	p->no_files = buf_take(&why);
	p->e->as_links = true;
	form_clear(&p->form);
	if (p->first_url) {
		free(p->url);
		p->url = p->first_url;
		p->first_url = NULL;
	}
	return true;
}

/* Refused, and nothing of it is there: is there another form to be sent? */
static bool try_form(struct drun *r, struct put *p, const struct res *x)
{
	const struct tcoll *t = &r->tcolls[p->tcoll];
	struct put_reply reply = reply_of(p);
	bool refusal = p->verdict == PUT_REFUSED ||
	               ((p->verdict == PUT_EXISTS || p->verdict == PUT_UID) && !(x && x->seen));
	struct buf why;

	if (p->sent.err.code || !refusal)
		return false;
	if (!form_allowed(r, t, &reply))
		return without_files(r, p);
	if (!p->form.why) {
		buf_init(&why, 4096);
		reason_of(p, &why);
		form_began(&p->form, t, &reply, buf_take(&why));
	}
	if (!form_next(r, p->e, &p->form, &p->body))
		return without_files(r, p);
	if (p->form.name) {
		p->first_url = p->url;
		put_url(r, p);
	} else if (p->first_url) {
		free(p->url);
		p->url = p->first_url;
		p->first_url = NULL;
	}
	return true;
}

static void refused(struct drun *r, struct put *p)
{
	struct buf why;

	buf_init(&why, 4096);
	if (p->form.why)
		buf_puts(&why, p->form.why);
	else
		reason_of(p, &why);
	r->tcolls[p->tcoll].forms_failed += p->form.at > 0;
	entry_failed(r, p->e, buf_str(&why));
	if (p->verdict == PUT_FULL && !r->tcolls[p->tcoll].full)
		r->tcolls[p->tcoll].full = xstrdup(buf_str(&why));
	if (p->verdict == PUT_LATER && !r->stopped)
		r->stopped = xstrdup(buf_str(&why));
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
	r->sum.unattached += p->attached.large + (p->no_files ? p->attached.n : 0);
	p->e->form = form && files ? xasprintf("%s; %s", form, files)
	             : form        ? xstrdup(form)
	                           : xstrdup(files);
	p->e->reformed = p->form.steps != 0;
	p->e->open = p->e->managed;
	free(form);
	free(files);
}

/* What became of one; it stays pending when it is to be sent again. */
static void settle(struct drun *r, struct put *p, const struct res *x)
{
	p->pending = false;
	/* found by dav_await */
	if (p->e->state != ENTRY_NEW)
		return;
	if (x && x->seen && x->fits) {
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
	} else if (p->verdict == PUT_UNKNOWN && x && x->status == 404 && ++p->tries < TRIES) {
		p->pending = true;
	} else if (p->verdict == PUT_AGAIN && p->agains < AGAINS) {
		p->agains++;
		p->pending = true;
	} else if (try_form(r, p, x)) {
		p->pending = true;
	} else {
		refused(r, p);
	}
}

static bool all_lost(const struct put *list, size_t n, const struct reslist *found)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].pending && list[i].sent.err.code != ERR_NET)
			return false;
	for (size_t i = 0; i < found->n; i++)
		if (found->list[i].seen || found->list[i].status)
			return false;
	return true;
}

/* What is not where it was PUT, and may come there yet, or be elsewhere. */
static int await(
        struct drun *r, const struct put *list, size_t n, struct reslist *found, struct err *err)
{
	int64_t took = 0;
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		struct res *x = list[i].res ? &found->list[list[i].res - 1] : NULL;

		if (!x || !list[i].pending)
			continue;
		if (list[i].verdict == PUT_STORED && x->seen && x->fits &&
		        dav_key(list[i].url) == x->key)
			r->keeps_names = true;
		else if (list[i].verdict == PUT_STORED)
			r->renames = true;
		if (!x->unknown)
			continue;
		x->unknown = !(x->seen && x->fits) && x->status == 404;
		any |= x->unknown;
		if (x->unknown && list[i].sent.answer.took_ms > took)
			took = list[i].sent.answer.took_ms;
	}
	return any ? dav_await(r, found->list, found->n, took, err) : 0;
}

/* Is anything to be sent? Where the server was busy within itself, after a pause. */
static bool any_pending(const struct put *list, size_t n, struct err *err)
{
	unsigned agains = 0;
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		any = any || list[i].pending;
		if (list[i].pending && list[i].agains > agains)
			agains = list[i].agains;
	}
	return any && (!agains || clock_sleep(await_pause_ms(agains - 1, INT64_MAX), err) == 0);
}

/*
 * A server that names resources itself takes everything, also what another restore has
 * just stored.
 */
static int look_before(struct drun *r, struct put *list, size_t n, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0 && r->renames; i++)
		if (i == 0 || list[i].tcoll != list[i - 1].tcoll)
			rc = dav_meanwhile(r, list[i].tcoll, err);
	for (size_t i = 0; i < n; i++)
		list[i].pending = list[i].pending && list[i].e->state == ENTRY_NEW;
	return rc;
}

static int round_run(struct drun *r, struct put *list, size_t n, struct err *err)
{
	int rc = look_before(r, list, n, err);

	while (rc == 0 && any_pending(list, n, err)) {
		struct reslist found = {0};

		rc = send_pending(r, list, n, err);
		if (rc == 0)
			rc = look_at(r, list, n, &found, err);
		if (rc == 0 && all_lost(list, n, &found)) {
			for (size_t i = 0; i < n; i++)
				if (list[i].pending)
					*err = list[i].sent.err;
			rc = err_widen(err, ERR_WHOLE);
		}
		if (rc == 0)
			rc = await(r, list, n, &found, err);
		for (size_t i = 0; i < n && rc == 0; i++) {
			struct put *p = &list[i];

			if (p->pending)
				settle(r, p, p->res ? &found.list[p->res - 1] : NULL);
			p->res = 0;
		}
		reslist_clear(&found);
		if (put_journal_commit(r->journal, rc < 0 ? NULL : err) < 0 && rc == 0)
			rc = err_widen(err, ERR_WHOLE);
	}
	if (rc == 0)
		rc = managed_post(r, err);
	for (size_t i = 0; i < n; i++)
		put_clear(&list[i]);
	return rc;
}

/* It has no place, or nothing more goes there. */
static bool has_no_place(struct drun *r, struct entry *e)
{
	const struct acoll *a = &r->acolls[e->acoll];
	struct tcoll *t = a->to == NONE ? NULL : &r->tcolls[a->to];

	if (!t && r->opts->dry_run && !a->refused)
		return false;
	if (r->stopped && t && !t->full)
		t->full = xstrdup(r->stopped);
	if (t && !t->full)
		return false;
	if (t)
		t->not_sent++;
	entry_failed(r, e, t ? t->full : a->refused ? a->refused : "it has no place");
	return true;
}

static size_t round_size(const struct drun *r)
{
	return r->keeps_names || r->renames ? PUT_ROUND : PUT_FIRST;
}

/*
 * Items that are the first of their UID, then the others, each kind in the order of the
 * archive.
 */
static int put_pass(struct drun *r, bool second, struct err *err)
{
	struct put *list = xcalloc(PUT_ROUND, sizeof *list);
	uint64_t bytes = 0;
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < r->n_entries && rc == 0; i++) {
		struct entry *e = &r->entries[i];

		if (e->state != ENTRY_NEW || e->second != second)
			continue;
		rc = stop_check(err);
		if (rc < 0 || has_no_place(r, e))
			continue;
		progress_what(r->progress, r->acolls[e->acoll].name);
		if (n && (n == round_size(r) || bytes + entry_item(r, e)->size > PUT_BYTES)) {
			rc = round_run(r, list, n, err);
			n = 0;
			bytes = 0;
			if (rc < 0 || has_no_place(r, e))
				continue;
		}
		if (prepare(r, e, &list[n], err)) {
			bytes += list[n].body.len;
			n++;
			if (e->managed && !r->managed_tried) {
				/*
				 * One alone shows whether the target takes the files,
				 * too.
				 */
				rc = round_run(r, list, n, err);
				r->managed_tried = true;
				n = 0;
				bytes = 0;
			}
		} else if (err->code && dav_ends(err)) {
			rc = err->code;
		}
	}
	if (rc == 0 && n)
		rc = round_run(r, list, n, err);
	else
		for (size_t i = 0; i < n; i++)
			put_clear(&list[i]);
	free(list);
	return rc;
}

int dav_put_all(struct drun *r, struct err *err)
{
	int rc = put_pass(r, false, err);

	if (rc == 0)
		rc = put_pass(r, true, err);
	/* What was taken apart: its other objects. */
	if (rc == 0)
		rc = apart_stored(r, err);
	if (rc == 1)
		rc = put_pass(r, false, err);
	if (rc == 0)
		rc = put_pass(r, true, err);
	if (rc == 0)
		rc = managed_post(r, err);
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}
