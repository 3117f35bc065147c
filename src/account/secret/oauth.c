/*
 * Signing in by OAuth for an account: its keys, the refresh token that is kept, and access
 * tokens, which live in memory alone.
 */
#include "oauth.h"
#include "credentials.h"
#include "store.h"
#include "valise/base/buf.h"
#include "valise/base/clock.h"
#include "valise/base/escape.h"
#include "valise/base/json.h"
#include "valise/base/mem.h"
#include "valise/base/progress.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum {
	TIMEOUT_MS = 30000,
	EARLY_MS = 60000, /* renewed so long before it is too old ... */
	AGAIN_MS = 10000, /* after a failure, one that is known is used so long */
	EARLY_PART = 10, /* ... or this part of its life, if that is shorter */
};

struct oauth_source {
	struct oauth_client client;
	char *provider, *secret_command;
	char *account; /* for "valise login", or NULL */
	char *id, *label;
	struct err dead; /* why no token comes any more: told again, not tried again */
	char *kept_token, *kept_revoke; /* URLs as they were when somebody signed in */
	struct secret unkept; /* the newest refresh token, if no place took it */
	void (*warn)(void *ctx, const char *text);
	void *warn_ctx;
};

static int give_client_secret(void *ctx, struct secret *out, struct err *err)
{
	const struct oauth_source *o = ctx;
	int rc;

	terminal_take(); /* it may ask there */
	rc = command_secret(o->secret_command, "oauth-client-secret-command", out, err);
	terminal_release();
	return rc;
}

static const char *value_of(const struct settings *set, enum service_kind kind, const char *key)
{
	const struct setting *found = settings_of(set, kind, key);

	return found ? found->value : NULL;
}

static char *copy_of(const struct settings *set, enum service_kind kind, const char *key)
{
	return xstrdup(value_of(set, kind, key));
}

/* "NAME" of the table, or the URL of an issuer. */
static int take_server(const struct settings *set, const struct service *s, struct oauth_source *o,
        struct err *err)
{
	const char *server = value_of(set, s->kind, "oauth");
	struct oauth_client *c = &o->client;

	if (server && !strstr(server, "://"))
		o->provider = xstrdup(server);
	else
		c->issuer = xstrdup(server);
	c->authorize = copy_of(set, s->kind, "oauth-authorize");
	c->device = copy_of(set, s->kind, "oauth-device");
	c->token = copy_of(set, s->kind, "oauth-token");
	c->revoke = copy_of(set, s->kind, "oauth-revoke");
	c->scopes = copy_of(set, s->kind, "oauth-scopes");
	c->id = copy_of(set, s->kind, "oauth-client-id");
	o->secret_command = copy_of(set, s->kind, "oauth-client-secret-command");
	if (!server && !c->token)
		return err_set(err, ERR_USAGE, ERR_WHOLE,
		        "%s: oauth names nobody: oauth = PROVIDER or URL, or oauth-token and the "
		        "other endpoints",
		        s->name);
	return 0;
}

/* What was kept goes to the endpoints for which it was, and to no others. */
static void add_endpoints(struct oauth_source *o)
{
	const struct oauth_client *c = &o->client;
	const char *token = o->provider || c->issuer ? c->token : NULL;
	char *id;

	if (!token && !c->revoke)
		return;
	id = xasprintf("%s\n%s\n%s", o->id, token ? token : "", c->revoke ? c->revoke : "");
	free(o->id);
	o->id = id;
}

int oauth_source_new(const struct settings *set, const struct service *s, const char *account,
        struct oauth_source **out, struct err *err)
{
	const char *cleartext = value_of(set, s->kind, "cleartext");
	struct oauth_source *o = xcalloc(1, sizeof *o);
	struct oauth_client *c = &o->client;
	int rc = take_server(set, s, o, err);

