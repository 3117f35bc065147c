#ifndef VALISE_TREE_SELECT_H
#define VALISE_TREE_SELECT_H

#include "valise/base/date.h"
#include "valise/tree/about.h"
#include "valise/tree/manifest.h"
#include "valise/tree/pattern.h"
#include "valise/tree/sink.h"

/*
 * Which items are meant: the same words with the same meaning for every command that takes
 * a selection ("valise help select"). An item is meant if each word that was given says so.
 *
 * Dates are those that the item shows, in its own zone, whatever the zone of the machine: of
 * mail INTERNALDATE (as SEARCH has it, RFC 3501 6.4.4), of a calendar object from its start
 * (DTSTART, DUE) to its end (DTEND, DUE; the UNTIL of an event that recurs, without it never).
 * What has no date is left out by none: cards, tasks without one. Flags and recipients has mail
 * alone, so that what asks for them leaves all else out.
 */
struct selection {
	struct pattern_choice choice; /* --folder, --include, --exclude, --exclude-use */
	unsigned kinds; /* --only: 1 << COLL_x; 0: all */
	/*
	 * Collections that ${choice} leaves out are shown as they are, linked files too: for
	 * who chooses collections himself, and has to know of the others
	 */
	bool keep_others;
	/* seconds of the item's own clock, since <= date < until; INT64_MIN, INT64_MAX: any */
	int64_t since, until;
	uint64_t larger, smaller; /* larger < size < smaller; 0, UINT64_MAX: any */
	bool flagged, unseen;
	/*
	 * One of each list has to be part of the field, whatever the case and the accents: From,
	 * organizer, addresses of a card; To or Cc; Subject, summary, name. NULL-ended or NULL
	 */
	const char *const *from, *const *to, *const *subject;
	/* "FOLDER/UID", "FOLDER/HREF": these alone; NULL-ended or NULL */
	const char *const *items;
	/*
	 * --text: does the item with this content hold the words? NULL: all do. May be called
	 * by any thread.
	 */
	bool (*text)(void *ctx, enum coll_kind kind, const uint8_t sha256[SHA256_LEN]);
	void *text_ctx;
};
void selection_all(struct selection *s); /* everything */
/* Does anything but collections have to be decided? */
bool selection_by_item(const struct selection *s);
/* Is the collection meant: by its kind, and its names? */
bool selection_coll(const struct selection *s, enum coll_kind kind, const struct pattern_name *n);
/*
 * Of an item what size, flags and INTERNALDATE say: what a source knows before it fetches.
 * INTERNALDATE 0 is none.
 */
bool selection_listed(const struct selection *s, enum coll_kind kind, const struct tree_item *it);

/*
 * What its names (${a}) say; ${known}: the catalog says what names its items. ASK: only its
 * octets tell, as nothing is known, a value is cut, or the item begins before ${since} and may
 * go on. selection_octets: what these say; of a message ${p} is its header.
 */
enum select_answer { SELECT_NO, SELECT_YES, SELECT_ASK };
enum select_answer selection_named(
        const struct selection *s, enum coll_kind kind, const struct item_about *a, bool known);
bool selection_octets(const struct selection *s, enum coll_kind kind, const void *p, size_t n);
/*
 * Is it the item that "FOLDER/UID" names? Also by href, its last segment, the file's name in the
 * tree, and the UID of an event or card. selection_is_called: the same of what is behind FOLDER.
 */
bool selection_is_item(const char *text, const struct tree_head *h, const struct tree_coll *c,
        const struct tree_item *it);
bool selection_is_called(const char *key, const struct tree_coll *c, const struct tree_item *it);

/*
 * What is decided by dates, sizes, flags and names as the options that mean it, "--since
 * 2024-01-01 --smaller 20000000 --from \"ann\"" (in quotes, '"' and '\' behind a '\'); nothing
 * where all is meant. The same for the same.
 */
void selection_words(const struct selection *s, struct buf *out);

/**
 * select_date(text, today, end, out): the second at which ${text} begins, or with ${end} the
 * one after it: "2024-01-31", "2024-01" and "2024" are these days, this month, this year;
 * "30d", "6w", "18m", "1y6m", "2y" the day so many days, weeks, months or years before ${today}
 * (months by the calendar; where the month is too short, its last day). false: it is none of these.
 */
#define SELECT_DATE_WANTED                                                                         \
	"a day such as 2024-01-31, 2024-01 or 2024, or an age such as 30d, 6w, 18m or 2y"
bool select_date(const char *text, const struct day *today, bool end, int64_t *out);

/**
 * selection_view(from, s, out, err): *out, a reader of ${from} (which it owns from now on, on
 * errors too; ${s} is lent), shows the collections and items that are meant, and nothing else:
 * with selection_by_item no collection without any. A collection that cannot be read is shown,
 * so that who reads it says so; an item whose octets would tell, and cannot be read, is meant.
 * The numbers of heads are of what is shown, their roots are not. ERR_STOPPED.
 */
int selection_view(struct tree_reader *from, const struct selection *s, struct tree_reader **out,
        struct err *err) MUST_CHECK;
/*
 * Of a reader that selection_view made: the first of s->items that names nothing; NULL: none.
 */
const char *selection_unfound(const struct tree_reader *view);

#endif
