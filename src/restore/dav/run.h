#ifndef VALISE_RESTORE_DAV_RUN_H
#define VALISE_RESTORE_DAV_RUN_H

#include "valise/base/mem.h"
#include "valise/format/amend.h"
#include "valise/format/content.h"
#include "valise/proto/dav/client.h"
#include "valise/proto/dav/discover.h"
#include "valise/restore/predict.h"
#include "valise/restore/restore.h"
#include "journal.h"
#include "keys.h"
#include "restore/dav/put/outcome.h"
#include "props.h"
#include "silence.h"

/*
 * The CalDAV and CardDAV target (RFC 4791, 6352, 5689, 6638). One HTTP client, several
 * requests in flight:
 *   probe.c    what the server is and has: homes, collections, their properties, how it
 *              can be kept from mailing
 *   plan.c     which collection of the archive goes where
 *   make.c     collections made, properties set one by one and read back
 *   split.c    tasks apart from events where a calendar takes only one kind
 *   look/      every resource of the account is listed before the first PUT (there.c), read
 *              (look.c: multiget, GET for what is missing or differs), graded against the
 *              archive, and told which item it is (pair.c): by UID, by content where the
 *              server changed that; a last listing (after.c): is it all there, and where is
 *              what was stored under another name
 *              target.c and judge.c: a look alone, for the audit
 *   put/       PUT with If-None-Match, what came of it, read back; other forms of what is
 *              refused; linked files
 *   result.c   what became of each item, and what is there too often
 * Nothing is taken away, and nothing overwritten but what an earlier restore left there
 * and nobody has touched since, with --update.
 */

enum {
	PARALLEL = 6,
	LOOK_BATCH = 50,
	LOOK_BATCHES = 8, /* handed over at a time */
	ITEM_MAX = 128 << 20, /* held in memory while it is compared */
};
#define NONE UINT32_MAX

/* A collection of the target. */
struct tcoll {
	char *url, *name, *segment;
	struct props props;
	unsigned comps; /* COMP_*; 0: not said */
	uint64_t max_size; /* of a resource, 0: not said */
	/* managed attachments: octets of one, how many of a resource; 0: not said */
	uint64_t max_file, max_files;
	bool readonly;
	/* a subscription, generated, somebody else's: neither read nor written */
	bool aside;
	/* somebody else's, as its owner says; and as its type says */
	bool foreign, shared;
	bool claimed; /* an earlier restore's all the same */
	bool v4, only_v4; /* address book that offers vCard 4.0; and no other */
	bool made, taken; /* by this run; by a collection of the archive */
	unsigned forms_failed; /* items in a row that were refused in every form */
	bool took; /* something of the archive is there */
	int form_learnt; /* 1 + the step of enum amend that helped last; 0: none */
	char *full; /* why nothing more goes in, or NULL */
	bool gone; /* a look: its listing was answered with 404 or 410 */
	char *unlisted; /* a look: why its listing is not whole; NULL: it is */
	uint64_t not_sent; /* items not tried for that reason */
};

/* A collection of the archive. */
struct acoll {
	const struct tree_head *head;
	struct tree_coll *coll;
	struct props props;
	unsigned comps; /* declared */
	unsigned main; /* main_component(), 0: not known yet */
	char *name; /* on the target */
	/*
	 * of another one: what the collection that it went to does not take; coll is that
	 * one's
	 */
	bool part;
	bool mapped; /* --map says where it goes: may be beside others */
	/*
	 * mapped: the acoll that it shares a collection with that is to be made; or NONE
	 */
	uint32_t joins;
	uint32_t to; /* tcoll, NONE: to be made, or cannot */
	char *refused; /* why it has no place */
	char *hidden; /* a look: why nobody can tell whether it is there, or NULL */
	struct linked *linked; /* attach.c; NULL: not looked for yet */
};

enum entry_state {
	ENTRY_NEW,
	ENTRY_THERE, /* before this run */
	/* in an older version, which is to be replaced: ENTRY_NEW once the first PUTs begin */
	ENTRY_STALE,
	ENTRY_ADDED,
	/* stored, as the target says, but not to be read where it was put */
	ENTRY_UNSEEN,
	ENTRY_HELD, /* not sent on purpose */
	ENTRY_FAILED,
};

/* What a GET of the name that an item has on the target brought, in a look. */
enum look_asked {
	LOOK_NOT_ASKED,
	LOOK_GONE, /* 404, 410 */
	LOOK_ANOTHER, /* something else */
	LOOK_FAILED,
};