	if (rc != 0) {
		oauth_source_free(o);
		return rc;
	}
	c->user = xstrdup(s->login.user);
	c->cleartext = cleartext && strcasecmp(cleartext, "yes") == 0;
	c->ca_file = copy_of(set, s->kind, "oauth-ca-file");
	/* a row's endpoints are not the service's: who stands for that does not for them */
	if (!c->ca_file && !o->provider)
		c->ca_file = xstrdup(s->at.ca_file);
	c->proxy = xstrdup(s->at.proxy);
	c->timeout_ms = value_of(set, s->kind, "timeout") ? s->at.idle_timeout_ms : TIMEOUT_MS;
	if (o->secret_command) {
		c->get_secret = give_client_secret;
		c->ctx = o;
	}
	o->account = xstrdup(account);
	/* as the keys have it: what the table adds may change with a new version */
	o->id = xasprintf("%s\n%s\n%s\n%s",
	        o->provider ? o->provider
	        : c->issuer ? c->issuer
	                    : c->token,
	        c->id ? c->id : "", c->user, c->scopes ? c->scopes : "");
	add_endpoints(o);
	o->label = xasprintf("sign-in of %s", c->user);
	*out = o;
	return 0;
}

void oauth_source_free(struct oauth_source *o)
{
	if (!o)
		return;
	oauth_client_clear(&o->client);
	free(o->provider);
	free(o->secret_command);
	free(o->account);
	free(o->id);
	free(o->label);
	free(o->kept_token);
	free(o->kept_revoke);
	secret_clear(&o->unkept);
	free(o);
}

const char *oauth_source_id(const struct oauth_source *o)
{
	return o->id;
}

struct oauth_client *oauth_source_client(struct oauth_source *o)
{
	return &o->client;
}

const char *oauth_source_provider(const struct oauth_source *o)
{
	return o->provider;
}

void oauth_source_warn(struct oauth_source *o, void (*warn)(void *ctx, const char *text), void *ctx)
{
	o->warn = warn;
	o->warn_ctx = ctx;
}

static struct store_key key_of(const struct oauth_source *o)
{
	return (struct store_key){.kind = "oauth", .id = o->id, .label = o->label};
}

/* ---- what is kept: {"refresh_token","revoke","token"} ---- */

static int make_kept(const struct oauth_source *o, const struct secret *refresh, struct secret *out,
        struct err *err)
{
	const struct oauth_client *c = &o->client;
	json_t *v = json_object();
	char *text;
	int rc;

	json_set_text(v, "refresh_token", refresh->data);
	json_set_text(v, "revoke", c->revoke ? c->revoke : o->kept_revoke);
	json_set_text(v, "token", c->token ? c->token : o->kept_token);
	text = json_text(v);
	rc = secret_set(out, text, strlen(text), err);
	wipe(text, strlen(text));
	free(text);
	return rc;
}

static int read_kept(
        struct oauth_source *o, const struct secret *kept, struct secret *refresh, struct err *err)
{
	json_t *v = NULL;
	const char *text;
	int rc = json_read(kept->data, kept->len, SECRET_MAX, &v, err);

	text = rc == 0 ? json_get_str(v, "refresh_token") : NULL;
	if (text && *text) {
		rc = secret_set(refresh, text, strlen(text), err);
		free(o->kept_token);
		free(o->kept_revoke);
		o->kept_token = xstrdup(json_get_str(v, "token"));
		o->kept_revoke = xstrdup(json_get_str(v, "revoke"));
		wipe((char *)(uintptr_t)text, strlen(text));
	} else {
		rc = err_set(err, ERR_DAMAGED, ERR_WHOLE, "what is kept is no token");
	}
	json_decref(v);
	if (rc == 0)
		secret_learn(refresh);
	return rc;
}

/* The URLs that were found when somebody signed in, where neither key nor table has any. */
static void use_kept_urls(struct oauth_source *o)
{
	struct oauth_client *c = &o->client;

	if (!c->token)
		c->token = xstrdup(o->kept_token);
	if (!c->revoke)
		c->revoke = xstrdup(o->kept_revoke);
}

