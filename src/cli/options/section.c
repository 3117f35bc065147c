/*
 * What accounts.ini says of a command's options: taken as if they had been given, where the command
 * line does not give them.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/tree/select.h"
#include "valise/tree/use.h"
#include "cli/cli.h"

struct prepared {
	struct account *account; /* until load_account takes it */
	struct account_options options; /* what args point to */
	struct err err; /* why there is no account */
};

static bool number_is_right(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text) && strlen(text) < 10;
}

static bool bytes_are_right(const char *text)
{
	uint64_t ignored;

	return bytes_read(text, &ignored);
}

static bool kinds_are_right(const char *text)
{
	unsigned ignored;

	return kinds_read(text, &ignored);
}

static bool labels_are_right(const char *text)
{
	return text_place(text, "folders|keywords|first") >= 0;
}

static bool uses_are_right(const char *text)
{
	unsigned set;
	const char *bad;
	size_t n;

	return use_set_read(text, &set, &bad, &n);
}

static bool date_is_right(const char *text)
{
	const struct day any = {2024, 1, 1};
	int64_t ignored;

	return select_date(text, &any, false, &ignored);
}

int section_check(const struct account_options *o, struct err *err)
{
	static const struct {
		const char *key;
		bool (*is_right)(const char *text);
		const char *wants;
	} values[] = {
	        {"max-rate", bytes_are_right, BYTES_WANTED},
	        {"daily-limit", bytes_are_right, BYTES_WANTED},
	        {"connections", number_is_right, "a whole number"},
	        {"only", kinds_are_right, "mail, calendars and contacts, with commas between"},
	        {"exclude-use", uses_are_right,
	                "junk, trash, drafts, sent, archive, all, flagged and important, with "
	                "commas between"},
	        {"labels", labels_are_right, "folders, keywords or first"},
	        {"since", date_is_right, SELECT_DATE_WANTED},
	        {"until", date_is_right, SELECT_DATE_WANTED},
	        {"larger", bytes_are_right, BYTES_WANTED},
	        {"smaller", bytes_are_right, BYTES_WANTED},
	};

	for (size_t i = 0; i < o->n; i++)
		for (size_t k = 0; k < COUNT(values); k++) {
			const struct account_option *s = &o->items[i];

			if (strcmp(s->key, values[k].key) == 0 && !values[k].is_right(s->value))
				return err_at(err, s->file, s->line, "%s takes %s, not \"%s\"",
				        s->key, values[k].wants, s->value);
		}
	return 0;
}

/* On the command line; --folder is another name of --include. */
static bool is_given(const struct args *a, const char *option)
{
	for (size_t i = 0; i < a->n_given; i++)
		if (!a->given[i].from &&
		        (strcmp(a->given[i].def->name, option) == 0 ||
		                (strcmp(option, "include") == 0 &&
		                        strcmp(a->given[i].def->name, "folder") == 0)))
			return true;
	return false;
}

/*
 * What a section says of dates and sizes is how much of the account is kept: a restore into it
 * that left things out for that would surprise whoever lost them.
 */
static bool is_for_backups(const char *option)
{
	return text_place(option, "since|until|larger|smaller") >= 0;
}

/* What the section says and the command line does not, as if it had been given. */
static int add_options(struct args *a, const struct account_options *o)
{
	for (size_t i = 0; i < o->n; i++) {
		const struct account_option *s = &o->items[i];
		const char *name = strcmp(s->key, "archive") == 0 ? "output" : s->key;
		const struct option_def *def = args_option(a, name);

		if (!def || is_given(a, name) ||
		        (is_for_backups(name) && !(a->cmd->bit & (CMD_BACKUP | CMD_FETCH))))
			continue;
		if (a->n_given == ARGS_MAX)
			return usage_error(a, "%s, line %u: too many options", s->file, s->line);
		a->given[a->n_given].def = def;
		a->given[a->n_given].from = s;
		a->given[a->n_given++].value = s->value;
	}
	return 0;
}

/*
 * A worker does what was looked at when the run began, and nothing else: the archive that it was
 * given is not for whoever stands there now.
 */
static int check_listed(const struct args *a, const struct prepared *p)
{
	const char *listed = args_get(a, "as-listed");
	char *now = listed ? account_sum(p->account, &p->options) : NULL;
	struct err err = {0};
	bool same = !listed || strcmp(now, listed) == 0;

	free(now);
	if (same)
		return 0;
	(void)err_set(&err, ERR_USAGE, ERR_WHOLE,
	        "the list was changed since the run began, and means another account or archive "
	        "now: nothing was done; start it again");
	return fail(a, &err);
}

int section_apply(struct args *a)
{
	struct prepared *p;
	size_t at = a->cmd->min_pos; /* of the account's name */
	struct err err = {0};
	int rc;

	/* what setup is given is to become a section */
	if (!a->cmd->account || a->cmd->bit == CMD_SETUP || a->n_pos <= at ||
	        args_has(a, "accounts"))
		return 0;
	a->prepared = p = xcalloc(1, sizeof *p);
	if (account_load(a->pos[at], args_get(a, "config"), a->settings, a->n_settings, NULL,
	            &p->account, &p->err) < 0)
		return args_has(a, "as-listed") ? fail(a, &p->err) : 0; /* load_account says it */
	p->options = p->account->options;
	p->account->options = (struct account_options){0};
	if (section_check(&p->options, &err) < 0)
		return fail(a, &err);
	rc = check_listed(a, p);
	return rc ? rc : add_options(a, &p->options);
}

bool section_account(const struct args *a, struct account **out, struct err *err)
{
	struct prepared *p = a->prepared;

	if (!p)
		return false;
	*out = p->account;
	p->account = NULL;
	*err = p->err;
	return true;
}

void section_clear(struct args *a)
{
	if (!a->prepared)
		return;
	account_free(a->prepared->account);
	account_options_clear(&a->prepared->options);
	free(a->prepared);
	a->prepared = NULL;
}

bool option_is_shared(const struct args *a, const char *option)
{
	for (size_t i = 0; i < a->n_given; i++)
		if (strcmp(a->given[i].def->name, option) == 0 && a->given[i].from)
			return a->given[i].from->shared;
	return args_has(a, "one-of-many");
}

const char *option_place(
        const struct args *a, const char *option, const char *value, char out[OPTION_PLACE_SIZE])
{
	for (size_t i = 0; i < a->n_given; i++) {
		const struct account_option *from = a->given[i].from;

		if (!from || strcmp(a->given[i].def->name, option) != 0 ||
		        strcmp(a->given[i].value, value) != 0)
			continue;
		snprintf(out, OPTION_PLACE_SIZE, "%.300s, line %u: %s", from->file, from->line,
		        from->key);
		return out;
	}
	snprintf(out, OPTION_PLACE_SIZE, "--%s", option);
	return out;
}
