#ifndef VALISE_MIGRATION_JUDGE_H
#define VALISE_MIGRATION_JUDGE_H

#include "valise/migration/migration.h"

/* What is decided without asking anybody. Texts from DNS are any octets but NUL. */

/*
 * tags.c: a list of tags (RFC 6376 3.2), as in DKIM, DMARC, MTA-STS and TLS-RPT. NULL, or
 * what is wrong with it, for people. Values without the blanks around them.
 */
enum { TAGS_MAX = 32 };
struct tags {
	struct tag {
		char *name, *value;
	} list[TAGS_MAX];
	size_t n;
};
const char *tags_parse(const char *text, struct tags *out); /* clear it in any case */
const char *tags_get(const struct tags *t, const char *name); /* NULL: it is not there */
void tags_clear(struct tags *t);

/* text.c: the record as it is shown and compared; the caller frees. */
char *rr_text(enum migration_kind kind, const struct dns_record *r);
bool rr_same(enum migration_kind kind, const char *a, const char *b);
/* What a TXT record at ${name} (whole) is for; false: it is for something else than ${kind}. */
bool rr_is_of(enum migration_kind kind, const struct dns_record *r);
enum migration_kind kind_of(
        const char *name, const char *domain, enum dns_type type, const char *text /* of TXT */);
/*
 * Is a host in ${text}, in whatever record, ${old} or below it? Not "notold.example", nor
 * "old.example.org", for "old.example".
 */
bool text_names_host(const char *text, const char *old);

/* Notes; the text is taken. */
void note_add(struct migration_note **list, size_t *n, size_t *cap, enum migration_weight weight,
        char *text);
void row_note(struct migration_row *row, enum migration_weight weight, char *text);

/*
 * keys.c: what is wrong with a record of this kind, or odd about it. DKIM: RFC 6376 3.6.1,
 * 8301, 8463; DMARC: RFC 7489 6.3, 6.6.3; MTA-STS: RFC 8461 3.1; TLS-RPT: RFC 8460 3.
 */
void judge_dkim(const char *text, struct migration_row *row);
void judge_dmarc(const char *text, struct migration_row *row);
void judge_mta_sts(const char *text, struct migration_row *row);
void judge_tls_rpt(const char *text, struct migration_row *row);

/*
 * spf.c: RFC 7208. The record and all that it includes or redirects to, whatever the
 * sender: look-ups are counted as if nothing matched before "all".
 */
enum { SPF_LOOKUPS_MAX = 10, SPF_VOIDS_MAX = 2 };
typedef int spf_ask(
        void *ctx, const char *name, enum dns_type type, struct dns_answer *out, struct err *err);
struct spf {
	unsigned lookups, voids;
	char *wrong; /* PermError, for people; NULL: none */
	char *doubt; /* what could not be looked up, for people; NULL: nothing */
	bool macros; /* some of it depends on the sender, and was not followed */
	char all; /* '-', '~', '?', '+'; 0: it has none */
	char **domains; /* all whose record was read, the first one first */
	size_t n_domains, domains_cap;
};
bool spf_is(const char *text); /* is it meant as one? */
int spf_walk(const char *domain, const char *record, spf_ask *ask, void *ctx, struct spf *out,
        struct err *err) MUST_CHECK;
void spf_clear(struct spf *s);

/*
 * judge.c: states, time and the next step of all that is filled; ${old}: hosts that are the
 * old provider's.
 */
void migration_judge(struct migration *m, const char *const *old, size_t n_old);
/* RFC 1982 3.2: is a before b? */
bool serial_before(uint32_t a, uint32_t b);

#endif