/* An item of the archive. */
struct entry {
	uint32_t acoll, item;
	const char *uid; /* of the catalog, or NULL */
	char *own_uid; /* where it is not of the catalog */
	uint64_t uid_key;
	unsigned part; /* 1 + which of its objects; 0: all of it */
	/*
	 * an object besides the one that stands for the item: no item of its own for who
	 * counts
	 */
	bool more;
	uint32_t of; /* more: the one that stands for the item */
	bool lacks; /* stored, but without some of its objects */
	bool widened; /* the other objects of the item are entries, too */
	char *url; /* on the target, once known */
	char *segment; /* planned; without a UID it is what names the item */
	/* of the resource that it replaces, and the ETag that this has; NULL: none */
	char *replaces, *replaced_etag;
	enum entry_state state;
	char *why; /* of ENTRY_UNSEEN */
	char *form; /* refused as it is: how it was taken */
	/* sent without its linked files, which follow as managed attachments */
	bool managed;
	bool open, posted; /* some of these are not there yet; it was tried */
	/* --attach-links, but the target takes it only without the files */
	bool as_links;
	bool reformed; /* and its content is another */
	enum content_grade grade;
	bool second; /* another item of the archive has the same UID: comes later */
	bool odd; /* counted as altered */
	bool keyed; /* alike is known */
	uint64_t alike; /* alike_key() of its content, 0: none */
	/* of its UID in the target's collection; kept at the first item of it there */
	uint32_t copies;
	/* a look: */
	uint32_t found; /* tcoll, of ENTRY_THERE */
	char *told; /* what differs, or why nobody can tell; or NULL */
	bool unreadable; /* the archive does not give it */
	enum look_asked asked;
	bool by_journal; /* asked for where an earlier restore put it */
	bool hidden; /* it may be in what the target does not give */
	char *again; /* URL of a further resource that it is, or NULL */
	uint32_t again_in; /* its tcoll */
};

/* A resource of the target. */
struct res {
	char *href, *url, *etag;
	uint64_t key;
	uint32_t tcoll;
	/* the item that it is to be compared with; NONE: whichever has its UID */
	uint32_t entry;
	/* what dav_look finds */
	bool seen; /* its content came */
	int status; /* of its GET, 0: none was made */
	char *uid, *why; /* why: it could not be fetched */
	uint8_t digest[SHA256_LEN]; /* digest_text() */
	enum content_grade grade;
	char *differences;
	bool fits; /* ${entry} is an item of the same UID (or name) */
	bool known; /* the journal says what it is */
	bool fresh; /* no resource of this name was listed earlier */
	bool ours; /* stored by us just now: ${entry}, whatever its UID */
	bool open; /* linked files of ${entry} are not there, nor the links */
	bool untouched; /* read, and as it was when the journal noted its ETag */
	bool likely; /* ${entry}, unless the content says otherwise */
	bool blind; /* its GET asked for some version of a card */
	bool unknown; /* of a PUT: whether ${entry} was stored is not known */
	/* a look: what differs in words, or why the archive does not give the item */
	char *told;
	bool unreadable;
	uint64_t alike; /* alike_key() of its content where it fits nothing */
};

struct reslist {
	struct res *list;
	size_t n, cap;
};

/* What came of it. */
struct outcome {
	struct copy {
		uint32_t entry;
		char *url;
	} * copies; /* more than the archive has */
	size_t n_copies, cap_copies;
	struct lost {
		uint32_t acoll;
		char *text; /* which properties of it the target does not have as it has */
	} * lost;
	size_t n_lost, cap_lost;
	struct keys counted; /* keys of the URLs that count_copy has had */
	uint64_t grades[4]; /* of what is on the target now */
	uint64_t held;
	/* to files of the archive that stayed links, --attach-links not being given */
	uint64_t links;
	char *stopped; /* the server takes nothing more now */
	struct target_result sum;
};

/* What a dry run that foresees knows of the target, and of what goes there. */
struct foreseen {
	bool has_quota;
	uint64_t room; /* octets that the quota leaves */
	int64_t idle_us; /* the shortest answer; 0: none came */
	uint64_t bytes; /* to be added */
};

struct drun {
	const struct service *service;
	struct tree_reader *reader;
	const struct target_opts *opts;
	struct progress *progress;
	struct http *http;
	bool contacts;
	/* what was PUT was found at its own URL: a second PUT is no second resource */
	bool keeps_names;
	/* something was not: whoever stores the same at the same time makes it twice */
	bool renames;
	enum coll_kind kind;
	/* target_opts.looked: nothing is written; what the target does not give is noted */
	bool looks;
	char *hidden; /* a look: why not all collections are known, or NULL */

	struct dav_home home;
	struct silence silence;
	bool extended_mkcol;
	bool managed; /* takes managed attachments (RFC 8607), as it says */
	bool managed_tried; /* and did, or did not */
	bool no_room; /* for collections, as the last refusal says */
	struct keys readonly_homes; /* keys of their URLs */
	struct tcoll *tcolls;
	size_t n_tcolls, cap_tcolls;
	struct acoll *acolls;
	size_t n_acolls, cap_acolls;
	struct entry *entries;
	size_t n_entries, cap_entries;
	uint32_t *by_uid; /* entries with a UID, by uid_key */
	size_t n_by_uid;
	struct keys names; /* key of a resource's URL -> 1 */
	struct put_journal *journal;
	struct foreseen foreseen;
	struct outcome outcome;
};

