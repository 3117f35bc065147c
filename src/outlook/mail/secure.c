/*
 * Signed and encrypted messages, whose octets may not change: MS-OXOSMIME, and PGP/MIME (RFC
 * 3156) as Exchange takes it apart.
 */
#include <stdio.h>
#include <string.h>
#include "outlook/mail/mail.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/header.h"

enum { HEAD_MAX = 16384 };

static int head_write(void *head, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_fill(head, p, n);
	return 0;
}

/* The beginning of an attachment's octets. */
static int take_head(struct bag *a, struct buf *head, struct err *err)
{
	const struct bag_prop *data = mail_attach_data(a);

	return data ? bag_stream(a, data, head_write, head, err) : 0;
}

static bool has_field(const struct buf *head, const char *name, const char *begin)
{
	struct buf value = buf_of(256);
	bool is = header_find(buf_str(head), head->len, name, &value) == 1 &&
	          strncasecmp(buf_str(&value), begin, strlen(begin)) == 0;

	buf_clear(&value);
	return is;
}

static bool is_type(struct bag *a, const char *type)
{
	const char *tag = bag_text(a, PidTagAttachMimeTag);

	return tag && text_is(tag, strcspn(tag, "; "), type);
}

static bool is_pkcs7(struct bag *a)
{
	const char *name = bag_text(a, PidTagAttachLongFilename);

	name = name ? name : bag_text(a, PidTagAttachFilename);
	return is_type(a, "application/pkcs7-mime") || is_type(a, "application/x-pkcs7-mime") ||
	       (name && text_ends_with(name, ".p7m"));
}

/* Is it only what is between the delimiters? A field is one of the first part then. */
static bool is_bare(const struct buf *head)
{
	return strncmp(buf_str(head) + strspn(buf_str(head), "\r\n"), "--", 2) == 0;
}

/* Does the header say, as it came, that it is signed? */
static bool came_signed(struct mail *m)
{
	struct buf came = buf_of(512);
	bool is = mail_header_was(m, "Content-Type", &came) &&
	          strncasecmp(buf_str(&came), "multipart/signed", 16) == 0;

	buf_clear(&came);
	return is;
}

/* Is it the rest of the message, with its own type or one that the header has? */
static bool is_rest(struct mail *m, const struct buf *head)
{
	if (is_bare(head))
		return came_signed(m);
	return has_field(head, "Content-Type", "multipart/") ||
	       has_field(head, "Content-Type", "application/");
}

int mail_secure_what(struct mail *m, enum mail_secure *out, struct err *err)
{
	struct bag *b = m->b, *a = b->n_attachments ? b->attachments[0] : NULL;
	struct buf head = buf_of(HEAD_MAX);
	int rc = 0;

	*out = SECURE_NONE;
	if (b->n_attachments == 2 && is_type(a, "application/pgp-encrypted") &&
	        mail_attach_data(a) && mail_attach_data(b->attachments[1]))
		*out = SECURE_PGP;
	if (b->n_attachments == 1 && !a->embedded && mail_attach_data(a) &&
	        mail_class_is(b, "IPM.Note.SMIME")) {
		rc = take_head(a, &head, err);
		if (is_rest(m, &head))
			*out = SECURE_SIGNED;
		else if (!mail_class_is(b, "IPM.Note.SMIME.MultipartSigned") && is_pkcs7(a))
			*out = SECURE_OPAQUE;
	}
	buf_clear(&head);
	return rc;
}

static int write_raw(void *out, const void *p, size_t n, struct err *err)
{
	struct mail_out *o = out;

	(void)err;
	mail_put(o, p, n);
	return o->rc;
}

static int write_signed(struct mail *m, struct err *err)
{
	struct bag *a = m->b->attachments[0];
	struct buf head = buf_of(HEAD_MAX), came = buf_of(4096);
	int rc = take_head(a, &head, err);
	bool bare = is_bare(&head);

	/* some hold the whole message */
	if (rc == 0 && (bare || !has_field(&head, "From", ""))) {
		mail_put(&m->out, m->header.data, m->header.len);
		if (bare || !has_field(&head, "MIME-Version", ""))
			mail_puts(&m->out, "MIME-Version: 1.0\r\n");
	}
	if (bare && mail_header_was(m, "Content-Type", &came)) {
		buf_reset(&head);
		field_tokens(&head, "Content-Type", buf_str(&came));
		mail_puts(&m->out, buf_str(&head));
		mail_puts(&m->out, "\r\n");
	}
	if (rc == 0)
		rc = bag_stream(a, mail_attach_data(a), write_raw, &m->out, err);
	buf_clear(&head);
	buf_clear(&came);
	return rc;
}

