/* What all parts of the sink share: the first error, and the slots by name. */
#include "sink.h"
#include <string.h>
#include "valise/base/mem.h"

int sink_failed(struct archive_sink *s, struct err *err)
{
	int rc;

	pthread_mutex_lock(&s->lock);
	rc = err_copy(err, &s->failed);
	pthread_mutex_unlock(&s->lock);
	return rc;
}

int sink_fail(struct archive_sink *s, const struct err *err)
{
	int rc = err && err->code ? err->code : ERR_IO;

	pthread_mutex_lock(&s->lock);
	if (!s->failed.code) {
		if (err && err->code)
			s->failed = *err;
		else
			err_set(&s->failed, ERR_IO, ERR_WHOLE, "the archive cannot be written");
		s->failed.scope = ERR_WHOLE;
	}
	pthread_mutex_unlock(&s->lock);
	return rc;
}

struct slot *sink_slot(struct archive_sink *s, enum coll_kind kind, const char *name, bool make)
{
	struct slot *slot;
	size_t i, cursor = 0;

	while ((i = text_index_next(&s->by_name, name, &cursor)) != SIZE_MAX)
		if (s->slots[i].kind == kind && strcmp(s->slots[i].name, name) == 0)
			return &s->slots[i];
	if (!make)
		return NULL;
	slot = ARR_PUSH(s->slots, s->n_slots, s->slots_cap);
	slot->kind = kind;
	slot->name = xstrdup(name);
	text_index_add(&s->by_name, name, s->n_slots - 1);
	return slot;
}
