/*
 * The flows of OAuth: by a browser here (RFC 8252), by one elsewhere (RFC 8628), renewing
 * (RFC 6749 6) and revoking (RFC 7009).
 */
#include "answer.h"
#include "form.h"
#include "loopback.h"
#include "post.h"
#include "valise/base/clock.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORM_MAX ((size_t)256 << 10)
#define GRANT_DEVICE "urn:ietf:params:oauth:grant-type:device_code"
#define SLOWER_S 5 /* RFC 8628 3.5 */

void oauth_client_clear(struct oauth_client *c)
{
	char *const texts[] = {c->issuer, c->authorize, c->device, c->token, c->revoke, c->scopes,
	        c->id, c->user, c->ca_file, c->proxy};

	if (c->proxy)
		wipe(c->proxy, strlen(c->proxy));
	for (size_t i = 0; i < COUNT(texts); i++)
		free(texts[i]);
	memset(c, 0, sizeof *c);
}

void oauth_tokens_clear(struct oauth_tokens *t)
{
	secret_clear(&t->access);
	secret_clear(&t->refresh);
	oauth_who_clear(&t->who);
	t->expires_ms = 0;
}

/* Room at once: a buffer that grows would leave copies of secrets behind. */
static struct buf form_of(void)
{
	struct buf b = buf_of(FORM_MAX);

	buf_putf(&b, "%*s", 4 * SECRET_MAX, "");
	buf_reset(&b);
	return b;
}

static void clear_form(struct buf *b)
{
	wipe(b->data, b->size);
	buf_clear(b);
}

/* Who asks: the id, and the secret of those clients that have one (RFC 6749 2.3.1). */
static int put_client(const struct oauth_client *c, struct buf *form, struct err *err)
{
	struct secret secret = {0};
	int rc;

	form_put(form, "client_id", c->id);
	if (!c->get_secret)
		return 0;
	rc = c->get_secret(c->ctx, &secret, err);
	if (rc == 0) {
		secret_learn(&secret);
		form_put(form, "client_secret", secret.data);
	}
	secret_clear(&secret);
	return rc;
}

static int ask_tokens(const struct oauth_client *c, struct buf *form, struct oauth_tokens *out,
        enum answer_next *next_out, struct err *err)
{
	struct reply reply = {0};
	int rc = put_client(c, form, err);

	*next_out = NEXT_FAIL;
	if (rc != 0)
		return rc;
	rc = oauth_send(c, "oauth-token", c->token, form, &reply, err);
	if (rc == 0)
		rc = answer_tokens(reply.status, buf_str(&reply.text), reply.text.len, clock_ms(),
		        out, next_out, err);
	reply_clear(&reply);
	return rc;
}

int oauth_discover(struct oauth_client *c, struct err *err)
{
	int rc = ERR_NOTFOUND;

	if (!c->issuer || (c->token && (c->authorize || c->device)))
		return 0;
	for (unsigned nth = 0; rc == ERR_NOTFOUND; nth++) {
		struct buf url = buf_of(4096);
		struct reply reply = {0};

		if (!metadata_url(c->issuer, nth, &url)) {
			buf_clear(&url);
			return err_set(err, ERR_PROTO, ERR_WHOLE,
			        "%.200s does not say how to sign in (no metadata of OAuth)",
			        c->issuer);
		}
		rc = oauth_send(c, "oauth", buf_str(&url), NULL, &reply, err);
		if (rc == 0 && (reply.status == 429 || reply.status == 503))
			rc = err_set(err, ERR_BUSY, ERR_WHOLE, "%.200s is busy (HTTP %d)",
			        c->issuer, reply.status);
		else if (rc == 0 && reply.status >= 300)
			rc = ERR_NOTFOUND;
		else if (rc == 0)
			rc = answer_metadata(buf_str(&reply.text), reply.text.len, c, err);
		reply_clear(&reply);
		buf_clear(&url);
	}
	return rc;
}

