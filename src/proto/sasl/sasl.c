/* The client side of SASL (RFC 4422): a mechanism is chosen, and each step answered. */
#include "sasl.h"
#include <stdlib.h>
#include <string.h>
#include "scram.h"
#include "valise/base/mem.h"

enum mech { MECH_SCRAM256, MECH_SCRAM1, MECH_PLAIN, MECH_LOGIN, MECH_OAUTHBEARER, MECH_XOAUTH2 };

/* Best first. */
static const struct {
	const char *name;
	enum mech mech;
	bool token;
	bool authzid; /* can carry one */
} mechs[] = {
        {"SCRAM-SHA-256", MECH_SCRAM256, false, true},
        {"SCRAM-SHA-1", MECH_SCRAM1, false, true},
        {"PLAIN", MECH_PLAIN, false, true},
        {"LOGIN", MECH_LOGIN, false, false},
        {"OAUTHBEARER", MECH_OAUTHBEARER, true, true},
        {"XOAUTH2", MECH_XOAUTH2, true, false},
};
#define MECHS COUNT(mechs)

struct sasl {
	enum mech mech;
	const struct login *login;
	const struct endpoint *at;
	struct secret secret;
	struct scram scram;
	int step;
	char says[300];
};

static size_t find_mech(const char *mech)
{
	size_t i = 0;

	while (i < MECHS && strcmp(mechs[i].name, mech) != 0)
		i++;
	return i;
}

bool sasl_known(const char *mech)
{
	return find_mech(mech) < MECHS;
}

bool sasl_uses_token(const char *mech)
{
	size_t i = find_mech(mech);

	return i < MECHS && mechs[i].token;
}

const char *sasl_best(const struct login *login, bool encrypted,
        bool (*offers)(void *ctx, const char *mech), void *ctx)
{
	/*
	 * Dovecot with "pass = yes" holds SCRAM against the password of who is acted for.
	 */
	if (login->authzid && !login->token && encrypted && offers(ctx, "PLAIN"))
		return "PLAIN";
	for (size_t i = 0; i < MECHS; i++)
		if (mechs[i].token == login->token && (mechs[i].authzid || !login->authzid) &&
		        offers(ctx, mechs[i].name))
			return mechs[i].name;
	return NULL;
}

int sasl_check(const struct login *login, const char *mech, struct err *err)
{
	size_t i = mech ? find_mech(mech) : MECHS;

	if (mech && i == MECHS)
		return err_set(err, ERR_USAGE, ERR_WHOLE,
		        "valise does not know the SASL mechanism %s", mech);
	if (!login->authzid || (mech && mechs[i].authzid))
		return 0;
	return err_set(err, ERR_USAGE, ERR_WHOLE,
	        "--authzid %s: signing in by %s cannot carry an authorization identity; PLAIN, "
	        "SCRAM-SHA-1, SCRAM-SHA-256 and OAUTHBEARER can, where the server offers them",
	        login->authzid, mech ? mech : "a plain user name and password");
}

struct sasl *sasl_new(const char *mech, const struct login *login, const struct secret *secret,
        const struct endpoint *at, struct err *err)
{
	struct sasl *s = xcalloc(1, sizeof *s);
	int r;

	s->mech = mechs[find_mech(mech)].mech;
	s->login = login;
	s->at = at;
	r = secret_set(&s->secret, secret->data, secret->len, err);
	if (r == 0 && !login->user)
		r = err_set(err, ERR_AUTH, ERR_WHOLE, "no user name to sign in with");
	if (r == 0 && secret->len && memchr(secret->data, '\0', secret->len))
		r = err_set(err, ERR_AUTH, ERR_WHOLE, "the password holds a NUL");
	if (r == 0 && (s->mech == MECH_SCRAM256 || s->mech == MECH_SCRAM1))
		r = scram_start(
		        &s->scram, s->mech == MECH_SCRAM256, login->user, login->authzid, err);
	if (r == 0)
		return s;
	sasl_free(s);
	return NULL;
}

void sasl_free(struct sasl *s)
{
	if (!s)
		return;
	secret_clear(&s->secret);
	wipe(s, sizeof *s);
	free(s);
}

bool sasl_client_first(const struct sasl *s)
{
	return s->mech != MECH_LOGIN;
}

void sasl_wipe(struct buf *b)
{
	if (b->size)
		wipe(b->data, b->size);
	buf_reset(b);
}

