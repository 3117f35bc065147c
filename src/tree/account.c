/* Who an account is, and whether a run may add to what belongs to another state of it. */
#include "valise/base/mem.h"
#include "valise/tree/model.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct tree_service *tree_account_add(struct tree_account *a, const char *kind, const char *host,
        uint16_t port, const char *login)
{
	struct tree_service *s = ARR_PUSH(a->services, a->n_services, a->services_cap);

	s->kind = xstrdup(kind);
	s->host = xstrdup(host ? host : "");
	s->port = port;
	s->login = xstrdup(login ? login : "");
	s->authcid = NULL;
	return s;
}

static void copy_service(struct tree_account *to, const struct tree_service *s)
{
	tree_account_add(to, s->kind, s->host, s->port, s->login)->authcid = xstrdup(s->authcid);
}

void tree_account_clear(struct tree_account *a)
{
	for (size_t i = 0; i < a->n_services; i++) {
		free(a->services[i].kind);
		free(a->services[i].host);
		free(a->services[i].login);
		free(a->services[i].authcid);
	}
	free(a->services);
	free(a->name);
	memset(a, 0, sizeof *a);
}

void tree_account_copy(struct tree_account *to, const struct tree_account *from)
{
	memset(to, 0, sizeof *to);
	to->name = xstrdup(from->name);
	for (size_t i = 0; i < from->n_services; i++)
		copy_service(to, &from->services[i]);
}

static const struct tree_service *find_service(const struct tree_account *a, const char *kind)
{
	for (size_t i = 0; i < a->n_services; i++)
		if (strcmp(a->services[i].kind, kind) == 0)
			return &a->services[i];
	return NULL;
}

void tree_account_merge(struct tree_account *now, const struct tree_account *old)
{
	for (size_t i = 0; i < old->n_services; i++) {
		const struct tree_service *s = &old->services[i];

		if (!find_service(now, s->kind))
			copy_service(now, s);
	}
	if (!now->name)
		now->name = xstrdup(old->name);
}

bool tree_account_acted(const struct tree_account *a)
{
	for (size_t i = 0; i < a->n_services; i++)
		if (a->services[i].authcid)
			return true;
	return false;
}

void tree_account_text(const struct tree_account *a, struct buf *out)
{
	for (size_t i = 0; i < a->n_services; i++) {
		const struct tree_service *s = &a->services[i];

		buf_puts(out, i ? "; " : "");
		if (strcmp(s->kind, ACCOUNT_FILES) == 0)
			buf_puts(out, "imported files");
		else
			buf_putf(out, "%s %s at %s", s->kind, s->login, s->host);
		if (s->authcid)
			buf_putf(out, ", signed in as %s", s->authcid);
	}
}

/*
 * Older versions wrote down who signed in, and not for whom: ${was} may be anybody's for
 * whom that login acts.
 */
static bool is_untold(const struct tree_service *was, const struct tree_service *now)
{
	return now->authcid && !was->authcid && strcmp(was->login, now->authcid) == 0;
}

/* ERR_ACCOUNT, with what can be done. */
static int another_login(
        const struct tree_service *was, const struct tree_service *now, struct err *err)
{
	if (is_untold(was, now))
		return err_set(err, ERR_ACCOUNT, ERR_WHOLE,
		        "this was taken by %s login \"%s\", and it is not written down that it was "
		        "for \"%s\": give each account a place of its own; if this is known to "
		        "hold "
		        "the account of \"%s\", say --same-account once",
		        was->kind, was->login, now->login, now->login);
	return err_set(err, ERR_ACCOUNT, ERR_WHOLE,
	        "this belongs to %s login \"%s\", not \"%s\": give each account a place of its own",
	        was->kind, was->login, now->login);
}

/*
 * Those that a kind has by its RFCs, with TLS from the start or without, are one service;
 * any other may be another server on the same host.
 */
static bool is_usual_port(const char *kind, uint16_t port)
{
	static const struct {
		const char *kind;
		uint16_t ports[2];
	} usual[] = {{"imap", {143, 993}}, {"pop3", {110, 995}}, {"caldav", {80, 443}},
	        {"carddav", {80, 443}}};

	for (size_t i = 0; i < COUNT(usual); i++)
		if (strcmp(usual[i].kind, kind) == 0 &&
		        (port == usual[i].ports[0] || port == usual[i].ports[1]))
			return true;
	return false;
}

/* A port that was not written down may be any. */
static bool is_same_port(const struct tree_service *a, const struct tree_service *b)
{
	return a->port == b->port || a->port == 0 ||
	       (is_usual_port(a->kind, a->port) && is_usual_port(b->kind, b->port));
}

/* What is imported and what is read from a server never share a place. */
static int check_files(
        const struct tree_account *old, const struct tree_account *now, struct err *err)
{
	bool was = find_service(old, ACCOUNT_FILES), is = find_service(now, ACCOUNT_FILES);

	if (old->n_services == 0 || now->n_services == 0 || was == is)
		return 0;
	if (is)
		return err_set(err, ERR_ACCOUNT, ERR_WHOLE,
		        "this holds an account that is read from a server: its next backup "
		        "would take what is imported for deleted. Give the files an archive of "
		        "their own");
	return err_set(err, ERR_ACCOUNT, ERR_WHOLE,
	        "this holds what was imported from files: a backup would take it for deleted. "
	        "Give the account an archive of its own");
}

int tree_account_check(const struct tree_account *old, const struct tree_account *now,
        bool same_account, struct err *err)
{
	int rc = check_files(old, now, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < now->n_services; i++) {
		const struct tree_service *s = &now->services[i], *was = find_service(old, s->kind);

		if (was && strcmp(was->login, s->login) != 0 &&
		        !(same_account && is_untold(was, s)))
			return another_login(was, s, err);
		if (same_account)
			continue;
		if (!was && old->n_services > 0)
			return err_set(err, ERR_ACCOUNT, ERR_WHOLE,
			        "this has no %s service so far, %s is new: if it is the same "
			        "account, say --same-account",
			        s->kind, s->host);
		if (was && strcasecmp(was->host, s->host) != 0)
			return err_set(err, ERR_ACCOUNT, ERR_WHOLE,
			        "this was taken from %s host \"%s\", not \"%s\": if it is the same "
			        "account, say --same-account",
			        s->kind, was->host, s->host);
		if (was && !is_same_port(was, s))
			return err_set(err, ERR_ACCOUNT, ERR_WHOLE,
			        "this was taken from %s port %u of \"%s\", not port %u, which may "
			        "be another server: if it is the same account, say --same-account",
			        s->kind, was->port, s->host, s->port);
	}
	return 0;
}
