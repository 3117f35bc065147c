/* What a reading process says that was taken over: the frames' reader survives, and tells what it
 * may tell. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "outlook/read/gather.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/outlook/fx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *s)
{
	if (s && (!utf8_valid(s, strlen(s)) || strchr(s, '\n')))
		abort();
}

static int on_folder(void *ctx, const struct outlook_folder *f, struct err *err)
{
	(void)ctx;
	(void)err;
	if (!f->path)
		abort();
	check_text(f->path);
	check_text(f->container_class);
	return 0;
}

static int nowhere(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)p;
	(void)err;
	*(size_t *)ctx += n;
	return 0;
}

static int on_item(void *ctx, const struct outlook_folder *f, struct bag *b, struct err *err)
{
	if (!f || !b->is_sorted || b->role != BAG_MESSAGE)
		abort();
	return fx_write(b, nowhere, ctx, err);
}

static void on_lost(void *ctx, const struct outlook_folder *f, const char *shown, const char *why)
{
	(void)ctx;
	(void)f;
	check_text(shown);
	check_text(why);
	if (!why)
		abort();
}

/* The first octet says in which pieces they come; whoever breaks off is replaced by the rest. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t total = 0, piece = size ? 1 + data[0] : 1;
	const struct outlook_visit visit = {&total, on_folder, on_item, on_lost};
	struct gather *g = gather_new(&visit, 1 << 20);
	struct err err = {.code = ERR_OK};

	for (size_t at = 1; at < size && !gather_ended(g); at += piece) {
		int rc = gather_read(g, data + at, MIN(piece, size - at), &err);

		if (rc < 0 && !gather_broken(g))
			break;
		if (rc < 0 && !gather_died(g, "broken"))
			break;
	}
	gather_free(g);
	return 0;
}
