/* The mailbox of a MAPI service, found before a command needs it. */
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/discover/autodiscover.h"
#include "cli.h"
#include "protocols.h"

enum { SHOWN_SIZE = 600 };

struct finding_mailbox {
	const struct args *args;
	const struct account *account;
	const struct service *service;
};

/* As by_address.c asks: a host that nothing speaks for gets no password unasked. */
static int may_have_password(
        void *ctx, const char *host, const char *why, const char *url, struct err *err)
{
	const struct finding_mailbox *f = ctx;
	char *question;
	int rc;

	if (args_has(f->args, "yes"))
		return 0;
	question = xasprintf("%s (mapi) would get the password of %s; %s. Go on? [y/N] ", host,
	        f->service->login.user, why);
	rc = ask_yes(question, false);
	free(question);
	if (rc > 0)
		return 0;
	if (rc < 0 && stop_check(err) != 0)
		return ERR_STOPPED;
	if (rc == 0)
		return err_set(err, ERR_USAGE, ERR_WHOLE,
		        "%s gets no password: name the right host, as in --mapi mail.example.org",
		        host);
	return err_set(err, ERR_USAGE, ERR_WHOLE,
	        "%s (mapi) would get the password of %s, and %s: give --yes if it may, or write "
	        "into accounts.ini: mapi = %s",
	        host, f->service->login.user, why, url);
}

static void tell_json(const struct finding_mailbox *f, const struct autodiscovered *found)
{
	json_t *o = json_object();

	json_set_text(o, "event", "found");
	json_set_text(o, "service", f->service->name);
	json_set_text(o, "state", "found");
	put_text(o, "url", found->url);
	put_text(o, "user", f->service->login.user);
	json_set_text(o, "by", "autodiscover");
	json_set_text(o, "trust", found->asked ? "ask" : "domain");
	json_object_set_new(o, "used", json_true());
	put_text(o, "why", found->by);
	put_json(o);
}

static void tell_found(const struct finding_mailbox *f, const struct autodiscovered *found)
{
	char name[SHOWN_SIZE], url[SHOWN_SIZE], by[SHOWN_SIZE], note[SHOWN_SIZE];

	if (args_has(f->args, "json")) {
		tell_json(f, found);
	} else if (!args_has(f->args, "quiet")) {
		term_escape(f->account->name, strlen(f->account->name), name, sizeof name);
		talk("%s: mapi: %s (told by %s)", name,
		        term_escape(found->url, strlen(found->url), url, sizeof url),
		        term_escape(found->by, strlen(found->by), by, sizeof by));
	}
	if (found->note)
		talk("valise %s: note: %s", f->args->cmd->name,
		        term_escape(found->note, strlen(found->note), note, sizeof note));
}

/* Others can be read without it: a person who has to be asked, or a stop, ends all. */
static bool is_its_own(const struct finding_mailbox *f, int code)
{
	bool others = false;

	for (unsigned k = 0; k < SERVICE_KINDS; k++)
		others |= f->account->present[k] && k != f->service->kind;
	return others && f->args->cmd->bit & (CMD_BACKUP | CMD_FETCH | CMD_CHECK) &&
	       code != ERR_USAGE && code != ERR_STOPPED && code != ERR_SECRET;
}

int find_mailbox(const struct args *a, struct account *account, struct autodiscovered *found_out)
{
	struct service *s = &account->services[SERVICE_MAPI];
	struct finding_mailbox f = {.args = a, .account = account, .service = s};
	struct autodiscover_opts opts = {.nameserver = args_get(a, "nameserver"),
	        .archive = args_has(a, "archive-mailbox"),
	        .public_folders = args_has(a, "public-folders"),
	        .may = may_have_password,
	        .ctx = &f};
	struct autodiscovered found = {0};
	struct err err = {0};
	int rc = 0;

	if (!account->present[SERVICE_MAPI] || !autodiscover_is_needed(s, &opts))
		return 0;
	if (autodiscover(s, &opts, &found, &err) == 0) {
		tell_found(&f, &found);
	} else if (is_its_own(&f, err.code)) {
		s->unfound = xmalloc(sizeof err);
		*s->unfound = err;
	} else {
		rc = fail(a, &err);
	}
	if (found_out)
		*found_out = found;
	else
		autodiscovered_clear(&found);
	return rc;
}
