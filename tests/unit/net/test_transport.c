#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <zlib.h>
#include "peer.h"
#include "valise/base/mem.h"
#include "net/transport_internal.h"

#define SECRET "hunter2canary"

/* What all tests share: made once, never changed. */
struct world {
	struct identity ca, other_ca, good, expired, future, self, wrong, unknown, ip, ip_as_name;
	struct identity expired_self;
	char ca_path[64];
};

static int make_world(void **state)
{
	struct world *w = xcalloc(1, sizeof *w);
	int fd;

	identity_make(&w->ca, &(struct identity_options){.name = "Test CA", .authority = true});
	identity_make(
	        &w->other_ca, &(struct identity_options){.name = "Other CA", .authority = true});
	identity_make(&w->good,
	        &(struct identity_options){.name = "g", .dns = "localhost", .issuer = &w->ca});
	identity_make(&w->expired, &(struct identity_options){.name = "e",
	                                   .dns = "localhost",
	                                   .from_s = -7200,
	                                   .until_s = -60,
	                                   .issuer = &w->ca});
	identity_make(&w->future, &(struct identity_options){.name = "f",
	                                  .dns = "localhost",
	                                  .from_s = 3600,
	                                  .until_s = 7200,
	                                  .issuer = &w->ca});
	identity_make(&w->self, &(struct identity_options){.name = "s", .dns = "localhost"});
	identity_make(
	        &w->wrong, &(struct identity_options){
	                           .name = "w", .dns = "mail.other.example", .issuer = &w->ca});
	identity_make(
	        &w->unknown, &(struct identity_options){
	                             .name = "u", .dns = "localhost", .issuer = &w->other_ca});
	identity_make(&w->ip,
	        &(struct identity_options){.name = "i", .address = "127.0.0.1", .issuer = &w->ca});
	identity_make(
	        &w->ip_as_name, &(struct identity_options){
	                                .name = "127.0.0.1", .dns = "127.0.0.1", .issuer = &w->ca});
	identity_make(&w->expired_self,
	        &(struct identity_options){
	                .name = "x", .dns = "elsewhere.example", .from_s = -7200, .until_s = -60});
	snprintf(w->ca_path, sizeof w->ca_path, "/tmp/valise-test-ca-XXXXXX");
	fd = mkstemp(w->ca_path);
	PEER_CHECK(fd >= 0);
	close(fd);
	identity_write(&w->ca, w->ca_path);
	*state = w;
	return 0;
}

static int drop_world(void **state)
{
	struct world *w = *state;
	struct identity *all[] = {&w->ca, &w->other_ca, &w->good, &w->expired, &w->future, &w->self,
	        &w->wrong, &w->unknown, &w->ip, &w->ip_as_name, &w->expired_self};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		identity_clear(all[i]);
	unlink(w->ca_path);
	free(w);
	return 0;
}

static struct endpoint endpoint_of(const struct world *w, const struct peer *p, enum security how)
{
	struct endpoint at = {.host = (char *)"localhost",
	        .port = p->port,
	        .security = how,
	        .ca_file = (char *)w->ca_path,
	        .connect_timeout_ms = 5000,
	        .idle_timeout_ms = 5000};

	return at;
}

static void must(int rc, const struct err *err)
{
	if (rc != 0)
		fail_msg("%d: %s", rc, err->text);
}

static void must_fail(int rc, const struct err *err, int code, const char *word)
{
	if (rc != code || err->code != (enum err_code)code || !strstr(err->text, word))
		fail_msg("want %d \"%s\", got %d \"%s\"", code, word, rc, rc ? err->text : "");
}

/* ---- certificates ---- */

static void serve_tls(struct peer *p)
{
	if (peer_tls(p))
		peer_drain(p);
}

static void serve_starttls(struct peer *p)
{
	peer_line(p);
	peer_say(p, "A1 OK begin\r\n");
	if (peer_tls(p))
		peer_drain(p);
}

