/* Where tokens and passwords are kept from run to run; the file is the place for tokens. */
#include "store.h"
#include "valise/account/sign_in.h"
#include "valise/base/buf.h"
#include "valise/base/clock.h"
#include "valise/base/file.h"
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "valise/base/sys.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	LOCK_STEP_MS = 100,
	LOCK_MAX_MS = 120000, /* another run waits for a token server that long at most */
};

void store_name(const struct store_key *key, char out[STORE_NAME_SIZE])
{
	char hex[SHA256_HEX_SIZE], *text = xasprintf("%s\n%s", key->kind, key->id);

	sha256_hex(text, strlen(text), hex);
	memcpy(out, hex, STORE_NAME_SIZE - 1);
	out[STORE_NAME_SIZE - 1] = '\0';
	free(text);
}

char *state_path(const char *name)
{
	const char *x = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (x && *x == '/')
		return xasprintf("%s/valise/%s", x, name);
	return home && *home == '/' ? xasprintf("%s/.local/state/valise/%s", home, name) : NULL;
}

char *store_path(const struct store_key *key)
{
	char name[STORE_NAME_SIZE], *dir = state_path("tokens"), *path = NULL;

	store_name(key, name);
	if (dir)
		path = xasprintf("%s/%s", dir, name);
	free(dir);
	return path;
}

/* Ours, and nobody else looks into it. */
static int check_private(int fd, const char *path, bool shared, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return err_sys(err, ERR_WHOLE, "cannot look at %s", path);
	if (st.st_uid != geteuid())
		return err_set(err, ERR_USAGE, ERR_WHOLE,
		        "%s belongs to somebody else: tokens are not kept there", path);
	if (!shared && st.st_mode & 077)
		return err_set(err, ERR_USAGE, ERR_WHOLE,
		        "%s can be read by others: valise logout, chmod it %s, and sign in again",
		        path, S_ISDIR(st.st_mode) ? "700" : "600");
	return 0;
}

/* The directory of the tokens, and what that of ${key} is called there. */
static int open_dir(const struct store_key *key, bool make, bool shared, char name[STORE_NAME_SIZE],
        int *fd_out, struct err *err)
{
	char *dir = state_path("tokens");
	int rc = 0;

	*fd_out = -1;
	store_name(key, name);
	if (!dir)
		return err_set(err, ERR_USAGE, ERR_WHOLE,
		        "neither XDG_STATE_HOME nor HOME is set to a directory: there is no place "
		        "for tokens");
	if (make)
		rc = dir_make(AT_FDCWD, dir, err);
	if (rc == 0)
		rc = dir_open(AT_FDCWD, dir, fd_out, err);
	if (rc == 0) {
		rc = check_private(*fd_out, dir, shared, err);
		if (rc != 0)
			(void)sys_close(*fd_out);
	}
	free(dir);
	return rc;
}

/* A secret from a file of ours alone. */
static int read_private(int dir, const char *name, bool shared, struct secret *out, struct err *err)
{
	struct buf b = buf_of(SECRET_MAX);
	char chunk[SECRET_MAX];
	ssize_t n;
	int fd, rc = file_open_plain(dir, name, &fd, err);

	if (rc != 0) {
		buf_clear(&b);
		return rc;
	}
	rc = check_private(fd, name, shared, err);
	while (rc == 0 && (n = sys_read(fd, chunk, sizeof chunk)) != 0) {
		if (n < 0)
			rc = err_sys(err, ERR_WHOLE, "cannot read the token");
		else if (buf_add(&b, chunk, (size_t)n) != 0)
			rc = err_set(
			        err, ERR_LIMIT, ERR_WHOLE, "%s is too large for a token", name);
	}
	(void)sys_close(fd);
	if (rc == 0)
		rc = secret_set(out, (const char *)b.data, b.len, err);
	wipe(chunk, sizeof chunk);
	wipe(b.data, b.size);
	buf_clear(&b);
	return rc;
}

static int find_file(const struct store_key *key, struct secret *out, struct err *err)
{
	char name[STORE_NAME_SIZE];
	int dir, rc = open_dir(key, false, key->shared, name, &dir, err);

	if (rc != 0)
		return rc;
	rc = read_private(dir, name, key->shared, out, err);
	(void)sys_close(dir);
	return rc;
}

static int put_file(const struct store_key *key, const struct secret *s, struct err *err)
{
	char name[STORE_NAME_SIZE];
	int dir, rc = open_dir(key, true, false, name, &dir, err);

	if (rc != 0)
		return rc;
	rc = file_write(dir, name, s->data, s->len, err); /* mode 0600, synced, renamed */
	(void)sys_close(dir);
	return rc;
}

