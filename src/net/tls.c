/*
 * TLS 1.2 and 1.3 (RFC 5246, RFC 8446) with GnuTLS, on the socket functions of the seam.
 */
#include "transport_internal.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "valise/net/url.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define PRIORITY "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
#define CA_FILE_MAX (4 << 20)
#define QUIET_MAX 1000 /* records in a row that bring no data */

static ssize_t push_raw(gnutls_transport_ptr_t ptr, const void *p, size_t n)
{
	struct transport *t = ptr;
	ssize_t sent = wire_push(t, p, n);

	if (sent < 0) {
		t->io_errno = errno;
		gnutls_transport_set_errno(t->tls, errno);
	}
	return sent;
}

/* Of GnuTLS: octets from the socket, through our buffer. */
static ssize_t pull_raw(gnutls_transport_ptr_t ptr, void *p, size_t n)
{
	struct transport *t = ptr;

	if (t->raw_pos == t->raw_len) {
		ssize_t got = wire_fill(t);

		if (got < 0) {
			t->io_errno = errno;
			gnutls_transport_set_errno(t->tls, errno);
		}
		if (got <= 0)
			return got;
	}
	if (n > t->raw_len - t->raw_pos)
		n = t->raw_len - t->raw_pos;
	memcpy(p, t->raw + t->raw_pos, n);
	t->raw_pos += n;
	return (ssize_t)n;
}

static int pull_timeout(gnutls_transport_ptr_t ptr, unsigned ms)
{
	struct transport *t = ptr;
	struct pollfd p = {.fd = t->fd, .events = POLLIN};

	if (t->raw_pos < t->raw_len)
		return 1;
	return sys_poll(&p, 1, ms > INT32_MAX ? -1 : (int)ms);
}

/* The sticky error for an error of GnuTLS on an open connection. */
static int tls_failed(struct transport *t, ssize_t rc)
{
	if (rc == GNUTLS_E_PREMATURE_TERMINATION)
		return wire_closed(t);
	if (rc == GNUTLS_E_PULL_ERROR || rc == GNUTLS_E_PUSH_ERROR)
		return transport_fail(
		        t, ERR_NET, "the connection broke: %s", strerror(t->io_errno));
	if (rc == GNUTLS_E_FATAL_ALERT_RECEIVED)
		return transport_fail(t, ERR_NET, "the server ended TLS with the alert \"%s\"",
		        gnutls_alert_get_name(gnutls_alert_get(t->tls)));
	return transport_fail(t, ERR_NET, "TLS: %s", gnutls_strerror((int)rc));
}

/* 1: try again, 0: would block and ${wait} is off, -1: failed. */
static int tls_again(struct transport *t, ssize_t rc, bool wait)
{
	if (rc == GNUTLS_E_AGAIN) {
		/*
		 * Also said after a session ticket (TLS 1.3): what came with it in one
		 * recv waits here.
		 */
		if (!gnutls_record_get_direction(t->tls) && t->raw_pos < t->raw_len)
			return 1;
		if (!wait)
			return 0;
		return net_wait_idle(t, gnutls_record_get_direction(t->tls) ? POLLOUT : POLLIN) == 0
		               ? 1
		               : -1;
	}
	if (gnutls_error_is_fatal((int)rc))
		return tls_failed(t, rc);
	return 1; /* interrupted, a warning alert, a wish to renegotiate that we ignore */
}

ssize_t tls_recv(struct transport *t, void *p, size_t n, bool wait)
{
	for (int quiet = 0; quiet < QUIET_MAX; quiet++) {
		ssize_t got = gnutls_record_recv(t->tls, p, n);
		int again;

		if (got > 0)
			return got;
		if (got == 0)
			return wire_closed(t);
		again = tls_again(t, got, wait);
		if (again <= 0)
			return again;
	}
	return transport_fail(t, ERR_NET, "TLS: %d records without data", QUIET_MAX);
}

int tls_send(struct transport *t, const void *p, size_t n)
{
	const char *s = p;

	while (n) {
		ssize_t sent = gnutls_record_send(t->tls, s, n);

		if (sent > 0) {
			s += sent;
			n -= (size_t)sent;
		} else if (sent == 0 || tls_again(t, sent, true) < 0) {
			return transport_fail(t, ERR_NET, "TLS: cannot send");
		}
	}
	return 0;
}

/* The authorities: of --ca-file, or of the system; with a pin none. */
static int load_trust(struct transport *t)
{
	struct buf pem = buf_of(CA_FILE_MAX);
	struct err err;
	int n;

	if (t->pin)
		return 0;
	if (!t->ca_file) {
		if (gnutls_certificate_set_x509_system_trust(t->trust) <= 0)
			return transport_fail(t, ERR_TLS,
			        "the system has no trusted certificates: install ca-certificates, "
			        "or use --ca-file");
		return 0;
	}
	n = file_read(AT_FDCWD, t->ca_file, &pem, &err);
	if (n == 0) {
		gnutls_datum_t data = {pem.data, (unsigned)pem.len};

		n = gnutls_certificate_set_x509_trust_mem(t->trust, &data, GNUTLS_X509_FMT_PEM);
		if (n <= 0)
			transport_fail(t, ERR_USAGE, "%s holds no certificate in PEM form%s%s",
			        t->ca_file, n < 0 ? ": " : "", n < 0 ? gnutls_strerror(n) : "");
	} else {
		err_wrap(&err, "certificates for %s", t->where);
		transport_fail_with(t, &err);
	}
	buf_clear(&pem);
	return n > 0 ? 0 : -1;
}

