/*
 * Signing in (RFC 3501 6.2.2 and 6.2.3, RFC 4959 SASL-IR): the exchange is ours, line by
 * line, as libetpan's own crashes on answers with a response code.
 */
#include "internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proto/sasl/sasl.h"
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

#define CHALLENGE_MAX 65536
#define STEPS_MAX 10
#define ANSWER_MAX ((size_t)64 << 10)

/* One try: what was used, and how the server answered. */
struct attempt {
	struct imap *m;
	const struct login *login;
	const char *mech; /* "LOGIN command" has none */
	struct status_line said;
	char text[256];
	char reason[300]; /* from inside the exchange */
	bool sent; /* there was a secret to try */
	bool tokens; /* are taken; without ${mech}, they alone */
};

/* Of sasl_best: is AUTH=${mech} among the capabilities? */
static bool is_offered(void *ctx, const char *mech)
{
	char name[64];

	snprintf(name, sizeof name, "AUTH=%s", mech);
	for (size_t i = 0; i < ((struct imap *)ctx)->n_caps; i++)
		if (strcasecmp(((struct imap *)ctx)->caps[i], name) == 0)
			return true;
	return false;
}

/* Octets as a line of base64; wiped. */
static int send_answer(struct imap *m, const struct buf *answer, const char *end, struct err *err)
{
	char *text = base64_encode(answer->data, answer->len);
	int r = write_bytes(m, text, strlen(text), err);

	wipe(text, strlen(text));
	free(text);
	return r ? r : write_bytes(m, end, strlen(end), err);
}

/* The answer to "+ base64"; "*" cancels what cannot be answered, the reason is kept. */
static int answer_challenge(
        struct attempt *a, struct sasl *sasl, const char *p, size_t n, struct err *err)
{
	uint8_t *in = xmalloc(n + 1);
	struct err why = {0};
	struct buf out = buf_of(ANSWER_MAX);
	long got;
	int r;

	p++;
	n--;
	text_trim(&p, &n);
	got = n > CHALLENGE_MAX ? -1 : base64_decode(p, n, in, n + 1);
	r = got < 0 ? err_set(&why, ERR_AUTH, ERR_WHOLE, "the challenge is not base64")
	            : sasl_step(sasl, in, (size_t)got, &out, &why);
	if (r != 0) {
		snprintf(a->reason, sizeof a->reason, "%.290s", why.text);
		r = write_bytes(a->m, "*\r\n", 3, err);
	} else {
		r = send_answer(a->m, &out, "\r\n", err);
	}
	sasl_wipe(&out);
	buf_clear(&out);
	free(in);
	return r ? r : command_flush(a->m, err);
}

static int keep_status(struct attempt *a, const struct status_line *s)
{
	a->said = *s;
	snprintf(a->text, sizeof a->text, "%.*s", (int)MIN(s->text_len, 250), s->text);
	if (strcmp(s->code, "CAPABILITY") == 0 && s->status == STATUS_OK)
		caps_take(a->m, s->args);
	return 0;
}

/* BYE instead of an answer: some servers refuse a token so. */
static int hung_up(struct attempt *a, const struct status_line *s, struct err *err)
{
	int r = bye(s, "the server ended the connection while signing in", err);
	enum imap_class class;

	(void)keep_status(a, s);
	(void)session_fail(a->m, ERR_NET, NULL, "BYE while signing in");
	class = imap_classify_sign_in(s->code, a->text);
	if (class != IMAP_AUTH && class != IMAP_TEMPORARY)
		return r;
	r = class == IMAP_AUTH ? ERR_AUTH : ERR_BUSY;
	if (err)
		err->code = (enum err_code)r;
	return r;
}

/* Read until the tagged line, answering challenges. */
static int sasl_exchange(struct attempt *a, struct sasl *sasl, struct err *err)
{
	unsigned steps = 0;
	struct untagged u;
	const char *p;
	size_t n;
	int r;

	for (;;) {
		struct status_line s;

		if ((r = read_line(a->m, &p, &n, err)) != 0)
			return r;
		if (n && *p == '+' && sasl) {
			if (++steps > STEPS_MAX)
				return session_fail(
				        a->m, ERR_PROTO, err, "an endless SASL exchange");
			if ((r = answer_challenge(a, sasl, p, n, err)) != 0)
				return r;
			count_wait(a->m);
		} else if (status_parse(p, n, &s) && s.tag == a->m->tag) {
			return keep_status(a, &s);
		} else if (s.status == STATUS_BYE) {
			return hung_up(a, &s, err);
		} else if (untagged_parse(p, n, &u) && token_is(&u.word, "CAPABILITY")) {
			caps_take(a->m, u.rest);
		}
	}
}