int store_reserve(const struct store_key *key, struct store_room *out, struct err *err)
{
	static const char zeros[SECRET_MAX];
	char name[STORE_NAME_SIZE];
	int rc = open_dir(key, true, false, name, &out->dir, err);

	*out = (struct store_room){.dir = out->dir, .fd = -1};
	if (rc != 0)
		return rc;
	out->temp = xasprintf("%s.new", name);
	out->fd = sys_openat(out->dir, out->temp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
	if (out->fd < 0)
		rc = err_sys(err, ERR_WHOLE, "no place for the token that is to come");
	if (rc == 0)
		rc = fd_write_all(out->fd, zeros, sizeof zeros, err);
	if (rc == 0 && sys_fsync(out->fd) != 0)
		rc = err_sys(err, ERR_WHOLE, "no room for the token that is to come");
	if (rc != 0)
		store_unreserve(out);
	return rc;
}

void store_unreserve(struct store_room *r)
{
	if (r->fd >= 0) {
		(void)sys_close(r->fd);
		(void)sys_unlinkat(r->dir, r->temp, 0);
	}
	if (r->temp)
		(void)sys_close(r->dir);
	free(r->temp);
	*r = (struct store_room){.fd = -1};
}

int store_fill(
        const struct store_key *key, struct store_room *r, const struct secret *s, struct err *err)
{
	char name[STORE_NAME_SIZE];
	int rc;

	if (r->fd < 0)
		return put_file(key, s, err);
	store_name(key, name);
	if (lseek(r->fd, 0, SEEK_SET) != 0)
		return err_sys(err, ERR_WHOLE, "cannot write the token");
	rc = fd_write_all(r->fd, s->data, s->len, err);
	if (rc == 0 && (sys_ftruncate(r->fd, (off_t)s->len) != 0 || sys_fsync(r->fd) != 0))
		rc = err_sys(err, ERR_WHOLE, "cannot write the token");
	if (rc == 0 && sys_renameat(r->dir, r->temp, r->dir, name) != 0)
		rc = err_sys(
		        err, ERR_WHOLE, "cannot put the new token in the place of the old one");
	if (rc != 0)
		return rc;
	(void)sys_close(r->fd);
	r->fd = -1;
	return dir_sync(r->dir, err);
}

/* Delete the file; that there is none is no error. */
static int forget_file(const struct store_key *key, bool *there_out, struct err *err)
{
	char name[STORE_NAME_SIZE];
	int dir, rc = open_dir(key, false, true, name, &dir, err);

	*there_out = false;
	if (rc == ERR_NOTFOUND) {
		err_clear(err);
		return 0;
	}
	if (rc != 0)
		return rc;
	if (sys_unlinkat(dir, name, 0) == 0)
		*there_out = true;
	else if (errno != ENOENT)
		rc = err_sys(err, ERR_WHOLE, "cannot delete the token");
	if (rc == 0 && *there_out)
		rc = dir_sync(dir, err);
	(void)sys_close(dir);
	return rc;
}

/* Passwords are kept in the keyring or not at all. */
static bool may_be_file(const struct store_key *key)
{
	return strcmp(key->kind, "password") != 0;
}

int store_find(const struct store_key *key, struct secret *out, enum store_place *place_out,
        struct err *err)
{
	struct err none = {0};
	int rc = may_be_file(key) ? find_file(key, out, err) : ERR_NOTFOUND;

	*place_out = STORE_FILE;
	if (rc != ERR_NOTFOUND)
		return rc;
	*place_out = STORE_KEYRING;
	rc = keyring_find(key, out, &none);
	if (rc == ERR_UNSUPPORTED && may_be_file(key))
		rc = err_set(&none, ERR_NOTFOUND, ERR_WHOLE, "%s, and no file has one", none.text);
	if (rc != 0 && err)
		*err = none;
	return rc;
}

int store_put(const struct store_key *key, const struct secret *s, enum store_place place,
        struct err *err)
{
	bool there;

	if (place == STORE_FILE)
		return put_file(key, s, err);
	if (keyring_put(key, s, err) != 0)
		return err ? (int)err->code : ERR_UNSUPPORTED;
	return may_be_file(key) ? forget_file(key, &there, err) : 0;
}

int store_forget(const struct store_key *key, bool *there_out, struct err *err)
{
	struct err none = {0};
	bool in_file = false;
	int rc = keyring_forget(key, &none), file_rc = 0;

	if (may_be_file(key))
		file_rc = forget_file(key, &in_file, err);
	*there_out = rc == 0 || in_file;
	if (file_rc != 0)
		return file_rc;
	if (rc == ERR_STOPPED && err)
		*err = none;
	return rc == ERR_STOPPED ? rc : 0;
}

int store_lock(const struct store_key *key, struct store_lock *out, struct err *err)
{
	static const char what[] = "another run of valise renews the same token";
	char name[STORE_NAME_SIZE];
	int64_t until = clock_ms() + LOCK_MAX_MS;
	int rc = open_dir(key, true, key->shared, name, &out->dir, err);

	if (rc != 0)
		return rc;
	out->name = xasprintf("%s.lock", name);
	out->lock = LOCK_NONE;
	while ((rc = lock_take(out->dir, out->name, what, &out->lock, err)) == ERR_LOCKED &&
	        clock_ms() < until) {
		rc = clock_sleep(LOCK_STEP_MS, err);
		if (rc != 0)
			break;
	}
	if (rc != 0) {
		free(out->name);
		(void)sys_close(out->dir);
	}
	return rc;
}

void store_unlock(struct store_lock *l)
{
	lock_drop(l->dir, l->name, &l->lock);
	free(l->name);
	(void)sys_close(l->dir);
}
