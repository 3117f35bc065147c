/*
 * Canonical forms of single properties: what RFC 5545, 2426 and 6350 say means the same
 * gives the same digest.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/lookup.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "canon.h"

enum value_kind {
	V_TEXT, /* escapes decoded */
	V_LIST, /* values at unescaped commas: an entry each */
	V_STRUCTURED, /* fields at ';', lists at ',' */
	V_FIELDS, /* fields at ';' alone */
	V_TIMES, /* a list without escapes */
	V_RULE, /* parts at ';' in any order */
	V_GEO, /* two numbers */
	V_WORD, /* any case */
	V_DURATION,
	/*
	 * escaped in cards alone: a URI in a calendar object has no escapes (RFC 5545
	 * 3.3.13)
	 */
	V_URL,
	V_ADDRESS, /* a URI whose scheme has any case */
	V_RAW,
};

static const struct {
	const char *name;
	enum value_kind kind;
	/*
	 * of the VALUE parameter; several where the value itself tells, none where it
	 * depends
	 */
	const char *default_value;
} properties[] = {
        {"CATEGORIES", V_LIST, "TEXT"},
        {"RESOURCES", V_LIST, "TEXT"},
        {"NICKNAME", V_LIST, "TEXT"},
        {"EXDATE", V_TIMES, "DATE-TIME"},
        {"RDATE", V_TIMES, "DATE-TIME"},
        {"FREEBUSY", V_TIMES, "PERIOD"},
        {"N", V_STRUCTURED, "TEXT"},
        {"ADR", V_STRUCTURED, "TEXT"},
        {"ORG", V_FIELDS, "TEXT"},
        {"REQUEST-STATUS", V_FIELDS, "TEXT"},
        {"GENDER", V_FIELDS, "TEXT"},
        {"CLIENTPIDMAP", V_FIELDS, "TEXT"},
        {"BDAY", V_TEXT, "DATE DATE-TIME DATE-AND-OR-TIME"},
        {"ANNIVERSARY", V_TEXT, "DATE DATE-TIME DATE-AND-OR-TIME"},
        {"DEATHDATE", V_TEXT, "DATE DATE-TIME DATE-AND-OR-TIME"},
        {"RELATED", V_TEXT, "URI"},
        {"MEMBER", V_TEXT, "URI"},
        {"PHOTO", V_TEXT, ""},
        {"LOGO", V_TEXT, ""},
        {"SOUND", V_TEXT, ""},
        {"KEY", V_TEXT, ""},
        {"RRULE", V_RULE, "RECUR"},
        {"EXRULE", V_RULE, "RECUR"},
        {"GEO", V_GEO, "FLOAT"},
        {"BEGIN", V_WORD, "TEXT"},
        {"STATUS", V_WORD, "TEXT"},
        {"TRANSP", V_WORD, "TEXT"},
        {"CLASS", V_WORD, "TEXT"},
        {"ACTION", V_WORD, "TEXT"},
        {"CALSCALE", V_WORD, "TEXT"},
        {"METHOD", V_WORD, "TEXT"},
        {"KIND", V_WORD, "TEXT"},
        {"ATTENDEE", V_ADDRESS, "CAL-ADDRESS"},
        {"ORGANIZER", V_ADDRESS, "CAL-ADDRESS"},
        {"ATTACH", V_RAW, "URI"},
        {"URL", V_URL, "URI"},
        {"DTSTART", V_WORD, "DATE-TIME"},
        {"DTEND", V_WORD, "DATE-TIME"},
        {"DUE", V_WORD, "DATE-TIME"},
        {"RECURRENCE-ID", V_WORD, "DATE-TIME"},
        {"COMPLETED", V_WORD, "DATE-TIME"},
        {"DURATION", V_DURATION, "DURATION"},
        {"TRIGGER", V_DURATION, "DURATION"},
        {"REFRESH-INTERVAL", V_DURATION, ""},
};

/* How the values of a property are compared, and the VALUE it has without saying so. */
static enum value_kind kind_of(const char *name, const char **default_out)
{
	for (size_t i = 0; i < COUNT(properties); i++)
		if (strcmp(properties[i].name, name) == 0) {
			*default_out = properties[i].default_value;
			return properties[i].kind;
		}
	*default_out = "TEXT";
	return V_TEXT;
}

/* What a server may set without having altered the content. */
static bool is_volatile(const struct content_line *l, bool card)
{
	static const char names[] = "PRODID|DTSTAMP|LAST-MODIFIED|REV|CREATED|METHOD|"
	                            "X-RADICALE-NAME";

	if (strcmp(l->name, "CALSCALE") == 0)
		return text_is(l->value, l->value_len, "GREGORIAN");
	/* the default (RFC 5545 3.8.1.3), which SOGo writes into everything */
	if (strcmp(l->name, "CLASS") == 0)
		return !card && text_is(l->value, l->value_len, "PUBLIC");
	return text_in(l->name, names);
}

