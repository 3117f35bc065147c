/* What a file is, which mailbox it goes to, which flags stand beside it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "import/detect.h"
#include "import/plan.h"
#include "valise/base/mem.h"
#include "valise/tree/model.h"

static void detection(void **state)
{
	static const struct {
		const char *name, *head;
		enum import_what what;
	} table[] = {
	        {"x", "From a@b Sat Nov  3 10:00:00 2018\nSubject: x\n\n", WHAT_MBOX},
	        {"x", "From a@b Sat Nov  3 10:00:00 2018\rSubject: x\r\r", WHAT_FOREIGN},
	        {"x", "\n\nFrom - Sat Nov 03 10:00:00 2018\r\nX-Mozilla-Status: 0001\r\n",
	                WHAT_MBOX},
	        {"x", "From here on\nthis is prose\n", WHAT_NONE},
	        {"x", "From: a\nTo: b\nSubject: c\n\nbody", WHAT_EML},
	        {"x", "Received: from x\n\tby y; Sat\nDate: z\nMessage-ID: <a>\n\n", WHAT_EML},
	        {"x.eml", "Subject: only\n\nx", WHAT_EML},
	        {"x", "Subject: only\n\nx", WHAT_NONE},
	        {"x", "Subject: on mail\nFrom: nobody\nhere is prose\nTo: x\n", WHAT_NONE},
	        {"x", "key: value\nother: value\n\n", WHAT_NONE},
	        {"1.emlx", "1234      \nFrom: a\nSubject: b\n\n", WHAT_EMLX},
	        {"x", "1234\nsome text\n", WHAT_NONE},
	        {"x", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", WHAT_ICS},
	        {"x", "\xef\xbb\xbf\r\nbegin:vcard\n", WHAT_VCF},
	        {"x.gz", "\x1f\x8b\x08", WHAT_GZIP},
	        {"x.pab", "!BDN\1\2\3\4AB\1\2", WHAT_FOREIGN},
	        {"x.pst", "!BDN\1\2\3\4SM\1\2", WHAT_OUTLOOK},
	        {"x", "!BDN\1\2\3\4SO\1\2", WHAT_OUTLOOK},
	        {"x.dbx", "\xcf\xad\x12\xfe\xc5", WHAT_FOREIGN},
	        {"x.doc", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", WHAT_NONE},
	        {"x.msg", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", WHAT_OUTLOOK},
	        {NULL, "\x28\xb5\x2f\xfd\4", WHAT_FOREIGN},
	        {"song", "\x28\xb5\x2f\xfd\4", WHAT_NONE},
	        {"m.1", "2 M1e C5e8a\n", WHAT_FOREIGN},
	        {"x", "<html><head>", WHAT_NONE},
	        {"x", "", WHAT_EMPTY},
	};
	const char *why;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		if (import_detect(table[i].head, strlen(table[i].head), table[i].name, &why) !=
		        table[i].what)
			fail_msg("%s", table[i].head);
}

/* ${seen}: names of files and folders (these end with a slash), LF after each. */
static void check_name(const char *root, bool is_dir, const char *seen, enum plan_how how,
        const char *place, const char *into, const char *want)
{
	struct import_seen s = {.root = root, .is_dir = is_dir};
	struct buf out = buf_of(4096);

	for (const char *p = seen; *p; p += strcspn(p, "\n") + 1) {
		size_t n = strcspn(p, "\n");
		bool dir = n && p[n - 1] == '/';
		char *one = xstrndup(p, n - dir);

		seen_add(&s, one, dir);
		free(one);
	}
	plan_place(&s, how, place, into, &out);
	if (strcmp(buf_str(&out), want) != 0)
		fail_msg("%s in %s: %s, not %s", place, root, buf_str(&out), want);
	buf_clear(&out);
	seen_clear(&s);
}

