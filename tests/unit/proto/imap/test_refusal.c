#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "valise/proto/imap/imap.h"

static void test_classes(void **state)
{
	static const struct {
		const char *code, *text;
		enum imap_class class;
	} cases[] = {
	        {"", "Request is throttled. Suggested Backoff Time: 299560 milliseconds",
	                IMAP_THROTTLE},
	        {"THROTTLED", "", IMAP_THROTTLE},
	        {"throttled", "in small letters", IMAP_THROTTLE},
	        {"LIMIT", "UID FETCH Rate limit hit", IMAP_THROTTLE},
	        {"LIMIT", "too many mailboxes", IMAP_UNKNOWN},
	        {"OVERQUOTA", "Account exceeded command or bandwidth limits. abc123",
	                IMAP_THROTTLE},
	        {"OVERQUOTA", "Quota exceeded (mailbox for user is full)", IMAP_QUOTA},
	        {"", "Over quota", IMAP_QUOTA},
	        {"ALERT", "Too many simultaneous connections. (Failure)", IMAP_THROTTLE},
	        {"UNAVAILABLE", "Maximum number of connections from user+IP exceeded",
	                IMAP_THROTTLE},
	        {"", "User is authenticated but not connected.", IMAP_THROTTLE},
	        {"UNAVAILABLE", "", IMAP_TEMPORARY},
	        {"INUSE", "Mailbox in use", IMAP_TEMPORARY},
	        {"SERVERBUG", "Internal error occurred. Refer to server log", IMAP_TEMPORARY},
	        {"", "Server error - try again later", IMAP_TEMPORARY},
	        {"AUTHENTICATIONFAILED", "Invalid credentials", IMAP_AUTH},
	        {"EXPIRED", "", IMAP_AUTH},
	        {"ALERT", "Application-specific password required", IMAP_AUTH},
	        {"NONEXISTENT", "Unknown Mailbox", IMAP_PERMANENT},
	        {"TRYCREATE", "", IMAP_PERMANENT},
	        {"", "No such message", IMAP_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (imap_classify(cases[i].code, cases[i].text) != cases[i].class)
			fail_msg("[%s] %s", cases[i].code, cases[i].text);
}

/* At the sign-in, where what is no refusal for now is one for good. */
static void test_sign_in_classes(void **state)
{
	static const struct {
		const char *code, *text;
		enum imap_class class;
	} cases[] = {
	        {"UNAVAILABLE", "Account is temporarily unavailable.", IMAP_TEMPORARY},
	        {"UNAVAILABLE", "", IMAP_TEMPORARY},
	        {"INUSE", "", IMAP_TEMPORARY},
	        {"LIMIT", "Connection limit reached", IMAP_TEMPORARY},
	        {"LIMIT", "UID FETCH Rate limit hit", IMAP_THROTTLE},
	        {"SERVERBUG", "internal error", IMAP_TEMPORARY},
	        {"", "Server Busy. Try again later", IMAP_TEMPORARY},
	        {"", "LOGIN Server error - Please try again later", IMAP_TEMPORARY},
	        {"", "Temporary authentication failure", IMAP_TEMPORARY},
	        {"ALERT", "The system is down for maintenance", IMAP_TEMPORARY},
	        {"", "Too many users", IMAP_TEMPORARY},
	        {"ALERT", "Too many simultaneous connections. (Failure)", IMAP_THROTTLE},
	        {"AUTHENTICATIONFAILED", "Server busy, or wrong password", IMAP_AUTH},
	        {"AUTHENTICATIONFAILED", "Authentication failed. Try again later", IMAP_AUTH},
	        {"", "Invalid login, try again", IMAP_AUTH},
	        {"", "Too many failed logins, try again later", IMAP_AUTH},
	        {"", "Too many login attempts", IMAP_AUTH},
	        {"", "Incorrect user name or password. Please try again later", IMAP_AUTH},
	        {"ALERT", "Application-specific password required", IMAP_AUTH},
	        {"", "LOGIN failed.", IMAP_UNKNOWN},
	        {"NOPERM", "busy", IMAP_PERMANENT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (imap_classify_sign_in(cases[i].code, cases[i].text) != cases[i].class)
			fail_msg("[%s] %s", cases[i].code, cases[i].text);
}

static void test_waits(void **state)
{
	static const struct {
		const char *text;
		unsigned ms;
	} cases[] = {
	        {"Request is throttled. Suggested Backoff Time: 92415 milliseconds", 92415},
	        {"Suggested Backoff 300 milliseconds", 300},
	        {"suggested backoff time: 5", 5},
	        {"Suggested backoff: 2 minutes", 120000},
	        {"try again in 30 seconds", 30000},
	        {"Please try again in 2 hours", 7200000},
	        {"retry after 7", 7000},
	        {"backoff for 99999999999999999999999 milliseconds", 86400000},
	        {"backoff for 4000000 hours", 86400000},
	        {"Too many simultaneous connections", 0},
	        {"backoff", 0},
	        {"error 17: throttled", 0},
	        {"", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (imap_asked_wait(cases[i].text) != cases[i].ms)
			fail_msg("%s: %u", cases[i].text, imap_asked_wait(cases[i].text));
}

static void test_hints(void **state)
{
	static const struct {
		const char *host, *text, *hint; /* NULL: none */
	} cases[] = {
	        {"imap.gmail.com", "Application-specific password required: x", "apppasswords"},
	        {"imap.gmail.com", "Invalid credentials (Failure)", "app password"},
	        {"outlook.office365.com", "AUTHENTICATE failed.", "OAuth"},
	        {"mail.example", "Basic authentication is disabled", "OAuth"},
	        {"imap.mail.me.com", "Authentication failed", "app-specific"},
	        {"imap.mail.yahoo.com", "Incorrect username or password", "app password"},
	        {"imap.163.com", "EXAMINE Unsafe Login. Please contact kefu@188.com",
	                "authorization code"},
	        {"mail.example", "Your account is not enabled for IMAP use", "switch IMAP on"},
	        {"mail.example", "Authentication failed", NULL},
	        {"me", "no", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *hint = imap_hint(cases[i].host, cases[i].text);

		if (!hint != !cases[i].hint || (hint && !strstr(hint, cases[i].hint)))
			fail_msg("%s, %s: %s", cases[i].host, cases[i].text, hint ? hint : "none");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_classes),
	        cmocka_unit_test(test_sign_in_classes),
	        cmocka_unit_test(test_waits),
	        cmocka_unit_test(test_hints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
