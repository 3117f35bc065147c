/* Photo and certificates of a card: MS-OXOCNTC 2.2.1.8, MS-OXOABK 2.2.3.31. */
#include <strings.h>
#include "outlook/make/contact/cont.h"
#include "valise/base/le.h"
#include "valise/base/mem.h"

enum { BY_VALUE = 1, TAG_CERTIFICATE = 0x0003, FIELD_HEAD = 4, FIELD_MAX = 0xffff };

static bool is_base64(const struct line *l)
{
	const char *encoding = line_param(l, "ENCODING");

	return encoding && (strcasecmp(encoding, "b") == 0 || strcasecmp(encoding, "BASE64") == 0);
}

static void put_photo(struct cont *c, const struct buf *octets)
{
	struct bag *a = into_attachment(&c->k, c->b);

	if (!a)
		return;
	into_int(&c->k, a, PidTagAttachMethod, BY_VALUE);
	into_text(&c->k, a, PidTagAttachLongFilename, "ContactPicture.jpg");
	into_text(&c->k, a, PidTagAttachFilename, "ContactPicture.jpg");
	into_text(&c->k, a, PidTagDisplayName, "ContactPicture.jpg");
	into_text(&c->k, a, PidTagAttachExtension, ".jpg");
	into_int(&c->k, a, PidTagRenderingPosition, -1);
	into_bool(&c->k, a, PidTagAttachmentHidden, true);
	into_bool(&c->k, a, PidTagAttachmentContactPhoto, true);
	into_octets(&c->k, a, PidTagAttachDataBinary, octets->data, octets->len);
	into_bool(&c->k, c->b, PidLidHasPicture, true);
}

/* The certificate as the one field of a value. */
static void add_certificate(struct several *all, const struct buf *octets)
{
	struct buf value = buf_of(FIELD_MAX + 1);
	uint8_t head[FIELD_HEAD];

	if (octets->len > FIELD_MAX - FIELD_HEAD) {
		several_add(all, octets->data, octets->len);
	} else {
		le_put(head, TAG_CERTIFICATE, 2);
		le_put(head + 2, octets->len + FIELD_HEAD, 2);
		buf_put(&value, head, sizeof head);
		buf_put(&value, octets->data, octets->len);
		several_add(all, value.data, value.len);
	}
	buf_clear(&value);
}

void cont_files(struct cont *c)
{
	struct buf octets = buf_of(OBJECT_MAX);
	struct several keys;
	bool has_photo = false;

	several_init(&keys);
	for (size_t i = 0; i < c->p->n_lines; i++) {
		struct line *l = &c->p->lines[i];
		bool photo = !has_photo && strcmp(l->name, "PHOTO") == 0,
		     key = strcmp(l->name, "KEY") == 0 && line_has(l, "TYPE", "X509");

		/* what is elsewhere, and other keys: they are kept */
		buf_reset(&octets);
		if ((!photo && !key) || !is_base64(l) ||
		        !base64_read(l->value, l->value_len, &octets) || !octets.len)
			continue;
		l->used = true;
		if (photo)
			put_photo(c, &octets);
		else
			add_certificate(&keys, &octets);
		has_photo |= photo;
	}
	into_several(&c->k, c->b, PidTagUserX509Certificate, BAG_BINARY, &keys);
	buf_clear(&octets);
}
