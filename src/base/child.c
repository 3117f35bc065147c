/* Child processes: started with streams of ours and the usual signals, waited for. */
#include "valise/base/child.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

static int usual_signals(posix_spawnattr_t *attr)
{
	sigset_t none, usual;

	sigemptyset(&none);
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	sigaddset(&usual, SIGXFSZ);
	sigaddset(&usual, SIGINT);
	sigaddset(&usual, SIGTERM);
	if (posix_spawnattr_setsigmask(attr, &none) != 0 ||
	        posix_spawnattr_setsigdefault(attr, &usual) != 0)
		return EINVAL;
	return posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int add_streams(posix_spawn_file_actions_t *actions, const int streams[3])
{
	int rc = 0;

	for (int i = 0; i < 3 && rc == 0; i++)
		rc = streams[i] < 0
		             ? posix_spawn_file_actions_addopen(actions, i, "/dev/null", O_RDWR, 0)
		             : posix_spawn_file_actions_adddup2(actions, streams[i], i);
	return rc;
}

int child_start(const char *path, char *const argv[], char *const *env, const int streams[3],
        pid_t *pid_out)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int rc = posix_spawn_file_actions_init(&actions);

	if (rc != 0)
		return rc;
	rc = posix_spawnattr_init(&attr);
	if (rc == 0) {
		rc = usual_signals(&attr);
		if (rc == 0)
			rc = add_streams(&actions, streams);
		if (rc == 0)
			rc = posix_spawnp(pid_out, path, &actions, &attr, argv, env);
		posix_spawnattr_destroy(&attr);
	}
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

int child_wait(pid_t pid, int *status_out)
{
	pid_t rc;

	do
		rc = waitpid(pid, status_out, 0);
	while (rc < 0 && errno == EINTR);
	return rc < 0 ? -1 : 0;
}
