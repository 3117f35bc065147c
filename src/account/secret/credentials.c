/*
 * Passwords from a command, a descriptor, a text, the keyring or the terminal, and access
 * tokens; asked for once, and again when they are refused or too old.
 */
#include "credentials.h"
#include "answers.h"
#include "oauth.h"
#include "store.h"
#include "valise/base/clock.h"
#include "valise/base/mem.h"
#include "valise/base/progress.h"
#include "valise/base/sys.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SLICE_MS 200
/* a command that gave the same token again is left alone for so long */
#define USELESS_MS 10000
#define OUTPUT_MAX (64 << 10) /* of a command, all lines */
#define RENEWALS_MAX 5
#define ASKED_MAX 3 /* servers lock accounts that go on */

struct secret_source {
	struct account_secrets *owner;
	enum source_type type;
	char *text, *label;
	struct secret cached;
	/* when the command, asked again, last gave the same; 0: never */
	int64_t useless_ms;
	struct answers answers; /* SOURCE_TERMINAL: these instead of cached */
	bool keyring_asked;
	unsigned users;
	struct oauth_source *oauth; /* SOURCE_OAUTH: owned */
	int64_t fresh_until_ms; /* SOURCE_OAUTH: the token is better renewed then */
	int64_t renewed_ms; /* last, and how often without a pause, as it was refused */
	unsigned renewals;
};

struct secret_user {
	struct secret_source *source;
	char *label;
	unsigned bit; /* of struct answer */
	struct secret last; /* SOURCE_TERMINAL: what was given */
};

struct account_secrets {
	pthread_mutex_t lock; /* one question at a time; guards what is known */
	struct secret_source **items;
	size_t n, cap;
	struct secret_user **users;
	size_t n_users, cap_users;
};

struct account_secrets *secrets_new(void)
{
	struct account_secrets *s = xcalloc(1, sizeof *s);

	pthread_mutex_init(&s->lock, NULL);
	return s;
}

static void free_text(struct secret_source *s)
{
	if (s->text)
		wipe(s->text, strlen(s->text));
	free(s->text);
	s->text = NULL;
}

void secrets_free(struct account_secrets *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++) {
		free_text(s->items[i]);
		free(s->items[i]->label);
		secret_clear(&s->items[i]->cached);
		answers_clear(&s->items[i]->answers);
		oauth_source_free(s->items[i]->oauth);
		free(s->items[i]);
	}
	for (size_t i = 0; i < s->n_users; i++) {
		free(s->users[i]->label);
		secret_clear(&s->users[i]->last);
		free(s->users[i]);
	}
	free(s->users);
	free(s->items);
	pthread_mutex_destroy(&s->lock);
	free(s);
	secret_forget_all(); /* no server that knows them is talked to any more */
}

/* "imap at h" and "caldav at h" are "imap and caldav at h". */
static void add_label(struct secret_source *s, const char *label)
{
	const char *at = strstr(s->label, " at "), *more = strstr(label, " at ");
	char *joined;

	if (strstr(s->label, label))
		return;
	if (at && more && strcmp(at, more) == 0)
		joined = xasprintf("%.*s and %s", (int)(at - s->label), s->label, label);
	else
		joined = xasprintf("%s and %s", s->label, label);
	free(s->label);
	s->label = joined;
}

struct secret_source *secrets_source(
        struct account_secrets *s, enum source_type type, const char *text, const char *label)
{
	struct secret_source *made;

	for (size_t i = 0; i < s->n; i++)
		if (s->items[i]->type == type && strcmp(s->items[i]->text, text) == 0) {
			add_label(s->items[i], label);
			return s->items[i];
		}
	made = xcalloc(1, sizeof *made);
	made->owner = s;
	made->type = type;
	made->text = xstrdup(text);
	made->label = xstrdup(label);
	if (type == SOURCE_FD)
		(void)fcntl(atoi(text), F_SETFD, FD_CLOEXEC);
	*ARR_PUSH(s->items, s->n, s->cap) = made;
	return made;
}

struct secret_source *secrets_oauth(
        struct account_secrets *s, struct oauth_source *o, const char *label)
{
	struct secret_source *made = secrets_source(s, SOURCE_OAUTH, oauth_source_id(o), label);

	if (made->oauth)
		oauth_source_free(o);
	else
		made->oauth = o;
	return made;
}

struct secret_user *secrets_user(struct secret_source *source, const char *label)
{
	struct account_secrets *s = source->owner;
	struct secret_user *made = xcalloc(1, sizeof *made);

	made->source = source;
	made->label = xstrdup(label);
	made->bit = 1u << source->users++;
	*ARR_PUSH(s->users, s->n_users, s->cap_users) = made;
	return made;
}

