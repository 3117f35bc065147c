/* Postal addresses of a card: MS-OXOCNTC 2.2.1.3, RFC 2426 3.2. */
#include <stdlib.h>
#include <strings.h>
#include "outlook/make/contact/cont.h"
#include "valise/base/mem.h"

enum { HOME, WORK, OTHER, MAILING }; /* contact_places, and the address of no place */

/* Of TYPE, whatever else is there; MAILING: an address that is written for mail alone. */
static int place_of(const struct cont *c, const struct line *l)
{
	for (int i = 0; i < OTHER; i++)
		if (line_has(l, "TYPE", contact_places[i].type))
			return i;
	return line_has(l, "TYPE", "POSTAL") && line_has(l, "TYPE", "PREF") && !label_of(c, l)
	               ? MAILING
	               : OTHER;
}

/* Post office box, office, street, city, state, code, country; malloc'ed. */
enum { FIELDS = 7 };
struct written {
	char *fields[FIELDS];
};

static struct written read_fields(const struct line *l)
{
	struct written w;
	size_t at = 0;

	for (size_t i = 0; i < FIELDS; i++) {
		char *text = line_piece(l, ';', &at);

		w.fields[i] = text ? text : xstrdup("");
	}
	return w;
}

static void written_clear(struct written *w)
{
	for (size_t i = 0; i < FIELDS; i++)
		free(w->fields[i]);
}

/* An office elsewhere is the first line of the street. */
static void join_office(struct written *w)
{
	char *both;

	if (!*w->fields[1])
		return;
	both = *w->fields[2] ? xasprintf("%s\n%s", w->fields[1], w->fields[2])
	                     : xstrdup(w->fields[1]);
	free(w->fields[2]);
	w->fields[2] = both;
	w->fields[1][0] = '\0';
}

static void put_fields(struct cont *c, const struct written *w, const bag_key keys[ADDRESS_PARTS])
{
	into_text(&c->k, c->b, keys[0], w->fields[0]);
	for (size_t i = 1; i < ADDRESS_PARTS; i++)
		into_lines(&c->k, c->b, keys[i], xstrdup(w->fields[i + 1]));
}

/* As Outlook shows it, where the card has no label: street, then city, state and code, country. */
static void put_whole(struct cont *c, const struct written *w, bag_key key)
{
	char *const *f = w->fields;
	const char *const lines[] = {f[0], f[2], NULL, f[6]};
	struct buf out = buf_of(SIZE_MAX);

	for (size_t i = 0; i < COUNT(lines); i++) {
		char *town = i == 2 ? xasprintf("%s%s%s%s%s", f[3], *f[3] && *f[4] ? ", " : "",
		                              f[4], *f[5] && (*f[3] || *f[4]) ? " " : "", f[5])
		                    : NULL;
		const char *line = town ? town : lines[i];

		if (*line) {
			buf_puts(&out, out.len ? "\r\n" : "");
			buf_puts(&out, line);
		}
		free(town);
	}
	into_text(&c->k, c->b, key, buf_str(&out));
	buf_clear(&out);
}

/* LABEL of the same place; NULL. */
static struct line *find_label(const struct cont *c, int place)
{
	for (size_t i = 0; i < c->p->n_lines; i++) {
		struct line *l = &c->p->lines[i];

		if (!l->used && strcmp(l->name, "LABEL") == 0 && place_of(c, l) == place)
			return l;
	}
	return NULL;
}

static void put_label(struct cont *c, int place, bag_key key, const struct written *w)
{
	struct line *label = find_label(c, place);

	if (label) {
		label->used = true;
		into_lines(&c->k, c->b, key, line_text(label));
	} else if (w) {
		put_whole(c, w, key);
	}
}

static void put_place(struct cont *c, const struct line *l, int place)
{
	const struct contact_place *to = &contact_places[place];
	struct written w = read_fields(l);
	struct line *code = in_group(c, l, "X-ABADR");

	if (place == WORK)
		into_text(&c->k, c->b, PidTagOfficeLocation, w.fields[1]);
	else
		join_office(&w);
	put_fields(c, &w, to->parts);
	put_label(c, place, to->whole, &w);
	if (line_has(l, "TYPE", "PREF")) {
		into_int(&c->k, c->b, PidLidPostalAddressId, place + 1);
		put_fields(c, &w, contact_mailing);
	}
	if (code) {
		code->used = true;
		into_own(&c->k, c->b, to->country_code, line_text(code));
	}
	written_clear(&w);
}

void cont_addresses(struct cont *c)
{
	bool taken[MAILING + 1] = {false};

	for (size_t i = 0; i < c->p->n_lines; i++) {
		struct line *l = &c->p->lines[i];
		int place;

		if (l->used || strcmp(l->name, "ADR") != 0)
			continue;
		place = place_of(c, l);
		if (taken[place])
			continue; /* there is no room for a second one: it is kept */
		taken[place] = l->used = true;
		use_group(c, l);
		if (place == MAILING) {
			struct written w = read_fields(l);

			put_fields(c, &w, contact_mailing);
			written_clear(&w);
		} else {
			put_place(c, l, place);
		}
	}
	for (int i = 0; i < MAILING; i++)
		if (!taken[i])
			put_label(c, i, contact_places[i].whole, NULL);
	put_label(c, MAILING, PidTagPostalAddress, NULL);
}
