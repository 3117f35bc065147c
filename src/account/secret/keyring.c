/*
 * The keyring of the session: the secret service of freedesktop.org, asked by secret-tool
 * of libsecret. A program of its own, as libsecret brings eleven libraries and three
 * threads of GLib into a process that forks (docs/ARCHITECTURE.md has the numbers), and as
 * a keyring that does not answer can so be left.
 */
#include "credentials.h"
#include "store.h"
#include "valise/base/buf.h"
#include "valise/base/child.h"
#include "valise/base/clock.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/progress.h"
#include "valise/base/sys.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum {
	ANSWER_MS = 60000, /* somebody may have to unlock it */
	ALONE_MS = 10000, /* nobody can */
	SAY_MS = 2000, /* from then on it is said what is waited for */
	STEP_MS = 5,
	SLICE_MS = 200,
	SAID_MAX = 4096,
};

/* It did not answer: no other question of this process waits for it. */
static atomic_bool silent;

static int set_silent(struct err *err)
{
	atomic_store(&silent, true);
	return err_set(err, ERR_UNSUPPORTED, ERR_WHOLE, "the keyring does not answer");
}

/* How long an answer may take: a person needs a display, or sees it said on a terminal. */
static int64_t answer_ms(void)
{
	const char *x = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");
	int fd;

	if ((x && *x) || (wayland && *wayland))
		return ANSWER_MS;
	fd = sys_openat(AT_FDCWD, "/dev/tty", O_RDWR | O_NOCTTY, 0);
	if (fd < 0)
		return ALONE_MS;
	(void)sys_close(fd);
	return ANSWER_MS;
}

/* True once it is said, on the terminal if there is one; not while that is another's. */
static bool say_waiting(void)
{
	static const char text[] = "\r\033[Kwaiting for the keyring\n";
	bool done = true;
	int fd;

	if (!terminal_try())
		return false;
	fd = sys_openat(AT_FDCWD, "/dev/tty", O_RDWR | O_NOCTTY, 0);
	if (fd >= 0) {
		done = fd_write_all(fd, text, sizeof text - 1, NULL) == 0;
		(void)sys_close(fd);
	}
	terminal_release();
	return done;
}

/*
 * Where the bus of the session is: said, or where systemd puts it (cron says nothing).
 * NULL: there is none. The caller frees.
 */
static char *bus_address(void)
{
	const char *said = getenv("DBUS_SESSION_BUS_ADDRESS"), *run = getenv("XDG_RUNTIME_DIR");
	char *path, *address = NULL;

	if (said && *said)
		return strncmp(said, "disabled:", 9) == 0 ? NULL : xstrdup(said);
	path = run && *run == '/' ? xasprintf("%s/bus", run)
	                          : xasprintf("/run/user/%u/bus", (unsigned)geteuid());
	if (access(path, R_OK | W_OK) == 0)
		address = xasprintf("unix:path=%s", path);
	free(path);
	return address;
}

/* Ours, and the bus. Nothing is started for a display (D-Bus would start a bus). */
static char **bus_environment(const char *address)
{
	size_t n = 0, o = 0;
	char **list;

	while (environ[n])
		n++;
	list = xcalloc(n + 2, sizeof *list);
	for (size_t i = 0; i < n; i++)
		if (strncmp(environ[i], "DBUS_SESSION_BUS_ADDRESS=", 25) != 0)
			list[o++] = environ[i];
	list[o] = xasprintf("DBUS_SESSION_BUS_ADDRESS=%s", address);
	return list;
}

static void free_environment(char **list)
{
	size_t n = 0;

	while (list[n + 1])
		n++;
	free(list[n]);
	free(list);
}

/* Our ends of the child's three streams. */
struct child {
	pid_t pid;
	int in, out, err;
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)sys_close(*fd);
	*fd = -1;
}

/* secret-tool with its three streams; 0 or an errno. */
static int start_tool(struct child *c, char *const argv[], const char *address)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1}, rc = 0;
	char **env = bus_environment(address);

	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
		rc = errno;
	if (rc == 0)
		rc = child_start(argv[0], argv, env, (const int[]){in[0], out[1], err[1]}, &c->pid);
	free_environment(env);
	close_fd(&in[0]);
	close_fd(&out[1]);
	close_fd(&err[1]);
	c->in = in[1];
	c->out = out[0];
	c->err = err[0];
	if (rc != 0) {
		close_fd(&c->in);
		close_fd(&c->out);
		close_fd(&c->err);
	}
	return rc;
}

/* All that is there of one stream. */
static void drain(int *fd, struct buf *into)
{
	char chunk[SAID_MAX];
	ssize_t n = sys_read(*fd, chunk, sizeof chunk);

	if (n > 0)
		(void)buf_fill(into, chunk, (size_t)n);
	wipe(chunk, sizeof chunk);
	if (n <= 0)
		close_fd(fd);
}

