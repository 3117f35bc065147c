/* E-mail addresses of a contact, and the fax numbers that are kept as such (MS-OXOCNTC 2.2.1.2). */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "outlook/contact/entry.h"
#include "outlook/contact/internal.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

enum {
	ENTRY_MAX = 65536, /* octets of an entry id */
};
static bool is_address(const char *s)
{
	const char *at = s ? strchr(s, '@') : NULL;

	return at && at > s && at[1] && s[0] != '/' && !strpbrk(s, " \t\r\n<>()");
}

static bool is_exchange(const char *type, const char *address)
{
	return (type && strcasecmp(type, "EX") == 0) ||
	       (address && strncasecmp(address, "/o=", 3) == 0);
}

struct mail {
	const char *name, *type, *address, *original;
	struct entry entry;
};

static void read_mail(struct card *c, struct bag *b, unsigned i, struct mail *m)
{
	const uint8_t *id;
	size_t n = 0;

	*m = (struct mail){
	        .name = contact_text(c, b, MAIL_KEY(i, MAIL_NAME)),
	        .type = contact_text(c, b, MAIL_KEY(i, MAIL_TYPE)),
	        .address = contact_text(c, b, MAIL_KEY(i, MAIL_ADDRESS)),
	        .original = contact_text(c, b, MAIL_KEY(i, MAIL_ORIGINAL_NAME)),
	};
	bag_use(b, MAIL_KEY(i, MAIL_RICH));
	id = bag_octets(b, MAIL_KEY(i, MAIL_ORIGINAL_ENTRY), ENTRY_MAX, &n);
	if (id)
		entry_read(id, n, code_page_charset(b->code_page), &m->entry);
	if (!m->address)
		m->address = m->entry.address;
	if (!m->type)
		m->type = m->entry.type;
}

/* Where mail gets to: of an address of Exchange what Outlook kept beside it. */
static const char *reached(const struct mail *m)
{
	const char *const ways[] = {m->original, m->name, m->entry.name};

	if (m->address && !is_exchange(m->type, m->address))
		return m->address;
	for (size_t i = 0; i < COUNT(ways); i++)
		if (is_address(ways[i]))
			return ways[i];
	return NULL;
}

/* Does the name say what the card says anyhow? */
static bool is_plain_name(const char *name, const char *called, const char *address)
{
	size_t n = entry_name_len(name, address);

	return text_same(name, address) ||
	       (called && strlen(called) == n && strncmp(name, called, n) == 0);
}

static void put_cn(struct card *c, const char *param, const char *name, const char *address)
{
	char *cn = xstrndup(name, entry_name_len(name, address));

	card_param(c, param, cn);
	free(cn);
}

static void put_params(
        struct card *c, const struct mail *m, const char *called, const char *address)
{
	if (m->name && !is_plain_name(m->name, called, address))
		put_cn(c, "X-CN", m->name, address);
	if (m->original && !text_same(m->original, m->name) &&
	        !is_plain_name(m->original, called, address))
		put_cn(c, "X-ORIGINAL-CN", m->original, address);
}

static void put_mail(struct card *c, const struct mail *m, const char *called, bool is_first)
{
	const char *address = reached(m);
	bool is_x400 = m->type && strcasecmp(m->type, "X400") == 0;

	if (address) {
		card_head(c, is_x400 ? "EMAIL;TYPE=X400" : "EMAIL;TYPE=INTERNET");
		card_raw(c, is_first ? ",PREF" : "");
		put_params(c, m, called, address);
		if (m->type && !is_x400 && !is_exchange(m->type, m->address) &&
		        strcasecmp(m->type, "SMTP") != 0)
			card_param(c, "X-ADDRESS-TYPE", m->type);
		card_raw(c, ":");
		card_text(c, address);
		card_end(c);
	}
	if (!address || (m->address && address != m->address)) {
		card_head(c, "X-OUTLOOK-EX-ADDRESS");
		if (!address)
			put_params(c, m, called, NULL);
		card_raw(c, ":");
		card_text(c, m->address);
		card_end(c);
	}
}

/* A number that is nowhere else: "Ann Lee@/FN=+1 555 1", "Ann Lee@+1 555 1". */
static void put_fax(struct card *c, struct bag *b, unsigned i)
{
	static const bag_key numbers[] = {
	        PidTagPrimaryFaxNumber, PidTagBusinessFaxNumber, PidTagHomeFaxNumber};
	const char *number = contact_text(c, b, FAX_KEY(i, MAIL_ADDRESS));

	bag_use(b, FAX_KEY(i, MAIL_NAME));
	bag_use(b, FAX_KEY(i, MAIL_TYPE));
	bag_use(b, FAX_KEY(i, MAIL_ORIGINAL_NAME));
	bag_use(b, FAX_KEY(i, MAIL_ORIGINAL_ENTRY));
	bag_use(b, FAX_KEY(i, MAIL_RICH));
	if (!number)
		return;
	if (strrchr(number, '@'))
		number = strrchr(number, '@') + 1;
	if (strncasecmp(number, "/FN=", 4) == 0)
		number += 4;
	for (size_t k = 0; k < COUNT(numbers); k++)
		if (text_same(number, bag_text(b, numbers[k])))
			return;
	card_line(c, "TEL;TYPE=FAX", number);
}

void contact_mails(struct card *c, struct bag *b, const char *called)
{
	bool is_first = true;

	for (unsigned i = 0; i < CONTACT_MAILS; i++) {
		struct mail m;

		read_mail(c, b, i, &m);
		if (m.address || m.name || m.original) {
			put_mail(c, &m, called, is_first);
			is_first = false;
		}
		entry_clear(&m.entry);
	}
	for (unsigned i = 0; i < CONTACT_MAILS; i++)
		put_fax(c, b, i);
}
