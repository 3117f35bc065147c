/* What answers of Autodiscover say, and what follows from them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "discover/pox.h"
#include "valise/base/mem.h"

#define N(a) (sizeof(a) / sizeof *(a))
#define OPEN "<Autodiscover xmlns=\"http://x/2006\"><Response xmlns=\"http://x/2006a\">"
#define CLOSE "</Response></Autodiscover>"
#define USER "<User><LegacyDN>/o=a/cn=u</LegacyDN></User>"
#define MAPI(inner)                                                                                \
	"<Protocol Type=\"mapiHttp\" Version=\"1\"><MailStore>" inner "</MailStore></Protocol>"
#define EXTERNAL "<ExternalUrl>https://e/m?MailboxId=1@a</ExternalUrl>"
#define INTERNAL "<InternalUrl>https://i/m</InternalUrl>"
#define SETTINGS(inner) OPEN USER "<Account><Action>settings</Action>" inner "</Account>" CLOSE

/* "field=value field=value" of what is not NULL. */
static char *told(const struct pox_answer *a)
{
	const struct {
		const char *name, *text;
	} fields[] = {{"error", a->error}, {"to-address", a->redirect_address},
	        {"to-url", a->redirect_url}, {"dn", a->mailbox}, {"external", a->external},
	        {"internal", a->internal}, {"archive", a->archive_address},
	        {"archive-dn", a->archive_mailbox}, {"archive-server", a->archive_server},
	        {"public", a->public_folders}};
	struct buf b = buf_of(8192);
	char *text;

	for (size_t i = 0; i < N(fields); i++)
		if (fields[i].text)
			buf_putf(&b, "%s%s=%s", b.len ? " " : "", fields[i].name, fields[i].text);
	text = buf_take(&b);
	buf_clear(&b);
	return text;
}

