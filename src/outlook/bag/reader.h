#ifndef OUTLOOK_BAG_READER_H
#define OUTLOOK_BAG_READER_H

#include "outlook/bag/fx.h"
#include "outlook/bag/internal.h"
#include "valise/outlook/fx.h"

/* What reads FastTransfer, for the files that stand on it. */

/* What the next octets are. */
enum fx_state {
	AT_TAG,
	AT_NAME, /* set and kind */
	AT_LID,
	AT_TEXT, /* of a name, until its NUL */
	AT_LENGTH, /* of one value, or of one of several */
	AT_COUNT, /* of several values */
	AT_VALUE,
};

struct fx_reader {
	fx_message_fn give;
	void *ctx;
	struct fx_sync *sync; /* of a synchronization; NULL: of messages alone */
	enum fx_state state;
	uint8_t few[20]; /* what is collected until it is whole */
	size_t n_few;
	struct buf wide; /* the text of a name */
	uint16_t id, type; /* of the property */
	uint16_t page;
	bool is_kept; /* it goes into a bag */
	struct bag_name name;
	uint64_t left; /* octets of the value that are still to come */
	uint64_t values; /* of those with a length of their own, still to come */
	struct bag *top; /* the message; NULL: outside of one */
	struct bag *now; /* what is filled: it, or what is in it */
	unsigned page_of_all; /* of all texts in code pages, if it is one */
	bool is_one_page;
};

int fx_no_stream(struct err *err, const char *what, uint32_t where);
/* What comes from now on is of a message; it is whole, and the caller's; it is none. */
void fx_begin_message(struct fx_reader *r);
struct bag *fx_end_message(struct fx_reader *r);
void fx_drop_message(struct fx_reader *r);

/* sync.c: a marker that is not of what is in a message is *taken. */
int fx_sync_marker(struct fx_sync *s, uint32_t tag, bool *taken, struct err *err) MUST_CHECK;
bool fx_sync_is_over(const struct fx_sync *s);
/* Behind this the properties of IncrSyncChgPartial are those of the item. */
void fx_sync_part(struct fx_sync *s);
/* All octets, in their order, before they mean something. */
int fx_sync_octets(struct fx_sync *s, const uint8_t *p, size_t n, struct err *err) MUST_CHECK;
/* The message in work cannot be kept; what comes of it is passed over. */
void fx_sync_break(struct fx_sync *s, const char *why);

#endif
