/* %{name} and the like in the values of an account file. */
#include "expand.h"
#include "valise/base/buf.h"
#include "valise/base/escape.h"
#include "valise/base/mem.h"
#include "valise/base/near.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define EXPANDED_MAX 16384

static const char *const names[] = {"name", "user", "local", "domain"};

static int find_domain(const char *user, char **out, struct err *err)
{
	const char *at = strrchr(user, '@');

	if (!at || !at[1])
		return err_set(
		        err, ERR_USAGE, ERR_WHOLE, "%%{domain}: the user \"%s\" has none", user);
	*out = xstrdup(at + 1);
	return 0;
}

static int unknown_variable(const char *name, size_t n, struct err *err)
{
	struct nearest best = {0};
	char *text = xstrndup(name, n);

	for (size_t i = 0; i < COUNT(names); i++)
		nearest_weigh(&best, text, names[i]);
	(void)err_set(err, ERR_USAGE, ERR_WHOLE,
	        "there is no %%{%.64s}%s%s%s; write %%%%{ for the characters themselves", text,
	        best.word ? ", do you mean %{" : "", best.word ? best.word : "",
	        best.word ? "}?" : "");
	free(text);
	return ERR_USAGE;
}

/* ${name}, ${n}: between the braces. */
static int find_variable(
        const char *name, size_t n, const struct variables *v, char **out, struct err *err)
{
	const char *at = strrchr(v->user, '@');

	if (n == 4 && memcmp(name, "name", n) == 0) {
		*out = xstrdup(v->name);
	} else if (n == 4 && memcmp(name, "user", n) == 0) {
		*out = xstrdup(v->user);
	} else if (n == 5 && memcmp(name, "local", n) == 0) {
		*out = at ? xstrndup(v->user, (size_t)(at - v->user)) : xstrdup(v->user);
	} else if (n == 6 && memcmp(name, "domain", n) == 0) {
		return find_domain(v->user, out, err);
	} else {
		return unknown_variable(name, n, err);
	}
	return 0;
}

/* Before the path of a URL even '@' and ':' would part something. */
static int put_encoded(struct buf *out, const char *text)
{
	const char *host = strstr(buf_str(out), "://");
	const char *plain = host && strchr(host + 3, '/') ? "-._~!$&'()*+,;=:@" : "-._~";
	int rc = 0;

	for (const char *p = text; *p && rc == 0; p++)
		rc = isalnum((unsigned char)*p) || (unsigned char)*p >= 0x80 || strchr(plain, *p)
		             ? buf_addc(out, *p)
		             : buf_addf(out, "%%%02X", (unsigned char)*p);
	return rc;
}

/* It names another file than one of the directory that a command has before it. */
static bool leads_elsewhere(const char *text)
{
	if (!*text || *text == '/')
		return true;
	for (const char *p = text; p; p = strchr(p, '/')) {
		p += *p == '/';
		if (strncmp(p, "..", 2) == 0 && (!p[2] || p[2] == '/'))
			return true;
	}
	return false;
}

/* Whoever names an account must not be able to run a command, or choose a file for it. */
static int put_word(struct buf *out, const char *text, struct err *err)
{
	if (leads_elsewhere(text))
		return err_set(err, ERR_USAGE, ERR_WHOLE,
		        "\"%s\" does not go into a command: it is empty, begins with \"/\" or "
		        "holds \"..\"",
		        text);
	for (const char *p = text; *p; p++)
		if (!isalnum((unsigned char)*p) && (unsigned char)*p < 0x80 &&
		        !strchr(p == text ? "@._+=:,/%" : "@._+=:,/%-", *p))
			return err_set(err, ERR_USAGE, ERR_WHOLE,
			        "\"%s\" does not go into a command: it holds what the shell, or "
			        "the command, may take for something else",
			        text);
	return buf_adds(out, text);
}

static int put_variable(struct buf *out, const char *text, enum expand_as as, struct err *err)
{
	switch (as) {
	case EXPAND_PATH:
		return path_escape(text, strlen(text), out);
	case EXPAND_URL:
		return put_encoded(out, text);
	case EXPAND_COMMAND:
		return put_word(out, text, err);
	case EXPAND_TEXT:
		break;
	}
	return buf_adds(out, text);
}

int expand_value(const char *value, const struct variables *v, enum expand_as as, char **out,
        struct err *err)
{
	struct buf b = buf_of(EXPANDED_MAX);
	int rc = 0;

	*out = NULL;
	err_clear(err);
	for (const char *p = value; *p && rc == 0;) {
		const char *end = p[0] == '%' && p[1] == '{' ? strchr(p, '}') : NULL;
		char *text = NULL;

		if (p[0] == '%' && p[1] == '{' && !end) {
			rc = err_set(err, ERR_USAGE, ERR_WHOLE, "\"%%{\" without its \"}\"");
		} else if (end) {
			rc = find_variable(p + 2, (size_t)(end - p) - 2, v, &text, err);
			if (rc == 0)
				rc = put_variable(&b, text, as, err);
			free(text);
			p = end + 1;
		} else {
			rc = buf_addc(&b, *p);
			p += p[0] == '%' && p[1] == '%' ? 2 : 1;
		}
	}
	if (rc == 0)
		*out = buf_take(&b);
	else if (rc == ERR_LIMIT && !*err->text)
		rc = err_set(err, ERR_LIMIT, ERR_WHOLE, "the value becomes too long");
	buf_clear(&b);
	return rc;
}
