/* One writer at a time, with flock or without. */
#include "valise/base/lock.h"
#include "valise/base/buf.h"
#include "valise/base/file.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define OWNER_MAX 1024
#define WORD 128

/* Who holds NAME.held. A word that cannot be known is "?", and equal to none. */
struct owner {
	char machine[WORD], host[WORD], boot[WORD], space[WORD], start[WORD];
	long pid;
};

/* The first word of ${text}, "?" where there is none. */
static void put_word(char out[WORD], const char *text)
{
	size_t n = strcspn(text, " \t\r\n");

	snprintf(out, WORD, "%.*s", (int)(n < WORD - 1 ? n : WORD - 1), n ? text : "?");
}

static void read_word(const char *path, char out[WORD])
{
	struct buf text = buf_of(OWNER_MAX);

	put_word(out,
	        file_read(AT_FDCWD, path, &text, NULL) == 0 && text.len ? buf_str(&text) : "?");
	buf_clear(&text);
}

/*
 * Since when the process runs, in clock ticks of this boot: field 22 of its stat; "?" if
 * there is no such process.
 */
static void start_of(long pid, char out[WORD])
{
	char path[64];
	struct buf text = buf_of(4096);
	const char *p = NULL;

	snprintf(path, sizeof path, "/proc/%ld/stat", pid);
	if (file_read(AT_FDCWD, path, &text, NULL) == 0)
		p = strrchr(buf_str(&text), ')');
	for (int i = 0; p && i < 20; i++)
		p = strchr(p + 1, ' ');
	put_word(out, p ? p + 1 : "?");
	buf_clear(&text);
}

/* What can be told apart of this process from any other. */
static void own_self(struct owner *o)
{
	char host[WORD] = "", space[WORD] = "";

	read_word("/etc/machine-id", o->machine);
	read_word("/proc/sys/kernel/random/boot_id", o->boot);
	if (gethostname(host, sizeof host - 1) != 0)
		host[0] = '\0';
	put_word(o->host, host);
	if (readlink("/proc/self/ns/pid", space, sizeof space - 1) < 0)
		space[0] = '\0';
	put_word(o->space, space);
	o->pid = (long)getpid();
	start_of(o->pid, o->start);
}

/* Both known, and equal. */
static bool is_same(const char *a, const char *b)
{
	return strcmp(a, b) == 0 && strcmp(a, "?") != 0;
}

/* Only what is certain: not a process of this machine that may still run. */
static bool is_dead(const struct owner *o, const struct owner *self)
{
	char start[WORD];

	if (!is_same(o->machine, self->machine) || !is_same(o->host, self->host) ||
	        strcmp(o->boot, "?") == 0 || strcmp(self->boot, "?") == 0)
		return false;
	if (strcmp(o->boot, self->boot) != 0)
		return true;
	if (!is_same(o->space, self->space))
		return false;
	if (kill((pid_t)o->pid, 0) != 0 && errno == ESRCH)
		return true;
	start_of(o->pid, start);
	return strcmp(start, "?") != 0 && strcmp(o->start, "?") != 0 &&
	       strcmp(start, o->start) != 0;
}

static bool read_owner(int dirfd, const char *held, struct owner *o)
{
	struct buf text = buf_of(OWNER_MAX);
	bool good;

	good = file_read(dirfd, held, &text, NULL) == 0 &&
	       sscanf(buf_str(&text), "%127s %127s %127s %127s %ld %127s", o->machine, o->host,
	               o->boot, o->space, &o->pid, o->start) == 6 &&
	       o->pid > 0;
	buf_clear(&text);
	return good;
}

/* EEXIST is the answer that counts. */
static int make_held(int dirfd, const char *held, const struct owner *o, struct err *err)
{
	char text[OWNER_MAX];
	int fd = sys_openat(dirfd, held, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600), rc, n;

	if (fd < 0)
		return err_sys(err, ERR_WHOLE, "%s", held);
	n = snprintf(text, sizeof text, "%s %s %s %s %ld %s\n", o->machine, o->host, o->boot,
	        o->space, o->pid, o->start);
	rc = fd_write_all(fd, text, (size_t)n, err);
	if (rc == 0 && sys_fsync(fd) < 0 && errno != EINVAL && errno != ENOSYS)
		rc = err_sys(err, ERR_WHOLE, "%s", held);
	sys_close(fd);
	if (rc != 0)
		(void)sys_unlinkat(dirfd, held, 0);
	return rc;
}

