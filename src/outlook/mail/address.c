/* Who wrote a message, and to whom: addresses of MS-OXOMSG and MS-OXOABK as addr-specs. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/le.h"
#include "outlook/mail/mail.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/header.h"

enum { KNOWN_MAX = 256 }; /* recipients that are asked for another's address */

void mail_address_clear(struct field_address *a)
{
	free(a->name);
	free(a->spec);
	memset(a, 0, sizeof *a);
}

void mail_list_clear(struct mail_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		mail_address_clear(&l->list[i]);
	free(l->list);
	memset(l, 0, sizeof *l);
}

/* What an item says of a person; all but what is there NULL. */
struct said {
	const char *name, *type, *email, *smtp;
	char *owned[3]; /* that come from an entry id */
};

static void said_clear(struct said *s)
{
	for (size_t i = 0; i < COUNT(s->owned); i++)
		free(s->owned[i]);
}

/* ---- entry ids ---- */

static const uint8_t one_off[16] = {0x81, 0x2b, 0x1f, 0xa4, 0xbe, 0xa3, 0x10, 0x19, 0x9d, 0x6e,
        0x00, 0xdd, 0x01, 0x0f, 0x54, 0x02};
static const uint8_t exchange[16] = {0xdc, 0xa7, 0x40, 0xc8, 0xc0, 0x42, 0x10, 0x1a, 0xb4, 0xb9,
        0x08, 0x00, 0x2b, 0x2f, 0xe1, 0x82};

/* A text of UTF-16LE or octets up to its NUL; moves *at behind it; NULL: it has no end. */
static char *take_text(const uint8_t *p, size_t n, size_t *at, bool wide)
{
	struct buf raw = buf_of(MAIL_ADDRESS_MAX), out = buf_of(SIZE_MAX);
	size_t step = wide ? 2 : 1, from = *at, end = from;

	while (end + step <= n && (p[end] || (wide && p[end + 1])))
		end += step;
	if (end + step > n)
		return NULL;
	buf_fill(&raw, p + from, end - from);
	charset_to_utf8(wide ? "UTF-16LE" : "WINDOWS-1252", &raw, &out);
	*at = end + step;
	buf_clear(&raw);
	return buf_take(&out);
}

/* MS-OXCDATA 2.2.5.1 and 2.2.5.2: fills what the item does not say itself. */
static void read_entry_id(struct said *s, const uint8_t *p, size_t n)
{
	size_t at = 24;
	bool wide;

	if (!p || n < 28)
		return;
	if (memcmp(p + 4, exchange, sizeof exchange) == 0) {
		at = 28;
		s->owned[0] = take_text(p, n, &at, false);
		if (!s->email && s->owned[0]) {
			s->email = s->owned[0];
			s->type = "EX";
		}
		return;
	}
	if (memcmp(p + 4, one_off, sizeof one_off) != 0)
		return;
	wide = p[23] & 0x80;
	for (size_t i = 0; i < COUNT(s->owned); i++) {
		s->owned[i] = take_text(p, n, &at, wide);
		if (!s->owned[i])
			return;
	}
	if (!s->name && *s->owned[0])
		s->name = s->owned[0];
	if (!s->email) {
		s->type = s->owned[1];
		s->email = s->owned[2];
	}
}

/* ---- addr-specs ---- */

/*
 * An address of another kind, encapsulated as Exchange does it (MS-OXCMAIL 2.1.3.1.1.2.2.1),
 * in a domain that nobody has (RFC 6761).
 */
static char *encapsulate(const char *type, const char *address)
{
	struct buf b = buf_of(SIZE_MAX);
	size_t n = strlen(address);

	if (!type || !field_is_token(type, strlen(type)) || strlen(type) > 32)
		type = "UNKNOWN";
	buf_puts(&b, "IMCEA");
	for (; *type; type++)
		if ((*type >= 'a' && *type <= 'z') || (*type >= 'A' && *type <= 'Z') ||
		        (*type >= '0' && *type <= '9'))
			buf_putc(&b, *type);
	buf_putc(&b, '-');
	for (size_t i = 0; i < MIN(n, 256) && b.len < 400; i++) {
		uint8_t c = (uint8_t)address[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		        c == '-' || c == '=')
			buf_putc(&b, (char)c);
		else if (c == '/')
			buf_putc(&b, '_');
		else
			buf_putf(&b, "+%02X", c);
	}
	buf_puts(&b, "@address.invalid");
	return buf_take(&b);
}

