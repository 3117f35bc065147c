/* TNEF of every kind that tests/tools/make_tnef.py makes, whole, in pieces and cut off. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <dirent.h>
#include "../make.h"
#include "valise/outlook/read.h"
#include "valise/outlook/tnef.h"

#define INPUTS FIXTURES "/fuzz/outlook_tnef/"
#define WANTED FIXTURES "/outlook/tnef/"

struct octets {
	const uint8_t *p;
	size_t n, at, piece;
	uint64_t zeros; /* that follow; of them no memory is made */
	bool fails;
};

static int give(void *ctx, void *p, size_t n, size_t *got, struct err *err)
{
	struct octets *o = ctx;

	*got = MIN(MIN(n, o->piece), o->n - o->at);
	if (*got > 0) {
		memcpy(p, o->p + o->at, *got);
	} else if (o->fails) {
		return err_set(err, ERR_NET, ERR_WHOLE, "it broke");
	} else {
		*got = (size_t)MIN(n, o->zeros);
		memset(p, 0, *got);
		o->zeros -= *got;
		return 0;
	}
	o->at += *got;
	return 0;
}

static struct buf read_all(const char *folder, const char *name, const char *end)
{
	char *path = xasprintf("%s%s%s", folder, name, end);
	struct buf b = buf_of(1 << 20);
	uint8_t part[4096];
	FILE *f = fopen(path, "rb");

	assert_non_null(f);
	for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
		buf_put(&b, part, n);
	assert_int_equal(fclose(f), 0);
	free(path);
	return b;
}

/* What it holds, and what is wrong with it. */
static char *shown(const uint8_t *p, size_t n, size_t piece)
{
	struct octets o = {.p = p, .n = n, .piece = piece};
	struct buf out = buf_of(1 << 20), wrong = buf_of(1 << 16);
	struct err err = {0};
	struct bag *b;
	char *text;

	if (tnef_read(give, &o, &b, &wrong, &err) < 0) {
		assert_int_equal(err.code, ERR_DAMAGED);
		buf_clear(&wrong);
		return xstrdup(err.text);
	}
	text = make_shown(b);
	buf_puts(&out, text);
	buf_puts(&out, "wrong:\n");
	buf_puts(&out, buf_str(&wrong));
	free(text);
	buf_clear(&wrong);
	bag_free(b);
	return buf_take(&out);
}

static void check_file(const char *name)
{
	static const size_t pieces[] = {SIZE_MAX, 1, 7};
	struct buf b = read_all(INPUTS, name, ""), want = read_all(WANTED, name, ".txt");

	for (size_t i = 0; i < COUNT(pieces); i++) {
		char *got = shown(b.data, b.len, pieces[i]);

		assert_string_equal(got, buf_str(&want));
		free(got);
	}
	for (size_t n = 0; n < b.len; n++) { /* cut off anywhere, it is no more than it was */
		char *got = shown(b.data, n, 64);

		if (n < 4)
			assert_string_equal(got, "it does not begin as TNEF does");
		else
			assert_in_range(strlen(got), 1, want.len + 200);
		free(got);
	}
	buf_clear(&want);
	buf_clear(&b);
}

static void test_kinds(void **state)
{
	DIR *d = opendir(INPUTS);
	size_t n = 0;

	(void)state;
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));)
		if (e->d_name[0] != '.' && e->d_name[0] != '_') {
			check_file(e->d_name);
			n++;
		}
	closedir(d);
	assert_in_range(n, 31, 100);
}

static void put32(struct buf *b, uint32_t n)
{
	buf_put(b,
	        (const uint8_t[]){
	                (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24)},
	        4);
}

static void put_head(struct buf *b)
{
	put32(b, 0x223e9f78);
	buf_put(b, "\1\0", 2);
}

static void put_attribute(struct buf *b, char level, uint32_t id, uint32_t len)
{
	buf_putc(b, level);
	put32(b, id);
	put32(b, len);
}

/* A large attachment is in the temporary file, and nowhere in memory. */
static void test_large(void **state)
{
	uint64_t len = 40 << 20;
	struct buf b = buf_of(4096), wrong = buf_of(4096);
	struct octets o = {.piece = SIZE_MAX, .zeros = len + 2};
	const struct bag_prop *p;
	struct err err = {0};
	struct bag *bag;

	(void)state;
	put_head(&b);
	put_attribute(&b, 2, 0x6800f, (uint32_t)len);
	o.p = b.data;
	o.n = b.len;
	assert_int_equal(tnef_read(give, &o, &bag, &wrong, &err), 0);
	assert_string_equal(buf_str(&wrong), "attachment 1 begins without attAttachRenddata\n");
	p = bag_peek(bag->attachments[0], PidTagAttachDataBinary);
	assert_non_null(p);
	assert_true(p->len == len && !p->data);
	bag_free(bag);
	buf_clear(&b);
	buf_clear(&wrong);
}

