#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "valise/base/progress.h"
#include "valise/base/sys.h"

static char dir[64];

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/valise-sys-XXXXXX");
	return mkdtemp(dir) ? chdir(dir) : -1;
}

static int teardown(void **state)
{
	(void)state;
	unlink("a");
	unlink("b");
	unlink("count");
	return chdir("/") || rmdir(dir);
}

static void calls_do_their_work(void **state)
{
	(void)state;
	struct stat st;
	char out[8];
	int fd = sys_openat(AT_FDCWD, "a", O_CREAT | O_RDWR | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(sys_write(fd, "hello", 5), 5);
	assert_int_equal(sys_pwrite(fd, "J", 1, 0), 1);
	assert_int_equal(sys_pread(fd, out, 8, 1), 4);
	assert_memory_equal(out, "ello", 4);
	assert_int_equal(sys_ftruncate(fd, 3), 0);
	assert_int_equal(sys_fsync(fd), 0);
	assert_int_equal(sys_fdatasync(fd), 0);
	assert_int_equal(sys_syncfs(fd), 0);
	assert_int_equal(sys_fchmod(fd, 0640), 0);
	assert_int_equal(sys_close(fd), 0);
	assert_int_equal(sys_close(fd), -1);
	assert_int_equal(sys_utimensat(AT_FDCWD, "a", 837596665), 0);
	assert_int_equal(stat("a", &st), 0);
	assert_int_equal(st.st_mtime, 837596665);
	assert_int_equal(st.st_size, 3);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(sys_linkat(AT_FDCWD, "a", AT_FDCWD, "b"), 0);
	assert_int_equal(sys_linkat(AT_FDCWD, "a", AT_FDCWD, "b"), -1);
	assert_int_equal(errno, EEXIST);
	assert_int_equal(sys_renameat(AT_FDCWD, "b", AT_FDCWD, "a"), 0);
	assert_int_equal(sys_mkdirat(AT_FDCWD, "d", 0700), 0);
	assert_int_equal(sys_unlinkat(AT_FDCWD, "d", AT_REMOVEDIR), 0);
	assert_int_equal(sys_openat(AT_FDCWD, "none", O_RDONLY, 0), -1);
	assert_int_equal(errno, ENOENT);
}

static int ticks, answer;

/* Some interruptions that mean nothing, then a request to stop; in vain, the awaited octet. */
static void tick(int signal)
{
	(void)signal;
	ticks++;
	if (ticks == 3)
		raise(SIGTERM);
	if (ticks == 200 && write(answer, "x", 1) != 1)
		abort();
}

static void a_request_to_stop_ends_a_call(void **state)
{
	(void)state;
	int ends[2], status = 0;
	char c;

	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		struct sigaction act = {.sa_handler = tick};
		struct itimerval every = {{0, 20000}, {0, 20000}};

		answer = ends[1];
		stop_install();
		sigaction(SIGALRM, &act, NULL);
		setitimer(ITIMER_REAL, &every, NULL);
		_exit(sys_read(ends[0], &c, 1) == -1 && errno == EINTR && ticks >= 3 ? 0 : 1);
	}
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void sockets(void **state)
{
	(void)state;
	struct pollfd p = {.events = POLLIN};
	char out[8];
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	p.fd = pair[1];
	assert_int_equal(sys_poll(&p, 1, 0), 0);
	assert_int_equal(sys_send(pair[0], "hi", 2), 2);
	assert_int_equal(sys_poll(&p, 1, 1000), 1);
	assert_int_equal(sys_recv(pair[1], out, sizeof out), 2);
	close(pair[1]);
	/* A closed peer is an error, not a signal. */
	assert_int_equal(sys_send(pair[0], "hi", 2), -1);
	assert_int_equal(errno, EPIPE);
	close(pair[0]);
}

#ifdef VALISE_FAULTS
/* Six calls, of which the child tells how many went wrong and what was written. */
static int work(void)
{
	int fd = sys_openat(AT_FDCWD, "a", O_CREAT | O_RDWR | O_TRUNC, 0600), wrong = fd < 0;
	struct pollfd p = {.fd = -1};

	if (fd < 0)
		fd = open("a", O_CREAT | O_RDWR | O_TRUNC, 0600);
	sys_poll(&p, 1, 0);
	wrong += sys_write(fd, "hello", 5) != 5;
	wrong += sys_fsync(fd) != 0;
	wrong += sys_pwrite(fd, "hello", 5, 0) != 5;
	wrong += sys_close(fd) != 0;
	wrong += sys_renameat(AT_FDCWD, "a", AT_FDCWD, "b") != 0;
	return wrong;
}

static int run(const char *plan)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		setenv("VALISE_FAULT", plan, 1);
		setenv("VALISE_FAULT_COUNT", "count", 1);
		execl("/proc/self/exe", "test", "work", (char *)NULL);
		_exit(99);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static long count(void)
{
	long n = -1;
	FILE *f = fopen("count", "r");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%ld", &n), 1);
	fclose(f);
	return n;
}

static void faults_strike(void **state)
{
	(void)state;
	static const struct {
		const char *plan;
		int want; /* calls that failed, or minus the signal */
	} rows[] = {
	        {"", 0},
	        {"kill:1", -SIGKILL},
	        {"kill:6", -SIGKILL},
	        {"kill:7", 0},
	        {"kill:1:renameat", -SIGKILL},
	        {"kill:2:renameat", 0},
	        {"kill:1:poll", -SIGKILL},
	        {"fail:2:ENOSPC", 1},
	        {"fail:1:EACCES", 1},
	        {"fail:5:EIO", 1},
	        {"failfrom:1:ENOSPC", 6},
	        {"failfrom:4:EDQUOT", 3},
	        {"failfrom:1:ECONNRESET", 0},
	        {"failfrom:1:EACCES", 2},
	        {"short:1", 1},
	        {"short:2", 1},
	        {"short:3", 0},
	        {"fail:1:EWHAT", 2},
	        {"nonsense", 2},
	        {"kill:x", 2},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int got = run(rows[i].plan);

		if (got != rows[i].want)
			print_error("plan %s\n", rows[i].plan);
		assert_int_equal(got, rows[i].want);
	}
}

static void calls_are_counted(void **state)
{
	(void)state;
	assert_int_equal(run(""), 0);
	assert_int_equal(count(), 6);
	assert_int_equal(run("kill:0:fsync"), 0);
	assert_int_equal(count(), 1);
	assert_int_equal(run("short:0"), 0);
	assert_int_equal(count(), 2);
}
#else
static int work(void)
{
	return 0;
}
#endif

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(calls_do_their_work),
	        cmocka_unit_test(sockets),
	        cmocka_unit_test(a_request_to_stop_ends_a_call),
#ifdef VALISE_FAULTS
	        cmocka_unit_test(faults_strike),
	        cmocka_unit_test(calls_are_counted),
#endif
	};

	if (argc > 1 && strcmp(argv[1], "work") == 0)
		return work();
	return cmocka_run_group_tests(tests, setup, teardown);
}
