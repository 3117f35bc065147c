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

#endif
