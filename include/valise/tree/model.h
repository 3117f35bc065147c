#ifndef VALISE_TREE_MODEL_H
#define VALISE_TREE_MODEL_H

#include <stdint.h>
#include <stddef.h>
#include <stdbool.h>
#include "valise/base/buf.h"
#include "valise/base/textindex.h"
#include "valise/base/date.h"
#include "valise/base/err.h"
#include "valise/base/hash.h"

/*
 * What an account is made of, in memory: collections (mailboxes, calendars, address
 * books) with their items. The same model stands on both sides of the tree: sources fill
 * it, catalogs keep it, targets read it.
 */

enum coll_kind {
	COLL_MAIL,
	COLL_CALENDAR,
	COLL_CONTACTS,
	COLL_LINKED, /* files behind the links of a calendar or address book */
	COLL_MAPI, /* the properties that items of Outlook came from */
	COLL_KINDS
};
/* "mail", "calendars", "contacts", "linked", "mapi": first path component, catalog word */
const char *coll_kind_dir(enum coll_kind k);
/*
 * COLL_LINKED, COLL_MAPI: a collection that stands beside another one, which its name begins
 * with ("calendars: Work"). Nobody means its items by themselves, and no server takes them.
 */
bool coll_is_beside(enum coll_kind k);
/* Does such a collection of this name, "calendars:NAME", belong to the ${kind}? */
bool coll_is_linked(enum coll_kind kind, const char *name);
const char *coll_kind_ext(enum coll_kind k); /* "eml", "ics", "vcf", "bin", "fx" */

/* System flags, RFC 3501 2.3.2. \Recent is never kept. */
enum { FLAG_SEEN = 1, FLAG_ANSWERED = 2, FLAG_FLAGGED = 4, FLAG_DELETED = 8, FLAG_DRAFT = 16 };
const char *flag_name(unsigned bit); /* "\\Seen" */

/* What was odd about an item. Kept in the catalog as words ("size", "date", ...). */
enum {
	WARN_SIZE = 1, /* RFC822.SIZE differed from the octets that came */
	/* the server gave no usable INTERNALDATE: derived from Received or Date */
	WARN_DATE = 2,
	WARN_NUL = 4, /* holds NUL */
	/* not had by a plain fetch: how is said in ext->note; not verbatim */
	WARN_RESCUED = 8,
	WARN_LINES = 16, /* line ends were made CRLF (multiget) */
	/*
	 * nothing odd: the octets of a GET. Without it nobody knows how a resource was
	 * had
	 */
	WARN_EXACT = 32,
};
const char *warn_name(unsigned bit); /* "date" */

/* Where the bytes of an object are in an archive. part 0: not in one. */
struct object_place {
	uint32_t snapshot; /* data/%06u */
	uint32_t part; /* part-%06u.tar.gz */
	/* offset of the gzip member that holds the object's tar header */
	uint64_t member;
	uint64_t offset; /* of that tar header in the member's plain bytes */
};

/* Rarely used members of an item. */
struct tree_ext {
	char *href, *etag,
	        /*
	         * DAV: href as the server sent it; path: the file name of the resource,
	         * without its extension
	         */
	        *path;
	char *labels; /* X-GM-LABELS as a JSON list, canonical */
	char *note; /* how it was rescued, what else a person should know */
	char *uid; /* iCalendar or vCard UID; POP3: the UIDL */
	uint64_t gm_msgid, gm_thrid;
};

struct tree_item {
	uint8_t sha256[SHA256_LEN];
	uint64_t size;
	int64_t date_utc; /* INTERNALDATE */
	int16_t zone_min;
	uint16_t flags; /* FLAG_* */
	uint16_t warn; /* WARN_* */
	uint16_t gone; /* how many runs found it missing on the server; 0: it is there */
	uint32_t dup; /* the _n of the file name, 0 for none */
	uint32_t uid; /* IMAP UID; 0 elsewhere */
	uint32_t keywords; /* index of a set in the collection, 0: none */
	uint32_t ext; /* index into the collection's ext, 0: none */
	struct object_place where;
};

/* An item that could not be fetched. */
struct tree_error {
	uint32_t uid;
	char *href;
	char *date, *from, *subject; /* as far as known, UTF-8; or NULL */
	char *reason;
};

enum coll_status {
	COLL_COMPLETE, /* everything that the server listed is here */
	COLL_PARTIAL, /* some items could not be fetched: errors[] names them */
	COLL_STALE, /* could not be read this time: the last catalog stands */
	COLL_SKIPPED, /* left out on purpose this time: the last catalog stands */
};

/* Attributes of a mailbox (RFC 3501 7.2.2, RFC 5258) or collection. */
enum {
	ATTR_NOSELECT = 1,
	ATTR_NOINFERIORS = 2,
	ATTR_SUBSCRIBED = 4,
	ATTR_NONEXISTENT = 8,
	ATTR_READONLY = 16,
	ATTR_GENERATED = 32, /* birthdays, system address books */
	ATTR_SUBSCRIPTION = 64, /* a subscribed remote calendar */
	ATTR_SHARED = 128, /* belongs to somebody else */
	/* not on the server any more: it is kept for its items that are gone */
	ATTR_GONE = 256,
};

