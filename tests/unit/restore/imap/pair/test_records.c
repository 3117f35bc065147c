/* A look believes a record of the restore journal only where the listing agrees with it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <unistd.h>
#include "restore/imap/mailbox.h"

static char path[] = "/tmp/valise-test-XXXXXX";

static int setup(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

static void looked(void *ctx, const struct tree_coll *c, const struct tree_item *it,
        const struct target_look *look)
{
	(void)ctx;
	(void)c;
	(void)it;
	(void)look;
}

/* ${records}: "1=3!": item 1 is UID 3; "!": with other octets, "~": in another form. */
static void fill_journal(const char *records, const char *id)
{
	struct kept_journal *k = NULL;
	struct err err = {0};
	unsigned item, uid;
	int end;

	assert_int_equal(kept_open(path, id, false, &k, &err), 0);
	for (; sscanf(records, " %u=%u%n", &item, &uid, &end) == 2; records += end) {
		struct kept one = {.uidvalidity = 7, .uid = uid, .src_uid = item, .date_utc = 1};

		one.sha256[0] = (uint8_t)item;
		one.octets = records[end] == '!';
		one.form = records[end] == '~';
		end += one.octets || one.form;
		assert_int_equal(kept_put(k, "INBOX", &one, 1, &err), 0);
	}
	kept_free(k);
}

static void believes(void **state)
{
	/* ${pairs}: the UID of each item, 0: it is not paired; ${also}: WARN_ of item 1 */
	static const struct {
		const char *what, *items, *there, *records, *pairs;
		unsigned warn;
		uint32_t uidvalidity;
	} cases[] = {
	        {"as it was sent", "10.1 20.1", "3:10.1 4:20.1", "1=3 2=4", "34", 0, 7},
	        {"with others beside", "10.1", "2:9.9 3:10.1", "1=3", "3", 0, 7},
	        {"of another size", "10.1", "3:12.1", "1=3", "0", 0, 7},
	        {"of another date", "10.1", "3:10.2", "1=3", "0", 0, 7},
	        {"not listed", "10.1", "4:10.1", "1=3", "0", 0, 7},
	        {"no record", "10.1", "3:10.1", "", "0", 0, 7},
	        {"UIDVALIDITY is another one", "10.1", "3:10.1", "1=3", "0", 0, 8},
	        {"with other octets", "10.1", "3:10.1", "1=3!", "0", 0, 7},
	        {"in another form", "10.1", "3:10.1", "1=3~", "0", 0, 7},
	        {"with NUL", "10.1", "3:10.1", "1=3", "0", WARN_NUL, 7},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mailbox m;
		struct err err = {0};
		char id[20];
		bool all = true;

		snprintf(id, sizeof id, "archive %zu", i);
		fill_journal(cases[i].records, id);
		mailbox_init(&m, cases[i].items, cases[i].there);
		m.opts.looked = looked;
		m.box.sel.uidvalidity = cases[i].uidvalidity;
		m.box.coll->items[0].warn = (uint16_t)cases[i].warn;
		assert_int_equal(kept_open(path, id, true, &m.run.journal, &err), 0);
		for (const char *p = cases[i].pairs; *p; p++)
			all = all && *p != '0';
		if (box_pair_listed(&m.box) != all)
			fail_msg("%s", cases[i].what);
		for (size_t k = 0; cases[i].pairs[k]; k++) {
			uint32_t at = m.box.on_target[k];

			if ((at ? m.there[at - 1].uid : 0) != (uint32_t)(cases[i].pairs[k] - '0'))
				fail_msg("%s", cases[i].what);
		}
		kept_free(m.run.journal);
		free(m.box.on_target);
		free(m.box.claimed);
		mailbox_clear(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(believes, setup, teardown)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
