/* Properties of a PST's item as frames: octet for octet, but in the forms that bag.h has. */
#include <stdlib.h>
#include <string.h>
#include "outlook/read/pst/pst.h"
#include "valise/base/mem.h"
#include "valise/base/le.h"

enum {
	SEVERAL_MAX = 64 << 20,
	SUBJECT = 0x0037,
	SUBJECT_PREFIX = 0x003d,
	PREFIX_MARK = 0x01, /* MS-PST 2.5.3.1.1.1: a mark and the prefix's length plus one */
};

/* One entry on its way. */
struct entry {
	libpff_record_entry_t *entry;
	uint16_t id, type;
	size_t size;
	struct bag_name *name, named;
	char text[BAG_NAME_MAX + 1];
};

static void take_name(struct entry *e)
{
	libpff_name_to_id_map_entry_t *map = NULL;
	libpff_error_t *error = NULL;
	uint8_t kind = 0;

	/* What the map does not have keeps its number, in a set of zeros. */
	e->name = &e->named;
	memset(&e->named, 0, sizeof e->named);
	e->named.lid = e->id;
	if (libpff_record_entry_get_name_to_id_map_entry(e->entry, &map, &error) == 1 && map &&
	        libpff_name_to_id_map_entry_get_type(map, &kind, &error) == 1 &&
	        libpff_name_to_id_map_entry_get_guid(
	                map, e->named.set, sizeof e->named.set, &error) == 1) {
		size_t n = 0;

		if (kind == LIBPFF_NAME_TO_ID_MAP_ENTRY_TYPE_NUMERIC) {
			if (libpff_name_to_id_map_entry_get_number(map, &e->named.lid, &error) != 1)
				e->named.lid = e->id;
		} else if (libpff_name_to_id_map_entry_get_utf8_string_size(map, &n, &error) == 1 &&
		           n > 1 && n <= sizeof e->text &&
		           libpff_name_to_id_map_entry_get_utf8_string(
		                   map, (uint8_t *)e->text, n, &error) == 1) {
			e->text[n - 1] = '\0';
			if (e->text[0])
				e->named.text = e->text;
		}
	}
	libpff_error_free(&error);
}

static int open_entry(libpff_record_set_t *set, int i, struct entry *e, libpff_error_t **error)
{
	uint32_t id = 0, type = 0;

	memset(e, 0, sizeof *e);
	if (libpff_record_set_get_entry_by_index(set, i, &e->entry, error) != 1 ||
	        libpff_record_entry_get_entry_type(e->entry, &id, error) != 1 ||
	        libpff_record_entry_get_value_type(e->entry, &type, error) != 1 ||
	        libpff_record_entry_get_data_size(e->entry, &e->size, error) != 1)
		return -1;
	e->id = (uint16_t)id;
	e->type = (uint16_t)type;
	if (e->id >= 0x8000)
		take_name(e);
	return id <= UINT16_MAX && type <= UINT16_MAX ? 0 : -1;
}

/* All octets of it, malloc'ed. */
static uint8_t *whole(const struct entry *e, libpff_error_t **error)
{
	uint8_t *p = malloc(e->size + 1);

	if (p && e->size && libpff_record_entry_get_data(e->entry, p, e->size, error) != 1) {
		free(p);
		p = NULL;
	}
	return p;
}

static void send_whole(struct pst *p, const struct entry *e, const uint8_t *data, size_t n)
{
	send_prop(p->to, e->id, e->type, e->name);
	send_data(p->to, data, n);
	send_frame(p->to, FRAME_PROP_END, NULL, 0);
}

static void lost(struct pst *p, const struct entry *e, const char *why)
{
	send_lost(p->to, FRAME_OF_ITEM, "its property 0x%04x: %s", e->id, why);
}

static void send_fixed(struct pst *p, const struct entry *e, libpff_error_t **error)
{
	uint8_t value[16] = {0};
	size_t want = e->type == BAG_BOOLEAN ? 1 : bag_type_size(e->type);
	char why[PST_WHY];

	if (e->size != want)
		lost(p, e, "its length is not that of its type");
	else if (libpff_record_entry_get_data(e->entry, value, sizeof value, error) != 1)
		lost(p, e, pst_why(error, why));
	else
		send_whole(p, e, value, e->type == BAG_BOOLEAN ? 2 : want);
}

static void send_several(struct pst *p, const struct entry *e, libpff_error_t **error)
{
	struct buf out = buf_of(2 * SEVERAL_MAX);
	uint8_t *data = e->size > SEVERAL_MAX ? NULL : whole(e, error);
	char why[PST_WHY];

	if (!data)
		lost(p, e, *error ? pst_why(error, why) : "its values are too large");
	else if (!pst_several(e->type, data, e->size, &out))
		lost(p, e, "its values make no sense");
	else
		send_whole(p, e, out.data, out.len);
	free(data);
	buf_clear(&out);
}

/*
 * Of a subject the store keeps how long "Re: " is, before its text. Everywhere else that is
 * PidTagSubjectPrefix, and so it becomes that.
 */
static void send_subject(struct pst *p, const struct entry *e, libpff_error_t **error)
{
	size_t unit = e->type == BAG_UNICODE ? 2 : 1, skip = 0, prefix;
	uint8_t *data = whole(e, error);
	char why[PST_WHY];

	if (!data) {
		lost(p, e, *error ? pst_why(error, why) : "no memory");
		return;
	}
	if (e->size >= 2 * unit && le_get(data, unit) == PREFIX_MARK) {
		struct entry to = *e;

		skip = 2 * unit;
		prefix = (size_t)le_get(data + unit, unit);
		prefix = prefix ? (prefix - 1) * unit : 0;
		to.id = SUBJECT_PREFIX;
		if (prefix <= e->size - skip)
			send_whole(p, &to, data + skip, prefix);
	}
	send_whole(p, e, data + skip, e->size - skip);
	free(data);
}

