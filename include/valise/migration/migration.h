#ifndef VALISE_MIGRATION_MIGRATION_H
#define VALISE_MIGRATION_MIGRATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "valise/base/err.h"
#include "valise/dns/dns.h"

/*
 * The DNS of a domain whose mail moves: what each authoritative server of its zone says,
 * and the resolver, held against what the new provider asks for; what still names the old
 * one, what is wrong, and when old answers are gone (docs/DNS.md).
 */

enum migration_state {
	MIGRATION_NONE, /* nothing is there, and nothing is wanted */
	MIGRATION_THERE, /* something is, nothing is wrong with it, and nobody said what is wanted
	                  */
	MIGRATION_NEW, /* each server gives what is wanted */
	MIGRATION_GOING, /* some do, or not all say the same: it is on its way */
	MIGRATION_MISSING, /* it is wanted, and nothing is there */
	MIGRATION_OLD, /* something else than is wanted, or it names the old provider */
	MIGRATION_WRONG, /* it does not work, see the notes */
	MIGRATION_UNKNOWN, /* it could not be asked for */
};
/* "new", "propagating" ...: for people and programs alike. */
const char *migration_state_word(enum migration_state s);

/* What a record is for, which decides how it is read and compared. */
enum migration_kind {
	KIND_MX,
	KIND_SPF,
	KIND_DKIM,
	KIND_DMARC,
	KIND_MTA_STS,
	KIND_TLS_RPT,
	KIND_HOST, /* autoconfig and others: CNAME or addresses */
	KIND_SRV,
	KIND_TXT, /* any other one: verification words and the like */
	KIND_NS,
};

enum migration_weight {
	NOTE_ONLY,
	/* could not be looked up: of no weight where the record is the one that is wanted */
	NOTE_DOUBT,
	NOTE_GOING, /* servers differ in a way that ends by itself */
	NOTE_WRONG,
};
struct migration_note {
	enum migration_weight weight;
	char *text; /* one line for people; what is from DNS in it is not escaped */
};

/* What one server says of one row. */
struct migration_view {
	enum dns_outcome outcome;
	char *alias; /* what a CNAME there points to; NULL: there is none */
	bool unresolved; /* what is there could not be looked up: n is 0 */
	/* "10 mx1.new.example", sorted, not escaped; of the name that the CNAME leads to */
	char **records;
	size_t n, cap;
	/*
	 * seconds: what the resolver goes on having it, or what an authoritative server lets it
	 * be kept for; of an empty answer that of the SOA (RFC 2308 5)
	 */
	uint32_t ttl;
	char *why; /* DNS_FAILED: for people */
};

struct migration_row {
	enum migration_kind kind;
	enum dns_type type;
	char *name; /* whole */
	char *label; /* "MX", "DKIM sel1" */
	size_t place; /* in which it was thought of */
	/* of the list of selectors: it is left out where nobody has it */
	bool guessed;
	bool absent; /* no server that was asked has it */
	char **wanted; /* sorted; n_wanted 0: nobody said */
	size_t n_wanted, wanted_cap;
	/* [0]: the resolver; [1 + i]: servers[i] */
	struct migration_view *views;
	struct migration_note *notes;
	size_t n_notes, notes_cap;
	bool leads_to_old; /* what it includes or points to names the old provider */
	/* what follows is migration_judge's */
	enum migration_state state;
	bool unpublished; /* no authoritative server has what is wanted */
	/*
	 * when the last resolver has forgotten what is old, if nothing more is changed
	 * (unpublished: if it were changed now); 0: there is nothing old
	 */
	int64_t gone_at;
};

enum migration_server_state { SERVER_GOOD, SERVER_LAME, SERVER_SILENT };
struct migration_server {
	char *name; /* of its NS record; "" where the caller named its address */
	char *address; /* "192.0.2.1", "" if it has none; with its port where that is not 53 */
	enum migration_server_state state;
	char *why; /* not good: for people */
	uint32_t serial; /* of its SOA */
	/* seconds until it says what is new, or nobody asks it any more: SOA refresh, TTL of NS */
	uint32_t lag;
	struct dns *dns;
};

enum migration_dnssec { DNSSEC_UNSIGNED, DNSSEC_SIGNED, DNSSEC_VALID, DNSSEC_BOGUS };
enum migration_mx {
	MIGRATION_MX_UNKNOWN, /* could not be asked, or nothing says which are old */
	MIGRATION_MX_OLD, /* somebody is still sent to the old servers */
	MIGRATION_MX_NEW,
};
enum migration_step { STEP_DONE, STEP_WAIT, STEP_MEND, STEP_PUBLISH, STEP_ASK };

struct migration {
	char *domain, *zone;
	struct migration_server *servers;
	size_t n_servers, servers_cap;
	struct migration_row *rows;
	size_t n_rows, rows_cap;
	struct migration_note *notes; /* about the zone and its servers */
	size_t n_notes, notes_cap;
	enum migration_dnssec dnssec;
	uint32_t negative_ttl; /* of the zone's SOA (RFC 2308 5) */
	int64_t asked_at; /* seconds since 1970 */
	/* migration_judge's: */
	enum migration_mx mx;
	enum migration_step step;
	char *next; /* one sentence; not escaped */
	int64_t gone_at; /* the latest of the rows that somebody waits for; 0: none */
	uint32_t longest_ttl; /* of all that is there: how long a change made now takes */
};

struct migration_opts {
	const char *nameserver; /* "HOST:PORT"; NULL: those of /etc/resolv.conf */
	/* addresses that are asked as the zone's servers, in place of those of its NS records */
	const char *const *authorities;
	size_t n_authorities;
	const char *const *selectors; /* of DKIM; none: a list of well-known ones is tried */
	size_t n_selectors;
	const char *const *old; /* hosts, or ends of them at a dot */
	size_t n_old;
	const struct dns_zone *wanted; /* or NULL */
	int timeout_ms; /* of one question */
};

/**
 * migration_look(domain, opts, out, err): ask, and judge. ${domain} in ASCII. *out is filled
 * where the result is 0, free it with migration_free. ERR_USAGE (a name server that is none),
 * ERR_STOPPED. What could not be asked is MIGRATION_UNKNOWN, and no error; STEP_ASK says
 * that nothing follows from it.
 */
int migration_look(const char *domain, const struct migration_opts *opts, struct migration **out,
        struct err *err) MUST_CHECK;
void migration_free(struct migration *m); /* NULL is fine */

/**
 * migration_wanted(path, domain, out, err): the records of the new provider, from a file of
 * settings ("records.ini") or a zone file; which it is its first line says. Appended to
 * ${out}, which the caller clears in any case. ERR_USAGE, ERR_NOTFOUND, ERR_IO.
 * migration_wanted_line: from a line, "[NAME] [TTL] [IN] TYPE DATA".
 */
int migration_wanted(
        const char *path, const char *domain, struct dns_zone *out, struct err *err) MUST_CHECK;
int migration_wanted_line(
        const char *line, const char *domain, struct dns_zone *out, struct err *err) MUST_CHECK;

/* "14:20", "2026-12-01 14:20" where that is another day, by the machine's time zone. */
#define MIGRATION_TIME_SIZE 32
char *migration_time(int64_t at, int64_t now, char out[MIGRATION_TIME_SIZE]);

#endif
