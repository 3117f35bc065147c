/* valise login and logout: what is kept of an account, so that nobody has to be asked. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "valise/base/child.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "cli/cli.h"

#define WAIT_DEFAULT_S 300
#define WAIT_LONGEST_S 86400

extern char **environ;

const struct command login_command = {
        .name = "login",
        .synopsis = "[ACCOUNT]",
        .summary = "sign in by OAuth, in a browser, and keep that for backups and restores",
        .details =
                "The account's section has oauth = google, microsoft ... or the URL of an issuer,\n"
                "and oauth-client-id (see SIGNING IN BY OAUTH in valise(1)). What is kept is in\n"
                "the keyring of the session, else in a file of mode 0600; valise logout deletes\n"
                "it.",
        .bit = CMD_LOGIN,
        .account = true,
        .max_pos = 1,
        .run = cmd_login,
};

const struct command logout_command = {
        .name = "logout",
        .synopsis = "[ACCOUNT]",
        .summary = "revoke and delete what valise login has kept",
        .bit = CMD_LOGOUT,
        .account = true,
        .max_pos = 1,
        .run = cmd_logout,
};

struct showing {
	const struct args *args;
	const struct sign_in *sign_in;
	bool json;
};

static bool has_display(void)
{
	const char *x = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");

	return (x && *x) || (wayland && *wayland);
}

/* For who sits before it; where it does not work, the address stands there. */
static void open_browser(const char *url)
{
	char *const argv[] = {(char *)(uintptr_t) "xdg-open", (char *)(uintptr_t)url, NULL};
	pid_t pid;

	if (isatty(STDERR_FILENO) && has_display())
		(void)child_start(argv[0], argv, environ, (const int[]){-1, -1, -1}, &pid);
}

static void put_address(
        const struct showing *s, const char *url, const char *whole, const char *code)
{
	json_t *o = json_object();

	json_set_text(o, "event", "sign-in");
	put_text(o, "user", s->sign_in->user);
	put_text(o, "url", url);
	put_text(o, "url_with_code", whole);
	put_text(o, "code", code);
	put_json(o);
}

/* Of oauth_ui: where to sign in, and the code for it. */
static void show_address(void *ctx, const char *url, const char *whole, const char *code)
{
	const struct showing *s = ctx;
	char *place = term_escape_dup(url), *user = term_escape_dup(s->sign_in->user),
	     *label = term_escape_dup(s->sign_in->label);

	if (s->json) {
		put_address(s, url, whole, code);
	} else {
		printf("Sign in as %s (for %s) with a browser%s, at:\n\n  %s\n\n", user, label,
		        code ? "" : " of this machine", place);
		if (code) {
			char *typed = term_escape_dup(code);

			printf("with the code\n\n  %s\n\n", typed);
			free(typed);
		}
		fflush(stdout);
		if (!code)
			open_browser(url);
	}
	free(place);
	free(user);
	free(label);
}

static void tell_note(void *ctx, const char *text)
{
	const struct showing *s = ctx;

	talk("valise %s: %s", s->args->cmd->name, text);
}

/* As whom: what is not known is not claimed. */
static void print_done(const struct sign_in *s, const struct signed_in *done)
{
	char *user = term_escape_dup(s->user), *label = term_escape_dup(s->label),
	     *place = term_escape_dup(done->where), *who = term_escape_dup(done->who);

	if (!s->oauth)
		printf("The password of %s", user);
	else if (done->match == OAUTH_SAME)
		printf("Signed in as %s", user);
	else if (done->match == OAUTH_OTHER)
		printf("Signed in as %s, another name of %s", who, user);
	else
		printf("Signed in as whoever signed in in the browser%s%s, for %s",
		        *who ? ", to the server " : "", who, user);
	printf(" (%s); it is kept in %s\n", label, place);
	free(user);
	free(label);
	free(place);
	free(who);
}

static void tell_done(const struct args *a, const struct sign_in *s, const struct signed_in *done)
{

	if (args_has(a, "json")) {
		json_t *o = json_object();

		json_set_text(o, "event", "signed-in");
		put_text(o, "user", s->user);
		put_text(o, "services", s->label);
		put_text(o, "kept_in", done->where);
		put_text(o, "signed_in_as", *done->who ? done->who : NULL);
		if (s->oauth)
			json_object_set_new(o, "as_user", json_boolean(done->match == OAUTH_SAME));
		put_json(o);
	} else if (!args_has(a, "quiet")) {
		print_done(s, done);
	}
}

