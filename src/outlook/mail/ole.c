/*
 * What an OLE object holds: a compound file (MS-CFB) whose streams say what put it there
 * (MS-OLEDS 2.3). Read from memory; nothing is believed that does not lie within it.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/le.h"
#include "outlook/mail/mail.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/header.h"

enum {
	HEADER_SIZE = 512,
	DIFAT_IN_HEADER = 109,
	ENTRY_SIZE = 128,
	ENTRIES_MAX = 4096,
	NAME_UNITS = 32,
};
#define END_OF_CHAIN 0xfffffffeu

struct cfb {
	const uint8_t *p;
	size_t n, sector, mini, cutoff;
	struct buf fat, mini_fat, mini_stream, entries;
};

/* Sector ${i}, or NULL; the last one may be cut short: *n_out. */
static const uint8_t *sector_at(const struct cfb *c, uint32_t i, size_t *n_out)
{
	uint64_t at = ((uint64_t)i + 1) * c->sector;

	if (at >= c->n)
		return NULL;
	*n_out = MIN(c->sector, c->n - (size_t)at);
	return c->p + at;
}

/* What follows sector ${i} in a table of 32-bit numbers. */
static uint32_t follower(const struct buf *table, uint32_t i)
{
	return (uint64_t)i * 4 + 4 <= table->len ? le32(table->data + (size_t)i * 4) : END_OF_CHAIN;
}

/* A chain of sectors, up to ${max} octets; false: it leads nowhere, or in a circle. */
static bool take_chain(const struct cfb *c, uint32_t i, size_t max, struct buf *out)
{
	size_t steps = c->n / c->sector + 1;

	while (i < END_OF_CHAIN && out->len < max) {
		size_t n = 0;
		const uint8_t *p = sector_at(c, i, &n);

		if (!p || steps-- == 0)
			return false;
		buf_put(out, p, MIN(n, max - out->len));
		i = follower(&c->fat, i);
	}
	return true;
}

static bool take_mini_chain(const struct cfb *c, uint32_t i, size_t max, struct buf *out)
{
	size_t steps = c->mini_stream.len / c->mini + 1;

	while (i < END_OF_CHAIN && out->len < max) {
		uint64_t at = (uint64_t)i * c->mini;

		if (at >= c->mini_stream.len || steps-- == 0)
			return false;
		buf_put(out, c->mini_stream.data + at,
		        MIN(MIN(c->mini, c->mini_stream.len - (size_t)at), max - out->len));
		i = follower(&c->mini_fat, i);
	}
	return true;
}

/* The FAT: its sectors are listed in the header, and in sectors that form a list. */
static bool take_fat(struct cfb *c)
{
	uint32_t next = le32(c->p + 68);
	size_t steps = c->n / c->sector + 1, n = 0;

	for (size_t i = 0; i < DIFAT_IN_HEADER; i++) {
		const uint8_t *p = sector_at(c, le32(c->p + 76 + 4 * i), &n);

		if (p && c->fat.len < c->n)
			buf_put(&c->fat, p, n);
	}
	while (next < END_OF_CHAIN && steps--) {
		const uint8_t *list = sector_at(c, next, &n);

		if (!list || n < c->sector)
			return false;
		for (size_t k = 0; k + 4 < c->sector; k += 4) {
			size_t got = 0;
			const uint8_t *p = sector_at(c, le32(list + k), &got);

			if (p && c->fat.len < c->n)
				buf_put(&c->fat, p, got);
		}
		next = le32(list + c->sector - 4);
	}
	return c->fat.len > 0;
}

static const uint8_t *entry_at(const struct cfb *c, size_t i)
{
	return c->entries.data + i * ENTRY_SIZE;
}

