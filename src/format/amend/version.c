/*
 * A vCard 3.0 as 4.0 and back: what RFC 6350 has otherwise than RFC 2426; lines that are
 * the same in both stay as they are, octet for octet.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "internal.h"

struct version {
	struct amending *a;
	bool to4;
};

/* Values that are files. */
static bool is_file(const char *name)
{
	return text_in(name, "PHOTO|LOGO|SOUND|KEY");
}

/* TYPE=a,b as TYPE=a;TYPE=b, without ${but}; did it have that? */
static bool put_types(struct buf *line, const char *value, const char *but)
{
	bool had = false;

	for (size_t n; *value; value += n + (value[n] == ',')) {
		char *one;

		n = strcspn(value, ",");
		if (n == strlen(but) && strncasecmp(value, but, n) == 0) {
			had = true;
			continue;
		}
		one = xstrndup(value, n);
		if (n)
			amend_put_param(line, "TYPE", one);
		free(one);
	}
	return had;
}

/* The parameters but for those of ${gone}, "ENCODING|TYPE"; is it preferred? */
static bool put_params(
        const struct version *v, const struct content_line *l, const char *gone, struct buf *line)
{
	bool preferred = false;

	for (size_t i = 0; i < l->n_params; i++) {
		const char *name = l->params[i].name, *value = l->params[i].value;

		if (text_in(name, gone) || strcmp(name, "CHARSET") == 0)
			continue;
		if (strcmp(name, "TYPE") == 0 && v->to4)
			preferred |= put_types(line, value, "PREF");
		else if (strcmp(name, "PREF") == 0 && !v->to4)
			preferred |= strcmp(value, "1") == 0;
		else
			amend_put_param(line, name, value);
	}
	if (preferred)
		buf_puts(line, v->to4 ? ";PREF=1" : ";TYPE=PREF");
	return preferred;
}

/* ";ENCODING=b;TYPE=JPEG:..." as ":data:image/jpeg;base64,..." */
static void file_to4(const struct version *v, const struct content_line *l, struct buf *line)
{
	const char *type = content_param(l, "TYPE");
	const char *kind = strcmp(l->name, "SOUND") == 0 ? "audio/"
	                   : strcmp(l->name, "KEY") == 0 ? "application/"
	                                                 : "image/";

	put_params(v, l, "ENCODING|TYPE|VALUE", line);
	buf_puts(line, ":data:");
	if (!type)
		buf_puts(line, "application/octet-stream");
	else if (!strchr(type, '/'))
		buf_puts(line, kind);
	for (; type && *type; type++)
		buf_putc(line, (char)(*type >= 'A' && *type <= 'Z' ? *type | 0x20 : *type));
	buf_puts(line, ";base64,");
	content_without(l->value, l->value_len, " \t\r\n", line);
}

/* "data:image/jpeg;base64,..." as ";ENCODING=b;TYPE=JPEG:..." */
static bool file_to3(const struct version *v, const struct content_line *l, struct buf *line)
{
	const char *comma = memchr(l->value, ',', l->value_len), *type = l->value + 5, *slash;
	size_t head;

	if (!comma || strncasecmp(l->value, "data:", 5) != 0)
		return false;
	head = (size_t)(comma - l->value);
	if (head < 12 || strncasecmp(comma - 7, ";base64", 7) != 0)
		return false;
	slash = memchr(type, '/', head - 5);
	type = slash ? slash + 1 : type;
	put_params(v, l, "ENCODING|TYPE|VALUE|MEDIATYPE", line);
	buf_puts(line, ";ENCODING=b");
	if (strcspn(type, ";,\"") > 0)
		buf_puts(line, ";TYPE=");
	for (; !strchr(";,\":", *type); type++)
		buf_putc(line, (char)(*type >= 'a' && *type <= 'z' ? *type - 0x20 : *type));
	buf_putc(line, ':');
	buf_put(line, comma + 1, l->value_len - head - 1);
	return true;
}

/* "1985-04-12" and what follows: RFC 6350 4.3 has the basic form alone. */
static bool is_extended_date(const struct content_line *l)
{
	static const char form[] = "dddd-dd-dd";

	if (!text_in(l->name, "BDAY|ANNIVERSARY|REV") || l->value_len < sizeof form - 1)
		return false;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == 'd' ? l->value[i] < '0' || l->value[i] > '9' : l->value[i] != '-')
			return false;
	return true;
}

