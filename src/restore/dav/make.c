/*
 * Collections that are missing: MKCALENDAR (RFC 4791 5.3.1), extended MKCOL (RFC 5689),
 * MKCOL; then what was not kept, one property a PROPPATCH.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/clock.h"
#include "restore/dav/put/put.h"
#include "run.h"

#define TYPE_CALENDAR "{DAV:}collection {" NS_CALDAV "}calendar"
#define TYPE_BOOK "{DAV:}collection {" NS_CARDDAV "}addressbook"

/* The ways to make one, in order; each next one asks for less. */
enum way { WAY_FULL, WAY_SHORT, WAY_MKCOL_FULL, WAY_MKCOL_SHORT, WAY_MKCOL_PLAIN, WAYS };

/* The properties that a collection is made with; not ${full}: those that must be. */
static size_t sets_of(const struct drun *r, const struct acoll *a, bool full, struct dav_set *out)
{
	size_t n = 0;

	for (unsigned i = 0; i < PROPS_N; i++)
		if (a->props.xml[i] && props_of_kind(i, r->contacts) &&
		        (full || i == PROP_NAME || i == PROP_COMPS))
			out[n++] = (struct dav_set){props_name(i), a->props.xml[i]};
	return n;
}

/* Is this way one for the kind of collection, as the server announces? */
static bool way_applies(const struct drun *r, enum way way)
{
	if (way <= WAY_SHORT)
		return !r->contacts;
	if (way == WAY_MKCOL_PLAIN)
		return !r->extended_mkcol;
	return true;
}

/* The request of this way. */
static int send_one(struct drun *r, const struct acoll *a, enum way way, const char *url,
        struct dav_answer *ans, struct err *err)
{
	struct dav_set set[PROPS_N];
	size_t n = sets_of(r, a, way == WAY_FULL || way == WAY_MKCOL_FULL, set);

	if (way <= WAY_SHORT)
		return dav_mkcalendar(r->http, url, set, n, ans, err);
	if (way == WAY_MKCOL_PLAIN)
		return dav_mkcol(r->http, url, NULL, NULL, 0, ans, err);
	return dav_mkcol(r->http, url, r->contacts ? TYPE_BOOK : TYPE_CALENDAR, set, n, ans, err);
}

/* The collection is at ${index} of the target now, made by us. */
static void note_made(struct drun *r, struct acoll *a, uint32_t index)
{
	struct tcoll *t = &r->tcolls[index];

	a->to = index;
	t->made = t->taken = true;
	if (t->foreign)
		t->aside = false;
	r->outcome.sum.collections_made++;
}

/* Is it there now? 207 and 405 do not say. */
static int check_made(struct drun *r, struct acoll *a, const char *url, struct err *err)
{
	uint32_t index;
	int rc = dav_probe_one(r, url, &index, err);

	if (rc == 0 && index != NONE)
		note_made(r, a, index);
	return rc;
}

/*
 * Somewhere else: where the answer says, or what of its name came up in the home sets
 * since there were ${n_before}.
 */
static int check_elsewhere(
        struct drun *r, struct acoll *a, const char *location, size_t n_before, struct err *err)
{
	int rc = location ? check_made(r, a, location, err) : 0;

	if (rc == 0 && a->to == NONE)
		rc = dav_probe_again(r, err);
	for (size_t i = n_before; i < r->n_tcolls && rc == 0 && a->to == NONE; i++)
		if (!r->tcolls[i].readonly && !r->tcolls[i].taken &&
		        strcmp(r->tcolls[i].name, a->name) == 0)
			note_made(r, a, (uint32_t)i);
	return rc;
}

/* One try, and what may have come of it. */
struct attempt {
	const char *url;
	struct dav_answer ans;
	size_t n_before; /* collections of the target */
};

/*
 * A collection that the server says it made, or of which it did not say what came of it,
 * is looked for before it is made once more.
 */
