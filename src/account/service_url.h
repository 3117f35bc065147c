#ifndef VALISE_ACCOUNT_SERVICE_URL_H
#define VALISE_ACCOUNT_SERVICE_URL_H

#include <stdbool.h>
#include "valise/account/protocols.h"

#define URL_MAX 4096

/**
 * service_url_parse(p, text, cleartext, at, user_out, err):
 * Fill host, port, security and (DAV) path of the zeroed ${at} from the URL of a service
 * of the protocol (RFC 3986, RFC 5092, RFC 2384), and *${user_out} with its user, decoded, or NULL.
 * Both are the caller's, after an error too.
 *
 * 	imaps:// pop3s:// https://    TLS
 * 	imap:// pop3://               STARTTLS; with ${cleartext} none
 * 	http://                       only with ${cleartext}
 *
 * ERR_USAGE says what to write instead. A message never repeats the part before '@',
 * which may hold a password.
 */
int service_url_parse(const struct protocol *p, const char *text, bool cleartext,
        struct endpoint *at, char **user_out, struct err *err) MUST_CHECK;

/**
 * service_place_parse(p, text, at, user_out, err): what stands in the place of a URL of a
 * protocol that is found (protocol.is_found): "HOST" or "HOST:PORT"; or "ADDRESS", whose domain
 * is at->host then, and *${user_out} all of it (NULL of a host). at->path stays NULL.
 */
int service_place_parse(const struct protocol *p, const char *text, struct endpoint *at,
        char **user_out, struct err *err) MUST_CHECK;
/* Is there no scheme, so that it is a place as above? */
bool service_is_place(const struct protocol *p, const char *text);

/* True for localhost, names below it, 127.0.0.0/8 and ::1. */
bool host_is_loopback(const char *host);

/**
 * service_url_place(p, at): who gets a password, for people and to know it by: the host,
 * with its port ("h:1143", "[::1]:993") where that is none of the protocol's, which are
 * one service, or where the host is this machine, whose ports may be tunnels to anywhere.
 * The caller frees.
 */
char *service_url_place(const struct protocol *p, const struct endpoint *at);

/* "imap", "imaps", "https" ... as a URL of the endpoint would begin. */
const char *service_url_scheme(const struct protocol *p, enum security security);

#endif
