/*
 * The mailbox itself: CREATE (RFC 3501 6.3.3, RFC 6154), its parents where the server
 * wants them, SUBSCRIBE.
 */
#include <stdlib.h>
#include <string.h>
#include "run.h"

static int create_one(
        struct worker *w, const void *name, size_t n, const char *use, struct err *err)
{
	int rc = imap_create(w->conn.m, name, n, use, err);

	/* [USEATTR] */
	if (rc == ERR_REFUSED && use)
		rc = imap_create(w->conn.m, name, n, NULL, err);
	return rc;
}

/* Most servers make the levels above by themselves. */
static int create_parents(struct worker *w, const struct map_entry *e, struct err *err)
{
	char delimiter = w->run->plan.there.delimiter;
	size_t from = strlen(w->run->plan.there.prefix ? w->run->plan.there.prefix : "");

	for (size_t i = from + 1; delimiter && i + 1 < e->raw_len; i++) {
		int rc;

		if (e->raw[i] != (uint8_t)delimiter)
			continue;
		rc = imap_create(w->conn.m, e->raw, i, NULL, err);
		if (imap_conn_broke(&w->conn, rc))
			return rc;
	}
	return 0;
}

/* Where the name itself is refused, once more with the levels above it made. */
static int create_with_parents(struct worker *w, struct map_entry *e, struct err *err)
{
	struct err first;
	int rc = create_one(w, e->raw, e->raw_len, e->special_use, err);

	if (rc != ERR_REFUSED)
		return rc;
	first = *err;
	rc = create_parents(w, e, err);
	if (rc == 0)
		rc = create_one(w, e->raw, e->raw_len, e->special_use, err);
	if (rc == ERR_REFUSED)
		*err = first;
	return rc;
}

/* What became of a name that the target should have. */
enum name_is { NAME_THERE, NAME_ADOPTED, NAME_TWIN, NAME_UNKNOWN };

/*
 * Servers fold case, compose characters, drop blanks: the name then is not listed, and
 * may be another mailbox's.
 */
static enum name_is look_at_name(
        struct run *r, struct map_entry *e, const struct imap_mailbox *list, size_t n)
{
	size_t i = (size_t)(e - r->plan.map);
	enum name_is is = NAME_UNKNOWN;

	if (map_listed(list, n, e->raw, e->raw_len))
		return NAME_THERE;
	pthread_mutex_lock(&r->workers.lock);
	if (map_adopt(r->plan.map, r->plan.n_map, i, list, n, &r->plan.there))
		is = NAME_ADOPTED;
	else if (map_has_twin(r->plan.map, r->plan.n_map, i))
		is = NAME_TWIN;
	pthread_mutex_unlock(&r->workers.lock);
	return is;
}

/* The substitute of this level; false: it changes nothing. */
static bool soften_name(struct run *r, struct map_entry *e, unsigned level)
{
	bool other;

	pthread_mutex_lock(&r->workers.lock);
	other = map_soften(
	        r->plan.map, r->plan.n_map, (size_t)(e - r->plan.map), &r->plan.there, level);
	pthread_mutex_unlock(&r->workers.lock);
	return other;
}

/*
 * The server has made a substitute (${rc} 0), or says that there is a mailbox which it
 * did not list (ERR_EXISTS): is it ours? If it is another one in the eyes of the server,
 * the name counts as refused.
 */
static int check_one(struct worker *w, struct map_entry *e, int rc, struct err *err)
{
	struct imap_mailbox *list = NULL;
	size_t n = 0;
	enum name_is is;
	int listed = imap_list(w->conn.m, false, &list, &n, err);

	if (listed < 0)
		return listed;
	is = look_at_name(w->run, e, list, n);
	imap_list_free(list, n);
	if (is == NAME_TWIN)
		return err_set(err, ERR_REFUSED, ERR_COLLECTION,
		        "the target takes the name for that of another mailbox");
	return rc;
}

/* What the server made under a substitute, or says to have, is looked at. */
static int create_checked(struct worker *w, struct map_entry *e, struct err *err)
{
	int rc = create_with_parents(w, e, err);

	return rc == ERR_EXISTS || (rc == 0 && e->why) ? check_one(w, e, rc, err) : rc;
}

/*
 * A name that is refused, or another mailbox's in the eyes of the server, gives way to a
 * substitute.
 */
static int create_soft(struct worker *w, struct map_entry *e, struct err *err)
{
	char *before = xstrdup(e->shown);
	int rc = create_checked(w, e, err);
	struct err first = *err;

	for (unsigned level = 1; level <= MAP_LEVELS && rc == ERR_REFUSED; level++)
		if (soften_name(w->run, e, level))
			rc = create_checked(w, e, err);
	if (rc == ERR_REFUSED) {
		soften_name(w->run, e, 0);
		*err = first;
	} else if (strcmp(before, e->shown) != 0) {
		say_mapping(w->run, e);
	}
	free(before);
	return rc;
}

