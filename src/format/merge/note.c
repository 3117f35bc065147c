/* The first reading: which time zones an object defines, and for which times it needs them. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "internal.h"

enum {
	DEFINITIONS_MAX = 5000,
	OF_NAME_MAX = 256, /* definitions of one name */
	OCTETS_MAX = 16 << 20, /* of all definitions */
	NAME_MAX_LEN = 1024,
};

/* Of one object. */
struct seen_zone {
	char *tzid;
	struct buf text;
	unsigned says;
};
struct seen_use {
	char *tzid;
	int64_t from, to;
};
struct noting {
	struct seen_zone *zones;
	size_t n_zones, zones_cap;
	struct seen_use *uses;
	size_t n_uses, uses_cap;
	int64_t until; /* of its recurrences; INT64_MIN: none */
};

static void free_noting(struct noting *k)
{
	for (size_t i = 0; i < k->n_zones; i++) {
		free(k->zones[i].tzid);
		buf_clear(&k->zones[i].text);
	}
	for (size_t i = 0; i < k->n_uses; i++)
		free(k->uses[i].tzid);
	free(k->zones);
	free(k->uses);
}

static struct seen_use *use_of(struct noting *k, const char *tzid)
{
	struct seen_use *u;

	for (size_t i = 0; i < k->n_uses; i++)
		if (strcmp(k->uses[i].tzid, tzid) == 0)
			return &k->uses[i];
	u = ARR_PUSH(k->uses, k->n_uses, k->uses_cap);
	*u = (struct seen_use){xstrdup(tzid), INT64_MAX, INT64_MIN};
	return u;
}

/* Each time of the value: lists of times and of periods. */
static void note_times(struct seen_use *u, const char *s, size_t n)
{
	for (size_t i = 0, len; i < n; i += len + 1) {
		int64_t when;

		len = 0;
		while (i + len < n && s[i + len] != ',' && s[i + len] != '/')
			len++;
		if (!merge_local_time(s + i, len, &when))
			continue;
		u->from = MIN(u->from, when);
		u->to = MAX(u->to, when);
	}
}

/* The end of a rule, with a day for what its zone may be. */
static void note_rule(struct noting *k, const char *rule)
{
	const char *until = strcasestr(rule, "UNTIL=");
	int64_t when;

	if (!until || !merge_local_time(until + 6, strcspn(until + 6, ";"), &when))
		when = INT64_MAX - 86400;
	k->until = MAX(k->until, when + 86400);
}

static void note_zone_line(struct noting *k, const struct content_line *l)
{
	struct seen_zone *z;

	if (l->depth == 1 && strcmp(l->name, "BEGIN") == 0) {
		z = ARR_PUSH(k->zones, k->n_zones, k->zones_cap);
		z->text = buf_of(SIZE_MAX);
		return;
	}
	if (!k->n_zones)
		return;
	z = &k->zones[k->n_zones - 1];
	if (l->depth == 2 && strcmp(l->name, "TZID") == 0 && !z->tzid) {
		struct buf text = buf_of(SIZE_MAX);

		content_unescape(l->value, l->value_len, &text);
		z->tzid = buf_take(&text);
	}
	z->says += l->depth == 2 && strcmp(l->name, "BEGIN") == 0;
	if (strcmp(l->name, "RDATE") == 0)
		for (size_t i = 0; i < l->value_len; i++)
			z->says += i == 0 || l->value[i] == ',';
}

static int on_line(void *ctx, const struct content_line *l, enum merge_kind kind)
{
	struct noting *k = ctx;
	const char *tzid = content_param(l, "TZID");

	if (kind == MERGE_ZONE)
		note_zone_line(k, l);
	if (kind != MERGE_COMPONENT)
		return 0;
	if (tzid)
		note_times(use_of(k, tzid), l->value, l->value_len);
	else if (strcmp(l->name, "RRULE") == 0)
		note_rule(k, l->value);
	return 0;
}

static void on_range(void *ctx, int done, enum merge_kind kind, const char *s, size_t n)
{
	struct noting *k = ctx;

	(void)done;
	if (kind == MERGE_ZONE && k->n_zones)
		merge_put_lines(s, n, &k->zones[k->n_zones - 1].text);
}

size_t merge_name_of(struct merge *m, const char *tzid)
{
	size_t cursor = 0, at;

	while ((at = text_index_next(&m->name_index, tzid, &cursor)) != SIZE_MAX)
		if (strcmp(m->names[at].tzid, tzid) == 0)
			return at;
	*ARR_PUSH(m->names, m->n_names, m->names_cap) = (struct merge_name){.tzid = xstrdup(tzid),
	        .known = content_known_zone(tzid),
	        .first = MERGE_NONE,
	        .last = MERGE_NONE};
	text_index_add(&m->name_index, tzid, m->n_names - 1);
	return m->n_names - 1;
}

