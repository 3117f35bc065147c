/* Questions at the terminal that are answered with echo. */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include "cli/cli.h"

#define TERMINAL "/dev/tty"

enum { SLICE_MS = 200 };

/* A line without its end; -1: no more comes, or a stop was asked for. */
static int read_line(int fd, char *answer, size_t size)
{
	size_t n = 0;

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t got;

		if (stop_check(NULL) != 0)
			return -1;
		if (sys_poll(&p, 1, SLICE_MS) <= 0)
			continue;
		got = sys_read(fd, answer + n, size - 1 - n);
		if (got <= 0)
			return -1;
		n += (size_t)got;
		answer[n] = '\0';
		if (strchr(answer, '\n') || n == size - 1)
			break;
	}
	answer[strcspn(answer, "\r\n")] = '\0';
	return stop_check(NULL) != 0 ? -1 : 0;
}

int ask_line(const char *question, char *answer, size_t size)
{
	char *shown;
	int fd = sys_openat(AT_FDCWD, TERMINAL, O_RDWR | O_NOCTTY, 0), rc;

	if (fd < 0)
		return -1;
	shown = term_escape_dup(question); /* whole: its end says what is asked */
	terminal_take();
	rc = sys_write(fd, shown, strlen(shown)) < 0 ? -1 : read_line(fd, answer, size);
	if (rc < 0)
		(void)!sys_write(fd, "\n", 1); /* after ^C, on a line of its own */
	terminal_release();
	(void)sys_close(fd);
	free(shown);
	return rc;
}

int ask_yes(const char *question, bool otherwise)
{
	char answer[ASK_SIZE];
	int rc = ask_line(question, answer, sizeof answer);

	if (rc < 0)
		return rc;
	if (!*answer)
		return otherwise;
	return strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0;
}
