#ifndef VALISE_TEST_OUTLOOK_MAKE_H
#define VALISE_TEST_OUTLOOK_MAKE_H

/* Bags written by hand, and shown as text. All that fails ends the program. */
#include <stdio.h>
#include <stdlib.h>
#include "valise/base/buf.h"
#include "valise/base/mem.h"
#include "valise/outlook/bag.h"
#include "valise/outlook/fx.h"

static inline void make_check(int rc, const struct err *err)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "a bag could not be made: %s\n", err->text);
	abort();
}

static inline void make_text(struct bag *b, bag_key key, const char *utf8)
{
	struct err err = {0};

	make_check(bag_set_text(b, key, utf8, &err), &err);
}

static inline void make_octets(struct bag *b, bag_key key, uint16_t type, const void *p, size_t n)
{
	struct err err = {0};

	make_check(bag_set(b, key, type, p, n, &err), &err);
}

/* Octets that are written as hexadecimal digits; blanks between them are fine. */
static inline void make_hex(struct bag *b, bag_key key, uint16_t type, const char *hex)
{
	struct buf out = buf_of(1 << 20);
	unsigned octet;

	for (; sscanf(hex, " %2x", &octet) == 1; hex += 2) {
		hex += strspn(hex, " ");
		buf_putc(&out, (char)octet);
	}
	make_octets(b, key, type, out.data, out.len);
	buf_clear(&out);
}

static inline void make_int(struct bag *b, bag_key key, int64_t value)
{
	struct err err = {0};

	make_check(bag_set_int(b, key, BAG_INT32, value, &err), &err);
}

static inline void make_bool(struct bag *b, bag_key key, bool value)
{
	struct err err = {0};

	make_check(bag_set_int(b, key, BAG_BOOLEAN, value, &err), &err);
}

/* Seconds since 1970. */
static inline void make_time(struct bag *b, bag_key key, int64_t utc)
{
	struct err err = {0};

	make_check(bag_set_int(b, key, BAG_TIME, (utc + 11644473600) * 10000000, &err), &err);
}

/* In a code page; octets as they are. */
static inline void make_string8(struct bag *b, bag_key key, unsigned page, const char *octets)
{
	make_octets(b, key, BAG_STRING8, octets, strlen(octets));
	b->props[b->n_props - 1].code_page = (uint16_t)page;
}

/* Several texts, until NULL. */
static inline void make_texts(struct bag *b, bag_key key, const char *const *texts)
{
	struct buf out = buf_of(1 << 20);
	uint32_t n = 0;

	while (texts[n])
		n++;
	buf_put(&out, &n, sizeof n);
	for (uint32_t i = 0; i < n; i++) { /* ASCII alone */
		uint32_t len = 2 * (uint32_t)strlen(texts[i]);

		buf_put(&out, &len, sizeof len);
		for (uint32_t k = 0; k < len / 2; k++) {
			buf_putc(&out, texts[i][k]);
			buf_putc(&out, 0);
		}
	}
	make_octets(b, key, BAG_UNICODE | BAG_MULTIPLE, out.data, out.len);
	buf_clear(&out);
}

static inline struct bag *make_recipient(
        struct bag *b, int type, const char *name, const char *smtp)
{
	struct err err = {0};
	struct bag *r = bag_add_recipient(b, &err);

	make_check(r ? 0 : -1, &err);
	make_int(r, PidTagRecipientType, type);
	make_text(r, PidTagDisplayName, name);
	make_text(r, PidTagAddressType, "SMTP");
	make_text(r, PidTagEmailAddress, smtp);
	return r;
}

/* A file: method 1, afByValue. */
static inline struct bag *make_attachment(
        struct bag *b, const char *name, const void *octets, size_t n)
{
	struct err err = {0};
	struct bag *a = bag_add_attachment(b, &err);

	make_check(a ? 0 : -1, &err);
	make_int(a, PidTagAttachMethod, 1);
	make_text(a, PidTagAttachLongFilename, name);
	make_octets(a, PidTagAttachDataBinary, BAG_BINARY, octets, n);
	return a;
}

/* An item in an attachment: method 5, afEmbeddedMessage. Returns the item. */
static inline struct bag *make_embedded(struct bag *b)
{
	struct err err = {0};
	struct bag *a = bag_add_attachment(b, &err), *in;

	make_check(a ? 0 : -1, &err);
	make_int(a, PidTagAttachMethod, 5);
	in = bag_embed(a, &err);
	make_check(in ? 0 : -1, &err);
	return in;
}

static inline void make_line(void *ctx, const char *line)
{
	buf_puts(ctx, line);
	buf_putc(ctx, '\n');
}

/* The lines of bag_tell; free it. */
static inline char *make_shown(const struct bag *b)
{
	struct buf out = buf_of(16 << 20);
	char *text;

	bag_tell(b, make_line, &out);
	text = buf_take(&out);
	buf_clear(&out);
	return text;
}

static inline int make_put(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_put(ctx, p, n);
	return 0;
}

/* Its octets, appended; it is sorted then. */
static inline void make_fx(struct bag *b, struct buf *out)
{
	struct err err = {0};

	bag_sort(b);
	make_check(fx_write(b, make_put, out, &err), &err);
}

#endif