static void files(void **state)
{
	(void)state;
	check_name("Sent.mbox", false, "", PLAN_FILE, "Sent.mbox", NULL, "Sent");
	check_name("inbox", false, "", PLAN_FILE, "inbox", NULL, "INBOX");
	check_name("m", true, "", PLAN_FILE, "Work.sbd/2024.mbox", NULL, "Work/2024");
	check_name("m", true, "", PLAN_FILE, "Inbox.mbox/mbox", NULL, "INBOX");
	check_name("Foo.mbox", true, "", PLAN_FILE, "mbox", NULL, "Foo");
	check_name("m", true, "", PLAN_FILE, ".inbox.directory/sub", NULL, "INBOX/sub");
	check_name("m", true, "", PLAN_FILE, "a.mbox.gz", "Old", "Old/a");
	check_name("m", true, "", PLAN_FOLDER, "letters/2020/a.eml", NULL, "letters/2020");
	check_name("letters", true, "", PLAN_FOLDER, "a.eml", NULL, "letters");
	check_name("a.eml", false, "", PLAN_FOLDER, "a.eml", NULL, "INBOX");
	check_name(".", true, "", PLAN_FOLDER, "a.eml", NULL, "INBOX");
	check_name("x", true, "", PLAN_FILE, "b\xe9ta", NULL, "b\xc3\xa9ta");
	check_name("x", true, "", PLAN_FILE, "a\x1b[31mb", NULL, "a [31mb");
	check_name("x", true, "", PLAN_FILE, "a\nb", NULL, "a b");
	check_name("x", true, "", PLAN_FILE,
	        "a\xe2\x80\xae"
	        "b",
	        NULL, "ab");
}

static void thunderbird(void **state)
{
	static const char one[] = "p/prefs.js\np/ImapMail/imap.a.org/INBOX.msf\n";
	static const char two[] = "prefs.js\nImapMail/imap.a.org/INBOX.msf\nMail/Local "
	                          "Folders/Trash.msf\n";

	(void)state;
	check_name("x", true, one, PLAN_FILE, "p/ImapMail/imap.a.org/INBOX.sbd/Sub", NULL,
	        "INBOX/Sub");
	check_name(
	        "x", true, two, PLAN_FILE, "ImapMail/imap.a.org/INBOX", NULL, "imap.a.org/INBOX");
	check_name(
	        "x", true, two, PLAN_FILE, "Mail/Local Folders/Trash", NULL, "Local Folders/Trash");
	check_name("x", true, "", PLAN_FILE, "Mail/Local Folders/Trash", NULL,
	        "Mail/Local Folders/Trash");
}

static void apple(void **state)
{
	(void)state;
	check_name("V10", true, "", PLAN_EMLX, "INBOX.mbox/Messages/1.emlx", NULL, "INBOX");
	check_name("V10", true, "", PLAN_EMLX,
	        "Work.mbox/Old.mbox/01234567-89AB-CDEF-0123-456789ABCDEF/Data/3/2/Messages/23.emlx",
	        NULL, "Work/Old");
	check_name("Work.mbox", true, "", PLAN_EMLX, "Messages/1.emlx", NULL, "Work");
}

static void maildirs(void **state)
{
	static const char plus[] = "cur/\nnew/\ntmp/\n.Sent/cur/\n.Sent/new/\n.A.B&AOk-/cur/\n"
	                           ".A.B&AOk-/new/\n";
	static const char fs[] =
	        "Maildir/cur/\nMaildir/new/\nMaildir/Sent/cur/\nMaildir/Sent/new/\n";
	static const char mutt[] = "inbox/cur/\ninbox/new/\nsent/cur/\nsent/new/\n";

	(void)state;
	check_name("Maildir", true, plus, PLAN_MAILDIR, "cur/1.x:2,S", NULL, "INBOX");
	check_name("Maildir", true, plus, PLAN_MAILDIR, ".Sent/new/1.x", NULL, "Sent");
	check_name("Maildir", true, plus, PLAN_MAILDIR, ".A.B&AOk-/cur/1.x", NULL, "A/B\xc3\xa9");
	check_name("", true, fs, PLAN_MAILDIR, "Maildir/cur/1", NULL, "INBOX");
	check_name("", true, fs, PLAN_MAILDIR, "Maildir/Sent/cur/1", NULL, "Sent");
	check_name("m", true, mutt, PLAN_MAILDIR, "inbox/cur/1", NULL, "INBOX");
	check_name("m", true, mutt, PLAN_MAILDIR, "sent/cur/1", "X/Y", "X/Y/sent");
	check_name(".Sent", true, "cur/\nnew/\n", PLAN_MAILDIR, "cur/1", NULL, "Sent");
	check_name("Work", true, "cur/\nnew/\n", PLAN_MAILDIR, "cur/1", NULL, "INBOX");
	check_name("m", true, "Work/cur/\nWork/new/\n", PLAN_MAILDIR, "Work/cur/1", NULL, "Work");
	check_name("m", true, "R&D/cur/1:2,S\n", PLAN_MAILDIR, "R&D/cur/1:2,S", NULL, "R&D");
}

