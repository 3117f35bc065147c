/*
 * FastTransfer, as its octets come (MS-OXCFXICS 2.2.4): a marker, or a property with its tag,
 * the name of a named one and its value.
 */
#include <stdlib.h>
#include "outlook/bag/reader.h"
#include "valise/base/mem.h"

struct fx_reader *fx_reader_new(fx_message_fn give, void *ctx)
{
	struct fx_reader *r = xcalloc(1, sizeof *r);

	r->give = give;
	r->ctx = ctx;
	buf_init(&r->wide, 2 * BAG_NAME_MAX + 2);
	return r;
}

void fx_reader_free(struct fx_reader *r)
{
	if (!r)
		return;
	bag_free(r->top);
	buf_clear(&r->wide);
	free(r);
}

/*
 * A cap that is met ends the stream as well: what is behind it would belong to nothing. In a
 * synchronization it costs the item, for each element has a marker at its beginning.
 */
static int ended(struct fx_reader *r, int rc, struct err *err)
{
	if (rc == ERR_LIMIT && r->sync && r->top) {
		fx_sync_break(r->sync, err ? err->text : "it is too large");
		err_clear(err);
		return 0;
	}
	if (rc == ERR_LIMIT && err)
		err->code = ERR_PROTO;
	return rc == ERR_LIMIT ? ERR_PROTO : rc;
}

int fx_no_stream(struct err *err, const char *what, uint32_t where)
{
	return err_set(err, ERR_PROTO, ERR_ITEM, "FastTransfer: %s (0x%08x)", what, where);
}

/* ---- markers ---- */

void fx_begin_message(struct fx_reader *r)
{
	r->now = r->top = bag_new();
	r->page_of_all = 0;
	r->is_one_page = true;
}

struct bag *fx_end_message(struct fx_reader *r)
{
	struct bag *b = r->top;

	r->top = r->now = NULL;
	if (r->is_one_page)
		b->code_page = (uint16_t)r->page_of_all;
	bag_sort(b);
	return b;
}

void fx_drop_message(struct fx_reader *r)
{
	bag_free(r->top);
	r->top = r->now = NULL;
	r->is_kept = false;
}

static bool is_filling(const struct fx_reader *r, enum bag_role role)
{
	return r->now && r->now->role == role;
}

/* An item, a recipient or an attachment begins: where it may. */
static int begin_part(struct fx_reader *r, uint32_t tag, struct err *err)
{
	struct bag *in = r->now, *b;
	bool may = is_filling(r, tag == FX_START_EMBED ? BAG_ATTACHMENT : BAG_MESSAGE);

	if (tag == FX_START_MESSAGE || tag == FX_START_FAI)
		may = !in;
	if (!may || (tag == FX_START_EMBED && in->embedded))
		return fx_no_stream(err, "a part that begins where it may not", tag);
	if (tag == FX_START_EMBED) {
		b = bag_embed(in, err);
	} else if (tag == FX_START_RECIPIENT) {
		b = bag_add_recipient(in, err);
	} else if (tag == FX_NEW_ATTACHMENT) {
		b = bag_add_attachment(in, err);
	} else {
		fx_begin_message(r);
		return 0;
	}
	if (!b)
		return ended(r, err ? err->code : ERR_LIMIT, err);
	r->now = b;
	return 0;
}

static int end_part(struct fx_reader *r, uint32_t tag, struct err *err)
{
	enum bag_role role = BAG_MESSAGE;

	if (tag == FX_END_RECIPIENT)
		role = BAG_RECIPIENT;
	else if (tag == FX_END_ATTACHMENT)
		role = BAG_ATTACHMENT;
	if (!is_filling(r, role) || (tag == FX_END_EMBED && r->now == r->top) ||
	        (tag == FX_END_MESSAGE && r->now != r->top))
		return fx_no_stream(err, "a part that ends where it may not", tag);
	if (tag == FX_END_MESSAGE)
		return r->give(r->ctx, fx_end_message(r), err);
	r->now = (struct bag *)r->now->parent;
	return 0;
}

