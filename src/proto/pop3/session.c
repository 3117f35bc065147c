/*
 * A POP3 session: connect, greet, TLS, sign in, end (RFC 1939 4 and 6, RFC 2595, RFC
 * 5034, RFC 6856).
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <nettle/md5.h>
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "internal.h"
#include "proto/sasl/sasl.h"

#define TYPED_MORE 2 /* three times in all: servers lock accounts that go on */

/*
 * A refusal (the line that was read last) before the maildrop is open: by its words,
 * where it has no code.
 */
static int as_busy(int rc, const struct pop3 *p, struct err *err)
{
	if (rc != ERR_REFUSED || !pop3_says_later(p->line))
		return rc;
	if (err)
		err->code = ERR_BUSY;
	return ERR_BUSY;
}

/* The greeting, with its timestamp for APOP. */
static int read_greeting(struct pop3 *p, struct err *err)
{
	const char *from, *to;
	int rc = as_busy(pop3_ok(p, "the connection", err), p, err);

	if (rc < 0)
		return rc;
	facts_set(p->service->facts, FACT_GREETING, p->line + 3 + strspn(p->line + 3, " "));
	from = strchr(p->line, '<');
	to = from ? strchr(from, '>') : NULL;
	if (to && (size_t)(to - from) + 2 <= sizeof p->stamp &&
	        memchr(from, '@', (size_t)(to - from))) {
		memcpy(p->stamp, from, (size_t)(to - from) + 1);
		p->stamp[to - from + 1] = '\0';
	}
	return 0;
}

/* STLS; nothing that was said before counts. */
static int start_tls(struct pop3 *p, struct err *err)
{
	int rc = pop3_ask(p, "STLS", err);

	if (rc == ERR_REFUSED)
		return err_set(err, ERR_TLS, ERR_WHOLE,
		        "%s offers no TLS by STLS: use pop3s://, or --cleartext if that is "
		        "acceptable",
		        p->service->at.host);
	if (rc == 0 && p->pos != p->len)
		return err_set(err, ERR_TLS, ERR_WHOLE,
		        "%s sent data before TLS was up: somebody may be in between",
		        p->service->at.host);
	if (rc == 0)
		rc = transport_starttls(p->t, err);
	p->stamp[0] = '\0'; /* it came in the clear */
	return rc;
}

/* A line of a SASL exchange, in base64. */
static int send_answer(struct pop3 *p, const struct buf *answer, struct err *err)
{
	char *b64 = base64_encode(answer->data, answer->len);
	int rc = pop3_send(p, err, "%s", b64);

	wipe(b64, strlen(b64));
	free(b64);
	return rc;
}

/* After "+ <base64>": 1 to go on (challenge in ${in}), 0 the server is content. */
static int read_challenge(struct pop3 *p, struct buf *in, struct err *err)
{
	uint8_t raw[POP3_LINE_MAX];
	const char *text;
	long n;
	int rc = pop3_line(p, err);

	if (rc < 0)
		return rc;
	if (!strncasecmp(p->line, "+OK", 3))
		return 0;
	if (!strncasecmp(p->line, "-ERR", 4)) {
		text = p->line + 4 + strspn(p->line + 4, " ");
		return err_set(err, pop3_refusal(text, pop3_says_later(text) ? ERR_BUSY : ERR_AUTH),
		        ERR_WHOLE, "%s refused to sign in %s: \"%.200s\"", p->service->at.host,
		        p->service->login.user, text);
	}
	if (p->line[0] != '+' || (p->line[1] && p->line[1] != ' '))
		return err_set(err, ERR_PROTO, ERR_WHOLE,
		        "the POP3 server answered AUTH with \"%.100s\"", p->line);
	text = p->line + 1 + strspn(p->line + 1, " ");
	n = base64_decode(text, strlen(text), raw, sizeof raw);
	buf_reset(in);
	if (n < 0 || buf_add(in, raw, (size_t)n) < 0)
		return err_set(
		        err, ERR_PROTO, ERR_WHOLE, "the POP3 server's challenge is not base64");
	return 1;
}

/* AUTH, and challenges until the server is content. */
static int sasl_exchange(struct pop3 *p, struct sasl *s, const char *mech, struct err *err)
{
	struct buf out = buf_of(POP3_LINE_MAX * 3);
	struct buf in = buf_of(POP3_LINE_MAX);
	int rc = pop3_send(p, err, "AUTH %s", mech);

	transport_secret(p->t, true);
	while (rc == 0 && (rc = read_challenge(p, &in, err)) > 0) {
		rc = sasl_step(s, in.data, in.len, &out, err);
		if (rc == 0)
			rc = send_answer(p, &out, err);
		else if (pop3_send(p, NULL, "*") < 0)
			transport_kill(p->t, "a sign-in could not be cancelled");
		sasl_wipe(&out);
	}
	transport_secret(p->t, false);
	if (rc == 0)
		rc = sasl_finish(s, err);
	buf_clear(&in);
	buf_clear(&out);
	return rc;
}