static const struct {
	const char *what, *xml, *told;
	enum pox_step step;
} cases[] = {
        {"both URLs", SETTINGS(MAPI(INTERNAL EXTERNAL)),
                "dn=/o=a/cn=u external=https://e/m?MailboxId=1@a internal=https://i/m", POX_FOUND},
        {"the internal one alone", SETTINGS(MAPI(INTERNAL)), "dn=/o=a/cn=u internal=https://i/m",
                POX_FOUND},
        {"no MAPI over HTTP",
                SETTINGS("<Protocol><Type>EXCH</Type><MailStore>" EXTERNAL
                         "</MailStore></Protocol>"),
                "dn=/o=a/cn=u", POX_NONE},
        {"a prefix, another case, blanks, entities",
                "<a:Autodiscover xmlns:a=\"u\"><a:response><a:USER><a:LegacyDN>\r\n /o=a&amp;b/cn=u "
                "</a:LegacyDN></a:USER><a:Account><a:Protocol a:type=\"MAPIHTTP\"><a:MailStore>"
                "<a:ExternalUrl>https://e/m?a=1&amp;b=2</a:ExternalUrl></a:MailStore></a:Protocol>"
                "</a:Account></a:response></a:Autodiscover>",
                "dn=/o=a&b/cn=u external=https://e/m?a=1&b=2", POX_FOUND},
        {"what is said twice", SETTINGS(MAPI(EXTERNAL "<ExternalUrl>https://x/</ExternalUrl>")),
                "dn=/o=a/cn=u external=https://e/m?MailboxId=1@a", POX_FOUND},
        {"no name of the mailbox",
                OPEN "<Account><Action>settings</Action>" MAPI(EXTERNAL) "</Account>" CLOSE,
                "external=https://e/m?MailboxId=1@a", POX_NEXT},
        {"to another address",
                OPEN
                "<Account><Action>redirectAddr</Action><RedirectAddr>u@b</RedirectAddr></Account>" CLOSE,
                "to-address=u@b", POX_ADDRESS},
        {"to another URL",
                OPEN
                "<Account><Action>redirectUrl</Action><RedirectUrl>https://b/a.xml</RedirectUrl></Account>" CLOSE,
                "to-url=https://b/a.xml", POX_URL},
        {"an error",
                OPEN "<Error Time=\"1\" Id=\"2\"><ErrorCode>500</ErrorCode><Message>No such "
                     "address.</Message><DebugData/></Error>" CLOSE,
                "error=500: No such address.", POX_NEXT},
        {"an empty answer", OPEN CLOSE, "", POX_NEXT},
        {"an archive by its address",
                SETTINGS("<AlternativeMailbox><Type>Delegate</Type><SmtpAddress>d@a</SmtpAddress>"
                         "</AlternativeMailbox><AlternativeMailbox><Type>Archive</Type>"
                         "<DisplayName>x</DisplayName><SmtpAddress>ar@a</SmtpAddress>"
                         "</AlternativeMailbox><AlternativeMailbox><Type>Archive</Type>"
                         "<SmtpAddress>other@a</SmtpAddress></AlternativeMailbox>"),
                "dn=/o=a/cn=u archive=ar@a", POX_NONE},
        {"an archive by its name",
                SETTINGS(MAPI(
                        EXTERNAL) "<AlternativeMailbox><LegacyDN>/o=a/cn=u/guid=2</LegacyDN>"
                                  "<Server>2@a</Server><Type>Archive</Type></AlternativeMailbox>"),
                "dn=/o=a/cn=u external=https://e/m?MailboxId=1@a archive-dn=/o=a/cn=u/guid=2 "
                "archive-server=2@a",
                POX_FOUND},
        {"public folders",
                SETTINGS("<PublicFolderInformation><SmtpAddress>pf@a</SmtpAddress>"
                         "</PublicFolderInformation>"),
                "dn=/o=a/cn=u public=pf@a", POX_NONE},
        {"a value of two lines, and one with a control",
                SETTINGS(MAPI("<ExternalUrl>https://e/\nx</ExternalUrl>"
                              "<InternalUrl>https://i/&#9;</InternalUrl>")),
                "dn=/o=a/cn=u internal=https://i/", POX_FOUND},
        {"elements elsewhere mean nothing",
                OPEN "<x>" USER
                     "</x><User><x><LegacyDN>/o=b</LegacyDN></x></User><Account><LegacyDN>"
                     "/o=c</LegacyDN></Account>" CLOSE,
                "", POX_NONE},
};

static void answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		struct pox_answer a;
		bool good = pox_read(cases[i].xml, strlen(cases[i].xml), &a);
		char *text = told(&a);

		if (!good || strcmp(text, cases[i].told) != 0 || pox_decide(&a) != cases[i].step)
			fail_msg("%s: %d, step %d: %s", cases[i].what, good, pox_decide(&a), text);
		free(text);
		pox_clear(&a);
	}
	assert_int_equal(pox_decide(NULL), POX_NEXT);
}

static void what_is_no_answer(void **state)
{
	static const char *const texts[] = {"", "<", "<html><body/></html>", "<Autodiscover>",
	        "<!DOCTYPE Autodiscover><Autodiscover/>",
	        "<!DOCTYPE a [<!ENTITY b \"c\">]><Autodiscover>&b;</Autodiscover>",
	        "<Autodiscover>&b;</Autodiscover>", "<Autodiscover/><x/>",
	        "<Autodiscover>\xff</Autodiscover>"};

	(void)state;
	for (size_t i = 0; i < N(texts); i++) {
		struct pox_answer a;

		if (pox_read(texts[i], strlen(texts[i]), &a))
			fail_msg("%s", texts[i]);
		pox_clear(&a);
	}
}

static char *repeat(const char *open, const char *text, const char *close, size_t n)
{
	struct buf b = buf_of(SIZE_MAX);
	char *out;

	for (size_t i = 0; i < n; i++)
		buf_puts(&b, open);
	buf_puts(&b, text);
	for (size_t i = 0; i < n; i++)
		buf_puts(&b, close);
	out = buf_take(&b);
	buf_clear(&b);
	return out;
}

