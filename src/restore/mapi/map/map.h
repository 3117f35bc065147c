#ifndef RESTORE_MAPI_MAP_MAP_H
#define RESTORE_MAPI_MAP_MAP_H

#include "valise/proto/mapi/store.h"
#include "valise/restore/restore.h"
#include "valise/tree/manifest.h"

/*
 * Which folder of a mailbox takes which collection of the archive. Pure: nothing is asked or
 * made. In this order:
 *   1  what --map says
 *   2  where an earlier restore of this archive put it, if that is still there
 *   3  INBOX is the Inbox; the folder of the same special use: of mail as announced in the
 *      archive, or, where nothing in it announces that use, by its name (tree/use.h); of
 *      calendars, contacts, tasks, notes and journal the default folder, by the names that
 *      Outlook gives it in eight languages
 *   4  the folder of the same path below the top of what people see, whatever the case of
 *      its letters, if it is of the same class; else a new one. What is taken, of another
 *      class, or a search gives "NAME (calendar)", then "NAME_2", "NAME_3" ...
 * With --under, 3 does not apply, and everything goes below that folder.
 * Two collections of a kind never share a folder, but where --map says so. Those that came from
 * one folder of Outlook's (mail, contacts and appointments in "Deleted Items") go into one again,
 * whatever its class.
 */

/* What a folder is for, MS-OXOSFLD 2.2.8. */
enum folder_class {
	FOLDER_NOTE,
	FOLDER_APPOINTMENT,
	FOLDER_TASK,
	FOLDER_STICKY_NOTE,
	FOLDER_JOURNAL,
	FOLDER_CONTACT,
	FOLDER_CLASSES
};
const char *folder_class_name(enum folder_class c); /* "IPF.Note" */
const char *folder_class_word(enum folder_class c); /* "mail", "calendar" */
/* Of a container class; NULL and what nobody knows is FOLDER_NOTE. */
enum folder_class folder_class_of(const char *container_class);
/* Where Outlook keeps items of this PidTagMessageClass. */
enum folder_class folder_class_for(const char *message_class);

#define MAP_NONE SIZE_MAX
#define MAP_TOP (SIZE_MAX - 1) /* as a parent: the top of what people see */

/* A folder of the target, that is there or is to be made. */
struct map_node {
	mapi_id id; /* 0: not there */
	size_t parent; /* node or MAP_TOP */
	char *name;
	enum folder_class class;
	const char *use; /* of mapi_folder; NULL */
	bool search; /* a search: nothing can be put into it */
	unsigned taken; /* by collections of these kinds, as bits */
	/* while it is made: */
	bool made; /* by this run: it is empty */
	char *refused; /* why it could not be */
};

/* A collection of the archive. */
struct map_coll {
	const struct tree_head *head; /* lent */
	enum coll_kind kind;
	const char *content; /* its content name; lent */
	enum folder_class class;
	bool together; /* it came from a folder of Outlook's: its properties stand beside it */
	uint64_t items;
	char *want; /* the path that it should have, as a content name */
	size_t node; /* the answer */
	bool mapped; /* by --map */
};

struct map_wish {
	const char *under; /* content name or NULL */
	const struct target_map *maps;
	size_t n_maps;
	/* 0: an earlier restore put it nowhere. May be NULL. */
	mapi_id (*earlier)(const void *ctx, const struct map_coll *c);
	const void *ctx;
};

struct map {
	struct map_node *nodes; /* parents first */
	size_t n, cap;
	mapi_id top; /* the folder above all of them */
};
/* ${f} is lent as long as the map is. */
void mapi_map_begin(struct map *m, const struct mapi_folders *f);
void mapi_map_clear(struct map *m);
/* Each collection gets a node, and its want; those of mail before others. */
void mapi_map_plan(struct map *m, struct map_coll *colls, size_t n, const struct map_wish *wish);
void mapi_map_colls_free(struct map_coll *colls, size_t n);
/*
 * The folder for those items of a collection that are of another class: "NAME (tasks)" beside
 * its own, there or to be made.
 */
size_t mapi_map_part(struct map *m, const struct map_coll *c, enum folder_class class);
/* For people: "Inbox/Work". */
void mapi_map_path(const struct map *m, size_t node, struct buf *out);

/* names.c: what Outlook calls the default folder of a class, in any of its languages. */
bool folder_is_default_name(enum folder_class c, const char *name);

#endif
