/*
 * A session of MAPI over HTTP: Connect, Execute, PING and Disconnect (MS-OXCMAPIHTTP
 * 2.2.4), and the patience with a server that is busy.
 */
#include "wire.h"
#include "valise/base/clock.h"
#include "valise/base/le.h"
#include "valise/base/mem.h"
#include "valise/net/url.h"
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	REQUEST_MAX = 65536,
	PAYLOAD_MAX = 32767, /* of a request: cbIn of MS-OXCRPC 3.1.4.2, without its header */
	DN_MAX = 4096,
	HOPS_MAX = 3,
	CODE_PAGE = 1252, /* of text that is not asked for as Unicode: none is */
	LOCALE = 0x409,
	NAME_MAX_OCTETS = 1024,
	GOODBYE_MS = 3000,
	/* as HTTP's own: src/http/outcome.c */
	BUSY_TRIES_MAX = 6,
	WAIT_MAX_MS = 5 * 60 * 1000,
	WAIT_ALL_MS = 30 * 60 * 1000,
	SAID_MS = 1000,
	/* of MS-OXCRPC 2.2.2.2.7, 3.1.4.2: what an Execute asks for */
	NO_COMPRESSION = 1,
	NO_XOR_MAGIC = 2,
	CHAIN = 4,
	ROP_BACKOFF = 0xf9,
};

static void put_number(struct buf *b, uint32_t v)
{
	uint8_t p[4];

	le_put(p, v, sizeof p);
	buf_put(b, p, sizeof p);
}

static void put_short(struct buf *b, uint32_t v)
{
	uint8_t p[2];

	le_put(p, v, sizeof p);
	buf_put(b, p, sizeof p);
}

/* "{8-4-4-4-12}" */
static int new_guid(char out[39], struct err *err)
{
	uint8_t r[16];

	if (gnutls_rnd(GNUTLS_RND_NONCE, r, sizeof r) != 0)
		return err_set(err, ERR_IO, ERR_WHOLE, "no random numbers for a session");
	r[6] = (r[6] & 0x0f) | 0x40;
	r[8] = (r[8] & 0x3f) | 0x80;
	snprintf(out, 39, "{%02X%02X%02X%02X-%02X%02X-%02X%02X-%02X%02X-%02X%02X%02X%02X%02X%02X}",
	        r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12],
	        r[13], r[14], r[15]);
	return 0;
}

/* ---- patience ---- */

int mapi_pause(struct mapi_session *s, int64_t ms, const char *why, struct err *err)
{
	if (ms > WAIT_MAX_MS)
		ms = WAIT_MAX_MS;
	if (ms < 0 || s->waited_ms + ms > WAIT_ALL_MS)
		return err_set(err, ERR_BUSY, ERR_WHOLE,
		        "%s: the server is busy: try again later: %s", s->service.at.host, why);
	s->waited_ms += ms;
	s->paused = true;
	if (s->progress)
		atomic_store(&s->progress->wait_until_ms, (uint64_t)(clock_ms() + ms));
	if (ms >= SAID_MS)
		progress_say(s->progress, SAY_NOTE,
		        "%s: the server asks for a pause (%s): waiting %lld s", s->service.at.host,
		        why, (long long)((ms + 999) / 1000));
	return clock_sleep(ms, err);
}

/*
 * The server refused with ${code}: 1: it was busy, and was waited for the ${nth} time, so
 * that the same may be asked again.
 */
static int wait_or_refuse(
        struct mapi_session *s, const char *type, uint32_t code, unsigned nth, struct err *err)
{
	struct mapi_code means = mapi_error_code(code);
	char why[160];
	int rc;

	snprintf(why, sizeof why, "%s%s0x%08x%s", means.text ? means.text : "",
	        means.text ? " (" : "", (unsigned)code, means.text ? ")" : "");
	if (means.err != ERR_BUSY || nth >= BUSY_TRIES_MAX)
		return err_set(err, means.err, means.err == ERR_REFUSED ? ERR_ITEM : ERR_WHOLE,
		        "%s: the server refused %s: %s", s->service.at.host, type, why);
	rc = mapi_pause(s, (int64_t)1000 << nth, why, err);
	return rc < 0 ? rc : 1;
}

