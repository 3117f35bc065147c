/* A winmail.dat opened where it stands: what is around it stays as it is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "valise/winmail/winmail.h"

struct opened {
	struct buf out, said;
	unsigned n;
};

static int put(void *ctx, const void *p, size_t n, struct err *err)
{
	(void)err;
	buf_put(&((struct opened *)ctx)->out, p, n);
	return 0;
}

static void tell(void *ctx, bool lost, const char *what)
{
	assert_true(lost);
	buf_putf(&((struct opened *)ctx)->said, "%s\n", what);
}

static struct opened open_message(const struct buf *message)
{
	struct opened o = {.out = buf_of(1 << 20), .said = buf_of(1 << 16)};
	struct winmail_to to = {.write = put, .ctx = &o, .tell = tell};
	struct mime_message *m;
	struct err err = {0};

	assert_int_equal(mime_open_octets(message->data, message->len, &m, &err), 0);
	assert_int_equal(winmail_open(m, &to, &o.n, &err), 0);
	mime_free(m);
	return o;
}

static void close_message(struct opened *o)
{
	buf_clear(&o->out);
	buf_clear(&o->said);
}

/* "2 multipart/mixed, 2.1 text/plain a.txt" */
static char *parts_of(const struct buf *message)
{
	struct mime_message *m;
	struct buf line = buf_of(1 << 16);
	const struct mime_part *parts;
	size_t n;

	assert_int_equal(mime_open_octets(message->data, message->len, &m, NULL), 0);
	n = mime_parts(m, &parts);
	for (size_t i = 0; i < n; i++)
		buf_putf(&line, "%s%s%s%s%s%s", i ? ", " : "", parts[i].number,
		        *parts[i].number ? " " : "", parts[i].type, parts[i].name ? " " : "",
		        parts[i].name ? parts[i].name : "");
	mime_free(m);
	return buf_take(&line);
}

/* The file in base64, lines ended by ${end}. */
static void put_tnef(struct buf *b, const char *name, const char *end)
{
	char *path = xasprintf("%s/fuzz/outlook_tnef/%s", FIXTURES, name);
	uint8_t octets[57];
	FILE *f = fopen(path, "rb");

	assert_non_null(f);
	for (size_t n; (n = fread(octets, 1, sizeof octets, f)) > 0;) {
		char *text = base64_encode(octets, n);

		buf_putf(b, "%s%s", text, end);
		free(text);
	}
	assert_int_equal(fclose(f), 0);
	free(path);
}

static struct buf make(const char *text, const char *type, const char *tnef, const char *end)
{
	struct buf b = buf_of(1 << 20);

	buf_putf(&b, "From: a@b%sSubject: s%sMIME-Version: 1.0%s", end, end, end);
	buf_putf(&b, "Content-Type: multipart/mixed; boundary=b%s%s--b%s%s%s%s--b%s", end, end, end,
	        end, text, end, end);
	buf_putf(
	        &b, "Content-Type: %s%sContent-Transfer-Encoding: base64%s%s", type, end, end, end);
	if (tnef)
		put_tnef(&b, tnef, end);
	else
		buf_putf(&b, "bm8gVE5FRg==%s", end);
	buf_putf(&b, "--b%sContent-Type: text/x-last%s%slast%s--b--%s", end, end, end, end, end);
	return b;
}

#define TNEF "application/ms-tnef; name=winmail.dat"

