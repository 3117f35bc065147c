/* The reading process: what it may do, what becomes of it, and what is named when it dies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "outlook/read/fence.h"
#include "valise/base/mem.h"
#include "valise/base/progress.h"

enum { SUBJECT = 0x0037, MANY = 300 };

/* What was visited, as a line a visit. */
struct heard {
	char text[65536];
	size_t n;
	int stop_at; /* an error of the visit at this item; 0: none */
};

static void hear(struct heard *h, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void hear(struct heard *h, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	h->n += (size_t)vsnprintf(h->text + h->n, sizeof h->text - h->n, fmt, args);
	va_end(args);
}

static int on_folder(void *ctx, const struct outlook_folder *f, struct err *err)
{
	(void)err;
	hear(ctx, "folder %s\n", f->path);
	return 0;
}

static int on_item(void *ctx, const struct outlook_folder *f, struct bag *b, struct err *err)
{
	struct heard *h = ctx;
	const char *subject = bag_text(b, SUBJECT);

	hear(h, "%s: %s\n", f->path, subject ? subject : "-");
	if (h->stop_at && subject && atoi(subject) == h->stop_at)
		return err_set(err, ERR_SPACE, ERR_WHOLE, "the disk is full");
	return 0;
}

static void on_lost(void *ctx, const struct outlook_folder *f, const char *shown, const char *why)
{
	hear(ctx, "lost %s, %s: %s\n", f ? f->path : "-", shown ? shown : "-", why);
}

static void say_item(struct reading *r, int n)
{
	char text[64];

	send_step(r->to, r->step);
	(void)snprintf(text, sizeof text, "item %d", n);
	send_text(r->to, FRAME_ITEM, text);
	send_flush(r->to);
	(void)snprintf(text, sizeof text, "%d", n);
	send_prop(r->to, SUBJECT, BAG_STRING8, NULL);
	send_data(r->to, text, strlen(text));
	send_frame(r->to, FRAME_PROP_END, NULL, 0);
}

static void say_folder(struct reading *r, const char *path)
{
	struct outlook_folder f = {.path = path};

	send_step(r->to, r->step);
	send_folder(r->to, &f, SPECIAL_NONE);
	send_flush(r->to);
}

enum harm { NONE, CRASH, HANG, GARBAGE, LEAVE, ENDLESS };

static void do_harm(struct reading *r, enum harm harm)
{
	switch (harm) {
	case CRASH:
		__builtin_trap(); /* a sanitizer would say much of SIGSEGV */
		break;
	case HANG:
		for (;;) {
			struct timespec t = {.tv_sec = 1};

			(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
		}
	case GARBAGE:
		send_flush(r->to);
		(void)write(r->to->fd, "\xff\xff\xff\xff\xff\xff garbage", 14);
		break;
	case LEAVE:
		_exit(7);
	case ENDLESS:
		for (;;)
			send_step(r->to, 1);
	default:
		break;
	}
}

/* Two folders with five items each; whoever reads item ${at} does the harm. */
static void read_ten(struct reading *r, int at, enum harm harm)
{
	int n = 0;

	for (int f = 0; f < 2; f++) {
		if (reading_step(r))
			say_folder(r, f ? "B" : "A");
		for (int i = 0; i < 5; i++) {
			n++;
			if (!reading_step(r) || r->step < r->from)
				continue;
			say_item(r, n);
			if (n == at || at < 0)
				do_harm(r, harm);
			send_frame(r->to, FRAME_ITEM_END, NULL, 0);
		}
	}
}

static void read_well(struct reading *r)
{
	read_ten(r, 0, NONE);
}
static void read_crash(struct reading *r)
{
	read_ten(r, 3, CRASH);
}
static void read_hang(struct reading *r)
{
	read_ten(r, 6, HANG);
}
static void read_garbage(struct reading *r)
{
	read_ten(r, 10, GARBAGE);
}
static void read_leave(struct reading *r)
{
	read_ten(r, 1, LEAVE);
}
static void read_endless(struct reading *r)
{
	read_ten(r, 2, ENDLESS);
}
static void read_all_crash(struct reading *r)
{
	read_ten(r, -1, CRASH);
}
static void read_nothing(struct reading *r)
{
	do_harm(r, LEAVE);
}

static void read_many_crash(struct reading *r)
{
	(void)reading_step(r);
	say_folder(r, "M");
	for (int i = 1; i <= MANY; i++)
		if (reading_step(r) && r->step >= r->from) {
			say_item(r, i);
			do_harm(r, CRASH);
		}
}

/* Dies where it went through the last time. */
static void read_worse(struct reading *r)
{
	if (r->n_dead)
		_exit(1);
	read_ten(r, 2, CRASH);
}

static int hear_all(reading_fn fn, struct heard *h, struct err *err)
{
	const struct outlook_visit visit = {
	        .ctx = h, .folder = on_folder, .item = on_item, .lost = on_lost};
	const struct outlook_read_opts opts = {.deleted = false};
	struct fence_job job = {.opts = &opts, .visit = &visit, .read = fn, .patience_ms = 400};
	int rc;

	job.fd = memfd_create("file", MFD_CLOEXEC);
	assert_true(job.fd >= 0);
	rc = fence_read(&job, err);
	(void)close(job.fd);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left */
	assert_int_equal(errno, ECHILD);
	return rc;
}

static size_t times(const struct heard *h, const char *what)
{
	size_t n = 0;

	for (const char *p = h->text; (p = strstr(p, what)) != NULL; p++)
		n++;
	return n;
}

static void harm_costs_an_item(void **state)
{
	static const struct {
		reading_fn read;
		int lost; /* the item; 0: none */
		const char *why;
	} table[] = {
	        {read_well, 0, ""},
	        {read_crash, 3, "item 3: the process that read it died (signal 4"},
	        {read_hang, 6, "item 6: nothing came of it for 0 seconds"},
	        {read_garbage, 10, "item 10: the reading process says what makes no sense"},
	        {read_leave, 1, "item 1: the process that read it ended (status 7)"},
	        {read_endless, 2, "item 2: the reading process says what makes no sense"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct heard *h = xcalloc(1, sizeof *h);
		struct err err = {.code = ERR_OK};
		char line[32];

		assert_int_equal(hear_all(table[i].read, h, &err), 0);
		assert_int_equal(times(h, "folder "), 2);
		for (int n = 1; n <= 10; n++) {
			(void)snprintf(line, sizeof line, "%s: %d\n", n > 5 ? "B" : "A", n);
			if (times(h, line) != (n != table[i].lost))
				fail_msg("case %zu, item %d:\n%s", i, n, h->text);
		}
		if (times(h, "lost ") != (table[i].lost != 0) || !strstr(h->text, table[i].why))
			fail_msg("case %zu:\n%s", i, h->text);
		free(h);
	}
}

static void deaths_have_an_end(void **state)
{
	struct heard *h = xcalloc(1, sizeof *h);
	struct err err = {.code = ERR_OK};

	(void)state;
	assert_int_equal(hear_all(read_all_crash, h, &err), 0);
	assert_int_equal(times(h, "lost "), 10);
	assert_int_equal(times(h, "lost A"), 5);
	memset(h, 0, sizeof *h);
	assert_int_equal(hear_all(read_many_crash, h, &err), 0);
	assert_int_equal(times(h, "lost "), 101);
	assert_int_equal(times(h, "what comes after it was not read"), 1);
	memset(h, 0, sizeof *h);
	assert_int_equal(hear_all(read_nothing, h, &err), 0);
	assert_int_equal(times(h, "lost -, -: "), 1);
	memset(h, 0, sizeof *h);
	assert_int_equal(hear_all(read_worse, h, &err), 0);
	assert_int_equal(times(h, "A: 1\n"), 1);
	assert_int_equal(times(h, "what comes after it was not read"), 1);
	free(h);
}

static void errors_of_the_visit_end_it(void **state)
{
	struct heard *h = xcalloc(1, sizeof *h);
	struct err err = {.code = ERR_OK};

	(void)state;
	h->stop_at = 4;
	assert_int_equal(hear_all(read_well, h, &err), ERR_SPACE);
	assert_int_equal(err.scope, ERR_WHOLE);
	assert_int_equal(times(h, "A: 5"), 0);
	assert_int_equal(times(h, "lost "), 0);
	free(h);
}

/* ---- what it may do ---- */

static int other_fd;

static void read_beyond(struct reading *r)
{
	uint8_t octet = 0;
	int fd = open("/proc/self/status", O_RDONLY);
	int made = open("/tmp/valise-fence-test", O_CREAT | O_WRONLY, 0600);
	int net = socket(AF_UNIX, SOCK_STREAM, 0);
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	(void)reading_step(r);
	say_folder(r, "X");
	send_lost(r->to, 0, "open %d, create %d, socket %d, fork %d, other %d, kill %d, file %d",
	        fd >= 0, made >= 0, net >= 0, child > 0, write(other_fd, "x", 1) > 0,
	        kill(getppid(), 0) == 0, pread(r->fd, &octet, 1, 0) == 0);
}

static void it_reaches_nothing_else(void **state)
{
	struct heard *h = xcalloc(1, sizeof *h);
	struct err err = {.code = ERR_OK};

	(void)state;
	other_fd = memfd_create("other", MFD_CLOEXEC);
	assert_int_equal(hear_all(read_beyond, h, &err), 0);
	if (!strstr(h->text, "open 0, create 0, socket 0, fork 0, other 0, kill 0, file 1"))
		fail_msg("%s", h->text);
	assert_int_equal(lseek(other_fd, 0, SEEK_END), 0);
	(void)close(other_fd);
	free(h);
}

/* The last one: the request stays. */
static void a_stop_ends_it(void **state)
{
	struct heard *h = xcalloc(1, sizeof *h);
	struct err err = {.code = ERR_OK};

	(void)state;
	stop_install();
	(void)raise(SIGINT);
	assert_int_equal(hear_all(read_hang, h, &err), ERR_STOPPED);
	assert_int_equal(times(h, "lost "), 0);
	free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(harm_costs_an_item),
	        cmocka_unit_test(deaths_have_an_end),
	        cmocka_unit_test(errors_of_the_visit_end_it),
	        cmocka_unit_test(it_reaches_nothing_else),
	        cmocka_unit_test(a_stop_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
