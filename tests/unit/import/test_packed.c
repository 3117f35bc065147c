#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "import/file.h"
#include "import/names.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

/* ---- zip and tar files, octet by octet ---- */

static uint32_t crc_of(const char *p, size_t n)
{
	uint32_t c = 0xffffffff;

	for (size_t i = 0; i < n; i++) {
		c ^= (uint8_t)p[i];
		for (int k = 0; k < 8; k++)
			c = c >> 1 ^ (c & 1 ? 0xedb88320 : 0);
	}
	return ~c;
}

static void put_le(struct buf *b, uint64_t v, int octets)
{
	for (int i = 0; i < octets; i++)
		buf_putc(b, (char)(v >> 8 * i & 0xff));
}

enum { ENCRYPTED = 1, UTF8 = 1 << 11 };
struct entry {
	const char *name, *text;
	unsigned flags, mode; /* mode: 0 is a file */
	bool bad;
};

/* The fields that the head of an entry and the directory share. */
static void put_fields(struct buf *b, const struct entry *e)
{
	size_t n = strlen(e->text);

	put_le(b, 20, 2);
	put_le(b, e->flags, 2);
	put_le(b, 0, 2); /* stored */
	put_le(b, 0x5821 << 16 | 0x6000, 4);
	put_le(b, crc_of(e->text, n) ^ e->bad, 4);
	put_le(b, n, 4);
	put_le(b, n, 4);
	put_le(b, strlen(e->name), 2);
	put_le(b, 0, 2);
}

static void make_zip(const struct entry *e, size_t n, struct buf *out)
{
	struct buf dir = buf_of(SIZE_MAX);

	for (size_t i = 0; i < n; i++) {
		put_le(&dir, 0x02014b50, 4);
		put_le(&dir, 3 << 8 | 20, 2); /* made on Unix */
		put_fields(&dir, &e[i]);
		put_le(&dir, 0, 6);
		put_le(&dir, (uint64_t)(e[i].mode ? e[i].mode : S_IFREG | 0644) << 16, 4);
		put_le(&dir, out->len, 4);
		buf_puts(&dir, e[i].name);
		put_le(out, 0x04034b50, 4);
		put_fields(out, &e[i]);
		buf_puts(out, e[i].name);
		buf_puts(out, e[i].text);
	}
	put_le(&dir, 0x06054b50, 4);
	put_le(&dir, 0, 4);
	put_le(&dir, n, 2);
	put_le(&dir, n, 2);
	put_le(&dir, dir.len - 12, 4);
	put_le(&dir, out->len, 4);
	put_le(&dir, 0, 2);
	buf_put(out, dir.data, dir.len);
	buf_clear(&dir);
}

static void put_tar(struct buf *b, const char *name, char type, const char *text)
{
	char h[512] = {0};
	unsigned sum = 0;

	snprintf(h, 100, "%s", name);
	snprintf(h + 100, 8, "0000644");
	snprintf(h + 124, 12, "%011o", type == '0' ? (unsigned)strlen(text) : 0);
	snprintf(h + 136, 12, "%011o", 1700000000u);
	memset(h + 148, ' ', 8);
	h[156] = type;
	if (type != '0')
		snprintf(h + 157, 100, "%s", text);
	memcpy(h + 257, "ustar\00000", 8);
	for (size_t i = 0; i < sizeof h; i++)
		sum += (uint8_t)h[i];
	snprintf(h + 148, 8, "%06o", sum);
	buf_put(b, h, sizeof h);
	if (type != '0')
		return;
	buf_puts(b, text);
	while (b->len % 512)
		buf_putc(b, '\0');
}

/* ---- what is seen of them ---- */

struct seen {
	struct buf text;
	bool skip; /* nothing is read */
};

static int on_file(void *ctx, struct import_file *f, struct err *err)
{
	struct seen *s = ctx;
	struct err own = {0};
	char piece[7];
	size_t got = 1;

	(void)err;
	buf_putf(&s->text, "%s=", f->place);
	assert_null(f->path);
	while (got && !s->skip)
		if (f->read(f, piece, sizeof piece, &got, &own) < 0) {
			buf_puts(&s->text, "!");
			assert_int_not_equal(own.scope, ERR_WHOLE);
			got = 0;
		} else {
			buf_put(&s->text, piece, got);
		}
	buf_putc(&s->text, '\n');
	return 0;
}

static int on_dir(void *ctx, const char *place, struct err *err)
{
	(void)err;
	buf_putf(&((struct seen *)ctx)->text, "%s/\n", place);
	return 0;
}

static void on_lost(void *ctx, const char *shown, const struct err *err)
{
	const char *colon = strchr(shown, ':');

	buf_putf(&((struct seen *)ctx)->text, "lost%s: %s\n", colon ? colon + 1 : "", err->text);
}

static char dir[] = "/tmp/valise-packed-XXXXXX";