/* entry.c */
/* The item as it is in the archive; ${out} is initialised here. */
int entry_original(
        struct drun *r, const struct entry *e, struct buf *out, struct err *err) MUST_CHECK;
/*
 * Is ${tcoll} where it belongs: the collection that its own goes to, or one that takes
 * what that does not (split.c)?
 */
bool entry_at_home(const struct drun *r, const struct entry *e, uint32_t tcoll);
struct tree_item *entry_item(const struct drun *r, const struct entry *e);
const struct tree_ext *entry_ext(const struct drun *r, const struct entry *e);
/* What its content is about; false: it cannot be told. The caller clears ${out}. */
bool entry_summary(struct drun *r, const struct entry *e, struct content_summary *out);
/* The last segment of its href in the archive, "" without one; the caller frees. */
char *entry_segment(const struct drun *r, const struct entry *e);
/* A name for it made of these octets: their SHA-256 and extension; the caller frees. */
char *entry_made_name(const struct drun *r, const void *data, size_t len);
/* COMP_* of its content, 0: none that is known. */
unsigned entry_component(struct drun *r, const struct entry *e);
/*
 * Is the resource called as the item is in the archive, or as it was to be called here?
 */
bool entry_is_called(const struct drun *r, const struct entry *e, const char *url);
/*
 * Which object stands for the item (*n_out: of how many), counted from 1; 0: it is one
 * object.
 */
unsigned entry_main_object(const struct entry *e, const struct buf *body, unsigned *n_out);
/* The object becomes ${body}. */
int entry_pick_object(struct buf *body, unsigned part, struct err *err) MUST_CHECK;
/* Sort entries by UID, again after more were added. */
void index_uids(struct drun *r);
/* The entries of a UID: *n_out of them from by_uid[result]. */
size_t entries_of(const struct drun *r, const char *uid, size_t *n_out);
/* The resources (dav_key) that items are, added; the caller clears ${out}. */
void entries_there(const struct drun *r, struct keys *out);

/* report.c */
void say_coll(struct drun *r, enum say_level level, const char *coll, const char *fmt, ...)
        PRINTF_LIKE(4, 5);
void say_entry(struct drun *r, enum say_level level, const struct entry *e, const char *fmt, ...)
        PRINTF_LIKE(4, 5);
/* "lunch.ics, UID ..., 20260102T120000, "Lunch"", as say_entry names it; appended. */
void name_entry(struct drun *r, const struct entry *e, struct buf *out);
void say_plan_dav(struct drun *r);
void say_end(struct drun *r);

/* result.c */
/*
 * The item is there as ${x} has it: counted, remembered, reported where it is not the
 * same.
 */
void entry_settle(struct drun *r, struct entry *e, const struct res *x, enum entry_state state);
/*
 * Is ${x} an older version of it that an earlier restore left, nobody has changed since,
 * and --update is to replace? Then it is ENTRY_STALE.
 */
bool entry_is_stale(const struct drun *r, struct entry *e, const struct res *x);
/* It was dealt with, as progress shows it. */
void entry_done(struct drun *r, const struct entry *e);
void entry_failed(struct drun *r, struct entry *e, const char *why);
/* The same of what the archive does not give. */
void entry_unreadable(struct drun *r, struct entry *e, const char *why);
/* For the next run: what is there is the item. */
void entry_remember(struct drun *r, const struct entry *e, const struct res *x);
/* Is something there more often than in the archive? One more resource that is this item. */
void count_copy(struct drun *r, uint32_t entry, const struct res *x);
void say_copies(struct drun *r);

/* predict.c: opts->predictor */
int predict_dav_probe(struct drun *r, struct err *err) MUST_CHECK;
void predict_collection(const struct drun *r, const struct acoll *a);
/* It is to be made, for ${items}. */
void predict_place(const struct drun *r, const struct acoll *a, size_t items);
void predict_entry(struct drun *r, const struct entry *e, const struct buf *body);
void predict_dav_end(const struct drun *r);

/* look/alike.c: resources that no UID explains, where the server gave its own */
/* What a content is about, 0: nothing that tells it from others. */
uint64_t alike_key(const struct content_summary *s);
/*
 * Does the target's content, for all its ${differences}, hold what the item does? Only
 * another UID, additions, and X- properties lost.
 */
bool alike_holds(const char *differences);
/* Is it without a whole object of the item? */
bool alike_lacks(const struct res *x);

