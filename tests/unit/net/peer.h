/*
 * A peer for tests: certificates made on the spot with GnuTLS, and a server thread on
 * loopback that serves one connection by a function of the test.
 */
#ifndef VALISE_TEST_NET_PEER_H
#define VALISE_TEST_NET_PEER_H

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "valise/base/hash.h"

#define PEER_CHECK(x)                                                                              \
	do {                                                                                       \
		if (!(x)) {                                                                        \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x);                    \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

struct identity {
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
	char sum[SHA256_HEX_SIZE];
};

struct identity_options {
	const char *name; /* common name */
	const char *dns; /* subject alternative names, or NULL */
	const char *address; /* textual IP */
	long from_s, until_s; /* seconds from now; 0, 0: an hour ago to in an hour */
	bool authority;
	const struct identity *issuer; /* NULL: itself */
};

static inline void identity_names(gnutls_x509_crt_t crt, const struct identity_options *o)
{
	unsigned char ip[16];

	PEER_CHECK(gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, o->name,
	                   (unsigned)strlen(o->name)) == 0);
	if (o->dns)
		PEER_CHECK(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, o->dns,
		                   (unsigned)strlen(o->dns), GNUTLS_FSAN_APPEND) == 0);
	if (o->address) {
		bool v4 = inet_pton(AF_INET, o->address, ip) == 1;

		PEER_CHECK(v4 || inet_pton(AF_INET6, o->address, ip) == 1);
		PEER_CHECK(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, ip,
		                   v4 ? 4 : 16, GNUTLS_FSAN_APPEND) == 0);
	}
}

static inline void identity_make(struct identity *id, const struct identity_options *o)
{
	static unsigned char serial = 1;
	long until = o->from_s || o->until_s ? o->until_s : 3600;
	long from = o->from_s || o->until_s ? o->from_s : -3600;
	gnutls_datum_t der = {NULL, 0};
	uint8_t digest[SHA256_LEN];

	serial++;
	PEER_CHECK(gnutls_x509_privkey_init(&id->key) == 0);
	PEER_CHECK(gnutls_x509_privkey_generate(id->key, GNUTLS_PK_ECDSA,
	                   GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) == 0);
	PEER_CHECK(gnutls_x509_crt_init(&id->crt) == 0);
	PEER_CHECK(gnutls_x509_crt_set_version(id->crt, 3) == 0);
	PEER_CHECK(gnutls_x509_crt_set_serial(id->crt, &serial, 1) == 0);
	PEER_CHECK(gnutls_x509_crt_set_activation_time(id->crt, time(NULL) + from) == 0);
	PEER_CHECK(gnutls_x509_crt_set_expiration_time(id->crt, time(NULL) + until) == 0);
	PEER_CHECK(gnutls_x509_crt_set_key(id->crt, id->key) == 0);
	identity_names(id->crt, o);
	PEER_CHECK(gnutls_x509_crt_set_basic_constraints(id->crt, o->authority, -1) == 0);
	if (o->authority)
		PEER_CHECK(gnutls_x509_crt_set_key_usage(id->crt, GNUTLS_KEY_KEY_CERT_SIGN) == 0);
	PEER_CHECK(gnutls_x509_crt_sign2(id->crt, o->issuer ? o->issuer->crt : id->crt,
	                   o->issuer ? o->issuer->key : id->key, GNUTLS_DIG_SHA256, 0) == 0);
	PEER_CHECK(gnutls_x509_crt_export2(id->crt, GNUTLS_X509_FMT_DER, &der) == 0);
	sha256_of(der.data, der.size, digest);
	hex_format(digest, sizeof digest, id->sum);
	gnutls_free(der.data);
}

static inline void identity_clear(struct identity *id)
{
	gnutls_x509_crt_deinit(id->crt);
	gnutls_x509_privkey_deinit(id->key);
}

static inline void identity_write(const struct identity *id, const char *path)
{
	gnutls_datum_t pem = {NULL, 0};
	FILE *f = fopen(path, "w");

	PEER_CHECK(f);
	PEER_CHECK(gnutls_x509_crt_export2(id->crt, GNUTLS_X509_FMT_PEM, &pem) == 0);
	PEER_CHECK(fwrite(pem.data, 1, pem.size, f) == pem.size);
	PEER_CHECK(fclose(f) == 0);
	gnutls_free(pem.data);
}