static void put_upper(struct buf *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_putc(out, (char)(s[i] >= 'a' && s[i] <= 'z' ? s[i] - 32 : s[i]));
}

struct texts {
	char **list;
	size_t n, cap;
};

static void texts_add(struct texts *t, struct buf *b)
{
	*ARR_PUSH(t->list, t->n, t->cap) = xstrdup(buf_str(b));
	buf_reset(b);
}

/* All of them, sorted, each once, and freed. */
static void texts_put(struct texts *t, const char *between, struct buf *out)
{
	SORT(t->list, t->n, text_by_bytes);
	for (size_t i = 0; i < t->n; i++) {
		if (i == 0 || strcmp(t->list[i], t->list[i - 1]) != 0) {
			buf_puts(out, t->list[i]);
			buf_puts(out, between);
		}
	}
	texts_free(t->list, t->n);
	memset(t, 0, sizeof *t);
}

/* The words of a TYPE parameter; those that name an encoding are no types. */
static void add_types(struct texts *types, const char *value)
{
	struct buf b = buf_of(SIZE_MAX);

	while (*value) {
		size_t n = strcspn(value, ",");

		put_upper(&b, value, n);
		if (n && strcmp(buf_str(&b), "QUOTED-PRINTABLE") != 0 &&
		        strcmp(buf_str(&b), "BASE64") != 0)
			texts_add(types, &b);
		buf_reset(&b);
		value += n + (value[n] == ',');
	}
	buf_clear(&b);
}

/* True if the parameter says nothing that its absence would not. */
static bool is_default(const struct content_param *p, const char *default_value, bool volatile_too)
{
	if (strcmp(p->name, "VALUE") == 0)
		return text_has_word(default_value, p->value, strlen(p->value));
	if (strcmp(p->name, "CHARSET") == 0)
		return strcasecmp(p->value, "UTF-8") == 0;
	if (strcmp(p->name, "SCHEDULE-STATUS") == 0)
		return !volatile_too;
	return strcmp(p->name, "ENCODING") == 0; /* stands in front of the value */
}

/*
 * Parameters in one order and case; defaults and, unless wanted, what servers add are
 * left out.
 */
static void put_params(
        const struct content_line *l, const char *default_value, bool volatile_too, struct buf *out)
{
	static const char words[] = "VALUE|CUTYPE|ROLE|PARTSTAT|RSVP|RELTYPE|FBTYPE|RELATED|RANGE|"
	                            "FMTTYPE|CHARSET|SCHEDULE-AGENT";
	struct texts all = {0}, types = {0};
	struct buf b = buf_of(SIZE_MAX);

	for (size_t i = 0; i < l->n_params; i++) {
		const struct content_param *p = &l->params[i];

		if (strcmp(p->name, "TYPE") == 0) {
			add_types(&types, p->value);
			continue;
		}
		if (is_default(p, default_value, volatile_too))
			continue;
		buf_puts(&b, p->name);
		buf_putc(&b, '=');
		if (text_in(p->name, words))
			put_upper(&b, p->value, strlen(p->value));
		else
			buf_puts(&b, p->value);
		texts_add(&all, &b);
	}
	texts_put(&all, "\x1f", out);
	buf_putc(out, '\x1d');
	texts_put(&types, ",", out);
	buf_clear(&b);
}

/*
 * Fields at ';' (and lists at ',' in them), escapes decoded, empty fields at the end left
 * out.
 */
static void put_fields(const char *s, size_t n, bool lists, struct buf *out)
{
	size_t keep = out->len;

	for (size_t i = 0; i <= n;) {
		size_t field = i + content_span(s + i, n - i, ';');

		while (i < field) {
			size_t part = lists ? content_span(s + i, field - i, ',') : field - i;

			content_unescape(s + i, part, out);
			i += part;
			if (i < field) {
				buf_putc(out, '\x1e');
				i++;
			}
			keep = out->len;
		}
		buf_putc(out, '\x1f');
		i = field + 1;
	}
	buf_put(out, "", 0);
	out->len = keep;
	out->data[keep] = '\0';
}

/* Parts of a rule that say what holds without them. */
static bool is_default_part(const char *s, size_t n)
{
	return (n == 10 && memcmp(s, "INTERVAL=1", n) == 0) ||
	       (n == 7 && memcmp(s, "WKST=MO", n) == 0);
}

