/*
 * Any moment is safe to die: a run is killed just before its n-th call of the seam, or
 * that call fails, for rising n; then it is run again. The tree must come out as if
 * nothing had happened. The program starts itself for the run that dies.
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

/* Starts a run with a variable of the seam set; returns its wait status. */
static int run_child(const char *which, const char *variable, const char *value)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		setenv(variable, value, 1);
		execl("/proc/self/exe", "test", "child", tree, which, (char *)NULL);
		_exit(99);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* The calls that an undisturbed run makes. */
static unsigned count_calls(bool first)
{
	char *file, *text;
	unsigned n;

	assert_int_equal(setup(NULL), 0);
	if (!first)
		run(before, 3);
	file = xasprintf("%s.count", tree);
	assert_int_equal(run_child(first ? "b" : "a", "VALISE_FAULT_COUNT", file), 0);
	assert_int_equal(teardown(NULL), 0);
	*tree = '\0';
	text = text_of(file);
	n = (unsigned)atoi(text);
	unlink(file);
	free(text);
	free(file);
	return n;
}

/* Every file below the tree but for the lock, with its content, as one text. */
static void describe(const char *path, bool times, struct buf *out)
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
			describe(sub, times, out);
		} else {
			char *text = text_of(sub);

			buf_putf(out, "%s %lld %s\n", sub,
			        times && strncmp(sub, "./mail", 6) == 0 ? (long long)st.st_mtime
			                                                : 0LL,
			        text);
			free(text);
		}
		free(sub);
		free(names[i]);
	}
	free(names);
}

static char *describe_tree(bool times)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	describe(".", times, &b);
	return buf_take(&b);
}

static void run_plain(bool first)
{
	if (first)
		run(before, 3);
	else
		run(after, 3);
}

/*
 * What comes of a fault at call ${n} and a second run. ${end} is of the fault's text:
 * ":ENOSPC".
 */
static char *fault_one(bool first, const char *kind, unsigned n, const char *end)
{
	char *fault = xasprintf("%s:%u%s", kind, n, end), *have;
	int status;

	assert_int_equal(setup(NULL), 0);
	if (!first)
		run(before, 3);
	status = run_child(first ? "b" : "a", "VALISE_FAULT", fault);
	if (*end == '\0')
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	run_plain(first);
	/* A time that cannot be set is no error. */
	have = describe_tree(*end == '\0');
	read_all(NULL);
	assert_int_equal(teardown(NULL), 0);
	free(fault);
	return have;
}

static void fault_each(bool first, const char *kind, const char *end)
{
	const char *env = getenv("VALISE_FAULT_STEP");
	unsigned step = env ? (unsigned)atoi(env) : 9; /* 1: every call, a minute */
	unsigned calls = count_calls(first);
	char *want = NULL;

	assert_true(calls > 100);
	for (unsigned n = 1; n <= calls; n += step) {
		char *have = fault_one(first, kind, n, end);

		/* n is 1: nothing had happened yet */
		if (!want)
			want = xstrdup(have);
		if (strcmp(have, want) != 0) {
			fprintf(stderr, "%s\nnot\n%s\n", have, want);
			fail_msg("%s at call %u", kind, n);
		}
		free(have);
	}
	free(want);
}

static void the_first_run_killed(void **state)
{
	(void)state;
	fault_each(true, "kill", "");
}

static void a_later_run_killed(void **state)
{
	(void)state;
	fault_each(false, "kill", "");
}

static void calls_fail(void **state)
{
	(void)state;
	fault_each(true, "fail", ":EIO");
	fault_each(false, "fail", ":ENOSPC");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_first_run_killed),
	        cmocka_unit_test(a_later_run_killed),
	        cmocka_unit_test(calls_fail),
	};

	if (argc == 4 && strcmp(argv[1], "child") == 0)
		return child(argv[2], argv[3]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
