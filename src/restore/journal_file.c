/* What restore journals have in common: whose records they are, how they are written. */
#include "journal_file.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"

/* A record of the archive in hand goes to its reader; those of others are passed over. */
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
	buf_putc(&b, '{');
	record_text(&b, "archive", f->archive_id);
	buf_putc(&b, '}');
	journal_add(f->journal, buf_str(&b));
	buf_clear(&b);
	return journal_commit(f->journal, err);
}

static void put_name(struct buf *b, const char *name)
{
	buf_putf(b, "%s\"%s\":", b->data[b->len - 1] == '{' ? "" : ",", name);
}

void record_text(struct buf *b, const char *name, const char *text)
{
	if (!text)
		return;
	put_name(b, name);
	json_puts(b, text);
}

void record_number(struct buf *b, const char *name, int64_t number)
{
	put_name(b, name);
	buf_putf(b, "%lld", (long long)number);
}

static struct choice *find_place(const struct chosen *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->list[i].name, name) == 0)
			return &p->list[i];
	return NULL;
}

void chosen_set(struct chosen *p, const char *name, const char *to)
{
	struct choice *at = find_place(p, name);

	if (!at) {
		at = ARR_PUSH(p->list, p->n, p->cap);
		at->name = xstrdup(name);
	}
	free(at->to);
	at->to = xstrdup(to);
}

const char *chosen_get(const struct chosen *p, const char *name)
{
	const struct choice *at = find_place(p, name);

	return at ? at->to : NULL;
}

void chosen_clear(struct chosen *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->list[i].name);
		free(p->list[i].to);
	}
	free(p->list);
}
