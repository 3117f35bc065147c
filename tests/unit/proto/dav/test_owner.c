#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "valise/proto/dav/discover.h"

#define ME DAV_OWNER_ME
#define OTHER DAV_OWNER_OTHER
#define UNSAID DAV_OWNER_UNSAID

static void owners_are_identities(void **state)
{
	(void)state;
	static const struct {
		const char *owner, *me, *user;
		enum dav_owner want;
	} rows[] = {
	        {"/p/alice/", "https://h/p/alice/", "alice", ME},
	        {"https://h/p/alice", "https://h/p/alice/", "alice", ME},
	        {"http://backend.internal:8080/p/alice/", "https://h/p/alice/", "alice", ME},
	        {"//backend/p/alice/", "https://h/p/alice/", "x", ME},
	        {"/p/ALICE/", "https://h/p/alice/", "alice", ME},
	        {"/p/users/alice/", "https://h/p/alice/", NULL, ME},
	        {"/p/alice/", "https://h/p/users/alice/", NULL, ME},
	        {"/p/__uids__/alice/", "https://h/p/users/alice/", NULL, ME},
	        {"/p/alice/user/", "https://h/p/alice/", NULL, ME},
	        {"/v2/alice%40gmail.com/user", "https://h/v2/alice@gmail.com/", NULL, ME},
	        {"/p/alice@example.org/", "https://h/p/alice/", NULL, ME},
	        {"/p/alice/", "https://h/p/alice@example.org/", NULL, ME},
	        {"mailto:alice@example.org", "https://h/p/alice/", NULL, ME},
	        {"alice", "https://h/p/alice/", NULL, ME},
	        {"/u/alice", "https://h/p/4711/", "alice@example.org", ME},
	        {"/123456/principal/", "https://p07/123456/principal/", "a@icloud.example", ME},
	        {"/p/m%C3%BCller/", "https://h/p/m\xc3\xbcller", NULL, ME},
	        {"/p/bob/", "https://h/p/alice/", "alice", OTHER},
	        {"http://x.example/p/users/bob/", "https://h/p/alice/", "alice", OTHER},
	        {"/p/bob@example.org/", "https://h/p/alice@example.org/", NULL, OTHER},
	        {"/p/alice@two.example/", "https://h/p/alice@one.example/", NULL, OTHER},
	        {"/p/alic/", "https://h/p/alice/", NULL, OTHER},
	        {"/654321/principal/", "https://p07/123456/principal/", NULL, OTHER},
	        {"/p/groups/alice/", "https://h/p/users/alice/", "alice", OTHER},
	        {"/p/__uids__/0815f00d-0000-4711-8888-0123456789ab/", "https://h/p/alice/", "alice",
	                UNSAID},
	        {"urn:uuid:0815f00d-0000-4711-8888-0123456789ab", "https://h/p/a/", "a", UNSAID},
	        {"Alice Example", "https://h/p/alice/", "alice", UNSAID},
	        {"mailto:a.smith@example.org", "https://h/p/alice/", "alice", UNSAID},
	        {"/p/smith@example.org/", "https://h/p/alice/", "alice", UNSAID},
	        {"/", "https://h/p/alice/", "alice", UNSAID},
	        {"/users/", "https://h/p/alice/", "alice", UNSAID},
	        {"/p/bob/", NULL, NULL, UNSAID},
	        {"", "", "", UNSAID},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (dav_owner_of(rows[i].owner, rows[i].me, rows[i].user) != rows[i].want)
			fail_msg("owner %s of %s", rows[i].owner, rows[i].me ? rows[i].me : "-");
}

static int look(void *ctx, struct dav_response *r, struct err *err)
{
	char *home = (char *)(uintptr_t) "https://h/cal/alice/";
	const struct dav_home h = {
	        &home, 1, false, false, (char *)(uintptr_t) "https://h/p/alice/", NULL, NULL};

	(void)err;
	*(bool *)ctx = dav_is_foreign(r, &h, "alice");
	return 0;
}

/* Where the owner's form tells nothing, the place and the privileges do. */
static void whose_it_is(void **state)
{
	(void)state;
	static const struct {
		const char *href, *owner, *privilege, *type;
		bool foreign;
	} rows[] = {
	        {"/cal/alice/work/", "/p/bob/", "all", "", true},
	        {"/cal/alice/work/", "/p/__uids__/4711-4711/", "all", "", false},
	        {"/cal/alice/work/", "/p/__uids__/4711-4711/", "read", "", true},
	        {"/cal/team/work/", "/p/__uids__/4711-4711/", "all", "", true},
	        {"/cal/team/work/", "/p/users/alice", "read", "", false},
	        {"/cal/alice/work/", "/p/alice/", "all", "<s:shared/>", true},
	        {"/cal/alice/work/", "", "read", "", false},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char xml[2000];
		bool foreign = !rows[i].foreign;
		int n = snprintf(xml, sizeof xml,
		        "<d:multistatus xmlns:d='DAV:' xmlns:s='" NS_CS "'><d:response>"
		        "<d:href>%s</d:href><d:propstat><d:prop><d:owner><d:href>%s</d:href></"
		        "d:owner>"
		        "<d:resourcetype><d:collection/>%s</d:resourcetype>"
		        "<d:current-user-privilege-set><d:privilege><d:%s/></d:privilege>"
		        "</d:current-user-privilege-set></d:prop></d:propstat></d:response>"
		        "</d:multistatus>",
		        rows[i].href, rows[i].owner, rows[i].type, rows[i].privilege);

		assert_int_equal(dav_parse("https://h/cal/alice/", xml, (size_t)n, look, &foreign,
		                         NULL, NULL),
		        0);
		if (foreign != rows[i].foreign)
			fail_msg("row %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(owners_are_identities),
	        cmocka_unit_test(whose_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
