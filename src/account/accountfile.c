/* Files of accounts, accounts.ini and tables: what they say, and what is wrong with it. */
#include "accountfile.h"
#include "csv.h"
#include "valise/account/inifile.h"
#include "valise/base/buf.h"
#include "valise/base/mem.h"
#include "valise/base/near.h"
#include "valise/base/secret.h"
#include "valise/base/text.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define FILES_MAX 100 /* of one list */
#define DEPTH_MAX 8
#define DEFAULTS "defaults" /* the section that is no account */

/* One file that is being read, and those that include it. */
struct source {
	struct accounts *list;
	const char *path; /* lent by the list */
	dev_t dev;
	ino_t ino;
	bool private_file;
	const char *untrusted; /* why no command of it is run; NULL: it is ours alone */
	struct settings *into; /* of the current section */
	const char **columns; /* of a table; NULL before its header */
	size_t n_columns;
	const struct source *outer;
	unsigned depth;
};

static int read_source(
        struct accounts *list, const char *path, const struct source *outer, struct err *err);

char *account_default_path(void)
{
	const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (base && *base == '/')
		return xasprintf("%s/valise/accounts.ini", base);
	if (home && *home == '/')
		return xasprintf("%s/.config/valise/accounts.ini", home);
	return NULL;
}

char *accountfile_expand_home(const char *path)
{
	const char *home = getenv("HOME");

	if (strncmp(path, "~/", 2) == 0 && home)
		return xasprintf("%s%s", home, path + 1);
	return xstrdup(path);
}

const struct account_section *accounts_section(const struct accounts *list, const char *name)
{
	size_t cursor = 0, i;

	while ((i = text_index_next(&list->index, name, &cursor)) != SIZE_MAX)
		if (strcmp(list->sections[i].name, name) == 0)
			return &list->sections[i];
	return NULL;
}

const char *accounts_nearest(const struct accounts *list, const char *name)
{
	struct nearest best = {0};

	for (size_t i = 0; i < list->n; i++)
		nearest_weigh(&best, name, list->sections[i].name);
	return best.word;
}

/* In another file, as the same file's are looked at when it is parsed; or in a table. */
static int stands_twice(
        const struct source *s, const struct account_section *first, unsigned line, struct err *err)
{
	return err_at(err, s->path, line, "the account \"%s\" stands in %s, line %u, too",
	        first->name, first->file, first->line);
}

/* A new account, whose settings follow. */
static int begin_section(struct source *s, const char *name, unsigned line, struct err *err)
{
	const struct account_section *first = accounts_section(s->list, name);
	struct account_section *made;

	if (first)
		return stands_twice(s, first, line, err);
	text_index_add(&s->list->index, name, s->list->n);
	made = ARR_PUSH(s->list->sections, s->list->n, s->list->cap);
	made->name = xstrdup(name);
	made->file = s->path;
	made->line = line;
	made->untrusted = s->untrusted;
	s->into = &made->set;
	return 0;
}

/* ERR_USAGE, with the key that is near. */
static int unknown_key(
        const struct source *s, const char *what, const char *key, unsigned line, struct err *err)
{
	char near[64];

	if (settings_nearest(key, near))
		return err_at(err, s->path, line, "there is no %s \"%s\"; do you mean \"%s\"?",
		        what, key, near);
	return err_at(err, s->path, line, "there is no %s \"%s\"", what, key);
}

/* What a key, or a column, may be in this file. */
static int check_key(
        const struct source *s, const char *what, const char *key, unsigned line, struct err *err)
{
	if (!settings_is_file_key(key))
		return unknown_key(s, what, key, line, err);
	if (!s->private_file && settings_is_password(key, true) && !account_is_key(key))
		return err_at(err, s->path, line,
		        "others can read this password: chmod 600 the file, or use "
		        "password-command");
	if (s->untrusted && settings_is_command(key))
		return err_at(err, s->path, line, "this is a command to run, and the file %s",
		        s->untrusted);
	return 0;
}

/* Into the current section, with where it stands. A proxy's URL may hold its password. */
static int add_setting(
        struct source *s, const char *key, const char *value, unsigned line, struct err *err)
{
	bool shared = s->into == &s->list->defaults;
	struct setting *made;

	if (!s->private_file && text_ends_with(key, "proxy") && strchr(value, '@'))
		return err_at(err, s->path, line,
		        "others can read this proxy's password: chmod 600 the file");
	made = settings_add(s->into, key, value, shared ? FROM_DEFAULTS : FROM_SECTION);
	made->file = s->path;
	made->line = line;
	made->untrusted = s->untrusted;
	return 0;
}