static int take_part(struct fx_reader *r, uint32_t tag, struct err *err)
{
	switch (tag) {
	case FX_START_MESSAGE:
	case FX_START_FAI:
	case FX_START_EMBED:
	case FX_START_RECIPIENT:
	case FX_NEW_ATTACHMENT:
		return begin_part(r, tag, err);
	case FX_END_MESSAGE:
	case FX_END_EMBED:
	case FX_END_RECIPIENT:
	case FX_END_ATTACHMENT:
		return end_part(r, tag, err);
	case FX_ERROR_INFO: /* the rest of the message does not come, 2.2.4.3.4 */
		fx_drop_message(r);
		return 0;
	default:
		return r->now ? fx_no_stream(err, "a marker within a message", tag) : 0;
	}
}

static int take_marker(struct fx_reader *r, uint32_t tag, struct err *err)
{
	bool taken = false;
	int rc = r->sync ? fx_sync_marker(r->sync, tag, &taken, err) : 0;

	if (rc < 0 || taken)
		return rc;
	rc = take_part(r, tag, err);
	if (rc == ERR_PROTO && r->sync && r->top) {
		fx_sync_break(r->sync, err ? err->text : "it is none");
		rc = err_pardon(err, rc, ERR_PROTO);
	}
	return rc;
}

/* ---- properties ---- */

static int begin_prop(struct fx_reader *r, struct err *err)
{
	const struct bag_name *name = r->id >= 0x8000 ? &r->name : NULL;
	int rc = 0;

	if (r->is_kept) {
		rc = bag_begin(r->now, r->id, r->type, name, err);
		if (rc == 0)
			r->now->props[r->now->n_props - 1].code_page = r->page;
	}
	if (r->type & BAG_MULTIPLE) {
		r->state = AT_COUNT;
	} else if (bag_type_size(r->type)) {
		r->left = bag_type_size(r->type);
		r->values = 0;
		r->state = AT_VALUE;
	} else {
		r->values = 1;
		r->state = AT_LENGTH;
	}
	return ended(r, rc, err);
}

static int end_prop(struct fx_reader *r, struct err *err)
{
	r->state = AT_TAG;
	return r->is_kept ? ended(r, bag_end(r->now, err), err) : 0;
}

/* 0x8000 is in the type of a text that is in a code page. */
static int take_type(struct fx_reader *r, uint16_t type, struct err *err)
{
	r->type = type;
	r->page = 0;
	if (type & 0x8000) {
		r->page = (uint16_t)fx_type_page(type);
		r->type = BAG_STRING8;
	}
	if (r->page == 1200) {
		r->page = 0;
		r->type = BAG_UNICODE;
	}
	if (r->type == BAG_STRING8 && r->is_kept) {
		r->is_one_page =
		        r->is_one_page && r->page && (!r->page_of_all || r->page_of_all == r->page);
		r->page_of_all = r->page;
	}
	switch (r->type) {
	case BAG_OBJECT:
	case BAG_SERVER_ID:
	case BAG_RESTRICTION:
	case BAG_ACTIONS:
	case BAG_BINARY:
	case BAG_BINARY | BAG_MULTIPLE:
		return 0;
	default:
		return type_is_text(r->type) || bag_type_size(r->type)
		               ? 0
		               : fx_no_stream(err, "a property of a type that nobody knows", type);
	}
}

static int take_tag(struct fx_reader *r, struct err *err)
{
	uint32_t tag = le32(r->few);
	int rc;

	if (fx_is_marker(tag))
		return take_marker(r, tag, err);
	if (r->sync && tag == FX_SYNC_PART)
		fx_sync_part(r->sync);
	r->is_kept = r->now && !fx_is_meta(tag);
	r->id = (uint16_t)(tag >> 16);
	/* 2.2.1.1.1: a number by its tag, and octets with a length in each stream */
	if (tag == FX_IDSET_GIVEN && !r->now)
		tag = tag >> 16 << 16 | BAG_BINARY;
	rc = take_type(r, (uint16_t)tag, err);
	if (rc < 0)
		return rc;
	memset(&r->name, 0, sizeof r->name);
	if (r->id < 0x8000)
		return begin_prop(r, err);
	r->state = AT_NAME;
	return 0;
}

