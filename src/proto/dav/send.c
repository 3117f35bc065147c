/*
 * Octets to the server: PUT with If-None-Match: * or If-Match (RFC 9110 9.3.4, 13.1), and
 * POST of an attachment (RFC 8607 3.3.1).
 */
#include <stdlib.h>
#include <string.h>
#include "internal.h"
#include "valise/base/mem.h"
#include "valise/proto/dav/client.h"

/* What a request only borrows. */
struct sending {
	char *url, *type, *condition;
};

/* RFC 6266: the name in ASCII, and as it is. */
static char *disposition_of(const char *name)
{
	bool plain = true;
	struct buf b = buf_of(4096);

	buf_puts(&b, "Content-Disposition: attachment; filename=\"");
	for (const char *s = name; *s; s++) {
		bool odd = (unsigned char)*s < 0x20 || (unsigned char)*s > 0x7e || *s == '"' ||
		           *s == '\\';

		plain = plain && !odd;
		buf_putc(&b, odd ? '_' : *s);
	}
	buf_putc(&b, '"');
	if (!plain) {
		buf_puts(&b, "; filename*=UTF-8''");
		url_escape_segment(name, strlen(name), &b);
	}
	return buf_take(&b);
}

/* The request that ${s} stands for; ${g} holds what it borrows. */
static void prepare_call(struct dav_send *s, struct sending *g, struct dav_call *c)
{
	const char **header = c->rq.header;

	dav_answer_clear(&s->answer);
	err_clear(&s->err);
	if (s->file) {
		g->url = xasprintf("%s?action=attachment-add", s->url);
		g->condition = disposition_of(s->file);
	} else if (s->etag) {
		g->condition = xasprintf("If-Match: %s", s->etag);
	}
	g->type = xasprintf("Content-Type: %s", s->type);
	dav_call_init(c, s->file ? "POST" : "PUT", s->file ? g->url : s->url, &s->answer);
	header[0] = g->type;
	header[1] = g->condition ? g->condition : "If-None-Match: *";
	dav_call_writes(c, 2);
	for (header += 2; *header; header++)
		;
	*header = s->strict ? "Prefer: handling=strict" : NULL;
	c->forgiving = true;
	c->rq.body = s->len ? s->data : "";
	c->rq.body_size = s->len;
}

int dav_send_run(
        struct http *h, struct dav_send *const *list, size_t n, unsigned parallel, struct err *err)
{
	struct dav_call *calls = xcalloc(n ? n : 1, sizeof *calls);
	struct sending *g = xcalloc(n ? n : 1, sizeof *g);
	int rc;

	for (size_t i = 0; i < n; i++)
		prepare_call(list[i], &g[i], &calls[i]);
	rc = n ? dav_call_run(h, calls, n, parallel, err) : 0;
	for (size_t i = 0; i < n; i++) {
		list[i]->err = calls[i].err;
		dav_call_clear(&calls[i]);
		free(g[i].url);
		free(g[i].type);
		free(g[i].condition);
	}
	free(g);
	free(calls);
	return rc;
}
