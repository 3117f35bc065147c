#ifndef VALISE_FORMAT_CONTENT_H
#define VALISE_FORMAT_CONTENT_H

#include <stdint.h>
#include <stddef.h>
#include <stdbool.h>
#include "valise/base/buf.h"
#include "valise/base/err.h"

/*
 * Content lines of iCalendar (RFC 5545 3.1) and vCard (2.1, RFC 2426, RFC 6350, RFC
 * 6868): one linear-time reader for both. It works on bytes, never rewrites what is
 * stored, accepts what is found in the wild (CRLF, LF or CR, a BOM, folds inside a
 * character, vCard 2.1 bare parameters and quoted-printable soft breaks, blank lines,
 * stray text) and counts what is wrong.
 */
struct content_param {
	const char *name; /* upper case, "TYPE" for a bare 2.1 one; lent */
	const char *value; /* quotes removed, RFC 6868 decoded */
};
struct content_line {
	const char *group; /* vCard group, or NULL */
	const char *name; /* upper case */
	struct content_param *params;
	size_t n_params;
	const char *value; /* unfolded, raw escapes; NUL-terminated, may hold NUL: */
	size_t value_len;
	size_t offset; /* of the line in the input */
	/* of BEGIN/END nesting around it; BEGIN and END themselves are lines */
	int depth;
};

/* Caps: a line 64 MiB, depth 16, parameters 200. */
/**
 * content_read(p, n, fn, ctx, err): each logical line in order; lent for the call.
 * ERR_LIMIT, or what ${fn} returns (negative ends). *wrong_out (may be NULL): how many
 * lines were not content lines or BEGIN/END that do not match.
 */
int content_read(const void *p, size_t n,
        int (*fn)(void *ctx, const struct content_line *l, struct err *err), void *ctx,
        unsigned *wrong_out, struct err *err) MUST_CHECK;

/*
 * The same for those who read a text in pieces and unfold it themselves: ${s} is a line without
 * its folds and its end. False: it is no content line, or has too many parameters. *out is lent
 * until the next call; its offset and depth are 0.
 */
struct content_parser *content_parser_new(void);
void content_parser_free(struct content_parser *r);
bool content_parse(struct content_parser *r, const char *s, size_t n, struct content_line *out);
/* Is it the beginning of a line that goes on behind each '=' at its end (vCard 2.1)? */
bool content_soft_ends(const char *s, size_t n);

/* The value of a parameter, NULL if it is not there. */
const char *content_param(const struct content_line *l, const char *name);
/* The name on a BEGIN or END line, upper case; caller frees. */
char *content_component(const struct content_line *l);
/*
 * The UID that a line UID gives: its escapes decoded, blanks and all, as octets are what is
 * compared; up to a NUL. NULL: nothing but blanks, or longer than CONTENT_UID_MAX. Caller
 * frees.
 */
enum { CONTENT_UID_MAX = 65536 };
char *content_uid(const struct content_line *l);
/*
 * The name of a time zone: of a line TZID, which defines it, with its escapes decoded; of the
 * parameter TZID of any line, which uses it. Without the blanks around it; NULL: none. Caller
 * frees.
 */
char *content_zone_defined(const struct content_line *l);
char *content_zone_used(const struct content_line *l);

/* What a resource is about. Strings malloc'ed. */
struct content_summary {
	bool calendar, card;
	char *uid; /* the first component's (not VTIMEZONE's) UID that is one; NULL */
	char *component; /* VEVENT, VTODO, VJOURNAL, VFREEBUSY, VCARD, or NULL */
	char *title; /* SUMMARY, FN, or N; unescaped, UTF-8, for display */
	char *start; /* DTSTART's value, DUE, or NULL */
	char *method; /* METHOD of the VCALENDAR, or NULL */
	unsigned components, overrides; /* main components; those with RECURRENCE-ID */
	bool master; /* one without RECURRENCE-ID is there */
	bool several_uids; /* main components with different UIDs */
	bool attendees, organizer;
	/*
	 * the first TZID without its VTIMEZONE (and not a slash-prefixed global one), or
	 * NULL
	 */
	char *missing_zone;
	unsigned wrong; /* lines that are none, unbalanced BEGIN/END */
};
int content_summarize(
        const void *p, size_t n, struct content_summary *out, struct err *err) MUST_CHECK;