/* ---- Connect ---- */

/* What the body of a Connect's answer says, little by little. */
struct reading {
	const uint8_t *p;
	size_t n;
	bool bad;
};

static uint32_t read_number(struct reading *r)
{
	uint32_t v;

	r->bad |= r->n < 4;
	if (r->bad)
		return 0;
	v = le32(r->p);
	r->p += 4;
	r->n -= 4;
	return v;
}

/* One character in UTF-8; half of a pair and controls become U+FFFD. */
static void put_character(struct buf *out, uint32_t c)
{
	uint8_t s[4];
	size_t n;

	if (c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0xd800 && c < 0xe000))
		c = 0xfffd;
	if (c < 0x80) {
		s[0] = (uint8_t)c;
		n = 1;
	} else if (c < 0x800) {
		s[0] = (uint8_t)(0xc0 | c >> 6);
		n = 2;
	} else if (c < 0x10000) {
		s[0] = (uint8_t)(0xe0 | c >> 12);
		n = 3;
	} else {
		s[0] = (uint8_t)(0xf0 | c >> 18);
		n = 4;
	}
	for (size_t i = 1; i < n; i++)
		s[i] = (uint8_t)(0x80 | (c >> 6 * (n - 1 - i) & 0x3f));
	(void)buf_fill(out, s, n);
}

static void read_name(struct reading *r, struct buf *out)
{
	uint32_t high = 0, c = 1;

	while (!r->bad && c) {
		r->bad |= r->n < 2;
		if (r->bad)
			return;
		c = le16(r->p);
		r->p += 2;
		r->n -= 2;
		if (high && c >= 0xdc00 && c < 0xe000)
			put_character(out, 0x10000 + ((high - 0xd800) << 10) + (c - 0xdc00));
		else if (high)
			put_character(out, high);
		if (!high && c && !(c >= 0xd800 && c < 0xdc00))
			put_character(out, c);
		high = c >= 0xd800 && c < 0xdc00 ? c : 0;
	}
}

/*
 * MS-OXCMAPIHTTP 2.2.4.1.2: *code: StatusCode, or ErrorCode. ERR_PROTO where what it must
 * have is missing; the auxiliary buffer tells nothing.
 */
static int read_connect(struct mapi_session *s, uint32_t *code, struct err *err)
{
	struct reading r = {.p = s->body.octets.data, .n = s->body.octets.len};
	struct buf name = buf_of(NAME_MAX_OCTETS);
	const uint8_t *end;

	*code = read_number(&r);
	if (!*code)
		*code = read_number(&r);
	if (*code || r.bad) {
		buf_clear(&name);
		return r.bad ? err_set(err, ERR_PROTO, ERR_WHOLE,
		                       "%s: the answer to Connect is too short", s->url)
		             : 0;
	}
	/* polls, retries, their delay; then DnPrefix */
	for (int i = 0; i < 3; i++)
		(void)read_number(&r);
	end = r.n ? memchr(r.p, 0, r.n) : NULL;
	r.bad |= !end;
	if (end) {
		r.n -= (size_t)(end + 1 - r.p);
		r.p = end + 1;
		read_name(&r, &name);
	}
	s->greeting.display_name = buf_take(&name);
	buf_clear(&name);
	if (r.bad)
		return err_set(err, ERR_PROTO, ERR_WHOLE, "%s: the answer to Connect is too short",
		        s->url);
	return 0;
}

/* UserDn, Flags, code page, the locales of sorting and of text, no auxiliary buffer. */
static void put_connect(struct mapi_session *s)
{
	const struct service *of = &s->service;
	const char *who = of->own_mailbox ? of->own_mailbox : of->mailbox;

	buf_reset(&s->out);
	buf_put(&s->out, who, strlen(who) + 1);
	put_number(&s->out, 0);
	put_number(&s->out, CODE_PAGE);
	put_number(&s->out, LOCALE);
	put_number(&s->out, LOCALE);
	put_number(&s->out, 0);
}

