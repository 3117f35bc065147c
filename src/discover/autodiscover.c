/* What POX Autodiscover found, and what goes with it. */
#include "valise/discover/autodiscover.h"
#include <stdlib.h>
#include <string.h>
#include "facts.h"
#include "valise/base/mem.h"
#include "walk.h"

void autodiscovered_clear(struct autodiscovered *a)
{
	free(a->url);
	free(a->by);
	free(a->note);
	memset(a, 0, sizeof *a);
}

bool autodiscover_is_needed(const struct service *s, const struct autodiscover_opts *o)
{
	return !s->at.path || !s->mailbox || (o->archive && !s->archive) ||
	       (o->public_folders && !s->public_folders);
}

static const char *store_of(const struct pox_answer *a)
{
	return a->external ? a->external : a->internal;
}

static void set_place(struct service *s, const struct url *u)
{
	if (s->at_domain || strcasecmp(s->at.host, u->host) != 0) {
		free(s->at.address);
		s->at.address = NULL;
	}
	free(s->at.host);
	free(s->at.path);
	s->at.host = xstrdup(u->host);
	s->at.port = u->port;
	s->at.security = u->tls ? SECURITY_TLS : SECURITY_NONE;
	s->at.path = xstrdup(u->path);
	s->at_domain = false;
}

/* ${s} is the mailbox ${mailbox} at ${url} (NULL: where it is) from now on. */
static int settle(
        struct walk *w, struct service *s, const char *url, const char *mailbox, struct err *err)
{
	char *joined = NULL;
	struct url u;
	int rc = url ? walk_join(w, NULL, url, &joined, err) : 0;

	if (rc == 0 && joined && url_cut(joined, &u)) {
		rc = walk_may_go(w,
		        &(struct going){u.host, w->told_by,
		                "a server of its domain says that the mailbox is there", joined},
		        err);
		if (rc == 0)
			set_place(s, &u);
	}
	free(joined);
	if (rc != 0)
		return rc;
	if (mailbox) {
		free(s->mailbox);
		s->mailbox = xstrdup(mailbox);
	}
	if (!w->opts->nameserver || s->at.address || url_host_is_address(s->at.host))
		return 0;
	return web_locate(w->dns, s->at.host, &s->at.address, err);
}

/* A mailbox that goes with the service, or that of who signs in. */
struct other {
	const char *address; /* NULL: url and mailbox are known already */
	const char *url, *mailbox;
};

static int find_other(struct walk *w, const struct other *o, struct service **out, struct err *err)
{
	struct service *s = xcalloc(1, sizeof *s);
	struct pox_answer a = {0};
	int rc = o->address ? walk_beside(w, o->address, &a, err) : 0;

	service_copy(s, w->home);
	if (rc == 0)
		rc = settle(w, s, o->address ? store_of(&a) : o->url,
		        o->address ? a.mailbox : o->mailbox, err);
	pox_clear(&a);
	if (rc == 0) {
		*out = s;
		return 0;
	}
	service_clear(s);
	free(s);
	return rc;
}

/* A search that may fail: then nothing is known of it, and the rest goes on. */
static int try_other(struct walk *w, const char *address, struct service **out, struct err *err)
{
	struct err why = {0};
	int rc = find_other(w, &(struct other){.address = address}, out, &why);

	return rc != 0 && walk_ends(rc, false) ? err_copy(err, &why) : 0;
}

/* Somebody else's mailbox is opened in the name of who signs in. */
static int find_own(struct walk *w, struct service *s, struct err *err)
{
	struct service *own = NULL;
	int rc;

	if (s->own_mailbox || !s->login.authzid || !strchr(s->login.user, '@') ||
	        strcasecmp(s->login.user, s->login.authzid) == 0)
		return 0;
	rc = try_other(w, s->login.user, &own, err);
	if (rc != 0 || !own)
		return rc;
	s->own_mailbox = own->mailbox;
	own->mailbox = NULL;
	service_clear(own);
	free(own);
	return 0;
}

static int find_archive(struct walk *w, struct service *s, const struct pox_answer *a,
        struct autodiscovered *out, struct err *err)
{
	struct other o = {.address = a->archive_address, .mailbox = a->archive_mailbox};
	char *url = !o.address && o.mailbox && a->archive_server && store_of(a)
	                    ? pox_url_beside(store_of(a), a->archive_server)
	                    : NULL;
	int rc = 0;

	o.url = url;
	if (o.address || url)
		rc = find_other(w, &o, &s->archive, err);
	else
		out->note = xasprintf("%s has no archive mailbox", w->address);
	free(url);
	return rc;
}

static int take_answer(struct walk *w, struct service *s, const struct pox_answer *a,
        struct autodiscovered *out, struct err *err)
{
	const struct autodiscover_opts *o = w->opts;
	struct service **const with[] = {&s->archive, &s->public_folders};
	int rc;

	out->by = xstrdup(w->told_at);
	rc = settle(w, s, s->at.path ? NULL : store_of(a), s->mailbox ? NULL : a->mailbox, err);
	if (rc == 0 && o->archive && !s->archive)
		rc = find_archive(w, s, a, out, err);
	if (rc == 0 && o->public_folders && !s->public_folders && a->public_folders)
		rc = try_other(w, a->public_folders, &s->public_folders, err);
	if (rc == 0)
		rc = find_own(w, s, err);
	for (size_t i = 0; i < COUNT(with) && rc == 0; i++)
		if (*with[i] && !(*with[i])->own_mailbox)
			(*with[i])->own_mailbox =
			        xstrdup(s->own_mailbox ? s->own_mailbox : s->mailbox);
	return rc;
}

int autodiscover(struct service *s, const struct autodiscover_opts *o, struct autodiscovered *out,
        struct err *err)
{
	struct buf url = buf_of(2 * URL_CAP);
	struct pox_answer a = {0};
	struct service home = {0};
	struct walk w;
	int rc;

	memset(out, 0, sizeof *out);
	service_copy(&home, s);
	free(home.at.host);
	home.at.host = url_host_ace(s->at.host);
	rc = walk_begin(&w, &home, o, s->lookup ? s->lookup : s->login.user, err);
	if (rc == 0)
		rc = walk_search(&w, &a, err);
	if (rc == 0)
		rc = take_answer(&w, s, &a, out, err);
	if (rc == 0) {
		url_of_service(s, &url);
		buf_puts(&url, s->at.path);
		out->url = buf_take(&url);
		out->asked = w.asked;
	}
	buf_clear(&url);
	pox_clear(&a);
	walk_clear(&w);
	service_clear(&home);
	return rc;
}
