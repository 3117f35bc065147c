/*
 * The account of an address that no section of accounts.ini has: what was found is said,
 * and a host that nothing speaks for is asked about before it gets a password.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "valise/discover/discover.h"
#include "cli.h"
#include "protocols.h"

/* PART_SIZE: of what others chose in a question, whose end must be seen. */
enum { SHOWN_SIZE = 600, PART_SIZE = 81 };

struct search {
	const struct args *args;
	const char *name;
	struct discovery *found;
	unsigned want, use; /* bits 1 << SERVICE_x */
	bool quiet, json;
};

/* What the command can do something with, within --only, and is not named already. */
static unsigned wanted_services(const struct args *a)
{
	const char *text = args_get(a, "only");
	unsigned kinds = 0, want = 0;

	if (text && !kinds_read(text, &kinds))
		kinds = 0; /* it is told later */
	for (unsigned k = 0; k < SERVICE_KINDS; k++) {
		bool stores = a->cmd->stores && protocols[k].stores_as == GUARD_NONE;

		if (!stores && !protocols[k].is_found && (!kinds || kinds & protocols[k].kinds) &&
		        !args_setting(a, protocols[k].name))
			want |= 1u << k;
	}
	return want;
}

static void tell_line(const struct search *s, const char *what, const char *text)
{
	char shown[SHOWN_SIZE];

	if (s->json) {
		json_t *o = json_object();

		json_set_text(o, "event", "note");
		json_set_text(o, "level", "note");
		put_text(o, "text", text);
		put_json(o);
		return;
	}
	if (!s->quiet)
		talk("%s: %s%s%s", s->name, what, *what ? ": " : "",
		        term_escape(text, strlen(text), shown, sizeof shown));
}

static void tell_json(const struct finding *f, const char *service, bool used)
{
	static const char *const states[] = {"found", "none", "unknown", "unwanted"};
	static const char *const trusts[] = {"domain", "table", "ask"};
	json_t *o = json_object();

	json_set_text(o, "event", "found");
	json_set_text(o, "service", service);
	json_set_text(o, "state", states[f->state]);
	put_text(o, "url", f->url);
	put_text(o, "user", f->user);
	if (f->state == FOUND_SERVICE) {
		json_set_text(o, "by", found_by_name(f->by));
		json_set_text(o, "trust", trusts[f->trust]);
		json_object_set_new(o, "used", json_boolean(used));
	}
	put_text(o, "why", f->why);
	put_json(o);
}

/* One line for each service: where it is and why that is believed, or why it is not there. */
static void tell_service(const struct search *s, unsigned kind)
{
	const struct finding *f = &s->found->services[kind];
	bool used = s->use & 1u << kind;
	char *text;

	if (s->json) {
		tell_json(f, protocols[kind].name, used);
		return;
	}
	if (f->state != FOUND_SERVICE)
		text = xasprintf(
		        "%s: %s", f->state == FOUND_NONE ? "not found" : "not known", f->why);
	else if (used && f->by <= FOUND_TABLE)
		text = xasprintf("%s (%s)", f->url, f->why);
	else if (used)
		text = xasprintf("%s (%s; %s)", f->url, f->why, found_trust_text(f));
	else
		text = xasprintf("%s, not read: it is the same mail as over IMAP (--pop3 takes it, "
		                 "too)",
		        f->url);
	tell_line(s, protocols[kind].name, text);
	free(text);
}

static void tell_provider(const struct search *s)
{
	const struct provider *p = s->found->provider;
	char *text = NULL;

	if (!p || !s->use)
		return;
	if (p->sign_ins && !(p->sign_ins & SIGN_IN_PASSWORD))
		text = xasprintf("%s does not take the password of its web pages%s%s", p->name,
		        p->app_password ? ", but an app password, which is made at " : "",
		        p->app_password ? p->app_password : "");
	if (text)
		tell_line(s, "", text);
	if (p->limits)
		tell_line(s, "", p->limits);
	if (p->note)
		tell_line(s, "", p->note);
	free(text);
}

static void tell_all(const struct search *s)
{
	for (unsigned k = 0; k < SERVICE_KINDS; k++)
		if (s->want & 1u << k)
			tell_service(s, k);
	for (size_t i = 0; i < s->found->n_notes; i++)
		tell_line(s, "note", s->found->notes[i]);
	tell_provider(s);
}

/* The mail is read once: over POP3 only where there is no IMAP. */
static void choose_services(struct search *s)
{
	for (unsigned k = 0; k < SERVICE_KINDS; k++)
		if (s->found->services[k].state == FOUND_SERVICE)
			s->use |= 1u << k;
	if (s->use & 1u << SERVICE_IMAP || args_setting(s->args, protocols[SERVICE_IMAP].name))
		s->use &= ~(1u << SERVICE_POP3);
}

