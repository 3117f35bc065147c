#ifndef VALISE_FETCH_DAV_RUN_H
#define VALISE_FETCH_DAV_RUN_H

#include "valise/proto/dav/client.h"
#include "valise/proto/dav/discover.h"
#include "fetch/run.h"
#include "valise/tree/intake.h"

/*
 * CalDAV and CardDAV accounts into a sink: discovery, enumeration, listing, content.
 *   run.c           the run: workers, each with an HTTP client of its own, share the
 *                   collections
 *   whose.c         whose home sets they are: those of the archive?
 *   enum.c          home sets to collections with their properties
 *   list.c          which resources there are and which of them are known:
 *                   sync-collection, PROPFIND
 *   fetch.c         content by multiget, reconciled with the listing; get.c: by GET
 *   coll.c, give.c  what all of these stand on: resources by key, and into the sink
 */

#define DAV_WORKERS 3
#define DAV_PARALLEL 4 /* requests in flight of one worker */
#define DAV_BATCH 50
#define DAV_BATCH_LARGE 10
#define DAV_BATCH_BYTES (4u << 20)
#define DAV_LARGE (256u << 10)
#define DAV_HUGE (32u << 20) /* streamed by a GET of its own */
#define DAV_ROUND 16 /* batches, or GETs, handed over at a time */
#define DAV_RESOURCE_MAX (512u << 20)
#define DAV_COLLS_MAX 10000u
#define DAV_TRIES 3 /* of a listing that was cut off in the middle */
#define DAV_ITEMS_MAX 5000000u

struct davitem {
	char *href, *etag;
	uint64_t key; /* of the URL: equal however it is escaped */
	uint64_t len; /* getcontentlength, when has_len */
	bool has_len, done, failed;
	bool lost; /* a GET of it got no answer */
	bool shares; /* its URL with another href */
	bool twin; /* and it is not the first of them: its key is that of the href */
	uint8_t *sum; /* of what was stored of one that shares */
	uint64_t cut; /* what a GET brought that is not whole; 0: none did */
	char *reason; /* why a multiget did not bring it */
};

enum dav_state { DAV_NEW, DAV_LISTED, DAV_SETTLED /* given or kept */ };

struct davcoll {
	char *url; /* where it is asked for: not always what its href means */
	uint64_t key; /* of the URL that its href means */
	struct tree_coll *coll; /* head, then items; NULL once given */
	struct tree_coll *prev, *last_run; /* may be NULL */
	struct davitem *items;
	size_t n_items, cap;
	bool v4; /* the address book offers vCard 4.0 */
	bool no_list; /* a subscription without resources here */
	bool no_multiget;
	bool elsewhere; /* its href leads nowhere; the URL is another form of it */
	/* other collections: listed each time, so that they are found each time */
	bool holds;
	bool below; /* it lies in one that --include names */
	bool blind; /* left out, and what lies in it could not be seen */
	enum dav_state state;
};

/* A home set or a member of one that could not be read: what it holds is not gone. */
struct dav_lost {
	char *url, *reason;
};

struct dav_run {
	/* its lock guards ${next}, too; a collection has one worker at a time */
	struct fetch_run base;
	bool exact; /* every resource by a GET of its own: its very octets */
	struct davcoll *colls;
	size_t n_colls, cap;
	struct dav_worker *first; /* its client is there before those of the others */
	/* what is chosen may lie in a collection that is not: it is looked into */
	bool inside;
	bool mixed; /* the home set holds what the other service is asked for */
	struct dav_home home; /* where it was looked for */
	struct dav_lost *lost;
	size_t n_lost, lost_cap;

	char **nested; /* URLs of collections that the listing of another one showed */
	size_t n_nested, nested_cap;

	size_t next;
};

struct dav_worker {
	struct dav_run *run;
	struct http *http;
};

/* coll.c */
bool dav_is_known(const struct dav_run *r, uint64_t key);
void dav_add_lost(struct dav_run *r, const char *url, const char *reason);
void dav_coll_clear(struct davcoll *c);
void dav_items_clear(struct davcoll *c);
void dav_item_clear(struct davitem *i);
/* A new last one. */
struct davitem *dav_item_add(struct davcoll *c, const char *href, const char *etag);
/* Of an href by itself: what no URL has. */
uint64_t dav_href_key(const char *href);
/* Of the URL that a member's href means. */
uint64_t dav_member_key(const struct davcoll *c, const char *href);
/*
 * Sort by key; of several with one href (servers list a resource twice) the last counts.
 * Several hrefs of one key may be one resource or, where a server does not escape what it
 * lists, several: each is asked for.
 */
