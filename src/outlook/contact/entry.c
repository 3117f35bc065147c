/* Entry ids of address books (MS-OXCDATA 2.2.5, MS-OXOCNTC 2.2.2.2.4.1.1). */
#include "valise/base/le.h"
#include "outlook/contact/entry.h"
#include "outlook/wide.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/buf.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/format/header.h"

enum {
	TEXT_CAP = 65536,
	HEAD = 20, /* flags and provider, of every entry id */
	WRAPPED_HEAD = 21, /* and the type of what is wrapped */
	ONE_OFF_HEAD = 24, /* and version and flags */
	EXCHANGE_HEAD = 28, /* and version and type */
	CONTACT_HEAD = 36, /* and version, type, index, length */
};

static const uint8_t one_off[16] = {0x81, 0x2b, 0x1f, 0xa4, 0xbe, 0xa3, 0x10, 0x19, 0x9d, 0x6e,
        0x00, 0xdd, 0x01, 0x0f, 0x54, 0x02};
static const uint8_t exchange[16] = {0xdc, 0xa7, 0x40, 0xc8, 0xc0, 0x42, 0x10, 0x1a, 0xb4, 0xb9,
        0x08, 0x00, 0x2b, 0x2f, 0xe1, 0x82};
static const uint8_t wrapped[16] = {0xc0, 0x91, 0xad, 0xd3, 0x51, 0x9d, 0xcf, 0x11, 0xa4, 0xa9,
        0x00, 0xaa, 0x00, 0x47, 0xfa, 0xa4};
static const uint8_t contact[16] = {0xfe, 0x42, 0xaa, 0x0a, 0x18, 0xc7, 0x1a, 0x10, 0xe8, 0x85,
        0x0b, 0x65, 0x1c, 0x24, 0x00, 0x00};

/* UTF-16LE up to its NUL or the end; *p goes behind it. */
static char *wide_text(const uint8_t **p, const uint8_t *end)
{
	struct buf out = buf_of(TEXT_CAP);
	char utf8[4];

	while (end - *p >= 2) {
		uint32_t point = le16(*p);

		*p += 2;
		if (!point)
			break;
		if (point >= 0xd800 && point < 0xdc00 && end - *p >= 2 &&
		        (le16(*p) & 0xfc00) == 0xdc00) {
			point = 0x10000 + ((point & 0x3ff) << 10) + (le16(*p) & 0x3ff);
			*p += 2;
		} else if (point >= 0xd800 && point < 0xe000) {
			point = 0xfffd;
		}
		buf_fill(&out, utf8, utf8_put(point, utf8));
	}
	return buf_take(&out);
}

static char *narrow_text(const uint8_t **p, const uint8_t *end, const char *charset)
{
	size_t n = strnlen((const char *)*p, (size_t)(end - *p));
	struct buf raw = buf_of(TEXT_CAP), out = buf_of(4 * TEXT_CAP + 16);
	char *text;

	buf_fill(&raw, *p, n);
	if (utf8_valid(buf_str(&raw), raw.len))
		buf_put(&out, raw.data, raw.len);
	else
		charset_to_utf8(charset ? charset : "WINDOWS-1252", &raw, &out);
	*p += n + (*p + n < end);
	text = utf8_valid(buf_str(&out), out.len) ? buf_take(&out) : NULL;
	buf_clear(&raw);
	buf_clear(&out);
	return text;
}

static void read_one_off(const uint8_t *p, size_t n, const char *charset, struct entry *out)
{
	const uint8_t *end = p + n, *at = p + ONE_OFF_HEAD;
	bool is_wide = p[23] & 0x80;
	char **texts[] = {&out->name, &out->type, &out->address};

	out->kind = ENTRY_ONE_OFF;
	for (size_t i = 0; i < COUNT(texts); i++)
		*texts[i] = is_wide ? wide_text(&at, end) : narrow_text(&at, end, charset);
}

/* A whole entry id within: what is in it is not wrapped once more. */
static void read_wrapped(const uint8_t *p, size_t n, const char *charset, struct entry *out)
{
	unsigned kind = p[HEAD] & 15;

	if (kind == 0 || kind == 5 || kind == 6) {
		if (n - WRAPPED_HEAD < HEAD || memcmp(p + WRAPPED_HEAD + 4, wrapped, 16) != 0)
			entry_read(p + WRAPPED_HEAD, n - WRAPPED_HEAD, charset, out);
		return;
	}
	if (kind != 3 && kind != 4)
		return;
	out->kind = kind == 3 ? ENTRY_CONTACT : ENTRY_LIST;
	out->store_entry = p + WRAPPED_HEAD;
	out->store_entry_len = n - WRAPPED_HEAD;
}

/* MS-OXCDATA 2.2.5.3, 2.2.5.4: an address of a contact, or a list, in Outlook's address book. */
static void read_contact(const uint8_t *p, size_t n, struct entry *out)
{
	size_t len = le32(p + 32);

	out->kind = le32(p + 24) == 5 ? ENTRY_LIST : ENTRY_CONTACT;
	out->store_entry = p + CONTACT_HEAD;
	out->store_entry_len = MIN(len, n - CONTACT_HEAD);
}

void entry_read(const uint8_t *p, size_t n, const char *charset, struct entry *out)
{
	const uint8_t *provider = p + 4;

	*out = (struct entry){0};
	if (n >= ONE_OFF_HEAD && memcmp(provider, one_off, 16) == 0) {
		read_one_off(p, n, charset, out);
	} else if (n > EXCHANGE_HEAD && memcmp(provider, exchange, 16) == 0) {
		p += EXCHANGE_HEAD;
		out->kind = ENTRY_EXCHANGE;
		out->type = xstrdup("EX");
		out->address = narrow_text(&p, p + (n - EXCHANGE_HEAD), charset);
	} else if (n > WRAPPED_HEAD && memcmp(provider, wrapped, 16) == 0) {
		read_wrapped(p, n, charset, out);
	} else if (n > CONTACT_HEAD && memcmp(provider, contact, 16) == 0) {
		read_contact(p, n, out);
	}
}

void entry_clear(struct entry *e)
{
	free(e->name);
	free(e->type);
	free(e->address);
	*e = (struct entry){0};
}

size_t entry_name_len(const char *name, const char *address)
{
	size_t n = strlen(name), m = address ? strlen(address) : 0;

	if (m && n > m + 3 && strncmp(name + n - m - 3, " (", 2) == 0 && name[n - 1] == ')' &&
	        strncmp(name + n - m - 1, address, m) == 0)
		return n - m - 3;
	return n;
}

void entry_one_off(const char *name, const char *type, const char *address, struct buf *out)
{
	/* Unicode; how mail is written is left to who sends it */
	static const uint8_t flags[4] = {0, 0, 0x01, 0x80};
	const char *const texts[] = {name, type, address};

	buf_put(out, "\0\0\0", 4);
	buf_put(out, one_off, sizeof one_off);
	buf_put(out, flags, sizeof flags);
	for (size_t i = 0; i < COUNT(texts); i++) {
		wide_put(out, texts[i]);
		buf_put(out, "\0", 2);
	}
}
