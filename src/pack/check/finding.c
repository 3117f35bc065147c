/* What is wrong, said: one finding, the name of an item in it. */
#include "verify.h"
#include <stdio.h>
#include <string.h>
#include "valise/base/escape.h"

#define FINDING_TEXT 800

/* Is it in what the newest snapshot needs? Where nobody can tell, it is. */
static bool is_in_newest(const struct findings *f, const char *file)
{
	char dir[LAYOUT_PATH];

	if (!f->newest || !file || seal_find(f->newest, file))
		return true;
	snapshot_dir(f->newest->snapshot, dir);
	return strcmp(file, dir) == 0;
}

void finding_say(
        struct findings *f, bool damage, const char *file, const char *item, const char *fmt, ...)
{
	char raw[FINDING_TEXT], text[FINDING_TEXT];
	struct archive_finding one = {
	        .level = damage ? FINDING_DAMAGE : FINDING_NOTE, .file = file, .item = item};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	one.text = term_escape(raw, strlen(raw), text, sizeof text);
	pthread_mutex_lock(&f->lock);
	if (damage) {
		f->verdict->damages++;
		f->verdict->in_newest += is_in_newest(f, file);
	} else {
		f->verdict->notes++;
	}
	if (f->fn)
		f->fn(f->ctx, &one);
	pthread_mutex_unlock(&f->lock);
}

int verify_found(struct verify *v, const char *file, const struct err *why, struct err *err)
{
	switch ((int)why->code) {
	case ERR_DAMAGED:
	case ERR_NOTFOUND:
	case ERR_LIMIT:
	case ERR_IO:
		finding_say(&v->findings, true, file, NULL, "%s", why->text);
		return 0;
	default:
		(void)err_copy(err, why);
		return why->code ? (int)why->code : ERR_IO;
	}
}

void verify_item_name(const struct tree_coll *c, const struct tree_item *it,
        const struct item_about *a, char out[ITEM_NAME_SIZE])
{
	struct buf name = buf_of(SIZE_MAX);
	char hex[SHA256_HEX_SIZE], folder[200];

	item_name(c, it, a, &name);
	hex_format(it->sha256, SHA256_LEN, hex);
	snprintf(out, ITEM_NAME_SIZE, "%s, %s (%.8s...)",
	        term_escape(c->name, strlen(c->name), folder, sizeof folder), buf_str(&name), hex);
	buf_clear(&name);
}