static int login_oauth(const struct args *a, const struct sign_in *s, uint64_t wait)
{
	struct sign_in_wish wish = {
	        .how = args_has(a, "device")    ? SIGN_IN_DEVICE
	               : args_has(a, "browser") ? SIGN_IN_BROWSER
	                                        : SIGN_IN_AS_FITS,
	        .in_file = args_has(a, "in-file"),
	        /* to "setup" it says that nothing is to be asked */
	        .alias = a->cmd->bit == CMD_LOGIN && args_has(a, "yes"),
	};
	struct showing showing = {a, s, args_has(a, "json")};
	struct oauth_ui ui = {show_address, tell_note, &showing, (unsigned)wait};
	struct signed_in done = {.where = ""};
	struct err err = {0};

	if (sign_in_oauth(s, &wish, &ui, &done, &err) < 0)
		return fail(a, &err);
	tell_done(a, s, &done);
	return 0;
}

static int login_password(const struct args *a, const struct sign_in *s)
{
	struct signed_in done = {.where = "the keyring"};
	struct err err = {0};

	if (sign_in_password(s, false, &err) < 0)
		return fail(a, &err);
	tell_done(a, s, &done);
	return 0;
}

/* Each service that signs in this way; EXIT_USAGE if none does. */
static int login_all(const struct args *a, const struct account *account, uint64_t wait)
{
	struct sign_in list[SERVICE_KINDS];
	bool password = args_has(a, "password");
	size_t n = account_sign_ins(account, password, list);
	unsigned done = 0;
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		if (list[i].oauth == password)
			continue;
		rc = password ? login_password(a, &list[i]) : login_oauth(a, &list[i], wait);
		done++;
	}
	if (done && rc == 0 && args_has(a, "json"))
		end_outcome(a, json_pack("{si}", "sign_ins", (int)done));
	if (done)
		return rc;
	if (password)
		return usage_error(a, "no password of this account is asked for");
	return usage_error(a,
	        "this account does not sign in by OAuth: add oauth = google, microsoft ... or the "
	        "URL of an issuer, and oauth-client-id; --password is for passwords");
}

int login_account(const struct args *a, const struct account *account)
{
	uint64_t wait;
	int rc = args_number(a, "wait", WAIT_DEFAULT_S, &wait);

	if (rc == 0 && (wait == 0 || wait > WAIT_LONGEST_S))
		rc = usage_error(a, "--wait is a number of seconds from 1 to %d", WAIT_LONGEST_S);
	if (rc == 0 && args_has(a, "device") && args_has(a, "browser"))
		rc = usage_error(a, "--device and --browser are two ways; choose one");
	return rc ? rc : login_all(a, account, wait);
}

int cmd_login(const struct args *a)
{
	struct account *account = NULL;
	int rc = load_account(a, a->pos[0], &account);

	if (rc == 0)
		rc = login_account(a, account);
	account_free(account);
	return rc;
}

/* Deleted in any case; a server that still takes it is named. */
static int logout_one(const struct args *a, const struct sign_in *s, unsigned *deleted)
{
	struct err revoked = {0}, err = {0};
	char *user = term_escape_dup(s->user), *label = term_escape_dup(s->label), *why;
	bool there = false;
	int rc = sign_in_forget(s, &there, &revoked, &err);

	*deleted += there;
	why = term_escape_dup(revoked.text);
	if (rc < 0)
		rc = fail(a, &err);
	else if (there && revoked.code)
		talk("valise logout: %s (%s): deleted here, but not revoked: %s: end it at the "
		     "provider",
		        user, label, why);
	else if (there && !args_has(a, "quiet") && !args_has(a, "json"))
		printf("%s (%s): %sdeleted\n", user, label, s->oauth ? "revoked and " : "");
	else if (!there && *why && !args_has(a, "quiet") && !args_has(a, "json"))
		printf("%s (%s): nothing is kept (%s)\n", user, label, why);
	if (rc == 0 && there && revoked.code)
		rc = EXIT_INCOMPLETE;
	if (there && args_has(a, "json")) {
		json_t *o = json_object();

		json_set_text(o, "event", "signed-out");
		put_text(o, "user", s->user);
		json_object_set_new(o, "revoked", json_boolean(s->oauth && !revoked.code));
		put_text(o, "reason", revoked.code ? revoked.text : NULL);
		put_json(o);
	}
	free(user);
	free(label);
	free(why);
	return rc;
}

int cmd_logout(const struct args *a)
{
	struct sign_in list[SERVICE_KINDS];
	struct account *account = NULL;
	unsigned deleted = 0;
	size_t n;
	int rc = load_account(a, a->pos[0], &account), worst = 0;

	if (rc)
		return rc;
	n = account_sign_ins(account, true, list);
	for (size_t i = 0; i < n; i++) {
		rc = logout_one(a, &list[i], &deleted);
		worst = rc ? rc : worst;
	}
	if (args_has(a, "json"))
		end_outcome(a, json_pack("{si}", "deleted", (int)deleted));
	else if (!deleted && worst == 0 && !args_has(a, "quiet"))
		printf("nothing is kept of this account\n");
	account_free(account);
	return worst;
}
