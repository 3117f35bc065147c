/*
 * A calendar object or card in another form: lines are copied as they are, left out,
 * replaced, or put in. RFC 5545, 2426, 6350.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "valise/base/hash.h"
#include "valise/base/mem.h"
#include "valise/base/text.h"
#include "internal.h"

#define FOLD 75 /* octets of a line, RFC 5545 3.1 */

const char *amend_name(enum amend step)
{
	static const char *const names[AMENDS] = {
	        [AMEND_TEXT] = "stray octets and lines left out",
	        [AMEND_UTF8] = "made UTF-8",
	        [AMEND_MANAGED] = "MANAGED-ID taken off",
	        [AMEND_SCALE] = "CALSCALE and METHOD taken off",
	        [AMEND_NEEDED] = "missing properties added",
	        [AMEND_ONCE] = "second ones of properties that may stand once left out",
	        [AMEND_END] = "an end added",
	        [AMEND_CARD3] = "made vCard 3.0",
	        [AMEND_CARD4] = "made vCard 4.0",
	};

	return names[step];
}

/* ---- going out ---- */

/* A content line, folded between characters. */
void amend_emit(struct amending *a, const struct buf *line)
{
	size_t from = 0, room = FOLD;

	a->changed = true;
	while (line->len - from > room) {
		size_t n = room;

		while (n > 1 && (line->data[from + n] & 0xC0) == 0x80)
			n--;
		buf_put(a->out, line->data + from, n);
		buf_puts(a->out, "\r\n ");
		from += n;
		room = FOLD - 1;
	}
	buf_put(a->out, line->data + from, line->len - from);
	buf_puts(a->out, "\r\n");
}

void amend_emit_text(struct amending *a, const char *name, const char *value)
{
	struct buf line = buf_of(SIZE_MAX);

	buf_puts(&line, name);
	buf_putc(&line, ':');
	buf_puts(&line, value);
	amend_emit(a, &line);
	buf_clear(&line);
}

void amend_put_param(struct buf *line, const char *name, const char *value)
{
	bool quote = strpbrk(value, ":;,") != NULL;

	buf_putf(line, ";%s=%s", name, quote ? "\"" : "");
	for (; *value; value++)
		if (*value == '"' || *value == '\n' || *value == '^')
			buf_puts(line, *value == '"' ? "^'" : *value == '\n' ? "^n" : "^^");
		else
			buf_putc(line, *value);
	if (quote)
		buf_putc(line, '"');
}

void amend_put_name(struct buf *line, const struct content_line *l)
{
	if (l->group)
		buf_putf(line, "%s.", l->group);
	buf_puts(line, l->name);
}

/* The line once more without one parameter. */
static void emit_without(struct amending *a, const struct content_line *l, const char *param)
{
	struct buf line = buf_of(SIZE_MAX);

	amend_put_name(&line, l);
	for (size_t i = 0; i < l->n_params; i++)
		if (strcmp(l->params[i].name, param) != 0)
			amend_put_param(&line, l->params[i].name, l->params[i].value);
	buf_putc(&line, ':');
	buf_put(&line, l->value, l->value_len);
	amend_emit(a, &line);
	buf_clear(&line);
}

void amend_copy_to(struct amending *a, size_t to)
{
	size_t n = to - a->from;
	const char *s = a->p + a->from;
	char last = n ? s[n - 1] : '\n';

	if (!a->drop && n && a->step == AMEND_UTF8) {
		amend_utf8(a, s, n);
	} else if (!a->drop && n) {
		buf_put(a->out, s, n);
		/* what follows is a line of its own */
		if (last != '\n' && last != '\r')
			buf_puts(a->out, "\r\n");
	}
	a->changed |= a->drop;
	a->drop = false;
	a->from = to;
}

int amend_scan(struct amending *a, content_fn fn, void *ctx, struct err *err)
{
	int rc = content_scan(a->p, a->n, fn, true, ctx, NULL, err);

	if (rc == 0)
		amend_copy_to(a, a->n);
	return rc;
}

/* ---- the steps ---- */