struct secret_source *secret_user_source(const struct secret_user *u)
{
	return u->source;
}

struct oauth_source *secret_source_oauth(const struct secret_source *s)
{
	return s->oauth;
}

enum source_type secret_source_type(const struct secret_source *s)
{
	return s->type;
}

const char *secret_source_text(const struct secret_source *s)
{
	return s->text;
}

const char *secret_source_label(const struct secret_source *s)
{
	return s->label;
}

/* Wait for ${fd} in slices: a thread that got no signal notices the request too. */
static int wait_readable(int fd, struct err *err)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	for (;;) {
		int rc = stop_check(err);

		if (rc != 0)
			return rc;
		rc = sys_poll(&p, 1, SLICE_MS);
		if (rc > 0)
			return 0;
		if (rc < 0 && errno != EINTR)
			return err_sys(err, ERR_WHOLE, "cannot wait for a password");
	}
}

/* The line without its CR, if there is one. */
static int take_line(
        char *line, size_t n, bool any, const char *label, struct secret *out, struct err *err)
{
	if (n && line[n - 1] == '\r')
		n--;
	if (n == 0)
		return err_set(err, ERR_USAGE, ERR_WHOLE, "%s: the password %s", label,
		        any ? "is an empty line" : "is missing: nothing came");
	return secret_set(out, line, n, err);
}

int line_secret(int fd, bool whole, const char *label, struct secret *out, struct err *err)
{
	char *line = xmalloc(SECRET_MAX + 2), c[4096];
	size_t n = 0, all = 0;
	bool ended = false;
	int rc = 0;

	while (rc == 0 && (whole || !ended)) {
		ssize_t got;

		rc = wait_readable(fd, err);
		if (rc != 0)
			break;
		got = sys_read(fd, c, whole ? sizeof c : 1);
		if (got < 0)
			rc = err_sys(err, ERR_WHOLE, "%s: cannot read the password", label);
		if (got <= 0)
			break;
		all += (size_t)got;
		for (ssize_t i = 0; i < got && !ended; i++) {
			if (c[i] == '\n')
				ended = true;
			else if (n <= SECRET_MAX)
				line[n++] = c[i];
		}
		if (all > OUTPUT_MAX)
			rc = err_set(err, ERR_LIMIT, ERR_WHOLE,
			        "%s: too much output where a password should be", label);
	}
	if (rc == 0)
		rc = take_line(line, n, all > 0, label, out, err);
	wipe(line, SECRET_MAX + 2);
	wipe(c, sizeof c);
	free(line);
	return rc;
}

/* The question names ${label}: who gets the answer. */
static int ask_person(const struct secret_source *s, const char *label, bool refused,
        struct secret *out, struct err *err)
{
	char *prompt = xasprintf("%sPassword for %.*s (%s): ", refused ? "It was refused. " : "",
	        (int)strcspn(s->text, "\n"), s->text, label);
	int rc;

	terminal_take();
	rc = terminal_ask("/dev/tty", prompt, out, err);
	terminal_release();
	free(prompt);
	return rc;
}

int secret_source_ask(struct secret_source *s, struct secret *out, struct err *err)
{
	return ask_person(s, s->label, false, out, err);
}

int secret_source_proven(struct secret_source *s, struct secret *out, struct err *err)
{
	const struct secret *known;
	int rc;

	pthread_mutex_lock(&s->owner->lock);
	known = answers_proven(&s->answers);
	rc = known ? secret_set(out, known->data, known->len, err)
	           : err_set(err, ERR_NOTFOUND, ERR_WHOLE, "no password was let in");
	pthread_mutex_unlock(&s->owner->lock);
	return rc;
}

/*
 * Another one, from the keyring first ("valise login --password" put it there), then from
 * a person: three in all.
 */
static int find_another(const struct secret_user *u, struct secret *out, struct err *err)
{
	struct secret_source *s = u->source;
	struct store_key key = {.kind = "password", .id = s->text, .label = s->label};
	unsigned refused = answers_refused(&s->answers, u->bit);
	bool others = answers_proven(&s->answers) != NULL;
	struct err none = {0};
	enum store_place place;
	int rc = ERR_NOTFOUND;

	if (refused >= ASKED_MAX)
		return err_set(
		        err, ERR_AUTH, ERR_WHOLE, "the password was refused %d times", ASKED_MAX);
	if (!s->keyring_asked)
		rc = store_find(&key, out, &place, &none);
	s->keyring_asked = rc != ERR_STOPPED;
	if (rc == ERR_STOPPED && err)
		*err = none;
	if (rc == 0 || rc == ERR_STOPPED)
		return rc;
	return ask_person(s, others ? u->label : s->label, refused > 0, out, err);
}

