/* A message, calendar object or card as a MAPI item: what all three have in common. */
#include "valise/outlook/make.h"
#include "valise/base/hash.h"

enum { KEY_SIZE = 16 };

static int add_octets(void *sum, const void *p, size_t n, struct err *err)
{
	(void)err;
	sha256_add(sum, p, n);
	return 0;
}

/* Made of the octets alone: the same item has the same key in every store. */
static int set_key(const struct outlook_make *m, struct bag *b, struct err *err)
{
	uint8_t digest[SHA256_LEN];
	struct sha256 sum;
	int rc;

	sha256_start(&sum);
	rc = spool_copy(m->octets, 0, m->octets->len, add_octets, &sum, err);
	sha256_end(&sum, digest);
	return rc < 0 ? rc : bag_set(b, PidTagSearchKey, BAG_BINARY, digest, KEY_SIZE, err);
}

static int fill(const struct outlook_make *m, struct bag *into, struct err *err)
{
	switch (m->form) {
	case OUTLOOK_MAIL:
		return outlook_make_mail(m, into, err);
	case OUTLOOK_CALENDAR:
		return outlook_make_calendar(m, into, err);
	case OUTLOOK_CONTACT:
		return outlook_make_contact(m, into, err);
	default:
		return err_set(err, ERR_PROTO, ERR_ITEM, "an item of no known form");
	}
}

int outlook_make(const struct outlook_make *m, struct bag **out, struct err *err)
{
	struct bag *b = bag_new();
	int rc = fill(m, b, err);

	if (rc == 0)
		rc = set_key(m, b, err);
	if (rc < 0) {
		bag_free(b);
		*out = NULL;
		return rc;
	}
	bag_sort(b);
	*out = b;
	return 0;
}
