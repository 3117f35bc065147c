/* A bag as a message of FastTransfer (MS-OXCFXICS 2.2.4.3.16). */
#include <assert.h>
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include "outlook/bag/fx.h"
#include "outlook/bag/internal.h"
#include "valise/base/mem.h"
#include "valise/outlook/fx.h"

enum { PIECE = 65536 };

struct fx_out {
	bag_write_fn write;
	void *ctx;
	struct buf piece; /* what waits for being written */
};

bool fx_is_marker(uint32_t tag)
{
	switch (tag) {
	case FX_START_TOP_FOLDER:
	case FX_START_SUB_FOLDER:
	case FX_END_FOLDER:
	case FX_START_MESSAGE:
	case FX_START_FAI:
	case FX_END_MESSAGE:
	case FX_START_EMBED:
	case FX_END_EMBED:
	case FX_START_RECIPIENT:
	case FX_END_RECIPIENT:
	case FX_NEW_ATTACHMENT:
	case FX_END_ATTACHMENT:
	case FX_SYNC_CHANGE:
	case FX_SYNC_PARTIAL:
	case FX_SYNC_DELETIONS:
	case FX_SYNC_END:
	case FX_SYNC_MESSAGE:
	case FX_SYNC_READ:
	case FX_SYNC_STATE_BEGIN:
	case FX_SYNC_STATE_END:
	case FX_SYNC_PROGRESS:
	case FX_SYNC_PROGRESS_MESSAGE:
	case FX_SYNC_GROUP_INFO:
	case FX_ERROR_INFO:
		return true;
	default:
		return false;
	}
}

bool fx_is_meta(uint32_t tag)
{
	return tag == FX_DELETED_PROPERTY || tag == FX_WARNING || tag == FX_SYNC_PART ||
	       tag == FX_SYNC_GROUP;
}

uint16_t fx_page_type(unsigned page)
{
	return (uint16_t)(page | 0x8000);
}

unsigned fx_type_page(uint16_t type)
{
	unsigned page = type & 0x7fffu;

	return !code_page_charset(page) && code_page_charset(type) ? type : page;
}

static int put(struct fx_out *o, const void *p, size_t n, struct err *err)
{
	int rc = 0;

	if (o->piece.len + n > PIECE && o->piece.len > 0) {
		rc = o->write(o->ctx, o->piece.data, o->piece.len, err);
		buf_reset(&o->piece);
	}
	if (rc == 0 && n > PIECE)
		return o->write(o->ctx, p, n, err);
	if (rc == 0)
		buf_put(&o->piece, p, n);
	return rc;
}

static int put_piece(void *ctx, const void *p, size_t n, struct err *err)
{
	return put(ctx, p, n, err);
}

static int put_number(struct fx_out *o, uint64_t v, size_t n, struct err *err)
{
	uint8_t octets[8];

	le_put(octets, v, n);
	return put(o, octets, n, err);
}

static int put_nul(struct fx_out *o, size_t unit, struct err *err)
{
	return put_number(o, 0, unit, err);
}

static int put_name(struct fx_out *o, const struct bag_name *name, struct err *err)
{
	char wide[2 * BAG_NAME_MAX + 2], *to = wide, *from = name->text;
	size_t room = sizeof wide, left;
	iconv_t conv;
	int rc = put(o, name->set, sizeof name->set, err);

	if (rc == 0)
		rc = put_number(o, name->text ? 1 : 0, 1, err);
	if (rc < 0 || !name->text)
		return rc < 0 ? rc : put_number(o, name->lid, 4, err);
	left = strlen(name->text);
	conv = iconv_open("UTF-16LE", "UTF-8");
	if (conv == (iconv_t)-1 || iconv(conv, &from, &left, &to, &room) == (size_t)-1)
		rc = err_sys(err, ERR_ITEM, "the name of a property");
	if (conv != (iconv_t)-1)
		iconv_close(conv);
	if (rc == 0)
		rc = put(o, wide, (size_t)(to - wide), err);
	return rc < 0 ? rc : put_nul(o, 2, err);
}

/* Several texts, each with a NUL at its end. */
static int put_texts(struct fx_out *o, struct bag *b, const struct bag_prop *p, struct err *err)
{
	const size_t unit = p->type == (BAG_UNICODE | BAG_MULTIPLE) ? 2 : 1;
	uint8_t four[4], end[2];
	uint64_t at = 4;
	int rc = prop_read(b, p, 0, four, 4, err);

	if (rc == 0)
		rc = put(o, four, 4, err);
	while (rc == 0 && at < p->len) {
		struct bag_prop one = {
		        .data = p->data ? p->data + at + 4 : NULL, .at = p->at + at + 4};

		rc = prop_read(b, p, at, four, 4, err);
		one.len = rc == 0 ? le32(four) : 0;
		end[0] = end[1] = 1;
		if (rc == 0 && one.len >= unit)
			rc = prop_read(b, &one, one.len - unit, end, unit, err);
		end[1] = unit == 1 ? 0 : end[1];
		if (rc == 0)
			rc = put_number(o, one.len + (end[0] || end[1] ? unit : 0), 4, err);
		if (rc == 0)
			rc = bag_stream(b, &one, put_piece, o, err);
		if (rc == 0 && (end[0] || end[1]))
			rc = put_nul(o, unit, err);
		at += 4 + one.len;
	}
	return rc;
}