/* RRULE: parts in any order, lists in them too, defaults left out. */
static void put_rule(const char *s, size_t n, struct buf *out)
{
	struct texts parts = {0}, list = {0};
	struct buf b = buf_of(SIZE_MAX);
	struct buf up = buf_of(SIZE_MAX);
	char *p;

	put_upper(&up, s, n);
	for (p = buf_take(&up), s = p; *s;) {
		size_t part = strcspn(s, ";"), name = strcspn(s, "=;") + 1;
		size_t i = MIN(name, part);

		if (part && !is_default_part(s, part)) {
			struct buf word = buf_of(SIZE_MAX);

			buf_put(&b, s, i);
			while (i < part) {
				size_t k = strcspn(s + i, ",;");

				buf_put(&word, s + i, k);
				texts_add(&list, &word);
				i += k + 1;
			}
			texts_put(&list, ",", &b);
			texts_add(&parts, &b);
			buf_clear(&word);
		}
		s += part + (s[part] == ';');
	}
	texts_put(&parts, ";", out);
	free(p);
	buf_clear(&up);
	buf_clear(&b);
}

/* A decimal number without needless zeros and sign; as it is if it is none. */
static void put_number(const char *s, size_t n, struct buf *out)
{
	size_t i = 0, end = n, dot;
	bool minus;

	while (i < n && s[i] == ' ')
		i++;
	while (end > i && s[end - 1] == ' ')
		end--;
	minus = i < end && s[i] == '-';
	if (i < end && (s[i] == '-' || s[i] == '+'))
		i++;
	for (dot = i; dot < end && s[dot] >= '0' && s[dot] <= '9'; dot++)
		;
	if (dot == i || (dot < end && s[dot] != '.')) {
		buf_put(out, s, n);
		return;
	}
	while (i + 1 < dot && s[i] == '0')
		i++;
	while (end > dot && (s[end - 1] == '0' || s[end - 1] == '.') && dot < end)
		end--;
	if (end < dot)
		end = dot;
	if (minus && !(end - i == 1 && s[i] == '0'))
		buf_putc(out, '-');
	buf_put(out, s + i, end - i);
}

/* Two numbers; as it is if it is not. */
static void put_geo(const char *s, size_t n, struct buf *out)
{
	size_t half = content_span(s, n, ';');

	if (half == n && memchr(s, ';', n)) {
		/* with an escaped ';' (SOGo) it is no longer two numbers */
		buf_put(out, s, n);
		return;
	}
	if (half == n) {
		content_unescape(s, n, out);
		return;
	}
	put_number(s, half, out);
	buf_putc(out, ';');
	put_number(s + half + 1, n - half - 1, out);
}

/* A URI whose scheme is written in capitals. */
static void put_address(const char *s, size_t n, struct buf *out)
{
	const char *colon = memchr(s, ':', n);
	size_t scheme = colon ? (size_t)(colon - s) : 0;

	put_upper(out, s, scheme);
	buf_put(out, s + scheme, n - scheme);
}

/*
 * dur-value (RFC 5545 3.3.6) as days and seconds, which are two things: a day has 23
 * hours where summer time begins. True if it is one.
 * P1W is P7D, PT60M is PT1H, and P0D, PT0S and -PT0S are one.
 */
static bool put_duration(const char *s, size_t n, struct buf *out)
{
	static const char units[] = "WDHMS";
	static const unsigned worth[] = {7, 1, 3600, 60, 1};
	uint64_t total[2] = {0, 0}; /* days, seconds */
	bool minus = n && *s == '-', time = false, any = false;
	size_t i = n && (*s == '-' || *s == '+');

	if (i == n || (s[i++] | 0x20) != 'p')
		return false;
	while (i < n) {
		uint64_t v = 0;
		size_t from = i;
		const char *unit;

		if (!time && (s[i] | 0x20) == 't') {
			time = true;
			any = false;
			i++;
			continue;
		}
		for (; i < n && s[i] >= '0' && s[i] <= '9' && i - from < 9; i++)
			v = v * 10 + (uint64_t)(s[i] - '0');
		unit = i < n && i > from ? strchr(units, s[i] & ~0x20) : NULL;
		if (!unit || !*unit || (unit - units >= 2) != time)
			return false;
		total[time] += v * worth[unit - units];
		any = true;
		i++;
	}
	if (any)
		buf_putf(out, "%sP%lluDT%lluS", minus && (total[0] || total[1]) ? "-" : "",
		        (unsigned long long)total[0], (unsigned long long)total[1]);
	return any;
}

