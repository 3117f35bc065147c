/* What the target is and has. Reads only. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/text.h"
#include "run.h"

#define P_TYPE "{DAV:}resourcetype"
#define P_PRIVILEGES "{DAV:}current-user-privilege-set"
#define P_OWNER "{DAV:}owner"
#define P_CYRUS "{http://cyrusimap.org/ns/}scheduling-enabled"
#define P_MAX_CAL "{" NS_CALDAV "}max-resource-size"
#define P_MAX_CARD "{" NS_CARDDAV "}max-resource-size"
#define P_MAX_FILE "{" NS_CALDAV "}max-attachment-size"
#define P_MAX_FILES "{" NS_CALDAV "}max-attachments-per-resource"
#define P_VERSIONS "{" NS_CARDDAV "}supported-address-data"

struct listing {
	struct drun *r;
	bool cyrus;
	const char *home; /* what is listed, where it is the account's one home set */
	char *owner; /* of that home set, as it is written */
	uint32_t last; /* added or renewed, NONE */
	int status; /* of the last answer */
	/* a look: what is listed with an error instead of properties */
	char **unknown;
	size_t n_unknown, cap_unknown;
};

void tcoll_clear(struct tcoll *t)
{
	free(t->url);
	free(t->name);
	free(t->segment);
	free(t->full);
	free(t->unlisted);
	props_clear(&t->props);
	memset(t, 0, sizeof *t);
}

/* A collection that the server itself fills (Nextcloud). */
static bool is_generated(const char *segment)
{
	return strcmp(segment, "contact_birthdays") == 0 ||
	       strcmp(segment, "z-server-generated--system") == 0 ||
	       strncmp(segment, "z-app-generated--", 17) == 0;
}

/* The collection of this URL, a new one if it is not known. */
static struct tcoll *tcoll_of(struct drun *run, const char *url, uint32_t *index)
{
	for (size_t i = 0; i < run->n_tcolls; i++)
		if (dav_key(run->tcolls[i].url) == dav_key(url)) {
			*index = (uint32_t)i;
			return &run->tcolls[i];
		}
	*index = (uint32_t)run->n_tcolls;
	return ARR_PUSH(run->tcolls, run->n_tcolls, run->cap_tcolls);
}

/*
 * Somebody else's? Whoever owns the one home set of the account owns what is in it,
 * whatever the server calls them.
 */
static bool is_foreign(const struct listing *l, const struct dav_response *r)
{
	const char *owner = dav_prop_text(r, P_OWNER);

	if (!dav_is_foreign(r, &l->r->home, l->r->service->login.user))
		return false;
	return dav_prop_has(r, P_TYPE, "{" NS_CS "}shared") || dav_is_readonly(r) || !l->owner ||
	       !owner || strcmp(owner, l->owner) != 0;
}

/* The number that a property holds, 0: none. */
static uint64_t number_of(const struct dav_response *r, const char *name)
{
	const char *text = dav_prop_text(r, name);

	return text ? strtoull(text, NULL, 10) : 0;
}

/* All that a response says of a collection; what this run knows of it stays. */
static void fill_tcoll(const struct listing *l, struct tcoll *t, const struct dav_response *r)
{
	struct drun *run = l->r;
	const char *name = dav_prop_text(r, props_name(PROP_NAME));
	const struct dav_prop *versions = dav_prop_find(r, P_VERSIONS);
	bool made = t->made, taken = t->taken, claimed = t->claimed;

	tcoll_clear(t);
	t->made = made;
	t->taken = taken;
	t->claimed = claimed;
	t->url = xstrdup(r->url);
	t->segment = dav_last_segment(r->url);
	t->name = xstrdup(name && *name ? name : *t->segment ? t->segment : "=");
	props_of_response(r, &t->props);
	t->comps = comps_of_response(r);
	t->max_size = number_of(r, run->contacts ? P_MAX_CARD : P_MAX_CAL);
	t->max_file = number_of(r, P_MAX_FILE);
	t->max_files = number_of(r, P_MAX_FILES);
	t->readonly = dav_is_readonly(r);
	t->aside = dav_prop_has(r, P_TYPE, "{" NS_CS "}subscribed") || is_generated(t->segment);
	t->foreign = !t->aside && is_foreign(l, r);
	t->shared = dav_prop_has(r, P_TYPE, "{" NS_CS "}shared");
	/* Who made it may write to it, whatever its owner is called. */
	t->aside |= t->foreign && !made && !claimed;
	t->v4 = versions && versions->xml && strstr(versions->xml, "4.0");
	t->only_v4 = t->v4 && !strstr(versions->xml, "3.0");
}

static bool is_gone(int status)
{
	return status == 404 || status == 410;
}

/* One response of a home set: a collection of the kind, or a name that is taken. */
static int on_collection(void *ctx, struct dav_response *r, struct err *err)
{
	struct listing *l = ctx;

	(void)err;
	if (l->r->looks && r->status >= 400 && !is_gone(r->status) && *r->url)
		*ARR_PUSH(l->unknown, l->n_unknown, l->cap_unknown) = xstrdup(r->url);
	if (r->status >= 400 || !*r->url)
		return 0;
	l->cyrus = l->cyrus || dav_prop_find(r, P_CYRUS);
	for (size_t i = 0; i < l->r->home.n; i++)
		if (dav_key(l->r->home.urls[i]) == dav_key(r->url) && dav_is_readonly(r))
			keys_add(&l->r->readonly_homes, dav_key(r->url), 1);
	if (l->home && !l->owner && dav_key(l->home) == dav_key(r->url))
		l->owner = xstrdup(dav_prop_text(r, P_OWNER));
	if (dav_is_collection(r, l->r->contacts))
		fill_tcoll(l, tcoll_of(l->r, r->url, &l->last), r);
	else
		/* Its name is taken all the same. */
		keys_add(&l->r->names, dav_key(r->url), 1);
	return 0;
}