static int put_refresh(struct oauth_source *o, const struct secret *refresh, enum store_place place,
        struct err *err)
{
	struct store_key key = key_of(o);
	struct secret kept = {NULL, 0};
	int rc = make_kept(o, refresh, &kept, err);

	if (rc == 0)
		rc = store_put(&key, &kept, place, err);
	secret_clear(&kept);
	return rc;
}

static int find_refresh(struct oauth_source *o, const struct store_key *key, struct secret *out,
        enum store_place *place_out, struct err *err)
{
	struct secret kept = {NULL, 0};
	int rc = store_find(key, &kept, place_out, err);

	if (rc == 0)
		rc = read_kept(o, &kept, out, err);
	secret_clear(&kept);
	return rc;
}

/* ---- tokens of this run ---- */

/* The command that a person types next. */
static void put_command(const struct oauth_source *o, char *out, size_t size)
{
	snprintf(out, size, "valise login %s", o->account ? o->account : "(with the same options)");
}

static int must_sign_in(struct oauth_source *o, const char *why, const char *more, struct err *err)
{
	char command[300];

	put_command(o, command, sizeof command);
	err_set(&o->dead, ERR_AUTH, ERR_WHOLE, "%.100s: %s: %s (%.300s)", o->client.user, why,
	        command, more);
	if (err)
		*err = o->dead;
	return ERR_AUTH;
}

static int check_client(const struct oauth_source *o, struct err *err)
{
	if (o->client.id && *o->client.id)
		return 0;
	return err_set(err, ERR_USAGE, ERR_WHOLE,
	        "oauth-client-id is missing: it stands for the program at the provider, and "
	        "everybody registers one; see SIGNING IN BY OAUTH in the man page valise(1)");
}

static int fill_refresh(struct oauth_source *o, const struct secret *refresh,
        struct store_room *room, struct err *err)
{
	struct store_key key = key_of(o);
	struct secret kept = {NULL, 0};
	int rc = make_kept(o, refresh, &kept, err);

	if (rc == 0)
		rc = store_fill(&key, room, &kept, err);
	secret_clear(&kept);
	return rc;
}

/* Nobody takes it: this run goes on with it, and says what comes after. */
static int keep_in_memory(
        struct oauth_source *o, const struct secret *refresh, const char *why, struct err *err)
{
	char command[300], text[900], *user = term_escape_dup(o->client.user);
	int rc = secret_set(&o->unkept, refresh->data, refresh->len, err);

	put_command(o, command, sizeof command);
	snprintf(text, sizeof text,
	        "%.100s: the new token of the sign-in could not be kept: this run goes on with "
	        "it, the next one needs %s (%.300s)",
	        user, command, why);
	free(user);
	if (rc == 0 && o->warn)
		o->warn(o->warn_ctx, text);
	return rc;
}

/* The keyring may be gone meanwhile, a stop asked for, the disk broken: one of two places. */
static int keep_renewed(struct oauth_source *o, const struct secret *refresh,
        enum store_place place, struct store_room *room, struct err *err)
{
	struct err why = {0}, second = {0};
	bool file = place == STORE_FILE;
	int rc = file ? fill_refresh(o, refresh, room, &why)
	              : put_refresh(o, refresh, STORE_KEYRING, &why);

	if (rc != 0)
		rc = file ? put_refresh(o, refresh, STORE_KEYRING, &second)
		          : fill_refresh(o, refresh, room, &second);
	if (rc != 0)
		return keep_in_memory(o, refresh, why.text, err);
	secret_clear(&o->unkept);
	return 0;
}

/* The newest refresh token, and where the next one goes. */
static int get_refresh(
        struct oauth_source *o, struct secret *out, enum store_place *place_out, struct err *err)
{
	struct store_key key = key_of(o);

