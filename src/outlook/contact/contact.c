/* A contact or distribution list as a card: MS-OXOCNTC, MS-OXVCARD, RFC 2426. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "outlook/contact/internal.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

static bool is_list(struct bag *b)
{
	const char *class = bag_text(b, PidTagMessageClass);

	return class && strncasecmp(class, "IPM.DistList", 12) == 0 &&
	       (!class[12] || class[12] == '.');
}

/* Given name, middle name and surname, as many as there are. */
static char *join_names(struct bag *b)
{
	static const bag_key keys[] = {PidTagGivenName, PidTagMiddleName, PidTagSurname};
	struct buf out = buf_of(4 * BAG_TEXT_MAX);

	for (size_t i = 0; i < COUNT(keys); i++) {
		const char *part = bag_text(b, keys[i]);

		if (part)
			buf_putf(&out, "%s%s", out.len ? " " : "", part);
	}
	return buf_take(&out);
}

/* What the card is called: FN has to be there. */
static char *call(struct bag *b, bool list)
{
	static const bag_key keys[] = {PidTagDisplayName, PidLidFileUnder, PidTagSubject,
	        PidTagNormalizedSubject, PidTagCompanyName, PidLidEmail1EmailAddress,
	        PidLidEmail1OriginalDisplayName, PidLidEmail1DisplayName};
	const char *name = list ? bag_text(b, PidLidDistributionListName) : NULL;
	char *joined;

	if (!name)
		name = bag_text(b, PidTagDisplayName);
	if (name)
		return xstrdup(name);
	joined = join_names(b);
	if (*joined)
		return joined;
	free(joined);
	for (size_t i = 0; !name && i < COUNT(keys); i++)
		name = bag_text(b, keys[i]);
	return xstrdup(name ? name : "(no name)");
}

/* A form of somebody's own. */
static void put_class(struct card *c, struct bag *b)
{
	const char *class = bag_text(b, PidTagMessageClass);

	if (class && strcasecmp(class, "IPM.Contact") != 0 &&
	        strcasecmp(class, "IPM.DistList") != 0)
		card_line(c, "X-OUTLOOK-CLASS", class);
}

static void put_card(struct card *c, struct bag *b, const char *called, const char *uid)
{
	bool list = is_list(b);

	card_line(c, "BEGIN", "VCARD");
	card_line(c, "VERSION", "3.0");
	card_line(c, "UID", uid);
	if (list)
		bag_use(b, PidTagDisplayName);
	contact_names(c, b, called, list);
	put_class(c, b);
	contact_texts(c, b);
	contact_mails(c, b, called);
	contact_addresses(c, b);
	contact_days(c, b);
	contact_marks(c, b);
	contact_notes(c, b);
	if (list)
		contact_members(c, b);
	contact_files(c, b);
	card_put_kept(c, b);
	card_line(c, "END", "VCARD");
	contact_use_rest(b, called);
}

int outlook_contact(
        struct bag *b, const struct outlook_to *to, struct outlook_made *made, struct err *err)
{
	bool list = is_list(b);
	char *called = call(b, list);
	struct card c;

	*made = (struct outlook_made){.form = OUTLOOK_CONTACT, .date_utc = INT64_MIN};
	made->uid = contact_uid(b);
	if (!bag_time(b, PidTagLastModificationTime, &made->date_utc))
		made->date_utc = INT64_MIN;
	card_init(&c, to, err);
	card_keep(&c, b);
	put_card(&c, b, called, made->uid);
	free(called);
	return card_done(&c);
}