static void test_parts(void **state)
{
	static const struct {
		const char *text, *type, *tnef, *want, *said;
	} cases[] = {
	        {"t", TNEF, "two-files",
	                "2 multipart/mixed, 2.1 text/plain a.txt, 2.2 application/octet-stream b.bin",
	                ""},
	        {"t", "application/octet-stream; name=WINMAIL.DAT", "one-file",
	                "2 multipart/mixed, 2.1 text/plain a.txt", ""},
	        {"t", "application/vnd.ms-tnef", "body", "2 multipart/mixed, 2.1 text/plain", ""},
	        /* the text that is there already is not there twice */
	        {"caf=C3=A9, a text", TNEF, "one-file", "2 multipart/mixed, 2.1 text/plain a.txt",
	                ""},
	        {"t", TNEF, "contact", "2 multipart/mixed, 2.1 text/vcard contact.vcf", ""},
	        {"t", TNEF, "zeros-at-end", "2 multipart/mixed, 2.1 text/plain", ""},
	        {"t", TNEF, "bad-checksum", "2 multipart/mixed, 2.1 text/plain a.txt",
	                "part 2: attSubject: its checksum is wrong\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf b = make(cases[i].text, cases[i].type, cases[i].tnef, "\r\n");
		struct opened o = open_message(&b);
		char *parts = parts_of(&o.out),
		     *want = xasprintf(
		             " multipart/mixed, 1 text/plain, %s, 3 text/x-last", cases[i].want);

		assert_int_equal(o.n, 1);
		assert_string_equal(parts, want + 1);
		assert_string_equal(buf_str(&o.said), cases[i].said);
		free(parts);
		free(want);
		close_message(&o);
		buf_clear(&b);
	}
}

static void test_same_text(void **state)
{
	static const struct {
		const char *text;
		bool again;
	} cases[] = {{"caf\u00e9,  a\r\n text", false}, {"another text", true}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf b = buf_of(1 << 20);
		struct opened o;
		const char *at;

		buf_putf(&b,
		        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: "
		        "text/plain; charset=utf-8\r\n\r\n%s\r\n--b\r\nContent-Type: " TNEF
		        "\r\nContent-Transfer-Encoding: base64\r\n\r\n",
		        cases[i].text);
		put_tnef(&b, "body", "\r\n");
		buf_puts(&b, "--b--\r\n");
		o = open_message(&b);
		at = strstr(buf_str(&o.out), "--winmail-");
		assert_non_null(at);
		assert_true((strstr(at, "caf=C3=A9") || strstr(at, "Y2Fm") ||
		                    strstr(at, "caf\u00e9")) == cases[i].again);
		close_message(&o);
		buf_clear(&b);
	}
}

/* All that is not the part is there octet for octet; what is none, or not to be opened, stays. */
static void test_around(void **state)
{
	static const char *const ends[] = {"\r\n", "\n"};

	(void)state;
	for (size_t i = 0; i < COUNT(ends); i++) {
		struct buf b = make("t", TNEF, "winmail", ends[i]),
		           none = make("t", TNEF, NULL, ends[i]);
		struct opened o = open_message(&b), kept = open_message(&none);
		size_t before = (size_t)(strstr(buf_str(&b), "Content-Type: " TNEF) - buf_str(&b)),
		       after = strlen(
		               strstr(buf_str(&b), "--b\nContent-Type: text/x-last")
		                       ? strstr(buf_str(&b), "--b\nContent-Type: text/x-last")
		                       : strstr(buf_str(&b), "--b\r\nContent-Type: text/x-last"));

		assert_int_equal(o.n, 1);
		assert_memory_equal(o.out.data, b.data, before);
		assert_memory_equal(o.out.data + o.out.len - after, b.data + b.len - after, after);
		assert_true((strchr(buf_str(&o.out), '\r') != NULL) == (i == 0));
		assert_int_equal(kept.n, 0);
		assert_int_equal(kept.out.len, none.len);
		assert_memory_equal(kept.out.data, none.data, none.len);
		assert_string_equal(
		        buf_str(&kept.said), "part 2: it does not begin as TNEF does\n");
		close_message(&o);
		close_message(&kept);
		buf_clear(&b);
		buf_clear(&none);
	}
}

/* The message itself is one: its own fields stay, those of what it holds are new. */
static void test_whole(void **state)
{
	struct buf b = buf_of(1 << 20);
	struct opened o;
	char *parts;

	(void)state;
	buf_puts(&b,
	        "From: a@b\r\nContent-Type: " TNEF "\r\nContent-Transfer-Encoding:\r\n base64\r\n"
	        "Subject: s\r\n folded\r\nMIME-Version: 1.0\r\n\r\n");
	put_tnef(&b, "two-files", "\r\n");
	o = open_message(&b);
	parts = parts_of(&o.out);
	assert_string_equal(
	        parts, "multipart/mixed, 1 text/plain a.txt, 2 application/octet-stream b.bin");
	assert_memory_equal(o.out.data,
	        "From: a@b\r\nSubject: s\r\n folded\r\nMIME-Version: 1.0\r\nContent-Type: "
	        "multipart/mixed; boundary=\"winmail-",
	        100);
	free(parts);
	close_message(&o);
	buf_clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_parts),
	        cmocka_unit_test(test_same_text),
	        cmocka_unit_test(test_around),
	        cmocka_unit_test(test_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
