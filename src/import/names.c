/* Names of packed files, of what is in them, and which of them belong together. */
#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include "import/names.h"
#include "valise/base/escape.h"
#include "valise/base/file.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

/* Code page 437 from 0x80 on. */
static const uint16_t cp437[128] = {0xc7, 0xfc, 0xe9, 0xe2, 0xe4, 0xe0, 0xe5, 0xe7, 0xea, 0xeb,
        0xe8, 0xef, 0xee, 0xec, 0xc4, 0xc5, 0xc9, 0xe6, 0xc6, 0xf4, 0xf6, 0xf2, 0xfb, 0xf9, 0xff,
        0xd6, 0xdc, 0xa2, 0xa3, 0xa5, 0x20a7, 0x192, 0xe1, 0xed, 0xf3, 0xfa, 0xf1, 0xd1, 0xaa, 0xba,
        0xbf, 0x2310, 0xac, 0xbd, 0xbc, 0xa1, 0xab, 0xbb, 0x2591, 0x2592, 0x2593, 0x2502, 0x2524,
        0x2561, 0x2562, 0x2556, 0x2555, 0x2563, 0x2551, 0x2557, 0x255d, 0x255c, 0x255b, 0x2510,
        0x2514, 0x2534, 0x252c, 0x251c, 0x2500, 0x253c, 0x255e, 0x255f, 0x255a, 0x2554, 0x2569,
        0x2566, 0x2560, 0x2550, 0x256c, 0x2567, 0x2568, 0x2564, 0x2565, 0x2559, 0x2558, 0x2552,
        0x2553, 0x256b, 0x256a, 0x2518, 0x250c, 0x2588, 0x2584, 0x258c, 0x2590, 0x2580, 0x3b1, 0xdf,
        0x393, 0x3c0, 0x3a3, 0x3c3, 0xb5, 0x3c4, 0x3a6, 0x398, 0x3a9, 0x3b4, 0x221e, 0x3c6, 0x3b5,
        0x2229, 0x2261, 0xb1, 0x2265, 0x2264, 0x2320, 0x2321, 0xf7, 0x2248, 0xb0, 0x2219, 0xb7,
        0x221a, 0x207f, 0xb2, 0x25a0, 0xa0};

void packed_name(const char *raw, struct buf *out)
{
	size_t n = strlen(raw);

	if (utf8_valid(raw, n)) {
		buf_puts(out, raw);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		uint8_t c = (uint8_t)raw[i];
		char utf8[4];

		if (c < 0x80)
			buf_putc(out, raw[i]);
		else
			buf_put(out, utf8, utf8_put(cp437[c - 0x80], utf8));
	}
}

void packed_place(const char *name, struct buf *out)
{
	size_t start = out->len;

	if (isalpha((unsigned char)name[0]) && name[1] == ':' &&
	        (name[2] == '\\' || name[2] == '/'))
		name += 2;
	while (*name) {
		size_t n = strcspn(name, "/\\");

		if (n && !(n == 1 && name[0] == '.') && !(n == 2 && !memcmp(name, "..", 2))) {
			if (out->len > start)
				buf_putc(out, '/');
			buf_put(out, name, n);
		}
		name += n + (name[n] != '\0');
	}
}

/* ---- volumes ---- */

/* Octets of the extension of a packed file, 0: it has none. */
static size_t extension(const char *name)
{
	static const char *const known[] = {".tar.gz", ".tgz", ".zip"};

	for (size_t i = 0; i < COUNT(known); i++)
		if (text_ends_with(name, known[i]))
			return strlen(known[i]);
	return 0;
}

/* Three digits behind a '-'. */
static bool read_numbered(const char *name, size_t end, struct volume *v)
{
	unsigned number = 0;

	if (end < 5 || name[end - 4] != '-')
		return false;
	for (size_t i = end - 3; i < end; i++) {
		if (!isdigit((unsigned char)name[i]))
			return false;
		number = number * 10 + (unsigned)(name[i] - '0');
	}
	v->head = end - 3;
	v->number = number;
	v->digits = 3;
	return number > 0;
}

/* "Part 1 of 3" */
static bool read_part(const char *name, size_t end, struct volume *v)
{
	size_t at = end, of;
	unsigned long number, total;
	char *rest;

	while (at && isdigit((unsigned char)name[at - 1]))
		at--;
	of = at;
	if (at == end || end - at > 4 || at < 4 || strncasecmp(name + at - 4, " of ", 4) != 0)
		return false;
	at -= 4;
	for (end = at; at && isdigit((unsigned char)name[at - 1]); at--)
		;
	if (at == end || end - at > 4 || at < 6 || strncasecmp(name + at - 6, " Part ", 6) != 0)
		return false;
	number = strtoul(name + at, &rest, 10);
	total = strtoul(name + of, &rest, 10);
	v->head = at;
	v->number = (unsigned)number;
	v->of = (unsigned)total;
	return number > 0 && number <= total;
}

