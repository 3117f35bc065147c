/* Lines of a card that are texts of a contact: MS-OXVCARD 2.1.3, MS-OXOCNTC 2.2.1. */
#include <stdlib.h>
#include <strings.h>
#include "outlook/make/contact/cont.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

enum { TYPES_MAX = 16 };
enum { FEMALE = 1, MALE = 2 };

/* ---- names ---- */

static void put_name_parts(struct cont *c)
{
	static const bag_key parts[] = {PidTagSurname, PidTagGivenName, PidTagMiddleName,
	        PidTagDisplayNamePrefix, PidTagGeneration};
	struct line *l = part_take(c->p, "N");
	char *text;
	size_t at = 0, i = 0;

	/* a group has there what it is called */
	while (l && i < COUNT(parts) && (text = line_piece(l, ';', &at)))
		if (c->is_list)
			free(text), i++;
		else
			into_own(&c->k, c->b, parts[i++], text);
}

/* What Outlook sorts by: where nobody says it, "Doe, Jane", or what the card is called. */
static void put_file_as(struct cont *c)
{
	const struct line *l = part_peek(c->p, "N");
	size_t at = 0;
	char *family = l ? line_piece(l, ';', &at) : NULL;
	char *given = family ? line_piece(l, ';', &at) : NULL, *as = NULL;

	if (part_peek(c->p, "X-EVOLUTION-FILE-AS") || c->is_list)
		as = NULL;
	else if (family && *family && given && *given)
		as = xasprintf("%s, %s", family, given);
	else
		as = xstrdup(c->called);
	into_own(&c->k, c->b, PidLidFileUnder, as);
	free(family);
	free(given);
}

static void put_organization(struct cont *c)
{
	struct line *l = part_take(c->p, "ORG");
	size_t at = 0;
	char *company = l ? line_piece(l, ';', &at) : NULL;
	char *unit = company ? line_piece(l, ';', &at) : NULL, *more;

	into_own(&c->k, c->b, PidTagCompanyName, company);
	/* units within units are one department */
	while (unit && (more = line_piece(l, ';', &at))) {
		char *both = *more ? xasprintf("%s, %s", unit, more) : xstrdup(unit);

		free(unit);
		free(more);
		unit = both;
	}
	into_own(&c->k, c->b, PidTagDepartmentName, unit);
}

void cont_names(struct cont *c)
{
	static const bag_key called[] = {PidTagDisplayName, PidTagSubject, PidTagNormalizedSubject};

	for (size_t i = 0; i < COUNT(called); i++)
		into_text(&c->k, c->b, called[i], c->called);
	if (c->is_list)
		into_text(&c->k, c->b, PidLidDistributionListName, c->called);
	put_file_as(c);
	put_name_parts(c);
	put_organization(c);
}

/* ---- lines of the table ---- */

/* Words of "TEL;TYPE=WORK,VOICE" behind its name. */
static size_t head_types(const char *head, char types[TYPES_MAX][32])
{
	const char *s = strstr(head, ";TYPE=");
	size_t n = 0;

	s = s ? s + 6 : "";
	while (*s && n < TYPES_MAX) {
		size_t len = strcspn(s, ",");

		memcpy(types[n], s, MIN(len, 31u));
		types[n++][MIN(len, 31u)] = '\0';
		s += len + (s[len] != '\0');
	}
	return n;
}

/* The same words, in any order? */
static bool same_types(const struct line *l, const char *head)
{
	char types[TYPES_MAX][32], word[32];
	size_t n = head_types(head, types), at = 0, found = 0;

	while (next_type(l, &at, word))
		for (size_t i = 0; i < n; i++)
			found += strcmp(types[i], word) == 0;
	return found == n && at == n;
}

static bool same_name(const struct line *l, const char *head)
{
	size_t n = strcspn(head, ";");

	return strncmp(l->name, head, n) == 0 && !l->name[n];
}

static bool is_several(bag_key key)
{
	static const bag_key those[] = {PidTagChildrensNames, PidLidContacts, PidLidCompanies};

	for (size_t i = 0; i < COUNT(those); i++)
		if (those[i] == key)
			return true;
	return false;
}

/* The property takes the line, unless it has a value already. */
static bool give(struct cont *c, struct line *l, bag_key key)
{
	if (bag_peek(c->b, key))
		return false;
	into_own(&c->k, c->b, key, line_text(l));
	l->used = true;
	use_group(c, l);
	return true;
}

/* ${exact}: its types, too, are those of the row. */
static bool fits(
        const struct cont *c, const struct line *l, const struct contact_line *row, bool exact)
{
	const char *label = label_of(c, l);

	if (l->used || !same_name(l, row->head) ||
	        !(row->label ? label && strcasecmp(label, row->label) == 0 : !label || !exact))
		return false;
	return !exact || same_types(l, row->head);
}

static void take_several(struct cont *c, const struct contact_line *row)
{
	struct several all;

	several_init(&all);
	for (size_t i = 0; i < c->p->n_lines; i++) {
		struct line *l = &c->p->lines[i];
		char *text;

		if (!fits(c, l, row, true))
			continue;
		text = line_text(l);
		if (*text)
			several_text(&all, text);
		free(text);
		l->used = true;
		use_group(c, l);
	}
	into_several(&c->k, c->b, row->key, BAG_UNICODE, &all);
}