/* Octets of any length; of a text without the NUL that some programs put behind it. */
static void send_stream(struct pst *p, const struct entry *e, libpff_error_t **error)
{
	uint8_t *piece = xmalloc(FRAME_MAX);
	size_t unit = e->type == BAG_UNICODE ? 2 : e->type == BAG_STRING8 ? 1 : 0, held = 0;
	uint64_t left = e->size;
	char why[PST_WHY];

	send_prop(p->to, e->id, e->type, e->name);
	if (libpff_record_entry_seek_offset(e->entry, 0, SEEK_SET, error) < 0)
		left = 0;
	while (left) {
		ssize_t n = libpff_record_entry_read_buffer(
		        e->entry, piece + held, FRAME_MAX / 2, error);

		if (n <= 0)
			break;
		left -= MIN((uint64_t)n, left);
		n += (ssize_t)held;
		held = left ? 0 : MIN(unit, (size_t)n);
		send_data(p->to, piece, (size_t)n - held);
		memmove(piece, piece + (size_t)n - held, held);
	}
	if (held && le_get(piece, held) != 0)
		send_data(p->to, piece, held);
	send_frame(p->to, FRAME_PROP_END, NULL, 0);
	if (left || *error)
		lost(p, e, *error ? pst_why(error, why) : "its end is missing");
	free(piece);
}

static void send_entry(struct pst *p, const struct entry *e, libpff_error_t **error)
{
	if (e->type & BAG_MULTIPLE)
		send_several(p, e, error);
	else if (bag_type_size(e->type))
		send_fixed(p, e, error);
	else if (e->id == SUBJECT && (e->type == BAG_UNICODE || e->type == BAG_STRING8))
		send_subject(p, e, error);
	else
		send_stream(p, e, error);
}

int pst_props(struct pst *p, libpff_record_set_t *set, int flags, libpff_error_t **error)
{
	int n = 0;

	if (libpff_record_set_get_number_of_entries(set, &n, error) != 1)
		return -1;
	for (int i = 0; i < n; i++) {
		struct entry e;
		char why[PST_WHY];

		if (open_entry(set, i, &e, error) < 0) {
			send_lost(p->to, FRAME_OF_ITEM, "its property %d of %d: %s", i + 1, n,
			        *error ? pst_why(error, why) : "its id makes no sense");
		} else if (!((flags & PST_ROW) && e.size == 0) &&
		           !((flags & PST_NO_OBJECT) && e.type == BAG_OBJECT)) {
			send_entry(p, &e, error);
		}
		libpff_record_entry_free(&e.entry, error);
		libpff_error_free(error);
	}
	return 0;
}

/* By its id alone: libpff would take a named one with that number, too. */
static bool find_entry(libpff_record_set_t *set, uint16_t id, uint16_t type, struct entry *e)
{
	uint8_t flags = LIBPFF_ENTRY_VALUE_FLAG_IGNORE_NAME_TO_ID_MAP;
	libpff_error_t *error = NULL;
	bool found;

	memset(e, 0, sizeof *e);
	e->id = id;
	e->type = type;
	if (type == 0)
		flags |= LIBPFF_ENTRY_VALUE_FLAG_MATCH_ANY_VALUE_TYPE;
	found = libpff_record_set_get_entry_by_type(set, id, type, &e->entry, flags, &error) == 1 &&
	        libpff_record_entry_get_data_size(e->entry, &e->size, &error) == 1;
	libpff_error_free(&error);
	return found;
}

uint8_t *pst_entry(libpff_record_set_t *set, uint16_t id, uint16_t type, size_t max, size_t *n)
{
	libpff_error_t *error = NULL;
	uint8_t *data = NULL;
	struct entry e;

	if (find_entry(set, id, type, &e) && e.size > 0 && e.size <= max) {
		data = whole(&e, &error);
		*n = e.size;
	}
	libpff_record_entry_free(&e.entry, &error);
	libpff_error_free(&error);
	return data;
}

uint32_t pst_number(libpff_record_set_t *set, uint16_t id, uint32_t otherwise)
{
	size_t n = 0;
	uint8_t *p = pst_entry(set, id, BAG_INT32, 4, &n);

	if (n == 4 && p)
		otherwise = (uint32_t)le_get(p, 4);
	free(p);
	return otherwise;
}

char *pst_text(libpff_record_set_t *set, uint16_t id)
{
	enum { TEXT_MAX = 4096 };
	libpff_error_t *error = NULL;
	char *text = NULL;
	struct entry e;
	size_t n = 0;

	if (find_entry(set, id, 0, &e) && e.size > 0 && e.size <= TEXT_MAX &&
	        libpff_record_entry_get_data_as_utf8_string_size(e.entry, &n, &error) == 1 && n) {
		text = xcalloc(1, n + 1);
		if (libpff_record_entry_get_data_as_utf8_string(
		            e.entry, (uint8_t *)text, n, &error) != 1) {
			free(text);
			text = NULL;
		}
	}
	libpff_record_entry_free(&e.entry, &error);
	libpff_error_free(&error);
	return text;
}
