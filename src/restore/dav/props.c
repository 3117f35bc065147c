/* The properties of a collection that a restore sets, and their values for comparison. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "valise/base/json.h"
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "valise/format/content.h"
#include "props.h"

#define XML_MAX ((size_t)16 << 20)

enum how { AS_TEXT, AS_COLOR, AS_COMPS, AS_TRANSP, AS_ZONE };
enum { CALENDARS = 1, CONTACTS = 2 };

static const struct {
	const char *name, *word; /* word: for a person */
	enum how how;
	unsigned kinds;
} table[PROPS_N] = {
        [PROP_NAME] = {"{DAV:}displayname", "the name (displayname)", AS_TEXT,
                CALENDARS | CONTACTS},
        [PROP_COMPS] = {"{" NS_CALDAV "}supported-calendar-component-set",
                "what the calendar may hold (supported-calendar-component-set)", AS_COMPS,
                CALENDARS},
        [PROP_TRANSP] = {"{" NS_CALDAV "}schedule-calendar-transp",
                "whether it counts as busy time (schedule-calendar-transp)", AS_TRANSP, CALENDARS},
        [PROP_NOTE] = {"{" NS_CALDAV "}calendar-description",
                "the description (calendar-description)", AS_TEXT, CALENDARS},
        [PROP_ZONE] = {"{" NS_CALDAV "}calendar-timezone", "the time zone (calendar-timezone)",
                AS_ZONE, CALENDARS},
        [PROP_ZONE_ID] = {"{" NS_CALDAV "}calendar-timezone-id",
                "the time zone's name (calendar-timezone-id)", AS_TEXT, CALENDARS},
        [PROP_COLOR] = {"{" NS_APPLE "}calendar-color", "the colour (calendar-color)", AS_COLOR,
                CALENDARS},
        [PROP_ORDER] = {"{" NS_APPLE "}calendar-order", "the place in the list (calendar-order)",
                AS_TEXT, CALENDARS},
        [PROP_BOOK_NOTE] = {"{" NS_CARDDAV "}addressbook-description",
                "the description (addressbook-description)", AS_TEXT, CONTACTS},
        [PROP_BOOK_COLOR] = {"{http://inf-it.com/ns/ab/}addressbook-color",
                "the colour (addressbook-color)", AS_COLOR, CONTACTS},
};

static const char *const components[] = {"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY"};

const char *props_name(unsigned which)
{
	return table[which].name;
}

const char *props_word(unsigned which)
{
	return table[which].word;
}

bool props_of_kind(unsigned which, bool contacts)
{
	return table[which].kinds & (contacts ? CONTACTS : CALENDARS);
}

unsigned comp_bit(const char *component)
{
	for (unsigned i = 0; component && i < 4; i++)
		if (strcasecmp(component, components[i]) == 0)
			return 1u << i;
	return 0;
}

void comps_put(unsigned comps, struct buf *out)
{
	const char *between = "";

	for (unsigned i = 0; i < 4; i++)
		if (comps & 1u << i) {
			buf_putf(out, "%s%s", between, components[i]);
			between = ", ";
		}
}

unsigned comps_of_response(const struct dav_response *r)
{
	char **list = NULL;
	size_t n = dav_prop_attributes(
	        r, table[PROP_COMPS].name, "{" NS_CALDAV "}comp", "name", &list);
	unsigned comps = 0;

	for (size_t i = 0; i < n; i++)
		comps |= comp_bit(list[i]);
	texts_free(list, n);
	return comps;
}

/* Line ends as one LF, blanks at both ends gone. */
static char *plain_text(const char *s)
{
	struct buf b = buf_of(SIZE_MAX);

	s += strspn(s, " \t\r\n");
	for (; *s; s++)
		if (*s != '\r')
			buf_putc(&b, *s);
		else if (s[1] != '\n')
			buf_putc(&b, '\n');
	while (b.len && strchr(" \t\n", b.data[b.len - 1]))
		b.len--;
	b.data[b.len] = 0;
	return buf_take(&b);
}

/* "#RRGGBB", "#RRGGBBAA": alpha counts only where it is not FF. */
static char *plain_color(const char *s)
{
	char *c = plain_text(s);
	size_t n = strlen(c);

	for (size_t i = 0; i < n; i++)
		c[i] = (char)toupper((unsigned char)c[i]);
	if (n == 9 && c[0] == '#' && strcmp(c + 7, "FF") == 0)
		c[7] = 0;
	return c;
}

/* The names of the component set, sorted. */
static char *component_names(const struct dav_response *r)
{
	char **list = NULL;
	size_t n = dav_prop_attributes(
	        r, table[PROP_COMPS].name, "{" NS_CALDAV "}comp", "name", &list);
	struct buf b = buf_of(SIZE_MAX);

	SORT(list, n, text_by_bytes);
	for (size_t i = 0; i < n; i++)
		buf_putf(&b, "%s%s", i ? " " : "", list[i]);
	texts_free(list, n);
	return buf_take(&b);
}

