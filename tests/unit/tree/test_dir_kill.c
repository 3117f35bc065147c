/*
 * Any moment is safe to die: a run is killed just before its n-th call of the seam, for rising n, then run again. The
 * tree must come out as if nothing had happened. The program starts itself for the run that dies.
 */
#include "boxes.h"
#include <signal.h>
#include <sys/wait.h>

static const struct box before[] = {
        {"A", {{1, "one", 10, 0}, {2, "two", 20, FLAG_SEEN}, {3, "three", 30, 0}}},
        {"B", {{1, "one", 10, 0}}},
        {"Gone", {{5, "two", 20, 0}}},
};
static const struct box after[] = {
        {"A", {{1, "one", 10, FLAG_SEEN}, {3, "three", 30, 0}, {4, "four", 40, 0},
                      {6, "four", 40, 0}}},
        {"B", {{1, "one", 10, 0}, {2, "two", 20, 0}}},
        {"New/Sub", {{1, "five", 50, FLAG_FLAGGED}}},
};

static int child(const char *path, const char *which)
{
	strncpy(tree, path, sizeof tree - 1);
	if (*which == 'b')
		run(before, 3);
	else
		run(after, 3);
	return 0;
}

/* True if the run was killed, false if it came to its end. */
static bool run_killed(const char *which, unsigned n)
{
	char fault[32];
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		snprintf(fault, sizeof fault, "kill:%u", n);
		setenv("VALISE_FAULT", fault, 1);
		execl("/proc/self/exe", "test", "child", tree, which, (char *)NULL);
		_exit(99);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return true;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	return false;
}

/* Every file below the tree but for the lock, with its content, as one text. */
static void describe(const char *path, struct buf *out)
{
	char **names;
	size_t n;

	OK(dir_list(AT_FDCWD, at(path), &names, &n, &err));
	for (size_t i = 0; i < n; i++) {
		char *sub = xasprintf("%s/%s", path, names[i]);
		struct stat st;

		assert_int_equal(lstat(at(sub), &st), 0);
		if (S_ISDIR(st.st_mode)) {
			buf_putf(out, "%s/\n", sub);
			describe(sub, out);
		} else {
			char *text = text_of(sub);

			buf_putf(out, "%s %lld %s\n", sub,
			        strncmp(sub, "./mail", 6) == 0 ? (long long)st.st_mtime : 0LL,
			        text);
			free(text);
		}
		free(sub);
		free(names[i]);
	}
	free(names);
}

static char *describe_tree(void)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	describe(".", &b);
	return buf_take(&b);
}

static void kill_each(bool first_run)
{
	const char *env = getenv("VALISE_KILL_STEP");
	unsigned n = 1, step = env ? (unsigned)atoi(env) : 4; /* 1: every call, a minute */
	char *want = NULL, *have;

	for (;;) {
		bool killed;

		assert_int_equal(setup(NULL), 0);
		if (!first_run)
			run(before, 3);
		killed = run_killed(first_run ? "b" : "a", n);
		if (first_run)
			run(before, 3);
		else
			run(after, 3);
		have = describe_tree();
		if (n == 1)
			want = xstrdup(have); /* nothing had happened yet */
		if (strcmp(have, want) != 0) {
			fprintf(stderr, "%s\nnot\n%s\n", have, want);
			fail_msg("killed before call %u", n);
		}
		free(have);
		read_all(NULL);
		assert_int_equal(teardown(NULL), 0);
		if (!killed)
			break;
		n += step;
	}
	assert_true(n > 100);
	free(want);
}

static void the_first_run(void **state)
{
	(void)state;
	kill_each(true);
}

static void a_later_run(void **state)
{
	(void)state;
	kill_each(false);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_first_run),
	        cmocka_unit_test(a_later_run),
	};

	if (argc == 4 && strcmp(argv[1], "child") == 0)
		return child(argv[2], argv[3]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