static bool is_main(const char *name)
{
	return text_in(name, "VEVENT|VTODO|VJOURNAL|VFREEBUSY");
}

/* A UID made of the octets, so that the same object gets the same one. */
static void add_uid(struct amending *a)
{
	char hex[SHA256_HEX_SIZE], uid[48];

	sha256_hex(a->p, a->n, hex);
	snprintf(uid, sizeof uid, "valise-%.32s", hex);
	amend_emit_text(a, "UID", uid);
}

/* Before END of a main component. */
static void complete_component(struct amending *a)
{
	if (!a->has[HAS_UID])
		add_uid(a);
	if (!a->has[HAS_DTSTAMP])
		amend_emit_text(a, "DTSTAMP", a->stamp[0] ? a->stamp : "19700101T000000Z");
}

void amend_complete_card(struct amending *a)
{
	if (!a->has[HAS_UID])
		add_uid(a);
	if (!a->has[HAS_FN])
		amend_emit_text(a, "FN", a->called.len ? buf_str(&a->called) : "-");
	if (!a->has[HAS_N] && !a->v4)
		amend_emit_text(a, "N", ";;;;");
}

/* An event that begins and does not end, or ends as it begins. */
static void complete_end(struct amending *a)
{
	bool dated = a->has[HAS_DATE];

	if (a->has[HAS_DTSTART] && !a->has[HAS_END])
		amend_emit_text(a, "DURATION", dated ? "P1D" : "PT1S");
}

/* Two times are the same only in one zone. */
static void put_time(const struct content_line *l, char out[TIME_SIZE])
{
	const char *zone = content_param(l, "TZID");

	snprintf(out, TIME_SIZE, "%.60s:%.*s", zone ? zone : "", (int)MIN(l->value_len, 40),
	        l->value);
}

/* An end that is the start, or a DURATION of zero. */
static bool is_no_length(const struct amending *a, const struct content_line *l)
{
	char end[TIME_SIZE];

	if (strcmp(l->name, "DTEND") == 0) {
		put_time(l, end);
		return strcmp(end, a->start) == 0;
	}
	return strcmp(l->name, "DURATION") == 0 && l->value_len > 0 &&
	       strcspn(l->value, "123456789") == l->value_len;
}

/* What the component has, and what the steps need of it later. */
static void note_property(struct amending *a, const struct content_line *l)
{
	static const char *const names[HAS_NAMES] = {"UID", "DTSTAMP", "DTSTART", "FN", "N"};
	const char *value = content_param(l, "VALUE");

	for (unsigned i = 0; i < HAS_NAMES; i++)
		if (strcmp(l->name, names[i]) == 0)
			a->has[i] = true;
	if (strcmp(l->name, "DTSTART") == 0) {
		a->has[HAS_DATE] = (value && strcasecmp(value, "DATE") == 0) || l->value_len == 8;
		put_time(l, a->start);
	} else if (text_in(l->name, "LAST-MODIFIED|CREATED")) {
		if (l->value_len == 16 && l->value[15] == 'Z')
			memcpy(a->stamp, l->value, 17);
	}
}

static const char *const calling[] = {"FN", "N", "NICKNAME", "ORG", "EMAIL", "TEL"};

/* What a card without FN may be called: by the first of the list that it has. */
static void note_called(struct amending *a, const struct content_line *l)
{
	for (unsigned i = 0; i < COUNT(calling); i++) {
		size_t n = l->value_len;

		if (strcmp(l->name, calling[i]) != 0 || (a->called.len && a->called_by <= i))
			continue;
		while (n && strchr("; ", l->value[n - 1]))
			n--;
		if (!n || content_encoding(l) != CONTENT_PLAIN)
			continue;
		buf_reset(&a->called);
		for (size_t k = 0; k < n; k++)
			buf_putc(&a->called, l->value[k] == ';' ? ' ' : l->value[k]);
		a->called_by = i;
	}
}

