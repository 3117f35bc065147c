/*
 * A resource is identical to itself and canonical to the same lines folded again; line
 * ends made CRLF change nothing more. The checks, libical's too, survive it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "format/content/internal.h"
#include "valise/base/escape.h"

static int add(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	return buf_add(ctx, p, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct again {
	struct buf out;
	bool skip; /* vCard 2.1 encodings have line rules of their own */
	size_t last;
};

static void put_value(struct buf *out, const char *s)
{
	bool quoted = strpbrk(s, ";:,\"") != NULL;

	if (quoted)
		buf_putc(out, '"');
	for (; *s; s++) {
		if (*s == '^' || *s == '"' || *s == '\n')
			buf_puts(out, *s == '^' ? "^^" : *s == '"' ? "^'" : "^n");
		else
			buf_putc(out, *s);
	}
	if (quoted)
		buf_putc(out, '"');
}

static int on_line(void *ctx, const struct content_line *l, struct err *err)
{
	struct again *a = ctx;
	struct buf line;

	(void)err;
	if (l->offset < a->last || l->depth < 0 || l->depth > CONTENT_DEPTH_MAX ||
	        l->value[l->value_len] != '\0')
		abort();
	a->last = l->offset;
	buf_init(&line, SIZE_MAX);
	if (!l->name[0]) {
		buf_puts(&line, "\n"); /* nothing to be folded to */
		a->skip |= memchr(l->value, ':', l->value_len) != NULL;
	} else {
		if (l->group)
			buf_putf(&line, "%s.", l->group);
		buf_puts(&line, l->name);
		for (size_t i = 0; i < l->n_params; i++) {
			const char *v = l->params[i].value;

			a->skip |= strcasestr(v, "QUOTED-PRINTABLE") || strcasestr(v, "BASE64");
			buf_putf(&line, ";%s=", l->params[i].name);
			put_value(&line, v);
		}
		buf_putc(&line, ':');
	}
	buf_put(&line, l->value, l->value_len);
	for (size_t i = 0; i < line.len; i++) {
		if (i && i % 7 == 0 && l->name[0])
			buf_puts(&a->out, "\r\n ");
		buf_putc(&a->out, (char)line.data[i]);
	}
	buf_puts(&a->out, "\r\n");
	buf_clear(&line);
	return 0;
}

static void expect(const void *a, size_t a_len, const void *b, size_t b_len, enum content_grade max)
{
	enum content_grade grade;
	struct buf diff;

	buf_init(&diff, 200);
	if (content_compare(a, a_len, b, b_len, &grade, &diff, NULL) == 0 && grade > max)
		abort();
	if (content_compare(b, b_len, a, a_len, &grade, NULL, NULL) == 0 && grade > max)
		abort();
	buf_clear(&diff);
}

/* There is something to be told where the grade says so, and only there. */
static void expect_told(const void *a, size_t a_len, const void *b, size_t b_len)
{
	enum content_grade grade;
	struct buf told;
	size_t n;

	buf_init(&told, 4096);
	if (content_compare(a, a_len, b, b_len, &grade, NULL, NULL) == 0 &&
	        content_explain(a, a_len, b, b_len, &told, &n, NULL) == 0 &&
	        ((n > 0) != (grade == CONTENT_ALTERED) || memchr(told.data, '\n', told.len)))
		abort();
	buf_clear(&told);
}

static void on_problem(void *ctx, enum content_problem what, const char *text)
{
	(void)ctx;
	if (what >= CONTENT_DOUBLED_UID || !text[0])
		abort();
}

static void on_uid(void *ctx, const char *uid)
{
	*(size_t *)ctx += strlen(uid);
}

static void on_told(void *ctx, const char *label, const char *text)
{
	(void)ctx;
	if ((label && !*label) || !utf8_valid(text, strlen(text)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t uids = 0;
	struct again a = {0};
	struct content_summary s;
	struct buf crlf;
	unsigned wrong;

	buf_init(&a.out, SIZE_MAX);
	buf_init(&crlf, 2 * size + 1);
	if (content_summarize(data, size, &s, NULL) == 0) {
		if (s.overrides > s.components || (s.component && !s.components))
			abort();
		content_summary_clear(&s);
	}
	content_check(data, size, on_problem, NULL);
	content_told(data, size, on_told, NULL);
	if (content_members(data, size, on_uid, &uids, NULL) == 0 && uids > size)
		abort();
	if (content_crlf(data, size, add, &crlf, NULL) < 0)
		abort();
	expect(data, size, data, size, CONTENT_IDENTICAL);
	expect(data, size, crlf.data, crlf.len, CONTENT_CANONICAL);
	expect_told(data, size / 2, data + size / 2, size - size / 2);
	expect(data, size / 2, data + size / 2, size - size / 2, CONTENT_ALTERED);
	if (content_scan(data, size, on_line, true, &a, &wrong, NULL) == 0 && !a.skip)
		expect(data, size, a.out.data, a.out.len, CONTENT_CANONICAL);
	buf_clear(&a.out);
	buf_clear(&crlf);
	return 0;
}