/* The client for s->service, at s->url. */
static int open_client(struct mapi_session *s, struct err *err)
{
	http_close(s->http);
	s->http = NULL;
	return http_open(&s->service, s->role, s->progress, &s->http, err);
}

/* To the URL ${ref}, seen from where it is now, in the one form that compares equal. */
static int move_to(struct mapi_session *s, const char *ref, struct err *err)
{
	struct buf url = buf_of(URL_MAX);
	struct url u;
	int rc = url_join(s->url, ref, &url, err);

	if (rc == 0 && !url_cut(buf_str(&url), &u))
		rc = err_set(err, ERR_PROTO, ERR_WHOLE, "not a URL: %.200s", ref);
	if (rc == 0) {
		/* an address that is known is that of its own host */
		if (s->http && strcmp(s->service.at.host, u.host) != 0)
			s->service.at.address = NULL;
		free(s->url);
		free(s->service.at.host);
		free(s->service.at.path);
		s->url = buf_take(&url);
		s->service.at.host = xstrdup(u.host);
		s->service.at.path = xstrdup(u.path);
		s->service.at.port = u.port;
	}
	buf_clear(&url);
	return rc;
}

/* Another place of the same servers, to which the password may go, too. */
static bool may_move(const struct mapi_session *s, const struct mapi_call *c)
{
	struct buf url = buf_of(URL_MAX);
	struct url u;
	bool may = c->location && c->status >= 300 && c->status < 400 &&
	           url_join(s->url, c->location, &url, NULL) == 0 && url_cut(buf_str(&url), &u) &&
	           url_may_sign_in(&s->service.at, &u) &&
	           u.tls == (s->service.at.security != SECURITY_NONE);

	buf_clear(&url);
	return may;
}

static void keep_greeting(struct mapi_session *s, struct mapi_call *c)
{
	free(s->greeting.server);
	s->greeting.server = c->server;
	c->server = NULL;
	if (s->greeting.server)
		facts_set(s->service.facts, FACT_GREETING, s->greeting.server);
}

/* One Connect: 1: there is more to try. */
static int connect_once(struct mapi_session *s, unsigned *hops, unsigned *busy, struct err *err)
{
	struct mapi_call c = {.type = "Connect"};
	uint32_t code = 0;
	int rc;

	put_connect(s);
	rc = mapi_call(s, &c, err);
	if (rc == ERR_REFUSED && may_move(s, &c) && ++*hops <= HOPS_MAX) {
		s->lost = false;
		mapi_cookies_clear(&s->cookies);
		rc = move_to(s, c.location, err);
		if (rc == 0)
			rc = open_client(s, err);
		rc = rc < 0 ? rc : 1;
	} else if (rc == 0) {
		rc = read_connect(s, &code, err);
		if (rc == 0 && code)
			rc = wait_or_refuse(s, "Connect", code, (*busy)++, err);
		if (rc == 0)
			keep_greeting(s, &c);
	}
	mapi_call_clear(&c);
	return rc;
}

static int start_session(struct mapi_session *s, struct err *err)
{
	struct buf origin = buf_of(URL_MAX);
	unsigned hops = 0, busy = 0;
	int rc;

	url_of_service(&s->service, &origin);
	buf_puts(&origin, s->service.at.path ? s->service.at.path : "/");
	rc = new_guid(s->id, err);
	if (rc == 0)
		rc = new_guid(s->client, err);
	if (rc == 0)
		rc = move_to(s, buf_str(&origin), err);
	if (rc == 0)
		rc = open_client(s, err);
	if (rc == 0)
		do {
			rc = connect_once(s, &hops, &busy, err);
		} while (rc > 0);
	buf_clear(&origin);
	s->begun = rc == 0;
	return rc;
}

