#ifndef VALISE_BASE_FACTS_H
#define VALISE_BASE_FACTS_H

#include <stdbool.h>

/*
 * What a server says of itself while somebody signs in to it, for reports: one list for each
 * service of an account, filled by the rooms that speak to servers. No secret is among
 * it: what a server repeats of one is masked (secret_mask). Thread-safe.
 */
enum service_fact {
	FACT_GREETING, /* the text of IMAP's or POP3's first line */
	FACT_SOFTWARE, /* of IMAP's ID, POP3's IMPLEMENTATION, HTTP's Server */
	FACT_DAV, /* HTTP's DAV field: the classes that are implemented */
	FACT_SIGN_IN, /* by which mechanism: "SCRAM-SHA-256", "Basic" */
	FACT_TLS, /* "TLS1.3" */
	FACT_CIPHER, /* "AES-256-GCM" */
	/* the server's own certificate: SHA-256 of its DER, lower-case hexadecimal */
	FACT_CERT_SHA256,
	FACT_CERT_SUBJECT, /* as RFC 4514 writes a name */
	FACT_CERT_ISSUER,
	FACT_CERT_NAMES, /* that it is for, separated by ", " */
	FACT_CERT_FROM, /* "2026-11-22T17:16:00Z" */
	FACT_CERT_UNTIL,
	FACTS
};

struct service_facts;
struct service_facts *facts_new(void);
void facts_free(struct service_facts *f); /* NULL is fine */

/* Of what is said several times (a session each), the first stays. ${f} NULL: nothing. */
#define FACT_MAX 500 /* octets: the rest is cut */
void facts_set(struct service_facts *f, enum service_fact which, const char *value);
bool facts_has(struct service_facts *f, enum service_fact which);
/* A copy that the caller frees; NULL: nothing is known. */
char *facts_get(struct service_facts *f, enum service_fact which);

#endif
