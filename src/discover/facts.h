#ifndef VALISE_DISCOVER_FACTS_H
#define VALISE_DISCOVER_FACTS_H

#include "valise/discover/discover.h"
#include "valise/dns/dns.h"

/* What each way has to say of the services, and what follows from all of them. */

#define URL_CAP 4096

/* A service as one way names it. */
struct place {
	char *url;
	char *user; /* NULL: the address */
	char *source; /* "SRV record _imaps._tcp.old.example", for people */
};
void place_clear(struct place *p);

enum told {
	TOLD_NOT_ASKED,
	TOLD_PLACE,
	TOLD_NOTHING, /* it does not know of one */
	TOLD_NONE, /* it says that there is none: a null SRV (RFC 2782) */
	TOLD_FAILED, /* it could not be asked; why is in place.source */
};
struct fact {
	enum told told;
	struct place place;
};

struct facts {
	const char *address, *domain;
	const struct providers *table;
	unsigned want;
	bool stores; /* what is found is stored into */
	/* of the table: by the domain, and by an MX record, which is named */
	const struct provider *row, *mx_row;
	char *mx_host;
	struct fact mx; /* TOLD_FAILED or not; no place */
	struct fact srv[SERVICE_KINDS], autoconfig[SERVICE_KINDS], well_known[SERVICE_KINDS];
	bool autoconfig_http;
};
void facts_clear(struct facts *f);

/**
 * facts_decide(f, kind, out): what is known of the service by now. Pure: the order of the
 * ways, and what each of them ends, is written down here alone. *out is filled; it holds nothing
 * before.
 */
void facts_decide(const struct facts *f, enum service_kind kind, struct finding *out);
void finding_clear(struct finding *f);

/* Who may have the password for ${host} of this account. */
enum found_trust facts_trust(const struct facts *f, const char *host);

/* The host of a URL of any protocol, in lower case and ASCII, without brackets; NULL. */
char *url_host_of(const char *url);

/*
 * "imaps://HOST[:PORT]/PATH" of the protocol; ${security} SECURITY_NONE: the scheme that
 * has none. NULL: not a host, or the URL would be too long. ${path} NULL: none.
 */
char *place_url(enum service_kind kind, enum security security, const char *host, uint16_t port,
        const char *path);

/* srv.c. Pure: the records that count, the one to be tried first at the front. */
enum told srv_choose(struct dns_answer *a, char **note_out);
/*
 * Of the labels with TLS from the first octet and with STARTTLS the first one counts, the
 * other where that has nothing; a null record is the last word only if the other could be
 * asked and has no place.
 */
bool srv_second_counts(enum told first, enum told second);
/*
 * The path of a TXT record of DAV (RFC 6764 4); NULL: none, or not one, then *note_out may
 * say why.
 */
char *srv_path(const struct dns_answer *a, char **note_out);

/* autoconfig.c: the XML of a domain's mail server settings. */
struct autoconfig {
	struct place places[SERVICE_KINDS];
	unsigned plain; /* bits: it is there without TLS alone */
};
/**
 * autoconfig_read(text, n, address, domain, out): false: it is none. Clear *out in any
 * case.
 */
bool autoconfig_read(const char *text, size_t n, const char *address, const char *domain,
        struct autoconfig *out);
void autoconfig_clear(struct autoconfig *a);

/* web.c */
struct web {
	const char *ca_file;
	const char *proxy; /* NULL: none */
	int timeout_ms;
	FILE *trace;
	struct progress *progress;
	struct dns *dns; /* of --nameserver; NULL: hosts are looked up as everywhere */
};
struct web_answer {
	int status; /* 0: none came */
	char *url; /* after redirects */
	char *dav; /* DAV: fields */
	char *body;
	size_t len;
	char why[256]; /* for people, where no answer came */
	bool failed; /* whoever is there could not be asked, or cannot answer now */
	bool late; /* and had all the time there is */
};
/* Is the status one of trouble that may pass, and no word about what is there? */
bool web_is_trouble(int status);
/* Without a sign-in, ever. 0, or ERR_STOPPED; clear *out in any case. */
int web_ask(const struct web *w, const char *method, const char *url, struct web_answer *out,
        struct err *err) MUST_CHECK;
void web_answer_clear(struct web_answer *a);

/* An address of the host, by the given name server; NULL. */
int web_locate(struct dns *dns, const char *host, char **out, struct err *err) MUST_CHECK;

#endif
