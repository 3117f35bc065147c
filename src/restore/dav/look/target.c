/*
 * target_opts.looked: what a restore would find, told item by item. What is not listed
 * is asked for by its name before it counts as missing: listings have holes.
 */
#include <stdlib.h>
#include <string.h>
#include "restore/dav/put/put.h"
#include "restore/dav/run.h"
#include "judge.h"

static const char *place_name(const struct drun *r, uint32_t tcoll)
{
	return tcoll == NONE ? NULL : r->tcolls[tcoll].name;
}

static bool is_gone(int status)
{
	return status == 404 || status == 410;
}

/* ---- what is not listed ---- */

/* Where an earlier restore put what is not found, by what its journal says. */
static int note_places(void *ctx, const struct put_record *p, struct err *err)
{
	struct drun *r = ctx;
	size_t n, from = entries_of(r, p->uid, &n);

	for (size_t i = 0; i < n; i++) {
		struct entry *e = &r->entries[r->by_uid[from + i]];

		if (e->state != ENTRY_NEW || e->by_journal || strcmp(e->uid, p->uid) != 0 ||
		        memcmp(entry_item(r, e)->sha256, p->archived, SHA256_LEN) != 0)
			continue;
		free(e->url);
		e->url = xstrdup(p->url);
		e->by_journal = true;
		break;
	}
	return stop_check(err);
}

/* Does it make sense to ask for it by its name? Then e->url is that. */
static bool may_ask(const struct drun *r, struct entry *e)
{
	uint32_t to = r->acolls[e->acoll].to;
	struct buf url;

	if (e->state != ENTRY_NEW || to == NONE)
		return false;
	if (e->by_journal || r->tcolls[to].gone)
		return e->by_journal;
	buf_init(&url, 1 << 16);
	dav_child_url(r->tcolls[to].url, e->segment, false, &url);
	e->url = buf_take(&url);
	return true;
}

/* Is it where a restore puts it? */
static bool is_home(const struct drun *r, const struct entry *e)
{
	return e->found != NONE && entry_at_home(r, e, e->found);
}

/* What came of it. */
static void take_asked(struct drun *r, struct entry *e, const struct res *x)
{
	if (x->seen && x->fits) {
		const char *home = r->tcolls[x->tcoll].url;

		entry_settle(r, e, x, ENTRY_THERE);
		/* A restore found it where the server said that its UID is. */
		if (strncmp(x->url, home, strcspn(home, "?#")) != 0)
			e->found = NONE;
		return;
	}
	e->asked = x->seen ? LOOK_ANOTHER : is_gone(x->status) ? LOOK_GONE : LOOK_FAILED;
	if (e->asked == LOOK_FAILED && !e->told)
		e->told = xstrdup(x->why ? x->why : "it did not come");
}

/* Of what was listed under the item's name, and was looked at. */
static struct res *listed_as(struct reslist *all, const struct keys *at, const char *url)
{
	uint32_t i;

	return keys_find(at, dav_key(url), &i) ? &all->list[i] : NULL;
}

/* Each item that is nowhere: a GET of its name. *named: holes that one of them is. */
static int ask_missing(struct drun *r, struct reslist *all, struct keys *named, struct err *err)
{
	struct reslist some = {0};
	struct keys at = {0};
	int rc;

	for (uint32_t i = 0; i < all->n; i++)
		keys_add(&at, all->list[i].key, i);
	for (uint32_t i = 0; i < r->n_entries; i++) {
		struct entry *e = &r->entries[i];
		bool ask = may_ask(r, e);
		struct res *x = ask ? listed_as(all, &at, e->url) : NULL;

		if (x && x->seen) {
			e->asked = LOOK_ANOTHER; /* that of this item would have been paired */
		} else if (x) {
			take_asked(r, e, x);
			keys_add(named, x->key, 1);
		} else if (ask) {
			x = reslist_add(&some, r->acolls[e->acoll].to, e->url, NULL);
			x->entry = i;
			x->likely = true;
		}
	}
	rc = dav_look_once(r, some.list, some.n, err);
	for (size_t i = 0; i < some.n && rc == 0; i++)
		take_asked(r, &r->entries[some.list[i].entry], &some.list[i]);
	keys_clear(&at);
	reslist_clear(&some);
	return rc;
}

/* Resources that cannot be read, of each collection, but for those that ${named} has. */
static size_t *count_holes(
        const struct drun *r, const struct reslist *all, const struct keys *named)
{
	size_t *holes = xcalloc(r->n_tcolls + 1, sizeof *holes);

	for (size_t i = 0; i < all->n; i++) {
		const struct res *x = &all->list[i];

		holes[x->tcoll] +=
		        !x->seen && !is_gone(x->status) && !keys_find(named, x->key, NULL);
	}
	return holes;
}

static char *why_hidden(const struct tcoll *t, size_t holes)
{
	char n[COUNTED_SIZE];

	if (holes)
		return xasprintf("%s there cannot be read, and may be it",
		        counted(holes, "resource", "resources", n));
	return xasprintf("the collection cannot be listed: %s", t->unlisted);
}

