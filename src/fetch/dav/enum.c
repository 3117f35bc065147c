/* Home sets to collections with their properties (RFC 4791, RFC 6352). */
#include <stdlib.h>
#include <string.h>
#include "valise/base/json.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/proto/dav/discover.h"
#include "run.h"

#define NS_OC "http://owncloud.org/ns"
#define P_TYPE "{DAV:}resourcetype"
#define P_NAME "{DAV:}displayname"
#define P_TOKEN "{DAV:}sync-token"
#define P_PRIVILEGES "{DAV:}current-user-privilege-set"
#define P_ACL "{DAV:}acl"
#define PROPS_MAX (8u << 20) /* of one collection, as JSON */

/*
 * Asked by name: allprop leaves most of them out. The first one not in a home set of both
 * kinds, see dav_ask_state.
 */
static const char *const both[] = {P_TOKEN, P_TYPE, P_NAME, P_PRIVILEGES, "{DAV:}owner",
        "{DAV:}invite", "{DAV:}share-access", "{" NS_CS "}invite", "{" NS_CS "}publish-url",
        "{" NS_CS "}me-card", "{" NS_OC "}invite", "{" NS_OC "}read-only",
        "{" NS_OC "}owner-principal"};
static const char *const calendar[] = {"{" NS_APPLE "}calendar-color",
        "{" NS_APPLE "}calendar-order", "{" NS_APPLE "}refreshrate",
        "{" NS_CALDAV "}calendar-description", "{" NS_CALDAV "}calendar-timezone",
        "{" NS_CALDAV "}calendar-timezone-id", "{" NS_CALDAV "}supported-calendar-component-set",
        "{" NS_CALDAV "}schedule-calendar-transp", "{" NS_CALDAV "}default-alarm-vevent-date",
        "{" NS_CALDAV "}default-alarm-vevent-datetime", "{" NS_CALDAV "}max-resource-size",
        "{" NS_CS "}source", "{" NS_CS "}subscribed-strip-alarms",
        "{" NS_CS "}subscribed-strip-attachments", "{" NS_CS "}subscribed-strip-todos",
        "{" NS_OC "}calendar-enabled"};
static const char *const contacts[] = {"{" NS_CARDDAV "}addressbook-description",
        "{" NS_CARDDAV "}supported-address-data", "{" NS_CARDDAV "}max-resource-size",
        "{http://inf-it.com/ns/ab/}addressbook-color", "{" NS_OC "}enabled"};

struct enumeration {
	struct dav_worker *w;
	size_t answers;
};

static bool is_generated(const char *segment)
{
	return strcmp(segment, "contact_birthdays") == 0 ||
	       strcmp(segment, "z-server-generated--system") == 0 ||
	       strncmp(segment, "z-app-generated--", 17) == 0;
}

/* The attributes of a collection that is listed like this. */
static unsigned read_attributes(
        const struct dav_run *run, const struct dav_response *r, const char *segment)
{
	unsigned a = 0;

	if (is_generated(segment))
		a |= ATTR_GENERATED;
	if (dav_prop_has(r, P_TYPE, "{" NS_CS "}subscribed"))
		a |= ATTR_SUBSCRIPTION;
	if (dav_is_readonly(r))
		a |= ATTR_READONLY;
	if (dav_is_foreign(r, &run->home, run->base.service->login.user))
		a |= ATTR_SHARED;
	return a;
}

/* Prefixes seen in one value, in the order of their appearance. */
struct prefixes {
	const char *name[64];
	size_t len[64], n;
};

/* The prefix of this name, numbered in the order of its first appearance; "xml" stays. */
static void put_prefix(struct prefixes *p, const char *name, size_t len, struct buf *out)
{
	size_t i = 0;

	while (i < p->n && (p->len[i] != len || memcmp(p->name[i], name, len) != 0))
		i++;
	if ((len == 3 && memcmp(name, "xml", 3) == 0) || i == 64) {
		buf_put(out, name, len);
		return;
	}
	if (i == p->n) {
		p->name[p->n] = name;
		p->len[p->n++] = len;
	}
	buf_putf(out, "n%zu", i + 1);
}