/* What was sent is answered; capabilities change with the state (RFC 3501 6.1.1). */
static int await_answer(struct attempt *a, struct sasl *sasl, struct err *err)
{
	int r = command_flush(a->m, err);

	caps_forget(a->m);
	if (r != 0)
		return r;
	count_wait(a->m);
	return sasl_exchange(a, sasl, err);
}

/* AUTHENTICATE, with the first answer in the same line where both sides can. */
static int run_sasl(struct attempt *a, struct sasl *sasl, struct err *err)
{
	struct imap *m = a->m;
	struct err why = {0};
	struct buf first = buf_of(ANSWER_MAX);
	int r = 0;

	command_start(m, "AUTHENTICATE ");
	buf_puts(&m->cmd, a->mech);
	if (imap_has(m, "SASL-IR") && sasl_client_first(sasl)) {
		buf_putc(&m->cmd, ' ');
		r = write_bytes(m, m->cmd.data, m->cmd.len, err);
		if (r == 0 && sasl_step(sasl, "", 0, &first, &why) != 0)
			r = session_fail(m, ERR_AUTH, err, why.text);
		if (r == 0)
			r = send_answer(m, &first, first.len ? "\r\n" : "=\r\n", err);
	} else {
		buf_puts(&m->cmd, "\r\n");
		r = write_bytes(m, m->cmd.data, m->cmd.len, err);
	}
	sasl_wipe(&first);
	buf_clear(&first);
	return r ? r : await_answer(a, sasl, err);
}

/* The LOGIN command, where no mechanism is offered. */
static int login_command(struct attempt *a, const struct secret *secret, struct err *err)
{
	struct imap *m = a->m;
	int r;

	command_start(m, "LOGIN");
	r = command_string(m, (const uint8_t *)a->login->user, strlen(a->login->user), err);
	if (r == 0)
		r = command_string(m, (const uint8_t *)secret->data, secret->len, err);
	if (r == 0) {
		buf_puts(&m->cmd, "\r\n");
		r = write_bytes(m, m->cmd.data, m->cmd.len, err);
	} else if (!m->dead) {
		r = err_set(err, ERR_AUTH, ERR_WHOLE,
		        "the user name or password cannot be sent by LOGIN");
	}
	sasl_wipe(&m->cmd);
	return r ? r : await_answer(a, NULL, err);
}

/* The sign-in was refused: by its code and words, with what a person can do. */
static int set_refused(struct attempt *a, const struct endpoint *at, struct err *err)
{
	struct imap *m = a->m;
	const char *hint = imap_hint(at->host, a->text);
	char what[700];
	int code;

	snprintf(m->last_code, sizeof m->last_code, "%s", a->said.code);
	snprintf(m->last_text, sizeof m->last_text, "%s", a->text);
	snprintf(what, sizeof what, "%.100s:%u: signing in as %.100s (%s)%s%.200s", at->host,
	        (unsigned)at->port, a->login->user, a->mech ? a->mech : "LOGIN command",
	        *a->reason ? ": " : "", a->reason);
	code = sign_in_refusal(a->said.status, a->said.code, a->text, what, err);
	if (code == ERR_AUTH && hint)
		err_set(err, code, ERR_WHOLE, "%s; %s", err->text, hint);
	if (code == ERR_AUTH && ((a->tokens && !a->mech) || sasl_says_oauth(a->text) ||
	                                (hint && sasl_says_oauth(hint))))
		(void)sasl_name_login(a->login, err);
	if (err)
		err->code = (enum err_code)code;
	return err_widen(err, ERR_WHOLE), code;
}

/*
 * One try with the secret that is asked for; a fresh one if ${used} holds one that was
 * refused.
 */
static int try_login(
        struct attempt *a, const struct service *service, struct secret *used, struct err *err)
{
	struct sasl *sasl = NULL;
	int r = a->login->get_secret(a->login->ctx, used->data != NULL, used, err);