/* ERR_LOCKED, with who holds it. */
static int held_by(const char *what, const char *held, const struct owner *o, struct err *err)
{
	if (!o)
		return err_set(err, ERR_LOCKED, ERR_WHOLE,
		        "%s: %s says so, but not who it is; if none is, remove that file", what,
		        held);
	return err_set(err, ERR_LOCKED, ERR_WHOLE,
	        "%s: process %ld of %s, as %s says; if it does not run any more, remove that file",
	        what, o->pid, o->host, held);
}

/*
 * NAME.held of a dead process is replaced under a file of its own, so that of two who
 * find it dead one has it.
 */
static int take_over(
        int dirfd, const char *held, const char *what, const struct owner *self, struct err *err)
{
	char *guard = xasprintf("%s.new", held);
	struct owner o, again;
	int rc;

	if (!read_owner(dirfd, held, &o)) {
		rc = held_by(what, held, NULL, err);
	} else if (!is_dead(&o, self)) {
		rc = held_by(what, held, &o, err);
	} else if (make_held(dirfd, guard, self, err) != 0) {
		rc = read_owner(dirfd, guard, &again) && is_dead(&again, self) &&
		                     sys_unlinkat(dirfd, guard, 0) == 0
		             ? err_set(err, ERR_LOCKED, ERR_WHOLE, "%s, or was just cut: try again",
		                       what)
		             : held_by(what, guard, NULL, err);
	} else {
		rc = read_owner(dirfd, held, &again) && is_dead(&again, self)
		             ? 0
		             : held_by(what, held, &o, err);
		if (rc == 0 && sys_renameat(dirfd, guard, dirfd, held) != 0)
			rc = err_sys(err, ERR_WHOLE, "%s", held);
		if (rc != 0)
			(void)sys_unlinkat(dirfd, guard, 0);
	}
	free(guard);
	return rc;
}

/* The lock as a file that is made only where there is none. */
static int take_by_file(int dirfd, const char *name, const char *what, struct err *err)
{
	char *held = xasprintf("%s.held", name);
	struct owner self;
	struct err why = {0};
	int rc;

	own_self(&self);
	rc = make_held(dirfd, held, &self, &why);
	if (rc == ERR_EXISTS) {
		err_clear(&why);
		rc = take_over(dirfd, held, what, &self, &why);
	}
	if (rc != 0 && err)
		*err = why;
	free(held);
	return rc;
}

/* Numbers of file systems that know no locks. */
static bool has_no_flock(int number)
{
	return number == ENOLCK || number == EOPNOTSUPP || number == ENOTSUP || number == ENOSYS ||
	       number == EINVAL;
}

int lock_take(int dirfd, const char *name, const char *what, struct lock *out, struct err *err)
{
	int rc = 0, got;

	*out = LOCK_NONE;
	out->fd = sys_openat(dirfd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (out->fd < 0)
		return err_sys(err, ERR_WHOLE, "cannot lock %s", name);
	do
		got = flock(out->fd, LOCK_EX | LOCK_NB);
	while (got < 0 && errno == EINTR);
	if (got < 0 && has_no_flock(errno)) {
		out->by_file = true;
		rc = take_by_file(dirfd, name, what, err);
	} else if (got < 0) {
		rc = errno == EWOULDBLOCK ? err_set(err, ERR_LOCKED, ERR_WHOLE, "%s", what)
		                          : err_sys(err, ERR_WHOLE, "cannot lock %s", name);
	}
	if (rc != 0) {
		sys_close(out->fd);
		*out = LOCK_NONE;
	}
	return rc;
}

static void drop_held(int dirfd, const char *name, struct lock *l)
{
	char *held = xasprintf("%s.held", name);

	if (l->by_file)
		(void)sys_unlinkat(dirfd, held, 0);
	l->by_file = false;
	free(held);
}

void lock_drop(int dirfd, const char *name, struct lock *l)
{
	if (l->fd < 0)
		return;
	drop_held(dirfd, name, l);
	sys_close(l->fd);
	*l = LOCK_NONE;
}

int lock_remove(int dirfd, const char *name, struct lock *l, struct err *err)
{
	int rc = 0;

	if (sys_unlinkat(dirfd, name, 0) < 0 && errno != ENOENT)
		rc = err_sys(err, ERR_WHOLE, "cannot remove %s", name);
	lock_drop(dirfd, name, l);
	return rc;
}

bool lock_owns(const char *name, const char *file)
{
	size_t n = strlen(name);

	return strncmp(file, name, n) == 0 && (file[n] == '\0' || strcmp(file + n, ".held") == 0 ||
	                                              strcmp(file + n, ".held.new") == 0);
}