static int by_sasl(struct pop3 *p, const char *mech, const struct secret *secret, struct err *err)
{
	struct sasl *s = sasl_new(mech, &p->service->login, secret, &p->service->at, err);
	int rc;

	if (!s)
		return err ? (int)err->code : ERR_AUTH;
	rc = sasl_exchange(p, s, mech, err);
	sasl_free(s);
	return rc;
}

/*
 * APOP hides the password from who listens, and from nobody else (RFC 1939 7): for
 * connections without TLS.
 */
static int by_apop(struct pop3 *p, const struct secret *secret, struct err *err)
{
	struct md5_ctx md5;
	uint8_t sum[MD5_DIGEST_SIZE];
	char hex[2 * MD5_DIGEST_SIZE + 1];
	int rc;

	md5_init(&md5);
	md5_update(&md5, strlen(p->stamp), (const uint8_t *)p->stamp);
	md5_update(&md5, secret->len, (const uint8_t *)secret->data);
	md5_digest(&md5, sizeof sum, sum);
	hex_format(sum, sizeof sum, hex);
	rc = pop3_send(p, err, "APOP %s %s", p->service->login.user, hex);
	return rc ? rc : as_busy(pop3_ok(p, "to sign in", err), p, err);
}

/* USER and PASS. */
static int by_user_pass(struct pop3 *p, const struct secret *secret, struct err *err)
{
	int rc;

	if (strpbrk(secret->data, "\r\n") || strlen(secret->data) != secret->len)
		return err_set(err, ERR_AUTH, ERR_WHOLE,
		        "this password cannot be sent by PASS (it holds a line end or NUL)");
	rc = pop3_send(p, err, "USER %s", p->service->login.user);
	if (rc == 0)
		rc = as_busy(pop3_ok(p, "the user name", err), p, err);
	if (rc == 0)
		rc = pop3_send(p, err, "PASS %s", secret->data);
	return rc ? rc : as_busy(pop3_ok(p, "to sign in", err), p, err);
}

/* Of sasl_best: is it among the mechanisms of CAPA? */
static bool is_offered(void *ctx, const char *mech)
{
	const struct pop3 *p = ctx;
	size_t n = strlen(mech);

	for (const char *s = p->before.sasl; (s = strcasestr(s, mech)); s += n)
		if ((s == p->before.sasl || s[-1] == ' ') && (!s[n] || s[n] == ' '))
			return true;
	return false;
}

/* USER, APOP and PASS have no way to quote (RFC 1939 3). */
static int check_user(const struct login *l, const char *mech, struct err *err)
{
	bool plain = !mech || !strcasecmp(mech, "APOP") || !strcasecmp(mech, "USER");

	if (!l->user || strpbrk(l->user, plain ? " \r\n" : "\r\n"))
		return err_set(err, ERR_USAGE, ERR_WHOLE,
		        "a user name with a blank or line end cannot be sent to this POP3 server");
	return sasl_check(l, plain ? NULL : mech, err);
}

/* By ${mech}; NULL: APOP without TLS where it is offered, else USER and PASS. */
static int sign_in_once(struct pop3 *p, const char *mech, bool renew, struct err *err)
{
	const struct login *l = &p->service->login;
	const char *way = mech && strcasecmp(mech, "USER") ? mech : "USER and PASS";
	struct secret secret = {0};
	int rc = check_user(l, mech, err);

	if (rc == 0)
		rc = l->get_secret(l->ctx, renew, &secret, err);
	if (rc < 0)
		return rc;
	if (mech && strcasecmp(mech, "APOP") && strcasecmp(mech, "USER"))
		rc = by_sasl(p, mech, &secret, err);
	else if (p->stamp[0] && (mech ? !strcasecmp(mech, "APOP") : !transport_is_tls(p->t)))
		rc = by_apop(p, &secret, err), way = "APOP";
	else if (mech && !strcasecmp(mech, "APOP"))
		rc = err_set(err, ERR_AUTH, ERR_WHOLE, "%s offers no APOP", p->service->at.host);
	else
		rc = by_user_pass(p, &secret, err);
	/*
	 * Some servers send a timestamp and know no secret for APOP. Without TLS the user has
	 * allowed to send the password itself.
	 */
	if (rc == ERR_REFUSED && !mech && p->stamp[0] && !transport_is_tls(p->t))
		rc = by_user_pass(p, &secret, err), way = "USER and PASS";
	if (rc >= 0 && l->let_in)
		l->let_in(l->ctx, &secret);
	if (rc >= 0)
		facts_set(p->service->facts, FACT_SIGN_IN, way);
	secret_clear(&secret);
	return rc;
}

static int sign_in(struct pop3 *p, bool renew, struct err *err)
{
	const struct login *l = &p->service->login;
	const char *mech = l->mech ? l->mech : sasl_best(l, transport_is_tls(p->t), is_offered, p);
	bool tokens = is_offered(p, "OAUTHBEARER") || is_offered(p, "XOAUTH2");
	int rc;

	if (l->token && !mech)
		return err_set(err, ERR_AUTH, ERR_WHOLE,
		        "the server offers no way to sign in with a token (offered: %s)",
		        *p->before.sasl ? p->before.sasl : "none");
	rc = sign_in_once(p, mech, renew, err);
	if (rc == ERR_REFUSED && err)
		err->code = ERR_AUTH;
	if (rc < 0 && err && err->code == ERR_AUTH &&
	        ((tokens && !mech) || sasl_says_oauth(err->text)))
		(void)sasl_name_login(l, err);
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}

