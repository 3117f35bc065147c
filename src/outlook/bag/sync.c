/*
 * What has changed in a folder, as a content synchronization tells it (MS-OXCFXICS 2.2.4.3.5):
 * elements one behind the other, each with a marker at its beginning and none at its end.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "outlook/bag/reader.h"
#include "valise/base/mem.h"

/* Properties of headers and lists of ids, MS-OXPROPS; of these elements alone. */
enum {
	SOURCE_KEY = 0x65e0,
	CHANGE_KEY = 0x65e2,
	PREDECESSORS = 0x65e3,
	ASSOCIATED = 0x67aa,
	MID = 0x674a,
	MESSAGE_SIZE = 0x0e08,
	CHANGE_NUMBER = 0x67a4,
	INFO = 0x0000, /* of elements with one property that has no name */
	KEY_MAX = 65536,
	WHY_SIZE = 256,
};

/* ProgressInformation, 2.2.2.7; ExtendedErrorInfo, 2.2.2.8: where what we ask for is. */
enum {
	PROGRESS_SIZE = 32,
	PROGRESS_FAI = 4,
	PROGRESS_FAI_OCTETS = 8,
	PROGRESS_NORMAL = 16,
	PROGRESS_NORMAL_OCTETS = 24,
	ERROR_CODE = 4,
};

struct fx_sync {
	struct fx_visit visit;
	struct fx_reader *reader;
	uint32_t element; /* the marker of what is in work; 0: nothing is */
	/* its properties but those of the item itself */
	struct bag *head;
	bool is_partial; /* some properties of an item that is known */
	bool is_ended;
	char why[WHY_SIZE]; /* what is wrong with the item; "": nothing */
	bool has_error; /* FXErrorInfo came */
	struct buf state;
};

void fx_forget_place(struct bag *b)
{
	static const uint16_t ids[] = {MESSAGE_SIZE, 0x0e17, /* PidTagMessageStatus */
	        0x0e69, /* PidTagRead: it is in PidTagMessageFlags */
	        SOURCE_KEY, 0x65e1, /* PidTagParentSourceKey */
	        CHANGE_KEY, PREDECESSORS, 0x6748, /* PidTagFolderId */
	        MID, CHANGE_NUMBER, ASSOCIATED};

	for (size_t i = 0; i < COUNT(ids); i++)
		bag_remove(b, ids[i]);
	for (size_t i = 0; i < b->n_attachments; i++)
		if (b->attachments[i]->embedded)
			fx_forget_place(b->attachments[i]->embedded);
}

static int no_message(void *ctx, struct bag *b, struct err *err)
{
	(void)ctx;
	bag_free(b); /* FX_START_MESSAGE is no marker of such a stream */
	return fx_no_stream(err, "a message in a synchronization", FX_START_MESSAGE);
}

struct fx_sync *fx_sync_new(const struct fx_visit *visit)
{
	struct fx_sync *s = xcalloc(1, sizeof *s);

	s->visit = *visit;
	s->reader = fx_reader_new(no_message, NULL);
	s->reader->sync = s;
	buf_init(&s->state, FX_STATE_MAX);
	return s;
}

void fx_sync_free(struct fx_sync *s)
{
	if (!s)
		return;
	fx_reader_free(s->reader);
	bag_free(s->head);
	buf_clear(&s->state);
	free(s);
}

void fx_sync_break(struct fx_sync *s, const char *why)
{
	if (!*s->why)
		snprintf(s->why, sizeof s->why, "%s", why);
	fx_drop_message(s->reader);
}

/* ---- what an element says ---- */

static const uint8_t *key_of(struct bag *head, uint16_t id, size_t *n)
{
	return bag_octets(head, id, KEY_MAX, n);
}

static void read_header(struct fx_sync *s, struct fx_change *c)
{
	struct bag *h = s->head;

	*c = (struct fx_change){
	        .mid = (uint64_t)bag_int(h, MID, 0),
	        .change_number = (uint64_t)bag_int(h, CHANGE_NUMBER, 0),
	        .size = (uint64_t)bag_int(h, MESSAGE_SIZE, 0),
	        .associated = bag_bool(h, ASSOCIATED),
	};
	c->source_key = key_of(h, SOURCE_KEY, &c->n_source_key);
	c->change_key = key_of(h, CHANGE_KEY, &c->n_change_key);
	c->predecessors = key_of(h, PREDECESSORS, &c->n_predecessors);
}