struct tree_coll {
	enum coll_kind kind;
	/*
	 * full name in UTF-8, with the server's delimiter; DAV: the display name or last
	 * path segment, unique within the kind
	 */
	char *name;
	/*
	 * the name's bytes on the wire if mutf7_encode(name) would not give them; else
	 * NULL
	 */
	uint8_t *raw;
	size_t raw_len;
	char delimiter; /* 0: none */
	/* namespace prefix that the content name leaves out ("INBOX."), or NULL */
	char *prefix;
	/* RFC 6154 attributes, sorted, separated by one blank, or NULL */
	char *special_use;
	unsigned attrs; /* ATTR_* */
	uint32_t uidvalidity, uidnext;
	uint64_t highestmodseq; /* 0: none */
	char *href; /* DAV collection */
	char *sync_token; /* DAV */
	/*
	 * DAV: canonical JSON object, property name in Clark notation -> raw inner XML;
	 * or NULL
	 */
	char *props;
	char *path; /* in the tree, assigned by tree_names: "mail/INBOX" */
	enum coll_status status;
	char *reason; /* of COLL_STALE, or NULL */
	/*
	 * items that the server listed, and that options left out (--since ...): neither
	 * fetched nor lost; and these options (selection_words), or NULL
	 */
	uint64_t left_out;
	char *selection;

	struct tree_item *items;
	size_t n_items, items_cap;
	/*
	 * What vanished in a suspicious way (tree/shrink.h), in its last state: item.gone
	 * is not 0. Nobody sees these items who does not ask for them.
	 */
	struct tree_item *gone;
	size_t n_gone, gone_cap;
	struct tree_error *errors;
	size_t n_errors, errors_cap;
	/* [0] is "": words of a set sorted, separated by one blank */
	char **keyword_sets;
	size_t n_keyword_sets, keyword_sets_cap;
	struct text_index keyword_index; /* of the sets */
	struct tree_ext *ext; /* [0] is unused */
	size_t n_ext, ext_cap;
};

struct tree_coll *tree_coll_new(enum coll_kind kind, const char *name);
/*
 * A new collection with everything that line 1 of ${from}'s catalog says, without items
 * and errors.
 */
struct tree_coll *tree_coll_like(const struct tree_coll *from);
void tree_coll_free(struct tree_coll *c);

/**
 * tree_coll_keywords(c, words, n): the index of the set of these keywords (sorted here,
 * equal ones dropped), made if new. Keywords hold no blanks (IMAP atoms).
 */
uint32_t tree_coll_keywords(struct tree_coll *c, const char *const *words, size_t n);
/* The same of the words of ${text}, which blanks separate, that ${keep} (NULL: each) says yes to.
 */
typedef bool tree_word_fn(void *ctx, const char *word);
uint32_t tree_coll_words(struct tree_coll *c, const char *text, tree_word_fn *keep, void *ctx);
/* "" or "$Label1 work" */
const char *tree_coll_keyword_text(const struct tree_coll *c, uint32_t set);
/* The set of ${from}'s item in ${to}. */
uint32_t tree_coll_keywords_copy(struct tree_coll *to, const struct tree_coll *from, uint32_t set);

/* A new ext record (zeroed); *index_out goes into the item. Valid until the next call. */
struct tree_ext *tree_coll_ext(struct tree_coll *c, uint32_t *index_out);
void tree_ext_clear(struct tree_ext *e); /* free what it holds */
/* NULL: none */
const struct tree_ext *tree_item_ext(const struct tree_coll *c, const struct tree_item *it);

struct tree_item *tree_coll_add(struct tree_coll *c, const struct tree_item *it);
/* To ${c}->gone. */
void tree_coll_add_gone(struct tree_coll *c, const struct tree_item *it);
/**
 * tree_coll_with_gone(c): what is gone becomes part of the items, still marked; sorted.
 * Of a collection that is gone itself nothing says so any more. tree_coll_part_gone(c):
 * the other way round.
 */
void tree_coll_with_gone(struct tree_coll *c);
void tree_coll_part_gone(struct tree_coll *c);
/*
 * With what is gone among the items, for a source: it may come back. Nothing takes this
 * for the server's state.
 */
void tree_coll_offer_gone(struct tree_coll *c);
/* Forget the marks and what is marked: ${c} is what the server shows. */
void tree_coll_without_gone(struct tree_coll *c);
/*
 * *out: the item ${it} of ${from}, its keywords and ext copied into ${to}; not added yet.
 */
void tree_item_copy(struct tree_coll *to, const struct tree_coll *from, const struct tree_item *it,
        struct tree_item *out);