/* The definition that is in the object, if it was met before. */
static size_t find_definition(const struct merge *m, size_t name, const uint8_t sum[SHA256_LEN])
{
	size_t i = m->names[name].last;

	while (i != MERGE_NONE && memcmp(m->definitions[i].sum, sum, SHA256_LEN) != 0)
		i = m->definitions[i].before;
	return i;
}

static size_t add_definition(struct merge *m, size_t name, struct seen_zone *z)
{
	struct merge_definition *d;
	uint8_t sum[SHA256_LEN];
	size_t at;

	sha256_of(z->text.data, z->text.len, sum);
	at = find_definition(m, name, sum);
	if (at != MERGE_NONE)
		return at;
	d = ARR_PUSH(m->definitions, m->n_definitions, m->definitions_cap);
	d->name = name;
	memcpy(d->sum, sum, SHA256_LEN);
	d->text = buf_of(SIZE_MAX);
	buf_put(&d->text, z->text.data, z->text.len);
	d->says = z->says;
	d->zone = MERGE_NONE;
	d->before = m->names[name].last;
	m->octets += z->text.len;
	m->names[name].last = m->n_definitions - 1;
	m->names[name].definitions++;
	return m->n_definitions - 1;
}

/* Room for what the object may add, at the worst. */
static int check_room(const struct merge *m, const struct noting *k, struct err *err)
{
	size_t octets = m->octets;

	for (size_t i = 0; i < k->n_zones; i++) {
		size_t cursor = 0, at;
		const char *tzid = k->zones[i].tzid;

		octets += k->zones[i].text.len;
		if (!tzid || strlen(tzid) > NAME_MAX_LEN)
			return err_set(err, ERR_DAMAGED, ERR_ITEM,
			        "it has a VTIMEZONE without TZID, or with one that is too long");
		while ((at = text_index_next(&m->name_index, tzid, &cursor)) != SIZE_MAX)
			if (strcmp(m->names[at].tzid, tzid) == 0 &&
			        m->names[at].definitions >= OF_NAME_MAX)
				return err_set(err, ERR_LIMIT, ERR_ITEM,
				        "the time zone %.100s is defined in more than %d ways",
				        tzid, OF_NAME_MAX);
	}
	if (octets > OCTETS_MAX || m->n_definitions + k->n_zones > DEFINITIONS_MAX)
		return err_set(err, ERR_LIMIT, ERR_ITEM,
		        "there are more definitions of time zones than are held");
	for (size_t i = 0; i < k->n_uses; i++)
		if (strlen(k->uses[i].tzid) > NAME_MAX_LEN)
			return err_set(
			        err, ERR_LIMIT, ERR_ITEM, "the name of a time zone is too long");
	return 0;
}

static void add_uses(struct merge *m, struct noting *k)
{
	for (size_t i = 0; i < k->n_zones; i++)
		(void)use_of(k, k->zones[i].tzid);
	for (size_t i = 0; i < k->n_uses; i++) {
		const struct seen_use *u = &k->uses[i];
		size_t name = merge_name_of(m, u->tzid), definition = MERGE_NONE;

		for (size_t j = 0; j < k->n_zones && definition == MERGE_NONE; j++)
			if (strcmp(k->zones[j].tzid, u->tzid) == 0)
				definition = add_definition(m, name, &k->zones[j]);
		*ARR_PUSH(m->uses, m->n_uses, m->uses_cap) =
		        (struct merge_use){.object = m->n_objects - 1,
		                .name = name,
		                .definition = definition,
		                .from = u->from,
		                .to = u->from > u->to ? u->to : MAX(u->to, k->until),
		                .zone = MERGE_NONE};
	}
}

int merge_note(struct merge *m, const void *p, size_t n, size_t *object_out, struct err *err)
{
	struct noting k = {.until = INT64_MIN};
	const struct merge_walk walk = {on_line, on_range, &k};
	int rc = merge_walk(&walk, p, n, err);

	if (rc == 0)
		rc = check_room(m, &k, err);
	if (rc == 0) {
		*ARR_PUSH(m->objects, m->n_objects, m->objects_cap) = m->n_uses;
		*object_out = m->n_objects - 1;
		add_uses(m, &k);
	}
	free_noting(&k);
	return rc;
}