/* look/digest.c */
/*
 * SHA-256 of a resource but for what servers write with each answer (DTSTAMP, PRODID,
 * REV ...): is it as it was?
 */
void digest_text(const void *data, size_t len, uint8_t out[SHA256_LEN]);

/* look/look.c */
void reslist_clear(struct reslist *l);
struct res *reslist_add(struct reslist *l, uint32_t tcoll, const char *url, const char *etag);
/*
 * Fill in what they are; each ${tcoll} comes in one piece. Negative only for what ends
 * the service.
 */
int dav_look(struct drun *r, struct res *list, size_t n, struct err *err) MUST_CHECK;
/* The same by a GET each, of those that are not seen. */
int dav_look_once(struct drun *r, struct res *list, size_t n, struct err *err) MUST_CHECK;

/* look/target.c: target_opts.looked, once the plan is made */
int dav_look_target(struct drun *r, struct err *err) MUST_CHECK;

/* look/pair.c */
enum alike_mode {
	ALIKE_THERE, /* items that are new, before the first PUT */
	ALIKE_STORED, /* ours of this run, in a listing afterwards: the key is enough */
	ALIKE_COPIES, /* a further one of an item that is settled */
};
/* Items that resources are by their content, where no UID says so. */
int dav_alike(struct drun *r, struct res *list, size_t n, enum alike_mode mode,
        struct err *err) MUST_CHECK;
/* Which item each resource is that was there before the first PUT. */
int dav_pair(struct drun *r, struct reslist *all, struct err *err) MUST_CHECK;

/* look/there.c */
int dav_there(struct drun *r, struct err *err) MUST_CHECK;
/* What the target has, read and graded; *all is the caller's. */
int dav_read_there(struct drun *r, struct reslist *all, struct err *err) MUST_CHECK;
/* ${peek}: what is new in it stays so. */
int dav_list_resources(
        struct drun *r, uint32_t tcoll, bool peek, struct reslist *out, struct err *err) MUST_CHECK;

/* probe.c */
int dav_probe(struct drun *r, struct err *err) MUST_CHECK;
/* Ask again what ${url} is: *out_index NONE when it is no collection of the kind. */
int dav_probe_one(struct drun *r, const char *url, uint32_t *out_index, struct err *err) MUST_CHECK;
/*
 * The same, and *why_out (the caller frees it): NULL unless it cannot be told what is
 * there.
 */
int dav_probe_why(struct drun *r, const char *url, uint32_t *out_index, char **why_out,
        struct err *err) MUST_CHECK;
/* List the home sets once more: what came up since is behind the others. */
int dav_probe_again(struct drun *r, struct err *err) MUST_CHECK;
void tcoll_clear(struct tcoll *t);

/* plan.c */
int dav_plan(struct drun *r, struct err *err) MUST_CHECK;
/*
 * A look: where the journal says that a collection is, also if no home set lists it;
 * r->acolls[].hidden says why that is not known.
 */
int dav_plan_unlisted(struct drun *r, struct err *err) MUST_CHECK;
/* What a collection is called in a URL where its own last segment cannot be used. */
#define OWN_SEGMENT_SIZE 24
void own_segment(const struct drun *r, const struct acoll *a, char out[OWN_SEGMENT_SIZE]);
/*
 * COMP_*: the first in order that its items are of, else that it declares. Reads items
 * until that is clear.
 */
unsigned main_component(struct drun *r, struct acoll *a);
/*
 * The collection that an earlier restore made for it, on servers that keep no names;
 * NONE.
 */
uint32_t made_before(const struct drun *r, const struct acoll *a);
/* Where the items of each went, for the next restore. */
void remember_places(struct drun *r);
/* Takes ${name}. */
void acoll_rename(struct acoll *a, char *name);

/* make.c */
int dav_make(struct drun *r, struct err *err) MUST_CHECK;
/*
 * The collection for one of the archive; where it cannot be, r->acolls[].refused says
 * why.
 */
int dav_make_one(struct drun *r, uint32_t acoll, struct err *err) MUST_CHECK;

/*
 * split.c: after dav_make, what a target's calendar does not take goes into another (in a
 * look: one that is there).
 */
int dav_split(struct drun *r, struct err *err) MUST_CHECK;

/* look/after.c */
/*
 * What is new in the listing is read, and known by its UID, else by its content: items
 * that are ENTRY_UNSEEN, which the server named itself, and (${taken}) those that are
 * still to be sent, which another restore stored. What else is of the archive there is
 * counted.
 */
int dav_take_fresh(
        struct drun *r, const struct reslist *there, bool taken, struct err *err) MUST_CHECK;
/* What another restore has stored in the collection by now is there. */
int dav_meanwhile(struct drun *r, uint32_t tcoll, struct err *err) MUST_CHECK;
int dav_after(struct drun *r, struct err *err) MUST_CHECK;

#endif
