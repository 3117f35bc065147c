#ifndef VALISE_PROTO_MAPI_STORE_H
#define VALISE_PROTO_MAPI_STORE_H

#include "valise/base/buf.h"
#include "valise/proto/mapi/session.h"

/*
 * A mailbox as its ROPs show it (MS-OXCROPS, MS-OXCSTOR, MS-OXCFOLD, MS-OXCTABL,
 * MS-OXCFXICS): folders, tables of contents, streams of FastTransfer. No policy; what is in
 * the streams is read by the outlook room. One store belongs to one thread, and none of what
 * is called back may use it again.
 */

/* Of a folder or message, as on the wire: replica id in the low 16 bits, counter above. */
typedef uint64_t mapi_id;

struct mapi_store;
enum mapi_which { MAPI_MAILBOX, MAPI_PUBLIC_FOLDERS };

/**
 * mapi_open(service, role, which, progress, out, err): a session of its own, and RopLogon to
 * the mailbox ${service}->mailbox or the public folders (MS-OXCSTOR 2.2.1.1). A RopLogon that
 * names another server (ecWrongServer) is ERR_REFUSED with its name.
 */
int mapi_open(const struct service *service, enum guard_role role, enum mapi_which which,
        struct progress *progress, struct mapi_store **out, struct err *err) MUST_CHECK;
void mapi_close(struct mapi_store *s); /* NULL is fine */
/* The session is gone: what is open is worth nothing; close it and open another one. */
bool mapi_store_is_lost(const struct mapi_store *s);
const struct mapi_greeting *mapi_store_greeting(const struct mapi_store *s);
uint64_t mapi_store_requests(const struct mapi_store *s);
/* GUID of the mailbox (MS-OXCSTOR 2.2.1.1.3): 16 octets. */
const uint8_t *mapi_store_guid(const struct mapi_store *s);
/*
 * ReplGuid of RopLogon, 16 octets: what ids mean by. A mailbox that is created again has
 * another one, even where it has its GUID again.
 */
const uint8_t *mapi_store_life(const struct mapi_store *s);

/* ---- folders ---- */

enum mapi_folder_type { MAPI_FOLDER_ROOT, MAPI_FOLDER_GENERIC, MAPI_FOLDER_SEARCH };
struct mapi_folder {
	mapi_id id, parent;
	unsigned depth; /* 1: below the top of what people see */
	enum mapi_folder_type type;
	char *name; /* UTF-8 */
	char *container_class; /* "IPF.Appointment"; or NULL */
	/*
	 * RFC 6154 "\\Sent", "\\Drafts", "\\Trash", "\\Junk", "\\Archive"; "\\Inbox"; "calendar",
	 * "contacts", "tasks", "notes", "journal" of the default folders of these (MS-OXOSFLD);
	 * by their ids, in any language. NULL: none
	 */
	const char *use;
	uint32_t items, associated; /* that it says it has */
	bool hidden; /* PidTagAttributeHidden */
	/*
	 * What tells that nothing has changed in it since the last time, if all of it is the same
	 * and ${changed} not 0: PidTagLocalCommitTimeMax as on the wire, PidTagDeletedCountTotal,
	 * PidTagContentUnreadCount. A hint: two read flags that changed places do not show in it.
	 * A server that does not say (0) has to be asked by a synchronization.
	 */
	uint64_t changed;
	uint32_t deleted, unread;
	uint64_t size; /* octets of its items, PidTagMessageSizeExtended; 0: not said */
};
struct mapi_folders {
	struct mapi_folder *list; /* parents first, in the server's order */
	size_t n;
};
/**
 * mapi_folders(s, out, err): all below the top of what people see (IPM subtree; of public
 * folders, below their root), in few requests. Caps: 100,000 folders; names are cut to 1 KiB;
 * what is deeper than 300, or in itself, is put at the top, and named.
 */
int mapi_folders(struct mapi_store *s, struct mapi_folders *out, struct err *err) MUST_CHECK;
void mapi_folders_clear(struct mapi_folders *f);

/* ---- contents ---- */

/* A row of a table of contents; what a server does not say is NULL or 0. All lent. */
struct mapi_row {
	mapi_id id;
	uint64_t size;
	uint32_t flags; /* PidTagMessageFlags */
	const uint8_t *search_key, *source_key, *change_key;
	size_t n_search_key, n_source_key, n_change_key;
	int64_t modified, delivered; /* seconds since 1970, INT64_MIN: not said */
	const char *message_class, *subject, *message_id; /* UTF-8 */
};
/**
 * mapi_contents(s, folder, associated, row, ctx, err): each row of the folder's table
 * (RopGetContentsTable), whether or not it grows meanwhile. A negative result of ${row} ends.
 */
