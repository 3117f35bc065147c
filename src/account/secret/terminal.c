/* A password is asked for at the terminal, without echo. */
#include "credentials.h"
#include "valise/base/escape.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <termios.h>

/*
 * While a password is asked for: what a signal must set right. A signal reaches the
 * process, so this is global; one question at a time.
 */
static struct {
	volatile sig_atomic_t fd;
	struct termios before, quiet;
} asking = {.fd = -1};

static const int leaving[] = {SIGHUP, SIGQUIT, SIGTSTP};
enum { N_LEAVING = COUNT(leaving) };

static void on_leave(int number);

static void watch_signal(int number, struct sigaction *before)
{
	struct sigaction sa;

	/* Its default comes back before the handler runs, so that raise() means it. */
	memset(&sa, 0, sizeof sa);
	sa.sa_handler = on_leave;
	sa.sa_flags = (int)(SA_NODEFER | SA_RESETHAND);
	sigemptyset(&sa.sa_mask);
	(void)sigaction(number, &sa, before);
}

/*
 * Nobody is left at a terminal without echo; after SIGTSTP and SIGCONT the question goes
 * on.
 */
static void on_leave(int number)
{
	int saved = errno;

	(void)tcsetattr(asking.fd, TCSANOW, &asking.before);
	(void)raise(number);
	watch_signal(number, NULL);
	(void)tcsetattr(asking.fd, TCSANOW, &asking.quiet);
	errno = saved;
}

static int ask_quietly(const char *text, struct secret *out, struct err *err)
{
	struct sigaction before[N_LEAVING];
	int rc;

	for (int i = 0; i < N_LEAVING; i++) {
		watch_signal(leaving[i], &before[i]);
		if (before[i].sa_handler == SIG_IGN) /* as nohup wants it */
			(void)sigaction(leaving[i], &before[i], NULL);
	}
	/* Never with echo: better no password than one on the screen. */
	if (tcsetattr(asking.fd, TCSAFLUSH, &asking.quiet) != 0) {
		rc = err_sys(err, ERR_WHOLE, "cannot switch off the terminal's echo");
	} else {
		rc = fd_write_all(asking.fd, text, strlen(text), err);
		if (rc == 0)
			rc = line_secret(asking.fd, false, "terminal", out, err);
		(void)tcsetattr(asking.fd, TCSAFLUSH, &asking.before);
		if (rc == 0)
			rc = fd_write_all(asking.fd, "\n", 1, err);
	}
	for (int i = 0; i < N_LEAVING; i++)
		(void)sigaction(leaving[i], &before[i], NULL);
	return rc;
}

static int no_terminal(struct err *err)
{
	return err_set(err, ERR_USAGE, ERR_WHOLE,
	        "no password, and no terminal to ask on: use --password-command CMD, "
	        "--password-fd N, or once valise login --password");
}

int terminal_ask(const char *path, const char *prompt, struct secret *out, struct err *err)
{
	static const char fresh[] = "\r\033[K"; /* over a progress line */
	char text[512];
	int fd = sys_openat(AT_FDCWD, path, O_RDWR | O_NOCTTY, 0), rc;

	if (fd < 0)
		return no_terminal(err);
	if (tcgetattr(fd, &asking.before) != 0) {
		(void)sys_close(fd);
		return no_terminal(err);
	}
	asking.fd = fd;
	asking.quiet = asking.before;
	asking.quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	asking.quiet.c_lflag |= ICANON | ISIG;
	memcpy(text, fresh, sizeof fresh);
	term_escape(prompt, strlen(prompt), text + sizeof fresh - 1, sizeof text - sizeof fresh);
	rc = ask_quietly(text, out, err);
	(void)sys_close(fd);
	if (rc == 0)
		secret_learn(out);
	return rc;
}