void content_summary_clear(struct content_summary *s);

/* What names a resource for people. */
enum content_name {
	CONTENT_LOCATION,
	CONTENT_MAIL, /* EMAIL of a card, each */
	CONTENT_NAME, /* FN, else N, else ORG */
	CONTENT_ORGANIZER, /* "Ann <ann@example.org>" */
	CONTENT_PHONE, /* TEL of a card, each */
	CONTENT_START, /* "2024-11-03", "2024-11-03T10:00:00Z", "2024-11-03T10:00:00 Europe/Berlin"
	                */
	CONTENT_SUMMARY,
};
/**
 * content_names(p, n, fn, ctx): what names the first main component, in the order of its
 * lines; ${text} is lent, never empty, UTF-8, unescaped, of CONTENT_NAME_MAX bytes at most.
 * Of SUMMARY, LOCATION and so on the first one counts. Whatever of it is a resource is read.
 */
enum { CONTENT_NAME_MAX = 512 };
void content_names(const void *p, size_t n,
        void (*fn)(void *ctx, enum content_name what, const char *text), void *ctx);

/**
 * content_texts(p, n, fn, ctx): all that people may look for, in the order of its lines: values
 * unescaped, names of people and files in parameters; no dates and rules, no time zones, no
 * octets. ${text} is lent UTF-8, ${html}: it says of itself that it is HTML.
 */
void content_texts(const void *p, size_t n,
        void (*fn)(void *ctx, const char *text, size_t n, bool html), void *ctx);

/**
 * content_told(p, n, fn, ctx): all that a person reads in a calendar object or card. Of each
 * main component (the first CONTENT_TOLD_MAX of them) first what it is, with ${label} NULL:
 * "Event", "Invitation to an event"; then its fields, what matters most first: "Start", "Sun,
 * 3 Nov 2024 10:00 Europe/Berlin"; "Repeats", "every 2 weeks on Mon, Wed, 10 times". ${text} is
 * lent, UTF-8, of several lines where somebody wrote such, and not escaped for terminals.
 */
enum { CONTENT_TOLD_MAX = 100 };
void content_told(const void *p, size_t n,
        void (*fn)(void *ctx, const char *label, const char *text), void *ctx);

/*
 * Each ATTACH, PHOTO, LOGO, SOUND that is a URL: ${name} is the property's, ${url}
 * NUL-terminated; both lent.
 */
int content_links(const void *p, size_t n, void (*fn)(void *ctx, const char *name, const char *url),
        void *ctx, struct err *err) MUST_CHECK;

/*
 * Each member of a group card (RFC 6350 6.6.5, Apple's X-ADDRESSBOOKSERVER-MEMBER) that
 * is named by UID: without its "urn:uuid:"; lent.
 */
int content_members(const void *p, size_t n, void (*fn)(void *ctx, const char *uid), void *ctx,
        struct err *err) MUST_CHECK;

/* What a person should know of a resource as it is. */
enum content_problem {
	CONTENT_UNREADABLE, /* neither a calendar object nor a card */
	CONTENT_EMPTY, /* no event, task or journal in it */
	/* lines that are none, BEGIN and END that do not match, not UTF-8, NUL */
	CONTENT_MALFORMED,
	CONTENT_NO_UID,
	CONTENT_SEVERAL_UIDS,
	CONTENT_NO_MASTER, /* overrides alone */
	CONTENT_NO_ZONE,
	CONTENT_DATE, /* none, no day of the calendar, or a date without VALUE=DATE */
	CONTENT_LINK, /* where an attachment or photo might be */
	CONTENT_METHOD, /* RFC 4791 4.1 */
	CONTENT_SECOND_OPINION, /* of libical */
	/* Of the account, so content_check does not know them: */
	CONTENT_DOUBLED_UID,
	CONTENT_DANGLING, /* a group's member that is in no card */
	CONTENT_PROBLEMS
};
const char *content_problem_word(enum content_problem p); /* "no-uid" */
/**
 * content_check(p, n, fn, ctx): call ${fn} for each problem, with a line for people.
 * libical gets a copy, of well-formed calendars of up to 16 MiB and 20,000 lines only.
 */