static void take_rows(struct cont *c, bool exact)
{
	for (size_t i = 0; i < n_contact_lines; i++) {
		const struct contact_line *row = &contact_lines[i];

		if (is_several(row->key)) {
			if (exact)
				take_several(c, row);
			continue;
		}
		/* without its types and label a number is of another kind: those have rules */
		if (!exact && (same_name(&(struct line){.name = "TEL"}, row->head) || row->label ||
		                      strchr(row->head, ';')))
			continue;
		for (size_t k = 0; k < c->p->n_lines; k++)
			if (fits(c, &c->p->lines[k], row, exact) &&
			        give(c, &c->p->lines[k], row->key))
				break;
	}
}

/* ---- numbers of other programs ---- */

static bool has_type(const struct line *l, const char *word)
{
	return line_has(l, "TYPE", word);
}

/* Where a number may go, the best place first; 0 ends them. */
static void places_of(const struct line *l, bag_key out[6])
{
	const bool work = has_type(l, "WORK"), home = has_type(l, "HOME");
	size_t n = 0;

	if (has_type(l, "FAX")) {
		out[n++] = work   ? PidTagBusinessFaxNumber
		           : home ? PidTagHomeFaxNumber
		                  : PidTagPrimaryFaxNumber;
	} else if (has_type(l, "PAGER")) {
		out[n++] = PidTagPagerTelephoneNumber;
	} else if (has_type(l, "CELL") || has_type(l, "MOBILE") || has_type(l, "IPHONE")) {
		out[n++] = PidTagMobileTelephoneNumber;
	} else if (has_type(l, "CAR")) {
		out[n++] = PidTagCarTelephoneNumber;
	} else if (has_type(l, "ISDN")) {
		out[n++] = PidTagIsdnNumber;
	} else if (has_type(l, "TEXTPHONE")) {
		out[n++] = PidTagTelecommunicationsDeviceForDeafTelephoneNumber;
	} else if (work) {
		out[n++] = PidTagBusinessTelephoneNumber;
		out[n++] = PidTagBusiness2TelephoneNumber;
	} else if (home) {
		out[n++] = PidTagHomeTelephoneNumber;
		out[n++] = PidTagHome2TelephoneNumber;
	} else if (has_type(l, "PREF") || has_type(l, "MAIN")) {
		out[n++] = PidTagPrimaryTelephoneNumber;
	}
	if (!has_type(l, "FAX") && !has_type(l, "PAGER"))
		out[n++] = PidTagOtherTelephoneNumber;
	out[n] = 0;
}

static void put_fax(struct cont *c, struct line *l)
{
	for (unsigned i = 0; i < CONTACT_MAILS; i++)
		if (!bag_peek(c->b, FAX_KEY(i, MAIL_ADDRESS))) {
			give(c, l, FAX_KEY(i, MAIL_ADDRESS));
			into_text(&c->k, c->b, FAX_KEY(i, MAIL_TYPE), "FAX");
			return;
		}
}

static void take_numbers(struct cont *c)
{
	for (size_t i = 0; i < c->p->n_lines; i++) {
		struct line *l = &c->p->lines[i];
		bag_key places[6];

		if (l->used || strcmp(l->name, "TEL") != 0)
			continue;
		places_of(l, places);
		for (size_t k = 0; places[k] && !l->used; k++)
			give(c, l, places[k]);
		if (!l->used && has_type(l, "FAX"))
			put_fax(c, l);
	}
}

/* ---- the rest ---- */

/* vCard 4.0 says so whom somebody is related to. */
static void take_related(struct cont *c)
{
	static const struct {
		const char *type;
		bag_key key;
	} kinds[] = {{"SPOUSE", PidTagSpouseName}};
	struct line *l;

	for (size_t i = 0; i < COUNT(kinds); i++)
		for (size_t k = 0; k < c->p->n_lines; k++) {
			l = &c->p->lines[k];
			if (!l->used && strcmp(l->name, "RELATED") == 0 &&
			        line_has(l, "VALUE", "TEXT") && has_type(l, kinds[i].type))
				give(c, l, kinds[i].key);
		}
}

static void take_page(struct cont *c)
{
	for (size_t i = 0; i < c->p->n_lines; i++) {
		struct line *l = &c->p->lines[i];

		if (!l->used && strcmp(l->name, "URL") == 0 && !label_of(c, l) &&
		        give(c, l, PidLidHtml))
			return;
	}
}

static void take_im(struct cont *c)
{
	struct line *l = part_take(c->p, "IMPP");
	char *text = l ? line_text(l) : NULL;

	if (text)
		into_text(&c->k, c->b, PidLidInstantMessagingAddress,
		        strncasecmp(text, "im:", 3) == 0 ? text + 3 : text);
	free(text);
	if (l)
		use_group(c, l);
}

static void take_sex(struct cont *c)
{
	struct line *l = part_peek(c->p, "GENDER");

	if (!l || (strcasecmp(l->value, "F") != 0 && strcasecmp(l->value, "M") != 0))
		return;
	l->used = true;
	/* PtypInteger16 */
	if (c->k.rc == 0)
		c->k.rc = bag_set_int(c->b, PidTagGender, BAG_INT16,
		        strcasecmp(l->value, "F") == 0 ? FEMALE : MALE, c->k.err);
}

void cont_texts(struct cont *c)
{
	take_rows(c, true);
	take_numbers(c);
	take_rows(c, false);
	take_related(c);
	take_page(c);
	take_im(c);
	take_sex(c);
}