/*
 * What is not known to be missing would be missing without a word. A restore names what it
 * has no service for by itself.
 */
static int check_unknown(const struct search *s)
{
	bool imap =
	        s->use & 1u << SERVICE_IMAP || args_setting(s->args, protocols[SERVICE_IMAP].name);
	struct err err = {0};

	for (unsigned k = 0; k < SERVICE_KINDS; k++) {
		const struct finding *f = &s->found->services[k];

		if (!(s->want & 1u << k) || f->state != FOUND_UNKNOWN ||
		        (k == SERVICE_POP3 && imap) || (s->args->cmd->stores && s->use))
			continue;
		err_set(&err, ERR_NET, ERR_WHOLE,
		        "whether %s has %s is not known: %s; try again later, name it (--%s), or "
		        "leave it out (--only)",
		        s->name, protocols[k].name, f->why, protocols[k].name);
		return fail(s->args, &err);
	}
	return 0;
}

/* Of this and the later services at the same host: asked about once. */
static char *services_at(const struct search *s, unsigned first)
{
	const char *host = s->found->services[first].host;
	struct buf list = buf_of(256);
	char *text;

	for (unsigned k = first; k < SERVICE_KINDS; k++)
		if (s->use & 1u << k && strcmp(s->found->services[k].host, host) == 0)
			buf_putf(&list, "%s%s", list.len ? ", " : "", protocols[k].name);
	text = buf_take(&list);
	buf_clear(&list);
	return text;
}

static int ask_host(const struct search *s, unsigned kind)
{
	const struct finding *f = &s->found->services[kind];
	char *services = services_at(s, kind), *question;
	char user[PART_SIZE], why[PART_SIZE];
	int rc;

	term_escape(f->user, strlen(f->user), user, sizeof user);
	term_escape(f->why, strlen(f->why), why, sizeof why);
	question = xasprintf("%s (%s) would get the password of %s; %s (%s). Go on? [y/N] ",
	        f->host, services, user, found_trust_text(f), why);
	rc = ask_yes(question, false);
	free(question);
	if (rc == 0)
		rc = usage_error(s->args, "%s gets no password: name the right host, as in --%s %s",
		        f->host, protocols[kind].name, protocols[kind].example);
	else if (rc < 0 && stop_check(NULL) != 0)
		rc = EXIT_INTERRUPTED;
	else if (rc < 0)
		rc = usage_error(s->args,
		        "%s (%s) would get the password of %s, and %s (%s): give --yes if it may, "
		        "or name the right host, as in --%s %s",
		        f->host, services, user, found_trust_text(f), why, protocols[kind].name,
		        f->url);
	else
		rc = 0;
	free(services);
	return rc;
}

/* Before a password goes to a host that nothing speaks for. */
static int ask_hosts(const struct search *s)
{
	int rc = 0;

	if (args_has(s->args, "yes"))
		return 0;
	for (unsigned k = 0; k < SERVICE_KINDS && rc == 0; k++) {
		const struct finding *f = &s->found->services[k];
		bool asked = false;

		if (!(s->use & 1u << k) || f->trust != TRUST_ASK)
			continue;
		for (unsigned i = 0; i < k; i++)
			asked |= s->use & 1u << i && s->found->services[i].trust == TRUST_ASK &&
			         strcmp(s->found->services[i].host, f->host) == 0;
		if (!asked)
			rc = ask_host(s, k);
	}
	return rc;
}

static bool says_password(const struct args *a)
{
	static const char *const keys[] = {
	        "password-command", "password-fd", "oauth", "oauth-token", "auth"};
	bool said = false;

	for (size_t i = 0; i < COUNT(keys); i++)
		said |= args_setting(a, keys[i]) != NULL;
	return said;
}

/*
 * Does the service sign in by OAuth, if nobody says otherwise? Where the provider wants
 * that above all and the program is registered there, or valise login is asked for; and
 * only at the provider's own host, as a token of it opens nothing else.
 */
static bool by_oauth(const struct search *s, unsigned kind)
{
	const struct provider *p = s->found->provider;
	bool login = s->args->cmd->bit & (CMD_LOGIN | CMD_LOGOUT), its_own;
	char *url;

	if (!p || !(p->sign_ins & SIGN_IN_OAUTH) || says_password(s->args) ||
	        args_has(s->args, "password"))
		return false;
	if (!login && p->sign_ins != SIGN_IN_OAUTH &&
	        (strncmp(p->sign_in, "oauth", 5) != 0 ||
	                (!p->oauth_client_id && !args_setting(s->args, "oauth-client-id"))))
		return false;
	url = provider_url(p, kind, s->args->cmd->stores, s->found->address);
	its_own = url && strcmp(url, s->found->services[kind].url) == 0;
	free(url);
	return its_own;
}