static int say_plain(struct sasl *s, struct buf *out, struct err *err)
{
	if (s->step > 1)
		return err_set(err, ERR_AUTH, ERR_WHOLE, "the server asks again after PLAIN");
	if (s->login->authzid)
		buf_puts(out, s->login->authzid);
	buf_putc(out, '\0');
	buf_puts(out, s->login->user);
	buf_putc(out, '\0');
	buf_put(out, s->secret.data, s->secret.len);
	return 0;
}

/*
 * draft-murchison-sasl-login: the challenges are prompts for a person; only their order
 * counts.
 */
static int login_mech(struct sasl *s, struct buf *out, struct err *err)
{
	if (s->step == 1)
		buf_puts(out, s->login->user);
	else if (s->step == 2)
		buf_put(out, s->secret.data, s->secret.len);
	else
		return err_set(err, ERR_AUTH, ERR_WHOLE, "the server asks again after LOGIN");
	return 0;
}

/*
 * A second challenge is the reason of a refusal; the exchange is ended as each mechanism
 * wants it.
 */
static int say_bearer(struct sasl *s, const void *in, size_t n, struct buf *out, struct err *err)
{
	const char *user = s->login->authzid ? s->login->authzid : s->login->user;
	char name[SASLNAME_SIZE] = "";

	if (s->step == 2) {
		size_t keep = n < sizeof s->says ? n : sizeof s->says - 1;

		memcpy(s->says, in, keep);
		s->says[keep] = '\0';
		if (s->mech == MECH_OAUTHBEARER)
			buf_putc(out, '\1');
		return 0;
	}
	if (s->step > 2)
		return err_set(err, ERR_AUTH, ERR_WHOLE, "the server asks again after the token");
	if (!saslname_add(name, sizeof name, user))
		return err_set(err, ERR_AUTH, ERR_WHOLE, "the user name is too long");
	if (s->mech == MECH_XOAUTH2)
		buf_putf(out, "user=%s\1auth=Bearer %s\1\1", s->login->user, s->secret.data);
	else
		buf_putf(out, "n,a=%s,\1host=%s\1port=%u\1auth=Bearer %s\1\1", name, s->at->host,
		        s->at->port, s->secret.data);
	return 0;
}

int sasl_step(struct sasl *s, const void *in, size_t n, struct buf *out, struct err *err)
{
	buf_reset(out);
	s->step++;
	switch (s->mech) {
	case MECH_SCRAM256:
	case MECH_SCRAM1:
		return scram_step(&s->scram, &s->secret, in, n, out, err);
	case MECH_PLAIN:
		return say_plain(s, out, err);
	case MECH_LOGIN:
		return login_mech(s, out, err);
	case MECH_OAUTHBEARER:
	case MECH_XOAUTH2:
		break;
	}
	return say_bearer(s, in, n, out, err);
}

int sasl_finish(const struct sasl *s, struct err *err)
{
	bool scram = s->mech == MECH_SCRAM256 || s->mech == MECH_SCRAM1;

	if (scram && !s->scram.verified)
		return err_set(err, ERR_AUTH, ERR_WHOLE,
		        "the server did not prove that it knows the password (SCRAM signature)");
	return 0;
}

const char *sasl_server_says(const struct sasl *s)
{
	return s->says;
}

bool sasl_says_oauth(const char *text)
{
	static const char *const words[] = {"oauth", "access token", "basicauthblocked",
	        "basic authentication is disabled", "basic auth is disabled",
	        "password authentication is disabled", "password login is disabled",
	        "modern authentication"};

	for (size_t i = 0; i < COUNT(words); i++)
		if (strcasestr(text, words[i]))
			return true;
	return false;
}

int sasl_name_login(const struct login *login, struct err *err)
{
	static const char by[] = "sign in by OAuth";
	size_t n = err ? strlen(err->text) : 0;
	bool said = n >= sizeof by - 1 && strcmp(err->text + n - (sizeof by - 1), by) == 0;

	if (!err || login->token || (login->mech && sasl_uses_token(login->mech)) ||
	        !login->command)
		return err ? (int)err->code : ERR_AUTH;
	return err_set(err, err->code, err->scope, "%s%s%s: %s", err->text, said ? "" : "; ",
	        said ? "" : by, login->command);
}

void sasl_set_nonce(struct sasl *s, const char *nonce)
{
	size_t n = strlen(nonce);

	n = n < sizeof s->scram.nonce ? n : sizeof s->scram.nonce - 1;
	memcpy(s->scram.nonce, nonce, n);
	s->scram.nonce[n] = '\0';
}