void amend_note_card(struct amending *a, const struct content_line *l, const struct buf *line)
{
	const char *colon = line ? memchr(line->data, ':', line->len) : NULL;
	struct content_line out = *l;

	note_property(a, l);
	if (!line)
		note_called(a, l);
	if (!colon)
		return;
	out.params = NULL;
	out.n_params = 0;
	out.value = colon + 1;
	out.value_len = line->len - (size_t)(colon + 1 - (const char *)line->data);
	note_called(a, &out);
}

/* What was noted of the component before is not about this one. */
static void begin_component(struct amending *a, const struct content_line *l)
{
	char *name = content_component(l);
	bool calendar = strcmp(name, "VCALENDAR") == 0;

	if (l->depth == 1 && a->calendar)
		snprintf(a->component, sizeof a->component, "%s", name);
	if (l->depth == 0 || (l->depth == 1 && a->calendar)) {
		memset(a->has, 0, sizeof a->has);
		a->start[0] = a->stamp[0] = '\0';
		a->stood = 0;
	}
	if (l->depth == 0)
		a->calendar = calendar;
	free(name);
}

/* What the step puts in front of the line: behind BEGIN, or before END. */
static void needed_before(struct amending *a, const struct content_line *l)
{
	bool end = strcmp(l->name, "END") == 0;

	/* Right behind BEGIN of the whole. */
	if (a->opened && a->step == AMEND_NEEDED) {
		a->opened = false;
		if (!a->facts.version)
			amend_emit_text(a, "VERSION", a->calendar ? "2.0" : "3.0");
		if (a->calendar && !a->facts.prodid)
			amend_emit_text(a, "PRODID", "-//valise//EN");
	}
	if (!end)
		return;
	if (a->step == AMEND_NEEDED && a->calendar && l->depth == 1 && is_main(a->component))
		complete_component(a);
	else if (a->step == AMEND_NEEDED && !a->calendar && l->depth == 0)
		amend_complete_card(a);
	else if (a->step == AMEND_END && a->calendar && l->depth == 1 &&
	         strcmp(a->component, "VEVENT") == 0)
		complete_end(a);
}

/* Did a property stand before that may stand once, or that rules this one out? */
static bool stood_before(struct amending *a, const struct content_line *l)
{
	static const char *const calendar[] = {"DTEND DURATION DUE", "DTSTAMP", "UID", "DTSTART",
	        "RECURRENCE-ID", "CREATED", "LAST-MODIFIED", "SEQUENCE", "STATUS", "CLASS",
	        "PRIORITY", "TRANSP", "ORGANIZER", "SUMMARY", "LOCATION", "GEO", "URL", "COMPLETED",
	        "PERCENT-COMPLETE"};
	static const char *const card[] = {"VERSION", "UID", "N", "REV", "BDAY", "PRODID"};
	const char *const *names = a->calendar ? calendar : card;
	size_t n = a->calendar ? COUNT(calendar) : COUNT(card);
	size_t len = strlen(l->name);

	if (l->depth != (a->calendar ? 2 : 1) || (a->calendar && !is_main(a->component)))
		return false;
	for (size_t i = 0; i < n; i++) {
		const char *at = len ? strstr(names[i], l->name) : NULL;
		bool before = a->stood & 1u << i;

		if (!at || (at != names[i] && at[-1] != ' ') || (at[len] && at[len] != ' '))
			continue;
		a->stood |= 1u << i;
		return before;
	}
	return false;
}

/* Leave the line out, or replace it, as the step says. */
static void apply_step(struct amending *a, const struct content_line *l)
{
	switch (a->step) {
	case AMEND_TEXT:
		a->drop = l->name[0] == '\0';
		break;
	case AMEND_MANAGED:
		if (strcmp(l->name, "ATTACH") == 0 && content_param(l, "MANAGED-ID")) {
			emit_without(a, l, "MANAGED-ID");
			a->drop = true;
		}
		break;
	case AMEND_SCALE:
		a->drop = a->calendar && l->depth == 1 && text_in(l->name, "CALSCALE|METHOD");
		break;
	case AMEND_ONCE:
		a->drop = stood_before(a, l);
		break;
	case AMEND_END:
		a->drop = a->calendar && l->depth == 2 && strcmp(a->component, "VEVENT") == 0 &&
		          is_no_length(a, l);
		if (!a->drop && l->depth == 2 && text_in(l->name, "DTEND|DURATION"))
			a->has[HAS_END] = true;
		break;
	default:
		break;
	}
}

