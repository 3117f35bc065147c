/*
 * What stands before the flags in the names of messages: the colon of Maildir, or where
 * file systems refuse it a semicolon.
 */
#include "internal.h"
#include "valise/base/file.h"
#include "valise/base/sys.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define NAMES_FILE ".names" /* in TREE/catalog; missing: Maildir's own */
#define PORTABLE "portable\n"
#define PROBE ".probe:2,"

void dir_local_path(
        const struct tree_coll *c, const struct tree_item *it, char sep, struct buf *out)
{
	size_t from = out->len;
	char *colon;

	item_local_path(c, it, out);
	colon = c->kind == COLL_MAIL ? strrchr(buf_str(out) + from, ':') : NULL;
	if (colon)
		*colon = sep;
}

int dir_names_read(int catfd, char *sep_out, struct err *err)
{
	struct err why = {0};
	struct buf text = buf_of(64);
	int rc;

	*sep_out = ':';
	rc = file_read(catfd, NAMES_FILE, &text, &why);
	if (rc == 0 && strcmp(buf_str(&text), PORTABLE) == 0)
		*sep_out = ';';
	else if (rc == 0)
		rc = err_set(&why, ERR_UNSUPPORTED, ERR_WHOLE,
		        "catalog/" NAMES_FILE " says what this program does not know");
	buf_clear(&text);
	if (rc == ERR_NOTFOUND)
		return 0;
	return err_copy(err, &why);
}

/* Does the file system refuse a colon, and nothing else? */
static bool refuses_colon(int catfd)
{
	int fd = sys_openat(catfd, PROBE, O_WRONLY | O_CREAT | O_NOFOLLOW, 0600);

	if (fd < 0)
		return errno == ENOENT || errno == EINVAL || errno == EILSEQ;
	sys_close(fd);
	(void)sys_unlinkat(catfd, PROBE, 0);
	return false;
}

int dir_names_choose(
        struct tree_files *f, enum dir_names want, struct progress *progress, struct err *err)
{
	int rc = dir_names_read(f->catfd, &f->sep, err);
	bool is_new = !is_there(f->catfd, "tree.json") && !is_there(f->catfd, ".work/commit.json");

	if (rc != 0 || f->sep == ';' || !is_new) {
		char have = f->sep, other = want == DIR_NAMES_PORTABLE ? ';' : ':';

		if (rc == 0 && want != DIR_NAMES_AUTO && have != other)
			rc = err_set(err, ERR_EXISTS, ERR_WHOLE,
			        "the tree is there already, with %c2, in the names of its "
			        "messages: give another directory, or leave --names out",
			        have);
		return rc;
	}
	if (want == DIR_NAMES_AUTO && refuses_colon(f->catfd)) {
		want = DIR_NAMES_PORTABLE;
		progress_say(progress, SAY_NOTE,
		        "the file system takes no colon in names: messages are named "
		        "...;2,FLAGS instead of ...:2,FLAGS (--names portable)");
	}
	if (want != DIR_NAMES_PORTABLE)
		return 0;
	f->sep = ';';
	return file_write(f->catfd, NAMES_FILE, PORTABLE, strlen(PORTABLE), err);
}
