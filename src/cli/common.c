/*
 * What several commands need: errors for people, the account, taking an account into a
 * sink.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/fetch/fetch.h"
#include "valise/dir/dir.h"
#include "valise/discover/providers.h"
#include "cli.h"

/* Commands whose next run goes on where this one was stopped. */
enum {
	GOES_ON = CMD_BACKUP | CMD_FETCH | CMD_RESTORE | CMD_PACK | CMD_UNPACK | CMD_SALVAGE |
	          CMD_IMPORT
};

/* What programs are told by the exit code alone. */
static int exit_code_of(const struct err *err)
{
	switch (err->code) {
	case ERR_USAGE:
		return EXIT_USAGE;
	case ERR_STOPPED:
		return EXIT_INTERRUPTED;
	case ERR_NO_ARCHIVE:
		return EXIT_NO_ARCHIVE;
	case ERR_LOCKED:
		return EXIT_LOCKED;
	case ERR_AUTH:
		return EXIT_SIGN_IN;
	case ERR_BUDGET:
		return EXIT_INCOMPLETE; /* as was asked for; a later run goes on */
	default:
		return EXIT_FAILED;
	}
}

int fail(const struct args *a, const struct err *err)
{
	char safe[900], *variable = environment_told(a, err->text);
	struct err why = *err;

	if (variable)
		(void)err_set(&why, why.code, why.scope, "%s (%s)", err->text, variable);
	free(variable);
	if (why.code == ERR_STOPPED && !(a->cmd->bit & GOES_ON))
		(void)err_set(&why, why.code, why.scope, "stopped as asked");
	end_why(a, &why);
	talk("valise %s: %s", a->cmd->name,
	        term_escape(why.text, strlen(why.text), safe, sizeof safe));
	return exit_code_of(&why);
}

/**
 * A trace tells who writes to whom: a file of ours alone, and none that somebody else has
 * put in its place. What is below /dev (/dev/stderr, process substitution) is taken as it
 * is.
 */
static FILE *trace_file(const char *path, const char **why)
{
	bool device = !strncmp(path, "/dev/", strlen("/dev/"));
	int fd = open(path,
	        O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY |
	                (device ? 0 : O_NOFOLLOW | O_NONBLOCK),
	        0600);
	struct stat st;
	FILE *f = NULL;

	if (fd < 0)
		*why = errno == ELOOP ? "this is a link, which a trace does not follow"
		                      : strerror(errno);
	else if (fstat(fd, &st) != 0)
		*why = strerror(errno);
	else if (!device && !S_ISREG(st.st_mode))
		*why = "this is no ordinary file";
	else if (!device && st.st_uid != geteuid())
		*why = "this file belongs to somebody else, who could read the trace";
	else if (!device && (st.st_mode & 077) && fchmod(fd, 0600) != 0)
		*why = "others can read this file, and that cannot be changed";
	else
		f = fdopen(fd, "a");
	if (!f && fd >= 0) {
		*why = *why ? *why : strerror(errno);
		(void)close(fd);
	}
	return f;
}

/* The trace file stays open for the whole run: accounts borrow it. */
int open_trace(const struct args *a, FILE **out)
{
	const char *path = args_get(a, "trace"), *why = NULL;
	struct err err = {0};

	*out = a->ending->trace; /* of another account of this run */
	if (!path || *out)
		return 0;
	*out = trace_file(path, &why);
	a->ending->trace = *out;
	if (*out)
		return 0;
	(void)err_set(&err, ERR_IO, ERR_WHOLE, "%s: %s", path, why);
	return fail(a, &err);
}

int run_words(struct args *a, int argc, char **argv)
{
	int rc = args_parse(a, argc, argv);

	rc = rc ? rc : environment_apply(a);
	rc = rc ? rc : report_check(a);
	if (rc)
		return rc;
	rc = section_apply(a);
	rc = rc ? rc : batch_misused(a);
	if (rc == 0)
		rc = args_has(a, "accounts") ? batch_run(a) : a->cmd->run(a);
	if (rc && !a->ending->reported)
		report_unwritten(a, rc);
	section_clear(a);
	return rc;
}

static char *copy_missing(char *now, const char *row)
{
	return now ? now : xstrdup(row);
}

/* "oauth = NAME": a row of the table of providers. */
static int fill_oauth(void *ctx, const char *provider, struct oauth_client *c, struct err *err)
{
	struct providers *table = NULL;
	const struct provider *p;
	int rc = providers_load(NULL, NULL, &table, err);

	(void)ctx;
	p = rc == 0 ? providers_by_id(table, provider) : NULL;
	if (p) {
		c->authorize = copy_missing(c->authorize, p->oauth_authorize);
		c->device = copy_missing(c->device, p->oauth_device);
		c->token = copy_missing(c->token, p->oauth_token);
		c->revoke = copy_missing(c->revoke, p->oauth_revoke);
		c->scopes = copy_missing(c->scopes, p->oauth_scopes);
		c->id = copy_missing(c->id, p->oauth_client_id);
	}
	if (rc == 0 && !p)
		rc = err_set(err, ERR_USAGE, ERR_WHOLE,
		        "oauth = %.60s: the table of providers has none of this name; it is one of "
		        "them (google, microsoft, yahoo), or the https:// URL of an issuer",
		        provider);
	else if (rc == 0 && !c->token)
		rc = err_set(err, ERR_USAGE, ERR_WHOLE, "oauth = %.60s: %s has no sign-in by OAuth",
		        provider, p->name);
	providers_free(table);
	return rc;
}