/* All that it prints, for as long as somebody may need to unlock the keyring. */
static int read_streams(struct child *c, struct buf *out, struct buf *said, struct err *err)
{
	int64_t since = clock_ms(), most = answer_ms();
	bool said_so = false;

	while (c->out >= 0 || c->err >= 0) {
		struct pollfd p[2] = {
		        {.fd = c->out, .events = POLLIN}, {.fd = c->err, .events = POLLIN}};
		int rc = stop_check(err);

		if (rc != 0)
			return rc;
		if (clock_ms() - since > most)
			return set_silent(err);
		if (!said_so && clock_ms() - since > SAY_MS)
			said_so = say_waiting();
		if (sys_poll(p, 2, SLICE_MS) <= 0)
			continue;
		if (c->out >= 0 && p[0].revents)
			drain(&c->out, out);
		if (c->err >= 0 && p[1].revents)
			drain(&c->err, said);
	}
	return 0;
}

/*
 * Its exit code in *${status_out}, -1 if it had none; with ${end} it is killed first. One
 * that closes its streams and stays is not waited for without an end.
 */
static int reap(pid_t pid, bool end, int *status_out, struct err *err)
{
	int64_t until = clock_ms() + answer_ms();
	int status = 0, rc = 0;
	pid_t ended = 0;

	while (!end && rc == 0 && (ended = waitpid(pid, &status, WNOHANG)) == 0) {
		rc = clock_sleep(STEP_MS, err);
		if (rc == 0 && clock_ms() > until)
			rc = set_silent(err);
	}
	*status_out = -1;
	if (end || rc != 0) {
		(void)kill(pid, SIGKILL);
		(void)child_wait(pid, &status);
	} else if (ended == pid && WIFEXITED(status)) {
		*status_out = WEXITSTATUS(status);
	}
	return rc;
}

/* ${out} as secret-tool prints it; ${in} (may be NULL) is what it reads. */
static int run_tool(char *const argv[], const struct secret *in, struct buf *out, struct err *err)
{
	char *address = bus_address();
	struct buf said = buf_of(SAID_MAX);
	struct child c;
	bool unread; /* it ended before it took what it was to store */
	int rc, status;

	if (atomic_load(&silent)) {
		free(address);
		buf_clear(&said);
		return set_silent(err);
	}
	if (!address) {
		buf_clear(&said);
		return err_set(
		        err, ERR_UNSUPPORTED, ERR_WHOLE, "there is no session with a keyring");
	}
	rc = start_tool(&c, argv, address);
	free(address);
	if (rc != 0) {
		buf_clear(&said);
		return err_set(err, ERR_UNSUPPORTED, ERR_WHOLE,
		        "secret-tool cannot be run (it is part of libsecret-tools): %s",
		        strerror(rc));
	}
	/* less than a pipe holds: it cannot block */
	unread = in && fd_write_all(c.in, in->data, in->len, NULL) != 0;
	close_fd(&c.in);
	rc = read_streams(&c, out, &said, err);
	close_fd(&c.out);
	close_fd(&c.err);
	if (rc != 0)
		(void)reap(c.pid, true, &status, NULL);
	else
		rc = reap(c.pid, false, &status, err);
	if (rc == 0 && (status != 0 || unread)) {
		size_t line = strcspn(buf_str(&said), "\n");

		rc = said.len ? err_set(err, ERR_UNSUPPORTED, ERR_WHOLE, "the keyring: %.*s",
		                        (int)MIN(line, 200), buf_str(&said))
		              : err_set(err, ERR_NOTFOUND, ERR_WHOLE, "the keyring has none");
	}
	buf_clear(&said);
	return rc;
}

#define WORD(text) ((char *)(uintptr_t)(text))

/* "secret-tool VERB [LABEL] ATTRIBUTE VALUE...", by which the secret is known. */
static int ask_tool(const char *verb, char *label, const struct store_key *key,
        const struct secret *in, struct buf *out, struct err *err)
{
	char name[STORE_NAME_SIZE];
	char *const argv[] = {WORD("secret-tool"), WORD(verb), WORD("application"), WORD("valise"),
	        WORD("kind"), WORD(key->kind), WORD("id"), name, label, NULL};

	store_name(key, name);
	return run_tool(argv, in, out, err);
}

int keyring_find(const struct store_key *key, struct secret *out, struct err *err)
{
	struct buf got = buf_of(SECRET_MAX);
	int rc = ask_tool("lookup", NULL, key, NULL, &got, err);

	if (rc == 0 && got.len == 0) /* no secret is empty: somebody emptied it */
		rc = err_set(err, ERR_NOTFOUND, ERR_WHOLE, "the keyring has an empty one");
	if (rc == 0)
		rc = secret_set(out, (const char *)got.data, got.len, err);
	wipe(got.data, got.size);
	buf_clear(&got);
	return rc;
}

int keyring_put(const struct store_key *key, const struct secret *s, struct err *err)
{
	char *label = xasprintf("--label=valise: %s", key->label);
	struct buf got = buf_of(SAID_MAX);
	int rc = ask_tool("store", label, key, s, &got, err);

	if (rc == ERR_NOTFOUND)
		rc = err_set(err, ERR_UNSUPPORTED, ERR_WHOLE, "the keyring did not take it");
	buf_clear(&got);
	free(label);
	return rc;
}

int keyring_forget(const struct store_key *key, struct err *err)
{
	struct secret old = {NULL, 0};
	struct buf got = buf_of(SAID_MAX);
	int rc = keyring_find(key, &old, err);

	secret_clear(&old);
	if (rc == 0)
		rc = ask_tool("clear", NULL, key, NULL, &got, err);
	buf_clear(&got);
	return rc;
}
