/* Texts, attachments, items in items: the structure that comes of them. */
#include "outlook/mail/mailed.h"
#include "outlook/mail/body.h"

#define TEXT "Content-Type: text/plain; charset=us-ascii\nContent-Transfer-Encoding: 7bit\n\n"
#define HTML "Content-Type: text/html; charset=us-ascii\nContent-Transfer-Encoding: 7bit\n\n"
#define MIXED "MIME-Version: 1.0\nContent-Type: multipart/mixed;\n boundary=\"=_m0_N\"\n\n"

static void make_html(struct bag *b, const char *html)
{
	make_octets(b, PidTagHtml, BAG_BINARY, html, strlen(html));
}

static void test_choices(void **state)
{
	static const struct {
		int native;
		bool text, html;
		enum rtf_was rtf;
		struct mail_choice want;
	} cases[] = {
	        {0, true, false, RTF_NONE, {.text = true}},
	        {0, true, true, RTF_NONE, {.text = true, .html = true}},
	        {NATIVE_TEXT, true, true, RTF_WAS_TEXT, {.text = true}},
	        {NATIVE_TEXT, false, true, RTF_NONE, {.html = true}},
	        {NATIVE_HTML, true, true, RTF_WAS_HTML, {.text = true, .html = true}},
	        {0, true, false, RTF_WAS_HTML, {.text = true, .rtf_html = true}},
	        {0, false, false, RTF_WAS_HTML, {.rtf_html = true}},
	        {0, false, false, RTF_WAS_TEXT, {.rtf_text = true}},
	        {0, true, false, RTF_WAS_TEXT, {.text = true}},
	        {0, false, false, RTF_IS_RTF, {.rtf_text = true, .attach = true}},
	        {0, true, false, RTF_IS_RTF, {.text = true, .attach = true}},
	        {NATIVE_RTF, true, true, RTF_IS_RTF, {.text = true, .html = true, .attach = true}},
	        {NATIVE_HTML, true, true, RTF_IS_RTF, {.text = true, .html = true}},
	        {0, false, false, RTF_NONE, {.text = false}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mail_choice got = mail_body_choose(
		        cases[i].native, cases[i].text, cases[i].html, cases[i].rtf);

		assert_memory_equal(&got, &cases[i].want, sizeof got);
	}
}

static void test_texts(void **state)
{
	struct bag *b = make_note("IPM.Note");

	(void)state;
	make_text(b, PidTagBody, "one\r\ntwo\nthree");
	assert_mailed(b, "MIME-Version: 1.0\n" TEXT "one\ntwo\nthree\n");
	b = make_note("IPM.Note");
	make_text(b, PidTagBody, "text");
	make_html(b, "<p>text</p>");
	assert_mailed(b, "MIME-Version: 1.0\nContent-Type: multipart/alternative;\n"
	                 " boundary=\"=_a0_N\"\n\n--=_a0_N\n" TEXT "text\n--=_a0_N\n" HTML
	                 "<p>text</p>\n--=_a0_N--\n");
	/* a text of blanks is none where there is HTML */
	b = make_note("IPM.Note");
	make_text(b, PidTagBody, " \r\n");
	make_html(b, "<p>text</p>\n");
	assert_mailed(b, "MIME-Version: 1.0\n" HTML "<p>text</p>\n");
}

/* RTF that says no more than it holds: its text, and itself; cut short that is told. */
static void test_rtf(void **state)
{
	static const char rtf[] = "{\\rtf1 some \\b text}";
	const uint8_t n = sizeof rtf - 1;

	(void)state;
	for (int cut = 0; cut < 2; cut++) {
		struct bag *b = make_note("IPM.Note");
		struct buf octets = buf_of(SIZE_MAX);
		/* the second size counts the header, as Aspose writes it */
		uint8_t head[16] = {[0] = (uint8_t)(n + 12), [4] = (uint8_t)(n + 12)};
		struct mailed m;

		memcpy(head + 8, "MELA", 4);
		buf_put(&octets, head, sizeof head);
		buf_put(&octets, rtf, (size_t)n - (cut ? 3 : 0));
		make_octets(b, PidTagRtfCompressed, BAG_BINARY, octets.data, octets.len);
		mailed_make(b, &m);
		assert_non_null(strstr(buf_str(&m.octets), cut ? "some te" : "some text\r\n"));
		assert_non_null(strstr(buf_str(&m.octets), "filename=\"body.rtf\""));
		assert_int_equal(m.lost.len > 0, cut);
		mailed_clear(&m);
		buf_clear(&octets);
	}
}

/* In which charset HTML is said to be. */
static void test_charsets(void **state)
{
	static const struct {
		const char *html;
		unsigned page;
		const char *want;
	} cases[] = {
	        {"plain ascii, whatever the page", 932, "charset=shift_jis\n"},
	        {"plain ascii", 0, "charset=us-ascii\n"},
	        {"caf\351, in Latin", 28591, "charset=iso-8859-1\n"},
	        {"caf\351, in Latin", 0, "charset=windows-1252\n"},
	        {"<meta charset=\"iso-8859-15\">caf\351", 0, "charset=iso-8859-15\n"},
	        {"caf\303\251, in Unicode", 0, "charset=utf-8\n"},
	        {"caf\303\251, in Unicode", 65001, "charset=utf-8\n"},
	        {"caf\303\251, in what the page says", 1252, "charset=windows-1252\n"},
	        {"<META content='text/html; charset=UTF-8'>caf\303\251", 1252, "charset=utf-8\n"},
	        {"\201\100, not in GB 2312", 936, "charset=gbk\n"},
	        /* what the page cannot be */
	        {"caf\303\251", 20127, "charset=utf-8\n"},
	        {"caf\351", 20127, "charset=windows-1252\n"},
	        {"<meta charset=koi8-r>caf\351", 65001, "charset=koi8-r\n"},
	        {"caf\303\251 \303", 65001, "charset=utf-8\n"},
	        {"<meta charset=utf-16>caf\351", 0, "charset=windows-1252\n"},
	        {"<META content='text/html; charset=UTF-8'>caf\351", 1252,
	                "charset=windows-1252\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct bag *b = make_note("IPM.Note");
		struct mailed m;

		make_html(b, cases[i].html);
		make_int(b, PidTagInternetCodepage, cases[i].page);
		mailed_make(b, &m);
		for (char *s = (char *)m.octets.data; (s = strstr(s, "\r\n")); s++)
			memmove(s, s + 1, strlen(s));
		if (!strstr(buf_str(&m.octets), cases[i].want))
			fail_msg("%s: %s", cases[i].want, buf_str(&m.octets));
		mailed_clear(&m);
	}
}

/* What no message names becomes UTF-8, and what is of two octets a character, whatever it says. */
static void test_wide_html(void **state)
{
	static const struct {
		const char octets[10];
		int n, page;
		const char *want;
	} cases[] = {
	        {"<\0\xe9\0>\0", 6, 1200, "PMOpPg=="},
	        {"<\0\xe9\0>\0", 6, 65001, "PMOpPg=="},
	        {"\0<\0\xe9\0>", 6, 1252, "PMOpPg=="},
	        {"\xff\xfe\xe9\0\n\0", 6, 0, "77u/w6kNCg=="},
	        {"\xfe\xff\0\xe9\0\n", 6, 0, "77u/w6kNCg=="},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct bag *b = make_note("IPM.Note");
		struct buf want = buf_of(SIZE_MAX);

		make_octets(b, PidTagHtml, BAG_BINARY, cases[i].octets, (size_t)cases[i].n);
		make_int(b, PidTagInternetCodepage, cases[i].page);
		buf_putf(&want,
		        "MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n"
		        "Content-Transfer-Encoding: base64\n\n%s\n",
		        cases[i].want);
		assert_mailed(b, buf_str(&want));
		buf_clear(&want);
	}
}

static void test_files(void **state)
{
	struct bag *b = make_note("IPM.Note"), *a;

	(void)state;
	make_text(b, PidTagBody, "text");
	make_attachment(b, "a.txt", "hello", 5);
	a = make_attachment(b, "Gr\u00fc\u00dfe.bin", "\0\1\2", 3);
	make_text(a, PidTagAttachMimeTag, "image/x-odd; q=1");
	make_time(a, PidTagLastModificationTime, 1772439300);
	a = make_attachment(b, "b", "x", 1);
	make_text(a, PidTagAttachMimeTag, "multipart/mixed");
	make_text(a, PidTagAttachContentId, "<cid@x>");
	a = make_attachment(b, "c.txt", "", 0);
	make_text(a, PidTagTextAttachmentCharset, "koi8-r");
	assert_mailed(b,
	        MIXED "--=_m0_N\n" TEXT "text\n--=_m0_N\n"
	              "Content-Type: text/plain;\n name=\"a.txt\"\n"
	              "Content-Transfer-Encoding: base64\n"
	              "Content-Disposition: attachment;\n filename=\"a.txt\"\n\naGVsbG8=\n\n"
	              "--=_m0_N\nContent-Type: application/octet-stream\n"
	              "Content-Transfer-Encoding: base64\nContent-Disposition: attachment;\n"
	              " filename*=utf-8''Gr%C3%BC%C3%9Fe.bin;\n"
	              " modification-date=\"Mon, 02 Mar 2026 08:15:00 +0000\"\n\nAAEC\n\n"
	              "--=_m0_N\nContent-Type: application/octet-stream;\n name=\"b\"\n"
	              "Content-Transfer-Encoding: base64\n"
	              "Content-Disposition: attachment;\n filename=\"b\"\n"
	              "Content-ID: <cid@x>\n\neA==\n\n"
	              "--=_m0_N\nContent-Type: text/plain; charset=koi8-r;\n name=\"c.txt\"\n"
	              "Content-Transfer-Encoding: base64\n"
	              "Content-Disposition: attachment;\n filename=\"c.txt\"\n\n\n--=_m0_N--\n");
}

/* Pictures that the HTML shows are beside it; others are files. */
static void test_related(void **state)
{
	static const char *const shown[] = {"pic@x", "p%20q", "flagged"};
	struct bag *b = make_note("IPM.Note"), *a;
	struct mailed m;
	size_t related, mixed;

	(void)state;
	make_html(b, "<img src='CID:pic@x'><img src=\"cid:p%2520q\"><p>cid:no<p>");
	for (size_t i = 0; i < COUNT(shown); i++) {
		a = make_attachment(b, shown[i], "x", 1);
		make_text(a, PidTagAttachContentId, shown[i]);
		if (i == 2)
			make_int(a, PidTagAttachFlags, 4);
	}
	a = make_attachment(b, "file", "x", 1);
	make_text(a, PidTagAttachContentId, "other");
	mailed_make(b, &m);
	related = (size_t)(strstr(buf_str(&m.octets), "\r\n--=_r0_") - buf_str(&m.octets));
	for (size_t i = 0; i < COUNT(shown); i++) {
		char want[64];

		snprintf(want, sizeof want, "Content-Disposition: inline;\r\n filename=\"%s\"",
		        shown[i]);
		assert_non_null(strstr(buf_str(&m.octets) + related, want));
	}
	mixed = (size_t)(strstr(buf_str(&m.octets), "attachment;\r\n filename=\"file\"") -
	                 buf_str(&m.octets));
	assert_true(mixed > related && mixed < m.octets.len);
	mailed_clear(&m);
}

static void test_items(void **state)
{
	struct bag *b = make_note("IPM.Note"), *in;

	(void)state;
	make_text(b, PidTagBody, "outer");
	in = make_embedded(b);
	make_text(in, PidTagMessageClass, "IPM.Note");
	make_text(in, PidTagTransportMessageHeaders, "From: in@example.org\r\nX-In: 1\r\n");
	make_text(in, PidTagNormalizedSubject, "in");
	make_text(in, PidTagBody, "inner");
	in = make_embedded(in);
	make_text(in, PidTagMessageClass, "IPM.Note");
	make_text(in, PidTagBody, "innermost");
	assert_mailed(b,
	        MIXED "--=_m0_N\n" TEXT "outer\n--=_m0_N\n"
	              "Content-Type: message/rfc822;\n name=\"in.eml\"\n"
	              "Content-Transfer-Encoding: 7bit\n"
	              "Content-Disposition: attachment;\n filename=\"in.eml\"\n\n"
	              "From: in@example.org\nX-In: 1\nSubject: in\nMIME-Version: 1.0\n"
	              "Content-Type: multipart/mixed;\n boundary=\"=_m1_N\"\n\n"
	              "--=_m1_N\n" TEXT "inner\n--=_m1_N\n"
	              "Content-Type: message/rfc822;\n name=\"message.eml\"\n"
	              "Content-Transfer-Encoding: 7bit\n"
	              "Content-Disposition: attachment;\n filename=\"message.eml\"\n\n"
	              "MIME-Version: 1.0\n" TEXT "innermost\n\n--=_m1_N--\n\n--=_m0_N--\n");
}

/* Messages as files: as they are, if they may stand there, else nobody touches them. */
static void test_eml(void **state)
{
	static const struct {
		const char *octets, *type;
	} cases[] = {
	        {"Subject: x\r\n\r\ntext\r\n", "message/rfc822"},
	        {"Subject: x\n\ntext\n", "application/octet-stream"},
	        {"Subject: \303\274\r\n\r\n", "application/octet-stream"},
	        {"Subject: x\r\n\r\n--=_m0_\r\n", "application/octet-stream"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct bag *b = make_note("IPM.Note"), *a;
		struct mailed m;

		a = make_attachment(b, "x.eml", cases[i].octets, strlen(cases[i].octets));
		make_text(a, PidTagAttachMimeTag, "message/rfc822");
		mailed_make(b, &m);
		assert_non_null(strstr(buf_str(&m.octets), cases[i].type));
		if (i == 0)
			assert_non_null(strstr(buf_str(&m.octets), cases[i].octets));
		mailed_clear(&m);
	}
}

static void test_references(void **state)
{
	struct bag *b = make_note("IPM.Note"), *a;
	struct err err = {0};
	struct mailed m;

	(void)state;
	a = bag_add_attachment(b, &err);
	make_int(a, PidTagAttachMethod, 2);
	make_text(a, PidTagAttachLongPathname, "\\\\server\\share\\x.doc");
	make_text(a, PidTagAttachLongFilename, "x.doc");
	a = bag_add_attachment(b, &err);
	make_int(a, PidTagAttachMethod, 7);
	make_text(a, PidTagAttachLongPathname, "https://example.org/x");
	assert_mailed(b,
	        MIXED "--=_m0_N\nContent-Type: message/external-body; access-type=local-file;\n"
	              " name=\"\\\\\\\\server\\\\share\\\\x.doc\"\n"
	              "Content-Disposition: attachment;\n filename=\"x.doc\"\n\n"
	              "Content-Type: application/msword\n\n\n--=_m0_N\n"
	              "Content-Type: message/external-body; access-type=URL;\n"
	              " URL=\"https://example.org/x\"\nContent-Disposition: attachment\n\n"
	              "Content-Type: application/octet-stream\n\n\n--=_m0_N--\n");
	/* nothing at all is named as lost */
	b = make_note("IPM.Note");
	a = bag_add_attachment(b, &err);
	make_int(a, PidTagAttachMethod, 1);
	make_text(a, PidTagAttachLongFilename, "gone.txt");
	mailed_make(b, &m);
	assert_string_equal(buf_str(&m.lost), "attachment 1: the item does not hold its octets\n");
	assert_non_null(strstr(buf_str(&m.octets), "gone.txt"));
	mailed_clear(&m);
}

/* A document in a folder is the body of its message. */
static void test_document(void **state)
{
	struct bag *b = make_note("IPM.Document.Word.Document.8");

	(void)state;
	make_attachment(b, "x.doc", "doc", 3);
	assert_mailed(b, "MIME-Version: 1.0\nContent-Type: application/msword;\n name=\"x.doc\"\n"
	                 "Content-Transfer-Encoding: base64\n"
	                 "Content-Disposition: attachment;\n filename=\"x.doc\"\n\nZG9j\n");
}

/* Equal items give equal octets; a difference in what is written gives other boundaries. */
static void test_boundaries(void **state)
{
	struct mailed m[3];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct bag *b = make_note("IPM.Note");

		make_text(b, PidTagBody, i == 2 ? "Text" : "text");
		make_attachment(b, "a", "x", 1);
		mailed_make(b, &m[i]);
	}
	assert_string_equal(buf_str(&m[0].octets), buf_str(&m[1].octets));
	assert_string_not_equal(strstr(buf_str(&m[0].octets), "boundary"),
	        strstr(buf_str(&m[2].octets), "boundary"));
	for (size_t i = 0; i < 3; i++)
		mailed_clear(&m[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_choices),
	        cmocka_unit_test(test_texts),
	        cmocka_unit_test(test_rtf),
	        cmocka_unit_test(test_charsets),
	        cmocka_unit_test(test_wide_html),
	        cmocka_unit_test(test_files),
	        cmocka_unit_test(test_related),
	        cmocka_unit_test(test_items),
	        cmocka_unit_test(test_eml),
	        cmocka_unit_test(test_references),
	        cmocka_unit_test(test_document),
	        cmocka_unit_test(test_boundaries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