/* A name in a tag: of an element, of an attribute, or a declaration. Octets taken. */
static size_t put_name(struct prefixes *p, const char *s, struct buf *out)
{
	size_t n = strcspn(s, "= \t\r\n/>\""), colon = strcspn(s, ":");

	if (colon >= n) {
		buf_put(out, s, n);
	} else if (colon == 5 && memcmp(s, "xmlns", 5) == 0) {
		buf_puts(out, "xmlns:");
		put_prefix(p, s + 6, n - 6, out);
	} else {
		put_prefix(p, s, colon, out);
		buf_put(out, s + colon, n - colon);
	}
	return n;
}

/**
 * The raw value with its prefixes named n1, n2 ...: servers number theirs over the whole
 * answer, and an unchanged collection shall have unchanged properties. (The XML is as
 * dav_prop has it: no comments, no CDATA.)
 */
static char *plain_prefixes(const char *xml)
{
	struct prefixes p = {.n = 0};
	bool tag = false;
	struct buf out = buf_of(SIZE_MAX);

	while (*xml) {
		size_t n = 1;

		if (!tag && *xml != '<') {
			n = strcspn(xml, "<");
			buf_put(&out, xml, n);
		} else if (tag && *xml == '"') {
			n += strcspn(xml + 1, "\"");
			n += xml[n] == '"';
			buf_put(&out, xml, n);
		} else if (!tag || strchr("= \t\r\n/>", *xml)) {
			buf_putc(&out, *xml);
			tag = *xml != '>';
		} else {
			n = put_name(&p, xml, &out);
		}
		xml += n;
	}
	return buf_take(&out);
}

/* The properties as they came, but for the sync-token, which has its own place. */
static char *props_json(const struct dav_response *r)
{
	json_t *o = json_object();
	char *text = NULL;
	size_t sum = 0;

	for (size_t i = 0; i < r->n_props; i++) {
		const struct dav_prop *p = &r->props[i];
		char *xml;

		if (p->status != 200 || strcmp(p->name, P_TOKEN) == 0)
			continue;
		xml = plain_prefixes(p->xml ? p->xml : "");
		sum += strlen(xml) + strlen(p->name);
		if (sum < PROPS_MAX / 2)
			json_object_set_new(o, p->name, json_string(xml));
		free(xml);
	}
	if (json_object_size(o))
		text = json_text(json_incref(o));
	json_decref(o);
	return text;
}

static bool offers_v4(const struct dav_response *r)
{
	const struct dav_prop *p = dav_prop_find(r, "{" NS_CARDDAV "}supported-address-data");

	return p && p->xml &&
	       (strstr(p->xml, "version=\"4.0\"") || strstr(p->xml, "version='4.0'"));
}

/*
 * The status with which the server withholds what this is: it may be a calendar. 0: it
 * does not.
 */
static int status_withheld(const struct dav_response *r)
{
	int status = r->status;

	for (size_t i = 0; i < r->n_props; i++)
		if (strcmp(r->props[i].name, P_TYPE) == 0)
			status = r->props[i].status;
	return status >= 400 && status != 404 && status != 410 ? status : 0;
}

/* True: nobody can tell whether it is a collection of ours. */
static bool name_withheld(struct dav_run *run, const struct dav_response *r)
{
	int status = status_withheld(r);
	char *reason;

	if (!status)
		return false;
	reason = xasprintf("not to be read, says the listing (HTTP %d)", status);
	dav_add_lost(run, *r->url ? r->url : r->href, reason);
	free(reason);
	return true;
}

/* What the server has of it and the catalog has not, by name. */
static void name_too_large(struct dav_run *run, struct tree_coll *c, const struct dav_response *r)
{
	for (size_t i = 0; i < r->n_props; i++)
		if (r->props[i].status == DAV_TOO_LARGE)
			dav_name_loss(
			        &run->base, c, NULL, r->props[i].name, "the property is too large");
}