/* One value that is not a list of entries. */
static void put_value(enum value_kind kind, const char *s, size_t n, struct buf *out)
{
	switch (kind) {
	case V_STRUCTURED:
	case V_FIELDS:
		put_fields(s, n, kind == V_STRUCTURED, out);
		break;
	case V_RULE:
		if (memchr(s, '\0', n))
			buf_put(out, s, n);
		else
			put_rule(s, n, out);
		break;
	case V_GEO:
		put_geo(s, n, out);
		break;
	case V_WORD:
	case V_TIMES:
		put_upper(out, s, n);
		break;
	case V_DURATION:
		if (!put_duration(s, n, out))
			put_upper(out, s, n);
		break;
	case V_ADDRESS:
		put_address(s, n, out);
		break;
	case V_URL:
	case V_RAW:
		buf_put(out, s, n);
		break;
	default:
		content_unescape(s, n, out);
	}
}

void canon_label(struct canon_entry *e, const char *name)
{
	size_t i = 0;

	for (; i + 1 < sizeof e->label && name[i]; i++)
		e->label[i] = name[i] > ' ' && name[i] < 127 ? name[i] : '?';
	e->label[i] = '\0';
	/* a line that is none */
	if (i == 0)
		memcpy(e->label, "?", 2);
}

struct emit {
	const struct content_line *l;
	struct buf head, value;
	struct sha256 head_sum; /* both may be long: not once for each value */
	canon_fn fn;
	void *ctx;
};

/* One value, with the head of its line, as one entry. */
static void emit_entry(struct emit *m, size_t at, size_t len)
{
	struct canon_entry e = {
	        .line = (uint32_t)m->l->offset, .at = (uint32_t)at, .len = (uint32_t)len};
	struct sha256 h = m->head_sum;

	canon_label(&e, m->l->name);
	sha256_add(&h, m->value.data, m->value.len);
	sha256_end(&h, e.digest);
	buf_reset(&m->value);
	m->fn(m->ctx, &e);
}

static void emit_values(struct emit *m, enum value_kind kind, const char *s, size_t n)
{
	if (kind != V_LIST && kind != V_TIMES) {
		put_value(kind, s, n, &m->value);
		emit_entry(m, 0, n);
		return;
	}
	for (size_t i = 0; i <= n;) {
		size_t k = content_span(s + i, n - i, ',');

		put_value(kind, s + i, k, &m->value);
		emit_entry(m, i, k);
		i += k + 1;
	}
}

void canon_line(const struct content_line *l, bool card, bool volatile_too, canon_fn fn, void *ctx)
{
	struct emit m = {.l = l, .fn = fn, .ctx = ctx};
	const char *default_value;
	enum value_kind kind = kind_of(l->name, &default_value);
	enum content_encoding enc = content_encoding(l);
	struct buf plain = buf_of(SIZE_MAX);

	if (!volatile_too && is_volatile(l, card))
		return;
	if (kind == V_URL && card)
		kind = V_TEXT;
	buf_init(&m.head, SIZE_MAX);
	buf_init(&m.value, SIZE_MAX);
	if (l->group)
		put_upper(&m.head, l->group, strlen(l->group));
	buf_putc(&m.head, '\x1d');
	buf_puts(&m.head, l->name);
	buf_putc(&m.head, '\x1d');
	put_params(l, default_value, volatile_too, &m.head);
	buf_putc(&m.head, '\x1d');
	if (enc == CONTENT_BASE64)
		buf_puts(&m.head, "B\x1d");
	sha256_start(&m.head_sum);
	sha256_add(&m.head_sum, m.head.data, m.head.len);
	if (!l->name[0]) {
		emit_values(&m, V_RAW, l->value, l->value_len);
	} else if (enc == CONTENT_BASE64) {
		content_without(l->value, l->value_len, " \t", &m.value);
		emit_entry(&m, 0, l->value_len);
	} else if (enc == CONTENT_QP) {
		content_qp_decode(l->value, l->value_len, &plain);
		emit_values(&m, kind, buf_str(&plain), plain.len);
	} else {
		emit_values(&m, kind, l->value, l->value_len);
	}
	buf_clear(&m.head);
	buf_clear(&m.value);
	buf_clear(&plain);
}

void canon_value(const struct content_line *l, uint8_t digest[SHA256_LEN])
{
	const char *zone = content_param(l, "TZID");
	struct buf b = buf_of(SIZE_MAX);

	put_value(strcmp(l->name, "UID") == 0 ? V_TEXT : V_WORD, l->value, l->value_len, &b);
	buf_putc(&b, '\0');
	if (zone)
		buf_puts(&b, zone);
	sha256_of(b.data, b.len, digest);
	buf_clear(&b);
}