static bool cfb_open(struct cfb *c, const uint8_t *p, size_t n)
{
	static const uint8_t magic[] = {0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1};
	uint32_t shift, mini;

	memset(c, 0, sizeof *c);
	buf_init(&c->fat, SIZE_MAX);
	buf_init(&c->mini_fat, SIZE_MAX);
	buf_init(&c->mini_stream, SIZE_MAX);
	buf_init(&c->entries, SIZE_MAX);
	if (n < HEADER_SIZE || memcmp(p, magic, sizeof magic) != 0)
		return false;
	shift = le16(p + 30);
	mini = le16(p + 32);
	if ((shift != 9 && shift != 12) || mini != 6)
		return false;
	c->p = p;
	c->n = n;
	c->sector = (size_t)1 << shift;
	c->mini = (size_t)1 << mini;
	c->cutoff = le32(p + 56);
	if (!take_fat(c) ||
	        !take_chain(c, le32(p + 48), (size_t)ENTRIES_MAX * ENTRY_SIZE, &c->entries) ||
	        c->entries.len < ENTRY_SIZE)
		return false;
	return take_chain(c, le32(p + 60), n, &c->mini_fat) &&
	       take_chain(c, le32(entry_at(c, 0) + 116), n, &c->mini_stream);
}

static void cfb_close(struct cfb *c)
{
	buf_clear(&c->fat);
	buf_clear(&c->mini_fat);
	buf_clear(&c->mini_stream);
	buf_clear(&c->entries);
}

/* The stream of that name, in ASCII, wherever it lies; false: none. */
static bool cfb_stream(const struct cfb *c, const char *name, struct buf *out)
{
	size_t len = strlen(name);

	for (size_t i = 0; (i + 1) * ENTRY_SIZE <= c->entries.len; i++) {
		const uint8_t *e = entry_at(c, i);
		uint64_t size = le32(e + 120);
		bool same = e[66] == 2 && le16(e + 64) == 2 * (len + 1) && len < NAME_UNITS;

		for (size_t k = 0; same && k < len; k++)
			same = text_is((const char *)e + 2 * k, 1, (char[]){name[k], '\0'}) &&
			       e[2 * k + 1] == 0;
		if (!same || size > c->n)
			continue;
		buf_reset(out);
		return size < c->cutoff ? take_mini_chain(c, le32(e + 116), (size_t)size, out)
		                        : take_chain(c, le32(e + 116), (size_t)size, out);
	}
	return false;
}

/* ---- what the streams mean ---- */

static char *text_of(const uint8_t *p, size_t n)
{
	struct buf raw = buf_of(SIZE_MAX), out = buf_of(SIZE_MAX);

	buf_fill(&raw, p, n);
	charset_to_utf8("WINDOWS-1252", &raw, &out);
	buf_clear(&raw);
	return buf_take(&out);
}

/* A text up to its NUL; *at moves behind it. False: it has no end. */
static bool pass_text(const uint8_t *p, size_t n, size_t *at, size_t *len_out)
{
	const uint8_t *nul = *at < n ? memchr(p + *at, 0, n - *at) : NULL;

	if (!nul)
		return false;
	*len_out = (size_t)(nul - p) - *at;
	*at += *len_out + 1;
	return true;
}

/*
 * The stream of the packager, MS-OLEDS 2.3.6: size, type, label, path, ..., the path again with
 * its length, the file with its length.
 */
static bool read_package(const uint8_t *p, size_t n, struct mail_ole *out)
{
	size_t at = 6, label, len, from, size;
	char *name;

	if (n < 6 || le16(p + 4) != 2)
		return false;
	from = at;
	if (!pass_text(p, n, &at, &label) || !pass_text(p, n, &at, &len) || at + 8 > n)
		return false;
	at += 4; /* of flags */
	len = le32(p + at);
	at += 4;
	if (len > n - at || n - at - len < 4)
		return false;
	at += len;
	size = le32(p + at);
	at += 4;
	if (size > n - at)
		return false;
	buf_put(&out->octets, p + at, size);
	name = text_of(p + from, label);
	out->name = xstrdup(strrchr(name, '\\') ? strrchr(name, '\\') + 1 : name);
	free(name);
	out->type = mail_type_of(out->name) ? mail_type_of(out->name) : "application/octet-stream";
	return true;
}

