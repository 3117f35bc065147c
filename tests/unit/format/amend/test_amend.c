#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>
#include "valise/format/amend.h"
#include "valise/format/content.h"

#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
#define EV(x)                                                                                      \
	HEAD "BEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20260101T000000Z\r\n" x                             \
	     "END:VEVENT\r\nEND:VCALENDAR\r\n"
#define CARD(v, x) "BEGIN:VCARD\r\nVERSION:" v "\r\nUID:a\r\n" x "END:VCARD\r\n"
#define START "DTSTART:20260105T090000Z\r\n"

static const struct {
	enum amend step;
	const char *in, *want; /* NULL: it does not apply */
} cases[] = {
        {AMEND_TEXT, EV(START), NULL},
        {AMEND_TEXT, "\xef\xbb\xbf" EV(START), EV(START)},
        {AMEND_TEXT, "BEGIN:VCARD\nFN:x\nEND:VCARD", "BEGIN:VCARD\r\nFN:x\r\nEND:VCARD\r\n"},
        {AMEND_TEXT, EV("stray\r\n" START), EV(START)},
        {AMEND_TEXT, EV("SUMMARY:a\r\n b\r\n"), NULL},
        {AMEND_TEXT, EV(START "X-FOO:a\x0b\x01\tb\x7f\r\n"), EV(START "X-FOO:a\tb\r\n")},
        {AMEND_UTF8, EV("SUMMARY:B\xc3\xbcro\r\n"), NULL},
        {AMEND_UTF8, EV("SUMMARY:B\xc3\r\n \xbcro\r\nLOCATION:a\r\n b\r\n"),
                EV("SUMMARY:B\xc3\xbcro\r\nLOCATION:a\r\n b\r\n")},
        {AMEND_UTF8, EV("SUMMARY:B\xfcro \x80 \xc3\xbc\n"),
                EV("SUMMARY:B\xc3\xbcro \xe2\x82\xac \xc3\xbc\r\n")},
        {AMEND_UTF8, CARD("2.1", "N;CHARSET=ISO-8859-1:B\xfc\r\n"), NULL},
        {AMEND_MANAGED, EV("ATTACH:https://x/a\r\n"), NULL},
        {AMEND_MANAGED,
                EV("ATTACH;MANAGED-ID=97S;FILENAME=\"a;b\";SIZE=14:https://x/a\r\nSUMMARY:a\r\n "
                   "b\r\n"),
                EV("ATTACH;FILENAME=\"a;b\";SIZE=14:https://x/a\r\nSUMMARY:a\r\n b\r\n")},
        {AMEND_SCALE, HEAD "CALSCALE:GREGORIAN\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n",
                HEAD "END:VCALENDAR\r\n"},
        {AMEND_SCALE, EV("METHOD:x\r\n"), NULL},
        {AMEND_NEEDED, EV(START), NULL},
        {AMEND_NEEDED,
                "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\nCREATED:20200101T000000Z\r\nEND:"
                "VEVENT\r\nEND:VCALENDAR\r\n",
                "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//valise//"
                "EN\r\nBEGIN:VEVENT\r\nUID:a\r\n"
                "CREATED:20200101T000000Z\r\nDTSTAMP:20200101T000000Z\r\nEND:VEVENT\r\nEND:"
                "VCALENDAR\r\n"},
        {AMEND_NEEDED,
                HEAD "BEGIN:VTODO\r\nUID:a\r\nBEGIN:VALARM\r\nUID:b\r\nDTSTAMP:1\r\nEND:"
                     "VALARM\r\nEND:VTODO\r\nEND:VCALENDAR\r\n",
                HEAD "BEGIN:VTODO\r\nUID:a\r\nBEGIN:VALARM\r\nUID:b\r\nDTSTAMP:1\r\nEND:VALARM\r\n"
                     "DTSTAMP:19700101T000000Z\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"},
        {AMEND_NEEDED, CARD("3.0", "FN:x\r\nN:x;;;;\r\n"), NULL},
        {AMEND_NEEDED, CARD("4.0", "FN:x\r\n"), NULL},
        {AMEND_NEEDED, CARD("3.0", "FN:x\r\n"), CARD("3.0", "FN:x\r\nN:;;;;\r\n")},
        {AMEND_NEEDED, CARD("3.0", "EMAIL:a@x.org\r\nORG:Firm;Sales;\r\nN:;;;;\r\n"),
                CARD("3.0", "EMAIL:a@x.org\r\nORG:Firm;Sales;\r\nN:;;;;\r\nFN:Firm Sales\r\n")},
        {AMEND_NEEDED, "BEGIN:VCARD\r\nUID:a\r\nFN:x\r\nN:x\r\nEND:VCARD\r\n",
                "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:a\r\nFN:x\r\nN:x\r\nEND:VCARD\r\n"},
        {AMEND_ONCE, EV(START "DTEND:1\r\nCOMMENT:a\r\nCOMMENT:b\r\nX-A:1\r\nX-A:2\r\n"), NULL},
        {AMEND_ONCE, EV(START "DTEND:1\r\nDURATION:PT1H\r\nDTSTAMP:2\r\n"),
                EV(START "DTEND:1\r\n")},
        {AMEND_ONCE, EV("BEGIN:VALARM\r\nDURATION:PT5M\r\nUID:b\r\nUID:c\r\nEND:VALARM\r\n" START),
                NULL},
        {AMEND_ONCE, CARD("3.0", "N:x\r\nFN:a\r\nFN:b\r\nN:y\r\nREV:1\r\n"),
                CARD("3.0", "N:x\r\nFN:a\r\nFN:b\r\nREV:1\r\n")},
        {AMEND_END, EV(START), EV(START "DURATION:PT1S\r\n")},
        {AMEND_END, EV("DTSTART;VALUE=DATE:20260105\r\n"),
                EV("DTSTART;VALUE=DATE:20260105\r\nDURATION:P1D\r\n")},
        {AMEND_END, EV(START "DTEND:20260105T100000Z\r\n"), NULL},
        {AMEND_END, EV(START "DURATION:PT1H\r\n"), NULL},
        {AMEND_END, EV(START "DURATION:PT0S\r\nSUMMARY:a\r\n"),
                EV(START "SUMMARY:a\r\nDURATION:PT1S\r\n")},
        {AMEND_END, EV(START "DTEND:20260105T090000Z\r\n"), EV(START "DURATION:PT1S\r\n")},
        {AMEND_END, EV("DTSTART;TZID=A:20260105T090000\r\nDTEND;TZID=B:20260105T090000\r\n"), NULL},
        {AMEND_END, HEAD "BEGIN:VTODO\r\n" START "END:VTODO\r\nEND:VCALENDAR\r\n", NULL},
        {AMEND_END, EV(START "BEGIN:VALARM\r\nDURATION:PT5M\r\nREPEAT:1\r\nEND:VALARM\r\n"),
                EV(START "BEGIN:VALARM\r\nDURATION:PT5M\r\nREPEAT:1\r\nEND:VALARM\r\nDURATION:"
                         "PT1S\r\n")},
        {AMEND_CARD3, CARD("3.0", "FN:x\r\n"), NULL},
        {AMEND_CARD3, EV(START), NULL},
        {AMEND_CARD3,
                CARD("2.1", "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg;;;\r\n"
                            "FN;CHARSET=ISO-8859-1;QUOTED-PRINTABLE:J=F6rg\r\n"
                            "TEL;CELL;VOICE:+49 1\r\n"
                            "ADR;HOME;ENCODING=QUOTED-PRINTABLE:;;Stra=C3=9Fe 1, "
                            "links;K=C3=B6=\r\nln;;1;D\r\n"
                            "NOTE;ENCODING=QUOTED-PRINTABLE:a=0D=0Ab; c, d\r\n"
                            "item1.URL:http://x/?a,b;c\r\n"
                            "PHOTO;JPEG;ENCODING=BASE64:AAAA\r\n BBBB\r\n"),
                CARD("3.0", "N:Müller;Jörg;;;\r\nFN:Jörg\r\nTEL;TYPE=CELL;TYPE=VOICE:+49 1\r\n"
                            "ADR;TYPE=HOME:;;Straße 1\\, links;Köln;;1;D\r\n"
                            "NOTE:a\\nb\\; c\\, d\r\nitem1.URL:http://x/?a,b;c\r\n"
                            "PHOTO;TYPE=JPEG;ENCODING=b:AAAABBBB\r\n")},
        {AMEND_CARD3,
                CARD("2.1", "N:a\r\nAGENT:\r\nBEGIN:VCARD\r\nVERSION:2.1\r\nUID:b\r\nN:b;c,\r\n"
                            "TEL;HOME:1\r\nEND:VCARD\r\nNOTE:x\r\n"),
                CARD("3.0",
                        "N:a\r\nAGENT:BEGIN:VCARD\\nVERSION:3.0\\nUID:b\\nN:b\\;c\\\\\\,\\nTEL\\;"
                        "TYPE=HOME:1\\nFN:b c\r\n \\\\\\,\\nEND:VCARD\\n\r\nNOTE:x\r\nFN:a\r\n")},
        {AMEND_CARD3, CARD("2.1", "N:x\r\n"), CARD("3.0", "N:x\r\nFN:x\r\n")},
        {AMEND_CARD4, EV(START), NULL},
        {AMEND_CARD4, CARD("4.0", "FN:x\r\n"), NULL},
        {AMEND_CARD4,
                CARD("3.0", "FN:x\r\nN:x;;;;\r\nTEL;TYPE=\"home,pref\";TYPE=cell:1\r\nNOTE:a\\,"
                            "\r\n b\r\n"
                            "BDAY:1985-04-12\r\nREV:1995-10-31T22:27:10Z\r\nGEO:37.38;-122.08\r\n"
                            "a.PHOTO;ENCODING=b;TYPE=JPEG:AAAA\r\nLOGO;VALUE=uri:https://x/l\r\n"
                            "X-ADDRESSBOOKSERVER-KIND:group\r\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:"
                            "b\r\n"),
                CARD("4.0",
                        "FN:x\r\nN:x;;;;\r\nTEL;TYPE=home;TYPE=cell;PREF=1:1\r\nNOTE:a\\,\r\n b\r\n"
                        "BDAY:19850412\r\nREV:19951031T222710Z\r\nGEO:geo:37.38,-122.08\r\n"
                        "a.PHOTO:data:image/jpeg;base64,AAAA\r\nLOGO;VALUE=uri:https://x/l\r\n"
                        "KIND:group\r\nMEMBER:urn:uuid:b\r\n")},
        {AMEND_CARD4, "BEGIN:VCARD\r\nUID:a\r\nORG:x\r\nVERSION:3.0\r\nEND:VCARD\r\n",
                CARD("4.0", "ORG:x\r\nFN:x\r\n")},
        {AMEND_CARD4,
                CARD("2.1",
                        "N;CHARSET=UTF-8;QUOTED-PRINTABLE:M=C3=BC\r\nPHOTO;PNG;BASE64:AAAA\r\n"),
                CARD("4.0", "N:M\xc3\xbc\r\nPHOTO:data:image/png;base64,AAAA\r\nFN:M\xc3\xbc\r\n")},
        {AMEND_CARD3,
                CARD("4.0",
                        "FN:x\r\nTEL;VALUE=uri;PREF=1;TYPE=\"voice,home\":tel:+1-555\r\nEMAIL;PREF="
                        "2:a@x\r\n"
                        "GEO:geo:37.38,-122.08;u=5\r\nPHOTO:https://x/"
                        "p\r\nKIND:group\r\nMEMBER:urn:uuid:b\r\n"
                        "LOGO;MEDIATYPE=image/png:data:image/png;base64,AAAA\r\nBDAY:19850412\r\n"),
                CARD("3.0", "FN:x\r\nTEL;TYPE=\"voice,home\";TYPE=PREF:+1-555\r\nEMAIL:a@x\r\n"
                            "GEO:37.38;-122.08\r\nPHOTO;VALUE=uri:https://x/"
                            "p\r\nX-ADDRESSBOOKSERVER-KIND:group\r\n"
                            "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:b\r\nLOGO;ENCODING=b;TYPE=PNG:"
                            "AAAA\r\nBDAY:19850412\r\nN:;;;;\r\n")},
        /* Several of one file, a card in a card: not for these steps */
        {AMEND_TEXT, "\xef\xbb\xbf" CARD("3.0", "FN:x\r\n") CARD("3.0", "FN:y\r\n"), NULL},
        {AMEND_CARD3,
                CARD("2.1", "AGENT:\r\nBEGIN:VCARD\r\nAGENT:\r\nBEGIN:VCARD\r\nEND:VCARD\r\nEND:"
                            "VCARD\r\n"),
                NULL},
        {AMEND_NEEDED, "", NULL},
        {AMEND_TEXT, "\xef\xbb\xbf", NULL},
};

