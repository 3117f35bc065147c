/*
 * What is inside zip, tar and tar.gz files, by libarchive with these formats alone. Nothing is
 * unpacked to the disk: an entry's octets go to whoever reads it, as they come.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include "import/file.h"
#include "import/names.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/progress.h"
#include "valise/base/text.h"

/*
 * Of an entry that gives more than BOMB_FROM octets, each octet of the packed file may stand
 * for BOMB_RATIO of them: text and pictures come to 50 at most, zeros in base64 to 800.
 */
#define BOMB_FROM (UINT64_C(1) << 30)
enum { BLOCK = 65536, BOMB_RATIO = 900, HEADERS_BAD_MAX = 100 };

struct packed {
	struct import_files files;
	char *path;
};

/* One visit of all entries. */
struct unpacking {
	struct import_file f; /* the entry that is shown */
	struct archive *a;
	const char *path, *name; /* name: its last component */
	int fd;
	uint64_t pos, size; /* in the packed file */
	struct err io; /* why the packed file could not be read */
	bool gzip;
	const uint8_t *piece; /* of the entry, not yet given out: piece_n octets */
	size_t piece_n;
	uint64_t gap; /* zeros before it: a hole of a sparse file */
	uint64_t given, from; /* octets given; pos when the entry began */
	uint8_t block[BLOCK];
};

bool import_is_packed(const void *head, size_t n)
{
	const char *p = head;

	return (n >= 4 && !memcmp(p, "PK\3\4", 4)) || (n >= 2 && !memcmp(p, "\x1f\x8b", 2)) ||
	       (n >= 262 && !memcmp(p + 257, "ustar", 5));
}

bool import_is_packed_empty(const void *head, size_t n)
{
	static const uint8_t zeros[512];

	return n >= 4 &&
	       (!memcmp(head, "PK\5\6", 4) || (n >= 1024 && !memcmp(head, zeros, sizeof zeros)));
}

/* ---- the packed file, for libarchive ---- */

static la_ssize_t on_read(struct archive *a, void *ctx, const void **out)
{
	struct unpacking *u = ctx;
	size_t got;

	*out = u->block;
	if (stop_check(&u->io) < 0 ||
	        fd_pread(u->fd, u->block, sizeof u->block, u->pos, &got, &u->io) < 0) {
		archive_set_error(a, EIO, "it cannot be read");
		return -1;
	}
	u->pos += got;
	return (la_ssize_t)got;
}

static la_int64_t on_skip(struct archive *a, void *ctx, la_int64_t n)
{
	struct unpacking *u = ctx;
	uint64_t left = u->size > u->pos ? u->size - u->pos : 0;
	uint64_t by = n > 0 ? MIN((uint64_t)n, left) : 0;

	(void)a;
	u->pos += by;
	return (la_int64_t)by;
}

static la_int64_t on_seek(struct archive *a, void *ctx, la_int64_t by, int whence)
{
	struct unpacking *u = ctx;
	uint64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? u->pos : u->size;

	(void)a;
	if (by < 0 && (uint64_t)-by > base)
		return ARCHIVE_FATAL;
	u->pos = by < 0 ? base - (uint64_t)-by : base + (uint64_t)by;
	return (la_int64_t)u->pos;
}

/* ---- an entry ---- */

/* Why libarchive does not go on: what it could not read counts first. */
static int why(struct unpacking *u, struct err *err)
{
	const char *text = archive_error_string(u->a);

	if (u->io.code != ERR_OK && u->io.code != ERR_STOPPED)
		u->io.scope = ERR_ITEM; /* of this file: the others may be read */
	if (u->io.code != ERR_OK)
		return err_copy(err, &u->io);
	return err_set(err, ERR_DAMAGED, ERR_ITEM, "%s", text ? text : "it is damaged");
}

