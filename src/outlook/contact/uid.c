/* UIDs of contacts: the same for the same contact, in whatever file it is. */
#include <string.h>
#include "outlook/contact/internal.h"
#include "valise/base/hash.h"
#include "valise/base/mem.h"

enum { KEY_MAX = 1024, UID_MAX = 250 };

static void add_text(struct sha256 *h, const char *text)
{
	sha256_add(h, text ? text : "", text ? strlen(text) + 1 : 1);
}

/* What makes a contact another one, where nobody gave it a key. */
static void add_identity(struct sha256 *h, struct bag *b)
{
	static const bag_key keys[] = {PidTagDisplayName, PidTagSurname, PidTagGivenName,
	        PidTagCompanyName, PidLidEmail1EmailAddress, PidLidEmail2EmailAddress,
	        PidLidDistributionListName, PidTagHomeTelephoneNumber, PidTagMobileTelephoneNumber,
	        PidTagBusinessTelephoneNumber};
	char when[DATE_TEXT_SIZE];
	int64_t utc;

	for (size_t i = 0; i < COUNT(keys); i++)
		add_text(h, bag_text(b, keys[i]));
	add_text(h, bag_time(b, PidTagCreationTime, &utc) ? date_format_iso(utc, when) : NULL);
}

static bool is_key(const uint8_t *key, size_t n)
{
	for (size_t i = 0; key && i < n; i++)
		if (key[i])
			return true;
	return false;
}

bool contact_uid_is_plain(const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++)
		if (text[i] <= ' ' || text[i] == 0x7f || strchr("\\,;", text[i]))
			return false;
	return n > 0 && n <= UID_MAX;
}

char *contact_uid(struct bag *b)
{
	static const char domain[] = "outlook contact";
	uint8_t sum[SHA256_LEN];
	char hex[2 * 16 + 1];
	struct sha256 h;
	size_t n = 0;
	const uint8_t *key = bag_octets(b, PidTagSearchKey, KEY_MAX, &n);
	const char *known = bag_text(b, PidNameVcardUid);

	/* That of the card which the contact was made of. */
	if (known && contact_uid_is_plain(known))
		return xstrdup(known);

	sha256_start(&h);
	sha256_add(&h, domain, sizeof domain);
	if (is_key(key, n))
		sha256_add(&h, key, n);
	else
		add_identity(&h, b);
	sha256_end(&h, sum);
	sum[6] = (uint8_t)((sum[6] & 0x0f) | 0x80); /* RFC 9562 5.8: version 8, and its variant */
	sum[8] = (uint8_t)((sum[8] & 0x3f) | 0x80);
	hex_format(sum, 16, hex);
	return xasprintf("%.8s-%.4s-%.4s-%.4s-%s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}