/* The value that counts when two are compared; malloc'ed. */
static char *value_of(const struct dav_response *r, unsigned which)
{
	const char *name = table[which].name, *text = dav_prop_text(r, name);

	switch (table[which].how) {
	case AS_COMPS:
		return component_names(r);
	case AS_TRANSP:
		return xstrdup(dav_prop_has(r, name, "{" NS_CALDAV "}transparent") ? "transparent"
		                                                                   : "opaque");
	case AS_COLOR:
		return plain_color(text ? text : "");
	default:
		return plain_text(text ? text : "");
	}
}

void props_of_response(const struct dav_response *r, struct props *out)
{
	for (unsigned i = 0; i < PROPS_N; i++) {
		const struct dav_prop *p = dav_prop_find(r, table[i].name);
		char *value = p ? value_of(r, i) : NULL;

		if (value && *value)
			props_set(out, i, p->xml ? p->xml : "", value);
		free(value);
	}
}

void props_set(struct props *p, unsigned which, const char *xml, const char *value)
{
	char *x = xstrdup(xml), *v = xstrdup(value);

	free(p->xml[which]);
	free(p->value[which]);
	p->xml[which] = x;
	p->value[which] = v;
}

void props_set_comps(struct props *p, unsigned comps)
{
	static const unsigned by_name[] = {0, 3, 2, 1};
	struct buf value = buf_of(4096);
	struct buf xml = buf_of(4096);

	for (unsigned i = 0; i < 4; i++)
		if (comps & 1u << by_name[i]) {
			const char *name = components[by_name[i]];

			buf_putf(&xml, "<C:comp xmlns:C=\"" NS_CALDAV "\" name=\"%s\"/>", name);
			buf_putf(&value, "%s%s", value.len ? " " : "", name);
		}
	if (comps) {
		props_set(p, PROP_COMPS, buf_str(&xml), buf_str(&value));
	} else {
		free(p->xml[PROP_COMPS]);
		free(p->value[PROP_COMPS]);
		p->xml[PROP_COMPS] = p->value[PROP_COMPS] = NULL;
	}
	buf_clear(&xml);
	buf_clear(&value);
}

void props_clear(struct props *p)
{
	for (unsigned i = 0; i < PROPS_N; i++) {
		free(p->xml[i]);
		free(p->value[i]);
	}
	memset(p, 0, sizeof *p);
}

struct from_json {
	struct props *props;
	unsigned comps;
};

static int on_archived(void *ctx, struct dav_response *r, struct err *err)
{
	struct from_json *f = ctx;

	(void)err;
	props_of_response(r, f->props);
	f->comps = comps_of_response(r);
	return 0;
}

/* One property as an element of a multistatus. */
static void put_prop(struct buf *b, unsigned which, const char *xml)
{
	const char *name = table[which].name, *end = strchr(name, '}');

	buf_putf(b, "<V:%s xmlns:V=\"%.*s\">", end + 1, (int)(end - name - 1), name + 1);
	buf_puts(b, xml);
	buf_putf(b, "</V:%s>", end + 1);
}

bool props_of_json(const char *json, struct props *out, unsigned *comps_out)
{
	struct from_json f = {out, 0};
	struct dav_answer a = {0};
	json_t *o = NULL;
	struct buf b;
	int rc = 0;

	*comps_out = 0;
	if (!json)
		return true;
	if (json_read(json, strlen(json), XML_MAX, &o, NULL) < 0)
		return false;
	buf_init(&b, 2 * XML_MAX);
	buf_puts(&b, "<D:multistatus xmlns:D=\"DAV:\"><D:response><D:href>/</D:href><D:propstat>"
	             "<D:prop>");
	for (unsigned i = 0; i < PROPS_N; i++) {
		const char *xml = json_get_str(o, table[i].name);

		if (xml)
			put_prop(&b, i, xml);
	}
	buf_puts(&b, "</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
	             "</D:multistatus>");
	rc = dav_parse("https://localhost/", b.data, b.len, on_archived, &f, &a, NULL);
	dav_answer_clear(&a);
	buf_clear(&b);
	json_decref(o);
	*comps_out = f.comps;
	return rc == 0;
}

bool props_equal(const struct props *a, const struct props *b, unsigned which)
{
	const char *x = a->value[which], *y = b->value[which];
	enum content_grade grade;

	if (!x || !y) {
		const char *one = x ? x : y;

		return !one || (table[which].how == AS_TRANSP && strcmp(one, "opaque") == 0);
	}
	if (strcmp(x, y) == 0)
		return true;
	return table[which].how == AS_ZONE &&
	       content_compare(x, strlen(x), y, strlen(y), &grade, NULL, NULL) == 0 &&
	       grade != CONTENT_ALTERED;
}

bool segment_is_plain(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > 120 || strspn(s, ".") == n)
		return false;
	for (; *s; s++)
		if (!isascii((unsigned char)*s) ||
		        (!isalnum((unsigned char)*s) && !strchr("._@-", *s)))
			return false;
	return true;
}
