#ifndef VALISE_AUDIT_AUDIT_H
#define VALISE_AUDIT_AUDIT_H

#include <pthread.h>
#include "valise/restore/restore.h"
#include "valise/tree/sink.h"

/*
 * May the old account be closed? An archive beside what its source and its target show now,
 * item by item; nothing is written anywhere. docs/AUDIT.md has the rules in words.
 */

enum audit_side { AUDIT_ARCHIVE, AUDIT_SOURCE, AUDIT_TARGET, AUDIT_DNS, AUDIT_SIDES };
const char *audit_side_word(enum audit_side s); /* "source" */

/* What there is to be found. */
enum audit_what {
	/* the archive */
	AUDIT_DAMAGED,
	AUDIT_NOT_FETCHED, /* an error line of the newest snapshot */
	AUDIT_STALE,
	AUDIT_GONE, /* marked so (tree/shrink.h) */
	AUDIT_RESCUED,
	/* the source */
	AUDIT_NO_SOURCE,
	AUDIT_OTHER_ACCOUNT,
	AUDIT_NOT_IN_ARCHIVE,
	AUDIT_NEWER, /* under the same UID or href with another content */
	AUDIT_FLAGS,
	AUDIT_MARKS, /* \Deleted, keywords that programs set for themselves */
	AUDIT_MOVED,
	AUDIT_CAME_BACK, /* marked as gone in the archive */
	AUDIT_UNREAD, /* an error line of the source now */
	AUDIT_FOLDER_UNREAD,
	AUDIT_FOLDER_NEW, /* and empty */
	AUDIT_FOLDER_GONE,
	AUDIT_GONE_AT_SOURCE,
	AUDIT_PROPERTIES,
	/* source or target */
	AUDIT_EXCLUDED, /* a collection */
	AUDIT_EXCLUDED_JUNK, /* one for \Junk or \Trash */
	AUDIT_NO_SERVICE, /* left out, or the account has none that the archive has data of */
	AUDIT_SERVICE_UNREAD,
	AUDIT_OTHER_FORM, /* the same content */
	/* the target */
	AUDIT_MISSING,
	AUDIT_ALTERED,
	AUDIT_HELD_BACK,
	AUDIT_FLAGS_LOST,
	AUDIT_MARKS_LOST,
	AUDIT_ELSEWHERE,
	AUDIT_DOUBLED,
	AUDIT_UNREADABLE,
	AUDIT_UNSEEN,
	AUDIT_NOT_RESTORED, /* a collection that no restore brings back */
	/* around them */
	AUDIT_OLD_DNS, /* the domain's MX still names the source */
	AUDIT_DNS_UNREAD, /* it could not be asked for, or nothing says which is old */
	AUDIT_WHATS
};

/* The rule of each: a table, and a contract (docs/AUDIT.md, docs/JSON.md). */
struct audit_rule {
	const char *word; /* "not-in-archive" */
	bool safe; /* false: the verdict is NO */
	bool acceptable; /* a person may overrule a NO (--accept) */
	const char *title; /* of a list of them, for people */
	const char *advice; /* what mends it, or NULL */
};
extern const struct audit_rule audit_rules[AUDIT_WHATS];
bool audit_what_parse(const char *word, enum audit_what *out);

/* What an item is called by people. UTF-8 for display, malloc'ed; each may be NULL. */
struct audit_name {
	char *date; /* mail: when it arrived, "2026-11-22T17:16:00Z" */
	char *from, *subject;
	char *start, *title; /* title: SUMMARY of a calendar object, the name of a card */
};
void audit_name_clear(struct audit_name *n);
/* From the octets of a ${kind} (tree/about.h), of a message its header is enough; without date. */
void audit_name_read(enum coll_kind kind, const char *p, size_t n, struct audit_name *out);

#define AUDIT_NO_KIND COLL_KINDS
struct audit_finding {
	enum audit_side side;
	enum audit_what what;
	bool accepted;
	enum coll_kind kind; /* AUDIT_NO_KIND: it is about the whole side */
	char *collection; /* or the service; NULL: none */
	bool of_item; /* else of the collection or service */
	uint32_t uid; /* 0: none */
	char *href; /* or NULL */
	struct audit_name name;
	char *differs; /* what differs, or why; NULL */
	char *place; /* where it is instead, or NULL */
};

/* What was looked at of a side. Collections and items that the side was to have. */
struct audit_counts {
	uint64_t collections, items, same;
	uint64_t gone; /* in the archive, and not shown by the source any more */
	uint64_t extra; /* at the target, and not in the archive */
	uint64_t shared; /* mailboxes of other people at the source, which nobody looked at */
};