void dav_settle_items(struct davcoll *c);
struct davitem *dav_item_find(struct davcoll *c, uint64_t key); /* the items are sorted */
/* Of the first ${n}, which are sorted. */
struct davitem *dav_find_among(struct davcoll *c, size_t n, uint64_t key);
/* The one that shares its URL with ${i} and came first, or NULL. */
struct davitem *dav_item_twin(struct davcoll *c, const struct davitem *i);

/**
 * dav_check_owner(r, err): ERR_ACCOUNT where the last snapshot has collections of the
 * kind and none of them lies in a home set that is read now: an administrator's name and
 * password read another person's. No request is made.
 */
int dav_check_owner(const struct dav_run *r, struct err *err) MUST_CHECK;
/*
 * Whether the collection at ${href} (a path, or a URL) lies in the home set or is the
 * collection ${home}, wherever the host.
 */
bool dav_lies_in(const char *href, const char *home);

/*
 * Collections of ${url} itself and (depth 1) below it are added to the run, and what
 * cannot be read there to what is lost.
 */
int dav_enumerate(struct dav_worker *w, const char *url, int depth, struct err *err) MUST_CHECK;
/* Sort the collections from ${from} on by href, give them unique names. */
void dav_name_all(struct dav_run *r, size_t from);

/*
 * The sync-token, else the getctag, of a collection, where the listing of its home set
 * did not bring it: some servers read each resource to say it.
 */
int dav_ask_state(struct dav_worker *w, struct davcoll *c, struct err *err) MUST_CHECK;
/* c->items: what the server has. */
int dav_list(struct dav_worker *w, struct davcoll *c, struct err *err) MUST_CHECK;
/*
 * Only the collections that lie in it, against RFC 4791 4.2, are added to the run's
 * nested ones.
 */
int dav_look_inside(struct dav_worker *w, struct davcoll *c, struct err *err) MUST_CHECK;

/* choose.c: --include and --exclude. */
bool dav_is_wanted(const struct dav_run *r, const struct davcoll *c);
/*
 * Set r->inside, once the home sets are read; on a second run only where something chosen
 * is lacking: looking costs a listing of each.
 */
int dav_decide_inside(struct dav_run *r, struct err *err) MUST_CHECK;
/*
 * Does a pattern match none of the collections found so far, or do all of them leave
 * none?
 */
bool dav_is_missed(const struct dav_run *r);
/* Of the collections from ${from} on: which lie in one that is included. */
void dav_mark_below(struct dav_run *r, size_t from);
/*
 * What was not looked for, as nothing chosen could be there or the URL is that of one
 * collection, keeps its last state; so does what could not be seen.
 */
int dav_keep_unseen(struct dav_run *r, struct err *err) MUST_CHECK;
/* The sync-token or getctag says that the collection is as in the last snapshot. */
bool dav_unchanged(const struct davcoll *c);

/* Give known items to the sink; the others stay not done. */
int dav_give_known(struct dav_worker *w, struct davcoll *c, struct err *err) MUST_CHECK;
int dav_fetch(struct dav_worker *w, struct davcoll *c, struct err *err) MUST_CHECK;
/*
 * A body that the sink has becomes the item ${it} (of intake_finish). ${text}: its
 * beginning, with whatever line ends, for the UID.
 */
int dav_give(struct dav_worker *w, struct davcoll *c, struct davitem *i, struct tree_item *it,
        const void *text, size_t len, struct err *err) MUST_CHECK;
/*
 * dav_lose: an error line for one item that cannot be fetched (its reason is in ${i}); its
 * last version stays. dav_lose_rest: the same for each open item when the collection fails
 * with *${err}.
 */
int dav_lose(
        struct dav_worker *w, struct davcoll *c, struct davitem *i, struct err *err) MUST_CHECK;
int dav_lose_rest(struct dav_worker *w, struct davcoll *c, struct err *err) MUST_CHECK;
/* Does this resource go into a multiget that has ${n} with so many ${bytes}? */
bool dav_may_join(const struct davitem *i, size_t n, uint64_t bytes);
/* Do the ETags name two resources, whatever an encoder or proxy made of them? */
bool dav_is_another_etag(const char *listed, const char *got);
int dav_get_all(struct dav_worker *w, struct davcoll *c, struct davitem **list, size_t n,
        struct err *err) MUST_CHECK;
/* survey.c: what opts->survey is told; negative only for a stop. */
int dav_survey(struct dav_worker *w, struct err *err) MUST_CHECK;
/* linked_files.c: links of source_ops. */
int dav_links(const struct service *service, unsigned kinds, struct tree_reader *from,
        struct tree_sink *sink, struct progress *progress, struct source_result *out,
        struct err *err) MUST_CHECK;
/*
 * Something of the collection could not be fetched: an error line (with ${href}, if it is a
 * resource), counted and said. ${what}: how a person names it.
 */
void dav_name_loss(struct fetch_run *r, struct tree_coll *c, const char *href, const char *what,
        const char *reason);

#endif
