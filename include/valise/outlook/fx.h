#ifndef VALISE_OUTLOOK_FX_H
#define VALISE_OUTLOOK_FX_H

#include "valise/outlook/bag.h"

/*
 * A bag as octets: a message of FastTransfer (MS-OXCFXICS 2.2.4.3.16, from StartMessage to
 * EndMessage), named properties with their set and name, in the order of bag_sort. It is the
 * form that archives keep (docs/FORMAT.md), what the reading process sends, and what a MAPI
 * server gives and takes. One bag has one form: equal bags give equal octets.
 */

/* ${b} was sorted. Errors: the disk's, and those of ${write}. */
int fx_write(struct bag *b, bag_write_fn write, void *ctx, struct err *err) MUST_CHECK;

/*
 * Octets as they come, in pieces of any size, into bags. Each whole message is handed over,
 * sorted, and is the caller's; markers that are no part of a message are passed over.
 * ERR_PROTO: the stream is none, or a cap is met: nothing behind it can be read.
 */
struct fx_reader;
typedef int (*fx_message_fn)(void *ctx, struct bag *b, struct err *err);
struct fx_reader *fx_reader_new(fx_message_fn give, void *ctx);
int fx_read(struct fx_reader *r, const void *p, size_t n, struct err *err) MUST_CHECK;
/* ERR_PROTO: it ended inside of a message. */
int fx_read_end(struct fx_reader *r, struct err *err) MUST_CHECK;
void fx_reader_free(struct fx_reader *r);

/*
 * Forget what a MAPI server says of its own copy of the item, and of those within it: ids, keys,
 * change numbers, size and status, of which CopyMessages and a synchronization give some each. What
 * is left is the same by both ways, and does not change when nobody changes the item (but for
 * mfRead of PidTagMessageFlags, which has no change number).
 */
void fx_forget_place(struct bag *b);

/* ---- what has changed in a folder: contentsSync, MS-OXCFXICS 2.2.4.3.5 ---- */

/* An item of it, as its header says (2.2.4.3.11). All lent; NULL, 0: it is not said. */
struct fx_change {
	const uint8_t *source_key, *change_key, *predecessors;
	size_t n_source_key, n_change_key, n_predecessors;
	uint64_t mid; /* PidTagMid, as on the wire: replica id in the low 16 bits */
	uint64_t change_number; /* PidTagChangeNumber, in the same form */
	uint64_t size;
	bool associated;
	/* why it is not here as a whole: it is to be asked for alone. NULL: it is */
	const char *broken;
	/* FXErrorInfo said so: of this item, or of one that is not named at all */
	bool has_error;
};
enum fx_ids { FX_DELETED, FX_OUT_OF_SCOPE, FX_EXPIRED, FX_READ, FX_UNREAD };
/* Any of these but change may be NULL. A negative result ends the stream with it. */
struct fx_visit {
	void *ctx;
	/* How much will come, before anything else. */
	int (*total)(void *ctx, uint64_t items, uint64_t octets, struct err *err);
	/*
	 * ${b}, sorted and the caller's: all properties of the item itself, and of its header
	 * PidTagLastModificationTime. NULL: c->broken
	 */
	int (*change)(void *ctx, const struct fx_change *c, struct bag *b, struct err *err);
	/* An IDSET with replica ids (idset.h). */
	int (*ids)(void *ctx, enum fx_ids what, const void *p, size_t n, struct err *err);
	/*
	 * The state that the server is to be given the next time: what stands between
	 * IncrSyncStateBegin and IncrSyncStateEnd, octet for octet.
	 */
	int (*state)(void *ctx, const void *p, size_t n, struct err *err);
};
enum { FX_STATE_MAX = 16 << 20, FX_IDS_MAX = 16 << 20 };
/*
 * The stream in pieces of any size. An item that is damaged, or beyond a cap, is told as
 * broken, and the next one is read; so is one that FXErrorInfo names (2.2.4.3.4), or of which
 * only some properties come (IncrSyncChgPartial). ERR_PROTO: it is no such stream.
 */
struct fx_sync;
struct fx_sync *fx_sync_new(const struct fx_visit *visit); /* copied */
int fx_sync_read(struct fx_sync *s, const void *p, size_t n, struct err *err) MUST_CHECK;
/* ERR_PROTO: it ended before IncrSyncEnd. */
int fx_sync_end(struct fx_sync *s, struct err *err) MUST_CHECK;
/* Behind an error: the item that was in work, as far as its header came; false: none was. */
bool fx_sync_where(struct fx_sync *s, struct fx_change *out);
void fx_sync_free(struct fx_sync *s);

#endif
