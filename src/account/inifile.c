/*
 * Files of sections and keys, read with inih. inih cuts what is too long and guesses at
 * continuation lines in silence, so that the lines are looked at before it gets them.
 */
#include "valise/account/inifile.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/secret.h"
#include "valise/base/sys.h"
#include "valise/base/text.h"
#include "valise/base/textindex.h"
#include <ini.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_LEN 4000
#define LINE_SIZE 4096
#define KEY_MAX_LEN 49 /* inih cuts longer ones; its sections are not looked at */
#define SECTIONS_MAX 100000

struct reading {
	const char *at, *end, *label;
	unsigned line;
	inifile_entry *entry;
	void *ctx;
	bool head; /* keys may stand before the first section */
	struct err *err;
	int rc; /* the first failure */
	char **sections;
	size_t n_sections, cap_sections;
	struct text_index index; /* of the sections */
};

static int bad_line(struct reading *r, const char *what)
{
	r->rc = err_at(r->err, r->label, r->line, "%s", what);
	return r->rc;
}

static bool has_section(const struct reading *r, const char *name)
{
	size_t cursor = 0, i;

	while ((i = text_index_next(&r->index, name, &cursor)) != SIZE_MAX)
		if (strcmp(r->sections[i], name) == 0)
			return true;
	return false;
}

/* A section that stands once, handed to the caller. */
static int new_section(struct reading *r, const char *text, size_t n)
{
	char *name;

	if (n == 0)
		return bad_line(r, "a section needs a name, as in [alice]");
	if (r->n_sections == SECTIONS_MAX)
		return bad_line(r, "too many sections");
	name = xstrndup(text, n);
	if (has_section(r, name)) {
		free(name);
		return bad_line(r, "this section stands in the file twice");
	}
	text_index_add(&r->index, name, r->n_sections);
	*ARR_PUSH(r->sections, r->n_sections, r->cap_sections) = name;
	r->rc = r->entry(r->ctx, name, NULL, NULL, r->line, r->err);
	return r->rc;
}

/* ${s}, ${n}: one line without its end. */
static int check_line(struct reading *r, const char *s, size_t n)
{
	const char *close;
	size_t name;

	if (n > LINE_MAX_LEN)
		return bad_line(r, "the line is too long");
	if (memchr(s, '\0', n))
		return bad_line(r, "the line holds a NUL byte");
	for (; n && (*s == ' ' || *s == '\t'); n--)
		s++;
	if (!n || *s == '#' || *s == ';')
		return 0;
	if (*s == '[') {
		close = memchr(s, ']', n);
		if (!close)
			return bad_line(r, "a section ends with ']'");
		if (close - s - 1 > INIFILE_NAME_MAX)
			return bad_line(r, "the name of a section has 200 bytes at most");
		return new_section(r, s + 1, (size_t)(close - s) - 1);
	}
	for (name = 0; name < n && s[name] != '=' && s[name] != ':'; name++)
		;
	if (name == n)
		return bad_line(r, "not of the form key = value");
	if (name > KEY_MAX_LEN)
		return bad_line(r, "the name of a key has 49 bytes at most");
	return 0;
}

/*
 * As fgets, for inih; leading blanks are dropped, for they would make it a continuation
 * line.
 */
static char *next_line(char *out, int size, void *stream)
{
	struct reading *r = stream;
	const char *s = r->at, *eol;
	size_t n, bom;

	if (r->rc != 0 || s == r->end)
		return NULL;
	eol = memchr(s, '\n', (size_t)(r->end - s));
	n = (size_t)((eol ? eol : r->end) - s);
	r->at = eol ? eol + 1 : r->end;
	r->line++;
	if (n && s[n - 1] == '\r')
		n--;
	bom = r->line == 1 ? text_bom(s, n) : 0;
	s += bom;
	n -= bom;
	if (check_line(r, s, n) != 0)
		return NULL;
	for (; n && (*s == ' ' || *s == '\t'); n--)
		s++;
	if (n + 2 > (size_t)size) {
		(void)bad_line(r, "the line is too long");
		return NULL;
	}
	memcpy(out, s, n);
	out[n] = '\n';
	out[n + 1] = '\0';
	return out;
}