/* The next piece of the entry. 1: there is one; 0: the end. */
static int next_piece(struct unpacking *u, struct err *err)
{
	const void *p;
	la_int64_t at;
	int rc = archive_read_data_block(u->a, &p, &u->piece_n, &at);

	if (rc == ARCHIVE_EOF)
		return 0;
	if (rc != ARCHIVE_OK) {
		u->piece_n = 0;
		return why(u, err);
	}
	u->piece = p;
	u->gap = at > 0 && (uint64_t)at > u->given ? (uint64_t)at - u->given : 0;
	return 1;
}

static int entry_read(struct import_file *f, void *p, size_t n, size_t *got, struct err *err)
{
	struct unpacking *u = f->ctx;
	int rc = 1;

	*got = 0;
	while (!u->piece_n && !u->gap && rc == 1)
		rc = next_piece(u, err);
	if (rc <= 0)
		return rc;
	if (u->given > BOMB_FROM &&
	        u->given / BOMB_RATIO > (u->pos > u->from ? u->pos - u->from : 1))
		return err_set(err, ERR_LIMIT, ERR_ITEM,
		        "it is packed more than %d times smaller than it is, as no mail is",
		        BOMB_RATIO);
	if (u->gap) {
		*got = (size_t)MIN((uint64_t)n, u->gap);
		memset(p, 0, *got);
		u->gap -= *got;
	} else {
		*got = MIN(n, u->piece_n);
		memcpy(p, u->piece, *got);
		u->piece += *got;
		u->piece_n -= *got;
	}
	u->given += *got;
	return 0;
}

static void tell_lost(struct unpacking *u, const struct import_visit *v, const char *reason)
{
	struct err e;

	err_set(&e, ERR_UNSUPPORTED, ERR_ITEM, "%s", reason);
	v->lost(v->ctx, u->f.shown, &e);
}

/* What is neither a file nor a folder; NULL: it is one. */
static const char *odd_type(struct archive_entry *e)
{
	if (archive_entry_hardlink(e) || archive_entry_filetype(e) == AE_IFLNK)
		return "it is a link to another file";
	if (archive_entry_filetype(e) != AE_IFREG)
		return "it is no regular file";
	if (archive_entry_is_data_encrypted(e) > 0)
		return "it is encrypted: unpack it with its password first";
	return NULL;
}

static int show_entry(
        struct unpacking *u, struct archive_entry *e, const struct import_visit *v, struct err *err)
{
	struct buf shown = buf_of(SIZE_MAX), place = buf_of(SIZE_MAX), name = buf_of(SIZE_MAX);
	const char *reason = odd_type(e), *raw = archive_entry_pathname(e);
	int rc = 0;

	if (u->gzip && archive_format(u->a) == ARCHIVE_FORMAT_RAW)
		raw = u->name; /* a file alone */
	packed_name(raw ? raw : "", &name);
	packed_place(buf_str(&name), &place);
	if (u->gzip && archive_format(u->a) == ARCHIVE_FORMAT_RAW &&
	        text_ends_with(buf_str(&place), ".gz"))
		place.data[place.len -= 3] = '\0';
	buf_putf(&shown, "%s: %s", u->name, buf_str(&name));
	u->f = (struct import_file){.shown = buf_str(&shown),
	        .place = buf_str(&place),
	        .size = archive_entry_size_is_set(e) ? (uint64_t)archive_entry_size(e) : UINT64_MAX,
	        .mtime = archive_entry_mtime_is_set(e) ? archive_entry_mtime(e) : INT64_MIN,
	        .read = entry_read,
	        .ctx = u};
	u->piece_n = 0;
	u->gap = u->given = 0;
	u->from = u->pos;
	if (archive_entry_filetype(e) == AE_IFDIR)
		rc = v->dir && place.len ? v->dir(v->ctx, buf_str(&place), err) : 0;
	else if (reason || !place.len)
		tell_lost(u, v, reason ? reason : "it has no name");
	else
		rc = v->file(v->ctx, &u->f, err);
	buf_clear(&name);
	buf_clear(&shown);
	buf_clear(&place);
	return rc;
}