void content_check(const void *p, size_t n,
        void (*fn)(void *ctx, enum content_problem what, const char *text), void *ctx);

/*
 * Does what begins with ${head} and ends with ${tail} (which may overlap, or be one)
 * begin with BEGIN and end with the END of the same? Not so: it may have been cut on its
 * way, or be no such object at all. A BOM and blanks around it do not count.
 */
bool content_is_whole(const char *head, size_t n, const char *tail, size_t m);

/*
 * ${write} gets the text in pieces, its line ends made CRLF (CR, LF and CRLF each count
 * as one); what it returns if that is not 0 (err is passed on).
 */
int content_crlf(const void *p, size_t n,
        int (*write)(void *ctx, const void *p, size_t n, struct err *err), void *ctx,
        struct err *err) MUST_CHECK;

/* How alike two resources are. */
enum content_grade {
	CONTENT_IDENTICAL, /* the same bytes */
	/*
	 * the same after unfolding, line ends, case of names, order of parameters and
	 * properties, quoting, escapes, split lists (CATEGORIES, EXDATE, RDATE, TYPE,
	 * RESOURCES), order of RRULE parts, INTERVAL=1, WKST=MO, default VALUE, numeric
	 * GEO, durations (P1W and P7D, PT60M and PT1H, P0D and PT0S; not P1D and PT24H)
	 */
	CONTENT_CANONICAL,
	/*
	 * and apart from PRODID, DTSTAMP, LAST-MODIFIED, REV, CREATED, METHOD,
	 * CALSCALE:GREGORIAN, CLASS:PUBLIC in calendar objects, X-RADICALE-NAME,
	 * SCHEDULE-STATUS, VTIMEZONEs of names that every system knows (Europe/Berlin,
	 * US/Pacific, Japan), names and comments in other VTIMEZONEs
	 */
	CONTENT_EQUIVALENT,
	CONTENT_ALTERED, /* differences[] names the properties */
};
/*
 * Errors: ERR_LIMIT, also for more than 2 million properties and values. ${differences}:
 * blank-separated "-SUMMARY", "+X-FOO", "~DTSTART" (lost, added, changed), at most its
 * cap; may be NULL.
 */
int content_compare(const void *a, size_t a_len, const void *b, size_t b_len,
        enum content_grade *out, struct buf *differences, struct err *err) MUST_CHECK;

/*
 * ${differences} of content_compare for people, appended to ${out}: what somebody did,
 * "dropped the categories (CATEGORIES), changed the title (SUMMARY) and X-FOO", or how the
 * second one is: "missing there: the categories (CATEGORIES); only there: X-FOO".
 */
enum content_teller { CONTENT_DONE, CONTENT_SEEN };
void content_say_differences(const char *differences, enum content_teller teller, struct buf *out);

/**
 * content_explain(a, a_len, b, b_len, out, n_out, err): append a line for people on what is
 * CONTENT_ALTERED in the second one, with values before and after, cut and not escaped:
 * `the title (SUMMARY) of VEVENT: "Lunch" -> "Dinner"; ...`, "none" where there is none.
 * The first five; *n_out: how many there are. Nothing is appended beyond the cap.
 * Errors: as content_compare.
 */
int content_explain(const void *a, size_t a_len, const void *b, size_t b_len, struct buf *out,
        size_t *n_out, struct err *err) MUST_CHECK;

#endif