/*
 * A \Noselect leaf: RFC 3501 6.3.3 has the trailing delimiter for a name that is only to
 * hold others.
 */
static int create_noselect(struct worker *w, struct map_entry *e, struct err *err)
{
	char delimiter = w->run->plan.there.delimiter;
	uint8_t *name;
	int rc = ERR_REFUSED;

	if (delimiter) {
		name = xmalloc(e->raw_len + 1);
		memcpy(name, e->raw, e->raw_len);
		name[e->raw_len] = (uint8_t)delimiter;
		rc = imap_create(w->conn.m, name, e->raw_len + 1, NULL, err);
		free(name);
	}
	return rc == ERR_REFUSED ? create_soft(w, e, err) : rc;
}

/* CREATE and SUBSCRIBE, each only where it is needed. */
static int make_once(
        struct worker *w, struct map_entry *e, struct target_result *sum, struct err *err)
{
	int rc = 0;

	if (!e->exists && !e->implied) {
		rc = e->head->attrs & ATTR_NOSELECT ? create_noselect(w, e, err)
		                                    : create_soft(w, e, err);
		if (rc == 0)
			sum->collections_made++;
		if (rc == ERR_EXISTS)
			rc = 0;
		if (rc < 0)
			return rc;
		e->exists = !(e->head->attrs & ATTR_NOSELECT);
	}
	if (e->show && !e->subscribed) {
		rc = imap_subscribe(w->conn.m, e->raw, e->raw_len, err);
		if (rc < 0 && rc != ERR_STOPPED && rc != ERR_THROTTLED && imap_alive(w->conn.m))
			rc = ERR_REFUSED;
		e->subscribed = rc == 0 || rc == ERR_REFUSED;
	}
	if (rc == ERR_REFUSED && e->subscribed) { /* which costs no message its place */
		progress_say(w->run->progress, SAY_NOTE,
		        "%s: it cannot be subscribed, so mail programs may not show it: %s",
		        e->shown, err->text);
		rc = 0;
	}
	return rc;
}

int box_make(struct worker *w, struct map_entry *e, struct target_result *sum, struct err *err)
{
	struct attempts a = {.limit = ATTEMPTS};
	int rc;

	do {
		rc = imap_conn_ready(&w->conn, err);
		if (rc < 0)
			return rc;
		rc = make_once(w, e, sum, err);
	} while (imap_conn_retry(&w->conn, &a, &rc, NULL, err));
	return rc;
}

/* Is what was made there under the name that it was given? */
static int check_made(struct run *r, struct imap *m, struct err *err)
{
	struct imap_mailbox *list = NULL;
	size_t n = 0;
	int rc = imap_list(m, false, &list, &n, err);

	for (size_t i = 0; i < r->plan.n_map && rc == 0; i++) {
		struct map_entry *e = &r->plan.map[i];
		enum name_is is = e->fresh ? look_at_name(r, e, list, n) : NAME_THERE;

		if (is == NAME_ADOPTED) {
			e->fresh = !map_listed(r->plan.list, r->plan.n_list, e->raw, e->raw_len);
			say_mapping(r, e);
		}
		if (is == NAME_TWIN &&
		        (soften_name(r, e, MAP_PLAIN) || soften_name(r, e, MAP_NUMBERED))) {
			e->exists = e->fresh = e->subscribed = false;
			r->outcome.sum.collections_made--;
			say_mapping(r, e);
		}
	}
	imap_list_free(list, n);
	return rc;
}

int make_all(struct run *r, struct imap *m, struct err *err)
{
	struct imap_make *list = xcalloc(r->plan.n_map ? r->plan.n_map : 1, sizeof *list);
	size_t *entry = xcalloc(r->plan.n_map ? r->plan.n_map : 1, sizeof *entry), n = 0, made = 0;
	int rc;

	for (size_t i = 0; i < r->plan.n_map; i++) {
		struct map_entry *e = &r->plan.map[i];
		bool plain = !e->implied && !(e->head->attrs & ATTR_NOSELECT);
		bool subscribe = e->show && !e->subscribed;

		if (!r->plan.selected[i] || !plain || (e->exists && !subscribe))
			continue;
		entry[n] = i;
		list[n++] = (struct imap_make){.name = e->raw,
		        .name_len = e->raw_len,
		        .special_use = e->special_use,
		        .create = !e->exists,
		        .subscribe = subscribe};
	}
	rc = imap_make_many(m, list, n, err);
	for (size_t i = 0; i < n; i++) {
		struct map_entry *e = &r->plan.map[entry[i]];

		e->exists |= list[i].created;
		e->fresh = list[i].created;
		e->subscribed |= list[i].subscribed;
		r->outcome.sum.collections_made += list[i].created;
		made += list[i].created;
	}
	if (rc == 0 && made)
		rc = check_made(r, m, err);
	free(list);
	free(entry);
	return rc < 0 && err->code == ERR_STOPPED ? rc : 0;
}