static int trade_code(const struct oauth_client *c, const struct secret *code, const char *redirect,
        const char *verifier, struct oauth_tokens *out, struct err *err)
{
	struct buf form = form_of();
	enum answer_next next;
	int rc;

	form_put(&form, "grant_type", "authorization_code");
	form_put(&form, "code", code->data);
	form_put(&form, "redirect_uri", redirect);
	form_put(&form, "code_verifier", verifier);
	rc = ask_tokens(c, &form, out, &next, err);
	clear_form(&form);
	if (rc == 0 && next != NEXT_DONE)
		rc = err_set(err, ERR_PROTO, ERR_WHOLE, "the token server wants to be asked again");
	return rc;
}

static int lacks_url(const char *what, struct err *err)
{
	return err_set(
	        err, ERR_USAGE, ERR_WHOLE, "%s is not known: it is a key of accounts.ini", what);
}

static int check_url(
        const struct oauth_client *c, const char *what, const char *url, struct err *err)
{
	const char *why = url ? why_untrusted(url, c->cleartext && !c->proxy) : NULL;

	if (!url)
		return lacks_url(what, err);
	if (why)
		return err_set(err, ERR_TLS, ERR_WHOLE, "%s: %.200s is %s", what, url, why);
	return 0;
}

/* A server may repeat it in its words. */
static int learn_word(const char *word, struct err *err)
{
	struct secret s = {0};
	int rc = secret_set(&s, word, strlen(word), err);

	if (rc == 0)
		secret_learn(&s);
	secret_clear(&s);
	return rc;
}

static int browse_to(struct oauth_client *c, int fd, unsigned port, const struct oauth_ui *ui,
        struct oauth_tokens *out, struct err *err)
{
	char verifier[WORD_SIZE], challenge[WORD_SIZE], state[WORD_SIZE], redirect[40];
	struct redirect_want want = {
	        .port = port, .state = state, .issuer = c->issuer, .iss_needed = c->iss_comes};
	struct buf url = buf_of(FORM_MAX);
	struct secret code = {0};
	int rc = random_word(verifier, err);

	if (rc == 0)
		rc = learn_word(verifier, err);
	if (rc == 0)
		rc = random_word(state, err);
	if (rc != 0) {
		(void)sys_close(fd);
		return rc;
	}
	snprintf(redirect, sizeof redirect, "http://127.0.0.1:%u/", port);
	pkce_challenge(verifier, challenge);
	authorize_url(c, redirect, state, challenge, &url);
	ui->show(ui->ctx, buf_str(&url), NULL, NULL);
	rc = loopback_wait(fd, &want, ui, &code, err);
	if (rc == 0)
		rc = trade_code(c, &code, redirect, verifier, out, err);
	wipe(verifier, sizeof verifier);
	secret_clear(&code);
	buf_clear(&url);
	return rc;
}

int oauth_browse(struct oauth_client *c, const struct oauth_ui *ui, struct oauth_tokens *out,
        struct err *err)
{
	unsigned port = 0;
	int fd = -1, rc = oauth_discover(c, err);

	if (rc == 0)
		rc = check_url(c, "oauth-authorize", c->authorize, err);
	if (rc == 0)
		rc = check_url(c, "oauth-token", c->token, err);
	if (rc == 0)
		rc = loopback_open(&fd, &port, err);
	return rc == 0 ? browse_to(c, fd, port, ui, out, err) : rc;
}

/* ---- the device flow ---- */

static int ask_codes(const struct oauth_client *c, struct device_answer *out, struct err *err)
{
	struct buf form = form_of();
	struct reply reply = {0};
	int rc;

	form_put(&form, "scope", c->scopes);
	rc = put_client(c, &form, err);
	if (rc == 0) {
		rc = oauth_send(c, "oauth-device", c->device, &form, &reply, err);
		if (rc == 0)
			rc = answer_device(
			        reply.status, buf_str(&reply.text), reply.text.len, out, err);
		reply_clear(&reply);
	}
	clear_form(&form);
	return rc;
}

static int poll_once(const struct oauth_client *c, const struct secret *device_code,
        struct oauth_tokens *out, enum answer_next *next_out, struct err *err)
{
	struct buf form = form_of();
	int rc;