/* What each side has of a collection; of the target: items of the archive that are there. */
struct audit_coll {
	enum coll_kind kind;
	char *name;
	struct {
		bool known;
		uint64_t items, bytes;
	} side[AUDIT_SIDES];
};

/* What all sides give to. Thread-safe. */
struct audit {
	pthread_mutex_t lock;
	struct audit_finding *items;
	size_t n, cap;
	bool accepts[AUDIT_WHATS];
	struct audit_counts counts[AUDIT_SIDES];
	struct audit_coll *colls;
	size_t n_colls, colls_cap, last_coll;
	/* told of each as it is found, may be NULL; with the lock held */
	void (*found)(void *ctx, const struct audit_finding *f);
	void *ctx;
};
void audit_init(struct audit *a);
void audit_clear(struct audit *a);
/* Takes what ${f} holds. */
void audit_add(struct audit *a, struct audit_finding *f);
/* One about a collection or service; texts are copied, any may be NULL. */
void audit_say(struct audit *a, enum audit_side side, enum audit_what what, enum coll_kind kind,
        const char *collection, const char *differs);
void audit_count(struct audit *a, enum audit_side side, const struct audit_counts *add);
/* So many more items of this collection are at that side; 0: the side was asked for it. */
void audit_count_coll(struct audit *a, enum audit_side side, enum coll_kind kind, const char *name,
        uint64_t items, uint64_t bytes);
/* What is known of the collection; NULL: nothing. Once all sides have ended. */
const struct audit_coll *audit_coll_of(
        const struct audit *a, enum coll_kind kind, const char *name);
/* Of all that was found: no finding says NO that is not accepted. */
bool audit_is_safe(const struct audit_finding *items, size_t n);
/* Does this one say NO? */
bool audit_says_no(const struct audit_finding *f);

/**
 * What two states of flags and keywords differ in: AUDIT_FLAGS, AUDIT_MARKS, or AUDIT_WHATS
 * for nothing. Keywords as of tree_coll_keyword_text. ${only_lost}: what ${now} has besides
 * is no difference (a restore only adds). *text_out (the caller's), "there also \Seen; not
 * there work".
 */
enum audit_what audit_flags(unsigned was, const char *was_keywords, unsigned now,
        const char *now_keywords, bool only_lost, char **text_out);
/* AUDIT_EXCLUDED, or AUDIT_EXCLUDED_JUNK by the announced uses (or NULL), else by the name. */
enum audit_what audit_excluded(enum coll_kind kind, const char *uses, const char *content);
/* Do people set it, or programs for themselves? */
bool audit_is_mark(const char *keyword);

/**
 * What the snapshot says of itself: error lines, stale and skipped collections (but where
 * ${settled}, which may be NULL, says that the source was asked for it), what is gone. What was
 * rescued is told by the sides, which read the lists of items. ${kinds}: bits, those that are
 * audited.
 */
int audit_archive(struct audit *a, struct tree_reader *archive, unsigned kinds,
        bool (*settled)(void *ctx, enum coll_kind kind, const char *name), void *ctx,
        struct err *err) MUST_CHECK;

/**
 * The source: a sink that its fetchers run into, whose last state is the snapshot of
 * ${archive} (borrowed, nobody else's meanwhile). With ${full} it has none, so that every
 * body comes. Bodies are hashed and dropped. ${choice} (lent) is that of the run.
 */
struct audit_source;
struct audit_source *audit_source_new(struct audit *a, struct tree_reader *archive, bool full,
        const struct pattern_choice *choice);
struct tree_sink *audit_source_sink(struct audit_source *s);
/* All services have run; ${kinds}: bits of those that were read, ${unlisted}: not wholly. */
int audit_source_end(
        struct audit_source *s, unsigned kinds, unsigned unlisted, struct err *err) MUST_CHECK;
/* Was the collection given, or known to be unchanged? As audit_archive wants it. */
bool audit_source_settled(void *source, enum coll_kind kind, const char *name);
void audit_source_free(struct audit_source *s);

/* What a look at the target means; AUDIT_WHATS for nothing. */
enum audit_what audit_judge_look(const struct tree_item *it, const struct target_look *look);

/*
 * The target: target_opts.looked, with an audit_target as its ctx.
 */
struct audit_target {
	struct audit *audit;
	struct tree_reader *archive; /* what names are read from; thread-safe body */
	bool tells_rescued; /* as there is no source that does */
	_Atomic uint64_t named; /* safe findings that were named so far */
	_Atomic uint64_t told; /* items */
};
void audit_looked(void *target, const struct tree_coll *c, const struct tree_item *it,
        const struct target_look *look);

#endif
