/*
 * Whatever an item is: as a message it is the same octets each time, and such that no server
 * finds anything to mend, but for octets that are signed.
 */
#include <stdlib.h>
#include <string.h>
#include "valise/base/mem.h"
#include "valise/format/header.h"
#include "valise/format/mend.h"
#include "valise/outlook/convert.h"
#include "valise/outlook/fx.h"

/* All messages of a stream, one behind the other. */
struct made {
	struct buf octets;
};

static int put(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_put(ctx, p, n);
	return 0;
}

static void lost(void *ctx, const char *what)
{
	(void)ctx;
	if (*what == '\0')
		abort();
}

static bool is_signed(const char *class)
{
	return class && strncasecmp(class, "IPM.Note.SMIME", 14) == 0;
}

static void check(const struct buf *octets)
{
	static const uint8_t no_cover[SHA256_LEN];
	struct mend *look = mend_new(MEND_ALL, no_cover);

	mend_look(look, octets->data, octets->len);
	if (mend_flaws(look) || header_length(buf_str(octets), octets->len) == 0)
		abort();
	mend_free(look);
}

static int take(void *ctx, struct bag *b, struct err *err)
{
	struct made *m = ctx;
	struct buf octets = buf_of(SIZE_MAX);
	struct outlook_to to = {put, lost, &octets};
	struct outlook_made made;
	int rc = outlook_mail(b, &to, &made, err);

	if (rc == 0 && !is_signed(bag_text(b, PidTagMessageClass)))
		check(&octets);
	if (made.keywords && strpbrk(made.keywords, "(){%*\"\\]"))
		abort();
	buf_put(&m->octets, octets.data, octets.len);
	buf_clear(&octets);
	outlook_made_clear(&made);
	bag_free(b);
	return 0;
}

static void read_all(const uint8_t *data, size_t size, struct made *m)
{
	struct fx_reader *r = fx_reader_new(take, m);
	struct err err = {0};

	if (fx_read(r, data, size, &err) == 0 && fx_read_end(r, &err) < 0)
		err_clear(&err);
	fx_reader_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct made one = {buf_of(SIZE_MAX)}, two = {buf_of(SIZE_MAX)};

	read_all(data, size, &one);
	read_all(data, size, &two);
	if (one.octets.len != two.octets.len ||
	        memcmp(one.octets.data, two.octets.data, one.octets.len) != 0)
		abort();
	buf_clear(&one.octets);
	buf_clear(&two.octets);
	return 0;
}