/* Each collection of ours that is not known yet is added to the run. */
static int on_collection(void *ctx, struct dav_response *r, struct err *err)
{
	struct enumeration *e = ctx;
	struct dav_run *run = e->w->run;
	const char *name, *token;
	struct davcoll *c;
	char *segment;

	e->answers++;
	if (name_withheld(run, r) || r->status >= 400 || !*r->url ||
	        !dav_is_collection(r, run->base.kind == COLL_CONTACTS) ||
	        dav_is_known(run, dav_key(r->url)))
		return 0;
	if (run->n_colls == DAV_COLLS_MAX)
		return err_set(
		        err, ERR_LIMIT, ERR_COLLECTION, "more than %u collections", DAV_COLLS_MAX);
	segment = dav_last_segment(r->href);
	name = dav_prop_text(r, P_NAME);
	token = dav_prop_text(r, P_TOKEN);
	c = ARR_PUSH(run->colls, run->n_colls, run->cap);
	c->url = xstrdup(r->url);
	c->key = dav_key(r->url);
	if (!name || !name[0])
		name = segment[0] ? segment : "=";
	c->coll = tree_coll_new(run->base.kind, name);
	c->coll->href = xstrdup(r->href);
	c->coll->sync_token = token && token[0] ? xstrdup(token) : NULL;
	c->coll->props = props_json(r);
	c->coll->attrs = read_attributes(run, r, segment);
	c->v4 = run->base.kind == COLL_CONTACTS && offers_v4(r);
	c->no_list = run->base.kind == COLL_CALENDAR &&
	             !dav_prop_has(r, P_TYPE, "{" NS_CALDAV "}calendar");
	name_too_large(run, c->coll, r);
	free(segment);
	return 0;
}

/* A listing that is cut off is started over. */
static int enumerate_home(struct enumeration *e, const char *url, int depth,
        const char *const *props, size_t n, int *status, struct err *err)
{
	struct dav_answer a;
	int rc;

	for (unsigned i = 0;; i++) {
		rc = dav_propfind(e->w->http, url, depth, props, n, on_collection, e, &a, err);
		*status = a.status;
		dav_answer_clear(&a);
		if (rc != ERR_NET || !e->answers || i == DAV_TRIES - 1)
			return rc;
		err_clear(err);
	}
}

/* List with every property that is kept; without the ACL where the server dies of it. */
static int with_all(struct dav_worker *w, const char *url, int depth, struct err *err)
{
	const char *props[64];
	struct enumeration e = {w, 0};
	size_t n = sizeof both / sizeof both[0], more;
	const char *const *list = w->run->base.kind == COLL_CONTACTS ? contacts : calendar;
	const size_t skip = w->run->mixed;
	int status, rc;

	more = w->run->base.kind == COLL_CONTACTS ? sizeof contacts / sizeof contacts[0]
	                                          : sizeof calendar / sizeof calendar[0];
	memcpy(props, both, sizeof both);
	memcpy(props + n, list, more * sizeof *list);
	n += more;
	/* SOGo dies of the ACL of what it shows beside the calendars: then without. */
	props[n] = P_ACL;
	rc = enumerate_home(&e, url, depth, props + skip, n + 1 - skip, &status, err);
	if (rc != ERR_REFUSED || status < 500)
		return rc;
	err_clear(err);
	return enumerate_home(&e, url, depth, props + skip, n - skip, &status, err);
}

/* Its answer is no XML, or too much: another one may be. */
static bool is_unreadable(int rc, const struct err *err)
{
	return rc == ERR_PROTO || (rc == ERR_LIMIT && err->scope == ERR_ITEM);
}

/* One collection of which not all can be read: its name, or that it is there. */
static int with_little(struct dav_worker *w, const char *url, struct err *err)
{
	static const char *const props[] = {P_TYPE, P_PRIVILEGES, P_TOKEN, P_NAME};
	const size_t mixed = w->run->mixed;
	struct dav_run *r = w->run;
	struct err why = {0};
	int status, rc = with_all(w, url, 0, err);

	for (size_t left = 0; left < 2 && is_unreadable(rc, err); left++) {
		struct enumeration e = {w, 0};
		const char *list[4];
		size_t n = 0;

		why = why.code ? why : *err;
		for (size_t i = 0; i < 4 - left; i++)
			if (!mixed || i != 2)
				list[n++] = props[i];
		err_clear(err);
		rc = enumerate_home(&e, url, 0, list, n, &status, err);
	}
	if (rc == 0 && why.code)
		for (size_t i = 0; i < r->n_colls; i++)
			if (r->colls[i].key == dav_key(url))
				dav_name_loss(&r->base, r->colls[i].coll, NULL, "its properties",
				        why.text);
	return rc;
}

