#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "import/mail/mail.h"
#include "valise/base/mem.h"

static const struct {
	const char *text;
	size_t top;
} tops[] = {
        {"X-GM-THRID: 1\nX-Gmail-Labels: a\nFrom: x\n", 32},
        {"X-GM-THRID: 1\r\nX-Gmail-Labels: a,\r\n b\r\nFrom: x\r\n", 39},
        {"x-gmail-labels: a\nx-gm-thrid: 1\nFrom: x\n", 32},
        {"X-Gmail-Labels: a\nFrom: x\nX-GM-THRID: 1\n", 18},
        {"X-GM-THRID: 1\nX-GM-THRID: 2\nFrom: x\n", 14},
        {"X-GM-THRID: 1\n\ntext", 14},
        {"X-GM-THRIDX: 1\nFrom: x\n", 0},
        {"From: x\nX-GM-THRID: 1\n", 0},
        {"X-GM-THRID: 1", 0}, /* the line may go on */
        {"X-GM-THRID: 1\n", 0},
        {"", 0},
};

static const struct {
	const char *line;
	uint64_t number;
} lines[] = {
        {"From 1278455344230334866@xxx Sat Mar 02 10:00:00 +0000 2020\n", 1278455344230334866},
        {"From ann@example.org Sat Mar 02 10:00:00 2020\n", 0},
        {"From 12@example.org Sat Mar 02 10:00:00 2020\n", 0},
        {"From 12@xxx\n", 0},
        {"From \n", 0},
        {"From", 0},
        {"", 0},
};

static void test_tops(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(tops); i++)
		assert_int_equal(takeout_top(tops[i].text, strlen(tops[i].text)), tops[i].top);
}

static void test_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++)
		assert_int_equal(
		        takeout_msgid(lines[i].line, strlen(lines[i].line)), lines[i].number);
}

/* A message of Takeout without labels is archived mail; any other one is none of Gmail's. */
static void test_items(void **state)
{
	struct import_labels labels = {0};
	struct import_item it = {0};

	(void)state;
	takeout_item("From: x\n", 8, 0, &labels, &it);
	assert_null(it.folders);
	takeout_item("From: x\n", 8, 7, &labels, &it);
	assert_string_equal(it.folders[0], "[Gmail]/All Mail");
	assert_null(it.folders[1]);
	assert_int_equal(it.msgid, 7);
	labels_clear(&labels);
	takeout_item("X-GM-THRID: 5\nX-Gmail-Labels: Inbox,\n Unread\n", 46, 0, &labels, &it);
	assert_string_equal(it.folders[0], "INBOX");
	assert_int_equal(it.flags, 0);
	assert_int_equal(it.thrid, 5);
	labels_clear(&labels);
}

static const char labels_json[] =
        "{\"Version\":1,\"Payload\":[{\"ID\":\"0\",\"Name\":\"Inbox\",\"Path\":\"Inbox\",\"Type\":4},"
        "{\"ID\":\"abc==\",\"Name\":\"2024\",\"Path\":\"Work/2024\",\"Type\":3},"
        "{\"ID\":\"def==\",\"Name\":\"to/do\",\"Path\":\"to/do\",\"Type\":1},"
        "{\"ID\":\"ghi==\",\"Name\":\"group\",\"Type\":2}]}";

static const struct {
	const char *text;
	unsigned flags;
	const char *keywords, *folders; /* folders: joined by '|' */
	int64_t date;
} protons[] = {
        {"{\"Version\":1,\"Payload\":{\"LabelIDs\":[\"0\",\"5\",\"10\",\"15\",\"def==\"],\"Time\":1700000000,"
         "\"Unread\":0,\"IsReplied\":1,\"IsForwarded\":1}}",
                FLAG_SEEN | FLAG_FLAGGED | FLAG_ANSWERED, "$Forwarded", "INBOX|Labels/to_do",
                1700000000},
        {"{\"Payload\":{\"LabelIDs\":[\"abc==\",\"5\",\"unknown\",\"ghi==\"],\"Unread\":1}}", 0,
                NULL, "Folders/Work/2024", INT64_MIN},
        {"{\"Payload\":{\"LabelIDs\":[\"8\",\"1\",\"5\"],\"Unread\":0}}", FLAG_SEEN | FLAG_DRAFT,
                NULL, "Drafts", INT64_MIN},
        {"{\"Payload\":{\"LabelIDs\":[\"5\"]}}", 0, NULL, "Archive", INT64_MIN},
        {"{\"Payload\":{\"LabelIDs\":\"5\"}}", 0, NULL, NULL, INT64_MIN},
        {"{\"Payload\":[]}", 0, NULL, NULL, INT64_MIN},
        {"[1.5]", 0, NULL, NULL, INT64_MIN},
        {"", 0, NULL, NULL, INT64_MIN},
};

static void test_proton(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(protons); i++) {
		const char *text = protons[i].text;
		struct buf joined = buf_of(SIZE_MAX);
		struct import_labels l;
		int64_t date = 0;
		bool is = proton_read(text, strlen(text), labels_json, &l, &date);

		assert_int_equal(is, protons[i].folders != NULL);
		if (is) {
			for (size_t k = 0; l.folders[k]; k++)
				buf_putf(&joined, "%s%s", k ? "|" : "", l.folders[k]);
			assert_string_equal(buf_str(&joined), protons[i].folders);
			assert_int_equal(l.flags, protons[i].flags);
			assert_string_equal(l.keywords ? l.keywords : "-",
			        protons[i].keywords ? protons[i].keywords : "-");
			assert_int_equal(date, protons[i].date);
		}
		buf_clear(&joined);
		labels_clear(&l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_tops),
	        cmocka_unit_test(test_numbers), cmocka_unit_test(test_items),
	        cmocka_unit_test(test_proton)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