/* Items that nobody can tell of, as the target does not give all. */
static void note_hidden(struct drun *r, const struct reslist *all, const struct keys *named)
{
	size_t *holes = count_holes(r, all, named);

	for (size_t i = 0; i < r->n_entries; i++) {
		struct entry *e = &r->entries[i];
		const struct acoll *a = &r->acolls[e->acoll];
		const struct tcoll *t = a->to == NONE ? NULL : &r->tcolls[a->to];
		const char *why = a->hidden ? a->hidden : r->hidden;

		if (e->state != ENTRY_NEW || e->asked == LOOK_FAILED)
			continue;
		e->hidden = t ? look_hidden(t->gone, t->unlisted != NULL, holes[a->to], e->asked,
		                        e->by_journal)
		              : why != NULL;
		if (e->hidden)
			e->told = t ? why_hidden(t, holes[a->to]) : xstrdup(why);
	}
	free(holes);
}

/* ---- what is there besides ---- */

/* Is what is in this collection of the target held against the archive? */
static bool is_compared(const struct drun *r, uint32_t tcoll)
{
	bool whole = !r->opts->choice.n_include && !r->opts->choice.n_exclude;

	for (size_t i = 0; i < r->n_acolls; i++) {
		if (r->acolls[i].to == tcoll)
			return true;
		whole = whole && r->acolls[i].coll;
	}
	return whole;
}

/* Resources that are no item are extra, or one more of an item that is there. */
static void note_besides(struct drun *r, const struct reslist *all)
{
	struct keys ours = {0};

	entries_there(r, &ours);
	for (size_t i = 0; i < all->n; i++) {
		const struct res *x = &all->list[i];
		struct entry *e = x->fits ? &r->entries[x->entry] : NULL;

		if (!x->seen || keys_find(&ours, x->key, NULL) || !is_compared(r, x->tcoll))
			continue;
		if (!e || e->state != ENTRY_THERE) {
			r->outcome.sum.extra++;
		} else if (!e->again) {
			e->again = xstrdup(x->url);
			e->again_in = x->tcoll;
		}
	}
	keys_clear(&ours);
}

/* ---- telling ---- */

struct finding {
	enum look_state state;
	uint32_t place;
	char *differs;
};

/* What the archive and the target's limits say of an item that is not there. */
static int see_item(
        struct drun *r, struct entry *e, struct look_facts *f, char **why, struct err *err)
{
	const struct acoll *a = &r->acolls[e->acoll];
	const struct tcoll none = {0}, *t = a->to == NONE ? &none : &r->tcolls[a->to];
	struct content_summary s = {0};
	struct err own = {0};
	struct buf body;
	int rc = entry_original(r, e, &body, &own);

	if (rc < 0 && err_ends(&own)) {
		*err = own;
	} else if (rc < 0) {
		f->unreadable = true;
		*why = xstrdup(own.text);
		rc = 0;
	} else if (content_summarize(body.data, body.len, &s, NULL) == 0) {
		f->held = put_held(r, &s);
		*why = put_objection(r, t, &s, body.len);
		content_summary_clear(&s);
	}
	buf_clear(&body);
	return rc;
}

/* The line on what differs, of what there is to be said. */
static char *line_of(const struct drun *r, const struct entry *e, enum look_state state)
{
	struct buf b = buf_of(1 << 16);
	const char *home = place_name(r, r->acolls[e->acoll].to);
	char *line;

	if (state == LOOK_UNREADABLE || state == LOOK_UNSEEN || e->state != ENTRY_THERE)
		return xstrdup(e->told);
	if (state == LOOK_OTHER && e->told)
		buf_putf(&b, "%s", e->told);
	if (e->open)
		buf_putf(&b, "%sfiles that it links to are not there", b.len ? "; " : "");
	if (e->found == NONE)
		buf_putf(&b, "%sit is %s, which is in no %s that the target lists",
		        b.len ? "; " : "", e->url, r->contacts ? "address book" : "calendar");
	if (!is_home(r, e))
		buf_putf(&b, "%sa restore puts it into \"%s\"", b.len ? "; " : "",
		        home ? home : r->acolls[e->acoll].name);
	if (e->again)
		buf_putf(&b, "%salso in \"%s\" as %s", b.len ? "; " : "",
		        place_name(r, e->again_in), e->again);
	line = b.len ? buf_take(&b) : NULL;
	buf_clear(&b);
	return line;
}

/* Where nobody can look whether it is elsewhere; NULL. */
static char *may_be_in(const struct drun *r)
{
	for (size_t i = 0; i < r->n_tcolls; i++)
		if (r->tcolls[i].unlisted)
			return xasprintf("unless it is in \"%s\", which cannot be listed: %s",
			        r->tcolls[i].name, r->tcolls[i].unlisted);
	return NULL;
}