bool volume_read(const char *name, struct volume *out)
{
	size_t n = strlen(name), ext = extension(name);

	memset(out, 0, sizeof *out);
	if (!ext || !(read_numbered(name, n - ext, out) || read_part(name, n - ext, out)))
		return false;
	for (out->tail = n - out->head; out->tail && isdigit((unsigned char)name[n - out->tail]);)
		out->tail--;
	return true;
}

/* Is the other name one of the same set? */
static bool same_set(const char *a, const struct volume *va, const char *b, const struct volume *vb)
{
	return va->head == vb->head && va->tail == vb->tail && va->digits == vb->digits &&
	       strncmp(a, b, va->head) == 0 &&
	       strcmp(a + strlen(a) - va->tail, b + strlen(b) - vb->tail) == 0;
}

struct path_list {
	char **paths;
	size_t n, cap;
	struct {
		dev_t dev;
		ino_t ino;
	} * seen;
	size_t n_seen, seen_cap;
	struct buf *missing;
};

/* Append what is not yet there. */
static int add_path(struct path_list *l, const char *path, struct err *err)
{
	struct stat st;

	if (fstatat(AT_FDCWD, path, &st, 0) != 0)
		return err_sys(err, ERR_WHOLE, "%s", path);
	for (size_t i = 0; i < l->n_seen; i++)
		if (l->seen[i].dev == st.st_dev && l->seen[i].ino == st.st_ino)
			return 0;
	ARR_PUSH(l->seen, l->n_seen, l->seen_cap);
	l->seen[l->n_seen - 1].dev = st.st_dev;
	l->seen[l->n_seen - 1].ino = st.st_ino;
	*ARR_PUSH(l->paths, l->n, l->cap) = xstrdup(path);
	return 0;
}

struct numbered {
	uint32_t number; /* first: lookup_by_number */
	const char *name;
};

static void name_missing(
        struct path_list *l, const char *name, const struct volume *v, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		buf_putf(l->missing, "%.*s%0*u%s\n", (int)v->head, name, (int)v->digits, i,
		        name + strlen(name) - v->tail);
}

/* The volumes beside the first one, ${name} behind ${dir}, which is empty or ends with '/'. */
static int add_volumes(struct path_list *l, const char *dir, const char *name,
        const struct volume *first, struct err *err)
{
	struct numbered *found = NULL;
	size_t n = 0, cap = 0, n_names = 0;
	unsigned next = 2;
	char **names = NULL;
	int rc = dir_list(AT_FDCWD, *dir ? dir : ".", &names, &n_names, err);

	for (size_t i = 0; i < n_names && rc == 0; i++) {
		struct volume v;

		if (volume_read(names[i], &v) && v.number > 1 &&
		        same_set(name, first, names[i], &v))
			*ARR_PUSH(found, n, cap) = (struct numbered){v.number, names[i]};
	}
	SORT(found, n, lookup_by_number);
	for (size_t i = 0; i < n && rc == 0; i++) {
		char *path = xasprintf("%s%s", dir, found[i].name);

		name_missing(l, name, first, next, found[i].number);
		next = found[i].number + 1;
		rc = add_path(l, path, err);
		free(path);
	}
	if (rc == 0)
		name_missing(l, name, first, next, first->of + 1);
	free(found);
	texts_free(names, n_names);
	return rc;
}

int import_paths(const char *const *paths, size_t n, char ***out, size_t *n_out,
        struct buf *missing, struct err *err)
{
	struct path_list l = {.missing = missing};
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		const char *slash = strrchr(paths[i], '/');
		const char *name = slash ? slash + 1 : paths[i];
		struct volume v;

		rc = add_path(&l, paths[i], err);
		if (rc == 0 && volume_read(name, &v) && v.number == 1) {
			char *dir = slash ? xstrndup(paths[i], (size_t)(slash - paths[i]) + 1)
			                  : xstrdup("");

			rc = add_volumes(&l, dir, name, &v, err);
			free(dir);
		}
	}
	free(l.seen);
	if (rc < 0) {
		texts_free(l.paths, l.n);
		l = (struct path_list){0};
	}
	*out = l.paths;
	*n_out = l.n;
	return rc;
}