int mapi_connect(const struct service *service, enum guard_role role, struct progress *progress,
        struct mapi_session **out, struct err *err)
{
	struct mapi_session *s;
	int rc;

	*out = NULL;
	if (!service->mailbox || !*service->mailbox || strlen(service->mailbox) > DN_MAX ||
	        (service->own_mailbox && strlen(service->own_mailbox) > DN_MAX))
		return err_set(err, ERR_USAGE, ERR_WHOLE,
		        "%s: the mailbox has no distinguished name, or one that is too long",
		        service->name);
	s = xcalloc(1, sizeof *s);
	s->service = *service;
	s->service.at.host = xstrdup(service->at.host);
	s->service.at.path = xstrdup(service->at.path);
	s->role = role;
	s->progress = progress;
	mapi_body_init(&s->body);
	buf_init(&s->out, REQUEST_MAX);
	rc = start_session(s, err);
	if (rc == 0)
		*out = s;
	else
		mapi_disconnect(s);
	return rc;
}

/* ---- Execute ---- */

/* An Execute whose answer is read. */
struct execute {
	struct mapi_session *s;
	const struct mapi_request *rq;
	unsigned given; /* payloads that the caller got */
	int64_t back_off_ms; /* that the server asked for; 0: it did not */
};

/* MS-OXCMAPIHTTP 2.2.4.2.1, with one buffer that is neither compressed nor obfuscated. */
static int put_execute(struct mapi_session *s, const struct mapi_request *rq, struct err *err)
{
	size_t rops = 2 + rq->n_rops, n = rops + 4 * rq->n_handles;

	if (rq->n_rops > MAPI_ROPS_MAX || rq->n_handles > MAPI_HANDLES_MAX || n > PAYLOAD_MAX)
		return err_set(err, ERR_LIMIT, ERR_ITEM, "a request is too long: %zu octets", n);
	buf_reset(&s->out);
	put_number(&s->out, NO_COMPRESSION | NO_XOR_MAGIC | (rq->chain ? CHAIN : 0));
	put_number(&s->out, (uint32_t)n + 8);
	put_short(&s->out, 0);
	put_short(&s->out, 4); /* the last one */
	put_short(&s->out, (uint32_t)n);
	put_short(&s->out, (uint32_t)n);
	put_short(&s->out, (uint32_t)rops);
	buf_put(&s->out, rq->rops, rq->n_rops);
	for (size_t i = 0; i < rq->n_handles; i++)
		put_number(&s->out, rq->handles[i]);
	put_number(&s->out, MAPI_ROP_OUT);
	put_number(&s->out, 0);
	return 0;
}

/*
 * The octets of a RopBackoff (MS-OXCROPS 2.2.15.2) that ${p} begins with, 0: it is
 * another. The longest of its pauses is kept.
 */
static size_t read_back_off(struct execute *x, const uint8_t *p, size_t n)
{
	size_t len = 7;
	int64_t ms;

	if (n < len || p[0] != ROP_BACKOFF)
		return 0;
	ms = le32(p + 2);
	for (unsigned i = p[6]; i; i--, len += 5) {
		if (n - len < 5)
			return 0;
		ms = MAX(ms, (int64_t)le32(p + len + 1));
	}
	if (n - len < 2 || n - len - 2 < le16(p + len))
		return 0;
	x->back_off_ms = MAX(x->back_off_ms, MAX(ms, 1));
	return len + 2 + le16(p + len);
}

/* One payload's ROPs, less what asks for a pause. */
static int give_rops(void *ctx, const struct mapi_answer *a, struct err *err)
{
	struct execute *x = ctx;
	struct mapi_answer rest = *a;
	size_t n;

	while ((n = read_back_off(x, rest.rops, rest.n_rops))) {
		rest.rops += n;
		rest.n_rops -= n;
	}
	if (!rest.n_rops && x->back_off_ms)
		return 0;
	x->given++;
	return x->rq->answer(x->rq->ctx, &rest, err);
}

