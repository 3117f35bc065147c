#ifndef VALISE_PROTO_MAPI_ROP_H
#define VALISE_PROTO_MAPI_ROP_H

#include "valise/base/mem.h"
#include "valise/proto/mapi/store.h"

/*
 * Remote operations (MS-OXCROPS): several of them written as one request, and what their
 * answers are, one after the other. A cap that is met while writing, and octets that are not
 * there while reading, are remembered and asked for at the end.
 */

enum rop_id {
	ROP_RELEASE = 0x01,
	ROP_OPEN_FOLDER = 0x02,
	ROP_GET_HIERARCHY_TABLE = 0x04,
	ROP_GET_CONTENTS_TABLE = 0x05,
	ROP_GET_PROPERTIES_SPECIFIC = 0x07,
	ROP_SET_PROPERTIES = 0x0a,
	ROP_SET_COLUMNS = 0x12,
	ROP_QUERY_ROWS = 0x15,
	ROP_CREATE_FOLDER = 0x1c,
	ROP_NOTIFY = 0x2a,
	ROP_LONG_TERM_ID_FROM_ID = 0x43,
	ROP_SOURCE_COPY_MESSAGES = 0x4b,
	ROP_SOURCE_GET_BUFFER = 0x4e,
	ROP_DESTINATION_CONFIGURE = 0x53,
	ROP_DESTINATION_PUT_BUFFER = 0x54,
	ROP_PENDING = 0x6e,
	ROP_SYNC_CONFIGURE = 0x70,
	ROP_SYNC_STATE_BEGIN = 0x75,
	ROP_SYNC_STATE_CONTINUE = 0x76,
	ROP_SYNC_STATE_END = 0x77,
	ROP_BACKOFF = 0xf9,
	ROP_LOGON = 0xfe,
	ROP_BUFFER_TOO_SMALL = 0xff,
};

enum {
	ROP_NO_HANDLE = -1, /* 0xffffffff on the wire */
	ROP_STEPS_MAX = 512, /* of one request */
	ROP_ROOM = 30000, /* octets of ROPs that a request is filled up to, below the cap */
};

/* ---- reading: what is not there reads as 0, and ${is_short} is set ---- */

struct rop_in {
	const uint8_t *p;
	size_t n;
	bool is_short;
};
uint64_t rop_get(struct rop_in *in, size_t octets);
/* lends the next ${n} octets; NULL where there are fewer */
const uint8_t *rop_get_octets(struct rop_in *in, size_t n);

/* ---- one request ---- */

/* What became of ROPs that belong together: the first of them that was refused. */
struct rop_fate {
	enum rop_id rop;
	uint32_t value; /* its ReturnValue, 0: none was */
	uint32_t wait_ms; /* that the server asks for with it */
	bool is_left; /* some were not done (no room, RopBackoff): ask again */
	const char *why; /* in place of what ${value} means, which is no code then; or NULL */
};

/**
 * take(ctx, in, value, err): what an answer has behind its ReturnValue, to be read to its
 * end. ${value} not 0: only of ROPs whose answer has a body then, too. NULL: has none.
 */
typedef int (*rop_take_fn)(void *ctx, struct rop_in *in, uint32_t value, struct err *err);

struct rop_step {
	enum rop_id rop;
	uint8_t index; /* of the handle that its answer names */
	bool makes; /* a handle, at ${index} */
	bool is_refused;
	struct rop_fate *fate;
	rop_take_fn take;
	void *ctx;
};

struct rop_call {
	uint8_t rops[MAPI_ROPS_MAX];
	size_t n;
	uint32_t handles[MAPI_HANDLES_MAX];
	size_t n_handles;
	struct rop_step steps[ROP_STEPS_MAX];
	size_t n_steps, answered;
	bool is_chained; /* further answers are those of the last step again */
	bool is_full; /* a cap was met */
	bool has_no_room; /* RopBufferTooSmall: what follows was not done */
};

