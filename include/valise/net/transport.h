#ifndef VALISE_NET_TRANSPORT_H
#define VALISE_NET_TRANSPORT_H

#include <stdint.h>
#include <stddef.h>
#include <stdbool.h>
#include <libetpan/mailstream.h>
#include "valise/base/err.h"
#include "valise/base/progress.h"
#include "valise/base/service.h"

/*
 * One verified connection: TCP (IPv6, then IPv4), TLS 1.2 or later with chain and host name checked
 * inside the handshake (RFC 5280, RFC 6125, RFC 8314), the wire guard over every outgoing command,
 * byte counters and the redacted trace. It is driven either directly (transport_read, transport_write)
 * or through the mailstream that libetpan reads from.
 *
 * Errors are sticky: after the first, every call fails with the same one.
 */

enum guard_role {
	GUARD_IMAP_SOURCE,
	GUARD_IMAP_TARGET,
	GUARD_POP3_SOURCE,
};

struct transport;

/**
 * transport_open(at, role, progress, out, err):
 * Connect to ${at}; with SECURITY_TLS the handshake is done. ${progress} (may be NULL) gets the wire
 * counts. Every address is tried within connect_timeout_ms. SECURITY_NONE is accepted as given.
 * Errors: ERR_NET (unknown host, refused, time-out), ERR_TLS (certificate, with what is wrong with it
 * and what to do).
 */
int transport_open(const struct endpoint *at, enum guard_role role, struct progress *progress,
	struct transport **out, struct err *err) MUST_CHECK;

/* Close the socket at once, without a protocol good-bye, and free. NULL is fine. */
void transport_free(struct transport *t);

/**
 * transport_stream(t): the mailstream over ${t}, made at the first call, lent: transport_free ends it. It never
 * returns 0 from a read (libetpan would spin), writes all or fails.
 */
mailstream *transport_stream(struct transport *t);

/* STARTTLS or STLS was answered with OK: no byte may be waiting (RFC 3501 6.2.1, RFC 2595), then the handshake. */
int transport_starttls(struct transport *t, struct err *err) MUST_CHECK;

/* COMPRESS=DEFLATE (RFC 4978) was answered with OK: from now on both directions are raw deflate. */
int transport_compress(struct transport *t, struct err *err) MUST_CHECK;

bool transport_is_tls(const struct transport *t);
/* "TLS1.3 AES-256-GCM", "none" */
const char *transport_describe(const struct transport *t);

/* Sending credentials: lines go unguarded as SASL continuation and are redacted in the trace until switched off. */
void transport_secret(struct transport *t, bool on);

/* Plain bytes outside the mailstream. read: *got_out >= 1 or an error. */
int transport_write(struct transport *t, const void *p, size_t n, struct err *err) MUST_CHECK;
int transport_read(struct transport *t, void *p, size_t size, size_t *got_out, struct err *err) MUST_CHECK;
/* True if bytes can be read without waiting (poll 0 or buffered in TLS). */
bool transport_readable(struct transport *t);

/* The sticky error: ERR_OK if there is none yet. */
enum err_code transport_error(const struct transport *t, struct err *err);

/* Declare the connection dead (a stream out of step): later calls fail at once. */
void transport_kill(struct transport *t, const char *why);

/* Bytes on the wire so far. */
void transport_counts(const struct transport *t, uint64_t *in_out, uint64_t *out_out);

#endif