static void tell_warning(void *ctx, const char *text)
{
	(void)ctx;
	talk("warning: %s", text);
}

int prepare_account(const struct args *a, struct account *account, FILE *trace)
{
	char lines[ACCOUNT_WARNINGS][256];
	struct err err = {0};
	size_t n;

	for (unsigned k = 0; k < SERVICE_KINDS; k++)
		account->services[k].at.trace = trace;
	if (account_fill_oauth(account, trace, fill_oauth, NULL, &err) < 0)
		return fail(a, &err);
	account_warn_oauth(account, tell_warning, NULL);
	n = account_warnings(account, lines, ACCOUNT_WARNINGS);
	for (size_t i = 0; i < n && !args_has(a, "quiet"); i++)
		talk("warning: %s", lines[i]);
	return 0;
}

struct account *find_known(const struct args *a, const char *name)
{
	for (size_t i = 0; a->known && name && i < a->known->n; i++)
		if (strcmp(a->known->items[i].name, name) == 0)
			return account_hold(a->known->items[i].account);
	return NULL;
}

int load_account(const struct args *a, const char *name, struct account **out)
{
	struct err err = {0};
	const struct err *why;
	FILE *trace;
	int rc;

	*out = find_known(a, name);
	if (*out)
		return 0;
	rc = open_trace(a, &trace);
	if (rc)
		return rc;
	if (!name && a->n_settings == 0)
		return usage_error(a, "which account? Name one of accounts.ini, or give "
		                      "--imap imaps://HOST --user NAME");
	if (!section_account(a, out, &err) && account_load(name, args_get(a, "config"), a->settings,
	                                              a->n_settings, NULL, out, &err) < 0)
		*out = NULL; /* told below */
	why = *out ? NULL : &err;
	if (may_be_found(a, name, why)) {
		account_free(*out);
		rc = find_account(a, name, why, trace, out);
		if (rc)
			return rc;
	}
	if (!*out) {
		fail(a, &err);
		return err.code == ERR_NOTFOUND ? EXIT_USAGE : exit_code_of(&err);
	}
	rc = prepare_account(a, *out, trace);
	if (rc == 0 && !(a->cmd->bit & (CMD_LOGIN | CMD_LOGOUT)))
		rc = find_mailbox(a, *out, NULL);
	if (rc) {
		account_free(*out);
		*out = NULL;
	}
	return rc;
}

static void add_service(struct tree_account *out, const struct service *s)
{
	struct tree_service *t =
	        tree_account_add(out, s->name, s->at.host, s->at.port, service_owner(s));

	if (strcmp(service_owner(s), s->login.user) != 0)
		t->authcid = xstrdup(s->login.user);
}

void account_to_tree(const struct account *a, struct tree_account *out)
{
	memset(out, 0, sizeof *out);
	out->name = xstrdup(a->name);
	for (unsigned k = 0; k < SERVICE_KINDS; k++)
		if (a->present[k])
			add_service(out, &a->services[k]);
}

static const char *const kind_words[COLL_KINDS][4] = {
        [COLL_MAIL] = {"mailbox", "mailboxes", "message", "messages"},
        [COLL_CALENDAR] = {"calendar", "calendars", "resource", "resources"},
        [COLL_CONTACTS] = {"address book", "address books", "card", "cards"},
        [COLL_LINKED] = {"list of links", "lists of links", "linked file", "linked files"},
        [COLL_MAPI] = {"list of raw items", "lists of raw items", "raw item of Outlook",
                "raw items of Outlook"},
};

void totals_text(const struct tree_totals *t, struct buf *out)
{
	char a[32], b[32];
	bool first = true;

	for (unsigned k = 0; k < COLL_KINDS; k++) {
		if (!t->collections[k])
			continue;
		buf_putf(out, "%s%s %s in %s %s", first ? "" : ", ", human_count(t->items[k], a),
		        kind_words[k][t->items[k] == 1 ? 2 : 3], human_count(t->collections[k], b),
		        kind_words[k][t->collections[k] == 1 ? 0 : 1]);
		first = false;
	}
	if (first)
		buf_puts(out, "nothing");
	buf_putf(out, ", %s", human_bytes(t->bytes, a));
	if (t->gone)
		buf_putf(out, "; %s marked as gone", human_count(t->gone, a));
	if (t->left_out)
		buf_putf(out, "; %s left out by options", human_count(t->left_out, a));
}