static int open_starttls(const struct endpoint *at, struct transport **out, struct err *err)
{
	mailstream *s;
	char line[64];
	size_t n = 0;
	int rc = transport_open(at, GUARD_IMAP_SOURCE, NULL, out, err);

	if (rc != 0)
		return rc;
	s = transport_stream(*out);
	assert_true(mailstream_write(s, "A1 STARTTLS\r\n", 13) == 13);
	assert_int_equal(mailstream_flush(s), 0);
	while (n < 13)
		n += (size_t)mailstream_read(s, line + n, 13 - n);
	return transport_starttls(*out, err);
}

struct cert_case {
	const char *host, *pin, *ca_file;
	const struct identity *id;
	int code;
	const char *word;
};

static void try_certificate(const struct world *w, const struct cert_case *c, bool starttls)
{
	struct peer p;
	struct transport *t = NULL;
	struct endpoint at;
	struct err err;
	int rc;

	assert_true(peer_start(&p, AF_INET, c->id, starttls ? serve_starttls : serve_tls, NULL));
	at = endpoint_of(w, &p, starttls ? SECURITY_STARTTLS : SECURITY_TLS);
	at.host = (char *)(uintptr_t)c->host;
	at.pin = (char *)(uintptr_t)c->pin;
	if (c->ca_file)
		at.ca_file = (char *)(uintptr_t)c->ca_file;
	rc = starttls ? open_starttls(&at, &t, &err)
	              : transport_open(&at, GUARD_IMAP_SOURCE, NULL, &t, &err);
	if (c->code) {
		must_fail(rc, &err, c->code, c->word);
	} else {
		must(rc, &err);
		assert_true(transport_is_tls(t));
		assert_non_null(strstr(t->describe, "TLS1.3"));
	}
	transport_free(t);
	peer_stop(&p);
}