static void forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err err = {0};
		struct buf out, again;
		int rc;

		buf_init(&out, SIZE_MAX);
		buf_init(&again, SIZE_MAX);
		rc = content_amend(cases[i].in, strlen(cases[i].in), cases[i].step, &out, &err);
		if (rc != (cases[i].want != NULL) ||
		        strcmp(buf_str(&out), cases[i].want ? cases[i].want : "") != 0)
			fail_msg("case %zu, %s: %d\n%s\ninstead of\n%s", i,
			        amend_name(cases[i].step), rc, buf_str(&out),
			        cases[i].want ? cases[i].want : "nothing");
		/* once is enough */
		if (rc && content_amend(out.data, out.len, cases[i].step, &again, &err) != 0)
			fail_msg("case %zu, %s, again:\n%s", i, amend_name(cases[i].step),
			        buf_str(&again));
		buf_clear(&out);
		buf_clear(&again);
	}
}

static void long_lines_and_uids(void **state)
{
	const char *in =
	        "BEGIN:VCARD\r\nVERSION:2.1\r\nFN:ääääääääääääääääääääääääääääääääääääääääääääää"
	        "ääääääääää\r\nEND:VCARD\r\n";
	struct content_summary s = {0};
	struct err err = {0};
	struct buf out;

	(void)state;
	buf_init(&out, SIZE_MAX);
	assert_int_equal(content_amend(in, strlen(in), AMEND_CARD3, &out, &err), 1);
	for (char *at = (char *)buf_str(&out), *end; *at; at = end + 2) {
		end = strstr(at, "\r\n");
		assert_non_null(end);
		assert_true(end - at <= 75);
		assert_true((at[0] & 0xC0) != 0x80 && (at[1] & 0xC0) != 0x80);
	}
	assert_int_equal(content_summarize(out.data, out.len, &s, &err), 0);
	assert_true(strncmp(s.uid, "valise-", 7) == 0 && strlen(s.uid) == 39);
	content_summary_clear(&s);
	buf_clear(&out);
}

