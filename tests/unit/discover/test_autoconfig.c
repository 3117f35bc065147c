/* The autoconfig XML of a domain: what is taken from it, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "discover/facts.h"
#include "valise/base/mem.h"

#define ADDRESS "al+ice@old.example"
#define BEGIN "<?xml version=\"1.0\"?><clientConfig version=\"1.1\"><emailProvider id=\"x\">"
#define END "</emailProvider></clientConfig>"
#define SERVER(type, host, port, socket, user)                                                     \
	"<incomingServer type=\"" type "\"><hostname>" host "</hostname><port>" port               \
	"</port><socketType>" socket "</socketType><username>" user "</username></incomingServer>"

static const struct {
	const char *xml;
	bool good;
	enum service_kind kind;
	const char *url, *user;
	unsigned plain;
} cases[] = {
        {BEGIN SERVER("imap", "mail.%EMAILDOMAIN%", "993", "SSL", "%EMAILADDRESS%") END, true,
                SERVICE_IMAP, "imaps://mail.old.example", ADDRESS, 0},
        {BEGIN SERVER("pop3", "\n pop.old.example ", "995", "SSL", "%EMAILLOCALPART%") END, true,
                SERVICE_POP3, "pop3s://pop.old.example", "al+ice", 0},
        /* TLS from the first octet counts more, wherever it stands */
        {BEGIN SERVER("imap", "a.old.example", "143", "STARTTLS", "a")
                        SERVER("imap", "b.old.example", "1993", "SSL", "b")
                                SERVER("imap", "c.old.example", "993", "SSL", "c") END,
                true, SERVICE_IMAP, "imaps://b.old.example:1993", "b", 0},
        {BEGIN SERVER("imap", "a.old.example", "143", "STARTTLS", "") END, true, SERVICE_IMAP,
                "imap://a.old.example", NULL, 0},
        {BEGIN SERVER("imap", "a.old.example", "143", "plain", "a") END, true, SERVICE_IMAP, NULL,
                NULL, 1u << SERVICE_IMAP},
        /* hosts and ports that are none */
        {BEGIN SERVER("imap", "a/b@c", "993", "SSL", "a") END, true, SERVICE_IMAP, NULL, NULL, 0},
        {BEGIN SERVER("imap", "a.old.example", "993x", "SSL", "a") END, true, SERVICE_IMAP, NULL,
                NULL, 0},
        {BEGIN SERVER("imap", "a.old.example", "70000", "SSL", "a") END, true, SERVICE_IMAP, NULL,
                NULL, 0},
        {BEGIN SERVER("imap",
                 "b\xc3\xbc"
                 "cher.example",
                 "993", "SSL", "a&#10;b") END,
                true, SERVICE_IMAP, "imaps://xn--bcher-kva.example", NULL, 0},
        {BEGIN "<outgoingServer type=\"imap\"><hostname>x</hostname></outgoingServer>" END, true,
                SERVICE_IMAP, NULL, NULL, 0},
        /* DAV, in both places and spellings */
        {BEGIN END, true, SERVICE_CALDAV, NULL, NULL, 0},
        {"<clientConfig><calendar type=\"caldav\"><username>u</username><serverURL>"
         "https://dav.old.example/%EMAILADDRESS%/</serverURL></calendar></clientConfig>",
                true, SERVICE_CALDAV, "https://dav.old.example/al%2Bice%40old.example/", "u", 0},
        {BEGIN "<addressbook type=\"carddav\"><url> https://dav.old.example/c </url></addressbook>" END,
                true, SERVICE_CARDDAV, "https://dav.old.example/c", NULL, 0},
        {BEGIN "<calendar type=\"caldav\"><url>http://dav.old.example/</url></calendar>" END, true,
                SERVICE_CALDAV, NULL, NULL, 1u << SERVICE_CALDAV},
        {BEGIN "<calendar type=\"caldav\"><url>javascript:alert(1)</url></calendar>" END, true,
                SERVICE_CALDAV, NULL, NULL, 0},
        /* not autoconfig, or not well-formed */
        {"<html><head/></html>", false, 0, NULL, NULL, 0},
        {"", false, 0, NULL, NULL, 0},
        {BEGIN SERVER("imap", "a.old.example", "993", "SSL", "a"), false, SERVICE_IMAP, NULL, NULL,
                0},
        {"<!DOCTYPE x [<!ENTITY a \"aaaa\">]>" BEGIN SERVER(
                 "imap", "&a;.old.example", "993", "SSL", "a") END,
                false, SERVICE_IMAP, NULL, NULL, 0},
};

static void table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct autoconfig a;
		const struct place *p = &a.places[cases[i].kind];

		assert_int_equal(autoconfig_read(cases[i].xml, strlen(cases[i].xml), ADDRESS,
		                         "old.example", &a),
		        cases[i].good);
		assert_int_equal(a.plain, cases[i].plain);
		if (p->url ? !cases[i].url || strcmp(p->url, cases[i].url) != 0 : !!cases[i].url)
			fail_msg("case %zu: %s", i, p->url ? p->url : "nothing");
		assert_true(p->user ? cases[i].user && !strcmp(p->user, cases[i].user)
		                    : !cases[i].user);
		autoconfig_clear(&a);
	}
}

/* Neither depth nor length is without a limit. */
static void limits(void **state)
{
	static char text[400000];
	struct autoconfig a;
	size_t n = 0;

	(void)state;
	n += (size_t)snprintf(text, sizeof text, "<clientConfig>");
	for (int i = 0; i < 40; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "<a>");
	for (int i = 0; i < 40; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "</a>");
	n += (size_t)snprintf(text + n, sizeof text - n, "</clientConfig>");
	assert_false(autoconfig_read(text, n, ADDRESS, "old.example", &a));
	n = (size_t)snprintf(text, sizeof text, BEGIN "<incomingServer type=\"imap\"><hostname>");
	memset(text + n, 'a', 300000);
	n += 300000;
	n += (size_t)snprintf(text + n, sizeof text - n, "</hostname></incomingServer>" END);
	assert_false(autoconfig_read(text, n, ADDRESS, "old.example", &a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(table),
	        cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
