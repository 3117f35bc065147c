/* E-mail addresses of a card: MS-OXOCNTC 2.2.1.2. */
#include <stdlib.h>
#include <strings.h>
#include "outlook/contact/entry.h"
#include "outlook/make/contact/cont.h"
#include "valise/base/le.h"
#include "valise/base/mem.h"

/* One address; the lines are NULL where it has none. */
struct mail {
	struct line *email, *exchange;
};

/* Those that fit, the preferred one first. An address of Exchange is behind that of the Internet.
 */
static size_t find_mails(struct cont *c, struct mail list[CONTACT_MAILS])
{
	size_t n = 0, preferred = SIZE_MAX;

	for (size_t i = 0; i < c->p->n_lines; i++) {
		struct line *l = &c->p->lines[i];
		bool email = strcmp(l->name, "EMAIL") == 0;

		if (!email && strcmp(l->name, "X-OUTLOOK-EX-ADDRESS") != 0)
			continue;
		if (!email && n && i && list[n - 1].email == l - 1 && !list[n - 1].exchange) {
			list[n - 1].exchange = l;
			continue;
		}
		if (n == CONTACT_MAILS)
			break;
		if (email && preferred == SIZE_MAX && line_has(l, "TYPE", "PREF"))
			preferred = n;
		list[n++] = (struct mail){email ? l : NULL, email ? NULL : l};
	}
	if (preferred != SIZE_MAX && preferred > 0) {
		struct mail first = list[preferred];

		memmove(list + 1, list, preferred * sizeof *list);
		list[0] = first;
	}
	return n;
}

static const char *type_of(const struct mail *m)
{
	const char *said = m->email ? line_param(m->email, "X-ADDRESS-TYPE") : NULL;

	if (m->exchange)
		return "EX";
	if (said && *said)
		return said;
	return line_has(m->email, "TYPE", "X400") ? "X400" : "SMTP";
}

static void put_entry(
        struct cont *c, unsigned i, const char *name, const char *type, const char *address)
{
	struct buf entry = buf_of(SIZE_MAX);

	entry_one_off(name, type, address, &entry);
	into_octets(&c->k, c->b, MAIL_KEY(i, MAIL_ORIGINAL_ENTRY), entry.data, entry.len);
	buf_clear(&entry);
}

static void put_mail(struct cont *c, unsigned i, const struct mail *m)
{
	const struct line *said = m->email ? m->email : m->exchange;
	const char *cn = line_param(said, "X-CN"), *original = line_param(said, "X-ORIGINAL-CN");
	char *smtp = m->email ? line_text(m->email) : NULL,
	     *dn = m->exchange ? line_text(m->exchange) : NULL;
	const char *address = dn ? dn : smtp;
	char *name = cn          ? xstrdup(cn)
	             : c->called ? xasprintf("%s (%s)", c->called, smtp ? smtp : dn)
	                         : xstrdup(smtp ? smtp : dn);

	into_text(&c->k, c->b, MAIL_KEY(i, MAIL_NAME), name);
	into_text(&c->k, c->b, MAIL_KEY(i, MAIL_TYPE), type_of(m));
	into_text(&c->k, c->b, MAIL_KEY(i, MAIL_ADDRESS), address);
	into_text(&c->k, c->b, MAIL_KEY(i, MAIL_ORIGINAL_NAME),
	        original && !dn ? original
	        : smtp          ? smtp
	                        : name);
	put_entry(c, i, cn ? cn : name, type_of(m), address);
	if (m->email) {
		m->email->used = true;
		use_group(c, m->email);
	}
	if (m->exchange)
		m->exchange->used = true;
	free(smtp);
	free(dn);
	free(name);
}

void cont_mails(struct cont *c)
{
	struct mail list[CONTACT_MAILS];
	size_t n = find_mails(c, list);
	uint8_t numbers[4 + 4 * CONTACT_MAILS];

	for (unsigned i = 0; i < n; i++)
		put_mail(c, i, &list[i]);
	if (!n)
		return;
	/* which of them there are: MS-OXOCNTC 2.2.1.2.11, 2.2.1.2.12 */
	le_put(numbers, n, 4);
	for (size_t i = 0; i < n; i++)
		le_put(numbers + 4 + 4 * i, i, 4);
	if (c->k.rc == 0)
		c->k.rc = bag_set(c->b, PidLidAddressBookProviderEmailList,
		        BAG_INT32 | BAG_MULTIPLE, numbers, 4 + 4 * n, c->k.err);
	into_int(&c->k, c->b, PidLidAddressBookProviderArrayType, (1 << n) - 1);
}