/*
 * RFC 6856 2: without it, a server may downgrade messages with UTF-8 in the header. A
 * refusal changes nothing.
 */
static int ask_utf8(struct pop3 *p, struct err *err)
{
	int rc = pop3_ask(p, "UTF8", err);

	if (rc == ERR_REFUSED) {
		err_clear(err);
		rc = 0;
	}
	return rc;
}

/* All up to the capabilities after the sign-in. */
static int start_session(struct pop3 *p, bool renew, struct err *err)
{
	int rc = transport_open(&p->service->at, GUARD_POP3_SOURCE, p->progress, &p->t, err);

	if (rc == 0)
		rc = read_greeting(p, err);
	if (rc == 0 && p->service->at.security == SECURITY_STARTTLS)
		rc = start_tls(p, err);
	if (rc == 0)
		transport_facts(p->t, p->service->facts);
	if (rc == 0)
		rc = pop3_read_caps(p, &p->before, err);
	if (rc == 0 && p->before.utf8)
		rc = ask_utf8(p, err);
	if (rc == 0)
		rc = sign_in(p, renew, err);
	if (rc == 0)
		rc = pop3_read_caps(p, &p->after, err);
	if (rc == 0 && !p->after.known)
		p->after = p->before;
	if (rc == 0)
		facts_set(p->service->facts, FACT_SOFTWARE, p->after.implementation);
	return rc < 0 ? err_widen(err, ERR_WHOLE) : 0;
}

int pop3_open(const struct service *service, struct progress *progress, struct pop3 **out,
        struct err *err)
{
	const struct login *l = &service->login;
	bool token = l->token || (l->mech && sasl_known(l->mech) && sasl_uses_token(l->mech));
	int more = token ? 1 : l->typed ? TYPED_MORE : 0, rc = 0;
	struct err own = {0}, first = {0};

	*out = NULL;
	if (!err)
		err = &own;
	/*
	 * Many servers hang up on a token that has expired, or a wrong password: the fresh
	 * one gets a connection of its own.
	 */
	for (int renew = 0; renew <= more; renew++) {
		struct pop3 *p = xcalloc(1, sizeof *p);

		p->service = service;
		p->progress = progress;
		rc = start_session(p, renew, err);
		if (rc == 0) {
			*out = p;
			return 0;
		}
		pop3_close(p);
		if (!renew)
			first = *err;
		if (rc != ERR_AUTH && rc != ERR_SECRET)
			break;
	}
	/* nobody types another one: what the server said is the reason */
	if (rc == ERR_USAGE && !token && first.code == ERR_AUTH) {
		*err = first;
		rc = ERR_AUTH;
	}
	return rc;
}

bool pop3_waited_out(const struct pop3 *p)
{
	return transport_waited_out(p->t);
}

void pop3_close(struct pop3 *p)
{
	if (!p)
		return;
	transport_free(p->t);
	free(p);
}

int pop3_quit(struct pop3 *p, struct err *err)
{
	int rc = pop3_ask(p, "QUIT", err);

	pop3_close(p);
	return rc;
}

/* A host that speaks IMAP says so at once. */
static bool greets_as_imap(const struct endpoint *like, char *host, struct progress *progress)
{
	struct endpoint at = *like;
	struct transport *t = NULL;
	uint8_t in[16];
	size_t got = 0;
	bool yes;

	at.host = host;
	at.port = 993;
	at.security = SECURITY_TLS;
	at.pin = NULL; /* of another service */
	at.connect_timeout_ms = at.idle_timeout_ms = 3000;
	yes = transport_open(&at, GUARD_IMAP_SOURCE, progress, &t, NULL) == 0 &&
	      transport_read(t, in, sizeof in, &got, NULL) == 0 && got >= 4 &&
	      memcmp(in, "* OK", 4) == 0;
	transport_free(t);
	return yes;
}

bool pop3_imap_host(
        const struct service *service, struct progress *progress, char *out, size_t size)
{
	const char *host = service->at.host, *dot = strchr(host, '.');

	if (service->at.port != 110 && service->at.port != 995)
		return false;
	if ((size_t)snprintf(out, size, "%s", host) < size &&
	        greets_as_imap(&service->at, out, progress))
		return true;
	if (strncasecmp(host, "pop", 3) != 0 || !dot)
		return false;
	return (size_t)snprintf(out, size, "imap%s", dot) < size &&
	       greets_as_imap(&service->at, out, progress);
}

const struct pop3_caps *pop3_caps(const struct pop3 *p)
{
	return &p->after;
}

const struct pop3_caps *pop3_caps_before(const struct pop3 *p)
{
	return &p->before;
}