static int give_payload(void *ctx, const uint8_t *p, size_t n, struct err *err)
{
	return mapi_rop_answer(p, n, give_rops, ctx, err);
}

/*
 * StatusCode, ErrorCode, Flags, the buffer and the auxiliary one (MS-OXCMAPIHTTP
 * 2.2.4.2.2), which tells nothing. *code: what it was refused with.
 */
static int read_execute(struct execute *x, uint32_t *code, struct err *err)
{
	struct reading r = {.p = x->s->body.octets.data, .n = x->s->body.octets.len};
	uint32_t size;

	*code = read_number(&r);
	if (!*code)
		*code = read_number(&r);
	if (*code && !r.bad)
		return 0;
	(void)read_number(&r);
	size = read_number(&r);
	if (r.bad || size > r.n)
		return err_set(err, ERR_PROTO, ERR_ITEM, "the answer to Execute is cut short");
	return mapi_payloads(r.p, size, give_payload, x, err);
}

/* One Execute: 1: the server did nothing, was waited for, and may be asked again. */
static int execute_once(struct execute *x, unsigned *busy, struct err *err)
{
	struct mapi_call c = {.type = "Execute"};
	struct mapi_session *s = x->s;
	uint32_t code = 0;
	int rc = put_execute(s, x->rq, err);

	/* pauses one after the other count together, up to a request without one */
	if (!s->paused)
		s->waited_ms = 0;
	s->paused = false;
	if (rc == 0)
		rc = mapi_call(s, &c, err);
	mapi_call_clear(&c);
	if (rc < 0)
		return rc;
	x->back_off_ms = 0;
	rc = read_execute(x, &code, err);
	if (rc == ERR_PROTO && !x->given)
		s->lost = true;
	if (rc == 0 && code)
		return wait_or_refuse(s, "Execute", code, (*busy)++, err);
	if (rc < 0 || !x->back_off_ms)
		return rc;
	rc = mapi_pause(s, x->back_off_ms, "RopBackoff", err);
	return rc == 0 && !x->given ? 1 : rc;
}

int mapi_execute(struct mapi_session *s, const struct mapi_request *rq, struct err *err)
{
	struct execute x = {.s = s, .rq = rq};
	unsigned busy = 0;
	int rc;

	if (s->lost)
		return err_set(
		        err, ERR_NET, ERR_WHOLE, "%s: the session is gone", s->service.at.host);
	do {
		rc = execute_once(&x, &busy, err);
	} while (rc > 0);
	return rc;
}

int mapi_ping(struct mapi_session *s, struct err *err)
{
	struct mapi_call c = {.type = "PING"};
	int rc;

	if (s->lost || s->expires_ms <= 0 || clock_ms() - s->last_ms < s->expires_ms / 2)
		return 0;
	buf_reset(&s->out);
	rc = mapi_call(s, &c, err);
	mapi_call_clear(&c);
	return rc;
}

/* ---- the end ---- */

void mapi_disconnect(struct mapi_session *s)
{
	struct mapi_call c = {.type = "Disconnect", .most_ms = GOODBYE_MS};
	struct err ignored = {0};

	if (!s)
		return;
	if (s->begun && !s->lost) {
		buf_reset(&s->out);
		put_number(&s->out, 0);
		if (mapi_call(s, &c, &ignored) != 0)
			s->lost = true; /* the server forgets it by itself */
		mapi_call_clear(&c);
	}
	http_close(s->http);
	mapi_cookies_clear(&s->cookies);
	mapi_body_clear(&s->body);
	buf_clear(&s->out);
	free(s->greeting.display_name);
	free(s->greeting.server);
	free(s->service.at.host);
	free(s->service.at.path);
	free(s->url);
	free(s);
}

const struct mapi_greeting *mapi_greeting(const struct mapi_session *s)
{
	return &s->greeting;
}

bool mapi_is_lost(const struct mapi_session *s)
{
	return s->lost;
}

uint64_t mapi_requests(const struct mapi_session *s)
{
	return s->requests;
}
