/* What proves that two services of one account show the same item. */
#include "valise/tree/twin.h"
#include <stdio.h>
#include <string.h>
#include "valise/base/text.h"

static const char *text_of(const struct item_about *a, enum about_field field)
{
	return a && a->text[field] && *a->text[field] ? a->text[field] : NULL;
}

/* The next key is that of these parts, none of which has a NUL. */
static void add_key(struct item_twin *t, const char *const *part, const size_t *len, size_t n)
{
	uint8_t sum[SHA256_LEN];
	struct sha256 h;

	sha256_start(&h);
	for (size_t i = 0; i < n; i++) {
		sha256_add(&h, part[i], len[i]);
		sha256_add(&h, "", 1);
	}
	sha256_end(&h, sum);
	memcpy(t->keys[t->n++], sum, TWIN_KEY);
}

/* Without blanks and the brackets around it, which a property of MAPI may lack. */
static void trim_id(const char **s, size_t *n)
{
	text_trim(s, n);
	if (*n > 2 && (*s)[0] == '<' && (*s)[*n - 1] == '>') {
		++*s;
		*n -= 2;
	}
}

/* The address of "Ann <ann@example.org>", else all of it. */
static void trim_sender(const char **s, size_t *n)
{
	const char *open = memrchr(*s, '<', *n), *end = open ? strchr(open, '>') : NULL;

	if (end) {
		*s = open + 1;
		*n = (size_t)(end - *s);
	}
	text_trim(s, n);
}

static void twin_of_mail(const struct item_about *a, struct item_twin *t)
{
	const char *id = text_of(a, ABOUT_MESSAGE_ID), *date = text_of(a, ABOUT_DATE);
	const char *from = text_of(a, ABOUT_FROM), *subject = text_of(a, ABOUT_SUBJECT);
	struct date when = {0};
	char second[32] = "", sender[ABOUT_VALUE_MAX + 1];
	size_t n;

	if (date && date_parse_rfc5322(date, strlen(date), &when) && when.known)
		snprintf(second, sizeof second, "%lld", (long long)when.utc);
	if (id) {
		n = strlen(id);
		trim_id(&id, &n);
		add_key(t, (const char *const[]){"id", id, second},
		        (const size_t[]){2, n, strlen(second)}, 3);
		return;
	}
	if (!*second || !from || !subject)
		return;
	n = strlen(from);
	trim_sender(&from, &n);
	snprintf(sender, sizeof sender, "%.*s", (int)n, from);
	(void)text_lower(sender);
	add_key(t, (const char *const[]){"none", second, sender, subject},
	        (const size_t[]){4, strlen(second), strlen(sender), strlen(subject)}, 4);
}

static void twin_of_card(const struct item_about *a, struct item_twin *t)
{
	const char *name = text_of(a, ABOUT_NAME), *mail = text_of(a, ABOUT_MAIL),
	           *phone = text_of(a, ABOUT_PHONE);

	if (!name || (!mail && !phone))
		return;
	mail = mail ? mail : "";
	phone = phone ? phone : "";
	add_key(t, (const char *const[]){"card", name, mail, phone},
	        (const size_t[]){4, strlen(name), strlen(mail), strlen(phone)}, 4);
}

void item_twin_of(
        enum coll_kind kind, const char *uid, const struct item_about *about, struct item_twin *out)
{
	memset(out, 0, sizeof *out);
	if (kind == COLL_MAIL)
		twin_of_mail(about, out);
	if (kind != COLL_CALENDAR && kind != COLL_CONTACTS)
		return;
	if (uid && *uid)
		add_key(out, (const char *const[]){"uid", uid}, (const size_t[]){3, strlen(uid)},
		        2);
	if (kind == COLL_CONTACTS)
		twin_of_card(about, out);
}