static char *look(const void *p, size_t n, bool skip)
{
	struct seen s = {.text = buf_of(SIZE_MAX), .skip = skip};
	const struct import_visit v = {&s, on_file, on_dir, on_lost};
	char *path = xasprintf("%s/x.zip", dir);
	struct import_files *files;
	struct err err = {0};

	assert_int_equal(file_write(AT_FDCWD, path, p, n, &err), 0);
	assert_int_equal(import_files_packed(path, &files, &err), 0);
	assert_int_equal(files->ops->each(files, &v, &err), 0);
	free(path);
	files->ops->free(files);
	return buf_take(&s.text);
}

static void test_zip(void **state)
{
	static const struct entry entries[] = {
	        {"Takeout/", "", 0, S_IFDIR | 0755, false},
	        {"Takeout/Mail/All mail.mbox", "From a line longer than a piece\n", 0, 0, false},
	        {"\xc3\xa4.ics", "utf-8", UTF8, 0, false},
	        {"\x84.ics", "cp437", 0, 0, false},
	        {"\xc3\xa4_.ics", "utf-8 unsaid", 0, 0, false},
	        {"../../etc/x", "up", 0, 0, false},
	        {"/abs//./x", "absolute", 0, 0, false},
	        {"C:\\Users\\x", "drive", 0, 0, false},
	        {"link", "target", 0, S_IFLNK | 0777, false},
	        {"secret", "xxxxxxxxxxxxyyyy", ENCRYPTED, 0, false},
	        {"bad crc", "some text", 0, 0, true},
	        {"empty", "", 0, 0, false},
	        {"..", "no name", 0, 0, false},
	        {"last", "l", 0, 0, false},
	};
	static const char want[] =
	        "Takeout/\n"
	        "Takeout/Mail/All mail.mbox=From a line longer than a piece\n\n"
	        "\xc3\xa4.ics=utf-8\n"
	        "\xc3\xa4.ics=cp437\n"
	        "\xc3\xa4_.ics=utf-8 unsaid\n"
	        "etc/x=up\n"
	        "abs/x=absolute\n"
	        "Users/x=drive\n"
	        "lost link: it is a link to another file\n"
	        "lost secret: it is encrypted: unpack it with its password first\n"
	        "bad crc=some text!\n"
	        "empty=\n"
	        "lost ..: it has no name\n"
	        "last=l\n";
	struct buf zip = buf_of(SIZE_MAX);
	char *text;

	(void)state;
	make_zip(entries, COUNT(entries), &zip);
	assert_true(import_is_packed(zip.data, zip.len));
	text = look(zip.data, zip.len, false);
	assert_string_equal(text, want);
	free(text);
	text = look(zip.data, zip.len, true);
	assert_non_null(strstr(text, "last=\n"));
	free(text);
	buf_clear(&zip);
}

/* What is cut off: all that is there is given, and it is told. */
static void test_cut(void **state)
{
	static const struct entry entries[] = {
	        {"one", "first text", 0, 0, false}, {"two", "second text", 0, 0, false}};
	struct buf zip = buf_of(SIZE_MAX);

	(void)state;
	make_zip(entries, COUNT(entries), &zip);
	for (size_t n = 4; n < zip.len; n++) {
		char *text = look(zip.data, n, false);
		bool whole = strstr(text, "two=second text\n") != NULL;

		if (n >= 43)
			assert_non_null(strstr(text, "one=first text"));
		if (!whole)
			assert_true(strstr(text, "lost") || strchr(text, '!'));
		free(text);
	}
	buf_clear(&zip);
}

static void test_tar(void **state)
{
	struct buf tar = buf_of(SIZE_MAX);
	char *text;

	(void)state;
	put_tar(&tar, "Maildir/cur/1", '0', "a message");
	put_tar(&tar, "hard", '1', "Maildir/cur/1");
	put_tar(&tar, "soft", '2', "x");
	put_tar(&tar, "pipe", '6', "");
	put_tar(&tar, "folder/", '5', "");
	put_tar(&tar, "\x81.eml", '0', "b");
	for (int i = 0; i < 1024; i++)
		buf_putc(&tar, '\0');
	assert_true(import_is_packed(tar.data, tar.len));
	text = look(tar.data, tar.len, false);
	assert_string_equal(text, "Maildir/cur/1=a message\n"
	                          "lost hard: it is a link to another file\n"
	                          "lost soft: it is a link to another file\n"
	                          "lost pipe: it is no regular file\n"
	                          "folder/\n"
	                          "\xc3\xbc.eml=b\n");
	free(text);
	buf_clear(&tar);
}

static int stop_at_second(void *ctx, struct import_file *f, struct err *err)
{
	(void)f;
	return ++*(int *)ctx == 2 ? err_set(err, ERR_SPACE, ERR_WHOLE, "full") : 0;
}

