#ifndef VALISE_DNS_DNS_H
#define VALISE_DNS_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "valise/base/err.h"

/*
 * Questions to name servers: one name, one type, one answer that says why it is empty
 * (RFC 1034, 1035, 2181, 2308, 6891). ldns reads and writes the messages; the octets go
 * through the seam, so that a signal ends every wait. An answer counts only if it comes
 * from the server that was asked, with the id and the question that went out.
 */

enum dns_type {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_SRV = 33,
};

struct dns_record {
	enum dns_type type;
	uint32_t ttl; /* seconds */
	uint16_t preference; /* of MX; the priority of SRV */
	uint16_t weight, port; /* of SRV */
	uint32_t serial, refresh, minimum; /* of SOA; the last two in seconds (RFC 2308 4) */
	/*
	 * MX, NS, SRV, CNAME, SOA (its first server): the name, in lower case and without its
	 * last dot, "" for the root; A, AAAA: the address; NULL: of TXT
	 */
	char *target;
	char *glue; /* DNS_REFERRED: an address of the name server that came along, or NULL */
	/* the target is no host name (RFC 1123 2.1): only ever to be shown */
	bool odd;
	/* TXT: any octets but NUL, which counts as "?"; as strings, and joined */
	char **strings;
	size_t n_strings;
	char *text;
};

enum dns_outcome {
	DNS_FOUND,
	DNS_NO_DATA, /* the name is there, records of this type are not */
	DNS_NO_NAME, /* NXDOMAIN */
	/* no server said anything of use; nothing follows about the name */
	DNS_FAILED,
};

struct dns_answer {
	enum dns_outcome outcome;
	struct dns_record *list;
	size_t n, cap;
	char *name; /* whose records they are: the one asked for, or where its CNAME led */
	/* what a CNAME at the name that was asked for points to; NULL: there is none */
	char *alias;
	uint32_t alias_ttl;
	bool alias_beside; /* other records stand beside that CNAME (RFC 1034 3.6.2) */
	bool authoritative, authentic; /* AA, AD */
	bool has_signatures; /* RRSIG came along, which nobody looked at here */
	bool servfail; /* DNS_FAILED by SERVFAIL: what a validating resolver says, too */
	bool silent; /* DNS_FAILED as no server could be reached, or none answered */
	char *why; /* DNS_FAILED: for people */
};
void dns_answer_clear(struct dns_answer *a);

struct dns;

/**
 * dns_open(servers, timeout_ms, out, err): ${servers}: "HOST", "HOST:PORT",
 * "[ADDRESS]:PORT"; NULL: those of /etc/resolv.conf, 127.0.0.1 where there are none.
 * ${timeout_ms}: of one try; each server is asked twice, and one that said nothing two
 * times in a row not again. ERR_USAGE, ERR_NET.
 */
int dns_open(const char *server, int timeout_ms, struct dns **out, struct err *err) MUST_CHECK;
void dns_close(struct dns *d); /* NULL is fine */

/**
 * dns_ask(d, name, type, out, err): ${name} in ASCII, with or without its last dot. CNAMEs
 * are followed, eight at most. An answer that was cut is asked for again over TCP. The
 * result is ERR_STOPPED or 0; clear *out in any case.
 */
int dns_ask(struct dns *d, const char *name, enum dns_type type, struct dns_answer *out,
        struct err *err) MUST_CHECK;

/*
 * The same with all there is to choose. Without DNS_FOLLOW a CNAME that leads out of the
 * message is not followed: out->alias has it, and there are no records.
 */
enum dns_how {
	DNS_RECURSE = 1, /* RD: a resolver is asked, no authoritative server */
	DNS_FOLLOW = 2,
	DNS_SIGNED = 4, /* DO: with signatures (RFC 4035 3.2.1) */
	DNS_UNCHECKED = 8, /* CD: also what does not validate (RFC 4035 3.2.2) */
	/* of NS: those that a server of the parent zone refers to are the records */
	DNS_REFERRED = 16,
};
int dns_query(struct dns *d, const char *name, enum dns_type type, unsigned how,
        struct dns_answer *out, struct err *err) MUST_CHECK;

/* Letters, digits, '-' and '_' in labels of 1 to 63, at most 253 in all. */
bool dns_is_host(const char *name);

/*
 * read.c: the message ${wire} as an answer to the question with this id; false: it is
 * none, wait on. *next_out: the name to ask for next (the caller frees), where a CNAME
 * leads out of the message. *cut_out: it was cut (TC).
 */
struct dns_question {
	uint16_t id;
	const char *name;
	enum dns_type type;
	unsigned how; /* enum dns_how */
};
bool dns_read(const struct dns_question *q, const uint8_t *wire, size_t n, struct dns_answer *out,
        char **next_out, bool *cut_out);

/* Records with their names, from a file or a line. */
struct dns_zone {
	struct dns_named {
		char *name; /* in lower case, without its last dot */
		struct dns_record record;
	} * list;
	size_t n, cap;
};
void dns_zone_clear(struct dns_zone *z);

#define DNS_ZONE_MAX (1 << 20)
/**
 * dns_zone_read(text, n, origin, label, out, err): a zone file (RFC 1035 5.1), ${origin}
 * until it names another one; $INCLUDE is refused. Types that are not in enum dns_type are
 * passed over. ${label} names the file in messages. ERR_USAGE; clear *out in any case.
 */
int dns_zone_read(const char *text, size_t n, const char *origin, const char *label,
        struct dns_zone *out, struct err *err) MUST_CHECK;
/*
 * One more record: ${type} is "MX", "TXT" ..., ${data} as in a zone file but that names
 * are whole with or without a last dot, and that a TXT needs no quotes. ERR_USAGE.
 */
int dns_zone_add(struct dns_zone *z, const char *name, const char *type, const char *data,
        struct err *err) MUST_CHECK;
/* "MX"; NULL: none of ours. The type that the word means, 0: none of ours. */
const char *dns_type_word(enum dns_type type);
enum dns_type dns_type_of(const char *word);

#endif