/* Deep, wide, long: given up, or the value is none; nothing grows with it. */
static void caps(void **state)
{
	char *deep = repeat("<Autodiscover>", "", "</Autodiscover>", 40);
	char *wide = repeat("", "", "<a/>", 30000);
	char *all = xasprintf("<Autodiscover>%s</Autodiscover>", wide);
	char *dn = repeat("", "/o=", "a", 5000);
	char *named = xasprintf(OPEN "<User><LegacyDN>%s</LegacyDN></User>" CLOSE, dn);
	char *name = repeat("", "<", "n", 1000);
	char *called = xasprintf("<Autodiscover>%s/></Autodiscover>", name);
	struct pox_answer a;

	(void)state;
	assert_false(pox_read(deep, strlen(deep), &a));
	assert_false(pox_read(all, strlen(all), &a));
	assert_false(pox_read(called, strlen(called), &a));
	assert_true(pox_read(named, strlen(named), &a));
	assert_null(a.mailbox);
	pox_clear(&a);
	free(deep), free(wide), free(all), free(dn), free(named), free(name), free(called);
}

static void the_recorded_one(void **state)
{
	static char text[65536];
	FILE *f = fopen(FIXTURES "/mapi/recorded/autodiscover-reply.xml", "rb");
	struct pox_answer a;
	size_t n;

	(void)state;
	assert_non_null(f);
	n = fread(text, 1, sizeof text, f);
	assert_int_equal(fclose(f), 0);
	assert_true(pox_read(text, n, &a));
	assert_int_equal(pox_decide(&a), POX_FOUND);
	assert_string_equal(a.address, "fix@localhost.test");
	assert_string_equal(a.mailbox,
	        "/o=Gromox default/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/"
	        "cn=0100000003000000-fix");
	assert_string_equal(a.external,
	        "https://localhost/mapi/emsmdb/?MailboxId=66697840-6c6f-6361-6c68-6f7303000000"
	        "@localhost.test");
	assert_string_equal(a.public_folders, "public.folder.root@localhost.test");
	pox_clear(&a);
}

static void the_question(void **state)
{
	static char recorded[4096];
	FILE *f = fopen(FIXTURES "/mapi/recorded/autodiscover-request.xml", "rb");
	struct buf b = buf_of(4096);
	size_t n;

	(void)state;
	assert_non_null(f);
	n = fread(recorded, 1, sizeof recorded - 1, f);
	assert_int_equal(fclose(f), 0);
	while (n && recorded[n - 1] == '\n')
		n--;
	pox_request("fix@localhost.test", &b);
	assert_int_equal(b.len, n);
	assert_memory_equal(b.data, recorded, n);
	buf_reset(&b);
	pox_request("a&<b>@c", &b);
	assert_non_null(strstr(buf_str(&b), "<EMailAddress>a&amp;&lt;b&gt;@c</EMailAddress>"));
	buf_clear(&b);
}

static void urls_of_another_mailbox(void **state)
{
	static const struct {
		const char *url, *id, *out;
	} urls[] = {
	        {"https://e/m/?MailboxId=1@a", "2@b", "https://e/m/?MailboxId=2@b"},
	        {"https://e/m/?x=1&mailboxid=1@a&y", "2@b", "https://e/m/?x=1&mailboxid=2@b&y"},
	        {"https://e/m/", "2@b", NULL},
	        {"https://e/m/?xMailboxId=1", "2@b", NULL},
	        {"https://e/m/?MailboxId=1", "2&x", NULL},
	        {"https://e/m/?MailboxId=1", "2/../x", NULL},
	};

	(void)state;
	for (size_t i = 0; i < N(urls); i++) {
		char *out = pox_url_beside(urls[i].url, urls[i].id);

		if (!out != !urls[i].out || (out && strcmp(out, urls[i].out) != 0))
			fail_msg("%s: %s", urls[i].url, out);
		free(out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(answers),
	        cmocka_unit_test(what_is_no_answer),
	        cmocka_unit_test(caps),
	        cmocka_unit_test(the_recorded_one),
	        cmocka_unit_test(the_question),
	        cmocka_unit_test(urls_of_another_mailbox),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
