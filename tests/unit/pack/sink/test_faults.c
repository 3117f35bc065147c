/*
 * A run that is killed at its n-th call of the seam, or whose n-th call fails, for every
 * n: what was sealed stays sound, and the next run ends with the same state as one that
 * nothing happened to.
 */
#include "pack/archive_help.h"
#include <sys/wait.h>

static struct fake_coll first[] = {
        {.name = "A", .text = {"1", "2"}, .fill = 300000}, {.name = "B", .text = {"3"}}, {0}};
static struct fake_coll second[] = {
        {.name = "A", .text = {"1", "2", "4"}, .fill = 300000}, {.name = "C", .text = {"3"}}, {0}};

enum { DONE = 0, FAILED = 10 };

/* The child: one run, its errors not asserted. */
static int run_once(const char *archive, const struct fake_coll *c)
{
	struct fake f = {.opts = {.created = 1800000000, .workers = 1, .batch_bytes = 1}};
	struct tree_sink *s = NULL;
	int rc;

	snprintf(f.archive, sizeof f.archive, "%s", archive);
	f.account.name = xstrdup("alice");
	tree_account_add(&f.account, "imap", "mail.old.example", 993, "alice");
	rc = archive_sink(f.archive, &f.account, &f.opts, NULL, &s, &f.err);
	for (; rc == 0 && c->name; c++) {
		struct tree_coll *coll = tree_coll_new(COLL_MAIL, c->name), *prev[2] = {NULL};

		coll->uidvalidity = 7;
		for (unsigned i = 0; i < 2 && rc == 0; i++)
			rc = s->ops->prev(s, i ? PREV_RUN : PREV_SNAPSHOT, COLL_MAIL, c->name,
			        &prev[i], &f.err);
		for (uint32_t uid = 1; rc == 0 && c->text[uid - 1]; uid++) {
			struct tree_item it = {.uid = uid, .date_utc = uid};
			const struct tree_item *was = prev[0] ? tree_coll_find(prev[0], uid) : NULL;
			struct tree_object o;
			struct tree_body *b;

			if (!was && prev[1])
				was = tree_coll_find(prev[1], uid);
			if (!was && (rc = s->ops->body_open(s, COLL_MAIL, &b, &f.err)) == 0) {
				char *fill = calloc(1, c->fill + 1);

				memset(fill, c->text[uid - 1][0], c->fill);
				rc = s->ops->body_write(b, c->text[uid - 1], 1, &f.err);
				if (rc == 0)
					rc = s->ops->body_write(b, fill, c->fill, &f.err);
				free(fill);
				if (rc == 0)
					rc = s->ops->body_close(b, &o, &f.err);
				else
					s->ops->body_abort(b);
			}
			if (rc == 0) {
				memcpy(it.sha256, was ? was->sha256 : o.sha256, SHA256_LEN);
				it.size = was ? was->size : o.size;
				rc = s->ops->item(s, coll, &it, &f.err);
			}
		}
		tree_coll_free(prev[0]);
		tree_coll_free(prev[1]);
		if (rc == 0)
			rc = s->ops->coll(s, coll, &f.err);
		else
			tree_coll_free(coll);
	}
	if (rc == 0)
		rc = s->ops->commit(s, &f.commit, &f.err);
	if (s)
		s->ops->free(s);
	tree_account_clear(&f.account);
	return rc ? FAILED : DONE;
}