	*place_out = STORE_FILE;
	if (o->unkept.data)
		return secret_set(out, o->unkept.data, o->unkept.len, err);
	return find_refresh(o, &key, out, place_out, err);
}

/* With the lock held. */
static int renew(struct oauth_source *o, struct oauth_tokens *got, struct err *err)
{
	struct store_key key = key_of(o);
	struct store_room room = {.fd = -1};
	struct secret refresh = {NULL, 0};
	enum store_place place;
	struct err why = {0}, no_room = {0};
	int rc = get_refresh(o, &refresh, &place, &why), kept;

	if (rc == ERR_NOTFOUND)
		return must_sign_in(o, "nobody has signed in yet", why.text, err);
	if (rc == 0)
		use_kept_urls(o);
	/* before anything is sent: then the one that is kept stays good */
	if (rc == 0 && store_reserve(&key, &room, &no_room) != 0 && place == STORE_FILE &&
	        !o->unkept.data) {
		rc = no_room.code;
		why = no_room;
	}
	if (rc == 0)
		rc = oauth_refresh(&o->client, &refresh, got, &why);
	if (rc == ERR_AUTH)
		rc = must_sign_in(o, "the sign-in is no longer good", why.text, &why);
	/* the old one may be void from now on, though the answer was odd otherwise */
	if (got->refresh.data && strcmp(got->refresh.data, refresh.data) != 0) {
		kept = keep_renewed(o, &got->refresh, place, &room, &no_room);
		if (kept != 0) {
			rc = kept;
			why = no_room;
		}
	}
	store_unreserve(&room);
	if (rc != 0 && err)
		*err = why;
	secret_clear(&refresh);
	return rc;
}

int oauth_source_token(
        struct oauth_source *o, struct secret *out, int64_t *fresh_until_out, struct err *err)
{
	struct store_key key = key_of(o);
	struct oauth_tokens got = {0};
	struct store_lock lock;
	int rc = check_client(o, err);

	if (o->dead.code) {
		if (err)
			*err = o->dead;
		return o->dead.code;
	}
	if (rc == 0)
		rc = store_lock(&key, &lock, err);
	if (rc == 0) {
		rc = renew(o, &got, err);
		store_unlock(&lock);
	}
	if (rc == 0)
		rc = secret_set(out, got.access.data, got.access.len, err);
	if (rc == 0 && got.expires_ms != INT64_MAX)
		got.expires_ms -= MIN(EARLY_MS, (got.expires_ms - clock_ms()) / EARLY_PART);
	*fresh_until_out = rc == 0 ? got.expires_ms : clock_ms() + AGAIN_MS;
	oauth_tokens_clear(&got);
	return rc;
}

/* ---- valise login and logout ---- */

static bool has_display(void)
{
	const char *x = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");

	return (x && *x) || (wayland && *wayland);
}

static int get_tokens(struct oauth_source *o, enum sign_in_how how, const struct oauth_ui *ui,
        struct oauth_tokens *out, struct err *err)
{
	struct oauth_client *c = &o->client;
	int rc = oauth_discover(c, err);

	if (rc != 0)
		return rc;
	if (how == SIGN_IN_AS_FITS)
		how = c->device && (!has_display() || !c->authorize) ? SIGN_IN_DEVICE
		                                                     : SIGN_IN_BROWSER;
	return how == SIGN_IN_DEVICE ? oauth_ask_device(c, ui, out, err)
	                             : oauth_browse(c, ui, out, err);
}

static int keep_tokens(struct oauth_source *o, const struct secret *refresh, bool in_file,
        char *where, size_t size, struct err *err)
{
	struct store_key key = key_of(o);
	struct err why = {0};
	char *path;
	int rc = in_file ? ERR_UNSUPPORTED : put_refresh(o, refresh, STORE_KEYRING, &why);

	snprintf(where, size, "the keyring");
	if (rc != ERR_UNSUPPORTED) {
		if (rc != 0 && err)
			*err = why;
		return rc;
	}
	rc = put_refresh(o, refresh, STORE_FILE, err);
	/* the file counts first: what an earlier one left in the keyring is clutter */
	if (rc == 0 && in_file && keyring_forget(&key, &why) != 0)
		err_clear(&why);
	path = store_path(&key);
	snprintf(where, size, "%s%s%s", path ? path : "", why.text[0] && !in_file ? ", as " : "",
	        in_file ? "" : why.text);
	free(path);
	return rc;
}