static void test_visit_fails(void **state)
{
	static const struct entry entries[] = {
	        {"1", "", 0, 0, false}, {"2", "", 0, 0, false}, {"3", "", 0, 0, false}};
	struct buf zip = buf_of(SIZE_MAX);
	char *path = xasprintf("%s/y.zip", dir);
	int n = 0;
	const struct import_visit v = {&n, stop_at_second, NULL, NULL};
	struct import_files *files;
	struct err err = {0};

	(void)state;
	make_zip(entries, COUNT(entries), &zip);
	assert_int_equal(file_write(AT_FDCWD, path, zip.data, zip.len, &err), 0);
	assert_int_equal(import_files_packed(path, &files, &err), 0);
	assert_int_equal(files->ops->each(files, &v, &err), ERR_SPACE);
	assert_int_equal(n, 2);
	files->ops->free(files);
	free(path);
	buf_clear(&zip);
}

/* ---- names ---- */

static void test_volume_names(void **state)
{
	static const struct {
		const char *name;
		unsigned number, of;
	} rows[] = {{"Takeout-001.zip", 1, 0}, {"takeout-20240101T000000Z-012.tgz", 12, 0},
	        {"takeout-20240101T000000Z-1-002.zip", 2, 0}, {"x-003.tar.gz", 3, 0},
	        {"iCloud Mail Part 2 of 3.zip", 2, 3}, {"iCloud part 10 of 12.ZIP", 10, 12},
	        {"Part 1 of 2.zip", 0, 0}, {"x Part 3 of 2.zip", 0, 0}, {"backup-1.zip", 0, 0},
	        {"x-000.zip", 0, 0}, {"x-001.mbox", 0, 0}, {"x001.zip", 0, 0}, {"001.zip", 0, 0},
	        {"x.zip", 0, 0}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct volume v;
		bool is = volume_read(rows[i].name, &v);

		print_message("%s\n", rows[i].name);
		assert_int_equal(is, rows[i].number != 0);
		if (is) {
			assert_int_equal(v.number, rows[i].number);
			assert_int_equal(v.of, rows[i].of);
		}
	}
}

static void touch(const char *name)
{
	char *path = xasprintf("%s/v/%s", dir, name);
	struct err err;

	assert_int_equal(file_write(AT_FDCWD, path, name, strlen(name), &err), 0);
	free(path);
}

/* The names of what is read for these, without their folder; then those that are missing. */
static void expect_paths(const char *const *names, size_t n, const char *want)
{
	char *given[4], *top = xasprintf("%s/v/", dir), **paths;
	struct buf missing = buf_of(SIZE_MAX), got = buf_of(SIZE_MAX);
	struct err err = {0};
	size_t n_paths;

	for (size_t i = 0; i < n; i++)
		given[i] = xasprintf("%s%s", top, names[i]);
	assert_int_equal(
	        import_paths((const char *const *)given, n, &paths, &n_paths, &missing, &err), 0);
	for (size_t i = 0; i < n_paths; i++)
		buf_putf(&got, "%s\n", paths[i] + strlen(top));
	buf_putf(&got, "-%s", buf_str(&missing));
	assert_string_equal(buf_str(&got), want);
	for (size_t i = 0; i < n; i++)
		free(given[i]);
	texts_free(paths, n_paths);
	buf_clear(&missing);
	buf_clear(&got);
	free(top);
}

static void test_volumes(void **state)
{
	char *top = xasprintf("%s/v", dir);
	struct err err = {0};

	(void)state;
	assert_int_equal(dir_make(AT_FDCWD, top, &err), 0);
	touch("t-001.zip");
	touch("t-002.zip");
	touch("t-004.zip");
	touch("t-003.tgz");
	touch("u-002.zip");
	touch("A Part 1 of 3.zip");
	touch("A Part 2 of 3.zip");
	touch("B Part 2 of 3.zip");
	expect_paths((const char *const[]){"t-001.zip"}, 1,
	        "t-001.zip\nt-002.zip\nt-004.zip\n-t-003.zip\n");
	expect_paths((const char *const[]){"t-002.zip"}, 1, "t-002.zip\n-");
	expect_paths((const char *const[]){"t-002.zip", "t-001.zip", "../v/t-004.zip"}, 3,
	        "t-002.zip\nt-001.zip\nt-004.zip\n-t-003.zip\n");
	expect_paths((const char *const[]){"A Part 1 of 3.zip", "u-002.zip"}, 2,
	        "A Part 1 of 3.zip\nA Part 2 of 3.zip\nu-002.zip\n-A Part 3 of 3.zip\n");
	free(top);
}

static void test_gone(void **state)
{
	const char *const paths[] = {"/nowhere/at/all"};
	struct buf missing = buf_of(100);
	struct err err = {0};
	char **out;
	size_t n;

	(void)state;
	assert_int_equal(import_paths(paths, 1, &out, &n, &missing, &err), ERR_NOTFOUND);
	buf_clear(&missing);
}

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	struct err err;

	(void)state;
	return dir_remove(AT_FDCWD, dir, &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_zip), cmocka_unit_test(test_cut),
	        cmocka_unit_test(test_tar), cmocka_unit_test(test_visit_fails),
	        cmocka_unit_test(test_volume_names), cmocka_unit_test(test_volumes),
	        cmocka_unit_test(test_gone)};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
