/* Our parts of well-formed messages are those of GMime's own parser. */
#include <gmime/gmime.h>
#include "mime/read.h"
#include "valise/base/text.h"

enum { MESSAGES = 400, DEPTH = 4 };

/* "1 text/plain 5 hello; ..." as GMime sees it: number, type, octets. */
static void tell_gmime(GMimeObject *o, const char *number, bool whole, struct buf *out)
{
	char *type = g_mime_content_type_get_mime_type(g_mime_object_get_content_type(o));
	char *own = whole && !GMIME_IS_MULTIPART(o) ? xasprintf("%s%s1", number, *number ? "." : "")
	                                            : xstrdup(number);

	buf_putf(out, "%s %s", own, text_lower(type));
	if (GMIME_IS_PART(o)) {
		GMimeStream *s = g_mime_stream_mem_new();
		GByteArray *octets = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(s));

		g_mime_data_wrapper_write_to_stream(g_mime_part_get_content(GMIME_PART(o)), s);
		buf_putf(out, " %u ", octets->len);
		buf_put(out, octets->data, octets->len);
		g_object_unref(s);
	}
	buf_puts(out, ";\n");
	if (GMIME_IS_MULTIPART(o)) {
		for (int i = 0; i < g_mime_multipart_get_count(GMIME_MULTIPART(o)); i++) {
			char *child = xasprintf("%s%s%d", own, *own ? "." : "", i + 1);

			tell_gmime(g_mime_multipart_get_part(GMIME_MULTIPART(o), i), child, false,
			        out);
			free(child);
		}
	} else if (GMIME_IS_MESSAGE_PART(o)) {
		GMimeMessage *m = g_mime_message_part_get_message(GMIME_MESSAGE_PART(o));

		tell_gmime(g_mime_message_get_mime_part(m), own, true, out);
	}
	g_free(type);
	free(own);
}

static void tell_ours(struct mime_message *m, struct buf *out)
{
	const struct mime_part *p;
	size_t n = mime_parts(m, &p);

	for (size_t i = 0; i < n; i++) {
		buf_putf(out, "%s %s", p[i].number, p[i].type);
		if (!p[i].multipart && !p[i].message) {
			struct buf octets = buf_of(SIZE_MAX);
			struct err err = {0};

			assert_int_equal(mime_part_octets(m, i, to_buf, &octets, &err), 0);
			buf_putf(out, " %zu ", octets.len);
			buf_put(out, octets.data, octets.len);
			buf_clear(&octets);
		}
		buf_puts(out, ";\n");
	}
}

static void assert_same(const struct buf *message)
{
	GMimeStream *s =
	        g_mime_stream_mem_new_with_buffer((const char *)message->data, message->len);
	GMimeParser *parser = g_mime_parser_new_with_stream(s);
	GMimeMessage *theirs = g_mime_parser_construct_message(parser, NULL);
	struct mime_message *ours = open_octets(message->data, message->len);
	struct buf a = buf_of(SIZE_MAX), b = buf_of(SIZE_MAX);

	tell_gmime(g_mime_message_get_mime_part(theirs), "", true, &a);
	tell_ours(ours, &b);
	assert_string_equal(buf_str(&b), buf_str(&a));
	buf_clear(&a);
	buf_clear(&b);
	mime_free(ours);
	g_object_unref(theirs);
	g_object_unref(parser);
	g_object_unref(s);
}

static unsigned next(unsigned *seed, unsigned n)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 16) % n;
}

static void put_leaf(struct buf *b, unsigned *seed, const char *eol)
{
	static const char *const leaves[] = {
	        "Content-Type: text/plain; charset=utf-8%s%sfirst line%ssecond line%s",
	        "Content-Type: image/png; name=\"a;b.png\"%sContent-Transfer-Encoding: base64%s%saGVs"
	        "bG8gd29y%sbGQ=%s",
	        "Content-Type: TEXT/html;%s\tcharset=\"x\"%sContent-Transfer-Encoding: "
	        "quoted-printable%s%sa=3D=%s b%s",
	        "%s-- %s--%s--not%s",
	        "Content-Type: application/x%s%s",
	        "X-Field: y%s%s--b9 no delimiter%s",
	};
	const char *p = leaves[next(seed, COUNT(leaves))];

	for (; *p; p++)
		if (*p == '%' && p[1] == 's')
			buf_puts(b, eol), p++;
		else
			buf_putc(b, *p);
}

/* Header and text of an entity. */
static void put_entity(struct buf *b, unsigned *seed, const char *eol, unsigned depth)
{
	unsigned what = next(seed, 4), boundary = next(seed, 1000);

	if (depth == DEPTH || what == 0) {
		put_leaf(b, seed, eol);
	} else if (what == 1) {
		buf_putf(b, "Content-Type: message/rfc822%s%sSubject: within%s", eol, eol, eol);
		put_entity(b, seed, eol, depth + 1);
	} else {
		buf_putf(b, "Content-Type: multipart/%s;%s boundary=\"b%u %u\"%s%spreamble%s",
		        next(seed, 2) ? "mixed" : "alternative", eol, boundary, depth, eol, eol,
		        eol);
		for (unsigned n = next(seed, 4) + 1; n > 0; n--) {
			buf_putf(b, "--b%u %u%s", boundary, depth, eol);
			put_entity(b, seed, eol, depth + 1);
			buf_puts(b, eol);
		}
		buf_putf(b, "--b%u %u--%sepilogue%s", boundary, depth, eol, eol);
	}
}

static void test_random(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MESSAGES; i++) {
		struct buf b = buf_of(SIZE_MAX);
		unsigned seed = i;

		buf_puts(&b, i % 2 ? "Subject: x\r\n" : "Subject: x\n");
		put_entity(&b, &seed, i % 2 ? "\r\n" : "\n", 0);
		assert_same(&b);
		buf_clear(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};

	g_mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
