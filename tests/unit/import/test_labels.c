#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "import/give.h"
#include "import/label_words.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"

static const struct {
	const char *field;
	unsigned flags;
	const char *keywords, *labels, *folders; /* folders: joined by '|' */
} rows[] = {
        {"Inbox,Category Personal,Unread", 0, NULL, "[\"\\\\Inbox\"]", "INBOX|[Gmail]/All Mail"},
        {"Archived,Opened", FLAG_SEEN, NULL, NULL, "[Gmail]/All Mail"},
        {"", FLAG_SEEN, NULL, NULL, "[Gmail]/All Mail"},
        {"Sent,Starred,Important,Opened", FLAG_SEEN | FLAG_FLAGGED, NULL,
                "[\"\\\\Important\",\"\\\\Sent\",\"\\\\Starred\"]",
                "[Gmail]/All Mail|[Gmail]/Important|[Gmail]/Sent Mail|[Gmail]/Starred"},
        {"Drafts,Opened", FLAG_SEEN | FLAG_DRAFT, NULL, "[\"\\\\Draft\"]",
                "[Gmail]/All Mail|[Gmail]/Drafts"},
        {"Spam,Work,Unread", 0, NULL, "[\"Work\"]", "[Gmail]/Spam"},
        {"Trash,Inbox,Opened", FLAG_SEEN, NULL, NULL, "[Gmail]/Trash"},
        {"Chat,Opened", FLAG_SEEN, NULL, NULL, "[Gmail]/Chats"},
        /* labels of the owner: levels, commas, quotes, blanks, twice the same */
        {"Inbox,Work/Clients,\"a, b\",\"say \"\"x\"\"\", Two Words ,Work/Clients,Opened", FLAG_SEEN,
                NULL, "[\"Two Words\",\"Work/Clients\",\"\\\\Inbox\",\"a, b\",\"say \\\"x\\\"\"]",
                "INBOX|Two Words|Work/Clients|[Gmail]/All Mail|a, b|say \"x\""},
        {"Inbox,\"never closed, Opened", FLAG_SEEN, NULL,
                "[\"\\\\Inbox\",\"never closed, Opened\"]",
                "INBOX|[Gmail]/All Mail|never closed, Opened"},
        {"Inbox,Category theory,Opened", FLAG_SEEN, NULL, "[\"Category theory\",\"\\\\Inbox\"]",
                "Category theory|INBOX|[Gmail]/All Mail"},
        {"Opened,IMAP_$Forwarded,IMAP_NotJunk,Archived", FLAG_SEEN, "$Forwarded NotJunk", NULL,
                "[Gmail]/All Mail"},
        {"Opened,IMAP_two words", FLAG_SEEN, NULL, "[\"IMAP_two words\"]",
                "IMAP_two words|[Gmail]/All Mail"},
        /* other languages, encoded; "Archiviert" is Gmail's own only in one of them */
        {"=?UTF-8?Q?Posteingang,Wichtig,Ungelesen,Kategorie:_=22Neuigkeiten=22?=", 0, NULL,
                "[\"\\\\Important\",\"\\\\Inbox\"]", "INBOX|[Gmail]/All Mail|[Gmail]/Important"},
        {"=?UTF-8?Q?Ge=C3=B6ffnet,Archiviert,M=C3=BCll?=", FLAG_SEEN, NULL, "[\"M\xc3\xbcll\"]",
                "M\xc3\xbcll|[Gmail]/All Mail"},
        {"Archiviert,Opened,Inbox", FLAG_SEEN, NULL, "[\"Archiviert\",\"\\\\Inbox\"]",
                "Archiviert|INBOX|[Gmail]/All Mail"},
        {"=?UTF-8?Q?Messages_archiv=C3=A9s,Ouvert,Cat=C3=A9gorie=C2=A0:_E-mails_?= "
         "=?UTF-8?Q?personnels,\"Culture,_associations\"?=",
                FLAG_SEEN, NULL, "[\"Culture, associations\"]",
                "Culture, associations|[Gmail]/All Mail"},
        {"=?UTF-8?Q?Archivov=C3=A1no,Kategorie:_Soci=C3=A1?= "
         "=?UTF-8?Q?ln=C3=AD_s=C3=ADt=C4=9B,Nep=C5=99e=C4=8Dten=C3=A9,Facebook?=",
                0, NULL, "[\"Facebook\"]", "Facebook|[Gmail]/All Mail"},
        {"=?UTF-8?B?5Y+X5L+h44OI44Os44KkLOacquiqrSzku5XkuosvQQ==?=", 0, NULL,
                "[\"\\\\Inbox\",\"\xe4\xbb\x95\xe4\xba\x8b/A\"]",
                "INBOX|[Gmail]/All Mail|\xe4\xbb\x95\xe4\xba\x8b/A"},
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct import_labels l;
		struct buf folders = buf_of(SIZE_MAX);

		labels_read(rows[i].field, strlen(rows[i].field), &l);
		for (size_t k = 0; l.folders[k]; k++)
			buf_putf(&folders, "%s%s", k ? "|" : "", l.folders[k]);
		print_message("%s\n", rows[i].field);
		assert_int_equal(l.flags, rows[i].flags);
		assert_string_equal(
		        l.keywords ? l.keywords : "-", rows[i].keywords ? rows[i].keywords : "-");
		assert_string_equal(
		        l.labels ? l.labels : "-", rows[i].labels ? rows[i].labels : "-");
		assert_string_equal(buf_str(&folders), rows[i].folders);
		buf_clear(&folders);
		labels_clear(&l);
	}
}

/* The table is folded, and no word means two things in one language. */
static void test_words(void **state)
{
	(void)state;
	for (size_t k = 0; k < COUNT(label_words); k++) {
		struct buf all = buf_of(SIZE_MAX);

		for (int w = 0; w < WORDS; w++) {
			struct buf fold = buf_of(SIZE_MAX);
			const char *text = label_words[k][w] ? label_words[k][w] : "";

			path_fold(text, &fold);
			assert_string_equal(buf_str(&fold), text);
			buf_clear(&fold);
			for (; *text; text += *text == '|') {
				struct buf word = buf_of(SIZE_MAX);
				size_t n = strcspn(text, "|");

				buf_putc(&word, '|');
				buf_put(&word, text, n);
				buf_putc(&word, '|');
				assert_null(strstr(buf_str(&all), buf_str(&word)));
				buf_puts(&all, buf_str(&word));
				buf_clear(&word);
				text += n;
			}
		}
		buf_clear(&all);
	}
}

/* A field beyond what is decoded at once. */
static void test_long(void **state)
{
	struct buf field = buf_of(SIZE_MAX);
	struct import_labels l;
	size_t n = 0;

	(void)state;
	for (unsigned i = 0; i < 900; i++)
		buf_putf(&field, "%s=?UTF-8?Q?label_%u,?=", i ? " " : "", i);
	labels_read(buf_str(&field), field.len, &l);
	while (l.folders[n])
		n++;
	assert_int_equal(n, 901);
	assert_string_equal(l.folders[900], "label 99");
	labels_clear(&l);
	buf_clear(&field);
}

static void test_uses(void **state)
{
	(void)state;
	assert_string_equal(labels_use("[Gmail]/All Mail"), "\\All");
	assert_string_equal(labels_use("[Gmail]/Spam"), "\\Junk");
	assert_null(labels_use("INBOX"));
	assert_null(labels_use("[Gmail]/Chats"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows),
	        cmocka_unit_test(test_words), cmocka_unit_test(test_long),
	        cmocka_unit_test(test_uses)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
