/* Canonical JSON (RFC 8259): written, and parsed with bounded depth. */
#include "valise/base/json.h"
#include "valise/base/escape.h"
#include "valise/base/hash.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include <stdlib.h>
#include <string.h>

static void put_escape(struct buf *out, unsigned char c)
{
	static const char named[] = "btn?fr"; /* 0x08 to 0x0d */

	if (c == '"' || c == '\\')
		buf_putf(out, "\\%c", c);
	else if (c >= 0x08 && c <= 0x0d && c != 0x0b)
		buf_putf(out, "\\%c", named[c - 0x08]);
	else
		buf_putf(out, "\\u%04x", c);
}

void json_put_string(struct buf *out, const char *s, size_t n)
{
	size_t from = 0, i = 0;

	buf_putc(out, '"');
	while (i < n) {
		unsigned char c = (unsigned char)s[i];
		size_t len = c < 0x80 ? 1 : utf8_next(s + i, n - i, NULL);

		if (len > 0 && c >= 0x20 && c != '"' && c != '\\') {
			i += len;
			continue;
		}
		buf_put(out, s + from, i - from);
		if (len > 0)
			put_escape(out, c);
		/* not UTF-8: keep the text readable */
		else
			buf_puts(out, "\xef\xbf\xbd");
		from = ++i;
	}
	buf_put(out, s + from, n - from);
	buf_putc(out, '"');
}

static void put_object(struct buf *out, const json_t *v)
{
	size_t n = json_object_size(v), i = 0;
	const char **keys = xcalloc(n, sizeof *keys);
	void *it = json_object_iter((json_t *)v);

	for (; it && i < n; it = json_object_iter_next((json_t *)v, it))
		keys[i++] = json_object_iter_key(it);
	SORT(keys, n, text_by_bytes);
	buf_putc(out, '{');
	for (i = 0; i < n; i++) {
		if (i > 0)
			buf_putc(out, ',');
		json_put_string(out, keys[i], strlen(keys[i]));
		buf_putc(out, ':');
		json_put(out, json_object_get(v, keys[i]));
	}
	buf_putc(out, '}');
	free(keys);
}

static void put_array(struct buf *out, const json_t *v)
{
	buf_putc(out, '[');
	for (size_t i = 0; i < json_array_size(v); i++) {
		if (i > 0)
			buf_putc(out, ',');
		json_put(out, json_array_get(v, i));
	}
	buf_putc(out, ']');
}

void json_put(struct buf *out, const json_t *v)
{
	if (json_is_object(v))
		put_object(out, v);
	else if (json_is_array(v))
		put_array(out, v);
	else if (json_is_string(v))
		json_put_string(out, json_string_value(v), json_string_length(v));
	else if (json_is_integer(v))
		buf_putf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	else if (json_is_boolean(v))
		buf_puts(out, json_is_true(v) ? "true" : "false");
	else
		buf_puts(out, "null");
}

void json_put_shown(struct buf *out, const json_t *v)
{
	struct buf all = buf_of(SIZE_MAX / 2);
	const char *s;

	json_put(&all, v);
	s = buf_str(&all);
	/* Such characters stand in strings alone. */
	for (size_t i = 0, from = 0; i <= all.len;) {
		uint32_t point = 0;
		size_t n = i < all.len ? utf8_next(s + i, all.len - i, &point) : 1;

		n = n ? n : 1;
		if (i == all.len || char_is_hidden(point)) {
			buf_put(out, s + from, i - from);
			if (i < all.len)
				buf_putf(out, "\\u%04x", point);
			from = i + n;
		}
		i += n;
	}
	buf_clear(&all);
}

void json_puts(struct buf *out, const char *text)
{
	json_put_string(out, text ? text : "", text ? strlen(text) : 0);
}

char *json_text(json_t *v)
{
	struct buf text = buf_of(SIZE_MAX);

	json_put(&text, v);
	json_decref(v);
	return buf_take(&text);
}

void json_set_text(json_t *o, const char *key, const char *text)
{
	if (text)
		json_object_set_new(o, key, json_string(text));
}

void json_set_number(json_t *o, const char *key, uint64_t v)
{
	json_object_set_new(o, key, json_integer((json_int_t)v));
}

void json_set_hex(json_t *o, const char *key, const uint8_t *p, size_t n)
{
	char *hex = xmalloc(2 * n + 1);

	hex_format(p, n, hex);
	json_set_text(o, key, hex);
	free(hex);
}

/* The parser bounds the depth (JSON_PARSER_MAX_DEPTH), hence the recursion. */
static bool has_real(json_t *v)
{
	const char *key;
	json_t *member;
	size_t i;

	if (json_is_real(v))
		return true;
	json_array_foreach(v, i, member) if (has_real(member)) return true;
	json_object_foreach(v, key, member) if (has_real(member)) return true;
	return false;
}

int json_read(const char *text, size_t n, size_t cap, json_t **out, struct err *err)
{
	json_error_t why;
	json_t *v;

	*out = NULL;
	if (n > cap)
		return err_set(err, ERR_DAMAGED, ERR_ITEM,
		        "JSON text of %zu bytes is longer than the %zu allowed", n, cap);
	v = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
	if (!v)
		return err_set(err, ERR_DAMAGED, ERR_ITEM, "not valid JSON, line %d column %d: %s",
		        why.line, why.column, why.text);
	if (has_real(v)) {
		json_decref(v);
		return err_set(
		        err, ERR_DAMAGED, ERR_ITEM, "JSON text holds a number with a fraction");
	}
	*out = v;
	return 0;
}

const char *json_get_str(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);
	const char *s = json_string_value(v);

	/* Text that a NUL would cut short is none. */
	return s && strlen(s) == json_string_length(v) ? s : NULL;
}

int64_t json_get_int(const json_t *o, const char *key, int64_t fallback)
{
	const json_t *v = json_object_get(o, key);

	return json_is_integer(v) ? json_integer_value(v) : fallback;
}

int json_get_bool(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}