static int await_made(struct drun *r, struct acoll *a, const struct attempt *t,
        enum put_verdict verdict, struct err *err)
{
	int64_t left = verdict == PUT_UNKNOWN ? await_limit_ms(false, t->ans.took_ms) : 0;
	struct buf location = buf_of(1 << 16);
	const char *to = NULL;
	int rc = 0;

	if (t->ans.location && dav_location_url(t->url, t->ans.location, &location))
		to = buf_str(&location);
	for (unsigned nth = 0; rc == 0 && a->to == NONE; nth++) {
		int64_t pause = await_pause_ms(nth, left);

		rc = check_elsewhere(r, a, to, t->n_before, err);
		if (rc < 0 || a->to != NONE || left <= 0)
			break;
		rc = clock_sleep(pause, err);
		left -= pause;
		if (rc == 0)
			rc = check_made(r, a, t->url, err);
	}
	buf_clear(&location);
	return rc;
}

/* Each way in order until the collection is there; a->refused is the first refusal. */
static int try_ways(struct drun *r, struct acoll *a, const char *url, struct err *err)
{
	struct buf why = buf_of(2000);
	unsigned agains = 0;
	int rc = 0;

	for (int way = 0; way < WAYS && rc == 0 && a->to == NONE; way++) {
		struct attempt t = {.url = url, .n_before = r->n_tcolls};
		struct put_reply reply;
		enum put_verdict verdict;

		if (!way_applies(r, (enum way)way))
			continue;
		rc = send_one(r, a, (enum way)way, url, &t.ans, err);
		/* Where it is cut off, what came of the answer does not say so. */
		reply = put_reply_of(&t.ans, rc < 0 ? err : &(struct err){0}, false);
		reply.busy = false;
		if (rc < 0 && !err_ends(err)) {
			if (!why.len)
				buf_putf(&why, "%s", err->text);
			rc = 0;
		}
		verdict = put_judge(&reply);
		if (rc == 0)
			rc = check_made(r, a, url, err);
		if (rc == 0 && a->to == NONE && (verdict == PUT_STORED || verdict == PUT_UNKNOWN))
			rc = await_made(r, a, &t, verdict, err);
		if (rc == 0 && a->to == NONE && !why.len)
			put_reason(&reply, &why);
		dav_answer_clear(&t.ans);
		r->no_room = verdict == PUT_FULL;
		if (r->no_room)
			break;
		if (verdict == PUT_AGAIN && a->to == NONE && rc == 0 && agains < PUT_AGAINS) {
			rc = clock_sleep(await_pause_ms(agains++, INT64_MAX), err);
			way--;
		}
	}
	if (rc == 0 && a->to == NONE)
		a->refused = xasprintf("the target would not make it: %s", buf_str(&why));
	buf_clear(&why);
	return rc;
}

/* Is nothing known to be at this URL? */
static bool is_free(const struct drun *r, const char *url)
{
	for (size_t i = 0; i < r->n_tcolls; i++)
		if (dav_key(r->tcolls[i].url) == dav_key(url))
			return false;
	return !keys_find(&r->names, dav_key(url), NULL);
}

/* Below a home set: its own last segment where that is free and plain. */
static bool named_url(
        const struct drun *r, const struct acoll *a, const char *home, struct buf *url)
{
	char *segment = dav_last_segment(a->coll->href ? a->coll->href : "");
	bool ok = !a->part && segment_is_plain(segment) && strcasecmp(segment, "inbox") != 0 &&
	          strcasecmp(segment, "outbox") != 0;

	if (ok)
		dav_child_url(home, segment, true, url);
	free(segment);
	return ok && is_free(r, buf_str(url));
}

/* Then one of ours: the name may be taken by what is not shown (a deleted calendar). */
static bool own_url(const struct drun *r, const struct acoll *a, const char *home, struct buf *url)
{
	char own[OWN_SEGMENT_SIZE];

	own_segment(r, a, own);
	dav_child_url(home, own, true, url);
	return is_free(r, buf_str(url));
}