static void flags(void **state)
{
	static const struct {
		const char *name;
		bool in_new;
		unsigned flags;
		const char *keywords;
	} table[] = {
	        {"1.x:2,FS", false, FLAG_FLAGGED | FLAG_SEEN, NULL},
	        {"1.x;2,RT", false, FLAG_ANSWERED | FLAG_DELETED, NULL},
	        {"1.x!2,D", false, FLAG_DRAFT, NULL},
	        {"1.x,S=2,W=3:2,PSa", false, FLAG_SEEN, "$Forwarded work"},
	        {"1.x:2,bz", false, 0, "$Label1"},
	        {"1.x:2,S", true, 0, NULL},
	        {"1.x", false, 0, NULL},
	        {"1.12,FS", false, 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		char *keywords;
		unsigned got = maildir_flags(
		        table[i].name, table[i].in_new, "0 work\n1 $Label1\r\n2 \n", &keywords);

		if (got != table[i].flags || (keywords == NULL) != (table[i].keywords == NULL) ||
		        (keywords && strcmp(keywords, table[i].keywords) != 0))
			fail_msg("%s: %x %s", table[i].name, got, keywords ? keywords : "");
		free(keywords);
	}
}

static void sequences(void **state)
{
	static const char list[] = "cur: 3\nunseen: 1 5-7\nreplied: 2\nflagged: 2-3\nwork: 7\n";
	char *keywords;

	(void)state;
	assert_int_equal(mh_flags(list, "1", &keywords), 0);
	assert_null(keywords);
	assert_int_equal(mh_flags(list, "2", &keywords), FLAG_SEEN | FLAG_ANSWERED | FLAG_FLAGGED);
	assert_null(keywords);
	assert_int_equal(mh_flags(list, "7", &keywords), 0);
	assert_string_equal(keywords, "work");
	free(keywords);
	assert_int_equal(mh_flags(list, "8", &keywords), FLAG_SEEN);
	assert_null(keywords);
	assert_int_equal(maildir_seconds("1541239200.M1P2.host:2,S"), 1541239200);
	assert_true(maildir_seconds("20181103.x") == INT64_MIN);
}

static void subscriptions(void **state)
{
	static const char two[] = "V\t2\n\nWork\tOld\nB&AOk-ta\n", one[] = "INBOX.Sent\nA.B\n";

	(void)state;
	assert_true(subscribed_by(two, "Work/Old") && subscribed_by(two, "B\xc3\xa9ta"));
	assert_true(subscribed_by(two, "INBOX") && !subscribed_by(two, "Work"));
	assert_true(subscribed_by(one, "Sent") && subscribed_by(one, "A/B"));
	assert_false(subscribed_by(one, "A"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(detection),
	        cmocka_unit_test(files),
	        cmocka_unit_test(thunderbird),
	        cmocka_unit_test(apple),
	        cmocka_unit_test(maildirs),
	        cmocka_unit_test(flags),
	        cmocka_unit_test(sequences),
	        cmocka_unit_test(subscriptions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
