/* GNU tar, bsdtar and gzip read parts, by hand as a user would. */
#include "parts_help.h"

static void run(const struct scratch *s, const char *command)
{
	char line[1000];

	snprintf(line, sizeof line, "cd %s && (%s) >out.txt 2>&1 || { cat out.txt; false; }",
	        s->path, command);
	if (system(line) != 0)
		fail_msg("%s", command);
}

static void tools(void **state)
{
	struct scratch s;
	struct object o[40];

	(void)state;
	scratch_open(&s);
	for (uint32_t i = 0; i < 40; i++)
		o[i] = object_make(i == 20 ? 10u << 20 : i * 3001u, i);
	assert_int_equal(write_all(&s, o, 40, 2, 11u << 20), 2);
	run(&s, "gzip -t part-*.tar.gz");
	run(&s, "mkdir gnu bsd");
	run(&s, "for p in part-*; do tar -xzf $p -C gnu || exit; bsdtar -xf $p -C bsd || exit; "
	        "done");
	run(&s, "diff -r gnu bsd");
	run(&s, "cd gnu && test $(find objects -type f -perm 600 | wc -l) = 40");
	run(&s, "cd gnu && find objects -type f | sed 's|.*/\\([0-9a-f]*\\)\\..*|\\1  &|' | "
	        "sha256sum -c --strict");
	run(&s, "gzip -l part-000001.tar.gz");
	scratch_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(tools)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