/* Server Name Indication is for names only (RFC 6066 3). */
static int set_server_name(struct transport *t)
{
	size_t n = strlen(t->host);

	if (url_host_is_address(t->host))
		return 0;
	if (n && t->host[n - 1] == '.')
		n--;
	return gnutls_server_name_set(t->tls, GNUTLS_NAME_DNS, t->host, n);
}

/* A session of GnuTLS on the socket. */
static int set_up(struct transport *t)
{
	int rc = gnutls_certificate_allocate_credentials(&t->trust);

	if (rc == 0 && load_trust(t) != 0)
		return -1;
	if (rc == 0)
		rc = gnutls_init(&t->tls, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
	if (rc == 0)
		rc = gnutls_priority_set_direct(t->tls, PRIORITY, NULL);
	if (rc == 0)
		rc = gnutls_credentials_set(t->tls, GNUTLS_CRD_CERTIFICATE, t->trust);
	if (rc == 0)
		rc = set_server_name(t);
	if (rc != 0)
		return transport_fail(t, ERR_TLS, "TLS: %s", gnutls_strerror(rc));
	gnutls_session_set_ptr(t->tls, t);
	gnutls_session_set_verify_function(t->tls, tls_verify);
	gnutls_transport_set_ptr(t->tls, t);
	gnutls_transport_set_push_function(t->tls, push_raw);
	gnutls_transport_set_pull_function(t->tls, pull_raw);
	gnutls_transport_set_pull_timeout_function(t->tls, pull_timeout);
	return 0;
}

static int too_old(struct transport *t)
{
	return transport_fail(t, ERR_TLS,
	        "the server has no TLS 1.2 or later, and older versions are not safe: its "
	        "administrator has to bring it up to date");
}

/* The sticky error for a handshake that ended with ${rc}. */
static int handshake_failed(struct transport *t, int rc)
{
	/*
	 * A TLS record, which begins with its type and 3, or words of another protocol?
	 */
	bool record = t->in >= 2 && t->raw[0] >= 20 && t->raw[0] <= 23 && t->raw[1] == 3;

	switch (rc) {
	case GNUTLS_E_UNEXPECTED_PACKET:
	case GNUTLS_E_UNEXPECTED_PACKET_LENGTH:
	case GNUTLS_E_UNSUPPORTED_VERSION_PACKET:
	case GNUTLS_E_RECORD_OVERFLOW:
		if (record && rc == GNUTLS_E_UNSUPPORTED_VERSION_PACKET)
			return too_old(t);
		if (record)
			return transport_fail(
			        t, ERR_TLS, "the TLS handshake failed: %s", gnutls_strerror(rc));
		return transport_fail(t, ERR_TLS,
		        "the server does not speak TLS here (for STARTTLS write imap:// or "
		        "pop3:// and its port)");
	case GNUTLS_E_PREMATURE_TERMINATION:
		return transport_fail(t, ERR_TLS,
		        "the server closed the connection instead of "
		        "a TLS handshake");
	case GNUTLS_E_FATAL_ALERT_RECEIVED:
		if (gnutls_alert_get(t->tls) == GNUTLS_A_PROTOCOL_VERSION)
			return too_old(t);
		return transport_fail(t, ERR_TLS, "the server refused the TLS handshake: %s",
		        gnutls_alert_get_name(gnutls_alert_get(t->tls)));
	case GNUTLS_E_PULL_ERROR:
	case GNUTLS_E_PUSH_ERROR:
		return tls_failed(t, rc);
	default:
		return transport_fail(
		        t, ERR_TLS, "the TLS handshake failed: %s", gnutls_strerror(rc));
	}
}

int tls_start(struct transport *t)
{
	int rc;

	if (set_up(t) != 0)
		return -1;
	t->deadline = clock_ms() + t->connect_timeout_ms;
	while ((rc = gnutls_handshake(t->tls)) != 0) {
		if (gnutls_error_is_fatal(rc))
			return handshake_failed(t, rc);
		if (tls_again(t, rc, true) < 0)
			return -1;
		if (clock_ms() > t->deadline)
			return transport_fail(t, ERR_NET, "the TLS handshake does not end");
	}
	t->deadline = 0;
	snprintf(t->describe, sizeof t->describe, "%s %s",
	        gnutls_protocol_get_name(gnutls_protocol_get_version(t->tls)),
	        gnutls_cipher_get_name(gnutls_cipher_get(t->tls)));
	trace_note(&t->trace, "%s with %s", t->describe, t->where);
	return 0;
}

void tls_end(struct transport *t)
{
	if (t->tls) {
		/* A notice only: nothing is waited for. */
		if (!t->error.code)
			(void)gnutls_bye(t->tls, GNUTLS_SHUT_WR);
		gnutls_deinit(t->tls);
	}
	if (t->trust)
		gnutls_certificate_free_credentials(t->trust);
	t->tls = NULL;
	t->trust = NULL;
}