/* PROPFIND of all that a restore wants to know. */
static int list_home(struct listing *l, const char *url, int depth, struct err *err)
{
	const char *props[PROPS_N + 8];
	size_t n = 0;
	struct dav_answer a;
	int rc;

	for (unsigned i = 0; i < PROPS_N; i++)
		if (props_of_kind(i, l->r->contacts))
			props[n++] = props_name(i);
	props[n++] = P_TYPE;
	props[n++] = P_PRIVILEGES;
	props[n++] = P_OWNER;
	props[n++] = l->r->contacts ? P_MAX_CARD : P_MAX_CAL;
	props[n++] = l->r->contacts ? P_VERSIONS : P_CYRUS;
	if (l->r->opts->attach_links && !l->r->contacts) {
		props[n++] = P_MAX_FILE;
		props[n++] = P_MAX_FILES;
	}
	rc = dav_propfind(l->r->http, url, depth, props, n, on_collection, l, &a, err);
	l->status = a.status;
	dav_answer_clear(&a);
	return rc;
}

int dav_probe_why(
        struct drun *r, const char *url, uint32_t *out_index, char **why_out, struct err *err)
{
	struct listing l = {.r = r, .last = NONE};
	int rc = list_home(&l, url, 0, err);

	*why_out = NULL;
	*out_index = rc == 0 ? l.last : NONE;
	if (rc == 0 && l.n_unknown)
		*why_out = xasprintf("%s is listed with an error", url);
	texts_free(l.unknown, l.n_unknown);
	if (rc == 0 || err_ends(err))
		return rc;
	if (!is_gone(l.status))
		*why_out = xstrdup(err->text);
	err_clear(err);
	return 0;
}

int dav_probe_one(struct drun *r, const char *url, uint32_t *out_index, struct err *err)
{
	struct listing l = {.r = r, .last = NONE};
	int rc = list_home(&l, url, 0, err);

	texts_free(l.unknown, l.n_unknown);
	*out_index = l.last;
	if (rc < 0 && !err_ends(err)) {
		*out_index = NONE;
		rc = 0;
	}
	return rc;
}

/*
 * Servers announce in one place what they do in another (SOGo: at the principal alone),
 * or answer OPTIONS nowhere: what is not said is not known.
 */
static int ask_options(struct drun *r, char **dav, struct err *err)
{
	const char *const urls[] = {r->home.urls[0], r->home.principal};
	int rc = dav_options(r->http, urls, r->home.principal ? 2 : 1, dav, err);

	return rc < 0 && err_ends(err) ? rc : 0;
}

int dav_probe_again(struct drun *r, struct err *err)
{
	struct listing l = {.r = r, .last = NONE};
	int rc = 0;

	for (size_t i = 0; i < r->home.n && rc == 0 && !r->home.single; i++) {
		l.home = r->home.n == 1 ? r->home.urls[i] : NULL;
		rc = list_home(&l, r->home.urls[i], 1, err);
		rc = rc < 0 && !err_ends(err) ? 0 : rc;
	}
	free(l.owner);
	return rc;
}

/* A look: what was listed with an error is asked for by itself. */
static int ask_unknown(struct drun *r, struct listing *l, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < l->n_unknown && rc == 0; i++) {
		uint32_t index;
		char *why = NULL;

		rc = dav_probe_why(r, l->unknown[i], &index, &why, err);
		if (why && !r->hidden)
			r->hidden = why;
		else
			free(why);
	}
	texts_free(l->unknown, l->n_unknown);
	l->unknown = NULL;
	l->n_unknown = 0;
	return rc;
}

/* All home sets; an error only if none can be listed. */
static int probe_homes(struct drun *r, struct listing *l, char **dav, struct err *err)
{
	size_t read = 0;
	struct err first = {0};
	int rc = 0;

	for (size_t i = 0; i < r->home.n && rc == 0; i++) {
		l->home = r->home.n == 1 && !r->home.single ? r->home.urls[i] : NULL;
		rc = list_home(l, r->home.urls[i], 1, err);
		if (rc == 0) {
			read++;
		} else if (!err_ends(err)) {
			say_coll(r, SAY_WARNING, NULL, "%s", err->text);
			first = *err;
			if (!r->hidden)
				r->hidden = xstrdup(err->text);
			rc = 0;
		}
	}
	/* A home set that is a calendar itself (DavMail): others lie below it. */
	if (r->home.single && r->n_tcolls > 1)
		r->home.single = false;
	if (rc == 0 && !read) {
		*err = first;
		return err_widen(err, ERR_WHOLE);
	}
	if (rc == 0)
		rc = ask_unknown(r, l, err);
	return rc == 0 ? ask_options(r, dav, err) : rc;
}

int dav_probe(struct drun *r, struct err *err)
{
	struct listing l = {.r = r, .last = NONE};
	char *dav = NULL;
	int rc = dav_discover(r->http, r->service, &r->home, err);

	if (rc == 0)
		rc = probe_homes(r, &l, &dav, err);
	if (rc == 0) {
		r->silence = silence_of(dav, r->home.urls[0], l.cyrus);
		r->extended_mkcol = dav_announces(dav, "extended-mkcol");
		r->managed = !r->contacts && r->opts->attach_links &&
		             dav_announces(dav, "calendar-managed-attachments");
	}
	free(dav);
	free(l.owner);
	texts_free(l.unknown, l.n_unknown);
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}