static int put_value(struct fx_out *o, struct bag *b, const struct bag_prop *p, struct err *err)
{
	size_t unit = p->type == BAG_UNICODE ? 2 : p->type == BAG_STRING8 ? 1 : 0;
	int rc = 0;

	if ((p->type & BAG_MULTIPLE) && type_is_text(p->type))
		return put_texts(o, b, p, err);
	if (!(p->type & BAG_MULTIPLE) && !bag_type_size(p->type))
		rc = put_number(o, p->len + unit, 4, err);
	if (rc == 0)
		rc = bag_stream(b, p, put_piece, o, err);
	return rc == 0 && unit ? put_nul(o, unit, err) : rc;
}

/* A named property's id says nothing: its place among those of its bag. */
static int put_prop(
        struct fx_out *o, struct bag *b, const struct bag_prop *p, unsigned place, struct err *err)
{
	unsigned page = p->type == BAG_STRING8 ? prop_code_page(b, p) : 0;
	uint32_t type = page ? fx_page_type(page) : p->type;
	uint32_t id = p->name ? 0x8000 + place % 0x7fff : p->id;
	int rc;

	/* Nobody could tell it from a marker. */
	if (!p->name && (fx_is_marker(id << 16 | type) || fx_is_meta(id << 16 | type)))
		return 0;
	rc = put_number(o, id << 16 | type, 4, err);
	if (rc == 0 && p->name)
		rc = put_name(o, p->name, err);
	return rc < 0 ? rc : put_value(o, b, p, err);
}

static bool is_number_of(const struct bag_prop *p, unsigned id)
{
	return !p->name && p->id == id && p->type == BAG_INT32;
}

/* Its number among recipients or attachments comes first, whether it had one or not. */
static int put_own_number(
        struct fx_out *o, const struct bag *b, unsigned id, size_t place, struct err *err)
{
	uint32_t number = (uint32_t)place;
	int rc = put_number(o, (uint32_t)id << 16 | BAG_INT32, 4, err);

	for (size_t i = 0; i < b->n_props; i++)
		if (is_number_of(&b->props[i], id))
			number = le32(b->props[i].data);
	return rc < 0 ? rc : put_number(o, number, 4, err);
}

static int put_props(struct fx_out *o, struct bag *b, unsigned but, struct err *err)
{
	unsigned named = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < b->n_props; i++) {
		const struct bag_prop *p = &b->props[i];

		if (!but || !is_number_of(p, but))
			rc = put_prop(o, b, p, p->name ? named++ : 0, err);
	}
	return rc;
}

static int put_content(struct fx_out *o, struct bag *b, struct err *err);

static int put_attachment(struct fx_out *o, struct bag *a, size_t place, struct err *err)
{
	int rc = put_number(o, FX_NEW_ATTACHMENT, 4, err);

	if (rc == 0)
		rc = put_own_number(o, a, PidTagAttachNumber, place, err);
	if (rc == 0)
		rc = put_props(o, a, PidTagAttachNumber, err);
	if (rc == 0 && a->embedded) {
		rc = put_number(o, FX_START_EMBED, 4, err);
		if (rc == 0)
			rc = put_content(o, a->embedded, err);
		if (rc == 0)
			rc = put_number(o, FX_END_EMBED, 4, err);
	}
	return rc < 0 ? rc : put_number(o, FX_END_ATTACHMENT, 4, err);
}

/* messageContent, 2.2.4.3.12 */
static int put_content(struct fx_out *o, struct bag *b, struct err *err)
{
	int rc = put_props(o, b, 0, err);

	for (size_t i = 0; rc == 0 && i < b->n_recipients; i++) {
		rc = put_number(o, FX_START_RECIPIENT, 4, err);
		if (rc == 0)
			rc = put_own_number(o, b->recipients[i], PidTagRowid, i, err);
		if (rc == 0)
			rc = put_props(o, b->recipients[i], PidTagRowid, err);
		if (rc == 0)
			rc = put_number(o, FX_END_RECIPIENT, 4, err);
	}
	for (size_t i = 0; rc == 0 && i < b->n_attachments; i++)
		rc = put_attachment(o, b->attachments[i], i, err);
	return rc;
}

int fx_write(struct bag *b, bag_write_fn write, void *ctx, struct err *err)
{
	struct fx_out o = {write, ctx, buf_of(PIECE)};
	int rc;

	assert(b->is_sorted);
	rc = put_number(&o, FX_START_MESSAGE, 4, err);
	if (rc == 0)
		rc = put_content(&o, b, err);
	if (rc == 0)
		rc = put_number(&o, FX_END_MESSAGE, 4, err);
	if (rc == 0)
		rc = write(ctx, o.piece.data, o.piece.len, err);
	buf_clear(&o.piece);
	return rc;
}
