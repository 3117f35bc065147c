/* What is wrong, said: one finding, the name of an item in it. */
#include "verify.h"
#include <stdio.h>
#include <string.h>
#include "valise/base/escape.h"

#define FINDING_TEXT 800

void finding_say(struct archive_verdict *v, void (*fn)(void *ctx, const struct archive_finding *f),
        void *ctx, bool damage, const char *file, const char *item, const char *fmt, va_list ap)
{
	char raw[FINDING_TEXT], text[FINDING_TEXT];
	struct archive_finding f = {
	        .level = damage ? FINDING_DAMAGE : FINDING_NOTE, .file = file, .item = item};

	vsnprintf(raw, sizeof raw, fmt, ap);
	f.text = term_escape(raw, strlen(raw), text, sizeof text);
	if (damage)
		v->damages++;
	else
		v->notes++;
	if (fn)
		fn(ctx, &f);
}

void verify_say(
        struct verify *v, bool damage, const char *file, const char *item, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	pthread_mutex_lock(&v->workers.lock);
	finding_say(v->out, v->opts->finding, v->opts->ctx, damage, file, item, fmt, ap);
	pthread_mutex_unlock(&v->workers.lock);
	va_end(ap);
}

int verify_found(struct verify *v, const char *file, const struct err *why, struct err *err)
{
	switch ((int)why->code) {
	case ERR_DAMAGED:
	case ERR_NOTFOUND:
	case ERR_LIMIT:
	case ERR_IO:
		verify_say(v, true, file, NULL, "%s", why->text);
		return 0;
	default:
		if (err)
			*err = *why;
		return why->code ? (int)why->code : ERR_IO;
	}
}

void verify_item_name(const struct tree_coll *c, const struct tree_item *it, char out[512])
{
	const struct tree_ext *e = tree_item_ext(c, it);
	const char *href = e && e->href ? e->href : e && e->uid ? e->uid : NULL;
	char hex[SHA256_HEX_SIZE], raw[1024];

	hex_format(it->sha256, SHA256_LEN, hex);
	if (it->uid || !href)
		snprintf(raw, sizeof raw, "%.400s, UID %u (%.8s...)", c->name, it->uid, hex);
	else
		snprintf(raw, sizeof raw, "%.200s, %.200s (%.8s...)", c->name, href, hex);
	term_escape(raw, strlen(raw), out, 512);
}
