#ifndef VALISE_TEST_OUTLOOK_MAILED_H
#define VALISE_TEST_OUTLOOK_MAILED_H

/* Bags as messages, and messages beside what they should be. */
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdarg.h>
#include <cmocka.h>
#include "outlook/make.h"
#include "outlook/mail/mail.h"
#include "valise/outlook/convert.h"

struct mailed {
	struct buf octets, lost; /* losses: lines */
	struct outlook_made made;
};

static inline int mailed_put(void *ctx, const void *p, size_t n, struct err *err)
{
	struct mailed *m = ctx;

	(void)err;
	buf_put(&m->octets, p, n);
	return 0;
}

static inline void mailed_lost(void *ctx, const char *what)
{
	struct mailed *m = ctx;

	buf_putf(&m->lost, "%s\n", what);
}

/* Digests within boundaries become "N": what stands there is not what is tested. */
static inline char *mailed_plain(const char *text)
{
	struct buf out = buf_of(SIZE_MAX);

	while (*text) {
		const char *digest = NULL;

		if (strncmp(text, MAIL_BOUNDARY, 2) == 0 && text[2])
			digest = text + 3 + strspn(text + 3, "0123456789");
		if (!digest || *digest != '_' || strspn(digest + 1, "0123456789abcdef") != 24) {
			buf_putc(&out, *text++);
			continue;
		}
		buf_put(&out, text, (size_t)(digest + 1 - text));
		buf_putc(&out, 'N');
		text = digest + 25;
	}
	return buf_take(&out);
}

/* The bag is freed. */
static inline void mailed_make(struct bag *b, struct mailed *m)
{
	struct outlook_to to = {mailed_put, mailed_lost, m};
	struct err err = {0};

	bag_sort(b);
	memset(m, 0, sizeof *m);
	buf_init(&m->octets, SIZE_MAX);
	buf_init(&m->lost, SIZE_MAX);
	if (outlook_mail(b, &to, &m->made, &err) < 0)
		fail_msg("%s", err.text);
	bag_free(b);
}

static inline void mailed_clear(struct mailed *m)
{
	buf_clear(&m->octets);
	buf_clear(&m->lost);
	free(m->made.keywords);
}

/* What comes of the bag, which is freed: LF stands for CRLF in ${want}. */
static inline void assert_mailed(struct bag *b, const char *want)
{
	struct mailed m;
	struct buf lf = buf_of(SIZE_MAX);
	char *plain;

	mailed_make(b, &m);
	for (size_t i = 0; i < m.octets.len; i++) {
		bool crlf = m.octets.data[i] == '\r' && m.octets.data[i + 1] == '\n';

		assert_true(m.octets.data[i] != '\n' || m.octets.data[i - 1] == '\r');
		if (!crlf)
			buf_putc(&lf, (char)m.octets.data[i]);
	}
	plain = mailed_plain(buf_str(&lf));
	assert_string_equal(plain, want);
	assert_string_equal(buf_str(&m.lost), "");
	free(plain);
	buf_clear(&lf);
	mailed_clear(&m);
}

/* An item of mail with nothing in it. */
static inline struct bag *make_note(const char *class)
{
	struct bag *b = bag_new();

	make_text(b, PidTagMessageClass, class);
	return b;
}

#endif
