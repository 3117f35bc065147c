/* A section into accounts.ini: what it would mean, and the writing of it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "valise/account/inifile.h"
#include "valise/base/file.h"
#include "valise/base/lock.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "valise/base/text.h"
#include "cli.h"

enum { VALUE_MAX = 1900 }; /* a line of the file holds twice that */

static int put_line(struct buf *b, const struct account_setting *line, struct err *err)
{
	const char *value = line->value;
	size_t n = strlen(value);

	if (n > VALUE_MAX || strpbrk(value, "\r\n") || *value == ' ' || (n && value[n - 1] == ' '))
		return err_set(err, ERR_USAGE, ERR_WHOLE,
		        "%s: a line of accounts.ini cannot hold this value", line->key);
	buf_putf(b, "%s = ", line->key);
	for (; *value; value++)
		buf_puts(b, *value == '%' ? "%%" : (char[]){*value, '\0'});
	buf_putc(b, '\n');
	return 0;
}

/* The file as it is, with the section at its end. ${made_out}: there is none yet. */
static int compose_file(const char *path, const char *name, const struct account_setting *lines,
        size_t n, struct buf *out, bool *made_out, struct err *err)
{
	struct stat st;
	int rc = inifile_read(path, out, &st, err);

	*made_out = rc == ERR_NOTFOUND;
	if (*made_out) {
		err_clear(err);
		rc = 0;
	}
	if (rc == 0 && out->len) {
		if (out->data[out->len - 1] != '\n')
			buf_putc(out, '\n');
		buf_putc(out, '\n');
	}
	if (rc == 0)
		buf_putf(out, "[%s]\n", name);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = put_line(out, &lines[i], err);
	if (rc == 0 && out->len > INIFILE_MAX)
		rc = err_set(err, ERR_LIMIT, ERR_WHOLE, "%s: the file becomes too large", path);
	return rc;
}

/* Where it really lies: a link stays one. NULL: a link that leads nowhere. */
static char *real_path(const char *path)
{
	char *real = realpath(path, NULL);
	struct stat st;

	if (real || (lstat(path, &st) == 0 && S_ISLNK(st.st_mode)))
		return real;
	return xstrdup(path);
}

static int make_directory(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash && slash > path ? xasprintf("%.*s", (int)(slash - path), path) : NULL;
	int rc = dir ? dir_make(AT_FDCWD, dir, err) : 0;

	free(dir);
	return rc;
}

/* A file beside it, so that relative paths in it mean the same, for one reading. */
static int read_beside(const char *real, const char *name, const struct buf *text,
        struct account **out, struct err *err)
{
	char *temp = xasprintf("%s.new-%ld", real, (long)getpid());
	struct accounts *list = NULL;
	int rc = file_write(AT_FDCWD, temp, text->data, text->len, err);

	if (rc == 0)
		rc = accounts_open(temp, &list, err);
	if (rc == 0)
		rc = account_from(list, name, NULL, 0, NULL, out, err);
	accounts_close(list);
	if (sys_unlinkat(AT_FDCWD, temp, 0) != 0 && errno != ENOENT && rc == 0)
		rc = err_sys(err, ERR_WHOLE, "cannot remove %s", temp);
	free(temp);
	return rc;
}

/* Compose it, and read it as the next command would. */
static int preview_file(const char *path, const char *name, const struct account_setting *lines,
        size_t n, struct buf *text, struct account **out, struct err *err)
{
	char *real = real_path(path);
	bool made;
	int rc = 0;

	if (!real)
		rc = err_set(err, ERR_USAGE, ERR_WHOLE, "%s is a link that leads nowhere", path);
	if (rc == 0 && text_ends_with(path, ".csv"))
		rc = err_set(err, ERR_USAGE, ERR_WHOLE,
		        "%s is a table: sections go into an accounts.ini", path);
	if (rc == 0)
		rc = compose_file(path, name, lines, n, text, &made, err);
	if (rc == 0 && made)
		rc = make_directory(path, err);
	if (rc == 0)
		rc = read_beside(real, name, text, out, err);
	free(real);
	return rc;
}

int section_preview(const char *path, const char *name, const struct account_setting *lines,
        size_t n, struct account **out, struct err *err)
{
	struct buf text = buf_of(8 * INIFILE_MAX);
	int rc = preview_file(path, name, lines, n, &text, out, err);

	buf_clear(&text);
	return rc;
}

int section_add(const char *path, const char *name, const struct account_setting *lines, size_t n,
        struct err *err)
{
	struct buf text = buf_of(8 * INIFILE_MAX);
	char *real = real_path(path), *held = xasprintf("%s.lock", real ? real : path);
	struct account *written = NULL;
	struct lock lock = LOCK_NONE;
	struct err none = {0};
	int rc = make_directory(path, err);

	if (rc == 0)
		rc = lock_take(AT_FDCWD, held, "another valise setup is writing there", &lock, err);
	if (rc == 0)
		rc = preview_file(path, name, lines, n, &text, &written, err);
	if (rc == 0)
		rc = file_write(AT_FDCWD, real, text.data, text.len, err);
	if (lock.fd >= 0 && lock_remove(AT_FDCWD, held, &lock, &none) < 0 && rc == 0) {
		*err = none;
		rc = none.code;
	}
	account_free(written);
	buf_clear(&text);
	free(real);
	free(held);
	return rc;
}