/* What is not kept is not left good, either; ${err} says so where it is. */
static void give_back(struct oauth_source *o, const struct secret *refresh, struct err *err)
{
	struct err why = {0};

	if (!refresh->data || oauth_revoke(&o->client, refresh, &why) == 0 || !err)
		return;
	err_set(err, err->code, ERR_WHOLE, "%.600s. It could not be revoked: %.300s", err->text,
	        why.text);
}

/* Is it who the account is of? The browser may have a session of somebody else. */
static int check_who(const struct oauth_source *o, const struct oauth_tokens *got, bool alias,
        struct signed_in *out, struct err *err)
{
	const char *name = oauth_who_name(&got->who), *user = o->client.user;
	char command[300];

	snprintf(out->who, sizeof out->who, "%s", name ? name : "");
	out->match = oauth_who_matches(&got->who, user);
	if (out->match != OAUTH_OTHER || alias)
		return 0;
	put_command(o, command, sizeof command);
	return err_set(err, ERR_AUTH, ERR_WHOLE,
	        "the server says that %.100s signed in, not %.100s: nothing is kept. Sign in as "
	        "%.100s; if both are names of one account, %.200s --yes",
	        name, user, user, command);
}

int oauth_source_sign_in(struct oauth_source *o, const struct sign_in_wish *wish,
        const struct oauth_ui *ui, struct signed_in *out, struct err *err)
{
	struct store_key key = key_of(o);
	struct oauth_tokens got = {0};
	struct store_lock lock;
	int rc = check_client(o, err);

	if (rc == 0)
		rc = get_tokens(o, wish->how, ui, &got, err);
	if (rc == 0)
		rc = check_who(o, &got, wish->alias, out, err);
	if (rc == 0 && !got.refresh.data)
		rc = err_set(err, ERR_AUTH, ERR_WHOLE,
		        "the server lets %.100s in, but for this once: it gave no refresh token. "
		        "Many want to be asked for one in oauth-scopes (offline_access)",
		        o->client.user);
	if (rc == 0)
		rc = store_lock(&key, &lock, err);
	if (rc == 0) {
		rc = keep_tokens(
		        o, &got.refresh, wish->in_file, out->where, sizeof out->where, err);
		store_unlock(&lock);
	}
	if (rc != 0)
		give_back(o, &got.refresh, err);
	oauth_tokens_clear(&got);
	return rc;
}

int oauth_source_forget(
        struct oauth_source *o, bool *there_out, struct err *revoked, struct err *err)
{
	struct store_key key = key_of(o);
	struct secret refresh = {NULL, 0};
	enum store_place place;
	struct store_lock lock;
	int rc, found;

	*there_out = false;
	key.shared = true;
	rc = store_lock(&key, &lock, err);
	if (rc != 0)
		return rc;
	found = find_refresh(o, &key, &refresh, &place, revoked);
	if (found == 0) {
		use_kept_urls(o);
		err_clear(revoked);
		found = oauth_revoke(&o->client, &refresh, revoked);
	} else if (found == ERR_NOTFOUND) {
		revoked->code = ERR_OK; /* where it was looked for is told */
	}
	/* deleted, whatever the server says */
	rc = found == ERR_STOPPED ? ERR_STOPPED : store_forget(&key, there_out, err);
	if (found == ERR_STOPPED && err)
		*err = *revoked;
	secret_clear(&refresh);
	store_unlock(&lock);
	return rc;
}
