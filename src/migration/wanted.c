/* The new provider's records: a file of settings, a zone file, or lines. */
#include "valise/account/inifile.h"
#include "valise/base/buf.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/migration/migration.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct reading {
	const char *label, *domain;
	struct dns_zone *out;
};

/* Is it the domain, or below it? */
static bool is_within(const char *name, const char *domain)
{
	size_t n = strlen(name), d = strlen(domain);

	return n >= d && text_ends_with(name, domain) && (n == d || name[n - d - 1] == '.');
}

/* Whole, without its last dot, of "@", "_dmarc", "_dmarc.new.example" or with a dot. */
static char *whole_name(const char *name, const char *domain)
{
	size_t n = strlen(name);

	if (strcmp(name, "@") == 0 || !n)
		return xstrdup(domain);
	if (name[n - 1] == '.')
		return xstrndup(name, n - 1);
	return is_within(name, domain) ? xstrdup(name) : xasprintf("%s.%s", name, domain);
}

static int add_record(const struct reading *r, const char *name, const char *type, const char *data,
        struct err *err)
{
	char *whole = whole_name(name, r->domain);
	int rc = is_within(whole, r->domain) ? dns_zone_add(r->out, whole, type, data, err)
	                                     : err_set(err, ERR_USAGE, ERR_WHOLE,
	                                               "%s is not below %s", whole, r->domain);

	free(whole);
	return rc;
}

static int take_entry(void *ctx, const char *section, const char *key, const char *value,
        unsigned line, struct err *err)
{
	const struct reading *r = ctx;
	struct err why = {0};

	if (!key)
		return 0;
	if (!dns_type_of(key))
		return err_at(err, r->label, line,
		        "the key is a type (MX, TXT, CNAME, SRV, A, AAAA, NS), not \"%s\"", key);
	if (add_record(r, section, key, value, &why) < 0)
		return err_at(err, r->label, line, "%s", why.text);
	return 0;
}

/* Does its first line that is no comment begin a section? */
static bool is_settings(const char *s, size_t n)
{
	size_t i = text_bom(s, n);

	while (i < n) {
		if (isspace((unsigned char)s[i])) {
			i++;
			continue;
		}
		if (s[i] != '#' && s[i] != ';')
			return s[i] == '[';
		while (i < n && s[i] != '\n')
			i++;
	}
	return true;
}

/* Of a zone file, what is at or below the domain. */
static void keep_within(struct dns_zone *z, const char *domain, struct dns_zone *out)
{
	for (size_t i = 0; i < z->n; i++) {
		if (!is_within(z->list[i].name, domain))
			continue;
		*ARR_PUSH(out->list, out->n, out->cap) = z->list[i];
		z->list[i] = (struct dns_named){0};
	}
}

int migration_wanted(const char *path, const char *domain, struct dns_zone *out, struct err *err)
{
	struct reading r = {.label = path, .domain = domain, .out = out};
	struct buf text = buf_of(DNS_ZONE_MAX);
	size_t before = out->n;
	struct stat st;
	int rc = inifile_read(path, &text, &st, err);

	if (rc == 0 && is_settings((const char *)text.data, text.len)) {
		rc = inifile_parse((const char *)text.data, text.len, path, take_entry, &r, err);
	} else if (rc == 0) {
		struct dns_zone all;

		rc = dns_zone_read((const char *)text.data, text.len, domain, path, &all, err);
		if (rc == 0)
			keep_within(&all, domain, out);
		dns_zone_clear(&all);
	}
	if (rc == 0 && out->n == before)
		rc = err_set(
		        err, ERR_USAGE, ERR_WHOLE, "%s has no record at or below %s", path, domain);
	buf_clear(&text);
	return rc;
}

/* The next word of ${s}, which moves behind it and the blanks. */
static char *next_word(const char **s)
{
	size_t n = strcspn(*s, " \t");
	char *word = xstrndup(*s, n);

	*s += n;
	*s += strspn(*s, " \t");
	return word;
}

int migration_wanted_line(
        const char *line, const char *domain, struct dns_zone *out, struct err *err)
{
	struct reading r = {.label = "--expect", .domain = domain, .out = out};
	const char *s = line + strspn(line, " \t"), *all = line;
	char *name = next_word(&s), *type;
	int rc;

	if (dns_type_of(name)) {
		type = name;
		name = xstrdup("@");
	} else {
		type = next_word(&s);
	}
	while (*type &&
	        (strspn(type, "0123456789") == strlen(type) || text_is(type, strlen(type), "IN"))) {
		free(type);
		type = next_word(&s);
	}
	if (!dns_type_of(type) || !*s)
		rc = err_set(err, ERR_USAGE, ERR_WHOLE,
		        "no record such as \"MX 10 mx1.new.example\": \"%s\"", all);
	else
		rc = add_record(&r, name, type, s, err);
	free(name);
	free(type);
	return rc;
}
