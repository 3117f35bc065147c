/* Child processes that are this program, and the lines that they print. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "valise/base/file.h"
#include "valise/base/sys.h"
#include "worker.h"

#define LINE_LIMIT (1u << 20)

/*
 * Between fork and exec of a process with threads: only what is safe in a signal handler.
 */
static void become_worker(pid_t parent, const int stdio[3], char *const *argv)
{
	bool ready = setsid() >= 0 && prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) == 0;

	/* The parent may have died before that. */
	ready = ready && getppid() == parent;
	for (int i = 0; i < 3; i++)
		ready = ready && dup2(stdio[i], i) == i;
	if (ready)
		(void)execv("/proc/self/exe", argv);
	_exit(127);
}

static void close_all(int *fd, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fd_close(fd[i]);
}

int worker_start(struct worker *w, char *const *argv, struct err *err)
{
	int fd[5] = {/* the child's input, then both pipes, reading ends first */
	        -1, -1, -1, -1, -1};
	pid_t self = getpid();
	int rc = 0;

	memset(w, 0, sizeof *w);
	fd[0] = sys_openat(AT_FDCWD, "/dev/null", O_RDONLY, 0);
	if (fd[0] < 0 || pipe2(&fd[1], O_CLOEXEC) != 0 || pipe2(&fd[3], O_CLOEXEC) != 0 ||
	        fcntl(fd[1], F_SETFL, O_NONBLOCK) != 0 || fcntl(fd[3], F_SETFL, O_NONBLOCK) != 0 ||
	        (w->pid = fork()) < 0) {
		rc = err_sys(err, ERR_WHOLE, "cannot start a worker");
		close_all(fd, 5);
		w->pid = 0;
		return rc;
	}
	if (w->pid == 0)
		become_worker(self, (int[]){fd[0], fd[2], fd[4]}, argv);
	close_all((int[]){fd[0], fd[2], fd[4]}, 3);
	w->fd[0] = fd[1];
	w->fd[1] = fd[3];
	buf_init(&w->line[0], LINE_LIMIT);
	buf_init(&w->line[1], LINE_LIMIT);
	return 0;
}

size_t worker_poll(const struct worker *w, struct pollfd p[2])
{
	size_t n = 0;

	for (int i = 0; i < 2; i++)
		if (w->fd[i] >= 0)
			p[n++] = (struct pollfd){.fd = w->fd[i], .events = POLLIN};
	return n;
}

/* Hand the line over, and begin the next. */
static void give_line(struct worker *w, int i, worker_line *line, void *ctx)
{
	line(ctx, i == 1, (char *)w->line[i].data, w->line[i].len);
	buf_reset(&w->line[i]);
}

/* Gather lines, and hand over each that is whole or as long as the cap. */
static void take_bytes(
        struct worker *w, int i, const char *p, size_t n, worker_line *line, void *ctx)
{
	while (n) {
		const char *eol = memchr(p, '\n', n);
		size_t k = eol ? (size_t)(eol - p) : n;

		if (buf_add(&w->line[i], p, k) < 0) {
			give_line(w, i, line, ctx);
			buf_put(&w->line[i], p, k);
		}
		if (eol)
			give_line(w, i, line, ctx);
		k += eol != NULL;
		p += k;
		n -= k;
	}
}

/* All that is there now. */
static void drain_pipe(struct worker *w, int i, worker_line *line, void *ctx)
{
	char chunk[4096];
	ssize_t n = 0;

	while (w->fd[i] >= 0 && (n = sys_read(w->fd[i], chunk, sizeof chunk)) > 0)
		take_bytes(w, i, chunk, (size_t)n, line, ctx);
	if (w->fd[i] < 0 || (n < 0 && errno == EAGAIN))
		return;
	(void)sys_close(w->fd[i]);
	w->fd[i] = -1;
}

bool worker_read(struct worker *w, worker_line *line, void *ctx)
{
	/*
	 * Asked before the last reading: what it wrote is then all there. A child of its
	 * own may hold the pipes open longer.
	 */
	bool ended = waitpid(w->pid, &w->status, WNOHANG) == w->pid;

	for (int i = 0; i < 2; i++)
		drain_pipe(w, i, line, ctx);
	if (!ended)
		return false;
	for (int i = 0; i < 2; i++) {
		if (w->line[i].len)
			give_line(w, i, line, ctx);
		buf_clear(&w->line[i]);
	}
	close_all(w->fd, 2);
	w->pid = 0;
	return true;
}

void worker_stop(const struct worker *w)
{
	if (w->pid > 0)
		(void)kill(w->pid, SIGINT);
}