static void certificates_are_judged(void **state)
{
	const struct world *w = *state;
	const struct cert_case cases[] = {
	        {"localhost", NULL, NULL, &w->good, 0, NULL},
	        {"127.0.0.1", NULL, NULL, &w->ip, 0, NULL},
	        {"localhost", w->good.sum, NULL, &w->good, 0, NULL},
	        {"127.0.0.1", w->expired_self.sum, "/nonexistent", &w->expired_self, 0, NULL},
	        {"localhost", NULL, NULL, &w->expired, ERR_TLS, "expired on 20"},
	        {"localhost", NULL, NULL, &w->future, ERR_TLS, "not valid before"},
	        {"localhost", NULL, NULL, &w->future, ERR_TLS, "clock"},
	        {"localhost", NULL, NULL, &w->self, ERR_TLS, "self-signed"},
	        {"localhost", NULL, NULL, &w->self, ERR_TLS, "--ca-file"},
	        {"localhost", NULL, NULL, &w->self, ERR_TLS, w->self.sum},
	        {"localhost", NULL, NULL, &w->unknown, ERR_TLS, "unknown authority"},
	        {"localhost", NULL, NULL, &w->unknown, ERR_TLS, w->unknown.sum},
	        {"localhost", NULL, NULL, &w->wrong, ERR_TLS, "mail.other.example, not localhost"},
	        {"localhost", NULL, NULL, &w->ip, ERR_TLS, "127.0.0.1, not localhost"},
	        {"127.0.0.1", NULL, NULL, &w->good, ERR_TLS, "localhost, not 127.0.0.1"},
	        {"127.0.0.1", NULL, NULL, &w->ip_as_name, ERR_TLS, "as a name, not as an address"},
	        {"localhost", w->self.sum, NULL, &w->good, ERR_TLS, w->good.sum},
	        {"localhost", NULL, "/nonexistent", &w->good, ERR_NOTFOUND, "/nonexistent"},
	        {"localhost", NULL, "/etc/passwd", &w->good, ERR_USAGE, "no certificate"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		try_certificate(w, &cases[i], false);
		try_certificate(w, &cases[i], true);
	}
}

static void serve_old_tls(struct peer *p)
{
	PEER_CHECK(gnutls_certificate_allocate_credentials(&p->cred) == 0);
	PEER_CHECK(gnutls_certificate_set_x509_key(
	                   p->cred, (gnutls_x509_crt_t *)&p->id->crt, 1, p->id->key) == 0);
	PEER_CHECK(gnutls_init(&p->tls, GNUTLS_SERVER | GNUTLS_NO_SIGNAL) == 0);
	PEER_CHECK(gnutls_priority_set_direct(p->tls,
	                   "NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0:%COMPAT", NULL) == 0);
	PEER_CHECK(gnutls_credentials_set(p->tls, GNUTLS_CRD_CERTIFICATE, p->cred) == 0);
	gnutls_transport_set_int(p->tls, p->fd);
	(void)gnutls_handshake(p->tls);
}

static void serve_greeting(struct peer *p)
{
	peer_say(p, "* OK IMAP4rev1 ready\r\n");
	peer_drain(p);
}

static void serve_close(struct peer *p)
{
	(void)p;
}

static void serve_hangup(struct peer *p)
{
	char hello[4096];

	(void)!recv(p->fd, hello, sizeof hello, 0);
}

static void serve_silence(struct peer *p)
{
	peer_drain(p);
}

static void broken_handshakes_say_what_is_wrong(void **state)
{
	const struct {
		void (*serve)(struct peer *);
		int code;
		const char *word;
	} cases[] = {
	        {serve_old_tls, ERR_TLS, "no TLS 1.2 or later"},
	        {serve_greeting, ERR_TLS, "does not speak TLS"},
	        {serve_hangup, ERR_TLS, "instead of a TLS handshake"},
	        {serve_silence, ERR_NET, "handshake took longer"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct world *w = *state;
		struct transport *t = NULL;
		struct endpoint at;
		struct peer p;
		struct err err;

		assert_true(peer_start(&p, AF_INET, &w->good, cases[i].serve, NULL));
		at = endpoint_of(w, &p, SECURITY_TLS);
		if (cases[i].serve == serve_silence)
			at.connect_timeout_ms = 700;
		must_fail(transport_open(&at, GUARD_IMAP_SOURCE, NULL, &t, &err), &err,
		        cases[i].code, cases[i].word);
		assert_null(t);
		peer_stop(&p);
	}
}

/* ---- connecting ---- */

static void unreachable_servers_are_named(void **state)
{
	const struct world *w = *state;
	struct peer p = {0};
	struct transport *t;
	struct endpoint at;
	struct err err;

	assert_true(peer_start(&p, AF_INET, NULL, serve_close, NULL));
	peer_stop(&p); /* now nobody listens there */
	at = endpoint_of(w, &p, SECURITY_NONE);
	must_fail(transport_open(&at, GUARD_IMAP_SOURCE, NULL, &t, &err), &err, ERR_NET,
	        "cannot connect");
	assert_non_null(strstr(err.text, "localhost:"));
	at.host = (char *)"no-such-host.invalid";
	must_fail(transport_open(&at, GUARD_IMAP_SOURCE, NULL, &t, &err), &err, ERR_NET,
	        "no-such-host.invalid");
}

static void ipv6_loopback(void **state)
{
	const struct world *w = *state;
	struct transport *t;
	struct endpoint at;
	struct peer p;
	struct err err;

	/* this machine has no ::1 */
	if (!peer_start(&p, AF_INET6, NULL, serve_greeting, NULL))
		return;
	at = endpoint_of(w, &p, SECURITY_NONE);
	at.host = (char *)"::1";
	must(transport_open(&at, GUARD_IMAP_SOURCE, NULL, &t, &err), &err);
	transport_kill(t, "test");
	assert_int_equal(transport_error(t, &err), ERR_PROTO);
	assert_non_null(strstr(err.text, "[::1]:"));
	transport_free(t);
	peer_stop(&p);
}

/* ---- reading and writing ---- */

static struct transport *open_plain(const struct world *w, struct peer *p,
        void (*serve)(struct peer *), enum guard_role role, FILE *trace)
{
	struct transport *t;
	struct endpoint at;
	struct err err;

	assert_true(peer_start(p, AF_INET, &w->good, serve, NULL));
	at = endpoint_of(w, p, SECURITY_NONE);
	at.idle_timeout_ms = 1000; /* for those that fall silent */
	at.trace = trace;
	must(transport_open(&at, role, NULL, &t, &err), &err);
	return t;
}

static void stalled_server_times_out_and_stays_so(void **state)
{
	struct peer p;
	struct transport *t = open_plain(*state, &p, serve_greeting, GUARD_IMAP_SOURCE, NULL);
	mailstream *s = transport_stream(t);
	char c[64];
	size_t n;
	struct err err;

	assert_true(mailstream_read(s, c, 22) == 22);
	assert_false(transport_readable(t));
	assert_true(mailstream_read(s, c, 1) == -1);
	must_fail((int)transport_error(t, &err), &err, ERR_NET, "no answer");
	must_fail(transport_write(t, "A1 NOOP\r\n", 9, &err), &err, ERR_NET, "no answer");
	must_fail(transport_read(t, c, 1, &n, &err), &err, ERR_NET, "no answer");
	assert_true(transport_readable(t));
	transport_free(t);
	peer_stop(&p);
	assert_int_equal(p.seen_len, 0);
}

static void serve_bye(struct peer *p)
{
	peer_say(p, "* OK hi\r\n* BYE too many connections\r\n");
}

static void end_of_stream_is_an_error_with_the_last_words(void **state)
{
	struct peer p;
	struct transport *t = open_plain(*state, &p, serve_bye, GUARD_IMAP_SOURCE, NULL);
	mailstream *s = transport_stream(t);
	char c[64], line[64];
	struct err err;

	assert_true(mailstream_read(s, c, 37) == 37);
	assert_string_equal(
	        transport_last_line(t, line, sizeof line), "* BYE too many connections");
	for (int i = 0; i < 3; i++)
		assert_true(mailstream_read(s, c, 1) == -1);
	must_fail((int)transport_error(t, &err), &err, ERR_NET, "too many connections");
	transport_free(t);
	peer_stop(&p);
}

static void guard_refusal_sends_nothing(void **state)
{
	struct peer p;
	struct transport *t = open_plain(*state, &p, serve_silence, GUARD_IMAP_SOURCE, NULL);
	mailstream *s = transport_stream(t);
	struct err err;

	assert_true(mailstream_write(s, "A1 NOOP\r\n", 9) == 9);
	assert_true(mailstream_write(s, "A2 CLOSE\r\n", 10) == 10);
	assert_true(mailstream_flush(s) < 0);
	assert_int_equal(transport_error(t, &err), ERR_GUARD);
	must_fail(transport_write(t, "A3 NOOP\r\n", 9, &err), &err, ERR_GUARD, "CLOSE");
	transport_free(t);
	peer_stop(&p);
	assert_int_equal(p.seen_len, 0);
}

/* Sends what its context says, then listens. */
static void serve_text(struct peer *p)
{
	peer_say(p, "* OK hi\r\n");
	peer_drain(p);
}

static void closing_the_stream_is_survived(void **state)
{
	struct peer p;
	struct transport *t = open_plain(*state, &p, serve_text, GUARD_IMAP_SOURCE, NULL);
	char c[16];
	size_t n = 0;
	struct err err;

	assert_true(mailstream_read(transport_stream(t), c, 4) == 4);
	assert_true(transport_readable(t));
	must(transport_read(t, c, sizeof c, &n, &err), &err);
	assert_memory_equal(c, " hi\r\n", 5 < n ? 5 : n);
	mailstream_close(transport_stream(t));
	assert_true(mailstream_write(transport_stream(t), "A1 NOOP\r\n", 9) == 9);
	must(transport_write(t, "A2 NOOP\r\n", 9, &err), &err);
	transport_free(t);
	peer_stop(&p);
	assert_string_equal(p.seen, "A1 NOOP\r\nA2 NOOP\r\n");
}

/* ---- STARTTLS ---- */

static void serve_injection(struct peer *p)
{
	peer_line(p);
	peer_say(p, "A1 OK begin\r\nA2 OK injected\r\n");
	peer_drain(p);
}

static void serve_late_injection(struct peer *p)
{
	peer_line(p);
	peer_say(p, "A1 OK begin\r\n");
	usleep(20000);
	peer_say(p, "A2 OK injected\r\n");
	usleep(300000);
}

static void bytes_after_the_ok_are_not_trusted(void **state)
{
	void (*servers[])(struct peer *) = {serve_injection, serve_late_injection};

	for (size_t i = 0; i < 2; i++) {
		struct transport *t = NULL;
		struct endpoint at;
		struct peer p;
		struct err err;

		assert_true(peer_start(&p, AF_INET, NULL, servers[i], NULL));
		at = endpoint_of(*state, &p, SECURITY_STARTTLS);
		assert_int_equal(open_starttls(&at, &t, &err), ERR_TLS);
		assert_false(transport_is_tls(t) && !transport_error(t, NULL));
		must_fail(transport_write(t, "A2 NOOP\r\n", 9, &err), &err, ERR_TLS, "");
		transport_free(t);
		peer_stop(&p);
		assert_null(strstr(p.seen, "A2"));
	}
}

static void no_login_before_starttls(void **state)
{
	struct transport *t;
	struct endpoint at;
	struct peer p;
	struct err err;

	assert_true(peer_start(&p, AF_INET, NULL, serve_silence, NULL));
	at = endpoint_of(*state, &p, SECURITY_STARTTLS);
	must(transport_open(&at, GUARD_IMAP_SOURCE, NULL, &t, &err), &err);
	transport_secret(t, true);
	must_fail(transport_write(t, "A1 LOGIN a " SECRET "\r\n", 26, &err), &err, ERR_GUARD,
	        "before the connection is encrypted");
	assert_null(strstr(err.text, SECRET));
	transport_free(t);
	peer_stop(&p);
	assert_int_equal(p.seen_len, 0);
}

/* ---- much data, counters ---- */

#define MUCH 3000000

static unsigned char pattern(size_t i)
{
	return (unsigned char)((i * 2654435761U) >> 13);
}

static void serve_much(struct peer *p)
{
	unsigned char *big = xmalloc(MUCH);
	char head[64];

	for (size_t i = 0; i < MUCH; i++)
		big[i] = pattern(i);
	if (peer_tls(p)) {
		snprintf(head, sizeof head, "* 1 FETCH (UID 7 BODY[] {%d}\r\n", MUCH);
		peer_line(p);
		peer_say(p, head);
		peer_send(p, big, MUCH);
		peer_say(p, ")\r\n");
		peer_drain(p);
	}
	free(big);
}

static void large_literal_over_tls_is_exact_and_counted(void **state)
{
	char head[64];
	unsigned char *big = xmalloc(MUCH);
	struct progress progress;
	struct transport *t;
	struct endpoint at;
	uint64_t in, out;
	struct peer p;
	struct err err;
	mailstream *s;

	progress_init(&progress);
	assert_true(
	        peer_start(&p, AF_INET, &((const struct world *)*state)->good, serve_much, NULL));
	at = endpoint_of(*state, &p, SECURITY_TLS);
	must(transport_open(&at, GUARD_IMAP_SOURCE, &progress, &t, &err), &err);
	s = transport_stream(t);
	assert_true(mailstream_write(s, "A1 NOOP\r\n", 9) == 9);
	assert_int_equal(mailstream_flush(s), 0);
	snprintf(head, sizeof head, "* 1 FETCH (UID 7 BODY[] {%d}\r\n", MUCH);
	for (size_t n = 0; n < strlen(head);)
		n += (size_t)mailstream_read(s, head, strlen(head) - n);
	for (size_t n = 0; n < MUCH;) {
		ssize_t got = mailstream_read(s, (char *)big + n, n % 30000 + 1);

		assert_true(got > 0);
		n = n + (size_t)got > MUCH ? MUCH : n + (size_t)got;
	}
	for (size_t i = 0; i < MUCH; i += 1 + i / 1000)
		assert_int_equal(big[i], pattern(i));
	in = progress.wire_in;
	out = progress.wire_out;
	assert_true(in > MUCH && in < MUCH + 100000);
	assert_true(out > 100 && out < 10000);
	assert_true(t->in == in && t->out == out);
	transport_free(t);
	peer_stop(&p);
	free(big);
}

/* ---- limits of what comes in ---- */

static void serve_endless_line(struct peer *p)
{
	static const char x[65536] = {'*', ' ', 'O', 'K', ' '};

	while (peer_send(p, x, sizeof x))
		;
}

static void serve_body(struct peer *p)
{
	char *big = xcalloc(1, 2 << 20);

	peer_say(p, "* 12 FETCH (UID 1 BODY[HEADER]<0> {2097152}\r\n");
	peer_send(p, big, 2 << 20);
	peer_say(p, " X \"{9999999999999}\")\r\n");
	peer_drain(p);
	free(big);
}

#define SAYS(name, text)                                                                           \
	static void serve_##name(struct peer *p)                                                   \
	{                                                                                          \
		peer_say(p, text "\r\n");                                                          \
		peer_drain(p);                                                                     \
	}
SAYS(huge, "* 1 FETCH (BODY[] {5000000000}")
SAYS(overflow, "* 1 FETCH (BODY[] {99999999999999999999999}")
SAYS(list, "* LIST () \"/\" {2000000}")
SAYS(no_body, "* 1 FETCH (ENVELOPE {2000000}")
SAYS(no_fetch, "* OK FETCH (BODY[] {2000000}")
SAYS(bare, "* 1 FETCH (BODY[]{2000000}")

static void what_a_server_can_make_us_hold_is_bounded(void **state)
{
	static const struct {
		void (*serve)(struct peer *);
		const char *word; /* NULL: fine */
	} cases[] = {
	        {serve_endless_line, "64 MiB"},
	        {serve_huge, "literal of 5000000000 octets"},
	        {serve_overflow, "literal of"},
	        {serve_list, "no more than 1048576"},
	        {serve_no_body, "no more than 1048576"},
	        {serve_no_fetch, "no more than 1048576"},
	        {serve_bare, "no more than 1048576"},
	        {serve_body, NULL},
	};
	static char buf[65536];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct peer p;
		struct transport *t =
		        open_plain(*state, &p, cases[i].serve, GUARD_IMAP_SOURCE, NULL);
		size_t n, all = 0;
		struct err err;
		int rc;

		while ((rc = transport_read(t, buf, sizeof buf, &n, &err)) == 0)
			all += n;
		if (cases[i].word)
			must_fail(rc, &err, ERR_LIMIT, cases[i].word);
		else
			must_fail(rc, &err, ERR_NET, "no answer");
		assert_true(all < (66 << 20));
		transport_free(t);
		peer_stop(&p);
	}
}

/* ---- compression ---- */

static void serve_deflate(struct peer *p)
{
	static const char answer[] = "A2 OK NOOP completed {3}\r\n* 1 FETCH (FLAGS ())\r\n";
	unsigned char packed[4096], plain[4096];
	z_stream z = {0}, in = {0};
	size_t n;

	PEER_CHECK(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	PEER_CHECK(inflateInit2(&in, -15) == Z_OK);
	peer_line(p);
	z.next_in = (unsigned char *)(uintptr_t)answer;
	z.avail_in = sizeof answer - 1;
	n = (size_t)snprintf((char *)packed, sizeof packed, "A1 OK active\r\n");
	z.next_out = packed + n;
	z.avail_out = (unsigned)(sizeof packed - n);
	PEER_CHECK(deflate(&z, Z_SYNC_FLUSH) == Z_OK);
	/* OK and deflated bytes at once */
	peer_send(p, packed, sizeof packed - z.avail_out);
	p->seen_len = 0;
	peer_drain(p);
	in.next_in = (unsigned char *)p->seen;
	in.avail_in = (unsigned)p->seen_len;
	in.next_out = plain;
	in.avail_out = sizeof plain;
	(void)inflate(&in, Z_SYNC_FLUSH);
	p->seen_len = sizeof plain - in.avail_out;
	memcpy(p->seen, plain, p->seen_len);
	p->seen[p->seen_len] = '\0';
	inflateEnd(&in);
	deflateEnd(&z);
}

static void deflate_both_ways(void **state)
{
	static const char want[] = "A2 OK NOOP completed {3}\r\n* 1 FETCH (FLAGS ())\r\n";
	struct peer p;
	struct transport *t = open_plain(*state, &p, serve_deflate, GUARD_IMAP_SOURCE, NULL);
	mailstream *s = transport_stream(t);
	char c[256];
	struct err err;

	assert_true(mailstream_write(s, "A1 COMPRESS DEFLATE\r\n", 21) == 21);
	assert_int_equal(mailstream_flush(s), 0);
	assert_true(mailstream_read(s, c, 14) == 14);
	must(transport_compress(t, &err), &err);
	assert_true(transport_readable(t)); /* it came with the OK */
	for (size_t n = 0; n < strlen(want);)
		n += (size_t)mailstream_read(s, c + n, strlen(want) - n);
	assert_memory_equal(c, want, strlen(want));
	must(transport_write(t, "A2 NOOP\r\n", 9, &err), &err);
	must(transport_write(t, "A3 LIST \"\" *\r\n", 14, &err), &err);
	must_fail(transport_write(t, "A4 CLOSE\r\n", 10, &err), &err, ERR_GUARD, "CLOSE");
	transport_free(t);
	peer_stop(&p);
	assert_string_equal(p.seen, "A2 NOOP\r\nA3 LIST \"\" *\r\n");
}

static void serve_bad_deflate(struct peer *p)
{
	peer_line(p);
	peer_say(p, "A1 OK active\r\n");
	usleep(30000);
	peer_say(p, "\xff\xff\xff\xffnot deflate at all");
	peer_drain(p);
}

static void corrupt_deflate_is_an_error(void **state)
{
	struct peer p;
	struct transport *t = open_plain(*state, &p, serve_bad_deflate, GUARD_IMAP_SOURCE, NULL);
	char c[64];
	size_t n = 0, got;
	struct err err;

	must(transport_write(t, "A1 COMPRESS DEFLATE\r\n", 21, &err), &err);
	for (; n < 14; n += got)
		must(transport_read(t, c, 14 - n, &got, &err), &err);
	must(transport_compress(t, &err), &err);
	must_fail(transport_read(t, c, sizeof c, &got, &err), &err, ERR_PROTO, "corrupt");
	transport_free(t);
	peer_stop(&p);
}

/* ---- trace ---- */

static void serve_login(struct peer *p)
{
	peer_say(p, "* OK \033[31mhi\r\n");
	peer_line(p);
	peer_say(p, "+ c2FsdA==\r\nA1 NO user alice password " SECRET " is wrong\r\n"
	            "* 1 FETCH (BODY[] {7}\r\nprivate UID 1)\r\n+OK 1\r\nmessage text\r\n.\r\n");
	peer_drain(p);
}

struct talk {
	const char *text;
	bool secret;
};

/*
 * The peers below greet, and answer the first line with all that they have to say, to a
 * line with a dot.
 */
static void talk(struct transport *t, const struct talk *say, size_t n)
{
	struct err err;
	char c[512];
	size_t got;

	for (size_t i = 0; i < n; i++) {
		bool all = i == 1 || n == 1;

		transport_secret(t, say[i].secret);
		must(transport_write(t, say[i].text, strlen(say[i].text), &err), &err);
		do
			got = 0;
		while (i < 2 && transport_read(t, c, sizeof c, &got, &err) == 0 && all &&
		        (got < 3 || memcmp(c + got - 3, ".\r\n", 3) != 0));
		assert_true(i > 1 || got > 0);
	}
}

static void trace_tells_all_but_secrets(void **state)
{
	static const struct talk imap[] = {
	        {"", false}, /* the greeting */
	        {"A1 AUTHENTICATE PLAIN " SECRET "\r\n", true},
	        {SECRET "\r\n", true},
	        {"A2 LOGIN alice \"" SECRET "\"\r\n", false},
	        {"A3 LOGIN {5+}\r\nalice {13+}\r\n" SECRET "\r\n", false},
	        {"A4 LOGIN {5+}\r\nalice ", true},
	        {"{13+}\r\n" SECRET "\r\n", true},
	        {"A5 LIST \"\" \"*\"\r\n", false},
	};
	static const struct talk pop3[] = {
	        {"", false},
	        {"USER alice\r\n", true},
	        {"PASS " SECRET "\r\n", false},
	        {"APOP alice " SECRET "\r\n", false},
	        {"AUTH PLAIN\r\n", true},
	        {SECRET "\r\n", true},
	        {"RETR 1\r\n", false},
	};

	for (int i = 0; i < 2; i++) {
		char *text = NULL;
		size_t len = 0;
		FILE *f = open_memstream(&text, &len);
		struct peer p;
		struct transport *t = open_plain(
		        *state, &p, serve_login, i ? GUARD_POP3_SOURCE : GUARD_IMAP_SOURCE, f);

		if (i)
			talk(t, pop3, sizeof pop3 / sizeof *pop3);
		else
			talk(t, imap, sizeof imap / sizeof *imap);
		transport_free(t);
		peer_stop(&p);
		fclose(f);
		assert_non_null(strstr(p.seen, SECRET));
		if (strstr(text, SECRET) || strstr(text, "{13") || strchr(text, 033))
			fail_msg("%s", text);
		assert_non_null(strstr(text, " S: * OK \\x1b[31mhi"));
		if (!i) {
			assert_non_null(strstr(text, " C: A1 AUTHENTICATE PLAIN <redacted>\n"));
			assert_non_null(strstr(text, " C: A2 LOGIN <redacted>\n"));
			assert_non_null(strstr(text, " C: A5 LIST \"\" \"*\"\n"));
			assert_non_null(strstr(text, " S: A1 NO <redacted>\n"));
			assert_null(strstr(text, "private"));
		} else {
			assert_non_null(strstr(text, " C: PASS <redacted>\n"));
			assert_non_null(strstr(text, " C: RETR 1\n"));
		}
		free(text);
	}
}

static void serve_message(struct peer *p)
{
	peer_say(p, "+OK hi\r\n");
	peer_line(p);
	peer_say(p, "+OK 2 octets\r\nSubject: private\r\n\r\nprivate\r\n.\r\n");
	peer_drain(p);
}

static void trace_hides_pop3_messages(void **state)
{
	static const struct talk say[] = {{"RETR 1\r\n", false}};
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	struct peer p;
	struct transport *t = open_plain(*state, &p, serve_message, GUARD_POP3_SOURCE, f);

	talk(t, say, 1);
	transport_free(t);
	peer_stop(&p);
	fclose(f);
	assert_null(strstr(text, "private"));
	assert_non_null(strstr(text, "<3 lines not shown>"));
	free(text);
}

/* ---- stopping ---- */

static void a_request_to_stop_ends_a_wait(void **state)
{
	struct peer p;
	pid_t child;
	int status = 0;

	assert_true(peer_start(&p, AF_INET, NULL, serve_silence, NULL));
	child = fork();
	if (child == 0) {
		struct endpoint at = endpoint_of(*state, &p, SECURITY_NONE);
		struct transport *t;
		struct err err;
		char c;
		size_t n;

		stop_install();
		at.idle_timeout_ms = 20000;
		if (transport_open(&at, GUARD_IMAP_SOURCE, NULL, &t, &err) != 0)
			_exit(2);
		raise(SIGTERM);
		_exit(transport_read(t, &c, 1, &n, &err) == ERR_STOPPED ? 0 : 3);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	peer_stop(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(certificates_are_judged),
	        cmocka_unit_test(broken_handshakes_say_what_is_wrong),
	        cmocka_unit_test(unreachable_servers_are_named),
	        cmocka_unit_test(ipv6_loopback),
	        cmocka_unit_test(stalled_server_times_out_and_stays_so),
	        cmocka_unit_test(end_of_stream_is_an_error_with_the_last_words),
	        cmocka_unit_test(guard_refusal_sends_nothing),
	        cmocka_unit_test(closing_the_stream_is_survived),
	        cmocka_unit_test(bytes_after_the_ok_are_not_trusted),
	        cmocka_unit_test(no_login_before_starttls),
	        cmocka_unit_test(large_literal_over_tls_is_exact_and_counted),
	        cmocka_unit_test(what_a_server_can_make_us_hold_is_bounded),
	        cmocka_unit_test(deflate_both_ways),
	        cmocka_unit_test(corrupt_deflate_is_an_error),
	        cmocka_unit_test(trace_tells_all_but_secrets),
	        cmocka_unit_test(trace_hides_pop3_messages),
	        cmocka_unit_test(a_request_to_stop_ends_a_wait),
	};

	return cmocka_run_group_tests(tests, make_world, drop_world);
}