/* What a person types, for the service that asks: not what it, or all, have refused. */
static int get_typed(struct secret_user *u, bool renew, struct secret *out, struct err *err)
{
	struct answers *a = &u->source->answers;
	struct secret fresh = {NULL, 0};
	const struct secret *found;
	int rc = 0;

	if (renew)
		answers_refuse(a, u->bit, out->data ? out : &u->last);
	found = answers_pick(a, u->bit, !renew);
	if (!found) {
		rc = find_another(u, &fresh, err);
		if (rc == 0)
			found = answers_add(a, &fresh);
		else if (rc == ERR_USAGE && !renew && answers_refused(a, u->bit))
			rc = err_set(err, ERR_AUTH, ERR_WHOLE,
			        "the password was refused, and there is no terminal to ask on");
	}
	if (rc == 0) {
		secret_learn(found); /* others may have been learnt since */
		rc = secret_set(&u->last, found->data, found->len, err);
	}
	return rc ? rc : secret_set(out, found->data, found->len, err);
}

/* The secret from where the source says it is. */
static int fetch_secret(struct secret_source *s, struct secret *out, struct err *err)
{
	int rc = ERR_USAGE;

	switch (s->type) {
	case SOURCE_COMMAND: /* which may ask on the terminal itself */
		terminal_take();
		rc = command_secret(s->text, s->label, out, err);
		terminal_release();
		break;
	case SOURCE_FD:
		return line_secret(atoi(s->text), false, s->label, out, err);
	case SOURCE_TEXT:
		return secret_set(out, s->text, strlen(s->text), err);
	case SOURCE_TERMINAL: /* get_typed does it */
		break;
	case SOURCE_OAUTH:
		return oauth_source_token(s->oauth, out, &s->fresh_until_ms, err);
	}
	return rc;
}

static bool is_same(const struct secret *a, const struct secret *b)
{
	return a->data && b->data && a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/*
 * Many sessions find at once that their token has expired: the first one's question
 * answers the others, too.
 */
static bool must_ask(const struct secret_source *s, bool renew, const struct secret *refused)
{
	if (!s->cached.data)
		return true;
	if (s->type == SOURCE_OAUTH && clock_ms() >= s->fresh_until_ms)
		return true;
	if (!renew || s->type == SOURCE_FD || s->type == SOURCE_TEXT ||
	        (refused->data && !is_same(refused, &s->cached)))
		return false;
	return !s->useless_ms || clock_ms() - s->useless_ms > USELESS_MS;
}

/* Tokens that are refused one after the other are refused for another reason. */
static void note_renewal(struct secret_source *s)
{
	int64_t now = clock_ms();

	s->renewals = now - s->renewed_ms > USELESS_MS ? 1 : s->renewals + 1;
	s->renewed_ms = now;
	s->useless_ms = s->renewals >= RENEWALS_MAX ? now : 0;
}

/* It was renewed early: the one that is known is good for a moment more, perhaps. */
static bool may_go_on(const struct secret_source *s, bool renew, int rc)
{
	return s->type == SOURCE_OAUTH && !renew && s->cached.data &&
	       (rc == ERR_NET || rc == ERR_BUSY || rc == ERR_LOCKED);
}

/* What all services that share the source get. */
static int get_shared(struct secret_source *s, bool renew, struct secret *out, struct err *err)
{
	struct secret fresh = {NULL, 0};
	int rc = 0;

	if (must_ask(s, renew, out)) {
		rc = fetch_secret(s, &fresh, err);
		if (rc == 0) {
			if (s->type == SOURCE_OAUTH && renew)
				note_renewal(s);
			else if (s->type == SOURCE_COMMAND)
				s->useless_ms = is_same(&fresh, &s->cached) ? clock_ms() : 0;
			secret_clear(&s->cached);
			s->cached = fresh;
		} else if (may_go_on(s, renew, rc)) {
			err_clear(err);
			rc = 0;
		}
	}
	if (rc == 0) {
		secret_learn(&s->cached); /* others may have been learnt since */
		rc = secret_set(out, s->cached.data, s->cached.len, err);
	}
	return rc;
}

int secrets_get(void *ctx, int renew, struct secret *out, struct err *err)
{
	struct secret_user *u = ctx;
	int rc;

	pthread_mutex_lock(&u->source->owner->lock);
	rc = u->source->type == SOURCE_TERMINAL ? get_typed(u, renew != 0, out, err)
	                                        : get_shared(u->source, renew != 0, out, err);
	pthread_mutex_unlock(&u->source->owner->lock);
	return rc;
}

void secrets_let_in(void *ctx, const struct secret *s)
{
	struct secret_user *u = ctx;

	pthread_mutex_lock(&u->source->owner->lock);
	answers_let_in(&u->source->answers, u->bit, s);
	pthread_mutex_unlock(&u->source->owner->lock);
}
