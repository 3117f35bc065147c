/* The file of a restore journal: which of its records are of this archive. */
#include "journal_file.h"
#include <fcntl.h>
#include <string.h>

static int replay_record(void *ctx, const json_t *o, struct err *err)
{
	struct journal_file *f = ctx;
	const char *archive = json_get_str(o, "archive");

	if (archive)
		f->ours = strcmp(archive, f->archive_id) == 0;
	return !archive && f->ours ? f->replay(f->ctx, o, err) : 0;
}

int journal_file_open(
        struct journal_file *f, const char *path, const char *archive_id, bool dry, struct err *err)
{
	struct buf b;
	int rc;

	f->archive_id = archive_id ? archive_id : "";
	if (!path)
		return 0;
	if (dry)
		return journal_read(AT_FDCWD, path, replay_record, f, err);
	rc = journal_open(AT_FDCWD, path, replay_record, f, &f->journal, err);
	if (rc < 0 || f->ours)
		return rc;
	buf_init(&b, 4096);
	buf_puts(&b, "{\"archive\":");
	json_puts(&b, f->archive_id);
	buf_putc(&b, '}');
	journal_add(f->journal, buf_str(&b));
	buf_clear(&b);
	return journal_commit(f->journal, err);
}
