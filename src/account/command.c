/*
 * password-command: a child that may ask its own questions on the terminal and on
 * standard error.
 */
#include "credentials.h"
#include "valise/base/sys.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Whatever this program ignores or its threads block. */
int child_signals(posix_spawnattr_t *attr)
{
	sigset_t none, usual;

	sigemptyset(&none);
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	sigaddset(&usual, SIGINT);
	sigaddset(&usual, SIGTERM);
	if (posix_spawnattr_setsigmask(attr, &none) != 0 ||
	        posix_spawnattr_setsigdefault(attr, &usual) != 0)
		return EINVAL;
	return posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

/* 0 or an errno. */
static int spawn_shell(const char *command, int output, pid_t *pid_out)
{
	char *argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c",
	        (char *)(uintptr_t)command, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int rc = posix_spawn_file_actions_init(&actions);

	if (rc != 0)
		return rc;
	rc = posix_spawnattr_init(&attr);
	if (rc == 0) {
		rc = child_signals(&attr);
		if (rc == 0)
			rc = posix_spawn_file_actions_addopen(
			        &actions, 0, "/dev/null", O_RDONLY, 0);
		if (rc == 0)
			rc = posix_spawn_file_actions_adddup2(&actions, output, 1);
		if (rc == 0)
			rc = posix_spawn(pid_out, "/bin/sh", &actions, &attr, argv, environ);
		posix_spawnattr_destroy(&attr);
	}
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

static int child_end(pid_t pid, const char *label, struct err *err)
{
	int status = 0;
	pid_t rc;

	do
		rc = waitpid(pid, &status, 0);
	while (rc < 0 && errno == EINTR);
	if (rc < 0)
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
	if (rc != 0)
		secret_clear(out);
	return rc;
}