	form_put(&form, "grant_type", GRANT_DEVICE);
	form_put(&form, "device_code", device_code->data);
	rc = ask_tokens(c, &form, out, next_out, err);
	clear_form(&form);
	return rc;
}

static int poll_device(const struct oauth_client *c, const struct device_answer *a,
        struct oauth_tokens *out, struct err *err)
{
	int64_t until = clock_ms() + (int64_t)a->expires_s * 1000;
	unsigned interval = a->interval_s;

	while (clock_ms() < until) {
		enum answer_next next = NEXT_FAIL;
		int rc = clock_sleep((int64_t)interval * 1000, err);

		if (rc == 0)
			rc = poll_once(c, &a->device_code, out, &next, err);
		if (rc == ERR_NET || rc == ERR_BUSY) { /* asked less, it may be there again (3.5) */
			err_clear(err);
			interval = MIN(2 * interval, (unsigned)INTERVAL_MAX_S);
			continue;
		}
		if (rc != 0 || next == NEXT_DONE)
			return rc;
		interval += next == NEXT_SLOWER ? SLOWER_S : 0;
	}
	return err_set(err, ERR_AUTH, ERR_WHOLE, "nobody signed in before the code was too old");
}

int oauth_ask_device(struct oauth_client *c, const struct oauth_ui *ui, struct oauth_tokens *out,
        struct err *err)
{
	struct device_answer a = {0};
	int rc = oauth_discover(c, err);

	if (rc == 0)
		rc = check_url(c, "oauth-device", c->device, err);
	if (rc == 0)
		rc = check_url(c, "oauth-token", c->token, err);
	if (rc == 0)
		rc = ask_codes(c, &a, err);
	if (rc == 0) {
		secret_learn(&a.device_code);
		ui->show(ui->ctx, a.url, a.whole, a.user_code);
		rc = poll_device(c, &a, out, err);
	}
	device_answer_clear(&a);
	return rc;
}

/* ---- later ---- */

int oauth_refresh(struct oauth_client *c, const struct secret *refresh, struct oauth_tokens *out,
        struct err *err)
{
	struct buf form;
	enum answer_next next;
	int rc = c->token ? 0 : oauth_discover(c, err);

	if (rc == 0)
		rc = check_url(c, "oauth-token", c->token, err);
	if (rc != 0)
		return rc;
	form = form_of();
	form_put(&form, "grant_type", "refresh_token");
	form_put(&form, "refresh_token", refresh->data);
	rc = ask_tokens(c, &form, out, &next, err);
	clear_form(&form);
	if (rc == 0 && next != NEXT_DONE)
		rc = err_set(err, ERR_PROTO, ERR_WHOLE, "the token server wants to be asked again");
	/* What is wrong with the client or the server may be mended without a sign-in. */
	if (rc == ERR_AUTH && next != NEXT_SIGN_IN)
		rc = err_set(err, ERR_REFUSED, ERR_WHOLE, "%s", err ? err->text : "");
	return rc;
}

int oauth_revoke(struct oauth_client *c, const struct secret *refresh, struct err *err)
{
	struct reply reply = {0};
	struct buf form;
	int rc = c->revoke ? 0 : oauth_discover(c, err);

	if (rc == 0 && !c->revoke)
		rc = err_set(err, ERR_UNSUPPORTED, ERR_WHOLE,
		        "the server has no way to revoke a token that is known (oauth-revoke)");
	if (rc == 0)
		rc = check_url(c, "oauth-revoke", c->revoke, err);
	if (rc != 0)
		return rc;
	form = form_of();
	form_put(&form, "token", refresh->data);
	form_put(&form, "token_type_hint", "refresh_token");
	rc = put_client(c, &form, err);
	if (rc == 0) {
		rc = oauth_send(c, "oauth-revoke", c->revoke, &form, &reply, err);
		if (rc == 0)
			rc = answer_revoked(
			        reply.status, buf_str(&reply.text), reply.text.len, err);
		reply_clear(&reply);
	}
	clear_form(&form);
	return rc;
}
