/* Photos and certificates of a contact (MS-OXOCNTC 2.2.1.8, 2.2.1.9). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "outlook/contact/internal.h"
#include "valise/base/mem.h"

enum {
	CERTIFICATES_MAX = 4 << 20, /* octets of all of them */
	TAG_CERTIFICATE = 0x0003, /* MS-OXOABK 2.2.3.31: the field that is the certificate */
};

static const struct {
	const char *begin, *head;
	size_t n;
} pictures[] = {
        {"\xff\xd8\xff", "PHOTO;ENCODING=b;TYPE=JPEG:", 3},
        {"\x89PNG", "PHOTO;ENCODING=b;TYPE=PNG:", 4},
        {"GIF8", "PHOTO;ENCODING=b;TYPE=GIF:", 4},
        {"BM", "PHOTO;ENCODING=b;TYPE=BMP:", 2},
};

struct photo {
	struct card *c;
	bool begun;
};

static int photo_octets(void *ctx, const void *p, size_t n, struct err *err)
{
	struct photo *f = ctx;
	size_t i = 0;

	(void)err;
	if (!f->begun) {
		while (i < COUNT(pictures) &&
		        (n < pictures[i].n || memcmp(p, pictures[i].begin, pictures[i].n) != 0))
			i++;
		card_head(f->c, i < COUNT(pictures) ? pictures[i].head : "PHOTO;ENCODING=b:");
	}
	f->begun = true;
	card_base64(f->c, p, n);
	return f->c->rc;
}

static void put_photo(struct card *c, struct bag *attachment)
{
	const struct bag_prop *data = bag_peek(attachment, PidTagAttachDataBinary);
	struct photo f = {.c = c};
	int rc = bag_stream(attachment, data, photo_octets, &f, c->err);

	if (c->rc == 0)
		c->rc = rc;
	if (f.begun) {
		card_base64_end(c);
		card_end(c);
	}
}

static void use_all(struct bag *b)
{
	for (size_t i = 0; i < b->n_props; i++)
		b->props[i].used = true;
}

static void lose_file(struct card *c, size_t i, const char *name)
{
	char line[320];

	snprintf(line, sizeof line, "attachment %zu%s%.200s%s: a card holds no files", i + 1,
	        name ? " (" : "", name ? name : "", name ? ")" : "");
	if (c->to->lost)
		c->to->lost(c->to->ctx, line);
}

static void put_certificate(struct card *c, const uint8_t *p, size_t n)
{
	card_head(c, "KEY;ENCODING=b;TYPE=X509:");
	card_base64(c, p, n);
	card_base64_end(c);
	card_end(c);
}

/* The certificate among the fields of a value (tag, length with both of them); all of DER. */
static bool certificate_of(const uint8_t **p, size_t *n)
{
	const uint8_t *at = *p;
	size_t left = *n;

	if (left > 2 && at[0] == 0x30 && (at[1] & 0x80))
		return true;
	while (left >= 4) {
		size_t tag = at[0] | (size_t)at[1] << 8, len = at[2] | (size_t)at[3] << 8;

		if (len < 4 || len > left)
			return false;
		*p = at + 4;
		*n = len - 4;
		if (tag == TAG_CERTIFICATE)
			return *n > 0;
		at += len;
		left -= len;
	}
	return false;
}

static void put_certificates(struct card *c, struct bag *b, bag_key key)
{
	struct bag_prop *prop = (struct bag_prop *)bag_peek(b, key);
	struct binaries list = binaries_of(b, key);
	const uint8_t *p;
	size_t n;

	while (binaries_next(&list, &p, &n))
		if (certificate_of(&p, &n))
			put_certificate(c, p, n);
		else
			prop->used = false; /* nobody knows what it is: it is named */
}

struct binaries binaries_of(struct bag *b, bag_key key)
{
	const struct bag_prop *prop = bag_peek(b, key);
	struct binaries list = {0};
	size_t n = 0;
	const uint8_t *p = prop ? bag_octets(b, key, CERTIFICATES_MAX, &n) : NULL;

	if (!p)
		return list;
	list.at = p;
	list.end = p + n;
	list.left = 1;
	if (prop->type == (BAG_BINARY | BAG_MULTIPLE) && n >= 4) {
		list.left =
		        p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
		list.at += 4;
		list.is_multiple = true;
	}
	return list;
}

bool binaries_next(struct binaries *list, const uint8_t **p_out, size_t *n_out)
{
	size_t room = (size_t)(list->end - list->at), n = room;

	if (!list->left)
		return false;
	list->left--;
	if (list->is_multiple) {
		const uint8_t *p = list->at;

		if (room < 4)
			return false;
		n = p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
		list->at += 4;
		if (n > room - 4)
			return false;
	}
	*p_out = list->at;
	*n_out = n;
	list->at += n;
	return true;
}

static bool is_photo(struct bag *attachment)
{
	const char *name = bag_text(attachment, PidTagAttachLongFilename);

	return bag_peek(attachment, PidTagAttachDataBinary) &&
	       (bag_bool(attachment, PidTagAttachmentContactPhoto) ||
	               (name && strcasecmp(name, "ContactPicture.jpg") == 0));
}

void contact_files(struct card *c, struct bag *b)
{
	bool has_photo = false;

	for (size_t i = 0; i < b->n_attachments; i++) {
		struct bag *attachment = b->attachments[i];
		const char *name = bag_text(attachment, PidTagAttachLongFilename);

		if (!name)
			name = bag_text(attachment, PidTagAttachFilename);
		if (!has_photo && is_photo(attachment)) {
			put_photo(c, attachment);
			has_photo = true;
		} else {
			lose_file(c, i, name);
		}
		use_all(attachment);
	}
	put_certificates(c, b, PidTagUserX509Certificate);
	put_certificates(c, b, PidTagUserCertificate);
}
