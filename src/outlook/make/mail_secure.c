/*
 * Signed and encrypted messages (MS-OXOSMIME), whose octets may not change; reports, whose
 * class says what they report (MS-OXCMAIL 2.2.4).
 */
#include <stdio.h>
#include <string.h>
#include "outlook/make/mail.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/header.h"

enum { REPORT_MAX = 65536 };

/* ---- signed ---- */

/* Fields of MIME, which the message has in its attachment then. */
static bool is_structure(const struct in_field *f)
{
	return text_is(f->name, f->name_len, "MIME-Version") ||
	       (f->name_len > 8 && strncasecmp(f->name, "Content-", 8) == 0 &&
	               !text_is(f->name, f->name_len, "Content-Language") &&
	               !text_is(f->name, f->name_len, "Content-Class"));
}

static void put_line_end(struct buf *out)
{
	if (out->len && out->data[out->len - 1] != '\n')
		buf_puts(out, "\r\n");
}

/* The whole of what is signed as one attachment: "smime.p7m" (MS-OXOSMIME 2.1.3.1). */
static int set_signed(struct in_item *in, struct err *err)
{
	const struct mime_part *p = &in->all->parts[in->root];
	struct buf head = buf_of(SIZE_MAX);
	struct in_range r = {.name = "smime.p7m",
	        .type = "multipart/signed",
	        .head = &head,
	        .from = p->body,
	        .to = in->end};
	struct in_field f;
	int rc;

	for (size_t at = 0; in_next_field(&in->header, &at, &f);)
		if (f.name_len && is_structure(&f)) {
			buf_put(&head, f.line, f.line_len);
			put_line_end(&head);
		}
	buf_puts(&head, "\r\n");
	rc = bag_set_text(in->b, PidTagMessageClass, "IPM.Note.SMIME.MultipartSigned", err);
	if (rc == 0)
		rc = in_octets(in, &r, err);
	buf_clear(&head);
	return rc;
}

/* Two leaves, of which the first one is RFC 3156's "Version: 1". */
static bool is_pgp(const struct in_item *in)
{
	const struct in_all *all = in->all;
	size_t first = in->root + 1, end = in_after(all, in->root);

	return end == in->root + 3 &&
	       strcmp(all->parts[in->root].type, "multipart/encrypted") == 0 &&
	       strcmp(all->parts[first].type, "application/pgp-encrypted") == 0 &&
	       !all->parts[first + 1].multipart && !all->parts[first + 1].message;
}

int in_secure(struct in_item *in, bool *done_out, struct err *err)
{
	const struct mime_part *p = &in->all->parts[in->root];
	bool opaque = strcmp(p->type, "application/pkcs7-mime") == 0 ||
	              strcmp(p->type, "application/x-pkcs7-mime") == 0;
	int rc = 0;

	*done_out = true;
	if (p->multipart && strcmp(p->type, "multipart/signed") == 0)
		return set_signed(in, err);
	if (opaque || (p->multipart && is_pgp(in))) {
		rc = bag_set_text(
		        in->b, PidTagMessageClass, opaque ? "IPM.Note.SMIME" : "IPM.Note", err);
		if (rc == 0)
			rc = in_file(in, in->root + !opaque, false, err);
		if (rc == 0 && !opaque)
			rc = in_file(in, in->root + 2, false, err);
		return rc;
	}
	*done_out = false;
	return 0;
}

/* ---- reports ---- */

static int to_buf(void *buf, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_fill(buf, p, n);
	return 0;
}

/* The part of the type that the message itself has; SIZE_MAX: none. */
static size_t find_child(const struct in_item *in, const char *type)
{
	size_t end = in_after(in->all, in->root);

	for (size_t i = in->root + 1; i < end; i = in_after(in->all, i))
		if (strcmp(in->all->parts[i].type, type) == 0 && !in->all->parts[i].multipart)
			return i;
	return SIZE_MAX;
}

/* RFC 3464 2.3.3: what all recipients have in common; NULL: nothing. */
static const char *delivery_class(const struct buf *status)
{
	static const char words[] = "failed|delayed|delivered|relayed|expanded";
	static const char *const classes[] = {"REPORT.IPM.Note.NDR", "REPORT.IPM.Note.Delayed.DR",
	        "REPORT.IPM.Note.DR", "REPORT.IPM.Note.Relayed.DR", "REPORT.IPM.Note.Expanded.DR"};
	struct in_field f;
	int was = -1;

	for (size_t at = 0; in_next_field(status, &at, &f);) {
		char word[IN_WORD_SIZE];
		const char *s = f.value;
		size_t n = f.value_len;
		int is;

		if (!text_is(f.name, f.name_len, "Action"))
			continue;
		while (n && strchr(" \t\r\n", s[n - 1]))
			n--;
		text_trim(&s, &n);
		snprintf(word, sizeof word, "%.*s", (int)MIN(n, sizeof word - 1), s);
		is = text_place(text_lower(word), words);
		if (is < 0 || (was >= 0 && is != was))
			return NULL;
		was = is;
	}
	return was < 0 ? NULL : classes[was];
}

/* RFC 8098 3.2.6 */
static const char *reading_class(const struct buf *notification)
{
	struct buf value = buf_of(IN_TEXT_MAX);
	const char *class = NULL, *s;

	if (header_find(buf_str(notification), notification->len, "Disposition", &value)) {
		s = strrchr(buf_str(&value), ';');
		s = s ? s + 1 : buf_str(&value);
		s += strspn(s, " \t");
		if (strncasecmp(s, "displayed", 9) == 0)
			class = "REPORT.IPM.Note.IPNRN";
		else if (strncasecmp(s, "deleted", 7) == 0)
			class = "REPORT.IPM.Note.IPNNRN";
	}
	buf_clear(&value);
	return class;
}

int in_class(struct in_item *in, const char **class_out, struct err *err)
{
	const struct mime_part *p = &in->all->parts[in->root];
	size_t delivery = find_child(in, "message/delivery-status");
	size_t reading = find_child(in, "message/disposition-notification");
	size_t part = delivery != SIZE_MAX ? delivery : reading;
	struct buf octets = buf_of(REPORT_MAX);
	const char *class = NULL;
	int rc = 0;

	if (p->multipart && strcmp(p->type, "multipart/report") == 0 && part != SIZE_MAX &&
	        !(delivery != SIZE_MAX && reading != SIZE_MAX)) {
		rc = mime_part_octets(in->all->mime, part, to_buf, &octets, err);
		class = part == delivery ? delivery_class(&octets) : reading_class(&octets);
	}
	*class_out = class ? class : "IPM.Note";
	buf_clear(&octets);
	return rc;
}
