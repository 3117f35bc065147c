/* Names of exported files: safe, no two alike, and such as people want to see. */
#include "names.h"
#include <stdlib.h>
#include <string.h>
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

enum { NAME_CAP = 1 << 20 };

void names_clear(struct export_names *names)
{
	texts_free(names->taken, names->n);
	text_index_clear(&names->index);
	memset(names, 0, sizeof *names);
}

/* Takes it by its ${key} (which it owns), or false: a twin has it. */
static bool take_key(struct export_names *names, char *key)
{
	size_t cursor = 0, at;

	while ((at = text_index_next(&names->index, key, &cursor)) != SIZE_MAX)
		if (strcmp(names->taken[at], key) == 0) {
			free(key);
			return false;
		}
	text_index_add(&names->index, key, names->n);
	*ARR_PUSH(names->taken, names->n, names->cap) = key;
	return true;
}

static char *fold(const char *name)
{
	struct buf key = buf_of(4 * NAME_CAP);

	path_fold(name, &key);
	return buf_take(&key);
}

void names_take(struct export_names *names, const char *stem, const char *ext, struct buf *out)
{
	char *name = xasprintf("%s%s", stem, ext);

	for (unsigned i = 2; !take_key(names, fold(name)); i++) {
		free(name);
		name = xasprintf("%s_%u%s", stem, i, ext);
	}
	buf_puts(out, name);
	free(name);
}

void names_take_exact(struct export_names *names, const char *stem, struct buf *out)
{
	char *name = xstrdup(stem);

	for (unsigned i = 2; !take_key(names, xstrdup(name)); i++) {
		free(name);
		name = xasprintf("%s_%u", stem, i);
	}
	buf_puts(out, name);
	free(name);
}

size_t names_extension(const char *component, size_t n, const char *ext)
{
	size_t k = strlen(ext);

	return n >= k && text_is(component + n - k, k, ext) ? n - k : SIZE_MAX;
}

void names_folder(const char *tree_path, names_clash_fn *clash, struct buf *out)
{
	const char *at = strchr(tree_path, '/');

	for (at = at ? at + 1 : tree_path; *at;) {
		size_t n = strcspn(at, "/"), odd = clash ? clash(at, n) : SIZE_MAX;

		for (size_t i = 0; i < n; i++)
			if (i == odd)
				buf_putf(out, "=%02X", (unsigned char)at[i]);
			else
				buf_putc(out, at[i]);
		at += n;
		if (*at)
			buf_putc(out, *at++);
	}
}

/* "2024-03-05 1412", of years that have four digits. */
static void put_moment(const struct date *when, struct buf *out)
{
	char text[DATE_TEXT_SIZE];

	date_format_iso(when->utc + 60 * (int64_t)when->zone_min, text);
	if (strlen(text) == strlen("2024-03-05T14:12:25Z"))
		buf_putf(out, "%.10s %.2s%.2s", text, text + 11, text + 14);
}

/* One character of a title, or '_' where some file system would not take it. */
static void put_title_char(const char *s, size_t len, struct buf *out)
{
	bool plain = len > 0 && *s != '=' && path_travels(s, len);

	if (len == 1 && (*s == ' ' || *s == '.'))
		plain = true; /* which only the end of a name may not be */
	buf_put(out, plain ? s : "_", plain ? len : 1);
}

void name_of_item(const struct date *when, const char *title, struct buf *out)
{
	struct buf text = buf_of(NAME_CAP);
	size_t n = title ? strlen(title) : 0, i = 0;

	if (when->known)
		put_moment(when, &text);
	if (n > 0 && text.len > 0)
		buf_putc(&text, ' ');
	for (size_t from = text.len; i < n;) {
		size_t len = utf8_next(title + i, n - i, NULL);

		if (text.len - from + MAX(len, 1) > NAME_TITLE)
			break;
		put_title_char(title + i, len, &text);
		i += MAX(len, 1);
	}
	while (text.len > 0 && strchr(" .", text.data[text.len - 1]))
		text.data[--text.len] = '\0';
	if (text.len == 0)
		buf_puts(&text, "item");
	/* a leading dot, names of devices: whatever is left */
	if (path_escape(buf_str(&text), text.len, out) < 0)
		buf_puts(out, "item");
	buf_clear(&text);
}