static void add_setting(struct found_settings *out, const char *key, const char *value)
{
	struct account_setting *s = &out->list[out->n++];

	s->key = xstrdup(key);
	s->value = xstrdup(value);
}

/* What was found, as if it had been given. */
static void put_settings(const struct search *s, struct found_settings *out)
{
	const struct args *a = s->args;
	char key[ARGS_KEY_SIZE];

	for (unsigned k = 0; k < SERVICE_KINDS; k++) {
		const struct finding *f = &s->found->services[k];

		if (!(s->use & 1u << k))
			continue;
		add_setting(out, protocols[k].name, f->url);
		out->at[k] = f->at ? xstrdup(f->at) : NULL;
		snprintf(key, sizeof key, "%s-user", protocols[k].name);
		if (strcmp(f->user, s->name) != 0 && !args_setting(a, key) &&
		        !args_setting(a, "user"))
			add_setting(out, key, f->user);
		snprintf(key, sizeof key, "%s-oauth", protocols[k].name);
		if (by_oauth(s, k) && !args_setting(a, key))
			add_setting(out, key, s->found->provider->id);
	}
}

void found_settings_clear(struct found_settings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free((char *)(uintptr_t)f->list[i].key);
		free((char *)(uintptr_t)f->list[i].value);
	}
	for (unsigned k = 0; k < SERVICE_KINDS; k++)
		free(f->at[k]);
	*f = (struct found_settings){0};
}

static int use_found(struct search *s, struct found_settings *out)
{
	int rc;

	choose_services(s);
	tell_all(s);
	rc = check_unknown(s);
	if (rc)
		return rc;
	if (!s->use && !args_name_service(s->args))
		return usage_error(s->args,
		        "nothing was found for %s%s; name its services, as in --imap "
		        "imaps://mail.example.org",
		        s->name, s->quiet ? "" : ", as is said above");
	rc = ask_hosts(s);
	if (rc == 0)
		put_settings(s, out);
	return rc;
}

bool may_be_found(const struct args *a, const char *name, const struct err *err)
{
	const char *config = args_get(a, "config");
	struct account *section = NULL;
	struct err none = {0};
	int rc;

	if (!name || !discover_is_address(name) || (config && access(config, F_OK) != 0))
		return false;
	if (err)
		return err->code == ERR_NOTFOUND;
	/*
	 * Services that are named are all that is meant, but for who asks for the others by
	 * an option that is about nothing else.
	 */
	if (!args_name_service(a) || !(args_has(a, "yes") || args_has(a, "nameserver")))
		return false;
	rc = account_load(name, config, NULL, 0, NULL, &section, &none);
	account_free(section);
	return rc == ERR_NOTFOUND;
}

int find_settings(const struct args *a, const char *address, const struct err *why, FILE *trace,
        struct found_settings *out)
{
	const char *timeout = args_setting(a, "timeout");
	struct search s = {.args = a,
	        .name = address,
	        .want = wanted_services(a),
	        .quiet = args_has(a, "quiet"),
	        .json = args_has(a, "json")};
	struct discover_opts opts = {.want = s.want,
	        .stores = a->cmd->stores,
	        .nameserver = args_get(a, "nameserver"),
	        .ca_file = args_setting(a, "ca-file"),
	        .proxy = args_setting(a, "proxy"),
	        .timeout_s = timeout ? (unsigned)atoi(timeout) : 0, /* checked later */
	        .trace = trace};
	struct err err = {0};
	int rc;

	*out = (struct found_settings){0};
	if (!s.want)
		return 0;
	if (why && strstr(why->text, "do you mean"))
		tell_line(&s, "note", why->text);
	if (discover(address, &opts, &s.found, &err) < 0)
		return fail(a, &err);
	rc = use_found(&s, out);
	discovery_free(s.found);
	return rc;
}

int find_account(const struct args *a, const char *name, const struct err *why, FILE *trace,
        struct account **out)
{
	struct account_setting all[ARGS_MAX + FOUND_SETTINGS];
	struct found_settings found;
	struct err err = {0};
	int rc = find_settings(a, name, why, trace, &found);

	*out = NULL;
	if (rc == 0) {
		memcpy(all, a->settings, a->n_settings * sizeof *all);
		memcpy(all + a->n_settings, found.list, found.n * sizeof *all);
		if (account_load(name, args_get(a, "config"), all, a->n_settings + found.n, trace,
		            out, &err) < 0)
			rc = fail(a, &err);
	}
	for (unsigned k = 0; k < SERVICE_KINDS && rc == 0; k++)
		if (found.at[k] && !(*out)->services[k].at.address)
			(*out)->services[k].at.address = xstrdup(found.at[k]);
	found_settings_clear(&found);
	return rc;
}