void totals_to_json(const struct tree_totals *t, json_t *o)
{
	for (unsigned k = 0; k < COLL_KINDS; k++) {
		json_t *c;

		if (k == COLL_MAPI && !t->collections[k])
			continue;
		c = json_object();
		json_set_number(c, "collections", t->collections[k]);
		json_set_number(c, "items", t->items[k]);
		json_object_set_new(o, coll_kind_dir(k), c);
	}
	json_set_number(o, "bytes", t->bytes);
	json_set_number(o, "errors", t->errors);
	json_set_number(o, "gone", t->gone);
	if (t->left_out)
		json_set_number(o, "left_out", t->left_out);
	json_set_text(o, "verdict", t->complete ? "complete" : "incomplete");
	json_set_hex(o, "content", t->content, SHA256_LEN);
	json_set_hex(o, "state", t->state, SHA256_LEN);
}

void commit_to_json(const struct tree_commit *c, json_t *o)
{
	if (c->damaged)
		json_set_number(o, "damaged", c->damaged);
	if (c->unhealed)
		json_set_number(o, "unhealed", c->unhealed);
	totals_to_json(&c->totals, o);
	json_set_number(o, "snapshot", c->snapshot);
	json_object_set_new(o, "changed", json_boolean(c->changed));
	json_set_number(o, "objects_new", c->objects_new);
	json_set_number(o, "bytes_new", c->bytes_new);
	json_set_number(o, "shrunk", c->shrunk);
	if (c->seal[0]) {
		json_set_text(o, "seal", c->seal);
		json_set_number(o, "stored_bytes", c->disk_new);
	}
}

static bool is_called(const char *called, const char *name, size_t n)
{
	return called && strlen(called) == n && memcmp(called, name, n) == 0;
}

const struct tree_head *find_head(const struct tree_manifest *m, const char *name, size_t n)
{
	const char *slash = memchr(name, '/', n);
	size_t kind = slash ? (size_t)(slash - name) : 0; /* calendars/NAME */

	for (int pass = 0; pass < 4; pass++)
		for (size_t i = 0; i < m->n_heads; i++) {
			const struct tree_head *h = &m->heads[i];
			const char *const called[] = {h->name, h->content_name, h->path};

			if (pass < 3 ? is_called(called[pass], name, n)
			             : slash && is_called(coll_kind_dir(h->kind), name, kind) &&
			                        is_called(h->name, slash + 1, n - kind - 1))
				return h;
		}
	return NULL;
}

const struct tree_head *next_head(const struct tree_manifest *m, const struct tree_head *h)
{
	const struct tree_head *end = m->heads + m->n_heads;

	for (const struct tree_head *o = h + 1; o < end; o++)
		if (strcmp(o->name, h->name) == 0)
			return o;
	return NULL;
}

int args_names(const struct args *a, enum dir_names *out)
{
	unsigned place;
	int rc = args_word(a, "names", "maildir|portable", &place);

	*out = args_has(a, "names") ? DIR_NAMES_MAILDIR + place : DIR_NAMES_AUTO;
	return rc;
}

int open_tree(const char *dir, const struct tree_manifest *m, struct ui *ui, struct tree_sink **to)
{
	struct tree_dir_opts o = {
	        .accept.all = true, .same_account = true, .created = m ? m->created : 0};
	struct tree_account nobody = {0};
	struct err err = {0};
	int rc = args_names(ui->args, &o.names);

	if (rc)
		return rc;
	if (tree_dir_sink(dir, m ? &m->account : &nobody, &o, &ui->progress, to, &err) < 0)
		return fail(ui->args, &err);
	return 0;
}

int finish_tree(struct tree_sink *to, const char *where, bool lost, struct ui *ui)
{
	struct tree_commit c;
	struct err err = {0};
	struct buf b = buf_of(4096);
	char safe[600];
	int done;

	if (to->ops->commit(to, &c, &err) < 0)
		return fail(ui->args, &err);
	done = c.totals.complete && !lost ? EXIT_DONE : EXIT_INCOMPLETE;
	ui_stop(ui);
	if (ui->json) {
		json_t *o = json_object();

		put_text(o, "to", where);
		totals_to_json(&c.totals, o);
		json_object_set_new(o, "changed", json_boolean(c.changed));
		end_outcome(ui->args, o);
		return done;
	}
	if (ui_quiet(ui, done))
		return done;
	totals_text(&c.totals, &b);
	printf("%s: %s%s%s\n", term_escape(where, strlen(where), safe, sizeof safe), buf_str(&b),
	        c.changed ? "" : "; nothing changed", c.totals.complete ? "" : "; INCOMPLETE");
	buf_clear(&b);
	return done;
}

int copy_tree(struct tree_reader *from, struct tree_sink *to, unsigned only, const char *where,
        struct ui *ui)
{
	struct err err = {0};

	int rc = tree_copy(from, to, only, &ui->progress, &err);

	/* What an earlier run brought of the rest stays. */
	for (unsigned k = 0; k < COLL_KINDS && only && rc == 0; k++)
		if (!(only & 1u << k))
			rc = to->ops->keep(to, k, NULL, COLL_SKIPPED, NULL, &err);
	if (rc < 0)
		return fail(ui->args, &err);
	return finish_tree(to, where, false, ui);
}
