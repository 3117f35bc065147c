/* A file that another one holds in gzip (RFC 1952): compressed messages, Inbox.mbox.gz. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "import/run.h"
#include "valise/base/mem.h"

struct inflated {
	struct import_file base;
	struct import_file *from;
	z_stream z;
	bool between; /* members */
	bool ended;
	uint8_t in[65536];
};

static int fail_damaged(struct err *err)
{
	return err_set(err, ERR_DAMAGED, ERR_ITEM, "its gzip data is damaged or cut");
}

static int fill_input(struct inflated *g, struct err *err)
{
	size_t got;
	int rc = g->from->read(g->from, g->in, sizeof g->in, &got, err);

	g->z.next_in = g->in;
	g->z.avail_in = (uInt)got;
	return rc;
}

/* Behind a member: another one, or zeros, which are padding. */
static bool next_member(struct inflated *g)
{
	while (g->z.avail_in && *g->z.next_in == 0) {
		g->z.avail_in--;
		g->z.next_in++;
	}
	g->between = g->z.avail_in == 0;
	return g->between || inflateReset(&g->z) == Z_OK;
}

/* One member after another, as gzip -d takes them. */
static int read_inflated(struct import_file *f, void *p, size_t n, size_t *got, struct err *err)
{
	struct inflated *g = (struct inflated *)f;
	uInt room = (uInt)MIN(n, 1u << 30);
	int rc = 0;

	*got = 0;
	g->z.next_out = p;
	g->z.avail_out = room;
	while (!g->ended && g->z.avail_out == room) {
		if (!g->z.avail_in)
			rc = fill_input(g, err);
		if (rc < 0)
			return rc;
		if (!g->z.avail_in && !g->between)
			return fail_damaged(err);
		g->ended = !g->z.avail_in;
		if (g->between && !next_member(g))
			return fail_damaged(err);
		if (g->between)
			continue;
		rc = inflate(&g->z, Z_NO_FLUSH);
		if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
			return fail_damaged(err);
		g->between = rc == Z_STREAM_END;
		rc = 0;
	}
	*got = room - g->z.avail_out;
	return 0;
}

struct import_file *inflate_open(struct import_file *from)
{
	struct inflated *g = xcalloc(1, sizeof *g);

	g->base = *from;
	g->base.size = UINT64_MAX;
	g->base.path = NULL;
	g->base.read = read_inflated;
	g->base.peek = NULL;
	g->from = from;
	if (inflateInit2(&g->z, 15 + 16) != Z_OK) { /* 16: the gzip format alone */
		free(g);
		return NULL;
	}
	return &g->base;
}

void inflate_close(struct import_file *f)
{
	struct inflated *g = (struct inflated *)f;

	if (!g)
		return;
	(void)inflateEnd(&g->z);
	free(g);
}