struct peer {
	int listener, fd;
	uint16_t port;
	pthread_t thread;
	const struct identity *id;
	gnutls_session_t tls;
	gnutls_certificate_credentials_t cred;
	void (*serve)(struct peer *p);
	void *ctx;
	char seen[8192]; /* plain bytes received */
	size_t seen_len;
};

static inline bool peer_send(struct peer *p, const void *s, size_t n)
{
	const char *at = s;

	while (n) {
		ssize_t sent = p->tls ? gnutls_record_send(p->tls, at, n)
		                      : send(p->fd, at, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		at += sent;
		n -= (size_t)sent;
	}
	return true;
}

static inline bool peer_say(struct peer *p, const char *s)
{
	return peer_send(p, s, strlen(s));
}

/* One byte; -1 at the end. What comes is kept in seen. */
static inline int peer_byte(struct peer *p)
{
	unsigned char c;
	ssize_t n = p->tls ? gnutls_record_recv(p->tls, &c, 1) : recv(p->fd, &c, 1, 0);

	if (n != 1)
		return -1;
	if (p->seen_len < sizeof p->seen - 1)
		p->seen[p->seen_len++] = (char)c;
	return c;
}

static inline bool peer_line(struct peer *p)
{
	int c;

	while ((c = peer_byte(p)) >= 0)
		if (c == '\n')
			return true;
	return false;
}

/* The rest, until the other side closes. */
static inline void peer_drain(struct peer *p)
{
	while (peer_byte(p) >= 0)
		;
}

static inline bool peer_tls(struct peer *p)
{
	PEER_CHECK(gnutls_certificate_allocate_credentials(&p->cred) == 0);
	PEER_CHECK(gnutls_certificate_set_x509_key(
	                   p->cred, (gnutls_x509_crt_t *)&p->id->crt, 1, p->id->key) == 0);
	PEER_CHECK(gnutls_init(&p->tls, GNUTLS_SERVER | GNUTLS_NO_SIGNAL) == 0);
	PEER_CHECK(gnutls_set_default_priority(p->tls) == 0);
	PEER_CHECK(gnutls_credentials_set(p->tls, GNUTLS_CRD_CERTIFICATE, p->cred) == 0);
	gnutls_transport_set_int(p->tls, p->fd);
	return gnutls_handshake(p->tls) == 0;
}

static inline void *peer_run(void *arg)
{
	struct peer *p = arg;

	p->fd = accept(p->listener, NULL, NULL);
	if (p->fd < 0)
		return NULL;
	p->serve(p);
	if (p->tls)
		gnutls_deinit(p->tls);
	if (p->cred)
		gnutls_certificate_free_credentials(p->cred);
	close(p->fd);
	return NULL;
}

/* ${family} AF_INET or AF_INET6; false when the loopback of that family is missing. */
static inline bool peer_start(struct peer *p, int family, const struct identity *id,
        void (*serve)(struct peer *), void *ctx)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	bool is4 = family == AF_INET;
	struct sockaddr *at = is4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
	socklen_t len = is4 ? sizeof v4 : sizeof v6;

	memset(p, 0, sizeof *p);
	v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	p->id = id;
	p->serve = serve;
	p->ctx = ctx;
	p->listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (p->listener < 0 || bind(p->listener, at, len) != 0) {
		close(p->listener);
		return false;
	}
	PEER_CHECK(listen(p->listener, 1) == 0);
	PEER_CHECK(getsockname(p->listener, at, &len) == 0);
	p->port = ntohs(is4 ? v4.sin_port : v6.sin6_port);
	PEER_CHECK(pthread_create(&p->thread, NULL, peer_run, p) == 0);
	return true;
}

static inline void peer_stop(struct peer *p)
{
	shutdown(p->listener, SHUT_RDWR);
	pthread_join(p->thread, NULL);
	close(p->listener);
}

#endif