/* The item of the header is over: as a whole, or with what is wrong. */
static int end_change(struct fx_sync *s, struct err *err)
{
	struct fx_reader *r = s->reader;
	struct fx_change c;
	struct bag *b = NULL;

	read_header(s, &c);
	if (r->top && r->now != r->top)
		fx_sync_break(s, "FastTransfer: an item that ends within a part of it");
	if (s->is_partial)
		fx_sync_break(s, "only what changed of it came");
	if (r->top)
		b = fx_end_message(r);
	else if (!*s->why)
		fx_sync_break(s, "FastTransfer: nothing but its header came");
	c.broken = *s->why ? s->why : NULL;
	c.has_error = s->has_error;
	return s->visit.change(s->visit.ctx, &c, b, err);
}

bool fx_sync_where(struct fx_sync *s, struct fx_change *out)
{
	/* of a header that is still coming a property may be open */
	if (!s->head || s->reader->now == s->head ||
	        (s->element != FX_SYNC_CHANGE && s->element != FX_SYNC_PARTIAL))
		return false;
	bag_sort(s->head);
	read_header(s, out);
	return true;
}

static int end_total(struct fx_sync *s, struct err *err)
{
	size_t n;
	const uint8_t *p = bag_octets(s->head, INFO, KEY_MAX, &n);

	if (!p || n < PROGRESS_SIZE || !s->visit.total)
		return 0;
	return s->visit.total(s->visit.ctx,
	        (uint64_t)le32(p + PROGRESS_FAI) + le32(p + PROGRESS_NORMAL),
	        le64(p + PROGRESS_FAI_OCTETS) + le64(p + PROGRESS_NORMAL_OCTETS), err);
}

/* 2.2.4.3.3, 2.2.4.3.20: lists of ids, each with a property of its own. */
static int end_ids(struct fx_sync *s, struct err *err)
{
	static const struct {
		uint16_t id;
		enum fx_ids what;
	} lists[] = {{0x67e5, FX_DELETED}, {0x4021, FX_OUT_OF_SCOPE}, {0x6793, FX_EXPIRED},
	        {0x402d, FX_READ}, {0x402e, FX_UNREAD}};
	int rc = 0;

	for (size_t i = 0; i < COUNT(lists) && rc == 0; i++) {
		size_t n;
		const uint8_t *p;

		if (!bag_peek(s->head, lists[i].id))
			continue;
		p = bag_octets(s->head, lists[i].id, FX_IDS_MAX, &n);
		if (!p)
			return fx_no_stream(err, "a list of ids that is too long", lists[i].id);
		if (s->visit.ids)
			rc = s->visit.ids(s->visit.ctx, lists[i].what, p, n, err);
	}
	return rc;
}

/* An item that the server could not give: nothing that is sure says which. */
static int end_error(struct fx_sync *s, struct err *err)
{
	struct fx_change c = {.has_error = true};
	size_t n;
	const uint8_t *p = bag_octets(s->head, INFO, KEY_MAX, &n);

	snprintf(s->why, sizeof s->why, "the server could not give it (0x%08" PRIx32 ")",
	        p && n >= ERROR_CODE + 4 ? le32(p + ERROR_CODE) : 0);
	c.broken = s->why;
	return s->visit.change(s->visit.ctx, &c, NULL, err);
}

static int end_state(struct fx_sync *s, struct err *err)
{
	size_t n = s->state.len - 4; /* without the marker at its end */

	return s->visit.state ? s->visit.state(s->visit.ctx, s->state.data, n, err) : 0;
}

/* What was in work is over. */
static int end_element(struct fx_sync *s, struct err *err)
{
	int rc = 0;

	if (s->head)
		bag_sort(s->head);
	switch (s->element) {
	case FX_SYNC_CHANGE:
	case FX_SYNC_PARTIAL:
		rc = end_change(s, err);
		break;
	case FX_SYNC_PROGRESS:
		rc = end_total(s, err);
		break;
	case FX_SYNC_DELETIONS:
	case FX_SYNC_READ:
		rc = end_ids(s, err);
		break;
	case FX_ERROR_INFO:
		rc = end_error(s, err);
		break;
	default:
		break;
	}
	s->reader->now = NULL;
	bag_free(s->head);
	s->head = NULL;
	s->element = 0;
	s->is_partial = s->has_error = false;
	s->why[0] = '\0';
	return rc;
}

/* ---- markers ---- */

/* The header is over, 2.2.4.3.13: what it says of the item itself begins it. */
static int begin_item(struct fx_sync *s, uint32_t tag, struct err *err)
{
	const struct bag_prop *p;

	if (s->element != FX_SYNC_CHANGE || s->reader->top || *s->why)
		return fx_no_stream(err, "an item without a header", tag);
	bag_sort(s->head);
	p = bag_peek(s->head, PidTagLastModificationTime);
	fx_begin_message(s->reader);
	if (!p || p->type != BAG_TIME)
		return 0;
	return bag_set(
	        s->reader->top, PidTagLastModificationTime, BAG_TIME, p->data, (size_t)p->len, err);
}