/* The next entry; its name is UTF-8 where it says so, whatever the locale of the user is. */
static int next_entry(struct unpacking *u, locale_t utf8, struct archive_entry **out)
{
	locale_t before = utf8 ? uselocale(utf8) : (locale_t)0;
	int rc = archive_read_next_header(u->a, out);

	if (rc == ARCHIVE_OK || rc == ARCHIVE_WARN)
		(void)archive_entry_pathname(*out); /* which keeps it in this form */
	if (utf8)
		(void)uselocale(before);
	return rc;
}

static int each_entry(struct unpacking *u, const struct import_visit *v, struct err *err)
{
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	struct archive_entry *e;
	unsigned bad = 0;
	int rc = 0;

	while (rc == 0) {
		int la = next_entry(u, utf8, &e);

		if (la == ARCHIVE_EOF)
			break;
		if (la == ARCHIVE_OK || la == ARCHIVE_WARN) {
			bad = 0;
			rc = show_entry(u, e, v, err);
			continue;
		}
		(void)why(u, err);
		if (err_ends(err)) {
			rc = err->code;
		} else {
			v->lost(v->ctx, u->name, err);
			err_clear(err);
			if (la == ARCHIVE_FATAL || ++bad == HEADERS_BAD_MAX)
				break;
		}
	}
	if (utf8)
		freelocale(utf8);
	return rc;
}

/* ---- the file ---- */

static int open_formats(struct unpacking *u, struct err *err)
{
	uint8_t head[2];
	size_t got;

	if (fd_pread(u->fd, head, sizeof head, 0, &got, err) < 0)
		return err->code;
	u->gzip = got == 2 && head[0] == 0x1f && head[1] == 0x8b;
	u->a = archive_read_new();
	if (!u->a || archive_read_support_format_zip(u->a) != ARCHIVE_OK ||
	        archive_read_support_format_tar(u->a) != ARCHIVE_OK ||
	        archive_read_support_filter_none(u->a) != ARCHIVE_OK ||
	        archive_read_support_filter_gzip(u->a) != ARCHIVE_OK ||
	        (u->gzip && archive_read_support_format_raw(u->a) != ARCHIVE_OK))
		return err_set(err, ERR_UNSUPPORTED, ERR_WHOLE,
		        "this system's libarchive does not read zip, tar and gzip");
	archive_read_set_read_callback(u->a, on_read);
	archive_read_set_skip_callback(u->a, on_skip);
	archive_read_set_seek_callback(u->a, on_seek);
	archive_read_set_callback_data(u->a, u);
	return archive_read_open1(u->a) == ARCHIVE_OK ? 0 : why(u, err);
}

static int packed_each(struct import_files *s, const struct import_visit *v, struct err *err)
{
	struct unpacking *u = xcalloc(1, sizeof *u);
	struct err own = {0};
	int rc;

	u->path = ((struct packed *)s)->path;
	u->name = strrchr(u->path, '/') ? strrchr(u->path, '/') + 1 : u->path;
	rc = file_open_given(u->path, &u->fd, &own);
	if (rc == 0) {
		off_t end = lseek(u->fd, 0, SEEK_END);

		u->size = end > 0 ? (uint64_t)end : 0;
		rc = open_formats(u, &own);
		if (rc == 0)
			rc = each_entry(u, v, &own);
		else if (own.scope != ERR_WHOLE && !err_ends(&own))
			rc = (v->lost(v->ctx, u->name, &own), 0);
		archive_read_free(u->a);
		fd_close(u->fd);
	}
	free(u);
	return rc < 0 ? err_copy(err, &own) : 0;
}

static void packed_free(struct import_files *s)
{
	struct packed *p = (struct packed *)s;

	free(p->path);
	free(p);
}

int import_files_packed(const char *path, struct import_files **out, struct err *err)
{
	static const struct import_files_ops ops = {packed_each, packed_free};
	struct packed *p = xcalloc(1, sizeof *p);

	(void)err;
	p->files.ops = &ops;
	p->path = xstrdup(path);
	*out = &p->files;
	return 0;
}
