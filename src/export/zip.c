/*
 * Exported files in a zip file, by libarchive: deflated, with Zip64 where sizes want it or are
 * not known, names in UTF-8. It is streamed: nothing is held but what zlib holds.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "outkind.h"
#include "staging.h"

/*
 * libarchive translates names by the locale of the thread: one in UTF-8 leaves them as they
 * are, and marks them as such.
 */
struct zip {
	int fd;
	struct archive *archive;
	locale_t utf8;
	struct err *err; /* of the callback below; valid while libarchive is called */
	int rc;
};

static la_ssize_t take_octets(struct archive *a, void *ctx, const void *p, size_t n)
{
	struct zip *z = ctx;

	(void)a;
	if (z->rc == 0)
		z->rc = fd_write_all(z->fd, p, n, z->err);
	return z->rc == 0 ? (la_ssize_t)n : -1;
}

/* Of a call of libarchive: ${got} is what it gave, negative: it failed. */
static int check(struct zip *z, la_ssize_t got, struct err *err)
{
	z->err = NULL;
	if (z->rc < 0)
		return z->rc;
	if (got >= 0 || got == ARCHIVE_WARN)
		return 0;
	return err_set(err, ERR_IO, ERR_WHOLE, "cannot write the zip file: %s",
	        archive_error_string(z->archive) ? archive_error_string(z->archive) : "");
}

static int zip_open(int stagefd, unsigned mode, void **state, struct err *err)
{
	struct zip *z = xcalloc(1, sizeof *z);

	(void)mode;
	*state = z;
	z->fd = sys_openat(stagefd, STAGING_OUT, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	if (z->fd < 0)
		return err_sys(err, ERR_WHOLE, "cannot make the zip file");
	z->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (z->utf8 == (locale_t)0)
		return err_set(err, ERR_UNSUPPORTED, ERR_WHOLE,
		        "this system has no locale C.UTF-8, which names in a zip file want: "
		        "export into a folder");
	z->archive = archive_write_new();
	z->err = err;
	if (!z->archive || archive_write_set_format_zip(z->archive) != ARCHIVE_OK ||
	        archive_write_set_bytes_per_block(z->archive, 0) != ARCHIVE_OK)
		return err_set(err, ERR_UNSUPPORTED, ERR_WHOLE, "libarchive writes no zip files");
	return check(z, archive_write_open(z->archive, z, NULL, take_octets, NULL), err);
}

static int put_entry(struct zip *z, unsigned type, const struct out_file *f, struct err *err)
{
	struct archive_entry *e = archive_entry_new();
	locale_t before = uselocale(z->utf8);
	int rc;

	archive_entry_set_pathname(e, f->path);
	archive_entry_set_filetype(e, type);
	archive_entry_set_perm(e, type == AE_IFDIR ? 0755 : 0644);
	if (type == AE_IFREG)
		archive_entry_set_mtime(e, f->mtime, 0);
	if (f->size != EXPORT_SIZE_UNKNOWN)
		archive_entry_set_size(e, (la_int64_t)f->size);
	z->err = err;
	rc = check(z, archive_write_header(z->archive, e), err);
	(void)uselocale(before);
	archive_entry_free(e);
	return rc;
}

static int zip_dir(void *state, const char *path, struct err *err)
{
	return put_entry(state, AE_IFDIR, &(struct out_file){path, 0, 0}, err);
}

static int zip_begin(void *state, const struct out_file *f, struct err *err)
{
	return put_entry(state, AE_IFREG, f, err);
}

/* All of it, or an error: an entry that was announced shorter would be cut in silence. */
static int zip_write(void *state, const void *p, size_t n, struct err *err)
{
	struct zip *z = state;
	la_ssize_t done;
	int rc;

	z->err = err;
	done = archive_write_data(z->archive, p, n);
	rc = check(z, done, err);
	if (rc == 0 && (size_t)done != n)
		rc = err_set(
		        err, ERR_IO, ERR_WHOLE, "the zip file took less than was to be written");
	return rc;
}

static int zip_end(void *state, struct err *err)
{
	struct zip *z = state;

	z->err = err;
	return check(z, archive_write_finish_entry(z->archive), err);
}

static int zip_finish(void *state, struct err *err)
{
	struct zip *z = state;
	int rc;

	z->err = err;
	rc = check(z, archive_write_close(z->archive), err);
	if (rc == 0 && sys_fsync(z->fd) != 0)
		rc = err_sys(err, ERR_WHOLE, "cannot sync the zip file");
	return rc;
}

static void zip_free(void *state)
{
	struct zip *z = state;
	struct err none = {0};

	z->rc = z->rc ? z->rc : ERR_STOPPED; /* what it still wants to write goes nowhere */
	z->err = &none;
	archive_write_free(z->archive);
	if (z->utf8 != (locale_t)0)
		freelocale(z->utf8);
	fd_close(z->fd);
	free(z);
}

const struct out_kind out_zip = {
        .open = zip_open,
        .dir = zip_dir,
        .begin = zip_begin,
        .write = zip_write,
        .end = zip_end,
        .finish = zip_finish,
        .free = zip_free,
};
