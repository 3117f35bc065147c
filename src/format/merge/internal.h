#ifndef FORMAT_MERGE_INTERNAL_H
#define FORMAT_MERGE_INTERNAL_H

#include "valise/base/hash.h"
#include "valise/base/textindex.h"
#include "valise/format/merge.h"
#include "format/content/internal.h"

#define MERGE_NONE SIZE_MAX

/* From this local time on the clocks are ${offset} seconds east of UTC. */
struct zone_span {
	int64_t from; /* local seconds since 1970, as if they were UTC */
	int32_t offset;
};
struct zone_spans {
	struct zone_span *list; /* the first one from INT64_MIN on */
	size_t n, cap;
};
/* Of a VTIMEZONE; false: it is not one that can be reckoned with. */
bool zone_spans_of(const struct buf *text, struct zone_spans *out);
/* Do both give the same offsets from ${from} to ${to}, both included? */
bool zone_spans_agree(
        const struct zone_spans *a, const struct zone_spans *b, int64_t from, int64_t to);

/* "20260131T120000" as local seconds; false: it is no date and time. */
bool merge_local_time(const char *s, size_t n, int64_t *out);

struct merge_definition {
	size_t name; /* of its TZID */
	uint8_t sum[SHA256_LEN]; /* of the text */
	struct buf text; /* CRLF */
	struct zone_spans spans;
	bool reckoned; /* the spans are those of the text */
	unsigned says; /* how many changes of the clocks it lists */
	size_t before; /* another one of the name; MERGE_NONE: none */
	size_t zone; /* that it is, MERGE_NONE: none */
};
struct merge_name {
	char *tzid;
	bool known; /* of the tz database */
	size_t first; /* the zone that keeps the name, MERGE_NONE: nobody defines it */
	size_t last; /* definition, MERGE_NONE: none */
	unsigned definitions, suffix; /* suffix: the last number that was used */
};
/* An object's times in one time zone. */
struct merge_use {
	size_t object, name;
	size_t definition; /* MERGE_NONE: the object has none */
	int64_t from, to; /* from > to: no time */
	size_t zone; /* decided; MERGE_NONE: none is defined */
	bool otherwise; /* the zone's offsets are not those of its own definition */
};
struct merge_zone {
	size_t definition;
	char suffix[16]; /* of its name, " (2)", or "" */
	struct buf text;
};

struct merge {
	struct merge_definition *definitions;
	size_t n_definitions, definitions_cap, octets;
	struct merge_name *names;
	size_t n_names, names_cap;
	struct text_index name_index;
	struct merge_use *uses; /* those of an object stand together, in the order of objects */
	size_t n_uses, uses_cap;
	struct merge_zone *zones;
	size_t n_zones, zones_cap;
	size_t *objects; /* the first use of each */
	size_t n_objects, objects_cap;
};

/* What a line of a calendar object belongs to. */
enum merge_kind { MERGE_OWN, MERGE_ZONE, MERGE_COMPONENT };
/*
 * The lines of an object in their order: ${line} says of each what is to be done with it, and
 * ${range} gets its octets with that. A VTIMEZONE begins with a BEGIN of depth 1.
 */
struct merge_walk {
	int (*line)(void *ctx, const struct content_line *l, enum merge_kind kind);
	void (*range)(void *ctx, int done, enum merge_kind kind, const char *s, size_t n);
	void *ctx;
};
/* ERR_DAMAGED: it is not one whole VCALENDAR; nothing was called then. */
int merge_walk(const struct merge_walk *w, const void *p, size_t n, struct err *err) MUST_CHECK;

/* The number of a name, made if it is new. */
size_t merge_name_of(struct merge *m, const char *tzid);

/* Append octets with CRLF line ends, without empty lines; ends with a line end. */
void merge_put_lines(const char *s, size_t n, struct buf *out);
/* Append a line (several folded ones) with ${suffix} behind its TZID parameter. */
void merge_rename_param(const char *s, size_t n, const char *suffix, struct buf *out);
/* Append a VTIMEZONE with ${suffix} behind its TZID. */
void merge_rename_zone(const struct buf *text, const char *suffix, struct buf *out);

#endif