static int gather(void *ctx, const char *uid, const struct buf *text, struct err *err)
{
	struct buf *out = ctx;

	(void)err;
	buf_putf(out, "[%s]%s", uid ? uid : "none", buf_str((struct buf *)text));
	return 0;
}

static int file_of(void *ctx, const struct attach_link *link, struct buf *file, struct err *err)
{
	const char *url = link->url;

	(void)err;
	if (link->name && strcmp(link->name, "managed") == 0)
		return link->main ? 2 : 0;
	++*(unsigned *)ctx;
	if (strcmp(url, "https://x/a,b.pdf") == 0)
		buf_puts(file, "%PDF");
	else if (strcmp(url, "https://x/p.jpg") == 0)
		buf_puts(file, "\xff\xd8\xff");
	else if (strcmp(url, "https://x/empty") != 0)
		return 0;
	return 1;
}

static void attach(void **state)
{
	static const struct {
		const char *in, *want; /* NULL: nothing changes */
		unsigned asked;
	} links[] = {
	        {EV("ATTACH:https://x/a,b.pdf\r\nSUMMARY:a\r\n b\r\n"),
	                EV("ATTACH;ENCODING=BASE64;VALUE=BINARY:JVBERg==\r\nSUMMARY:a\r\n b\r\n"),
	                1},
	        {EV("ATTACH;VALUE=URI;FMTTYPE=application/pdf;MANAGED-ID=9;FILENAME=\"a;b\":"
	            "https://x/a,b.pdf\r\n"),
	                EV("ATTACH;FMTTYPE=application/pdf;FILENAME=\"a;b\";ENCODING=BASE64;VALUE="
	                   "BINARY:\r\n JVBERg==\r\n"),
	                1},
	        {EV("ATTACH:https://x/empty\r\n"), EV("ATTACH;ENCODING=BASE64;VALUE=BINARY:\r\n"),
	                1},
	        {EV("ATTACH:https://x/other\r\n"), NULL, 1},
	        {EV("ATTACH:cid:a\r\nATTACH;ENCODING=BASE64;VALUE=BINARY:AAAA\r\nURL:https://x/"
	            "a,b.pdf\r\n"),
	                NULL, 0},
	        {EV("ATTACH:https://x/other\r\nATTACH:https://x/a,b.pdf\r\n"),
	                EV("ATTACH:https://x/other\r\nATTACH;ENCODING=BASE64;VALUE=BINARY:JVBERg=="
	                   "\r\n"),
	                2},
	        {CARD("3.0", "PHOTO;VALUE=uri:https\\://x/p.jpg\r\n"),
	                CARD("3.0", "PHOTO;TYPE=JPEG;ENCODING=b:/9j/\r\n"), 1},
	        {CARD("3.0", "a.LOGO;TYPE=PNG:https://x/p.jpg\r\n"),
	                CARD("3.0", "a.LOGO;TYPE=PNG;ENCODING=b:/9j/\r\n"), 1},
	        {CARD("2.1", "PHOTO;VALUE=URL:https://x/p.jpg\r\n"),
	                CARD("2.1", "PHOTO;TYPE=JPEG;ENCODING=BASE64:/9j/\r\n"), 1},
	        {CARD("4.0", "PHOTO;PREF=1:https://x/p.jpg\r\n"),
	                CARD("4.0", "PHOTO;PREF=1:data:image/jpeg;base64,/9j/\r\n"), 1},
	        {CARD("4.0", "SOUND;MEDIATYPE=audio/ogg:https://x/a,b.pdf\r\n"),
	                CARD("4.0", "SOUND:data:audio/ogg;base64,JVBERg==\r\n"), 1},
	        {CARD("4.0", "LOGO:https://x/a,b.pdf\r\n"),
	                CARD("4.0", "LOGO:data:application/octet-stream;base64,JVBERg==\r\n"), 1},
	        {EV("ATTACH;FILENAME=managed:https://x/a,b.pdf\r\nBEGIN:VALARM\r\nATTACH;FILENAME="
	            "managed:https://x/a,b.pdf\r\nEND:VALARM\r\n"),
	                EV("BEGIN:VALARM\r\nATTACH;FILENAME=managed:https://x/"
	                   "a,b.pdf\r\nEND:VALARM\r\n"),
	                0},
	        {"", NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
		struct err err = {0};
		unsigned asked = 0;
		struct buf out;
		int rc;

		buf_init(&out, SIZE_MAX);
		rc = content_attach(links[i].in, strlen(links[i].in), file_of, &asked, &out, &err);
		if (rc != (links[i].want != NULL) || asked != links[i].asked ||
		        strcmp(buf_str(&out), links[i].want ? links[i].want : "") != 0)
			fail_msg("case %zu: %d, asked %u\n%s", i, rc, asked, buf_str(&out));
		buf_clear(&out);
	}
}

static bool is_ours(void *ctx, const char *filename, const char *size)
{
	++*(unsigned *)ctx;
	return filename && strcmp(filename, "a;b") == 0 && size && strcmp(size, "14") == 0;
}

static void managed(void **state)
{
	const char *in = EV("ATTACH;MANAGED-ID=1;SIZE=14;FILENAME=\"a;b\":https://x/1\r\n"
	                    "ATTACH;MANAGED-ID=2;SIZE=15:https://x/2\r\nATTACH:https://x/3\r\n");
	struct err err = {0};
	unsigned asked = 0;
	struct buf out;

	(void)state;
	buf_init(&out, SIZE_MAX);
	assert_int_equal(content_managed(in, strlen(in), is_ours, &asked, &out, &err), 1);
	assert_string_equal(buf_str(&out),
	        EV("ATTACH;MANAGED-ID=2;SIZE=15:https://x/2\r\nATTACH:https://x/3\r\n"));
	assert_int_equal(asked, 2);
	buf_reset(&out);
	in = EV("ATTACH:https://x/3\r\n");
	assert_int_equal(content_managed(in, strlen(in), is_ours, &asked, &out, &err), 0);
	assert_int_equal(out.len, 0);
	buf_clear(&out);
}

#define ZONE "BEGIN:VTIMEZONE\r\nTZID:Z\r\nEND:VTIMEZONE\r\n"
#define OBJ(uid, x) "BEGIN:VEVENT\r\nUID:" uid "\r\n" x "END:VEVENT\r\n"
#define TAIL "END:VCALENDAR\r\n"

static void apart(void **state)
{
	static const struct {
		const char *in, *want;
	} several[] = {
	        {HEAD ZONE OBJ("a", "") OBJ("a", "RECURRENCE-ID:1\r\n") TAIL, ""},
	        {HEAD ZONE OBJ("a", "") OBJ("b", "X:1\r\n") OBJ("a", "RECURRENCE-ID:1\r\n") TAIL,
	                "[a]" HEAD ZONE OBJ("a", "") OBJ("a", "RECURRENCE-ID:1\r\n") TAIL
	                "[b]" HEAD ZONE OBJ("b", "X:1\r\n") TAIL},
	        {CARD("3.0", "FN:x\r\n"), ""},
	        {CARD("3.0", "FN:x\r\n") "BEGIN:VCARD\r\nFN:y\r\nEND:VCARD",
	                "[a]" CARD("3.0", "FN:x\r\n") "[none]BEGIN:VCARD\r\nFN:y\r\nEND:VCARD\r\n"},
	        {HEAD OBJ("a", "") TAIL HEAD OBJ("b", "") TAIL,
	                "[a]" HEAD OBJ("a", "") TAIL "[b]" HEAD OBJ("b", "") TAIL},
	        {"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof several / sizeof *several; i++) {
		struct err err = {0};
		struct buf out;
		int rc;

		buf_init(&out, SIZE_MAX);
		rc = content_apart(several[i].in, strlen(several[i].in), gather, &out, &err);
		if (rc != (several[i].want[0] != 0) || strcmp(buf_str(&out), several[i].want) != 0)
			fail_msg("case %zu: %d\n%s", i, rc, buf_str(&out));
		buf_clear(&out);
	}
}

/* What another version has no word for. */
static void unsaid(void **state)
{
	static const struct {
		unsigned version;
		const char *card, *want;
	} table[] = {
	        {3, CARD("4.0", "FN:x\r\nKIND:individual\r\nTEL;PREF=1:1\r\nBDAY:19850412\r\n"),
	                ""},
	        {3,
	                CARD("4.0", "GENDER:F\r\nN;ALTID=1;SORT-AS=\"a\":x\r\nTEL;PREF=2:1\r\n"
	                            "TEL;PREF=3:1\r\nBDAY:--0412\r\nKIND:org\r\n"),
	                "GENDER, ALTID of N, SORT-AS of N, PREF of TEL, BDAY without a year, KIND"},
	        {3, CARD("3.0", "LABEL:x\r\n"), ""},
	        {4, CARD("3.0", "LABEL:x\r\nSORT-STRING:y\r\nCLASS:PUBLIC\r\nLABEL:z\r\n"),
	                "LABEL, SORT-STRING, CLASS"},
	        {4, CARD("2.1", "AGENT:\r\nBEGIN:VCARD\r\nEND:VCARD\r\n"),
	                "AGENT, a card in the card"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct buf out;

		buf_init(&out, 240);
		assert_int_equal(content_unsaid(table[i].card, strlen(table[i].card),
		                         table[i].version, &out, NULL),
		        0);
		assert_string_equal(buf_str(&out), table[i].want);
		buf_clear(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(forms), cmocka_unit_test(unsaid),
	        cmocka_unit_test(attach), cmocka_unit_test(apart), cmocka_unit_test(managed),
	        cmocka_unit_test(long_lines_and_uids)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
