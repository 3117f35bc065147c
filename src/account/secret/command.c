/*
 * password-command: a child that may ask its own questions on the terminal and on
 * standard error.
 */
#include "credentials.h"
#include "valise/base/child.h"
#include "valise/base/sys.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* 0 or an errno. */
static int spawn_shell(const char *command, int output, pid_t *pid_out)
{
	char *argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c",
	        (char *)(uintptr_t)command, NULL};

	return child_start("/bin/sh", argv, environ, (const int[]){-1, output, 2}, pid_out);
}

/* Wait for the command; ERR_SECRET unless it ended with 0. */
static int child_end(pid_t pid, const char *label, struct err *err)
{
	int status = 0;

	if (child_wait(pid, &status) < 0)
		return err_sys(err, ERR_WHOLE, "%s: password-command", label);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return err_set(err, ERR_SECRET, ERR_WHOLE, "%s: password-command ended with %s %d", label,
	        WIFSIGNALED(status) ? "signal" : "status",
	        WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

int command_secret(const char *command, const char *label, struct secret *out, struct err *err)
{
	struct err why;
	int ends[2], rc, read_rc;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_sys(err, ERR_WHOLE, "%s: password-command", label);
	rc = spawn_shell(command, ends[1], &pid);
	(void)sys_close(ends[1]);
	if (rc != 0) {
		(void)sys_close(ends[0]);
		errno = rc;
		return err_sys(err, ERR_WHOLE, "%s: cannot run password-command", label);
	}
	read_rc = line_secret(ends[0], true, label, out, &why);
	(void)sys_close(ends[0]);
	if (read_rc == ERR_STOPPED || read_rc == ERR_LIMIT)
		(void)kill(pid, SIGTERM);
	rc = child_end(pid, label, err);
	/* A command that failed often says nothing: its status is the better message. */
	if (read_rc != 0 && (rc == 0 || read_rc == ERR_STOPPED || read_rc == ERR_LIMIT)) {
		if (err)
			*err = why;
		rc = read_rc;
	}
	if (rc == 0)
		secret_learn(out);
	else
		secret_clear(out);
	return rc;
}
