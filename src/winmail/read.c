/* A part that is a winmail.dat, as the message, the event or the card that is in it. */
#include "winmail/internal.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "valise/base/spool.h"
#include "valise/outlook/convert.h"
#include "valise/outlook/tnef.h"

enum { WRONG_MAX = 64 << 10 };

/* The decoded octets of the part, and where they are read now. */
struct octets {
	struct spool spool;
	struct sha256 hash;
	uint64_t at;
};

static int keep(void *ctx, const void *p, size_t n, struct err *err)
{
	struct octets *o = ctx;

	sha256_add(&o->hash, p, n);
	return spool_add(&o->spool, p, n, err);
}

static int give(void *ctx, void *p, size_t n, size_t *got, struct err *err)
{
	struct octets *o = ctx;
	int rc;

	*got = (size_t)MIN(n, o->spool.len - o->at);
	rc = *got ? spool_read(&o->spool, o->at, p, *got, err) : 0;
	o->at += *got;
	return rc;
}

/* A part's number and what is said of it. */
struct teller {
	const struct winmail_to *to;
	const char *number;
	struct mime_spool *spool; /* where what is made of it goes */
};

static void tell(const struct teller *t, bool lost, const char *what, size_t n)
{
	char *text = xasprintf("part %s: %.*s", t->number, (int)MIN(n, (size_t)2000), what);

	if (t->to->tell)
		t->to->tell(t->to->ctx, lost, text);
	free(text);
}

static void tell_text(const struct teller *t, bool lost, const char *what)
{
	tell(t, lost, what, strlen(what));
}

static void on_lost(void *ctx, const char *what)
{
	tell_text(ctx, true, what);
}

static int on_octets(void *ctx, const void *p, size_t n, struct err *err)
{
	return mime_spool_write(((struct teller *)ctx)->spool, p, n, err);
}

static void tell_wrong(const struct teller *t, const struct buf *wrong)
{
	const char *p = buf_str(wrong), *lf;

	for (; (lf = strchr(p, '\n')); p = lf + 1)
		tell(t, true, p, (size_t)(lf - p));
}

/* An error that costs this part alone; 0: it was told. */
static int pardon(const struct teller *t, int rc, struct err *err)
{
	if (rc >= 0 || err->scope != ERR_ITEM)
		return rc;
	tell_text(t, true, err->text);
	err_clear(err);
	return 0;
}

static int convert(
        struct teller *t, struct bag *b, struct winmail_item *out, bool *is_out, struct err *err)
{
	struct outlook_to to = {.write = on_octets, .lost = on_lost, .ctx = t};
	struct outlook_made made = {0};
	int rc = outlook_convert(b, &to, &made, err);

	*is_out = rc == 0 && made.form != OUTLOOK_UNKNOWN;
	if (rc == 0 && !*is_out)
		tell_text(t, true, "what is in it is no message, event or card");
	if (*is_out && made.form == OUTLOOK_MAIL)
		rc = mime_spool_open(out->spool, &out->message, err);
	out->type = made.form == OUTLOOK_CONTACT ? "text/vcard" : "text/calendar";
	out->name = made.form == OUTLOOK_CONTACT ? "contact.vcf" : "event.ics";
	outlook_made_clear(&made);
	return rc;
}

static int read_tnef(
        struct teller *t, struct octets *o, struct winmail_item *out, bool *is_out, struct err *err)
{
	struct buf wrong = buf_of(WRONG_MAX);
	struct bag *b = NULL;
	int rc = tnef_read(give, o, &b, &wrong, err);

	if (rc == 0) {
		tell_wrong(t, &wrong);
		rc = convert(t, b, out, is_out, err);
	}
	buf_clear(&wrong);
	bag_free(b);
	return rc;
}

int winmail_read(struct mime_message *m, size_t i, const struct winmail_to *to,
        struct winmail_item *out, bool *is_out, struct err *err)
{
	const struct mime_part *parts;
	struct octets o = {.at = 0};
	uint8_t digest[SHA256_LEN];
	struct err own = {0};
	struct teller t = {.to = to};
	int rc;

	mime_parts(m, &parts);
	*out = (struct winmail_item){.spool = mime_spool_new()};
	*is_out = false;
	t.number = parts[i].number;
	t.spool = out->spool;
	spool_init(&o.spool);
	sha256_start(&o.hash);
	rc = mime_part_octets(m, i, keep, &o, &own);
	if (rc == 0) {
		sha256_end(&o.hash, digest);
		hex_format(digest, sizeof out->mark / 2, out->mark);
		rc = pardon(&t, read_tnef(&t, &o, out, is_out, &own), &own);
	}
	spool_clear(&o.spool);
	return rc < 0 ? err_copy(err, &own) : 0;
}

void winmail_clear(struct winmail_item *it)
{
	mime_free(it->message);
	mime_spool_free(it->spool);
	*it = (struct winmail_item){0};
}