/* The home set that is tried as ${nth}: those that may be written to come first. */
static const char *home_at(const struct drun *r, size_t nth)
{
	for (int readonly = 0; readonly < 2; readonly++)
		for (size_t i = 0; i < r->home.n; i++) {
			bool is = keys_find(&r->readonly_homes, dav_key(r->home.urls[i]), NULL);

			if (is == (readonly == 1) && nth-- == 0)
				return r->home.urls[i];
		}
	return r->home.urls[0];
}

/*
 * In each home set under each name, until one is taken; the first refusal is what is
 * told.
 */
static int try_urls(struct drun *r, struct acoll *a, struct err *err)
{
	struct buf url = buf_of(1 << 16);
	char *first = NULL;
	int rc = 0;

	for (size_t k = 0; k < 2 * r->home.n && rc == 0 && a->to == NONE && !r->no_room; k++) {
		const char *home = home_at(r, k / 2);

		if (!(k % 2 ? own_url : named_url)(r, a, home, &url))
			continue;
		rc = try_ways(r, a, buf_str(&url), err);
		first = first ? first : a->refused;
		if (a->refused != first)
			free(a->refused);
		a->refused = NULL;
	}
	if (a->to == NONE && !a->refused)
		a->refused = first ? first : xstrdup("the target has no place for it");
	else
		free(first);
	buf_clear(&url);
	return rc;
}

/* One property by PROPPATCH; a refusal is seen when the properties are read again. */
static int set_one(struct drun *r, const struct acoll *a, unsigned which, struct err *err)
{
	const struct dav_set set = {props_name(which), a->props.xml[which]};
	struct dav_answer ans;
	bool done;
	int rc = dav_proppatch(r->http, r->tcolls[a->to].url, &set, &done, &ans, err);

	dav_answer_clear(&ans);
	return rc < 0 && err_ends(err) ? rc : 0;
}

/* What is not as in the archive: told at the end, for all of them together. */
static void note_lost(struct drun *r, const struct acoll *a)
{
	static const char *const words[2] = {
	        "the target did not keep: ", "the target has its own, which is left as it is: "};
	const struct tcoll *t = &r->tcolls[a->to];
	struct buf b = buf_of(4000);

	for (unsigned own = 0; own < 2; own++) {
		const char *between = b.len ? "; " : "";

		for (unsigned i = 0; i < PROPS_N; i++) {
			if (!a->props.xml[i] || !props_of_kind(i, r->contacts) ||
			        props_equal(&a->props, &t->props, i) ||
			        own != (!t->made && t->props.value[i]))
				continue;
			buf_putf(&b, "%s%s%s", between, *between == ',' ? "" : words[own],
			        props_word(i));
			between = ", ";
		}
	}
	if (b.len)
		*ARR_PUSH(r->outcome.lost, r->outcome.n_lost, r->outcome.cap_lost) =
		        (struct lost){(uint32_t)(a - r->acolls), xstrdup(buf_str(&b))};
	buf_clear(&b);
}

/*
 * A collection of ours gets what it lacks or has otherwise, one that was there only what
 * it lacks.
 */
static int set_missing(struct drun *r, struct acoll *a, struct err *err)
{
	bool any = false;
	uint32_t index;
	int rc = 0;

	for (unsigned i = 0; i < PROPS_N && rc == 0; i++) {
		const struct tcoll *t = &r->tcolls[a->to];

		if (!a->props.xml[i] || !props_of_kind(i, r->contacts) || i == PROP_COMPS ||
		        props_equal(&a->props, &t->props, i) || (!t->made && t->props.value[i]))
			continue;
		any = true;
		if (!r->opts->dry_run)
			rc = set_one(r, a, i, err);
	}
	if (rc == 0 && any && !r->opts->dry_run)
		rc = dav_probe_one(r, r->tcolls[a->to].url, &index, err);
	if (rc == 0 && !r->opts->dry_run)
		note_lost(r, a);
	return rc;
}