struct members {
	struct dav_run *run;
	char **urls;
	size_t n, cap;
};

/* Gather the URLs of the members that are collections of ours. */
static int on_member(void *ctx, struct dav_response *r, struct err *err)
{
	struct members *m = ctx;

	(void)err;
	if (!name_withheld(m->run, r) && r->status < 400 && *r->url && m->n < DAV_COLLS_MAX &&
	        dav_is_collection(r, m->run->base.kind == COLL_CONTACTS))
		*ARR_PUSH(m->urls, m->n, m->cap) = xstrdup(r->url);
	return 0;
}

/* One collection by itself; what cannot be read is added to what is lost. */
static int take_member(struct dav_worker *w, const char *url, struct err *err)
{
	int rc = with_little(w, url, err);

	if (rc == 0 || err_ends(err))
		return rc;
	dav_add_lost(w->run, url, err->text);
	err_clear(err);
	return 0;
}

/*
 * One odd property may spoil the listing of a home: what there is, then each by itself.
 */
static int one_by_one(struct dav_worker *w, const char *url, struct err *err)
{
	static const char *const type[] = {P_TYPE};
	struct members m = {.run = w->run};
	int rc = dav_propfind(w->http, url, 1, type, 1, on_member, &m, NULL, err);

	if (is_unreadable(rc, err) && m.n) { /* what came before it is there */
		dav_add_lost(w->run, url, err->text);
		rc = 0;
	}
	for (size_t i = 0; i < m.n; i++) {
		if (rc == 0 && !dav_is_known(w->run, dav_key(m.urls[i])))
			rc = take_member(w, m.urls[i], err);
		free(m.urls[i]);
	}
	free(m.urls);
	return rc;
}

int dav_enumerate(struct dav_worker *w, const char *url, int depth, struct err *err)
{
	int rc = with_all(w, url, depth, err);

	if (!is_unreadable(rc, err))
		return rc;
	err_clear(err);
	return depth ? one_by_one(w, url, err) : with_little(w, url, err);
}

static int href_cmp(const void *a, const void *b)
{
	const struct davcoll *x = a, *y = b;

	return strcmp(x->coll->href, y->coll->href);
}

/*
 * Twins stand side by side, one that has its name already first, then in the order of
 * their hrefs.
 */
static int twin_cmp(const void *a, const void *b)
{
	const struct davcoll *x = *(struct davcoll *const *)a, *y = *(struct davcoll *const *)b;
	int c = strcmp(x->coll->name, y->coll->name);

	return c ? c : (x > y) - (x < y);
}

/*
 * All but the first of n twins get a number; a name that another collection bears by
 * itself is not taken from it.
 */
static void number_twins(struct davcoll *const *twins, size_t n, char *const *own, size_t n_own)
{
	unsigned number = 2;

	for (size_t i = 1; i < n; i++) {
		struct tree_coll *c = twins[i]->coll;
		char *name = xasprintf("%s_%u", c->name, number++);

		while (FIND(&name, own, n_own, text_by_bytes)) {
			free(name);
			name = xasprintf("%s_%u", c->name, number++);
		}
		free(c->name);
		c->name = name;
	}
}

void dav_name_all(struct dav_run *r, size_t from)
{
	struct davcoll **order = xcalloc(r->n_colls + 1, sizeof *order);
	char **own = xcalloc(r->n_colls + 1, sizeof *own);

	if (r->n_colls > from)
		qsort(r->colls + from, r->n_colls - from, sizeof *r->colls, href_cmp);
	for (size_t i = 0; i < r->n_colls; i++) {
		order[i] = &r->colls[i];
		own[i] = xstrdup(r->colls[i].coll->name);
	}
	if (r->n_colls) {
		SORT(order, r->n_colls, twin_cmp);
		SORT(own, r->n_colls, text_by_bytes);
	}
	for (size_t i = 0, n; i < r->n_colls; i += n) {
		for (n = 1; i + n < r->n_colls && strcmp(own[i], own[i + n]) == 0; n++)
			;
		number_twins(order + i, n, own, r->n_colls);
	}
	texts_free(own, r->n_colls);
	free(order);
}
