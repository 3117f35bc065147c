#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "export/names.h"

static void items(void **state)
{
	static const struct {
		struct date when;
		const char *title, *name;
	} rows[] = {
	        {{1709647925, 0, true}, "Lunch", "2024-03-05 1412 Lunch"},
	        {{1709647925, 60, true}, "Lunch", "2024-03-05 1512 Lunch"},
	        {{1709647925, 0, true}, NULL, "2024-03-05 1412"},
	        {{0, 0, false}, NULL, "item"},
	        {{0, 0, false}, "CON", "=43ON"},
	        {{0, 0, false}, ".hidden", "=2Ehidden"},
	        {{0, 0, true}, "a/b\\c:d*e?f\"g<h>i|j=k", "1970-01-01 0000 a_b_c_d_e_f_g_h_i_j_k"},
	        {{0, 0, true}, "ends in a dot. ", "1970-01-01 0000 ends in a dot"},
	        {{0, 0, true}, "...", "1970-01-01 0000"},
	        {{0, 0, true}, "\xe2\x80\xaelive", "1970-01-01 0000 _live"},
	        {{0, 0, true},
	                "Gr\xc3\xbc\xc3\x9f"
	                "e \xf0\x9f\x93\xac",
	                "1970-01-01 0000 Gr\xc3\xbc\xc3\x9f"
	                "e \xf0\x9f\x93\xac"},
	        {{0, 0, true},
	                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	                "\xc3\xbc!",
	                "1970-01-01 0000 "
	                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	                "x"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf out = buf_of(400);

		name_of_item(&rows[i].when, rows[i].title, &out);
		assert_string_equal(buf_str(&out), rows[i].name);
		buf_clear(&out);
	}
}

/* Twins as file systems see them: in case, in normalization; what has a number already. */
static void twins(void **state)
{
	static const char *const rows[][2] = {
	        {"Work", "Work.mbox"},
	        {"work", "work_2.mbox"},
	        {"WORK", "WORK_3.mbox"},
	        {"work_2", "work_2_2.mbox"},
	        {"\xc3\xbc", "\xc3\xbc.mbox"},
	        {"u\xcc\x88", "u\xcc\x88_2.mbox"},
	};
	struct export_names names = {0};
	struct buf out = buf_of(400);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buf_reset(&out);
		names_take(&names, rows[i][0], ".mbox", &out);
		assert_string_equal(buf_str(&out), rows[i][1]);
	}
	names_clear(&names);
	buf_reset(&out);
	names_take_exact(&names, "Work", &out);
	names_take_exact(&names, "work", &out);
	names_take_exact(&names, "Work", &out);
	assert_string_equal(buf_str(&out), "WorkworkWork_2");
	names_clear(&names);
	buf_clear(&out);
}

static size_t clash(const char *component, size_t n)
{
	return names_extension(component, n, ".mbox");
}

static void folders(void **state)
{
	static const char *const rows[][2] = {
	        {"mail/INBOX", "INBOX"},
	        {"mail/INBOX/Work", "INBOX/Work"},
	        {"mail/Work.mbox/x", "Work=2Embox/x"},
	        {"mail/a.MBOX/b.mbox", "a=2EMBOX/b=2Embox"},
	        {"mail/mbox", "mbox"},
	        {"mail/.mbox", "=2Embox"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf out = buf_of(400);

		names_folder(rows[i][0], clash, &out);
		assert_string_equal(buf_str(&out), rows[i][1]);
		buf_reset(&out);
		names_folder(rows[i][0], NULL, &out);
		assert_string_equal(buf_str(&out), rows[i][0] + strlen("mail/"));
		buf_clear(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(items),
	        cmocka_unit_test(twins),
	        cmocka_unit_test(folders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