/* Octets without a name, by what they begin with. */
static void name_octets(struct mail_ole *out)
{
	static const struct {
		const char *begin;
		size_t n;
		const char *type, *name;
	} kinds[] = {
	        {"%PDF", 4, "application/pdf", "object.pdf"},
	        {"BM", 2, "image/bmp", "picture.bmp"},
	        {"\x89PNG", 4, "image/png", "picture.png"},
	        {"GIF8", 4, "image/gif", "picture.gif"},
	        {"\xff\xd8\xff", 3, "image/jpeg", "picture.jpg"},
	        {"\xd7\xcd\xc6\x9a", 4, "image/wmf", "picture.wmf"},
	        {"PK\x03\x04", 4, "application/zip", "object.zip"},
	};

	out->type = "application/octet-stream";
	free(out->name);
	out->name = xstrdup("object.bin");
	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (out->octets.len < kinds[i].n ||
		        memcmp(out->octets.data, kinds[i].begin, kinds[i].n) != 0)
			continue;
		out->type = kinds[i].type;
		free(out->name);
		out->name = xstrdup(kinds[i].name);
		return;
	}
}

/* A picture without the header of its file: BITMAPINFOHEADER (MS-WMF 2.2.2.3). */
static void frame_bitmap(struct mail_ole *out)
{
	struct buf file = buf_of(SIZE_MAX);
	const uint8_t *p = out->octets.data;
	uint32_t n = (uint32_t)out->octets.len, colors, at, bits;
	uint8_t head[14] = {'B', 'M'};

	if (n < 40 || le32(p) != 40 || le16(p + 12) != 1)
		return;
	bits = le16(p + 14);
	colors = le32(p + 32);
	if (colors == 0 && bits <= 8)
		colors = 1u << bits;
	if (colors > 256)
		colors = 0;
	at = 14 + 40 + 4 * colors + (le32(p + 16) == 3 ? 12 : 0);
	for (size_t i = 0; i < 4; i++) {
		head[2 + i] = (uint8_t)((n + 14) >> 8 * i);
		head[10 + i] = (uint8_t)(at >> 8 * i);
	}
	buf_put(&file, head, sizeof head);
	buf_put(&file, p, n);
	buf_swap(&out->octets, &file);
	buf_clear(&file);
}

/* A document whose streams are at the top of the storage is a file of its program as it is. */
static bool is_document(const struct cfb *c, struct mail_ole *out)
{
	static const struct {
		const char *stream, *type, *name;
	} programs[] = {
	        {"WordDocument", "application/msword", "object.doc"},
	        {"Workbook", "application/vnd.ms-excel", "object.xls"},
	        {"Book", "application/vnd.ms-excel", "object.xls"},
	        {"PowerPoint Document", "application/vnd.ms-powerpoint", "object.ppt"},
	        {"VisioDocument", "application/vnd.visio", "object.vsd"},
	        {"__properties_version1.0", "application/vnd.ms-outlook", "object.msg"},
	};

	for (size_t i = 0; i < COUNT(programs); i++) {
		if (!cfb_stream(c, programs[i].stream, &out->octets))
			continue;
		buf_reset(&out->octets);
		out->whole = true;
		out->type = programs[i].type;
		out->name = xstrdup(programs[i].name);
		return true;
	}
	return false;
}

static bool read_streams(const struct cfb *c, struct mail_ole *out)
{
	static const char *const plain[] = {"Package", "CONTENTS"};
	struct buf native = buf_of(SIZE_MAX);
	bool found = cfb_stream(c, "\001Ole10Native", &native);

	if (found && !read_package(native.data, native.len, out)) {
		/* of a program before OLE 2: its octets behind their length */
		found = native.len > 4;
		if (found) {
			buf_put(&out->octets, native.data + 4, native.len - 4);
			frame_bitmap(out);
			name_octets(out);
		}
	}
	buf_clear(&native);
	if (found || is_document(c, out))
		return true;
	for (size_t i = 0; i < COUNT(plain); i++) {
		if (!cfb_stream(c, plain[i], &out->octets) || out->octets.len == 0)
			continue;
		frame_bitmap(out);
		name_octets(out);
		return true;
	}
	return false;
}

bool mail_ole_read(const uint8_t *p, size_t n, struct mail_ole *out)
{
	struct cfb c;
	bool found;

	memset(out, 0, sizeof *out);
	buf_init(&out->octets, SIZE_MAX);
	found = cfb_open(&c, p, n) && read_streams(&c, out);
	cfb_close(&c);
	if (!found)
		mail_ole_clear(out);
	return found;
}

void mail_ole_clear(struct mail_ole *o)
{
	buf_clear(&o->octets);
	free(o->name);
	o->name = NULL;
}
