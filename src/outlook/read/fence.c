/* The reading process: started, heard, ended, and replaced when it dies of what it reads. */
#include "outlook/read/fence.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "outlook/read/gather.h"
#include "valise/base/child.h"
#include "valise/base/clock.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/progress.h"
#include "valise/base/sys.h"

enum {
	POLL_MS = 500,
	MEMORY_BASE = 512 << 20,
	CPU_S = 600, /* it may take so long in all, and a second more for so many octets */
	CPU_OCTETS = 256 << 10,
};

/* What libraries make of a value: they hold it two or three times. */
static uint64_t memory_of(uint64_t size)
{
	return MEMORY_BASE + 4 * MIN(size, (uint64_t)8 << 30);
}

bool reading_step(struct reading *r)
{
	r->step++;
	for (size_t i = 0; i < r->n_dead; i++)
		if (r->dead[i] == r->step)
			return false;
	return true;
}

/* Signals as usual: the parent's handlers mean nothing here. ^C is the parent's to judge. */
static void usual_signals(void)
{
	static const int usual[] = {
		SIGTERM,
		SIGPIPE,
		SIGXFSZ,
		SIGHUP,
		SIGQUIT,
		SIGILL,
#if !FENCE_SANITIZED
		SIGSEGV,
		SIGBUS,
		SIGFPE,
		SIGABRT,
#endif
	};
	sigset_t none;

	for (size_t i = 0; i < COUNT(usual); i++)
		(void)signal(usual[i], SIG_DFL);
	(void)signal(SIGINT, SIG_IGN);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void be_reader(const struct fence_job *job, struct reading *r, pid_t parent)
{
	int fd[2] = {job->fd, r->to->fd};
	struct fence_limits most = {memory_of(r->size), CPU_S + r->size / CPU_OCTETS};

	usual_signals();
	fence_close(fd, &most, parent);
	job->read(r);
	send_frame(r->to, FRAME_END, NULL, 0);
	send_flush(r->to);
	_exit(0);
}

struct reader { /* the process, as its parent sees it */
	pid_t pid;
	int pipe;
};

static int start(const struct fence_job *job, const struct gather *g, uint64_t size,
        struct reader *out, struct err *err)
{
	struct reading r = {.fd = job->fd, .size = size, .opts = job->opts, .from = gather_from(g)};
	pid_t self = getpid();
	int fd[2];

	r.dead = gather_dead(g, &r.n_dead);
	if (pipe2(fd, O_CLOEXEC) != 0)
		return err_sys(err, ERR_WHOLE, "cannot start a process to read the file");
	(void)fcntl(fd[0], F_SETPIPE_SZ, 1 << 20);
	r.to = xcalloc(1, sizeof *r.to);
	r.to->fd = fd[1];
	out->pid = fork();
	if (out->pid == 0) {
		be_reader(job, &r, self);
	}
	free(r.to);
	(void)sys_close(fd[1]);
	out->pipe = fd[0];
	if (out->pid > 0)
		return 0;
	(void)err_sys(err, ERR_WHOLE, "cannot start a process to read the file");
	(void)sys_close(fd[0]);
	return err ? (int)err->code : ERR_IO;
}

/* Ended, whatever it does. ${why} says how it was, where it had not said all. */
static void finish(struct reader *r, bool kill_it, char *why, size_t size)
{
	int status = 0;

	(void)sys_close(r->pipe);
	if (kill_it)
		(void)kill(r->pid, SIGKILL);
	if (child_wait(r->pid, &status) < 0)
		status = 0;
	if (why[0])
		return;
	if (WIFSIGNALED(status))
		(void)snprintf(why, size, "the process that read it died (signal %d, %s)",
		        WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		(void)snprintf(why, size, "the process that read it ended (status %d)",
		        WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

/* Hear it until its end: 0, and why where it was cut short. */
static int hear(const struct fence_job *job, struct reader *r, struct gather *g, char *why,
        size_t size, struct err *err)
{
	unsigned patience = job->patience_ms ? job->patience_ms : FENCE_PATIENCE_MS;
	int64_t heard = clock_ms();
	uint8_t *buf = xmalloc(FRAME_MAX);
	int rc = 0;

	while (rc == 0) {
		struct pollfd p = {.fd = r->pipe, .events = POLLIN};
		int ready = sys_poll(&p, 1, POLL_MS);
		ssize_t n;

		rc = stop_check(err);
		if (rc < 0)
			break;
		if (ready <= 0) {
			if (clock_ms() - heard < (int64_t)patience)
				continue;
			(void)snprintf(
			        why, size, "nothing came of it for %u seconds", patience / 1000);
			break;
		}
		n = sys_read(r->pipe, buf, FRAME_MAX);
		if (n <= 0)
			break;
		rc = gather_read(g, buf, (size_t)n, err);
		if (rc < 0 && gather_broken(g)) {
			(void)snprintf(why, size, "%s", err->text);
			err_clear(err);
			rc = 0;
			break;
		}
		heard = clock_ms();
	}
	free(buf);
	return rc;
}

int fence_read(const struct fence_job *job, struct err *err)
{
	struct gather *g;
	struct err own = {.code = ERR_OK};
	struct stat st;
	bool again = true;
	int rc = 0;

	if (fstat(job->fd, &st) != 0)
		return err_sys(err, ERR_WHOLE, "cannot look at the file");
	g = gather_new(job->visit, ((uint64_t)1 << 30) + 16 * (uint64_t)st.st_size);
	while (again) {
		char why[sizeof own.text] = "";
		struct reader r = {.pipe = -1};

		rc = start(job, g, (uint64_t)st.st_size, &r, &own);
		if (rc < 0)
			break;
		rc = hear(job, &r, g, why, sizeof why, &own);
		finish(&r, rc < 0 || why[0] || !gather_ended(g), why, sizeof why);
		again = rc == 0 && !gather_ended(g) && gather_died(g, why);
	}
	gather_free(g);
	return rc < 0 ? err_copy(err, &own) : 0;
}