/*
 * An error behind the header of an item is of that item, or of one that would follow it, for
 * items have no end of their own: it counts as broken.
 */
static int begin_error(struct fx_sync *s, struct err *err)
{
	int rc = 0;

	if (s->element == FX_SYNC_CHANGE || s->element == FX_SYNC_PARTIAL) {
		fx_sync_break(s, "the server gave it up");
		s->has_error = true;
		s->reader->now = NULL;
	} else {
		rc = end_element(s, err);
		s->element = FX_ERROR_INFO;
		s->reader->now = s->head = bag_new();
	}
	return rc;
}

static int begin_element(struct fx_sync *s, uint32_t tag, struct err *err)
{
	int rc = end_element(s, err);

	if (rc < 0)
		return rc;
	s->element = tag;
	s->is_partial = tag == FX_SYNC_PARTIAL;
	s->is_ended = s->is_ended || tag == FX_SYNC_END;
	if (tag == FX_SYNC_STATE_BEGIN)
		buf_reset(&s->state);
	else if (tag != FX_SYNC_END)
		s->reader->now = s->head = bag_new();
	return 0;
}

static int end_marker(struct fx_sync *s, uint32_t tag, struct err *err)
{
	int rc;

	if (s->element != FX_SYNC_STATE_BEGIN)
		return fx_no_stream(err, "the end of a state that has none", tag);
	rc = end_state(s, err);
	s->element = 0;
	return rc;
}

/* Parts of an item stand within it, and nowhere else. */
static int pass_part(struct fx_sync *s, uint32_t tag, bool *taken, struct err *err)
{
	if (s->element != FX_SYNC_CHANGE && s->element != FX_SYNC_PARTIAL)
		return fx_no_stream(err, "a part of an item outside of one", tag);
	if (!s->reader->top && !*s->why && !s->is_partial)
		return fx_no_stream(err, "a part of an item in its header", tag);
	if (!s->reader->top) /* it is broken, or a part of one that changed: passed over */
		s->reader->now = NULL;
	*taken = !s->reader->top;
	return 0;
}

int fx_sync_marker(struct fx_sync *s, uint32_t tag, bool *taken, struct err *err)
{
	*taken = true;
	switch (tag) {
	case FX_SYNC_CHANGE:
	case FX_SYNC_PARTIAL:
	case FX_SYNC_DELETIONS:
	case FX_SYNC_READ:
	case FX_SYNC_STATE_BEGIN:
	case FX_SYNC_PROGRESS:
	case FX_SYNC_PROGRESS_MESSAGE:
	case FX_SYNC_GROUP_INFO:
	case FX_SYNC_END:
		return begin_element(s, tag, err);
	case FX_SYNC_MESSAGE:
		return begin_item(s, tag, err);
	case FX_SYNC_STATE_END:
		return end_marker(s, tag, err);
	case FX_ERROR_INFO:
		return begin_error(s, err);
	case FX_START_EMBED:
	case FX_END_EMBED:
	case FX_START_RECIPIENT:
	case FX_END_RECIPIENT:
	case FX_NEW_ATTACHMENT:
	case FX_END_ATTACHMENT:
		return pass_part(s, tag, taken, err);
	default:
		return fx_no_stream(err, "a marker of another kind of stream", tag);
	}
}

/* What is behind the end belongs to nothing, and nothing is missing. */
bool fx_sync_is_over(const struct fx_sync *s)
{
	return s->is_ended;
}

void fx_sync_part(struct fx_sync *s)
{
	if (s->is_partial)
		s->reader->now = NULL;
}

int fx_sync_octets(struct fx_sync *s, const uint8_t *p, size_t n, struct err *err)
{
	if (s->element == FX_SYNC_STATE_BEGIN && buf_add(&s->state, p, n) < 0)
		return fx_no_stream(err, "a state that is too long", FX_SYNC_STATE_BEGIN);
	return 0;
}

int fx_sync_read(struct fx_sync *s, const void *p, size_t n, struct err *err)
{
	return fx_read(s->reader, p, n, err);
}

int fx_sync_end(struct fx_sync *s, struct err *err)
{
	if (!s->is_ended)
		return err_set(err, ERR_PROTO, ERR_ITEM,
		        "FastTransfer: the synchronization ended before its end");
	return 0;
}