/* Item ${i} of those that the server shows, and then of those that are gone. */
struct tree_item *tree_coll_any(const struct tree_coll *c, size_t i);
/* With its items and errors, but without what is gone. */
struct tree_coll *tree_coll_copy(const struct tree_coll *from);
/* The error lines of ${from}, too. */
void tree_coll_copy_errors(struct tree_coll *to, const struct tree_coll *from);
/* Texts are copied; any may be NULL. Sets COLL_PARTIAL. */
void tree_coll_error(struct tree_coll *c, uint32_t uid, const char *href, const char *date,
        const char *subject, const char *reason);

/* Who sent the item of the error that was added last; NULL: nobody knows. */
void tree_coll_error_from(struct tree_coll *c, const char *from);

/*
 * Sort items, what is gone, and errors by UID, then href (DAV), then ext->uid (POP3's
 * UIDL).
 */
void tree_coll_sort(struct tree_coll *c);
/* By UID, by href (DAV); NULL if not there. The collection must be sorted. */
const struct tree_item *tree_coll_find(const struct tree_coll *c, uint32_t uid);
const struct tree_item *tree_coll_find_href(const struct tree_coll *c, const char *href);

/**
 * tree_coll_number(c, prev): sort, and give each item its file name, so that names in the
 * folder differ. Mail: the dup number; an item that ${prev} (may be NULL; sorted) has
 * with the same UID, date and content keeps its number, one that comes with a number not
 * 0 keeps it if it is free, the others get the lowest free one of 0, 2, 3 ... DAV:
 * ext->path; the name that ${prev} has for the href, else the one that the item comes
 * with, else one made of the href's last segment; twins under path_fold get "_2", "_3"
 * ...
 * What is gone keeps its name and shares none.
 */
void tree_coll_number(struct tree_coll *c, const struct tree_coll *prev);

/**
 * tree_item_path(c, it, out): append the item's path in the tree: mail
 * "<c->path>/cur/<seconds>.V<16 hex of SHA-256>[_<dup>].valise:2,<flags>" (seconds:
 * max(0, INTERNALDATE); flags of "DFRST" in that order, and P for the keyword $Forwarded,
 * all sorted by ASCII); DAV "<c->path>/<ext->path>.<ics|vcf>".
 */
void tree_item_path(const struct tree_coll *c, const struct tree_item *it, struct buf *out);

/**
 * tree_coll_vdir(c, name_out, color_out): what the files displayname and color of a
 * calendar or address book say: the text of its properties, else its name; "#RRGGBB" or
 * NULL. The caller frees both.
 */
void tree_coll_vdir(const struct tree_coll *c, char **name_out, char **color_out);

/* "objects/ab/<64 hex>.eml" */
#define OBJECT_NAME_SIZE 96
void tree_object_name(
        enum coll_kind kind, const uint8_t sha256[SHA256_LEN], char out[OBJECT_NAME_SIZE]);

/**
 * tree_content_name(c, out): the name that is equal on any server: the prefix dropped
 * ("INBOX" itself stays), components split at the delimiter, '=' and '/' in a component
 * written =3D and =2F, joined by '/'; a leading component that is "inbox" in any case is
 * "INBOX".
 */
void tree_content_name(const struct tree_coll *c, struct buf *out);

/*
 * The services that an account consists of; who it is. What was imported from files is one
 * service of this kind, without host and login.
 */
#define ACCOUNT_FILES "files"
struct tree_service {
	char *kind; /* "imap" ... */
	char *host;
	uint16_t port;
	char *login; /* whose account it is, whoever signed in */
	/*
	 * who signed in, where that is somebody else (RFC 4616: authentication identity),
	 * or NULL
	 */
	char *authcid;
};
struct tree_account {
	char *name;
	struct tree_service *services;
	size_t n_services, services_cap;
};
/* Lent until the next call, for what not every service has. */
struct tree_service *tree_account_add(struct tree_account *a, const char *kind, const char *host,
        uint16_t port, const char *login);
void tree_account_clear(struct tree_account *a);
void tree_account_copy(struct tree_account *to, const struct tree_account *from);
/*
 * Add to ${now} the services of ${old} that it lacks (a run that left them out), and the
 * name.
 */
void tree_account_merge(struct tree_account *now, const struct tree_account *old);

/* True where somebody else signed in for a service's owner. */
bool tree_account_acted(const struct tree_account *a);
/* "imap bob at mail.example, signed in as master; caldav ..." Unescaped. */
void tree_account_text(const struct tree_account *a, struct buf *out);

/**
 * tree_account_check(old, now, same_account, err): may a run with the services of ${now}
 * add to what belongs to ${old}? Another login of a service is refused always; another
 * host or port (143 and 993 are one, as 110 and 995, 80 and 443), or a service that
 * ${old} lacks, unless ${same_account}; and so, too, who is acted
 * for by the login that ${old} names alone, as older versions did for everybody that it
 * acted for. A service left out is fine. Files are added to what came from files alone: a
 * backup would take them for what its server has no more.
 * ERR_ACCOUNT, saying which and what to do.
 */
int tree_account_check(const struct tree_account *old, const struct tree_account *now,
        bool same_account, struct err *err) MUST_CHECK;

#endif
