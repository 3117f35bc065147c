/* What earlier runs know of a maildrop: claims, the tally, and the file of UIDLs. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "fetch/pop3/run.h"

static const uint8_t *sum(uint8_t n)
{
	static uint8_t out[4][SHA256_LEN];
	static unsigned at;
	uint8_t *s = out[at++ % 4];

	memset(s, n, SHA256_LEN);
	return s;
}

static void add(struct tree_coll *c, uint32_t uid, const char *uidl, uint64_t size, uint16_t warn,
        uint8_t content)
{
	struct tree_item it = {.uid = uid, .size = size, .warn = warn};

	memcpy(it.sha256, sum(content), SHA256_LEN);
	if (uidl)
		tree_coll_ext(c, &it.ext)->uid = xstrdup(uidl);
	tree_coll_add(c, &it);
}

static struct known *three_items(void)
{
	struct tree_coll *c = tree_coll_new(COLL_MAIL, "INBOX");

	add(c, 1, "a", 10, 0, 1);
	add(c, 2, "b", 20, WARN_SIZE, 2);
	add(c, 9, NULL, 30, 0, 1);
	return known_new(c);
}

static void test_claims(void **state)
{
	static const struct {
		const char *uidl; /* NULL: by content */
		uint64_t size;
		bool exact;
		uint8_t content;
		uint32_t uid, again; /* claimed, and by the same once more; 0: none */
	} cases[] = {
	        {"a", 10, false, 0, 1, 0},
	        {"a", 11, false, 0, 0, 0}, /* it came back for another message */
	        {"b", 99, false, 0, 2, 0}, /* its size lied before */
	        {"b", 99, true, 0, 0, 0},
	        {"c", 10, false, 0, 0, 0},
	        {NULL, 0, false, 2, 2, 0},
	        {NULL, 0, false, 3, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct known *k = three_items();

		for (int turn = 0; turn < 2; turn++) {
			const struct tree_item *it =
			        cases[i].uidl ? known_claim_uidl(k, cases[i].uidl, cases[i].size,
			                                cases[i].exact)
			                      : known_claim_content(k, sum(cases[i].content));

			assert_int_equal(it ? it->uid : 0, turn ? cases[i].again : cases[i].uid);
		}
		known_free(k);
	}
}

static void test_rest(void **state)
{
	struct known *k = three_items();
	const char *uidl;
	size_t at = 0;

	(void)state;
	assert_int_equal(known_count(k), 3);
	assert_int_equal(known_next_uid(k), 10);
	/* two have this content: each is claimed once */
	assert_non_null(known_claim_content(k, sum(1)));
	assert_non_null(known_claim_content(k, sum(1)));
	assert_null(known_claim_content(k, sum(1)));
	assert_int_equal(known_unclaimed(k, &at, &uidl)->uid, 2);
	assert_string_equal(uidl, "b");
	assert_null(known_unclaimed(k, &at, &uidl));
	known_free(k);
	assert_int_equal(known_count(NULL), 0);
	assert_int_equal(known_next_uid(NULL), 1);
	assert_null(known_claim_uidl(NULL, "a", 1, false));
	assert_null(known_claim_content(NULL, sum(1)));
}

/* Contents of listings, each listing ended by a blank; which of them are new. */
static void test_tally(void **state)
{
	static const struct {
		const char *listed, *fresh;
	} cases[] = {
	        {"abc", "yyy"},
	        {"aa", "yy"}, /* two messages of one content */
	        {"ab ab", "yy nn"},
	        {"a aa", "y ny"}, /* one more than before */
	        {"aa a aaa", "yy n nny"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tally *t = tally_new();

		for (size_t k = 0; cases[i].listed[k]; k++) {
			if (cases[i].listed[k] == ' ')
				tally_pass(t);
			else if (tally_add(t, sum((uint8_t)cases[i].listed[k])) !=
			         (cases[i].fresh[k] == 'y'))
				fail_msg("case %zu, %zu", i, k);
		}
		tally_free(t);
	}
}

static void test_seen_file(void **state)
{
	const struct service service = {.at = {.host = "h", .port = 995}, .login = {.user = "u"}};
	struct service other = service;
	char dir[] = "/tmp/valise-known-XXXXXX", path[200];
	struct err err = {0};
	struct seen_file *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_null(seen_file_open(NULL, &service));
	f = seen_file_open(dir, &service);
	assert_null(seen_file_find(f, "a", 1));
	seen_file_add(f, "a b", 10, sum(1));
	seen_file_add(f, NULL, 10, sum(2));
	assert_int_equal(seen_file_write(f, &err), 0);
	seen_file_free(f);
	other.at.port = 110; /* the same maildrop */
	f = seen_file_open(dir, &other);
	assert_memory_equal(seen_file_find(f, "a b", 10), sum(1), SHA256_LEN);
	assert_null(seen_file_find(f, "a b", 11));
	assert_null(seen_file_find(f, "a", 10));
	assert_int_equal(seen_file_write(f, &err), 0); /* what was not seen again goes */
	seen_file_free(f);
	f = seen_file_open(dir, &service);
	assert_null(seen_file_find(f, "a b", 10));
	seen_file_free(f);
	other.at.port = 2995; /* another one */
	f = seen_file_open(dir, &other);
	seen_file_add(f, "c", 10, sum(3));
	assert_int_equal(seen_file_write(f, &err), 0);
	seen_file_free(f);
	snprintf(path, sizeof path, "rm -r %s", dir);
	assert_int_equal(system(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_claims),
	        cmocka_unit_test(test_rest),
	        cmocka_unit_test(test_tally),
	        cmocka_unit_test(test_seen_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