/* An SMTP address that another recipient, or the sender, of the same address has. */
static const char *known_smtp(struct mail *m, const char *email)
{
	struct bag *b = m->b;

	for (size_t i = 0; i < MIN(b->n_recipients, KNOWN_MAX); i++) {
		struct bag *r = b->recipients[i];
		const char *smtp, *other;

		if (!bag_peek(r, PidTagSmtpAddress) || !bag_peek(r, PidTagEmailAddress))
			continue;
		smtp = bag_text(r, PidTagSmtpAddress);
		other = bag_text(r, PidTagEmailAddress);
		if (smtp && other && field_is_spec(smtp) && strcasecmp(other, email) == 0)
			return smtp;
	}
	return NULL;
}

/* "a..b@c" and "a.@c", which Japanese providers gave out, in the only form that may stand. */
static void quote_local(char **spec)
{
	size_t local = strcspn(*spec, "@");
	char *quoted;

	if (!memchr(*spec, '.', local) || memchr(*spec, '"', local) || memchr(*spec, '\\', local))
		return;
	quoted = xasprintf("\"%.*s\"%s", (int)local, *spec, *spec + local);
	free(*spec);
	*spec = quoted;
}

/* "a b <x@y>", "<x@y>", "mailto:x@y", "'x@y'" and the like: what is within; or NULL. */
static char *spec_within(const char *text)
{
	const char *open = strrchr(text, '<');
	char *spec;
	size_t n;

	text = open ? open + 1 : text;
	text += strncasecmp(text, "mailto:", 7) == 0 || strncasecmp(text, "smtp:", 5) == 0
	                ? strcspn(text, ":") + 1
	                : 0;
	if (*text == '"' && field_is_spec(text)) /* "a b"@c */
		return xstrdup(text);
	text += strspn(text, " '\"");
	n = strcspn(text, open ? ">" : " '\"");
	spec = xstrndup(text, n);
	if (!field_is_spec(spec))
		quote_local(&spec);
	if (field_is_spec(spec))
		return spec;
	free(spec);
	return NULL;
}

/* Fills ${out}; false: nothing is said. */
static bool resolve(struct mail *m, const struct said *s, struct field_address *out)
{
	const char *known;

	memset(out, 0, sizeof *out);
	if (!s->name && !s->email && !s->smtp)
		return false;
	out->name = xstrdup(s->name);
	if (s->smtp)
		out->spec = spec_within(s->smtp);
	if (!out->spec && s->email)
		out->spec = spec_within(s->email);
	if (!out->spec && s->email && (known = known_smtp(m, s->email)))
		out->spec = xstrdup(known);
	if (!out->spec && s->name)
		out->spec = spec_within(s->name);
	if (!out->spec && s->email)
		out->spec = encapsulate(s->type, s->email);
	if (!out->spec)
		out->spec = xstrdup("unknown@address.invalid");
	return true;
}

static bool resolve_keys(
        struct mail *m, struct bag *b, const bag_key keys[5], struct field_address *out)
{
	struct said s = {bag_text(b, keys[0]), bag_text(b, keys[1]), bag_text(b, keys[2]),
	        bag_text(b, keys[3]), {NULL}};
	size_t n = 0;
	const uint8_t *id = keys[4] ? bag_octets(b, keys[4], MAIL_ADDRESS_MAX, &n) : NULL;
	bool found;

	read_entry_id(&s, id, n);
	found = resolve(m, &s, out);
	said_clear(&s);
	return found;
}