static int judge_entry(struct drun *r, struct entry *e, struct finding *out, struct err *err)
{
	struct look_facts f = {.there = e->state == ENTRY_THERE,
	        .unreadable = e->unreadable,
	        .asked = e->asked,
	        .hidden = e->hidden,
	        .again = e->again != NULL};
	char *why = NULL;
	int rc = 0;

	if (f.there) {
		f.home = is_home(r, e);
		f.altered = e->grade == CONTENT_ALTERED || e->open;
	} else {
		rc = see_item(r, e, &f, &why, err);
		entry_done(r, e);
	}
	out->state = look_judge(&f);
	out->place = f.there ? e->found : r->acolls[e->acoll].to;
	if (why && (f.unreadable || !e->told)) {
		free(e->told);
		e->told = why;
	} else {
		free(why);
	}
	if (!e->told && e->asked == LOOK_ANOTHER)
		e->told = xstrdup("something else is there under its name");
	if (!e->told && out->state == LOOK_MISSING)
		e->told = r->acolls[e->acoll].refused ? xstrdup(r->acolls[e->acoll].refused)
		                                      : may_be_in(r);
	out->differs = line_of(r, e, out->state);
	return rc;
}

/* One more object of an item that is several resources. */
static void join_finding(const struct entry *more, struct finding *of, const struct finding *f)
{
	static const char *const words[LOOK_STATES] = {[LOOK_ELSEWHERE] = "is elsewhere",
	        [LOOK_TWICE] = "is there more than once",
	        [LOOK_MISSING] = "is missing",
	        [LOOK_HELD_BACK] = "is held back",
	        [LOOK_OTHER] = "is there in another form",
	        [LOOK_UNREADABLE] = "cannot be read from the archive",
	        [LOOK_UNSEEN] = "cannot be read from the target"};
	const char *word = words[f->state];
	char *line;

	of->state = look_join(of->state, f->state);
	if (!word)
		return;
	line = xasprintf("%s%sof its objects UID %.200s %s%s%s", of->differs ? of->differs : "",
	        of->differs ? "; " : "", more->uid ? more->uid : "none", word,
	        f->differs ? ": " : "", f->differs ? f->differs : "");
	free(of->differs);
	of->differs = line;
}

static void count_state(struct target_result *s, enum look_state state)
{
	bool there = state == LOOK_SAME || state == LOOK_OTHER || state == LOOK_ELSEWHERE ||
	             state == LOOK_TWICE;

	s->items++;
	s->already += there;
	s->failed += !there;
	s->altered += state == LOOK_OTHER;
	s->doubled += state == LOOK_TWICE;
	s->unseen += state == LOOK_UNSEEN;
	s->unreadable += state == LOOK_UNREADABLE;
}

/* Each item of the archive once, and the counts of each collection. */
static void tell_findings(struct drun *r, const struct finding *list)
{
	struct target_result *of = xcalloc(r->n_acolls + 1, sizeof *of);

	for (size_t i = 0; i < r->n_entries; i++) {
		const struct entry *e = &r->entries[i];
		const struct target_look look = {.state = list[i].state,
		        .place = place_name(r, list[i].place),
		        .differs = list[i].differs};

		if (e->more)
			continue;
		r->opts->looked(r->opts->ctx, r->acolls[e->acoll].coll, entry_item(r, e), &look);
		count_state(&of[e->acoll], look.state);
	}
	for (size_t i = 0; i < r->n_acolls; i++) {
		if (!r->acolls[i].coll)
			of[i].items = of[i].failed = of[i].unreadable =
			        r->acolls[i].head->roots.items;
		of[i].extra = 0;
		target_result_add(&r->outcome.sum, &of[i]);
		if (r->opts->counted)
			r->opts->counted(r->opts->ctx, r->acolls[i].head, &of[i]);
	}
	free(of);
}

static int tell_all(struct drun *r, struct err *err)
{
	struct finding *list = xcalloc(r->n_entries + 1, sizeof *list);
	int rc = 0;

	for (size_t i = 0; i < r->n_entries && rc == 0; i++) {
		rc = judge_entry(r, &r->entries[i], &list[i], err);
		rc = rc < 0 ? rc : stop_check(err);
	}
	for (size_t i = 0; i < r->n_entries && rc == 0; i++)
		if (r->entries[i].more)
			join_finding(&r->entries[i], &list[r->entries[i].of], &list[i]);
	if (rc == 0)
		tell_findings(r, list);
	for (size_t i = 0; i < r->n_entries; i++)
		free(list[i].differs);
	free(list);
	return rc;
}

int dav_look_target(struct drun *r, struct err *err)
{
	struct reslist all = {0};
	struct keys named = {0};
	int rc = dav_read_there(r, &all, err);

	if (rc == 0)
		rc = dav_pair(r, &all, err);
	if (rc == 0)
		rc = dav_split(r, err);
	/* Of what belongs into another collection only now. */
	if (rc == 0)
		rc = dav_alike(r, all.list, all.n, ALIKE_THERE, err);
	if (rc == 0)
		rc = put_journal_each(r->journal, note_places, r, err);
	if (rc == 0)
		rc = ask_missing(r, &all, &named, err);
	/* What a restore counts is told by tell_all. */
	r->outcome.sum = (struct target_result){0};
	if (rc == 0) {
		note_hidden(r, &all, &named);
		note_besides(r, &all);
		rc = tell_all(r, err);
	}
	keys_clear(&named);
	reslist_clear(&all);
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}
