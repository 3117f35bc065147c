/* Words for flags, statuses and kinds in catalogs, and the names of parts. */
#include "valise/tree/words.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include <string.h>
#include <strings.h>

const struct word flag_words[] = {
        {"\\Answered", FLAG_ANSWERED},
        {"\\Deleted", FLAG_DELETED},
        {"\\Draft", FLAG_DRAFT},
        {"\\Flagged", FLAG_FLAGGED},
        {"\\Seen", FLAG_SEEN},
        {NULL, 0},
};

const struct word warn_words[] = {
        {"date", WARN_DATE},
        {"exact", WARN_EXACT},
        {"lines", WARN_LINES},
        {"nul", WARN_NUL},
        {"rescued", WARN_RESCUED},
        {"size", WARN_SIZE},
        {NULL, 0},
};

const struct word attr_words[] = {
        {"generated", ATTR_GENERATED},
        {"gone", ATTR_GONE},
        {"noinferiors", ATTR_NOINFERIORS},
        {"nonexistent", ATTR_NONEXISTENT},
        {"noselect", ATTR_NOSELECT},
        {"readonly", ATTR_READONLY},
        {"shared", ATTR_SHARED},
        {"subscribed", ATTR_SUBSCRIBED},
        {"subscription", ATTR_SUBSCRIPTION},
        {NULL, 0},
};

static const char *const status_words[] = {
        [COLL_COMPLETE] = "complete",
        [COLL_PARTIAL] = "partial",
        [COLL_STALE] = "stale",
        [COLL_SKIPPED] = "skipped",
};

bool word_is_keyword(void *ctx, const char *word)
{
	(void)ctx;
	for (const char *p = word; *p; p++)
		if (*p <= ' ' || *p >= 127 || strchr("(){%*\"\\]", *p))
			return false;
	return *word && strlen(word) < 256;
}

void words_put(struct buf *out, const struct word *table, unsigned bits)
{
	char sep = '[';

	for (const struct word *w = table; w->text; w++) {
		if (!(bits & w->bit))
			continue;
		buf_putc(out, sep);
		json_puts(out, w->text);
		sep = ',';
	}
	buf_puts(out, sep == '[' ? "[]" : "]");
}

json_t *words_to_json(const struct word *table, unsigned bits)
{
	json_t *list = json_array();

	for (const struct word *w = table; w->text; w++)
		if (bits & w->bit)
			json_array_append_new(list, json_string(w->text));
	return list;
}

/* The bit of the n bytes, 0 if unknown. */
static unsigned word_bit(const struct word *table, const char *text, size_t n)
{
	for (const struct word *w = table; w->text; w++)
		if (strlen(w->text) == n && memcmp(w->text, text, n) == 0)
			return w->bit;
	return 0;
}

bool words_from_json(const json_t *list, const struct word *table, unsigned *bits_out)
{
	const char *last = "";

	*bits_out = 0;
	if (list && !json_is_array(list))
		return false;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *v = json_array_get(list, i);
		const char *s = json_string_value(v);
		unsigned bit = s ? word_bit(table, s, json_string_length(v)) : 0;

		if (bit == 0 || strcmp(s, last) <= 0)
			return false;
		*bits_out |= bit;
		last = s;
	}
	return true;
}

const char *status_word(enum coll_status s)
{
	return status_words[s];
}

bool coll_status_parse(const char *text, enum coll_status *out)
{
	for (unsigned i = 0; text && i < COUNT(status_words); i++) {
		if (strcmp(text, status_words[i]) == 0) {
			*out = (enum coll_status)i;
			return true;
		}
	}
	return false;
}

bool kind_parse(const char *text, enum coll_kind *out)
{
	for (unsigned i = 0; text && i < COLL_KINDS; i++) {
		if (strcmp(text, coll_kind_dir((enum coll_kind)i)) == 0) {
			*out = (enum coll_kind)i;
			return true;
		}
	}
	return false;
}

/* At least six digits. */
static char *six_digits(char *p, uint32_t v)
{
	char text[10];
	int n = 0;

	for (; v > 0 || n < 6; v /= 10)
		text[n++] = (char)('0' + v % 10);
	while (n > 0)
		*p++ = text[--n];
	return p;
}

char *place_part_name(const struct object_place *w, char out[PART_NAME_SIZE])
{
	char *p = six_digits(out, w->snapshot);

	memcpy(p, "/part-", 6);
	p = six_digits(p + 6, w->part);
	memcpy(p, ".tar.gz", 8);
	return out;
}

void put_u64(struct buf *out, uint64_t v)
{
	char text[20], *p = text + sizeof text;

	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	buf_put(out, p, (size_t)(text + sizeof text - p));
}

static bool ends_with(const char *s, size_t n, const char *end)
{
	size_t m = strlen(end);

	return n >= m && strncasecmp(s + n - m, end, m) == 0;
}

static bool is_maildir_name(const char *s, size_t n)
{
	return n == 3 && (strncasecmp(s, "cur", 3) == 0 || strncasecmp(s, "new", 3) == 0 ||
	                         strncasecmp(s, "tmp", 3) == 0);
}

bool coll_path_ok(enum coll_kind kind, const char *path)
{
	const char *dir = coll_kind_dir(kind);
	size_t n = strlen(dir), depth = 0;

	if (!path || strlen(path) > COLL_PATH_MAX || !path_is_safe(path))
		return false;
	if (strncmp(path, dir, n) != 0 || path[n] != '/')
		return false;
	for (const char *p = path + n; *p == '/'; depth++) {
		const char *part = p + 1;

		n = strcspn(part, "/");
		if (n > 255 || *part == '.' || is_maildir_name(part, n) ||
		        ends_with(part, n, ".jsonl") || ends_with(part, n, ".gz"))
			return false;
		p = part + n;
	}
	return kind == COLL_MAIL || depth == 1;
}

bool resource_name_ok(const char *name)
{
	return name && strlen(name) <= 251 && path_is_safe(name) && !strchr(name, '/') &&
	       *name != '.';
}