/* A key of a section, if it may stand there, once. */
static int take_setting(
        struct source *s, const char *key, const char *value, unsigned line, struct err *err)
{
	const struct setting *before = settings_find(s->into, key);
	int rc = check_key(s, "key", key, line, err);

	if (rc != 0)
		return rc;
	if (!*value)
		return err_at(err, s->path, line, "\"%s\" has no value", key);
	/* [defaults] of a file win over those of the files that it includes. */
	if (before && before->file != s->path) {
		settings_drop(s->into, key);
		before = NULL;
	}
	if (before && !settings_is_repeated(key))
		return err_at(err, s->path, line, "\"%s\" stands here twice", key);
	return add_setting(s, key, value, line, err);
}

/* A path in the file counts from where the file is. */
char *accountfile_beside(const char *file, const char *path)
{
	const char *slash = strrchr(file, '/');
	char *full = accountfile_expand_home(path), *joined;

	if (*full == '/' || !slash)
		return full;
	joined = xasprintf("%.*s/%s", (int)(slash - file), file, full);
	free(full);
	return joined;
}

/* Another file at this place; its path counts from this one. */
static int include_file(struct source *s, const char *value, unsigned line, struct err *err)
{
	char *path = accountfile_beside(s->path, value);
	int rc = 0;

	if (s->depth == DEPTH_MAX)
		rc = err_at(err, s->path, line, "files are included more than 8 deep");
	if (rc == 0)
		rc = read_source(s->list, path, s, err);
	/* That this file is missing must not look like a missing accounts.ini. */
	if (rc == ERR_NOTFOUND)
		rc = err->code = ERR_USAGE;
	if (rc != 0 && s->depth < DEPTH_MAX)
		rc = err_wrap(err, "%s, line %u", s->path, line);
	free(path);
	return rc;
}

/* A line of an accounts.ini: a section, a setting, or an include. */
static int take_entry(void *ctx, const char *section, const char *key, const char *value,
        unsigned line, struct err *err)
{
	struct source *s = ctx;

	if (!key && strcmp(section, DEFAULTS) == 0) {
		s->into = &s->list->defaults;
		return 0;
	}
	if (!key)
		return begin_section(s, section, line, err);
	if (*section)
		return take_setting(s, key, value, line, err);
	if (strcmp(key, "include") != 0)
		return err_at(err, s->path, line,
		        "a key before the first [account]; for all accounts it goes below "
		        "[defaults]");
	return *value ? include_file(s, value, line, err)
	              : err_at(err, s->path, line, "\"include\" has no value");
}

/* Blanks around a cell that is not quoted are nobody's, but in a password. */
static char *cell_text(const struct csv_cell *cell, bool whole)
{
	const char *s = cell->text;
	size_t n = strlen(s);

	if (cell->quoted || whole)
		return xstrdup(s);
	for (; n && (s[n - 1] == ' ' || s[n - 1] == '\t'); n--)
		;
	for (; n && (*s == ' ' || *s == '\t'); n--)
		s++;
	return xstrndup(s, n);
}

static bool is_name_column(const char *key)
{
	return strcmp(key, "name") == 0 || strcmp(key, "new") == 0;
}

/* A column that is known, and stands once. */
static int check_column(const struct source *s, const char *key, unsigned line, struct err *err)
{
	for (size_t i = 0; i < s->n_columns; i++)
		if ((strcmp(s->columns[i], key) == 0 && !settings_is_repeated(key)) ||
		        (is_name_column(key) && is_name_column(s->columns[i])))
			return err_at(err, s->path, line, "the column \"%s\" stands here twice%s",
			        key,
			        is_name_column(key) ? " (\"name\" and \"new\" are the same)" : "");
	if (is_name_column(key))
		return 0;
	if (strchr(key, ';') || strchr(key, '\t'))
		return err_at(err, s->path, line, "columns are separated by commas");
	return check_key(s, "column", key, line, err);
}

/* The first row of a table: its columns. */
static int take_header(
        struct source *s, const struct csv_cell *cells, size_t n, unsigned line, struct err *err)
{
	int rc = 0;

	s->columns = xcalloc(n, sizeof *s->columns);
	for (size_t i = 0; i < n && rc == 0; i++) {
		char *key = cell_text(&cells[i], false);

		rc = check_column(s, text_lower(key), line, err);
		s->columns[s->n_columns++] = key;
	}
	return rc;
}

/* "name", else "user"; the caller's, NULL if there is neither. */
static char *row_name(const struct source *s, const struct csv_cell *cells, size_t n)
{
	char *name = NULL;

	for (int pass = 0; pass < 2 && !name; pass++)
		for (size_t i = 0; i < n && !name; i++) {
			if (pass ? strcmp(s->columns[i], "user") != 0
			         : !is_name_column(s->columns[i]))
				continue;
			name = cell_text(&cells[i], false);
			if (*name)
				continue;
			free(name);
			name = NULL;
		}
	return name;
}

