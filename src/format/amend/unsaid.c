/* What cards have that another version of vCard has no word for: RFC 2426, 6350, and what extends
 * them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "internal.h"

struct unsaid {
	bool to4;
	struct buf *out;
};

/* Properties of 4.0 (RFC 6350, 6474, 6715, 8605, 9554, 9555) that 3.0 lacks, and the other way
 * round. */
static const char only4[] = "XML|GENDER|ANNIVERSARY|LANG|RELATED|CLIENTPIDMAP|BIRTHPLACE|"
                            "DEATHPLACE|DEATHDATE|EXPERTISE|HOBBY|INTEREST|ORG-DIRECTORY|"
                            "CONTACT-URI|CREATED|GRAMGENDER|LANGUAGE|PRONOUNS|SOCIALPROFILE|JSPROP";
static const char only3[] = "AGENT|LABEL|MAILER|NAME|PROFILE|SORT-STRING|CLASS";
/* Parameters of 4.0; PREF=1 is TYPE=PREF. */
static const char params4[] = "ALTID|PID|SORT-AS|CALSCALE|LABEL|GEO|TZ|LEVEL|INDEX|AUTHOR|"
                              "AUTHOR-NAME|DERIVED|PHONETIC|PROP-ID|SCRIPT|SERVICE-TYPE|USERNAME|"
                              "JSCOMPS|JSPTR|CC";

/* Append a name, once. */
static void add_name(struct buf *out, const char *name)
{
	size_t n = strlen(name);

	for (const char *s = buf_str(out); *s; s += strcspn(s, ",")) {
		s += strspn(s, ", ");
		if (strncmp(s, name, n) == 0 && (!s[n] || s[n] == ','))
			return;
	}
	(void)!buf_addf(out, "%s%s", out->len ? ", " : "", name);
}

static void add_param(struct buf *out, const char *param, const char *name)
{
	char *text = xasprintf("%s of %s", param, name);

	add_name(out, text);
	free(text);
}

/* A year, month and day, with or without a time: all that 3.0 knows (ISO 8601 of RFC 2426). */
static bool is_full_date(const struct content_line *l)
{
	static const char *const forms[] = {"dddd-dd-dd", "dddddddd"};

	for (size_t i = 0; i < COUNT(forms); i++) {
		size_t n = strlen(forms[i]), k = 0;

		while (k < n && k < l->value_len &&
		        (forms[i][k] == 'd' ? l->value[k] >= '0' && l->value[k] <= '9'
		                            : l->value[k] == '-'))
			k++;
		if (k == n && (k == l->value_len || l->value[k] == 'T'))
			return true;
	}
	return false;
}

static void look_at_params(struct unsaid *u, const struct content_line *l)
{
	for (size_t i = 0; i < l->n_params; i++) {
		const char *name = l->params[i].name, *value = l->params[i].value;

		if (text_in(name, params4) ||
		        (strcmp(name, "PREF") == 0 && strcmp(value, "1") != 0))
			add_param(u->out, name, l->name);
	}
}

static int on_line(void *ctx, const struct content_line *l, struct err *err)
{
	struct unsaid *u = ctx;

	(void)err;
	if (l->depth == 1 && strcmp(l->name, "BEGIN") == 0)
		add_name(u->out, "a card in the card");
	if (l->depth != 1 || text_in(l->name, "BEGIN|END"))
		return 0;
	if (text_in(l->name, u->to4 ? only3 : only4))
		add_name(u->out, l->name);
	if (u->to4)
		return 0;
	if (strcmp(l->name, "KIND") == 0 && !text_is(l->value, l->value_len, "group") &&
	        !text_is(l->value, l->value_len, "individual"))
		add_name(u->out, "KIND");
	if (strcmp(l->name, "BDAY") == 0 && !is_full_date(l))
		add_name(u->out, "BDAY without a year");
	look_at_params(u, l);
	return 0;
}

int content_unsaid(const void *p, size_t n, unsigned version, struct buf *out, struct err *err)
{
	struct unsaid u = {version == 4, out};

	return content_read(p, n, on_line, &u, NULL, err);
}
