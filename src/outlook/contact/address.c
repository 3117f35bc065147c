/* Postal addresses of a contact (MS-OXOCNTC 2.2.1.3). */
#include "outlook/contact/internal.h"
#include <stdio.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"

const struct contact_place contact_places[ADDRESS_PLACES] = {
        {"HOME", NULL,
                {PidTagHomeAddressPostOfficeBox, PidTagHomeAddressStreet, PidTagHomeAddressCity,
                        PidTagHomeAddressStateOrProvince, PidTagHomeAddressPostalCode,
                        PidTagHomeAddressCountry},
                PidLidHomeAddress, PidLidHomeAddressCountryCode},
        {"WORK", NULL,
                {PidLidWorkAddressPostOfficeBox, PidLidWorkAddressStreet, PidLidWorkAddressCity,
                        PidLidWorkAddressState, PidLidWorkAddressPostalCode,
                        PidLidWorkAddressCountry},
                PidLidWorkAddress, PidLidWorkAddressCountryCode},
        {"POSTAL", "_$!<Other>!$_",
                {PidTagOtherAddressPostOfficeBox, PidTagOtherAddressStreet, PidTagOtherAddressCity,
                        PidTagOtherAddressStateOrProvince, PidTagOtherAddressPostalCode,
                        PidTagOtherAddressCountry},
                PidLidOtherAddress, PidLidOtherAddressCountryCode},
};
const bag_key contact_mailing[ADDRESS_PARTS] = {PidTagPostOfficeBox, PidTagStreetAddress,
        PidTagLocality, PidTagStateOrProvince, PidTagPostalCode, PidTagCountry};

static bool read_parts(struct card *c, struct bag *b, const bag_key keys[ADDRESS_PARTS],
        const char *parts[ADDRESS_PARTS])
{
	bool any = false;

	for (size_t i = 0; i < ADDRESS_PARTS; i++) {
		parts[i] = contact_text(c, b, keys[i]);
		any |= parts[i] != NULL;
	}
	return any;
}

static bool is_same(const char *const a[ADDRESS_PARTS], const char *const b[ADDRESS_PARTS])
{
	for (size_t i = 0; i < ADDRESS_PARTS; i++)
		if (text_cmp(a[i], b[i]) != 0)
			return false;
	return true;
}

struct written {
	const char *type, *label, *country_code, *office;
	bool preferred;
};

static void put_type(struct card *c, const struct written *w, const char *name)
{
	card_head(c, name);
	card_raw(c, w->type);
	card_raw(c, w->preferred ? ",PREF:" : ":");
}

/* The office is where Outlook's own cards have it, too: the extended address. */
static void put_parts(
        struct card *c, const char *const parts[ADDRESS_PARTS], const struct written *w)
{
	char group[32] = "";

	if (w->label || w->country_code)
		snprintf(group, sizeof group, "item%u.", ++c->labels);
	card_head(c, group);
	put_type(c, w, "ADR;TYPE=");
	card_text(c, parts[0]);
	card_raw(c, ";");
	card_text(c, w->office);
	for (size_t i = 1; i < ADDRESS_PARTS; i++) {
		card_raw(c, ";");
		card_text(c, parts[i]);
	}
	card_end(c);
	if (w->country_code) {
		card_head(c, group);
		card_line(c, "X-ABADR", w->country_code);
	}
	if (w->label) {
		card_head(c, group);
		card_line(c, "X-ABLabel", w->label);
	}
}

static void put_whole(struct card *c, const char *whole, const struct written *w)
{
	if (!whole)
		return;
	put_type(c, w, "LABEL;TYPE=");
	card_text(c, whole);
	card_end(c);
}

void contact_addresses(struct card *c, struct bag *b)
{
	int64_t preferred = bag_int(b, PidLidPostalAddressId, 0);
	const char *parts[ADDRESS_PLACES][ADDRESS_PARTS], *mail[ADDRESS_PARTS];
	const char *office = contact_text(c, b, PidTagOfficeLocation);
	const char *postal = contact_text(c, b, PidTagPostalAddress);
	bool is_said = !read_parts(c, b, contact_mailing, mail), has[ADDRESS_PLACES];
	const struct written other = {"POSTAL", NULL, NULL, NULL, true};
	const char *whole;

	for (int i = 0; i < ADDRESS_PLACES; i++) {
		has[i] = read_parts(c, b, contact_places[i].parts, parts[i]);
		is_said |= has[i] && is_same(parts[i], mail);
	}
	/* What others write has but one address, which was the business address of MAPI. */
	if (!is_said && !has[1] && (preferred == 0 || preferred == 2)) {
		memcpy(parts[1], mail, sizeof mail);
		has[1] = is_said = true;
	}
	bag_use(b, PidLidAddressCountryCode);
	for (int i = 0; i < ADDRESS_PLACES; i++) {
		struct written w = {contact_places[i].type, contact_places[i].label,
		        contact_text(c, b, contact_places[i].country_code), i == 1 ? office : NULL,
		        preferred == i + 1};

		if (has[i] || w.office || w.country_code)
			put_parts(c, parts[i], &w);
		whole = contact_text(c, b, contact_places[i].whole);
		put_whole(c, whole, &w);
		if (text_same(whole, postal))
			postal = NULL;
	}
	if (!is_said)
		put_parts(c, mail, &other);
	put_whole(c, postal, &other);
}
