/* A file an address book: its cards one after the other (RFC 6350 3.3), of one version where asked.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/format/amend.h"
#include "pim.h"

enum { UNSAID_MAX = 240 };

/* An item that cannot stand among others. */
struct apart {
	size_t item;
	char *why;
};

struct vcf {
	struct pim pim;
	struct buf text; /* of the item, as it is written */
	struct apart *apart; /* of the collection: written after its file */
	size_t n_apart, apart_cap;
};

static void *vcf_open(struct export_run *run)
{
	struct vcf *v = xcalloc(1, sizeof *v);

	pim_init(&v->pim, run, ".vcf");
	buf_init(&v->text, PIM_TEXT_MAX);
	return v;
}

/* Can the octets stand among those of others? */
static bool is_fit(const struct buf *octets, struct err *why)
{
	struct content_summary s = {0};
	bool fit = content_summarize(octets->data, octets->len, &s, why) == 0;

	if (!fit)
		return false;
	if (!s.card || s.calendar)
		err_set(why, ERR_DAMAGED, ERR_ITEM, "it is no vCard");
	else if (s.wrong)
		err_set(why, ERR_DAMAGED, ERR_ITEM,
		        "%u of its lines are no content lines, or BEGIN and END that do not match",
		        s.wrong);
	fit = s.card && !s.calendar && !s.wrong;
	content_summary_clear(&s);
	return fit;
}

static int append(void *ctx, const void *p, size_t n, struct err *err)
{
	if (buf_add(ctx, p, n) < 0)
		return err_set(err, ERR_LIMIT, ERR_ITEM, "it is too large to stand among others");
	return 0;
}

/* One card in the version that is wanted, CRLF. */
static int put_card(void *ctx, const char *uid, const struct buf *card, struct err *err)
{
	struct vcf *v = ctx;
	unsigned version = v->pim.run->opts->vcard;
	struct buf other = buf_of(PIM_TEXT_MAX);
	const struct buf *from = card;
	int rc = 0;

	(void)uid;
	if (version)
		rc = content_amend(card->data, card->len, version == 4 ? AMEND_CARD4 : AMEND_CARD3,
		        &other, err);
	if (rc > 0)
		from = &other;
	if (rc >= 0)
		rc = content_crlf(from->data, from->len, append, &v->text, err);
	if (rc == 0 && v->text.len && v->text.data[v->text.len - 1] != '\n')
		rc = append(&v->text, "\r\n", 2, err);
	buf_clear(&other);
	return rc;
}

/* The octets without what stands before the first card. */
static void skip_bom(const struct buf *octets, struct buf *out)
{
	size_t bom = octets->len >= 3 && memcmp(octets->data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	buf_put(out, octets->data + bom, octets->len - bom);
}

/* Its cards as they are written: in v->text. */
static int convert(struct vcf *v, struct err *err)
{
	const char *mended = pim_mend(&v->pim);
	struct buf octets = buf_of(PIM_TEXT_MAX), unsaid = buf_of(UNSAID_MAX);
	unsigned version = v->pim.run->opts->vcard;
	int rc;

	buf_reset(&v->text);
	skip_bom(mended ? &v->pim.other : &v->pim.octets, &octets);
	rc = version ? content_apart(octets.data, octets.len, put_card, v, err) : 0;
	if (rc == 0)
		rc = put_card(v, NULL, &octets, err);
	if (rc >= 0 && version)
		(void)!content_unsaid(octets.data, octets.len, version, &unsaid, NULL);
	if (rc >= 0 && unsaid.len)
		pim_say(&v->pim, "vCard %u.0 has no word for %s", version, buf_str(&unsaid));
	if (rc >= 0 && mended)
		pim_say(&v->pim, "%s", mended);
	buf_clear(&octets);
	buf_clear(&unsaid);
	return MIN(rc, 0);
}

static int see(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)ctx;
	(void)p;
	(void)n;
	(void)err;
	return 0;
}

static int put_later(struct vcf *v, const struct tree_coll *c, const struct tree_item *it,
        const struct err *why, struct err *err)
{
	int rc = 0;

	/* what is damaged is to be told now */
	if (it->size > PIM_ITEM_MAX)
		rc = v->pim.run->from->ops->body(v->pim.run->from, c, it, see, NULL, err);
	if (rc == 0)
		*ARR_PUSH(v->apart, v->n_apart, v->apart_cap) =
		        (struct apart){(size_t)(it - c->items), xstrdup(why->text)};
	return rc;
}

static int put_text(struct vcf *v, struct err *err)
{
	uint64_t split = v->pim.run->opts->split;
	int rc = 0;

	if (split && v->pim.has_item && v->pim.in_file + v->text.len > split) {
		rc = export_out_end(v->pim.run->out, err);
		rc = rc == 0 ? pim_begin(&v->pim, err) : rc;
	}
	if (rc == 0)
		rc = pim_write(&v->pim, v->text.data, v->text.len, err);
	v->pim.has_item = true;
	return rc;
}

static int vcf_coll(
        void *state, const struct tree_head *h, const struct tree_coll *c, struct err *err)
{
	struct vcf *v = state;

	pim_coll(&v->pim, h, c);
	return pim_begin(&v->pim, err);
}

static int vcf_item(
        void *state, const struct tree_coll *c, const struct tree_item *it, struct err *err)
{
	struct vcf *v = state;
	struct err why = {0};
	int rc = pim_read(&v->pim, c, it, err);

	if (rc < 0)
		return rc;
	if (rc == 0)
		err_set(&why, ERR_LIMIT, ERR_ITEM, "it is too large to stand among others");
	if (rc == 0 || !is_fit(&v->pim.octets, &why) || convert(v, &why) < 0)
		return put_later(v, c, it, &why, err);
	rc = put_text(v, err);
	if (rc == 0)
		pim_tell(&v->pim, c, it);
	return rc;
}

static void forget_apart(struct vcf *v)
{
	for (size_t i = 0; i < v->n_apart; i++)
		free(v->apart[i].why);
	v->n_apart = 0;
}

static int vcf_coll_end(void *state, const struct tree_coll *c, struct err *err)
{
	struct vcf *v = state;
	int rc = export_out_end(v->pim.run->out, err);

	for (size_t i = 0; i < v->n_apart && rc == 0; i++) {
		rc = pim_apart(&v->pim, c, &c->items[v->apart[i].item], v->apart[i].why, err);
		if (rc == 0)
			rc = err_set(err, ERR_DAMAGED, ERR_WHOLE,
			        "the archive is damaged since the run began");
		rc = MIN(rc, 0);
	}
	forget_apart(v);
	return rc;
}

static void vcf_free(void *state)
{
	struct vcf *v = state;

	forget_apart(v);
	pim_clear(&v->pim);
	buf_clear(&v->text);
	free(v->apart);
	free(v);
}

const struct export_format_ops export_vcf = {
        .word = "vcf",
        .kinds = 1u << COLL_CONTACTS,
        .loss = "hrefs, ETags and what an address book is called beyond its file are left out",
        .open = vcf_open,
        .coll = vcf_coll,
        .item = vcf_item,
        .coll_end = vcf_coll_end,
        .free = vcf_free,
};