/* Of inih: a key and its value in the current section. */
static int on_entry(void *user, const char *section, const char *name, const char *value)
{
	struct reading *r = user;
	const char *current = r->n_sections ? r->sections[r->n_sections - 1] : "";

	(void)section; /* which inih cuts */
	if (r->rc == 0 && !*current && !r->head)
		(void)bad_line(r, "a key before the first [section]");
	if (r->rc == 0)
		r->rc = r->entry(r->ctx, current, name, value, r->line, r->err);
	return r->rc == 0;
}

static int too_large(const char *path, size_t max, struct err *err)
{
	return err_set(err, ERR_USAGE, ERR_WHOLE,
	        "%s is larger than %zu MiB, which is too much for a file of settings", path,
	        max >> 20);
}

static int parse(const char *text, size_t n, const char *label, bool head, inifile_entry *entry,
        void *ctx, struct err *err)
{
	struct reading r = {.at = text,
	        .end = text + n,
	        .label = label,
	        .entry = entry,
	        .ctx = ctx,
	        .head = head,
	        .err = err};
	int rc;

	if (n > INIFILE_MAX)
		return too_large(label, INIFILE_MAX, err);
	/*
	 * The library's knobs are variables; these are the values of this program,
	 * always.
	 */
	ini_allow_multiline = false;
	ini_allow_inline_comments = false;
	ini_use_stack = false;
	ini_initial_alloc = LINE_SIZE;
	ini_max_line = LINE_SIZE;
	rc = ini_parse_stream(next_line, &r, on_entry, &r);
	if (r.rc == 0 && rc != 0) {
		r.line = rc > 0 ? (unsigned)rc : 0;
		(void)bad_line(&r, "not of the form key = value");
	}
	texts_free(r.sections, r.n_sections);
	text_index_clear(&r.index);
	return r.rc;
}

int inifile_parse(const char *text, size_t n, const char *label, inifile_entry *entry, void *ctx,
        struct err *err)
{
	return parse(text, n, label, false, entry, ctx, err);
}

int inifile_parse_headed(const char *text, size_t n, const char *label, inifile_entry *entry,
        void *ctx, struct err *err)
{
	return parse(text, n, label, true, entry, ctx, err);
}

/* As ssh judges its files: who can change it, can have us run anything. */
const char *inifile_untrusted(const struct stat *st)
{
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "belongs to somebody else: make it yours (chown), or copy it";
	if (!S_ISDIR(st->st_mode) && (st->st_mode & (S_IWGRP | S_IWOTH)))
		return "can be changed by others: chmod 600 it";
	return NULL;
}

/* The whole file, within the cap of ${out}. */
static int read_all(int fd, const char *path, struct buf *out, struct err *err)
{
	char chunk[4096];
	ssize_t n;

	while ((n = sys_read(fd, chunk, sizeof chunk)) > 0)
		if (buf_add(out, chunk, (size_t)n) != 0) {
			wipe(chunk, sizeof chunk);
			return too_large(path, out->cap, err);
		}
	wipe(chunk, sizeof chunk);
	return n < 0 ? err_sys(err, ERR_WHOLE, "cannot read %s", path) : 0;
}

int inifile_read(const char *path, struct buf *out, struct stat *st_out, struct err *err)
{
	struct stat st = {0};
	int fd, rc = file_open_given(path, &fd, err);

	if (rc != 0)
		return rc;
	if (fstat(fd, &st) != 0)
		rc = err_sys(err, ERR_WHOLE, "cannot read %s", path);
	else if (st.st_mode & S_IWOTH)
		rc = err_set(err, ERR_USAGE, ERR_WHOLE,
		        "%s can be changed by everyone, and it says what to run and whom to trust: "
		        "chmod 600 it",
		        path);
	else
		rc = read_all(fd, path, out, err);
	*st_out = st;
	(void)sys_close(fd); /* read only: nothing can be lost */
	return rc;
}
