/*
 * What all targets have in common: what is selected, one restore at a
 * time.
 */
#include "valise/restore/restore.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include "valise/base/sys.h"

bool target_selects(const struct target_opts *o, const struct tree_head *h)
{
	struct pattern_name name;

	target_name(h, &name);
	return pattern_chooses(&o->choice, &name);
}

void target_name(const struct tree_head *h, struct pattern_name *out)
{
	*out = (struct pattern_name){.full = h->name,
	        .content = h->content_name,
	        .delimiter = pattern_delimiter(h->name, h->content_name),
	        .mail = h->kind == COLL_MAIL,
	        .uses = h->special_use};
}

/* The last ${levels} levels of a content name; NULL: it has no level before them. */
static const char *last_levels(const char *place, size_t levels)
{
	const char *p = place + strlen(place);

	while (levels && p > place)
		if (*--p == '/')
			levels--;
	return levels ? NULL : p;
}

bool target_map_names(const struct target_map *m, const struct tree_head *h, const char *place,
        const char **rest_out)
{
	size_t n = strlen(m->from), levels = 0;
	char delimiter;

	*rest_out = "";
	if (strcmp(m->from, h->name) == 0 || strcmp(m->from, place) == 0)
		return true;
	if (h->kind != COLL_MAIL)
		return false;
	*rest_out = place + n;
	if (strncmp(m->from, place, n) == 0 && place[n] == '/')
		return true;
	delimiter = pattern_delimiter(h->name, h->content_name);
	if (!delimiter || strncmp(m->from, h->name, n) != 0 || h->name[n] != delimiter)
		return false;
	for (const char *p = h->name + n; *p; p++)
		levels += *p == delimiter;
	*rest_out = last_levels(place, levels);
	return *rest_out != NULL;
}

void target_result_add(struct target_result *s, const struct target_result *r)
{
	s->collections_made += r->collections_made;
	s->collections += r->collections;
	s->items += r->items;
	s->added += r->added;
	s->already += r->already;
	s->altered += r->altered;
	s->unattached += r->unattached;
	s->doubled += r->doubled;
	s->unseen += r->unseen;
	s->rescued += r->rescued;
	for (unsigned i = 0; i < RESCUES; i++)
		s->rescues[i] += r->rescues[i];
	s->failed += r->failed;
	s->unreadable += r->unreadable;
	s->updated += r->updated;
	s->extra += r->extra;
	s->flags_added += r->flags_added;
	s->bytes += r->bytes;
}

void target_vsay(const struct target_opts *o, enum say_level level, const char *collection,
        const char *item, const char *fmt, va_list ap)
{
	char text[2600];

	vsnprintf(text, sizeof text, fmt, ap);
	if (o->report)
		o->report(o->ctx, level, collection, item, text);
}

void target_say(const struct target_opts *o, enum say_level level, const char *collection,
        const char *item, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	target_vsay(o, level, collection, item, fmt, ap);
	va_end(ap);
}

/* *fd_out: holds the lock until it is closed; -1: there is none to be held. */
static int lock_journal(
        const struct target_opts *o, struct progress *p, int *fd_out, struct err *err)
{
	int fd, rc = 0;

	*fd_out = -1;
	if (!o->journal || o->dry_run || o->looked)
		return 0;
	fd = sys_openat(AT_FDCWD, o->journal, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_sys(err, ERR_WHOLE, "%s", o->journal);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			rc = err_set(err, ERR_LOCKED, ERR_WHOLE,
			        "another restore of this archive into this account is at work; "
			        "wait until it has ended (it holds %s)",
			        o->journal);
		else
			progress_say(p, SAY_WARNING,
			        "%s cannot be locked (%s): see to it that no second restore of "
			        "this archive runs meanwhile",
			        o->journal, strerror(errno));
		sys_close(fd);
		return rc;
	}
	*fd_out = fd;
	return 0;
}

int target_run(const struct target_ops *ops, const struct service *service, enum coll_kind kind,
        struct tree_reader *reader, const struct target_opts *opts, struct progress *progress,
        struct target_result *out, struct err *err)
{
	int lock, rc = lock_journal(opts, progress, &lock, err);

	if (rc < 0)
		return rc;
	rc = ops->run(service, kind, reader, opts, progress, out, err);
	if (lock >= 0)
		sys_close(lock);
	return rc;
}
