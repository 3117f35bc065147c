#ifndef VALISE_OUTLOOK_READ_MSG_H
#define VALISE_OUTLOOK_READ_MSG_H

#include <libolecf.h>
#include "outlook/read/fence.h"

/* A .msg file (MS-OXMSG), by libolecf, in the reading process: reading_fn. */
void msg_read(struct reading *r);

/* ---- between the files of this reader ---- */

enum { OLE_NAME_MAX = 32 * 4 };

/* What is in a storage, by name. */
struct ole_item {
	char name[OLE_NAME_MAX]; /* UTF-8 */
	libolecf_item_t *item;
	bool storage, taken;
	uint32_t size;
};
struct ole_list {
	struct ole_item *i;
	size_t n, cap;
};
/* Sorted. What cannot be read is not there; then false. */
bool ole_list(libolecf_item_t *storage, struct ole_list *out);
void ole_list_free(struct ole_list *l);
struct ole_item *ole_find(struct ole_list *l, const char *name);
/* Octets at ${off}; fewer than ${n} where they end or cannot be read. */
size_t ole_read(struct ole_item *i, uint64_t off, void *p, size_t n);
/* All of a stream of at most ${max} octets, malloc'ed; NULL. */
uint8_t *ole_whole(struct ole_item *i, size_t max, size_t *n);

/* A storage as the value of a property: a compound file of its own. */
void msg_object(struct send *to, uint16_t id, const struct bag_name *name, struct ole_item *i);

/* Names of the named properties, by id minus 0x8000 (MS-OXMSG 2.2.3). */
struct msg_names {
	struct bag_name *name;
	size_t n;
};
void msg_names(libolecf_item_t *root, struct msg_names *out);
void msg_names_free(struct msg_names *names);

#endif