/* Its items that are nowhere on the target yet. */
static size_t count_new(const struct drun *r, const struct acoll *a)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_entries; i++)
		n += &r->acolls[r->entries[i].acoll] == a && r->entries[i].state == ENTRY_NEW;
	return n;
}

/* Does anything have to go there? An empty one is made for itself. */
static bool is_needed(const struct drun *r, const struct acoll *a)
{
	return a->coll && (a->coll->n_items == 0 || count_new(r, a));
}

/* Names the collection that has no place, and how many of its items have none. */
static void say_refused(struct drun *r, const struct acoll *a)
{
	say_coll(r, SAY_WARNING, a->head->name,
	        "%s; %s not restored (--into NAME, or --map, finds a place in a collection that "
	        "is there)",
	        a->refused,
	        counted(count_new(r, a), "item is", "items are", (char[COUNTED_SIZE]){0}));
}

/*
 * A calendar of several components where the target makes only such of one: of its main
 * one.
 */
static int make_for_main(struct drun *r, struct acoll *a, struct err *err)
{
	if (r->contacts || a->part || (a->comps & (a->comps - 1)) == 0)
		return 0;
	free(a->refused);
	a->refused = NULL;
	props_set_comps(&a->props, main_component(r, a));
	return try_urls(r, a, err);
}

int dav_make_one(struct drun *r, uint32_t acoll, struct err *err)
{
	struct acoll *a = &r->acolls[acoll];
	int rc = r->home.single ? 0 : try_urls(r, a, err);

	if (r->home.single)
		a->refused = xstrdup("the target's URL is that of a single collection: use --into");
	else if (rc == 0 && a->refused)
		rc = make_for_main(r, a, err);
	if (rc == 0 && a->refused)
		say_refused(r, a);
	return rc == 0 && a->to != NONE ? set_missing(r, a, err) : rc;
}

/* Is it, or what joins it, in need of a place? */
static bool is_missing(const struct drun *r, const struct acoll *a)
{
	bool needed = is_needed(r, a);

	for (size_t i = 0; i < r->n_acolls && !needed; i++)
		needed = r->acolls[i].joins != NONE && &r->acolls[r->acolls[i].joins] == a &&
		         is_needed(r, &r->acolls[i]);
	return needed && a->joins == NONE && a->to == NONE && !a->refused;
}

/* What shares the collection that was made for another. */
static void join_made(struct drun *r, struct acoll *a)
{
	const struct acoll *leader = &r->acolls[a->joins];

	a->to = leader->to;
	if (leader->refused) {
		a->refused = xstrdup(leader->refused);
		say_refused(r, a);
	}
}

/* In a dry run. */
static void pretend_made(struct drun *r, const struct acoll *a)
{
	r->outcome.sum.collections_made++;
	if (r->opts->predictor && a->coll)
		predict_place(r, a, count_new(r, a));
}

int dav_make(struct drun *r, struct err *err)
{
	int rc = 0;

	for (uint32_t i = 0; i < r->n_acolls && rc == 0; i++) {
		struct acoll *a = &r->acolls[i];

		rc = stop_check(err);
		if (rc == 0 && r->opts->predictor && a->coll && !a->mapped && !r->opts->into)
			predict_collection(r, a);
		if (rc == 0 && is_missing(r, a) && r->opts->dry_run && !r->home.single)
			pretend_made(r, a);
		else if (rc == 0 && is_missing(r, a))
			rc = dav_make_one(r, i, err);
		/*
		 * Where the user said that it goes, what is there keeps its properties.
		 */
		else if (rc == 0 && a->to != NONE && !a->mapped && !r->opts->into)
			rc = set_missing(r, a, err);
	}
	for (size_t i = 0; i < r->n_acolls && rc == 0; i++)
		if (r->acolls[i].joins != NONE)
			join_made(r, &r->acolls[i]);
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}
