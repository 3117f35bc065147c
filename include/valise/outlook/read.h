#ifndef VALISE_OUTLOOK_READ_H
#define VALISE_OUTLOOK_READ_H

#include "valise/outlook/bag.h"

/*
 * Outlook's files: PST and OST (MS-PST) by libpff, .msg (MS-OXMSG) by libolecf, winmail.dat
 * (MS-OXTNEF). The first two are parsed in a process of their own, which can reach nothing
 * but the open file and a pipe: what kills it costs the item or the file, and is named.
 */
enum outlook_file { OUTLOOK_NONE, OUTLOOK_PST, OUTLOOK_MSG, OUTLOOK_TNEF };
/*
 * By its first octets (at least 512 of them, if it has them) and, of OLE files, which may be
 * anything, by its name.
 */
enum outlook_file outlook_detect(const void *head, size_t n, const char *name);

struct outlook_folder {
	/* '/' between its levels, UTF-8, a slash in a name as '_'; "" for a .msg: it has none.
	 * Without the store's own top folders
	 */
	const char *path;
	const char *container_class; /* "IPF.Note"; or NULL */
	/* RFC 6154, "\\Sent" ...; "\\Inbox" of the inbox; by the store's own entries, in any
	 * language. NULL: none
	 */
	const char *special_use;
	bool search; /* a search folder: its items lie elsewhere, and are not given */
	bool deleted; /* given only with opts.deleted: items that were removed, or have no folder */
	uint64_t items; /* that it says it has */
};
struct outlook_read_opts {
	bool deleted; /* items that recovery finds, too */
	bool associated; /* associated items (rules, views), too */
};
struct outlook_visit {
	void *ctx;
	/* Each folder before its items, parents first. */
	int (*folder)(void *ctx, const struct outlook_folder *f, struct err *err);
	/* ${item} is sorted and lent. */
	int (*item)(void *ctx, const struct outlook_folder *f, struct bag *item, struct err *err);
	/*
	 * What could not be read: of an item ${shown} says which ("item 17 of 40, ..."), NULL:
	 * the file or folder from there on. ${f} may be NULL.
	 */
	void (*lost)(void *ctx, const struct outlook_folder *f, const char *shown, const char *why);
};
/*
 * outlook_read(fd, what, opts, visit, err): all items of the file. ${fd}: a regular file, lent.
 * An error is only what costs the run: the visit's, the disk's, a process that cannot be made.
 */
int outlook_read(int fd, enum outlook_file what, const struct outlook_read_opts *opts,
        const struct outlook_visit *visit, struct err *err) MUST_CHECK;

#endif
