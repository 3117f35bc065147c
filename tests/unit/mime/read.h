#ifndef TEST_MIME_READ_H
#define TEST_MIME_READ_H

/* Messages for the tests of the room: opened from octets or a file, and told in one line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/mime/mime.h"

static inline int to_buf(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_put(ctx, p, n);
	return 0;
}

static inline struct mime_message *open_octets(const void *p, size_t n)
{
	struct mime_message *m;
	struct err err = {0};

	assert_int_equal(mime_open_octets(p, n, &m, &err), 0);
	return m;
}

static inline struct mime_message *open_text(const char *text)
{
	return open_octets(text, strlen(text));
}

/* "1 text/plain; 2 image/png (a.png) +": with "+" what is an attachment, "*" what is shown. */
static inline void tell_parts(struct mime_message *m, struct buf *out)
{
	const struct mime_part *p;
	size_t body[MIME_PARTS_MAX], k = 0, shown = mime_body_parts(m, body, COUNT(body)),
	                             n = mime_parts(m, &p);

	for (size_t i = 0; i < n; i++) {
		bool is_shown = k < shown && body[k] == i;

		k += is_shown;
		buf_putf(
		        out, "%s%s %s", i ? "; " : "", *p[i].number ? p[i].number : "-", p[i].type);
		if (p[i].name)
			buf_putf(out, " (%s)", p[i].name);
		buf_puts(out, is_shown ? " *" : "");
		buf_puts(out, p[i].attachment ? " +" : "");
	}
}

static inline void assert_parts(const char *message, const char *want)
{
	struct mime_message *m = open_text(message);
	struct buf got = buf_of(SIZE_MAX);

	tell_parts(m, &got);
	assert_string_equal(buf_str(&got), want);
	buf_clear(&got);
	mime_free(m);
}

/* What part ${i} is as text or octets. */
static inline char *part_of(struct mime_message *m, size_t i, bool text)
{
	struct buf got = buf_of(SIZE_MAX);
	struct err err = {0};
	char *out;

	assert_int_equal(text ? mime_part_text(m, i, UINT64_MAX, to_buf, &got, &err)
	                      : mime_part_octets(m, i, to_buf, &got, &err),
	        0);
	out = buf_take(&got);
	buf_clear(&got);
	return out;
}

static inline void assert_text(const char *message, const char *want)
{
	struct mime_message *m = open_text(message);
	char *got = part_of(m, 0, true);

	assert_string_equal(got, want);
	free(got);
	mime_free(m);
}

#endif