/* Messages within messages: as deep as a bag may be, and what is deeper is kept as octets. */
static void test_deep(void **state)
{
	static const uint8_t iid[16] = {7, 3, 2, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};
	struct buf in = buf_of(1 << 20), wrong = buf_of(1 << 16);
	struct octets o = {.piece = SIZE_MAX};
	struct err err = {0};
	struct bag *bag, *at;
	unsigned depth = 0;

	(void)state;
	put_head(&in);
	for (int i = 0; i < BAG_DEPTH_MAX + 8; i++) {
		struct buf out = buf_of(1 << 20);

		put_head(&out);
		put_attribute(&out, 2, 0x69005, (uint32_t)(4 + 4 + 8 + 16 + (in.len + 3) / 4 * 4));
		put32(&out, 1);
		put32(&out, 0x3701000d);
		put32(&out, 1);
		put32(&out, (uint32_t)in.len + 16);
		buf_put(&out, iid, sizeof iid);
		buf_put(&out, in.data, in.len);
		buf_put(&out, "\0\0\0", (4 - in.len % 4) % 4);
		buf_put(&out, "??", 2);
		buf_swap(&in, &out);
		buf_clear(&out);
	}
	o.p = in.data;
	o.n = in.len;
	assert_int_equal(tnef_read(give, &o, &bag, &wrong, &err), 0);
	for (at = bag; at->n_attachments && at->attachments[0]->embedded;
	        at = at->attachments[0]->embedded)
		depth++;
	assert_int_equal(depth, BAG_DEPTH_MAX);
	assert_int_equal(bag_peek(at->attachments[0], PidTagAttachDataBinary)->type, BAG_OBJECT);
	assert_non_null(strstr(buf_str(&wrong), "items within items, more than 32 deep"));
	bag_free(bag);
	buf_clear(&in);
	buf_clear(&wrong);
}

struct visited {
	unsigned folders, items, lost;
	char *subject, *why;
};

static int on_folder(void *ctx, const struct outlook_folder *f, struct err *err)
{
	(void)err;
	assert_string_equal(f->path, "");
	((struct visited *)ctx)->folders++;
	return 0;
}

static int on_item(void *ctx, const struct outlook_folder *f, struct bag *b, struct err *err)
{
	struct visited *v = ctx;

	(void)f;
	(void)err;
	v->items++;
	v->subject = xstrdup(bag_text(b, PidTagSubject));
	return 0;
}

static void on_lost(void *ctx, const struct outlook_folder *f, const char *shown, const char *why)
{
	struct visited *v = ctx;

	(void)f;
	assert_string_equal(shown, "item 1 of 1");
	v->lost++;
	free(v->why);
	v->why = xstrdup(why);
}

static void test_file(void **state)
{
	static const struct {
		const char *path, *subject, *why;
	} cases[] = {
	        {INPUTS "winmail", "Everything: Gr\u00fc\u00dfe", NULL},
	        {INPUTS "bad-checksum", "A subject", "attSubject: its checksum is wrong"},
	        {FIXTURES "/outlook/tnef/body.txt", NULL, "it does not begin as TNEF does"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct visited v = {0};
		struct outlook_visit visit = {&v, on_folder, on_item, on_lost};
		struct outlook_read_opts opts = {0};
		struct err err = {0};
		FILE *f = fopen(cases[i].path, "rb");

		assert_non_null(f);
		assert_int_equal(outlook_read(fileno(f), OUTLOOK_TNEF, &opts, &visit, &err), 0);
		assert_int_equal(v.folders, 1);
		assert_int_equal(v.items, cases[i].subject != NULL);
		assert_int_equal(v.lost, cases[i].why != NULL);
		if (v.subject)
			assert_string_equal(v.subject, cases[i].subject);
		if (v.why)
			assert_string_equal(v.why, cases[i].why);
		free(v.subject);
		free(v.why);
		assert_int_equal(fclose(f), 0);
	}
}

static void test_source_fails(void **state)
{
	struct buf b = read_all(INPUTS, "winmail", "");

	(void)state;
	for (size_t n = 0; n < b.len; n += 3) {
		struct octets o = {.p = b.data, .n = n, .piece = 50, .fails = true};
		struct buf wrong = buf_of(4096);
		struct err err = {0};
		struct bag *bag;

		assert_int_equal(tnef_read(give, &o, &bag, &wrong, &err), ERR_NET);
		assert_string_equal(err.text, "it broke");
		assert_null(bag);
		buf_clear(&wrong);
	}
	buf_clear(&b);
}

/* More attachments than a bag may have: those that fit are there, the rest is named. */
static void test_many(void **state)
{
	struct buf b = buf_of(8 << 20), wrong = buf_of(1 << 16);
	struct octets o = {.piece = SIZE_MAX};
	struct err err = {0};
	struct bag *bag;

	(void)state;
	put_head(&b);
	for (int i = 0; i < BAG_CHILDREN_MAX + 200; i++) {
		put_attribute(&b, 2, 0x6800f, 1);
		buf_put(&b, "a\x61\0", 3);
	}
	o.p = b.data;
	o.n = b.len;
	assert_int_equal(tnef_read(give, &o, &bag, &wrong, &err), 0);
	assert_int_equal(bag->n_attachments, BAG_CHILDREN_MAX);
	assert_in_range(wrong.len, 1000, 16000); /* a line of each kind is enough */
	bag_free(bag);
	buf_clear(&b);
	buf_clear(&wrong);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_kinds),
	        cmocka_unit_test(test_large),
	        cmocka_unit_test(test_deep),
	        cmocka_unit_test(test_file),
	        cmocka_unit_test(test_source_fails),
	        cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
