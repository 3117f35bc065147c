/* The journal: opened and its torn tail cut off, records added in durable batches. */
#include "valise/tree/journal.h"
#include "journal_scan.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct journal {
	int fd;
	char *path;
	struct buf batch;
	uint64_t records;
	/*
	 * after a failed write or sync nothing is known of the tail: no more is added to
	 * it
	 */
	bool broken;
};

/* Each record that a commit covers to ${fn}; *good_out: where the torn tail begins. */
static int replay_lines(
        struct journal *j, journal_text_fn fn, void *ctx, uint64_t *good_out, struct err *err)
{
	struct journal_scan scan;
	uint8_t chunk[65536];
	ssize_t n = 0;
	int rc = 0;

	journal_scan_init(&scan, fn, ctx);
	while (rc == 0 && (n = sys_read(j->fd, chunk, sizeof chunk)) > 0)
		rc = journal_scan_add(&scan, chunk, (size_t)n, err);
	if (rc == 0 && n < 0)
		rc = err_sys(err, ERR_WHOLE, "%s", j->path);
	*good_out = scan.good;
	journal_scan_clear(&scan);
	return rc;
}

/* What no commit covers is taken away. */
static int cut_tail(struct journal *j, uint64_t good, struct err *err)
{
	off_t size = lseek(j->fd, 0, SEEK_END);

	if (size < 0)
		return err_sys(err, ERR_WHOLE, "%s", j->path);
	if ((uint64_t)size == good)
		return 0;
	if (sys_ftruncate(j->fd, (off_t)good) != 0 || sys_fdatasync(j->fd) != 0 ||
	        lseek(j->fd, (off_t)good, SEEK_SET) < 0)
		return err_sys(err, ERR_WHOLE, "%s", j->path);
	return 0;
}

/* The file is to be found again after a power loss. */
static int sync_parent(int dirfd, const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char *parent = slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup(".");
	int fd, rc = dir_open(dirfd, *parent ? parent : "/", &fd, err);

	free(parent);
	if (rc != 0)
		return rc;
	rc = dir_sync(fd, err);
	sys_close(fd);
	return rc;
}

int journal_open_text(int dirfd, const char *path, journal_text_fn fn, void *ctx,
        struct journal **out, struct err *err)
{
	struct journal *j = xcalloc(1, sizeof *j);
	uint64_t good = 0;
	struct stat st;
	int rc;

	*out = NULL;
	j->path = xstrdup(path);
	buf_init(&j->batch, SIZE_MAX);
	j->fd = sys_openat(dirfd, path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (j->fd < 0 || fstat(j->fd, &st) < 0)
		rc = err_sys(err, ERR_WHOLE, "%s", path);
	else if (!S_ISREG(st.st_mode))
		rc = err_set(err, ERR_DAMAGED, ERR_WHOLE, "%s is not a plain file", path);
	else
		rc = replay_lines(j, fn, ctx, &good, err);
	if (rc == 0)
		rc = cut_tail(j, good, err);
	if (rc == 0)
		rc = sync_parent(dirfd, path, err);
	if (rc != 0) {
		journal_free(j);
		return rc;
	}
	*out = j;
	return 0;
}

int journal_open(int dirfd, const char *path,
        int (*replay)(void *ctx, const json_t *record, struct err *err), void *ctx,
        struct journal **out, struct err *err)
{
	return journal_open_text(
	        dirfd, path, journal_parse, &(struct journal_parsing){replay, ctx}, out, err);
}

int journal_read(int dirfd, const char *path,
        int (*replay)(void *ctx, const json_t *record, struct err *err), void *ctx, struct err *err)
{
	return journal_read_text(
	        dirfd, path, journal_parse, &(struct journal_parsing){replay, ctx}, err);
}

int journal_read_text(int dirfd, const char *path, journal_text_fn fn, void *ctx, struct err *err)
{
	struct journal j = {.path = (char *)(uintptr_t)path};
	struct err why = {0};
	uint64_t good;
	int rc = file_open_plain(dirfd, path, &j.fd, &why);

	if (rc == ERR_NOTFOUND)
		return 0;
	if (rc != 0)
		return err_copy(err, &why);
	rc = replay_lines(&j, fn, ctx, &good, err);
	sys_close(j.fd);
	return rc;
}

static void put_line(struct journal *j, const char *json, size_t n)
{
	buf_putf(&j->batch, "%08x ", journal_crc32(json, n));
	buf_put(&j->batch, json, n);
	buf_putc(&j->batch, '\n');
}

void journal_add(struct journal *j, const char *json_text)
{
	put_line(j, json_text, strlen(json_text));
	j->records++;
}

/* The records so far with their commit; after a failure nothing is written any more. */
static int write_batch(struct journal *j, bool sync, struct err *err)
{
	char commit[48];
	int n, rc;

	if (j->broken)
		return err_set(err, ERR_IO, ERR_WHOLE, "%s: an earlier write failed", j->path);
	if (j->records == 0)
		return 0;
	n = snprintf(commit, sizeof commit, "{\"commit\":%llu}", (unsigned long long)j->records);
	put_line(j, commit, (size_t)n);
	rc = fd_write_all(j->fd, j->batch.data, j->batch.len, err);
	if (rc == 0 && sync && sys_fdatasync(j->fd) != 0)
		rc = err_sys(err, ERR_WHOLE, "%s", j->path);
	j->broken = rc != 0;
	j->records = 0;
	buf_reset(&j->batch);
	return rc;
}

int journal_commit(struct journal *j, struct err *err)
{
	return write_batch(j, true, err);
}

int journal_write(struct journal *j, struct err *err)
{
	return write_batch(j, false, err);
}

void journal_free(struct journal *j)
{
	if (!j)
		return;
	fd_close(j->fd);
	buf_clear(&j->batch);
	free(j->path);
	free(j);
}