static int spawn(const struct fake *f, const char *which, const char *fault)
{
	int status = -1;
	pid_t child;

	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (fault)
			setenv("VALISE_FAULT", fault, 1);
		else
			unsetenv("VALISE_FAULT");
		execl("/proc/self/exe", "test_faults", which, f->archive, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGKILL ? 137 : 1;
	return WEXITSTATUS(status);
}

/*
 * The newest snapshot: sound, whatever else lies about; its state root. False if there is
 * none.
 */
static bool look(struct fake *f, uint8_t state[SHA256_LEN], unsigned *snapshots)
{
	struct archive_snapshot *list = NULL;
	size_t n = 0;
	int rc = fake_verify(f);

	*snapshots = 0;
	if (rc == ERR_NO_ARCHIVE)
		return false;
	if (rc || f->verdict.damages)
		print_message("%s\n%s", f->err.text, f->findings);
	assert_int_equal(rc, 0);
	assert_int_equal(f->verdict.damages, 0);
	assert_int_equal(archive_snapshots(f->archive, &list, &n, &f->err), 0);
	*snapshots = (unsigned)n;
	memcpy(state, list[n - 1].totals.state, SHA256_LEN);
	free(list);
	return true;
}

/* An undisturbed run; how many calls of the seam it took. */
static unsigned count_calls(const struct fake *f, const char *which)
{
	char path[96], text[32] = "";
	FILE *from;

	snprintf(path, sizeof path, "%s/count", f->path);
	setenv("VALISE_FAULT_COUNT", path, 1);
	assert_int_equal(spawn(f, which, "kill:0"), DONE);
	unsetenv("VALISE_FAULT_COUNT");
	from = fopen(path, "r");
	assert_non_null(from);
	assert_non_null(fgets(text, sizeof text, from));
	fclose(from);
	return (unsigned)strtoul(text, NULL, 10);
}

static void copy_archive(const struct fake *f, const char *from, const char *to)
{
	char *cmd = xasprintf(
	        "rm -rf '%s/%s' && cp -a '%s/%s' '%s/%s'", f->path, to, f->path, from, f->path, to);

	assert_int_equal(system(cmd), 0);
	free(cmd);
}

/* For rising n until a run ends unharmed. ${fault}: "kill:%u". */
static void for_every_call(
        struct fake *f, const char *which, const char *fault, const char *start, unsigned step)
{
	uint8_t want[SHA256_LEN], have[SHA256_LEN];
	unsigned want_n, n, snapshots, at, calls;

	snprintf(f->archive, sizeof f->archive, "%s/undisturbed", f->path);
	if (start)
		copy_archive(f, start, "undisturbed");
	calls = count_calls(f, which);
	assert_true(look(f, want, &want_n));
	assert_int_equal(dir_remove(AT_FDCWD, f->archive, &f->err), 0);
	/* VALISE_EVERY: really every one, which takes minutes. */
	step = getenv("VALISE_EVERY") ? 1 : SANITIZED ? step * 5 : step;
	for (at = 1; at < 5000; at += step) {
		char plan[64], path[96];
		int rc;

		snprintf(f->archive, sizeof f->archive, "%s/x", f->path);
		snprintf(path, sizeof path, "%s", f->archive);
		assert_int_equal(dir_remove(AT_FDCWD, path, &f->err), 0);
		if (start)
			copy_archive(f, start, "x");
		snprintf(plan, sizeof plan, fault, at);
		rc = spawn(f, which, plan);
		assert_true(rc == DONE || rc == FAILED || rc == 137);
		if (!look(f, have, &n))
			assert_null(start);
		if (spawn(f, which, NULL) != DONE)
			fail_msg("%s: the next run fails", plan);
		assert_true(look(f, have, &snapshots));
		if (memcmp(have, want, SHA256_LEN) != 0 || snapshots != want_n ||
		        fake_exists(f, ".work") || f->verdict.notes)
			fail_msg("%s: not the state of an undisturbed run (%u snapshots)\n%s", plan,
			        snapshots, f->findings);
		if (rc == DONE && at > calls)
			break;
	}
	print_message("%s %s: up to call %u\n", which, fault, at);
}

static void make_start(struct fake *f)
{
	snprintf(f->archive, sizeof f->archive, "%s/start", f->path);
	assert_int_equal(spawn(f, "first", NULL), DONE);
}

static void test_killed_in_the_first_run(void **state)
{
	for_every_call(*state, "first", "kill:%u", NULL, 7);
}

static void test_killed_in_the_second_run(void **state)
{
	make_start(*state);
	for_every_call(*state, "second", "kill:%u", "start", 7);
}

static void test_no_space(void **state)
{
	for_every_call(*state, "first", "fail:%u:ENOSPC", NULL, 17);
	make_start(*state);
	for_every_call(*state, "second", "failfrom:%u:ENOSPC", "start", 17);
}

static void test_broken_disk(void **state)
{
	for_every_call(*state, "first", "fail:%u:EIO", NULL, 17);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	        T(test_killed_in_the_first_run),
	        T(test_killed_in_the_second_run),
	        T(test_no_space),
	        T(test_broken_disk),
	};

	if (argc == 3)
		return run_once(argv[2], strcmp(argv[1], "first") == 0 ? first : second);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