/* Values that 4.0 writes otherwise; false: this is none. */
static bool value_to4(const struct version *v, const struct content_line *l, struct buf *line)
{
	const char *half = memchr(l->value, ';', l->value_len);

	if (is_extended_date(l)) {
		put_params(v, l, "", line);
		buf_putc(line, ':');
		content_without(l->value, 10, "-", line);
		content_without(l->value + 10, l->value_len - 10, ":", line);
	} else if (strcmp(l->name, "GEO") == 0 && half) {
		put_params(v, l, "", line);
		buf_putf(line, ":geo:%.*s,%.*s", (int)(half - l->value), l->value,
		        (int)(l->value_len - (size_t)(half - l->value) - 1), half + 1);
	} else if (is_file(l->name) && content_encoding(l) == CONTENT_BASE64) {
		file_to4(v, l, line);
	} else {
		return false;
	}
	return true;
}

/* Values that 3.0 writes otherwise; false: this is none. */
static bool value_to3(const struct version *v, const struct content_line *l, struct buf *line)
{
	const char *comma = memchr(l->value, ',', l->value_len);

	if (strcmp(l->name, "GEO") == 0 && comma && strncasecmp(l->value, "geo:", 4) == 0) {
		size_t end = strcspn(comma + 1, ";");

		put_params(v, l, "VALUE", line);
		buf_putf(line, ":%.*s;%.*s", (int)(comma - l->value) - 4, l->value + 4, (int)end,
		        comma + 1);
	} else if (strcmp(l->name, "TEL") == 0 && l->value_len > 4 &&
	           strncasecmp(l->value, "tel:", 4) == 0) {
		put_params(v, l, "VALUE", line);
		buf_putc(line, ':');
		buf_put(line, l->value + 4, l->value_len - 4);
	} else if (is_file(l->name)) {
		if (file_to3(v, l, line))
			return true;
		put_params(v, l, "VALUE", line);
		buf_puts(line, ";VALUE=uri:");
		buf_put(line, l->value, l->value_len);
	} else {
		return false;
	}
	return true;
}

/*
 * What has another name there; or NULL. Of 4.0 clients of 3.0 know groups as Apple writes
 * them.
 */
static const char *other_name(const struct version *v, const struct content_line *l)
{
	static const char *const names[][2] = {
	        {"X-ADDRESSBOOKSERVER-KIND", "KIND"}, {"X-ADDRESSBOOKSERVER-MEMBER", "MEMBER"}};

	for (size_t i = 0; i < COUNT(names); i++)
		if (strcmp(l->name, names[i][!v->to4]) == 0)
			return names[i][v->to4];
	return NULL;
}

/* Has it a parameter that the other version does not know? */
static bool has_odd_param(const struct version *v, const struct content_line *l)
{
	for (size_t i = 0; i < l->n_params; i++) {
		const char *name = l->params[i].name;

		if (v->to4 ? strcmp(name, "CHARSET") == 0 ||
		                        (strcmp(name, "TYPE") == 0 &&
		                                strcasestr(l->params[i].value, "PREF"))
		           : strcmp(name, "PREF") == 0)
			return true;
	}
	return false;
}

/* The line in the other version; false: it is the same. */
static bool convert_line(const struct version *v, const struct content_line *l, struct buf *line)
{
	const char *name = other_name(v, l);

	if (name) {
		struct content_line renamed = *l;

		renamed.name = name;
		amend_put_name(line, &renamed);
	} else {
		amend_put_name(line, l);
	}
	if (v->to4 ? value_to4(v, l, line) : value_to3(v, l, line))
		return true;
	if (!name && !has_odd_param(v, l))
		return false;
	put_params(v, l, "", line);
	buf_putc(line, ':');
	buf_put(line, l->value, l->value_len);
	return true;
}

static int on_line(void *ctx, const struct content_line *l, struct err *err)
{
	struct version *v = ctx;
	struct amending *a = v->a;
	struct buf line = buf_of(SIZE_MAX);

	(void)err;
	amend_copy_to(a, l->offset);
	/* RFC 6350 6.7.9: right behind BEGIN. */
	if (a->opened)
		amend_emit_text(a, "VERSION", v->to4 ? "4.0" : "3.0");
	a->opened = l->depth == 0 && strcmp(l->name, "BEGIN") == 0;
	if (l->depth == 0 && strcmp(l->name, "END") == 0)
		amend_complete_card(a);
	if (l->depth != 1)
		return 0;
	a->drop = strcmp(l->name, "VERSION") == 0;
	if (a->drop)
		return 0;
	a->drop = convert_line(v, l, &line);
	amend_note_card(a, l, a->drop ? &line : NULL);
	if (a->drop)
		amend_emit(a, &line);
	buf_clear(&line);
	return 0;
}

int amend_version(struct amending *a, bool to4, struct err *err)
{
	struct version v = {a, to4};

	a->v4 = to4;
	memset(a->has, 0, sizeof a->has);
	buf_reset(&a->called);
	return amend_scan(a, on_line, &v, err);
}
