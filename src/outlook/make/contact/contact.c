/* A card as a contact or distribution list: MS-OXVCARD 2.1.3, MS-OXOCNTC 2.2, RFC 2426. */
#include "outlook/make/contact/cont.h"
#include "outlook/make/forms.h"
#include <stdlib.h>
#include <strings.h>
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"

enum { ICON_CONTACT = 0x200, ICON_LIST = 0x202, SIDE_EFFECTS = 0x10, READ = 1 };

struct line *in_group(const struct cont *c, const struct line *l, const char *name)
{
	for (size_t i = 0; l->group && i < c->p->n_lines; i++) {
		struct line *other = &c->p->lines[i];

		if (other->group && strcmp(other->name, name) == 0 &&
		        strcasecmp(other->group, l->group) == 0)
			return other;
	}
	return NULL;
}

/* ---- labels ---- */

static int by_group(const void *a, const void *b)
{
	const struct line *const *x = a, *const *y = b;
	int order = strcasecmp((*x)->group, (*y)->group);

	/* of several the first one */
	return order ? order : ORDER_OF((*x)->at, (*y)->at);
}

static void find_labels(struct cont *c)
{
	size_t cap = 0;

	for (size_t i = 0; i < c->p->n_lines; i++)
		if (c->p->lines[i].group && strcmp(c->p->lines[i].name, "X-ABLABEL") == 0)
			*ARR_PUSH(c->labels, c->n_labels, cap) = &c->p->lines[i];
	SORT(c->labels, c->n_labels, by_group);
}

static struct line *find_label(const struct cont *c, const struct line *l)
{
	size_t i = 0;

	if (!l->group)
		return NULL;
	LOOKUP_FIRST(i, c->n_labels, strcasecmp(c->labels[i]->group, l->group) < 0);
	return i < c->n_labels && strcasecmp(c->labels[i]->group, l->group) == 0 ? c->labels[i]
	                                                                         : NULL;
}

const char *label_of(const struct cont *c, const struct line *l)
{
	const struct line *label = find_label(c, l);

	return label ? label->value : NULL;
}

void use_group(const struct cont *c, const struct line *l)
{
	struct line *label = find_label(c, l);

	if (label)
		label->used = true;
}

bool next_type(const struct line *l, size_t *at, char word[32])
{
	size_t seen = 0;

	for (size_t i = 0; i < l->n_params; i++) {
		const char *s = l->params[i].value;

		if (strcmp(l->params[i].name, "TYPE") != 0)
			continue;
		while (*s) {
			size_t n = strcspn(s, ",");

			if (seen++ == *at) {
				memcpy(word, s, MIN(n, 31u));
				word[MIN(n, 31u)] = '\0';
				text_upper(word);
				++*at;
				return true;
			}
			s += n + (s[n] != '\0');
		}
	}
	return false;
}

static bool is_group(struct cont *c)
{
	static const char *const names[] = {"X-ADDRESSBOOKSERVER-KIND", "KIND"};

	for (size_t i = 0; i < COUNT(names); i++) {
		struct line *l = part_peek(c->p, names[i]);

		if (l && strcasecmp(l->value, "group") == 0)
			return l->used = true;
	}
	return false;
}

/* A form of somebody's own, of that kind of item. */
static void put_class(struct cont *c)
{
	const char *class = c->is_list ? "IPM.DistList" : "IPM.Contact";
	struct line *l = part_peek(c->p, "X-OUTLOOK-CLASS");
	size_t n = strlen(class);

	if (l && strncasecmp(l->value, class, n) == 0 && l->value[n] == '.') {
		l->used = true;
		into_own(&c->k, c->b, PidTagMessageClass, line_text(l));
	} else {
		into_text(&c->k, c->b, PidTagMessageClass, class);
	}
	into_int(&c->k, c->b, PidTagIconIndex, c->is_list ? ICON_LIST : ICON_CONTACT);
	into_int(&c->k, c->b, PidLidSideEffects, SIDE_EFFECTS);
	into_int(&c->k, c->b, PidTagMessageFlags, READ);
}

static void put_uid(struct cont *c)
{
	struct line *l = part_peek(c->p, "UID");
	char *uid = l ? line_text(l) : NULL;

	if (uid && contact_uid_is_plain(uid)) {
		l->used = true;
		into_text(&c->k, c->b, PidNameVcardUid, uid);
	} else if (uid && *uid) {
		into_lost(&c->k, "its UID: too long, or with blanks");
		l->used = true;
	}
	free(uid);
}

/* ---- as it comes back ---- */

/* The card that is made of the item, beside what it was made of. */
static int compare(struct cont *c)
{
	struct object again;
	struct beside s = {&c->o, &again, 0, "BEGIN|END|VERSION|UID|FN|N", buf_of(BAG_TEXT_MAX),
	        buf_of(BAG_TEXT_MAX)};
	int rc = beside_read(&c->k, c->b, "VCARD", &again);

	if (again.root)
		beside_part(&s, c->p, part_child(again.root, "VCARD"));
	beside_end(&s, &c->k, c->b);
	object_clear(&again);
	return rc;
}

static void make_card(struct cont *c)
{
	struct line *version = part_take(c->p, "VERSION"), *product = part_take(c->p, "PRODID");

	(void)version;
	(void)product;
	find_labels(c);
	c->is_list = is_group(c);
	c->called = part_text(c->p, "FN");
	put_class(c);
	put_uid(c);
	cont_names(c);
	cont_texts(c);
	cont_mails(c);
	cont_addresses(c);
	cont_days(c);
	cont_marks(c);
	cont_files(c);
	if (c->is_list)
		cont_members(c);
	/* it is there in any case: who has it was made of a card */
	into_text(&c->k, c->b, PidNameContentLines, "\r\n");
	into_rest(&c->k, c->b, &c->o, c->p, NULL);
	if (c->k.rc == 0 && c->o.text.len <= BESIDE_MAX)
		c->k.rc = compare(c);
}

int outlook_make_contact(const struct outlook_make *m, struct bag *into, struct err *err)
{
	struct err unheard = {0};
	struct cont c = {.k = {.m = m, .err = err ? err : &unheard}, .b = into};
	int rc = object_read(m->octets, "VCARD", &c.o, c.k.err);

	if (rc == 0) {
		c.p = part_child(c.o.root, "VCARD");
		make_card(&c);
		rc = c.k.rc;
		if (c.o.root->n_parts > 1)
			into_lost(&c.k, "%zu other cards beside it", c.o.root->n_parts - 1);
	}
	free(c.called);
	free(c.labels);
	object_clear(&c.o);
	return rc;
}