static int on_line(void *ctx, const struct content_line *l, struct err *err)
{
	struct amending *a = ctx;

	(void)err;
	amend_copy_to(a, l->offset);
	needed_before(a, l);
	if (strcmp(l->name, "BEGIN") == 0) {
		begin_component(a, l);
		a->opened = l->depth == 0;
		return 0;
	}
	if (l->depth == (a->calendar ? 2 : 1))
		note_property(a, l);
	if (!a->calendar && l->depth == 1)
		note_called(a, l);
	apply_step(a, l);
	return 0;
}

/* First reading: how many objects there are, and of which version. */
static int on_fact(void *ctx, const struct content_line *l, struct err *err)
{
	struct amending *a = ctx;

	(void)err;
	if (l->depth == 0 && strcmp(l->name, "BEGIN") == 0) {
		a->facts.objects++;
		begin_component(a, l);
	} else if (l->depth == 1 && strcmp(l->name, "VERSION") == 0) {
		a->facts.version = true;
		a->v4 = strncmp(l->value, "4", 1) == 0;
		a->facts.card2 |= !a->calendar && strncmp(l->value, "2.1", 3) == 0;
	} else if (l->depth == 1 && strcmp(l->name, "PRODID") == 0) {
		a->facts.prodid = true;
	} else if (strcmp(l->name, "BEGIN") == 0 && l->depth > a->facts.nested) {
		a->facts.nested = l->depth;
	}
	return 0;
}

/* One version of a card to another; 2.1 to 4.0 by 3.0. */
static int convert_card(struct amending *a, struct err *err)
{
	bool to4 = a->step == AMEND_CARD4;
	struct buf *out = a->out, card3;
	int rc;

	if (a->calendar || !a->facts.version || a->facts.nested > 1 ||
	        (a->v4 == to4 && !a->facts.card2))
		return 0;
	if (!a->facts.card2)
		return a->facts.nested ? 0 : amend_version(a, to4, err);
	if (!to4)
		return amend_card3(a, err);
	buf_init(&card3, SIZE_MAX);
	a->out = &card3;
	rc = amend_card3(a, err);
	a->out = out;
	if (rc == 0) {
		a->p = buf_str(&card3);
		a->n = card3.len;
		a->from = 0;
		rc = amend_version(a, true, err);
	}
	buf_clear(&card3);
	return rc;
}

/* One step over the text; nothing is done where there is not one object. */
static int run_step(struct amending *a, struct err *err)
{
	int rc = content_scan(a->p, a->n, on_fact, true, a, NULL, err);

	if (rc < 0 || a->facts.objects != 1)
		return rc;
	memset(a->has, 0, sizeof a->has);
	a->from = a->step == AMEND_TEXT ? text_bom(a->p, a->n) : 0;
	if (a->step == AMEND_CARD3 || a->step == AMEND_CARD4)
		return convert_card(a, err);
	if (a->step == AMEND_UTF8 && a->facts.card2)
		return 0;
	return amend_scan(a, on_line, a, err);
}

int content_amend(const void *p, size_t n, enum amend step, struct buf *out, struct err *err)
{
	struct buf all = buf_of(SIZE_MAX);
	struct amending a = {.p = p ? p : "", .n = p ? n : 0, .step = step, .out = &all};
	int rc;

	buf_init(&a.called, SIZE_MAX);
	rc = run_step(&a, err);
	if (rc == 0 && step == AMEND_TEXT && a.facts.objects == 1)
		rc = amend_plain(&a, out, err);
	else if (rc == 0 && a.changed)
		buf_put(out, all.data, all.len);
	buf_clear(&all);
	buf_clear(&a.called);
	return rc < 0 ? rc : a.changed;
}