	a->sent = r == 0;
	if (r != 0)
		return r;
	a->reason[0] = '\0';
	if (a->mech && !(sasl = sasl_new(a->mech, a->login, used, &service->at, err)))
		return ERR_AUTH;
	transport_secret(a->m->t, true);
	r = sasl ? run_sasl(a, sasl, err) : login_command(a, used, err);
	transport_secret(a->m->t, false);
	if (sasl && *sasl_server_says(sasl))
		snprintf(a->reason, sizeof a->reason, "%s", sasl_server_says(sasl));
	/* The reason came, and then the end of the connection instead of NO. */
	if (r == ERR_NET && *a->reason)
		r = err_set(err, ERR_AUTH, ERR_WHOLE, "signing in as %.100s (%s): %.200s",
		        a->login->user, a->mech, a->reason);
	else if (r == 0 && a->said.status != STATUS_OK)
		r = set_refused(a, &service->at, err);
	else if (r == 0 && sasl && (r = sasl_finish(sasl, err)) != 0)
		(void)session_fail(a->m, ERR_AUTH, NULL, "the server did not prove itself");
	else if (r == 0 && a->login->let_in)
		a->login->let_in(a->login->ctx, used);
	if (r == 0)
		facts_set(a->m->facts, FACT_SIGN_IN, a->mech ? a->mech : "LOGIN command");
	sasl_free(sasl);
	return r;
}

/* The mechanism to use: NULL with 0 means the LOGIN command. */
static int choose_way(struct attempt *a, struct err *err)
{
	const char *mech = a->login->mech;
	char list[300] = "";

	if (mech) {
		a->mech = mech;
		/* LOGIN is also the name of the command. */
		if (strcmp(mech, "LOGIN") == 0 && !is_offered(a->m, mech))
			a->mech = NULL;
		return sasl_check(a->login, mech, err);
	}
	a->mech = sasl_best(a->login, transport_is_tls(a->m->t), is_offered, a->m);
	a->tokens = is_offered(a->m, "OAUTHBEARER") || is_offered(a->m, "XOAUTH2");
	if (a->mech || (!a->login->token && !imap_has(a->m, "LOGINDISABLED")))
		return sasl_check(a->login, a->mech, err);
	for (size_t i = 0; i < a->m->n_caps; i++)
		if (strncasecmp(a->m->caps[i], "AUTH=", 5) == 0)
			snprintf(list + strlen(list), sizeof list - strlen(list), " %s",
			        a->m->caps[i] + 5);
	err_set(err, ERR_AUTH, ERR_WHOLE,
	        "the server offers no way to sign in with a %s (offered:%s)",
	        a->login->token ? "token" : "password", *list ? list : " none");
	return sasl_says_oauth(list) ? sasl_name_login(a->login, err) : ERR_AUTH;
}

bool session_uses_token(const struct login *login)
{
	return login->token || (login->mech && sasl_uses_token(login->mech));
}

/*
 * A token expires: ask once for a fresh one. A password that is wrong stays wrong, unless
 * a person types another one; how often is up to who asks.
 */
static int try_others(
        struct attempt *a, const struct service *service, struct secret *used, struct err *err)
{
	bool token = session_uses_token(a->login);
	struct err again;
	int r = ERR_AUTH;

	while (r == ERR_AUTH && imap_alive(a->m)) {
		err_clear(&again);
		r = try_login(a, service, used, &again);
		/* nobody types another one: what the server said is the reason */
		if (!a->sent && !token && r != ERR_STOPPED)
			return ERR_AUTH;
		/* it hung up after the refusal: the fresh one was not looked at */
		if (token && r == ERR_NET) {
			secret_clear(used);
			return ERR_AUTH;
		}
		if (r == 0)
			err_clear(err);
		else if (err)
			*err = again;
		if (token)
			break;
	}
	return r;
}

int session_login(
        struct imap *m, const struct service *service, struct secret *used, struct err *err)
{
	struct attempt a = {.m = m, .login = &service->login};
	bool renewed = used->data != NULL;
	int r;

	if ((r = caps_ask(m, err)) != 0 || (r = choose_way(&a, err)) != 0)
		return r;
	if (!a.login->user || !a.login->get_secret)
		return err_set(
		        err, ERR_AUTH, ERR_WHOLE, "no user name or password to sign in with");
	r = try_login(&a, service, used, err);
	if (r == ERR_AUTH && a.sent && !renewed && (session_uses_token(a.login) || a.login->typed))
		r = try_others(&a, service, used, err);
	return r ? r : caps_ask(m, err);
}