/* What the octets of a CMS message say that they are (RFC 5652 3). */
static const char *smime_type(const struct buf *head)
{
	static const uint8_t oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07};
	size_t n = MIN(head->len, 64);
	const uint8_t *at = memmem(head->data, n, oid, sizeof oid);

	if (!at || at + sizeof oid >= head->data + n)
		return NULL;
	return at[sizeof oid] == 2 ? "signed-data" : at[sizeof oid] == 3 ? "enveloped-data" : NULL;
}

static int write_octets(struct mail *m, struct bag *a, enum mail_coding coding, struct err *err)
{
	struct mail_code code;
	int rc;

	mail_code_start(&code, &m->out, coding);
	rc = bag_stream(a, mail_attach_data(a), mail_code_write, &code, err);
	mail_code_end(&code);
	return rc < 0 ? rc : m->out.rc;
}

static int write_opaque(struct mail *m, struct err *err)
{
	struct bag *a = m->b->attachments[0];
	struct buf head = buf_of(HEAD_MAX), came = buf_of(512), h = buf_of(SIZE_MAX);
	int rc = take_head(a, &head, err);
	const char *kind = smime_type(&head);

	/* the structure is the one that it came with */
	if (mail_header_was(m, "Content-Type", &came) && strstr(buf_str(&came), "pkcs7-mime")) {
		field_tokens(&h, "Content-Type", buf_str(&came));
	} else {
		buf_puts(&h, "Content-Type: application/pkcs7-mime");
		if (kind)
			buf_putf(&h, "; smime-type=%s", kind);
		buf_puts(&h, ";\r\n name=\"smime.p7m\"\r\n");
	}
	buf_puts(&h, "Content-Transfer-Encoding: base64\r\n"
	             "Content-Disposition: attachment; filename=\"smime.p7m\"\r\n\r\n");
	mail_put(&m->out, m->header.data, m->header.len);
	mail_puts(&m->out, "MIME-Version: 1.0\r\n");
	mail_put(&m->out, h.data, h.len);
	buf_clear(&head);
	buf_clear(&came);
	buf_clear(&h);
	return rc < 0 ? rc : write_octets(m, a, CODING_BASE64, err);
}

/* Neither part can be changed by who re-encodes it: what is signed is within. */
static int write_pgp(struct mail *m, struct err *err)
{
	uint8_t sum[SHA256_LEN];
	int rc = 0;

	sha256_add(&m->sum, m->header.data, m->header.len);
	for (size_t i = 0; i < 2; i++)
		mail_attach_sum(m, m->b->attachments[i]);
	sha256_end(&m->sum, sum);
	hex_format(sum, (sizeof m->boundary - 1) / 2, m->boundary);
	mail_put(&m->out, m->header.data, m->header.len);
	mail_puts(&m->out, "MIME-Version: 1.0\r\n");
	mail_open(m, "encrypted", " protocol=\"application/pgp-encrypted\";", 'e');
	for (size_t i = 0; rc == 0 && i < 2; i++) {
		struct bag *a = m->b->attachments[i];
		struct mail_look look = {0};
		enum mail_coding coding;

		rc = bag_stream(a, mail_attach_data(a), mail_look_write, &look, err);
		coding = mail_look_clean(&look) ? CODING_7BIT : CODING_BASE64;
		mail_next(m, 'e');
		mail_puts(&m->out, i ? "Content-Type: application/octet-stream; "
		                       "name=\"encrypted.asc\"\r\n"
		                     : "Content-Type: application/pgp-encrypted\r\n");
		mail_puts(&m->out, "Content-Transfer-Encoding: ");
		mail_puts(&m->out, mail_coding_name(coding));
		mail_puts(&m->out, "\r\n\r\n");
		if (rc == 0)
			rc = write_octets(m, a, coding, err);
	}
	mail_close(m, 'e');
	return rc;
}

/* What is called so is no file of anybody. */
static void use_names(struct mail *m)
{
	static const bag_key keys[] = {PidTagAttachLongFilename, PidTagAttachFilename,
	        PidTagAttachExtension, PidTagDisplayName, PidTagAttachMimeTag};

	for (size_t i = 0; i < m->b->n_attachments; i++)
		for (size_t k = 0; k < COUNT(keys); k++)
			bag_use(m->b->attachments[i], keys[k]);
}

int mail_secure_write(struct mail *m, enum mail_secure what, struct err *err)
{
	int rc = what == SECURE_SIGNED   ? write_signed(m, err)
	         : what == SECURE_OPAQUE ? write_opaque(m, err)
	                                 : write_pgp(m, err);

	use_names(m);
	if (what != SECURE_SIGNED || m->depth == 0)
		mail_end_line(&m->out);
	return rc < 0 ? rc : m->out.rc;
}