/* An account of a table, by its name. */
static int begin_row(
        struct source *s, const struct csv_cell *cells, size_t n, unsigned line, struct err *err)
{
	char *name = row_name(s, cells, n);
	int rc;

	if (!name)
		return err_at(err, s->path, line,
		        "neither \"name\" nor \"user\" says whose account this is");
	if (strlen(name) > INIFILE_NAME_MAX)
		rc = err_at(err, s->path, line, "the name of an account has 200 bytes at most");
	else if (strcmp(name, DEFAULTS) == 0)
		rc = err_at(err, s->path, line,
		        "no account can be called \"defaults\", which are those of accounts.ini: "
		        "give it another name in a column \"name\"");
	else
		rc = begin_section(s, name, line, err);
	free(name);
	return rc;
}

/* A row of a table: the header, or an account with its settings. */
static int take_row(
        void *ctx, const struct csv_cell *cells, size_t n, unsigned line, struct err *err)
{
	struct source *s = ctx;
	bool empty = true;
	int rc;

	if (!s->columns)
		return take_header(s, cells, n, line, err);
	for (size_t i = 0; i < n && empty; i++)
		empty = !*cells[i].text;
	if (empty) /* as spreadsheets leave them */
		return 0;
	rc = begin_row(s, cells, n, line, err);
	for (size_t i = 0; i < n && rc == 0; i++) {
		char *text = cell_text(&cells[i], settings_is_password(s->columns[i], true));

		if (*text && !is_name_column(s->columns[i]))
			rc = add_setting(s, s->columns[i], text, line, err);
		wipe(text, strlen(text));
		free(text);
	}
	return rc;
}

/* The text as a table or as sections, by its name and its first line. */
static int parse_source(struct source *s, const struct buf *text, struct err *err)
{
	const char *p = (const char *)text->data;
	int rc;

	if (!text_ends_with(s->path, ".csv") && !csv_is_likely(p, text->len))
		return inifile_parse_headed(p, text->len, s->path, take_entry, s, err);
	rc = csv_parse(p, text->len, s->path, take_row, s, err);
	texts_free((char **)(uintptr_t)s->columns, s->n_columns);
	return rc;
}

/* The file that is being read may be reached by several names. */
static int check_circle(const struct source *s, struct err *err)
{
	for (const struct source *o = s->outer; o; o = o->outer)
		if (o->dev == s->dev && o->ino == s->ino)
			return err_set(err, ERR_USAGE, ERR_WHOLE,
			        "%s includes itself, perhaps by way of others", s->path);
	return 0;
}

/* One file, and those that it includes. */
static int read_source(
        struct accounts *list, const char *path, const struct source *outer, struct err *err)
{
	struct source s = {.list = list, .outer = outer, .depth = outer ? outer->depth + 1 : 0};
	struct buf text = buf_of(CSV_MAX);
	struct stat st = {0};
	int rc;

	if (list->n_files == FILES_MAX)
		return err_set(
		        err, ERR_LIMIT, ERR_WHOLE, "more than %d files of accounts", FILES_MAX);
	s.path = *ARR_PUSH(list->files, list->n_files, list->files_cap) = xstrdup(path);
	rc = inifile_read(path, &text, &st, err);
	s.dev = st.st_dev;
	s.ino = st.st_ino;
	s.private_file = (st.st_mode & 077) == 0;
	s.untrusted = inifile_untrusted(&st);
	if (rc == 0)
		rc = check_circle(&s, err);
	if (rc == 0)
		rc = parse_source(&s, &text, err);
	wipe(text.data, text.len);
	buf_clear(&text);
	return rc;
}

int accounts_open(const char *path, struct accounts **out, struct err *err)
{
	struct accounts *list = xcalloc(1, sizeof *list);
	int rc = read_source(list, path, NULL, err);

	*out = rc == 0 ? list : NULL;
	if (rc != 0)
		accounts_close(list);
	return rc;
}

void accounts_close(struct accounts *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->n; i++) {
		free(list->sections[i].name);
		settings_clear(&list->sections[i].set);
	}
	free(list->sections);
	settings_clear(&list->defaults);
	text_index_clear(&list->index);
	texts_free(list->files, list->n_files);
	free(list);
}

size_t accounts_count(const struct accounts *list)
{
	return list->n;
}

const char *accounts_name(const struct accounts *list, size_t i)
{
	return list->sections[i].name;
}
