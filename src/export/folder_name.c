/* Names of mailboxes in a Maildir++: modified UTF-7 (RFC 3501 5.1.3), levels divided by dots. */
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "valise/format/mutf7.h"
#include "mail.h"

enum {
	NAME_CAP = 1 << 20,
	FOLDER_MAX = 240, /* octets; a file's name has 255 */
};

/* A component of a content name as text: "a=2Fb.c" is "a_b_c". */
static void put_component(const char *s, size_t n, struct buf *out)
{
	size_t from = out->len;

	for (size_t i = 0; i < n; i++) {
		bool is_slash = n - i >= 3 && memcmp(s + i, "=2F", 3) == 0;
		bool is_equal = n - i >= 3 && memcmp(s + i, "=3D", 3) == 0;
		bool plain = !is_slash && s[i] != '.' && (unsigned char)s[i] >= ' ' && s[i] != 127;

		if (is_equal)
			buf_putc(out, '=');
		else
			buf_putc(out, plain ? s[i] : '_');
		i += is_slash || is_equal ? 2 : 0;
	}
	if (out->len == from)
		buf_putc(out, '_');
}

/* All components in the form on the disk; no more than FOLDER_MAX octets, or false. */
static bool put_encoded(const char *called, struct buf *out)
{
	struct buf name = buf_of(8 * NAME_CAP);
	bool good = true;

	for (const char *at = called; *at && good; at += *at == '/') {
		size_t n = strcspn(at, "/");

		buf_putc(&name, '.');
		good = mutf7_encode(at, n, &name);
		at += n;
	}
	good = good && name.len <= FOLDER_MAX;
	if (good)
		buf_put(out, name.data, name.len);
	buf_clear(&name);
	return good;
}

/* Its last component cut until it fits, with what tells it from others. */
static void cut_name(const char *content_name, struct buf *called, struct buf *name_out)
{
	char *last = strrchr(buf_str(called), '/'), tail[1 + SHA256_HEX_SIZE] = "~";
	size_t n = last ? (size_t)(last - buf_str(called)) + 1 : 0, keep = called->len;
	struct buf tried = buf_of(NAME_CAP);
	uint8_t sum[SHA256_LEN];

	sha256_of(content_name, strlen(content_name), sum);
	hex_format(sum, SHA256_LEN, tail + 1);
	tail[9] = '\0';
	do {
		while (keep > n && (called->data[--keep] & 0xc0) == 0x80)
			;
		if (keep == n && n > 0) /* the levels above are too long themselves */
			keep = n = 0;
		buf_reset(&tried);
		buf_put(&tried, called->data, keep);
		buf_puts(&tried, tail);
	} while (!put_encoded(buf_str(&tried), name_out) && keep > 0);
	buf_swap(called, &tried);
	buf_clear(&tried);
}

void mail_maildir_folder(const char *content_name, struct buf *name_out, struct buf *called_out)
{
	struct buf called = buf_of(NAME_CAP);

	for (const char *at = content_name; *at; at += *at == '/') {
		size_t n = strcspn(at, "/");

		if (called.len)
			buf_putc(&called, '/');
		put_component(at, n, &called);
		at += n;
	}
	if (!put_encoded(buf_str(&called), name_out))
		cut_name(content_name, &called, name_out);
	buf_puts(called_out, buf_str(&called));
	buf_clear(&called);
}
