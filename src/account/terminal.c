#include "credentials.h"
#include "valise/base/escape.h"
#include "valise/base/file.h"
#include "valise/base/sys.h"
#include <fcntl.h>
#include <string.h>
#include <termios.h>

static int no_terminal(struct err *err)
{
	return err_set(err, ERR_USAGE, ERR_WHOLE,
	        "no password, and no terminal to ask on: use --password-command CMD or "
	        "--password-fd N");
}

int terminal_ask(const char *path, const char *prompt, struct secret *out, struct err *err)
{
	struct termios before, quiet;
	char text[512];
	int fd = sys_openat(AT_FDCWD, path, O_RDWR | O_NOCTTY, 0), rc;

	if (fd < 0)
		return no_terminal(err);
	if (tcgetattr(fd, &before) != 0) {
		(void)sys_close(fd);
		return no_terminal(err);
	}
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	quiet.c_lflag |= ICANON | ISIG;
	term_escape(prompt, strlen(prompt), text, sizeof text);
	/* Never with echo: better no password than one on the screen. */
	if (tcsetattr(fd, TCSAFLUSH, &quiet) != 0) {
		rc = err_sys(err, ERR_WHOLE, "cannot switch off the terminal's echo");
	} else {
		rc = fd_write_all(fd, text, strlen(text), err);
		if (rc == 0)
			rc = line_secret(fd, false, "terminal", out, err);
		(void)tcsetattr(fd, TCSAFLUSH, &before);
		if (rc == 0)
			rc = fd_write_all(fd, "\n", 1, err);
	}
	(void)sys_close(fd);
	return rc;
}