bool mail_from(struct mail *m, struct field_address *out)
{
	static const bag_key keys[] = {PidTagSentRepresentingName,
	        PidTagSentRepresentingAddressType, PidTagSentRepresentingEmailAddress,
	        PidTagSentRepresentingSmtpAddress, PidTagSentRepresentingEntryId};

	return resolve_keys(m, m->b, keys, out) || mail_sender(m, out);
}

bool mail_sender(struct mail *m, struct field_address *out)
{
	static const bag_key keys[] = {PidTagSenderName, PidTagSenderAddressType,
	        PidTagSenderEmailAddress, PidTagSenderSmtpAddress, PidTagSenderEntryId};

	return resolve_keys(m, m->b, keys, out);
}

bool mail_receipt_to(struct mail *m, struct field_address *out)
{
	struct said s = {bag_text(m->b, PidTagReadReceiptName), NULL,
	        bag_text(m->b, PidTagReadReceiptEmailAddress),
	        bag_text(m->b, PidTagReadReceiptSmtpAddress), {NULL}};

	return resolve(m, &s, out) || mail_sender(m, out) || mail_from(m, out);
}

void mail_recipient(struct mail *m, struct bag *recipient, struct field_address *out)
{
	static const bag_key keys[] = {PidTagDisplayName, PidTagAddressType, PidTagEmailAddress,
	        PidTagSmtpAddress, PidTagEntryId};
	bag_key own[COUNT(keys)];

	memcpy(own, keys, sizeof own);
	/* what the sender typed is better than what the address book made of it */
	if (!bag_text(recipient, PidTagDisplayName))
		own[0] = PidTagRecipientDisplayName;
	if (!resolve_keys(m, recipient, own, out)) {
		out->name = NULL;
		out->spec = xstrdup("unknown@address.invalid");
	}
}

/* Names between ";", where there is no table of recipients. */
static void list_names(struct mail *m, const char *names, struct mail_list *out)
{
	while (names && *names) {
		size_t n = strcspn(names, ";"), k = n;
		const char *s = names;
		char *name;

		text_trim(&s, &k);
		name = xstrndup(s, k);
		if (k) {
			struct said said = {name, NULL, NULL, NULL, {NULL}};
			struct field_address a;

			if (resolve(m, &said, &a))
				*ARR_PUSH(out->list, out->n, out->cap) = a;
		}
		free(name);
		names += n + (names[n] == ';');
	}
}

void mail_recipients(struct mail *m, int type, struct mail_list *out)
{
	static const bag_key shown[] = {0, PidTagDisplayTo, PidTagDisplayCc, PidTagDisplayBcc};
	struct bag *b = m->b;

	for (size_t i = 0; i < b->n_recipients; i++) {
		/* the upper bits say what became of it, MS-OXOMSG 2.2.3.1 */
		int64_t is = bag_int(b->recipients[i], PidTagRecipientType, 1) & 0xf;

		if (is == type)
			mail_recipient(m, b->recipients[i], ARR_PUSH(out->list, out->n, out->cap));
	}
	if (b->n_recipients == 0)
		list_names(m, bag_text(b, shown[type]), out);
	else
		bag_use(b, shown[type]); /* the same names again */
}

void mail_reply_to(struct mail *m, struct mail_list *out)
{
	size_t n = 0, at = 8;
	/* FLATENTRYLIST, MS-OXCDATA 2.3.3 */
	const uint8_t *p = bag_octets(m->b, PidTagReplyRecipientEntries, BAG_MEMORY, &n);
	const char *names = bag_text(m->b, PidTagReplyRecipientNames);

	while (p && n >= 12 && at + 4 <= n) {
		size_t len = le32(p + at);
		struct said s = {0};
		struct field_address a;

		if (len > n - at - 4)
			break;
		read_entry_id(&s, p + at + 4, len);
		if (resolve(m, &s, &a))
			*ARR_PUSH(out->list, out->n, out->cap) = a;
		said_clear(&s);
		at += 4 + (len + 3) / 4 * 4;
	}
	if (out->n == 0)
		list_names(m, names, out);
}