void rop_put(struct rop_call *c, uint64_t v, size_t octets);
void rop_put_octets(struct rop_call *c, const void *p, size_t n);
/* UTF-16 with its NUL, MS-OXCDATA 2.11.1; what is no UTF-8 gives U+FFFD. */
void rop_put_text(struct rop_call *c, const char *utf8);
/* Where a length of 16 bits is that counts what follows it: filled in by rop_put_end. */
size_t rop_put_begin(struct rop_call *c);
void rop_put_end(struct rop_call *c, size_t where);

/* The place of a handle in the table of the request; one for a handle that is to be made. */
unsigned rop_slot(struct rop_call *c, uint32_t handle);
unsigned rop_new_slot(struct rop_call *c);
/* RopId, LogonId and ${index}; the answer is that of ${index}. */
void rop_begin(struct rop_call *c, enum rop_id rop, unsigned index, struct rop_fate *fate,
        rop_take_fn take, void *ctx);
/* The same with OutputHandleIndex behind it: the new slot that it gives. */
unsigned rop_begin_making(struct rop_call *c, enum rop_id rop, unsigned index,
        struct rop_fate *fate, rop_take_fn take, void *ctx);

/* ---- the store that it is for ---- */

enum { STORE_FOLDERS = 13 };

struct mapi_store {
	struct mapi_session *session;
	struct progress *progress;
	enum mapi_which which;
	uint8_t guid[16];
	uint8_t life[16]; /* ReplGuid of RopLogon */
	uint8_t replica[16]; /* GUID of ${replica_id}: see contents.c */
	uint16_t replica_id; /* 0: not known */
	bool has_asked_replica;
	mapi_id special[STORE_FOLDERS]; /* MS-OXCSTOR 2.2.1.1.3 or .4, in its order */
	uint32_t logon;
	struct rop_call call;
	uint32_t *open; /* handles of the call of store.h that is under way */
	size_t n_open, open_cap;
	uint32_t *leaving; /* that the next request releases */
	size_t n_leaving, leaving_cap;
	bool is_piecemeal; /* a PutBuffer was taken in part: see put.c */
	unsigned failed_together; /* requests of many folders: see sync.c */
	unsigned gave_up; /* how often it was still busy at the end of patience */
};

/* A request begins: the logon is its slot 0, and what is to be released goes first. */
struct rop_call *rop_start(struct mapi_store *s);
/**
 * rop_execute(s, chain, err): send it, and read its answers. Handles that it made are in
 * c->handles at their slots, and open until rop_let_go. A ROP that is refused is in its fate,
 * and no error here. A server that does nothing of it as it is busy is waited for.
 */
int rop_execute(struct mapi_store *s, bool chain, struct err *err) MUST_CHECK;
/* Its fate as an error of the ${scope}, 0 if none was refused. */
int rop_judge(const struct rop_fate *fate, enum err_scope scope, struct err *err) MUST_CHECK;
/* All that is open is released with the next request; each call of store.h ends with it. */
void rop_let_go(struct mapi_store *s);
/* ... or in the request that is being written. */
void rop_release_now(struct mapi_store *s, unsigned slot);

/*
 * The end of what RopOpenFolder and RopCreateFolder answer (MS-OXCROPS 2.2.4.1.2, 2.2.4.2.2):
 * HasRules; of a public folder that is elsewhere the servers that have it.
 */
void rop_pass_folder(struct rop_in *in);
/* RopOpenFolder: the slot of its handle. */
unsigned rop_open_folder(struct mapi_store *s, mapi_id id, struct rop_fate *fate);

/* ---- errors.c ---- */

enum rop_kind { ROP_REFUSED, ROP_BUSY, ROP_NO_RIGHT, ROP_NOT_FOUND, ROP_EXISTS, ROP_NO_SPACE };
enum rop_kind rop_kind_of(uint32_t value);
const char *rop_name(enum rop_id rop);
enum {
	EC_WRONG_SERVER = 0x478,
	EC_SERVER_BUSY = 0x480,
};

/* ---- again.c ---- */

/* Waiting for a server that is busy: how often that was. */
struct rop_patience {
	unsigned times;
};
/* Wait as long as the server asks, or longer each time; ERR_BUSY at the end of patience. */
int rop_wait(struct mapi_store *s, struct rop_patience *p, uint32_t ms, struct err *err) MUST_CHECK;

#endif