typedef int (*mapi_row_fn)(void *ctx, const struct mapi_row *row, struct err *err);
int mapi_contents(struct mapi_store *s, mapi_id folder, bool associated, mapi_row_fn row, void *ctx,
        struct err *err) MUST_CHECK;

/* ---- FastTransfer, downwards ---- */

typedef int (*mapi_write_fn)(void *ctx, const void *p, size_t n, struct err *err);
struct mapi_sync {
	mapi_id folder;
	const void *state; /* of the last time, as octets of a FastTransfer state; NULL: none */
	size_t n_state;
	bool associated; /* associated items, too */
	bool is_small; /* few items: mapi_sync_many asks for it together with others */
	mapi_write_fn write; /* the stream, in pieces */
	/* what RopFastTransferSourceGetBuffer says of how far it is; may be NULL */
	void (*step)(void *ctx, uint32_t done, uint32_t of);
	void *ctx;
};
/**
 * mapi_sync(s, y, err): a content synchronization of the folder (RopSynchronizationConfigure,
 * the state by RopSynchronizationUploadState*, RopFastTransferSourceGetBuffer to its end):
 * Unicode, normal items, read state, deletions, progress, Eid and MessageSize, never
 * ForUpload, partial items or BestBody. The stream changes nothing, and sets no read flag.
 * MS-OXCFXICS 3.3.4.
 * Errors: ERR_REFUSED, ERR_NOTFOUND: the server does none of this folder (ERR_COLLECTION);
 * ERR_DAMAGED: the state is none; ERR_BUSY (patience is at its end); ERR_NET.
 */
int mapi_sync(struct mapi_store *s, const struct mapi_sync *y, struct err *err) MUST_CHECK;
/**
 * mapi_sync_many(s, list, n, ended, ctx, err): the same for many folders. Those in a row that
 * have a state, or are small, are asked for together, so that MAPI_SYNCS folders where nothing
 * is new cost one request; the streams still come one after the other, in the order of ${list}.
 * ended(ctx, i, why, err): the stream of ${list}[i] was written to its end (${why}->code
 * ERR_OK), or what became of it instead. The others still come unless ${why}, of the server
 * or of ${list}[i].write, has the scope ERR_WHOLE, or the session is lost: that ends all, and
 * is told by the result alone. So does a negative result of ended.
 */
enum { MAPI_SYNCS = 24 };
typedef int (*mapi_synced_fn)(void *ctx, size_t i, const struct err *why, struct err *err);
int mapi_sync_many(struct mapi_store *s, const struct mapi_sync *list, size_t n,
        mapi_synced_fn ended, void *ctx, struct err *err) MUST_CHECK;
/**
 * mapi_copy(s, folder, ids, n, write, ctx, err): these messages as one stream
 * (RopFastTransferSourceCopyMessages); n at most 1,000. One that is gone is not in it.
 */
int mapi_copy(struct mapi_store *s, mapi_id folder, const mapi_id *ids, size_t n,
        mapi_write_fn write, void *ctx, struct err *err) MUST_CHECK;

/* ---- for a target alone ---- */

/**
 * mapi_make_folder(s, parent, name, container_class, out, err): a new folder of this name.
 * ERR_EXISTS: there is one, untouched. The class is set in the same request that makes it;
 * with an error and ${out} not 0 the folder is there, without its class.
 */
int mapi_make_folder(struct mapi_store *s, mapi_id parent, const char *name,
        const char *container_class, mapi_id *out, struct err *err) MUST_CHECK;
/**
 * mapi_put(s, folder, give, ctx, err): one message, from StartMessage to EndMessage, in a
 * context of its own (RopFastTransferDestinationConfigure with CopyMessages, PutBuffer).
 * ${give}: the next octets, *got_out 0 at the end. ERR_REFUSED: the server did not take it.
 * ERR_BUSY: it does not stand there, and may be put once more. ERR_NET: whether it does is
 * not known.
 */
typedef int (*mapi_give_fn)(void *ctx, void *p, size_t n, size_t *got_out, struct err *err);
int mapi_put(struct mapi_store *s, mapi_id folder, mapi_give_fn give, void *ctx,
        struct err *err) MUST_CHECK;

/* ---- errors, for people ---- */

/* "MAPI_E_NO_ACCESS", "ecWrongServer" ...; NULL: not known. */
const char *mapi_error_name(uint32_t code);

#endif