static int take_name(struct fx_reader *r, struct err *err)
{
	memcpy(r->name.set, r->few, sizeof r->name.set);
	if (r->few[16] > 1)
		return fx_no_stream(err, "a name of an unknown kind", r->few[16]);
	r->state = r->few[16] ? AT_TEXT : AT_LID;
	buf_reset(&r->wide);
	return 0;
}

/* Two octets of a name's text; ends with its NUL. */
static int take_text(struct fx_reader *r, struct err *err)
{
	struct bag_prop wide = {.type = BAG_UNICODE};
	char empty[] = "", *text;
	int rc;

	if (r->few[0] || r->few[1]) {
		if (buf_add(&r->wide, r->few, 2) < 0)
			return fx_no_stream(err, "a name without an end", r->id);
		return 0;
	}
	wide.len = r->wide.len;
	wide.data = r->wide.data;
	text = prop_text(NULL, &wide, 0, wide.len, 3 * BAG_NAME_MAX + 16);
	r->name.text = text ? text : empty;
	rc = begin_prop(r, err);
	r->name.text = NULL;
	free(text);
	return rc;
}

static int take_count(struct fx_reader *r, struct err *err)
{
	uint64_t n = le32(r->few);
	size_t size = bag_type_size(r->type);
	int rc = r->is_kept ? ended(r, bag_put(r->now, r->few, 4, err), err) : 0;

	r->left = n * size;
	r->values = size ? 0 : n;
	if (rc < 0)
		return rc;
	r->state = size ? AT_VALUE : AT_LENGTH;
	return n ? 0 : end_prop(r, err);
}

static int take_length(struct fx_reader *r, struct err *err)
{
	int rc = 0;

	r->left = le32(r->few);
	r->values--;
	if (r->is_kept && (r->type & BAG_MULTIPLE))
		rc = ended(r, bag_put(r->now, r->few, 4, err), err);
	r->state = AT_VALUE;
	if (rc < 0 || r->left)
		return rc;
	r->state = AT_LENGTH;
	return r->values ? 0 : end_prop(r, err);
}

static int take_value(struct fx_reader *r, const uint8_t *p, size_t n, struct err *err)
{
	int rc = r->is_kept ? ended(r, bag_put(r->now, p, n, err), err) : 0;

	r->left -= n;
	if (rc < 0 || r->left)
		return rc;
	r->state = AT_LENGTH;
	return r->values ? 0 : end_prop(r, err);
}

static size_t wanted(enum fx_state state)
{
	switch (state) {
	case AT_NAME:
		return 17;
	case AT_TEXT:
		return 2;
	default:
		return 4;
	}
}

static int take_few(struct fx_reader *r, struct err *err)
{
	r->n_few = 0;
	switch (r->state) {
	case AT_NAME:
		return take_name(r, err);
	case AT_LID:
		r->name.lid = le32(r->few);
		return begin_prop(r, err);
	case AT_TEXT:
		return take_text(r, err);
	case AT_LENGTH:
		return take_length(r, err);
	case AT_COUNT:
		return take_count(r, err);
	default:
		return take_tag(r, err);
	}
}

int fx_read(struct fx_reader *r, const void *p, size_t n, struct err *err)
{
	const uint8_t *from = p;
	int rc = 0;

	while (rc == 0 && n > 0 && !(r->sync && fx_sync_is_over(r->sync))) {
		size_t k;

		if (r->state == AT_VALUE) {
			k = (size_t)MIN(r->left, (uint64_t)n);
			rc = r->sync ? fx_sync_octets(r->sync, from, k, err) : 0;
			if (rc == 0)
				rc = take_value(r, from, k, err);
		} else {
			k = MIN(n, wanted(r->state) - r->n_few);
			rc = r->sync ? fx_sync_octets(r->sync, from, k, err) : 0;
			memcpy(r->few + r->n_few, from, k);
			r->n_few += k;
			if (rc == 0 && r->n_few == wanted(r->state))
				rc = take_few(r, err);
		}
		from += k;
		n -= k;
	}
	return rc;
}

int fx_read_end(struct fx_reader *r, struct err *err)
{
	if (r->top || r->n_few || r->state != AT_TAG)
		return err_set(err, ERR_PROTO, ERR_ITEM, "FastTransfer that ends within a message");
	return 0;
}
